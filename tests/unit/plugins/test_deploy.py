# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run over many resources, on a product of three lines: what is tried, what is left alone, and what is said afterwards."""

from __future__ import annotations

import types

import pytest

from ansible_collections.daas.https.plugins.module_utils._deploy import Deployment
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, place_of
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError, OutcomeUnknown
from ansible_collections.daas.https.plugins.module_utils._plan import Step
from ansible_collections.daas.https.plugins.module_utils._requests import check, restorable
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS

NEW, OLD = "a" * 64, "b" * 64
WANTED = Wanted(7, "new", NEW, "", ("www.example.com",), "cn-hangzhou")
BOUND = {"new": Bound("new", 7, "new", NEW), "old": Bound("old", 5, "old", OLD)}


class Shop:
    """The cloud of the fake product: domain -> name of its certificate. fail: domain -> what happens on "read", "write" or "look"."""

    def __init__(self, *fail, **domains):
        self.domains, self.fail = dict(domains), dict(((how, domain), error) for how, domain, error in fail)
        self.wrote, self.unsettled = [], {}

    def trouble(self, how, domain):
        if (how, domain) in self.fail:
            raise self.fail[how, domain]

    def call(self, product, action, params, region, token, target):
        self.trouble("write", params["domain"])
        self.wrote.append(params["domain"])
        self.domains[params["domain"]] = params["name"]
        return {"RequestId": "R-" + params["domain"]}


def _read(cloud, request, once):
    domain = request["domain"]
    cloud.trouble("look" if domain in cloud.wrote else "read", domain)
    left = cloud.unsettled.get(domain, 0)
    cloud.unsettled[domain] = max(left - 1, 0)
    return cloud.domains[domain], not left


def _step(target, place, state, bound):
    return Step(target, "fake", "Set", target, dict(domain=place["domain"], name=bound and bound.name), group=target, stage=1)


FAKE = types.SimpleNamespace(
    NAME="fake", CAS_PRODUCT="FAKE", NEEDS=("domain",), read=_read, at=lambda place, state, stored: BOUND.get(state[0]),
    find=lambda request, state, wanted, stored: [place_of(request, None, request["domain"])], own=lambda place, state, wanted: ("new", ()),
    bind=_step, unbind=lambda target, place, state: _step(target, place, state, None), settled=lambda state: state[1],
    confirm=lambda cloud, step: None, superseded=lambda request, state, wanted, stored: [], IDENTIFIER=False, REGIONAL=False)


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    monkeypatch.setitem(TARGETS, "fake", FAKE)


def run(cloud, check_mode=False, wait=(1, 0.05), parallel=2):
    return Deployment(cloud, {}, parallel, wait, check_mode)


def deploy(cloud, *domains, **options):
    requests = [check(dict(service="fake", domain=domain), "auto", False) for domain in domains]
    result = run(cloud, **options).deploy(requests, WANTED)
    return result, dict((row["domain"], row) for row in result["targets"])


def restore(cloud, rows, **options):
    result = run(cloud, **options).restore(restorable(rows))
    return result, dict((row["domain"], row) for row in result["targets"])


DENIED = ApiError("fake Set", "Forbidden.RAM", "no", 403, "R-9", "Grant it.")
GONE = ApiError("fake Get", "InvalidDomain.NotFound", "no such domain", 404, "R-8")


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_must_change_is_changed_and_nothing_else(check_mode):
    cloud = Shop(a="old", b="new", c=None)
    result, rows = deploy(cloud, "a", "b", "c", check_mode=check_mode)
    assert sorted(cloud.wrote) == ([] if check_mode else ["a", "c"])
    assert (result["changed"], "failed" in result) == (True, False)
    assert result["diff"] == dict(
        before={"fake/a": dict(certificate="old", fingerprint=OLD), "fake/b": dict(certificate="new", fingerprint=NEW), "fake/c": None},
        after=dict.fromkeys(("fake/a", "fake/b", "fake/c"), dict(certificate="new", fingerprint=NEW)))
    assert [action["target"] for action in result["actions"]] == ["fake/a", "fake/c"]
    assert [rows[key]["changed"] for key in "abc"] == [True, False, True]
    assert [rows[key]["verified"] for key in "abc"] == [not check_mode, True, not check_mode]
    assert [rows[key]["skipped_reason"] for key in "abc"] == [None, "already so", None]
    assert [rows[key]["current"]["name"] for key in "abc"] == ["new"] * 3
    assert rows["a"]["previous"]["name"] == "old" and rows["c"]["previous"] is None
    assert rows["a"]["request_id"] == (None if check_mode else "R-a")


