# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How plans become calls: stages, groups, references, lost answers, and what is said when something fails."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from ansible_collections.daas.https.plugins.module_utils import _runner
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, CollectionError, OutcomeUnknown
from ansible_collections.daas.https.plugins.module_utils._plan import Plan, Ref, Step


def step(key, stage=0, group="", **params):
    return Step(key, "slb", key, "target " + key, params, "cn-hangzhou", group, stage)


class Recorder:
    """A cloud that notes what is called; answers[action]: what each call gives or raises, in order."""

    def __init__(self, **answers):
        self.calls, self._answers, self._lock = [], dict((name, list(given)) for name, given in answers.items()), threading.Lock()

    def call(self, product, action, params, region, token, target):
        with self._lock:
            self.calls.append((action, dict(params)))
            given = self._answers.get(action)
            answer = given.pop(0) if given else {"Id": "id of " + action}
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def actions(self):
        return [action for action, _params in self.calls]


REFUSED = ApiError("slb A", "Forbidden.RAM", "no", 403, "R-1", "Grant it.")
LOST = OutcomeUnknown("slb A: the answer did not come")


@pytest.mark.parametrize("parallel", [1, 4])
def test_stages_run_one_after_another_and_groups_in_order(parallel):
    cloud = Recorder()
    steps = [step("late", 1), step("a1", 0, "a"), step("a2", 0, "a"), step("b1", 0, "b"), step("a3", 0, "a")]
    applied = _runner.apply(cloud, steps, parallel)
    assert cloud.actions[-1] == "late"
    assert [action for action in cloud.actions if action[0] == "a"] == ["a1", "a2", "a3"]
    assert sorted(item.key for item in applied.done) == ["a1", "a2", "a3", "b1", "late"] and not applied.errors


def test_references_are_resolved():
    cloud = Recorder(A=[{"Id": "own-1"}])
    _runner.apply(cloud, [step("A"), step("B", 1, certificate=Ref("A", "Id"), port=443)])
    assert cloud.calls[1] == ("B", dict(certificate="own-1", port=443))


def test_references_are_resolved_however_deep():
    cloud, given = Recorder(A=[{"Id": "own-1"}]), {"Certificates": [{"Id": Ref("A", "Id")}, {"Id": "own-2"}], "Pair": (Ref("A", "Id"), 5)}
    _runner.apply(cloud, [step("A"), step("B", 1, **given)])
    assert cloud.calls[1] == ("B", {"Certificates": [{"Id": "own-1"}, {"Id": "own-2"}], "Pair": ["own-1", 5]})
    assert given["Certificates"][0]["Id"] == Ref("A", "Id"), "the plan stays as it was"


def test_a_deep_reference_to_what_failed_fails():
    cloud = Recorder(A=[REFUSED])
    applied = _runner.apply(cloud, [step("A"), step("B", 1, Rules=[{"Id": [Ref("A", "Id")]}])])
    assert cloud.actions == ["A"] and "Not tried" in str(applied.errors["B"])


@pytest.mark.parametrize("answers, actions, errors", [
    ({}, ["A", "B", "C"], []), (dict(A=[REFUSED]), ["A", "B"], ["A", "C"]), (dict(B=[REFUSED]), ["A", "B"], ["B", "C"]),
])
def test_what_a_step_needs_must_have_succeeded(answers, actions, errors):
    cloud = Recorder(**answers)
    applied = _runner.apply(cloud, [step("A"), step("B"), replace(step("C", 1), needs=("A", "B"))])
    assert cloud.actions == actions and sorted(applied.errors) == errors
    if errors:
        assert "a step before it failed" in str(applied.errors["C"]) and "Forbidden.RAM" in str(applied.errors["C"])
        assert applied.errors["C"].extras["error"]["request_id"] == "R-1"


def test_what_was_not_made_at_all_is_not_there_either():
    applied = _runner.apply(Recorder(), [replace(step("C"), needs=("never",))])
    assert "Not tried" in str(applied.errors["C"]) and not applied.done


# -- room ----------------------------------------------------------------------------------------------------------------------------

FULL = ApiError("slb Add", "QuotaExceeded.AdditionalCertificates", "no more", 400, "R-2")
STUCK = ApiError("slb Add", "OperationDenied.Locked", "locked", 403, "R-3")
ADD = replace(step("Add"), room=(step("Free"), step("Undo")))
FREE_LATER = replace(step("Free", 1), needs=("Add",))


