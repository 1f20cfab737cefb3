# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run over many resources, on products of a few lines: what is tried, what is left alone, and what is said afterwards."""

from __future__ import annotations

import types
from dataclasses import replace

import pytest

from ansible_collections.daas.https.plugins.module_utils._deploy import Deployment
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, is_superseded, place_of
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, CollectionError, InputError, OutcomeUnknown
from ansible_collections.daas.https.plugins.module_utils._plan import Step
from ansible_collections.daas.https.plugins.module_utils._requests import UNSAID, check, restorable
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS

NEW, OLD = "a" * 64, "b" * 64
WANTED = Wanted(7, "new", NEW, "", ("www.example.com",), "cn-hangzhou")
BOUND = {"new": Bound("new", 7, "new", NEW), "old": Bound("old", 5, "old", OLD)}


class Shop:
    """The cloud of the fake product: domain -> name of its certificate. fail: domain -> what happens on "read", "write" or "look"."""

    def __init__(self, *fail, **domains):
        self.domains, self.fail = dict(domains), dict(((how, domain), error) for how, domain, error in fail)
        self.wrote, self.unsettled, self.looks = [], {}, {}

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
    if domain in cloud.wrote:
        cloud.looks[domain] = cloud.looks.get(domain, 0) + 1
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
    confirm=lambda cloud, step: None, superseded=lambda request, state, wanted, stored: [], IDENTIFIER=False, REGIONAL=False,
    places=lambda request, state: [place_of(request, None, request["domain"])],
    candidates=lambda cloud, region, once: [dict(domain=domain) for domain in sorted(cloud.domains)])


# -- a product whose certificates are a set, and that has one list of all its domains -------------------------------------------------

RSA = replace(WANTED, algorithm="RSA")
_NAMES = ((BOUND["new"], RSA.names), (BOUND["old"], RSA.names), (Bound("", 4, "older", "c" * 64), RSA.names),
          (Bound("", 3, "other", "d" * 64), ("api.example.com",)))
SET = {bound.id: bound for bound in (
    replace(one, id="%s-cn-hangzhou" % one.cas_id, names=names, algorithm="RSA") for one, names in _NAMES)}
NUMBER = {bound.name: key for key, bound in SET.items()}


class Rack:
    """The cloud of that product: domain -> names of its certificates. limit: how many fit; fail: as in Shop, by action and domain.

    lag: so many lists after a write still call its domain unsettled. log: what was written; lists, details: how often that was read.
    """

    def __init__(self, limit=9, lag=0, identifier="7-cn-hangzhou", **domains):
        self.domains, self.limit, self.lag, self.identifier = domains, limit, lag, identifier
        self.log, self.lists, self.details, self.fail, self.busy = [], 0, 0, {}, {}

    def list(self):
        self.lists += 1
        now = {domain: ([NUMBER[name] for name in names], not self.busy.get(domain)) for domain, names in self.domains.items()}
        self.busy = {domain: max(left - 1, 0) for domain, left in self.busy.items()}
        return now

    def call(self, product, action, params, region=None, token="", target=""):
        if product == "cas":
            self.details += 1
            return dict(Id=params["CertId"], CertIdentifier=self.identifier)
        domain, name = params["domain"], SET[params["certificate"]].name
        if self.fail.get((action, name)):
            raise self.fail[action, name].pop(0)
        if action == "Add" and len(self.domains[domain]) >= self.limit:
            raise FULL
        self.log.append((action, domain, name))
        self.domains[domain] = [held for held in self.domains[domain] if held != name] + [name] * (action == "Add")
        self.busy[domain] = self.lag
        return {"RequestId": "R-%s-%s" % (action, name)}


FULL = ApiError("rack Add", "QuotaExceeded.Certificates", "no more", 400, "R-1")


def _set_step(action, stage):
    def step(target, place, state, bound=None):
        params = dict(domain=place["domain"], certificate=bound.id if bound else place["certificate"])
        return Step(target, "rack", action, target, params, group=place["domain"], stage=stage)
    return step


def _found(request, state, wanted, stored):
    if request["domain"] == "closed":
        raise InputError("The domain closed is offline.")
    return [place_of(request, "additional", request["domain"], certificate=wanted.identifier)]


def _superfluous(request, state, wanted, stored):
    return [place_of(request, "additional", request["domain"], certificate=key, superseded=True)
            for key in state[0] if is_superseded(SET[key], wanted)]