def test_again_is_nothing():
    cloud = Shop(a="old")
    deploy(cloud, "a")
    result, rows = deploy(cloud, "a")
    assert not result["changed"] and result["actions"] == [] and cloud.wrote == ["a"] and rows["a"]["verified"]


def test_a_refusal_stops_only_its_own_resource():
    cloud = Shop(("write", "a", DENIED), a="old", b="old")
    result, rows = deploy(cloud, "a", "b")
    assert cloud.wrote == ["b"] and result["changed"] and [action["target"] for action in result["actions"]] == ["fake/b"]
    assert (rows["a"]["changed"], rows["a"]["request_id"], rows["a"]["current"]["name"]) == (False, "R-9", "old")
    assert "Grant it." in rows["a"]["error"] and rows["b"]["error"] is None
    assert result["failed"].splitlines()[0].startswith("1 of 2 targets failed") and "fake/a: fake Set was refused" in result["failed"]
    assert result["diff"]["after"] == {"fake/a": dict(certificate="old", fingerprint=OLD), "fake/b": dict(certificate="new",
                                                                                                          fingerprint=NEW)}


def test_a_permission_that_lacks_for_reading_stops_only_its_own_resource():
    cloud = Shop(("read", "a", DENIED), a="old", b="old")
    result, rows = deploy(cloud, "a", "b")
    assert cloud.wrote == ["b"] and "fake/a" not in result["diff"]["after"] and rows["a"]["previous"] is None


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("error", [GONE, InputError("The domain is offline.")])
def test_what_only_the_user_can_correct_stops_everything_before_the_first_write(error, check_mode):
    cloud = Shop(("read", "a", error), a="old", b="old", c="new")
    result, rows = deploy(cloud, "a", "b", "c", check_mode=check_mode)
    assert cloud.wrote == [] and not result["changed"] and result["actions"] == []
    assert str(error) in rows["a"]["error"] and "another resource of this call" in rows["b"]["error"]
    assert rows["c"]["error"] is None and rows["c"]["skipped_reason"] == "already so"
    assert result["diff"]["before"] == result["diff"]["after"]


def test_the_same_slot_twice_is_refused():
    cloud = Shop(a="old")
    with pytest.raises(InputError, match="fake/a is meant twice in resources; nothing was changed"):
        deploy(cloud, "a", "a")
    assert cloud.wrote == []


def test_a_slow_product_is_waited_for():
    cloud = Shop(a="old")
    cloud.unsettled["a"] = 3
    _result, rows = deploy(cloud, "a")
    assert rows["a"]["verified"] and cloud.unsettled["a"] == 0


def test_one_that_never_settles_counts_as_changed_and_can_be_restored():
    cloud = Shop(a="old", b="old")
    cloud.unsettled["a"] = 999
    result, rows = deploy(cloud, "a", "b", wait=(0.1, 0.05))
    assert (rows["a"]["changed"], rows["a"]["verified"], rows["a"]["current"]["name"]) == (True, False, "new")
    assert "new, still changing" in rows["a"]["error"] and "wait_timeout" in rows["a"]["error"]
    assert rows["b"]["verified"] and result["changed"]
    cloud.unsettled.clear()
    _result, rows = restore(cloud, result["targets"])
    assert cloud.domains == dict(a="old", b="old") and all(row["changed"] and row["verified"] for row in rows.values())