@pytest.mark.parametrize("steps", [[ADD], [ADD, FREE_LATER]])
def test_a_place_is_freed_and_the_call_made_again(steps):
    cloud = Recorder(Add=[FULL])
    applied = _runner.apply(cloud, steps)
    assert cloud.actions == ["Add", "Free", "Add"], "and what is free already is not freed once more"
    assert [item.key for item in applied.done] == ["Free", "Add"] and applied.made_room == [ADD] and not applied.errors
    assert applied.answers["Add"] == {"Id": "id of Add"}
    # in the plan's order; what the plan did not have comes last
    assert [item.key for item in applied.made(steps)] == ["Add", "Free"]


def test_nothing_is_freed_while_there_is_room():
    cloud = Recorder()
    applied = _runner.apply(cloud, [ADD, FREE_LATER])
    assert cloud.actions == ["Add", "Free"] and not applied.made_room and [item.key for item in applied.made((ADD,))] == ["Add", "Free"]


@pytest.mark.parametrize("refusal", [REFUSED, STUCK, LOST])
def test_another_refusal_frees_nothing(refusal):
    cloud = Recorder(Add=[refusal])
    applied = _runner.apply(cloud, [ADD])
    assert cloud.actions == ["Add"] and applied.errors["Add"] is refusal and not applied.done


def test_without_anything_to_free_full_is_an_error():
    applied = _runner.apply(Recorder(Add=[FULL]), [step("Add")])
    assert applied.errors["Add"] is FULL


@pytest.mark.parametrize("second", [FULL, STUCK, LOST])
def test_what_was_freed_in_vain_is_put_back(second):
    cloud = Recorder(Add=[FULL, second])
    applied = _runner.apply(cloud, [ADD, FREE_LATER])
    assert cloud.actions == ["Add", "Free", "Add", "Undo"]
    assert applied.errors["Add"] is second and "Not tried" in str(applied.errors["Free"])
    assert not (applied.done or applied.made_room or applied.answers), "nothing has changed after all"


def test_what_cannot_be_put_back_is_said():
    cloud = Recorder(Add=[FULL, STUCK], Undo=[REFUSED])
    applied = _runner.apply(cloud, [ADD])
    text = str(applied.errors["Add"])
    assert all(word in text for word in ("OperationDenied.Locked", "target Free was taken away", "could not be put back", "Grant it."))
    assert applied.errors["Add"].extras["error"]["request_id"] == "R-3"
    assert [item.key for item in applied.done] == list(applied.answers) == ["Free"] and not applied.made_room, "that much has changed"


def test_a_place_that_cannot_be_freed():
    cloud = Recorder(Add=[FULL], Free=[REFUSED])
    applied = _runner.apply(cloud, [ADD])
    assert cloud.actions == ["Add", "Free"] and applied.errors["Add"] is REFUSED and not applied.done and "Free" not in applied.answers


def test_a_failed_step_fails_only_what_refers_to_it():
    cloud = Recorder(A=[REFUSED])
    applied = _runner.apply(cloud, [step("A"), step("B", 1, x=Ref("A", "Id")), step("C", 1, x=1)])
    assert cloud.actions == ["A", "C"] and [item.key for item in applied.done] == ["C"]
    assert "Not tried" in str(applied.errors["B"]) and "Forbidden.RAM" in str(applied.errors["B"])
    assert applied.errors["B"].extras["error"]["request_id"] == "R-1"


def test_an_answer_without_the_field_is_an_error_and_no_crash():
    applied = _runner.apply(Recorder(A=[{}]), [step("A"), step("B", 1, x=Ref("A", "Id"))])
    assert "has no Id" in str(applied.errors["B"]) and [item.key for item in applied.done] == ["A"]


def test_before_can_keep_a_step_from_being_made():
    def before(item, params):
        if params.get("x") == 2:
            raise CollectionError("no quota")

    cloud = Recorder()
    applied = _runner.apply(cloud, [step("A", x=1), step("B", x=2)], before=before)
    assert cloud.actions == ["A"] and str(applied.errors["B"]) == "no quota"


