# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One stage for each file of tests. When it is struck, everything that was written is searched for private keys."""

from __future__ import annotations

import pathlib

import pytest

from tests.e2e.stage import Stage
from tests.support.leaks import leaks, needles


# What takes longest is begun first, so that nothing long is left for one worker alone at the end.
FIRST = ("test_rotate", "test_rollout", "test_adversity", "test_bad_input", "test_pair", "test_change_record", "test_deploy")


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(FIRST)))


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One for all tests of a file that tell one story."""
    yield from set_up(tmp_path_factory.mktemp("stage"))


@pytest.fixture
def fresh(tmp_path):
    """One for this test alone."""
    yield from set_up(tmp_path)


def set_up(folder):
    with Stage(folder / "stage") as stage:
        yield stage
    assert not list(leaks(folder, keys_used(stage), places_of_keys(stage))), "private keys were left behind"


def keys_used(stage):
    texts = [pathlib.Path(stage.files[name]).read_text(encoding="utf-8") for name in ("private_key", "other_key", "expired_key")]
    return set().union(*(needles(text) for text in texts))


def places_of_keys(stage):
    """Where the keys are at home: the operator's files, the web server's own folder, and the emulated CA."""
    cloud = pathlib.Path(stage.files["private_key"]).parent
    return [path for path in [*cloud.glob("*.pem"), *(stage.app_root / "tls").glob("privkey.pem*")] if path.is_file()]