@pytest.mark.parametrize("trouble", [DENIED, OutcomeUnknown("fake Get: the answer did not come")])
def test_a_read_back_that_fails_does_not_hide_the_change(trouble):
    cloud = Shop(("look", "a", trouble), a="old")
    result, rows = deploy(cloud, "a")
    assert (rows["a"]["changed"], rows["a"]["verified"], rows["a"]["current"], rows["a"]["error"]) == (True, False, None, str(trouble))
    assert result["changed"] and result["diff"]["after"]["fake/a"]["certificate"] == "new"


def test_without_wait_one_look_is_taken():
    cloud = Shop(a="old")
    cloud.unsettled["a"] = 5
    result, rows = deploy(cloud, "a", wait=None)
    assert not rows["a"]["error"] and result["changed"] and cloud.unsettled["a"] == 3, "one read for the plan, one look"


# -- restore -------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("check_mode", [False, True])
def test_restore_puts_back_what_was_changed(check_mode):
    cloud = Shop(a="old", b="new", c=None)
    result, _rows = deploy(cloud, "a", "b", "c")
    cloud.wrote.clear()
    result, rows = restore(cloud, result["targets"], check_mode=check_mode)
    assert sorted(rows) == ["a", "c"] and result["changed"]
    assert cloud.domains == (dict(a="new", b="new", c="new") if check_mode else dict(a="old", b="new", c=None))
    assert result["diff"]["after"] == {"fake/a": dict(certificate="old", fingerprint=OLD), "fake/c": None}


def test_a_second_restore_changes_nothing():
    cloud = Shop(a="old", c=None)
    deployed, _rows = deploy(cloud, "a", "c")
    restore(cloud, deployed["targets"])
    cloud.wrote.clear()
    result, rows = restore(cloud, deployed["targets"])
    assert cloud.wrote == [] and not result["changed"] and all(row["verified"] for row in rows.values())


@pytest.mark.parametrize("error", [GONE, DENIED, InputError("CDN does not give its key; put it back by hand.")])
def test_one_that_cannot_be_put_back_keeps_none_of_the_others_from_it(error):
    cloud = Shop(a="old", b="old")
    deployed, _rows = deploy(cloud, "a", "b")
    cloud.fail["look", "a"] = error
    result, rows = restore(cloud, deployed["targets"])
    assert cloud.domains == dict(a="new", b="old") and rows["b"]["verified"]
    assert rows["a"]["error"] == str(error) and "1 of 2 targets failed" in result["failed"]


def test_a_product_without_driver_is_reported_and_the_rest_is_put_back():
    cloud = Shop(a="old")
    deployed, _rows = deploy(cloud, "a")
    other = dict(deployed["targets"][0], service="OSS", domain="files.example.com", target="oss/files.example.com")
    result, rows = restore(cloud, [other] + deployed["targets"])
    assert cloud.domains == dict(a="old") and "no driver for 'OSS'" in rows["files.example.com"]["error"]
    assert result["changed"] and [action["target"] for action in result["actions"]] == ["fake/a"]


def test_what_was_not_from_cas_is_not_put_back_as_if_it_were(monkeypatch):
    bound = []
    monkeypatch.setattr(FAKE, "bind", lambda target, place, state, after: bound.append(after) or _step(target, place, state, after))
    cloud = Shop(a="old")
    deployed, _rows = deploy(cloud, "a")
    row = dict(deployed["targets"][0], previous=dict(id="own-1", cas_id=None, name="old", fingerprint=OLD, store=""))
    restore(cloud, [row])
    assert bound[-1] == Bound("own-1", 0, "old", OLD)


def test_nothing_to_restore():
    result, rows = restore(Shop(), [])
    assert (result["changed"], result["actions"], rows) == (False, [], {}) and "failed" not in result