RACK = types.SimpleNamespace(
    NAME="rack", CAS_PRODUCT="RACK", NEEDS=("domain",), IDENTIFIER=True, REGIONAL=False, find=_found, superseded=_superfluous,
    read=lambda cloud, request, once: once("rack", cloud.list)[request["domain"]], settled=lambda state: state[1],
    at=lambda place, state, stored: SET[place["certificate"]] if place["certificate"] in state[0] else None,
    own=lambda place, state, wanted: (wanted.identifier, ()), bind=_set_step("Add", 1), unbind=_set_step("Remove", 2),
    confirm=lambda cloud, step: None, candidates=lambda cloud, region, once: [dict(domain=name) for name in once("rack", cloud.list)])


def fill(cloud, *domains, supersede=False, discover=None, **options):
    requests = [check(dict(UNSAID, service="rack", domain=domain), "auto", False) for domain in domains]
    result = run(cloud, **options).deploy(requests, RSA, supersede=supersede, discover=discover and dict(
        services=discover, regions=None, exclude=None))
    return result, dict((row["target"], row) for row in result["targets"])


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    monkeypatch.setitem(TARGETS, "fake", FAKE)
    monkeypatch.setitem(TARGETS, "rack", RACK)


def run(cloud, check_mode=False, wait=(1, 0.05), parallel=2):
    return Deployment(cloud, {}, parallel, wait, check_mode)


def deploy(cloud, *domains, **options):
    requests = [check(dict(UNSAID, service="fake", domain=domain), "auto", False) for domain in domains]
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


# -- what the new one makes superfluous ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_superfluous_is_named_and_stays_until_it_is_to_go(check_mode):
    cloud = Rack(a=["old", "other"])
    result, rows = fill(cloud, "a", check_mode=check_mode)
    assert list(rows) == ["rack/additional/a"] and [old["name"] for old in rows["rack/additional/a"]["supersedes"]] == ["old"]
    assert cloud.domains["a"] == (["old", "other"] if check_mode else ["old", "other", "new"])


def test_the_old_ones_go_after_the_new_one_is_there_wherever_they_are():
    cloud = Rack(a=["old", "older", "other"], b=["old"], c=["other"])
    result, rows = fill(cloud, "a", "b", "c", supersede=True)
    assert cloud.domains == dict(a=["other", "new"], b=["new"], c=["other", "new"])
    assert [action for action, _domain, _name in cloud.log] == ["Add"] * 3 + ["Remove"] * 3
    assert sorted(rows) == ["rack/additional/a", "rack/additional/a/4-cn-hangzhou", "rack/additional/a/5-cn-hangzhou",
                            "rack/additional/b", "rack/additional/b/5-cn-hangzhou", "rack/additional/c"]
    assert all(row["changed"] and row["verified"] for row in rows.values())
    gone = rows["rack/additional/a/5-cn-hangzhou"]
    assert gone["superseded"] and gone["current"] is None and gone["previous"]["name"] == "old"
    assert result["diff"]["after"]["rack/additional/a/5-cn-hangzhou"] is None


def test_check_mode_predicts_what_goes():
    cloud = Rack(a=["old"])
    predicted, _rows = fill(cloud, "a", supersede=True, check_mode=True)
    real, _rows = fill(cloud, "a", supersede=True)
    assert (predicted["actions"], predicted["diff"]) == (real["actions"], real["diff"])
    assert [action["action"] for action in real["actions"]] == ["Add", "Remove"]


def test_an_old_one_stays_where_the_new_one_could_not_be_bound():
    cloud = Rack(a=["old"], b=["old"])
    cloud.fail["Add", "new"] = [DENIED]  # one of the two
    result, rows = fill(cloud, "a", "b", supersede=True, parallel=1)
    assert cloud.domains == dict(a=["old"], b=["new"])
    assert "a step before it failed" in rows["rack/additional/a/5-cn-hangzhou"]["error"]
    assert not rows["rack/additional/a/5-cn-hangzhou"]["changed"] and rows["rack/additional/b/5-cn-hangzhou"]["changed"]


def test_what_is_there_already_lets_the_old_ones_go():
    cloud = Rack(a=["old", "new"])
    fill(cloud, "a", supersede=True)
    assert cloud.log == [("Remove", "a", "old")]


def test_what_went_can_be_put_back():
    cloud = Rack(a=["old", "other"])
    deployed, _rows = fill(cloud, "a", supersede=True)
    result = run(cloud).restore(restorable(deployed["targets"]))
    assert sorted(cloud.domains["a"]) == ["old", "other"] and "failed" not in result
    assert {row["target"]: row["verified"] for row in result["targets"]} == {
        "rack/additional/a": True, "rack/additional/a/5-cn-hangzhou": True}