@pytest.mark.parametrize("seen, answers, calls, done, looks", [
    ([{"Id": "there"}], [LOST], 1, True, 1),  # it has happened
    ([None, None, {"Id": "there"}], [LOST], 1, True, 3),  # reads lag behind
    ([None] * 9, [LOST, {"Id": "second"}], 2, True, _runner.LOOKS),  # it has not: once more
    ([None] * 9, [LOST, LOST], 2, False, _runner.LOOKS),
    ([None] * 9, [LOST, REFUSED], 2, False, _runner.LOOKS),
    ([REFUSED], [LOST], 1, False, 1),  # nothing can be read: nothing is repeated
])
def test_lost_answers(seen, answers, calls, done, looks):
    cloud, slept, left = Recorder(A=answers), [], list(seen)

    def confirm(item):
        assert item.key == "A"
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    applied = _runner.apply(cloud, [step("A")], confirm=confirm, sleep=slept.append)
    assert len(cloud.calls) == calls and bool(applied.done) is done and ("A" in applied.errors) is not done
    assert len(seen) - len(left) == looks == len(slept) and all(0 < delay <= 4 for delay in slept)


def test_without_confirm_a_lost_answer_is_an_error():
    cloud = Recorder(A=[LOST])
    assert _runner.apply(cloud, [step("A")]).errors["A"] is LOST and len(cloud.calls) == 1


@pytest.mark.parametrize("parallel", [1, 2, 8])
def test_each_keeps_the_order_and_catches_only_our_errors(parallel):
    def work(item):
        if item == 3:
            raise CollectionError("three")
        return item * 10

    got = _runner.each(range(5), work, parallel)
    assert [(item, value) for item, value, _error in got] == [(0, 0), (1, 10), (2, 20), (3, None), (4, 40)]
    assert [str(error) for _item, _value, error in got if error] == ["three"]
    with pytest.raises(ZeroDivisionError):
        _runner.each([1, 0], lambda item: 1 / item, parallel)


def test_each_works_side_by_side_but_not_more_than_asked():
    running, most, lock, together = 0, 0, threading.Lock(), threading.Barrier(3, timeout=10)

    def work(item):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1

    _runner.each(range(6), work, 3)
    assert most == 3


def test_raise_first_says_what_was_done_and_what_was_not():
    steps = (step("A"), step("B", 1), step("C", 2, x=Ref("B", "Id")))
    applied = _runner.apply(Recorder(B=[REFUSED]), steps)
    with pytest.raises(CollectionError) as caught:
        _runner.raise_first(Plan({}, {}, steps), applied)
    result = caught.value.as_result()
    assert result["changed"] is True and [item["action"] for item in result["actions"]] == ["A"]
    assert result["failed_action"]["action"] == "B" and [item["action"] for item in result["pending"]] == ["C"]
    assert result["error"]["code"] == "Forbidden.RAM" and "Grant it." in result["msg"]


def test_raise_first_is_silent_when_all_is_well():
    steps = (step("A"),)
    assert _runner.raise_first(Plan({}, {}, steps), _runner.apply(Recorder(), steps)) is None


class Meeting(Recorder):
    """Every call waits until so many others are under way; counts how many of a group were at once."""

    def __init__(self, together):
        super().__init__()
        self._together, self._here, self.most = threading.Barrier(together, timeout=5), {}, {}

    def call(self, product, action, params, region, token, target):
        group = params["group"]
        with self._lock:
            self._here[group] = self._here.get(group, 0) + 1
            self.most[group] = max(self.most.get(group, 0), self._here[group])
        self._together.wait()
        with self._lock:
            self._here[group] -= 1
        return super().call(product, action, params, region, token, target)


def grouped(key, group):
    return Step(key, "slb", key, key, dict(group=group), group=group)


def test_groups_run_side_by_side_and_their_steps_never_do():
    cloud = Meeting(2)
    applied = _runner.apply(cloud, [grouped("a1", "a"), grouped("a2", "a"), grouped("b1", "b"), grouped("b2", "b")], 4)
    assert len(applied.done) == 4 and cloud.most == dict(a=1, b=1)


def test_steps_without_a_group_run_side_by_side():
    cloud = Meeting(3)
    assert len(_runner.apply(cloud, [grouped("a", ""), grouped("b", ""), grouped("c", "")], 3).done) == 3 and cloud.most == {"": 3}
