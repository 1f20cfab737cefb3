# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A year of certificates that live for 90 days, on forty resources: rotate daily, prune weekly, with trouble by seed."""

from __future__ import annotations

import pytest

from tests.year.story import RULES
from tests.year.trouble import KINDS


@pytest.mark.parametrize("rule", RULES)
def test_what_must_never_be_never_is(year, rule):
    broken = year.broken(rule)
    assert not broken, "{0}, but:\n{1}".format(RULES[rule], "\n".join(broken[:5]))


def test_it_was_a_year_worth_its_name(year):
    """A rule that nothing could have broken proves nothing."""
    nights = [chapter.night for chapter in year.chapters]
    whole_years = len(year.chapters) // 365
    assert sum(night.done for night in nights) >= 5 * whole_years
    assert len(year.platform.resources()) + 2 == 40
    assert not year.cleaned["failed"] and len(year.cleaned["pruning"]["deleted"]) == 2
    assert {chapter.trouble.kind for chapter in year.chapters} >= (set(KINDS) if whole_years else set())
    assert sum(chapter.busy and bool(chapter.night.problems) for chapter in year.chapters) >= 5 * whole_years, "nights that failed"
    assert sum(night.undone and night.whole for night in nights) >= whole_years, "nights that took all back"
    assert sum(night.action == "deploy" for night in nights) >= whole_years, "nights that went on with what another had begun"
    assert sum(len(chapter.deleted) for chapter in year.chapters) >= 5 * whole_years
    assert sum((chapter.pruned or {}).get("failed", False) for chapter in year.chapters) >= whole_years, "prunes that failed"


def test_what_failed_is_told_and_made_good(year):
    """Each failed night has a reason; the one after the last has everything on the newest certificate again."""
    for chapter in year.chapters:
        night = chapter.night
        assert not chapter.busy or night.done or night.problems or night.action.endswith("wait"), chapter.told()
    newest = max(year.platform.issued, key=year.platform.issued.get)
    shown = {fingerprint for label, (fingerprint, _error) in year.served.items() if label not in year.others}
    assert year.chapters[-1].busy or shown == {newest}


def test_no_private_key_is_left_behind(year):
    assert year.left_behind == []