# -- no room -------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("supersede", [False, True])
def test_without_room_an_old_one_gives_way(supersede):
    cloud = Rack(limit=2, a=["old", "older"])
    result, rows = fill(cloud, "a", supersede=supersede)
    assert cloud.log[:2] == [("Remove", "a", "old"), ("Add", "a", "new")] and len(cloud.log) == (3 if supersede else 2)
    freed = rows["rack/additional/a/5-cn-hangzhou"]
    assert freed["superseded"] and freed["changed"] and freed["verified"] and rows["rack/additional/a"]["verified"]
    assert len(result["warnings"]) == 1 and "rack/additional/a had no room" in result["warnings"][0]
    assert "rack/additional/a/5-cn-hangzhou was taken away before" in result["warnings"][0]
    assert sorted(action["action"] for action in result["actions"]) == sorted(action for action, _domain, _name in cloud.log)
    cloud.limit = 3
    run(cloud).restore(restorable(result["targets"]))
    assert sorted(cloud.domains["a"]) == ["old", "older"]


def test_what_gave_way_in_vain_is_there_again():
    cloud = Rack(limit=1, a=["old"])
    cloud.fail["Add", "new"] = [FULL, DENIED]
    result, rows = fill(cloud, "a")
    assert cloud.log == [("Remove", "a", "old"), ("Add", "a", "old")] and not result["changed"] and result["actions"] == []
    assert list(rows) == ["rack/additional/a"] and "Grant it." in rows["rack/additional/a"]["error"] and result["warnings"] == []


def test_what_could_not_be_put_back_is_reported_and_can_be_restored_later():
    cloud = Rack(limit=1, a=["old"])
    cloud.fail.update({("Add", "new"): [FULL, DENIED], ("Add", "old"): [DENIED]})
    result, rows = fill(cloud, "a")
    assert result["changed"] and cloud.domains["a"] == []
    assert "could not be put back" in rows["rack/additional/a"]["error"] and not rows["rack/additional/a"]["changed"]
    gone = rows["rack/additional/a/5-cn-hangzhou"]
    assert gone["changed"] and gone["previous"]["name"] == "old" and gone["current"] is None
    run(cloud).restore(restorable(result["targets"]))
    assert cloud.domains["a"] == ["old"]


# -- what is found -------------------------------------------------------------------------------------------------------------------

def test_what_is_found_and_does_not_fit_is_passed_over_and_what_is_named_is_not():
    cloud = Rack(a=["old"], closed=["old"])
    result, rows = fill(cloud, discover=["rack"])
    assert list(rows) == ["rack/additional/a"] and rows["rack/additional/a"]["verified"] and "failed" not in result
    assert result["passed_over"] == [dict(target="rack/closed", reason="The domain closed is offline.")]
    cloud = Rack(a=["old"], closed=["old"])
    result, rows = fill(cloud, "closed", discover=["rack"])
    assert cloud.log == [] and "The domain closed is offline." in result["failed"]


def test_what_is_found_and_may_not_be_read_is_no_misfit():
    cloud = Shop(("read", "a", DENIED), a="old", b="old")
    result = run(cloud).deploy([], WANTED, discover=dict(services=["fake"], regions=None, exclude=None))
    assert cloud.wrote == ["b"] and result["passed_over"] == [] and "fake Set was refused" in result["failed"]


def test_what_is_named_and_found_is_done_once():
    cloud = Rack(a=["old"], b=["old"])
    result, rows = fill(cloud, "a", discover=["rack"])
    assert sorted(rows) == ["rack/additional/a", "rack/additional/b"] and len(cloud.log) == 2


def test_nothing_found_is_said():
    result, rows = fill(Rack(closed=["old"]), discover=["rack"])
    assert not rows and not result["changed"] and any("No resource was meant" in text for text in result["warnings"])


# -- few reads -----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("lag", [0, 2])
def test_a_list_is_read_once_for_all_and_once_a_round(lag):
    cloud = Rack(lag=lag, **{"d%d" % number: ["old"] for number in range(6)})
    result, rows = fill(cloud, *cloud.domains, parallel=4)
    assert len(rows) == 6 and all(row["verified"] for row in rows.values())
    assert cloud.lists == 1 + 1 + lag, "one for all plans, and one for all a round of looking"


def test_only_what_is_not_there_yet_is_looked_at_again():
    cloud = Shop(a="old", b="old")
    cloud.unsettled["a"] = 4  # the first of them is the plan's own read
    _result, rows = deploy(cloud, "a", "b")
    assert cloud.looks == dict(a=4, b=1) and all(row["verified"] for row in rows.values())


@pytest.mark.parametrize("domains", [["a"], ["a", "b", "c"]])
def test_the_identifier_is_looked_up_once(domains):
    cloud = Rack(**{domain: [] for domain in domains})
    fill(cloud, *domains)
    assert cloud.details == 1 and all(held == ["new"] for held in cloud.domains.values())


def test_the_identifier_is_looked_up_only_where_it_is_wanted_and_known():
    cloud = Rack(a=[])
    run(cloud, check_mode=True).deploy([check(dict(UNSAID, service="rack", domain="a"), "auto", False)], replace(RSA, id=0))
    assert cloud.details == 0, "in check mode, before the upload"
    deploy(Shop(a="old"), "a")  # which would not know the call


def test_without_an_identifier_nothing_is_tried():
    cloud = Rack(identifier="", a=[])
    with pytest.raises(InputError, match=r"gives no identifier of it; it may just have been deleted"):
        fill(cloud, "a")
    assert cloud.log == []


# -- through a job -------------------------------------------------------------------------------------------------------------------

class Desk(Shop):
    """The same product reached by a deployment job, of which these workers fail: domain -> what they leave there."""

    def __init__(self, *fail, failing=None, **domains):
        super().__init__(*fail, **domains)
        self.failing, self.jobs = failing or {}, []

    def pages(self, product, action, params, rows, total, **more):
        numbered = list(enumerate(self.domains, 1))
        return rows(dict(
            ListCloudResources=dict(Data=[dict(Id=number, Domain=name) for number, name in numbered]),
            ListContact=dict(ContactList=[dict(ContactId=11)]), ListDeploymentJob=dict(Data=[]),
            ListWorkerResource=dict(Data=[dict(Id=90 + number, ResourceId=number, Status="error" if name in self.failing else "success")
                                          for number, name in numbered]))[action])

    def call(self, product, action, params, region=None, token="", target=""):
        if action == "CreateDeploymentJob":
            self.jobs.append(params["ResourceIds"])
        if action == "UpdateDeploymentJobStatus":
            self.wrote += list(self.domains)
            self.domains.update({name: self.failing.get(name, "new") for name in self.domains})
        count = len(self.domains)
        return dict(RequestId="R-1", JobId=3, MatchWorkerCount=count, WorkerCount=count, CostCount=count, BuyCount=9, UseCount=0,
                    SuccessCount=count - len(self.failing), FailedCount=len(self.failing))


def by_job(cloud, *domains):
    requests = [check(dict(UNSAID, service="fake", domain=domain), "deployment_job", True) for domain in domains]
    result = run(cloud).deploy(requests, WANTED)
    return result, dict((row["domain"], row) for row in result["targets"])


@pytest.mark.parametrize("left, changed, words", [
    ("old", False, ["the product has old, as before", "HTTPS is off"]), (None, True, ["the product has no certificate"]),
    ("new", True, ["has the new certificate nevertheless"]),
])
def test_a_failed_worker_is_explained_by_what_the_product_has(left, changed, words):
    cloud = Desk(a="old", b="old", failing=dict(b=left))
    result, rows = by_job(cloud, "a", "b")
    assert cloud.jobs == ["1,2"] and result["changed"]
    assert rows["a"]["verified"] and not rows["a"]["error"] and (rows["a"]["job"], rows["b"]["job"]) == (
        dict(id=3, worker=91), dict(id=3, worker=92))
    assert all(word in rows["b"]["error"] for word in ["worker in deployment job 3 failed"] + words)
    assert (rows["b"]["changed"], rows["b"]["verified"], rows["b"]["current"] and rows["b"]["current"]["name"]) == (changed, False, left)
    assert result["failed"].startswith("1 of 2 targets failed")


def test_a_failed_worker_whose_product_cannot_be_read():
    cloud = Desk(("look", "b", CollectionError("the product is not reached")), a="old", b="old", failing=dict(b="old"))
    _result, rows = by_job(cloud, "a", "b")
    assert "worker in deployment job 3 failed. the product is not reached" in rows["b"]["error"] and rows["b"]["current"] is None


def test_what_a_job_did_is_restored_by_the_driver():
    cloud = Desk(a="old", b="old", failing=dict(b="old"))
    result, _rows = by_job(cloud, "a", "b")
    back = Shop(**cloud.domains)
    _result, rows = restore(back, result["targets"])
    assert list(rows) == ["a"] and back.wrote == ["a"] and back.domains == dict(a="old", b="old")


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
    other = dict(deployed["targets"][0], service="VOD", domain="files.example.com", target="vod/files.example.com")
    result, rows = restore(cloud, [other] + deployed["targets"])
    assert cloud.domains == dict(a="old") and "no driver for 'VOD'" in rows["files.example.com"]["error"]
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
