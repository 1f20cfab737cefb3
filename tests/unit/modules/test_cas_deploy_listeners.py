# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment to ALB and NLB: a default certificate and a set of additional ones, of which only what is provably superseded goes."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.modules import connection
from tests.support.triple import observed, triple

NAME = "cas_deploy"
UPDATE, ADD = "UpdateListenerAttribute", "AssociateAdditionalCertificatesWithListener"
REMOVE = {"alb": "DissociateAdditionalCertificatesFromListener", "nlb": "DisassociateAdditionalCertificatesWithListener"}
PROTOCOL = {"alb": "HTTPS", "nlb": "TCPSSL"}


class Stage:
    """A load balancer of each product in cn-hangzhou whose listener has the old certificate, and an unrelated one by SNI."""

    def __init__(self, handle, materials, service):
        self.handle, self.materials, self.service = handle, materials, service
        cas = handle.cloud.cas
        self.materials_by_name = {field.name: getattr(materials, field.name) for field in dataclasses.fields(materials)}
        self.ids = {name: cas.add_certificate("{0}-{1}".format(name, material.fingerprint[:16]), material)
                    for name, material in self.materials_by_name.items()}
        self.balancers = getattr(handle.cloud, service)
        self.balancers.add_load_balancer("lb-1", "cn-hangzhou", address="203.0.113.12")
        self.balancers.add_load_balancer("lb-2", "cn-shanghai", address="203.0.113.22")
        self.resource = dict(service=service, region="cn-hangzhou", instance="lb-1")

    def listener(self, default, *additional, port=443):
        number = self.balancers.add_listener(
            "lb-1", port, PROTOCOL[self.service], self.ids[default], [self.ids[name] for name in additional])
        return self.balancers.listeners[number]

    def options(self, *resources, certificate="new", **more):
        wanted = dict(id=self.ids[certificate]) if isinstance(certificate, str) else certificate
        return dict(connection(self.handle), certificate=wanted, resources=list(resources), wait_timeout=20, wait_interval=0.05, **more)

    def deploy(self, *resources, check=False, **more):
        result, writes = observed(self.handle, NAME, self.options(*resources, **more), check=check)
        return result, [action for _product, action in writes]

    def restore(self, result):
        options = dict(connection(self.handle), restore=result["deployment"]["targets"], wait_timeout=20, wait_interval=0.05)
        restored, writes = observed(self.handle, NAME, options)
        return restored, [action for _product, action in writes]

    def has(self, listener):
        """(name of the default certificate, names of the additional ones)."""
        known = {number: name for name, number in self.ids.items()}
        found = [known[held.cas_id] for held in listener.bound]
        return found[0], sorted(found[1:])


@pytest.fixture(params=["alb", "nlb"])
def stage(request, cloud, materials):
    return Stage(cloud, materials, request.param)


def rows(result):
    return {row["target"]: row for row in result["deployment"]["targets"]}


@pytest.mark.parametrize("resource, actions, after", [
    (dict(slot="auto"), [UPDATE], ("new", ["unrelated"])), (dict(slot="default"), [UPDATE], ("new", ["unrelated"])),
    (dict(slot="additional"), [ADD], ("old", ["new", "unrelated"])),
    (dict(slot="auto", domains=["www.example.com"]), [UPDATE], ("new", ["unrelated"])),
])
@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
@pytest.mark.parametrize("service", ["alb", "nlb"])
def test_slots(cloud, materials, service, resource, actions, after, calm):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials, service)
    listener = stage.listener("old", "unrelated")
    _check, real, _again = triple(cloud, NAME, stage.options(dict(stage.resource, **resource)), materials.keys)
    assert [action["action"] for action in real["actions"]] == actions
    assert stage.has(listener) == after, "the unrelated certificate stays"
    assert all(row["verified"] for row in rows(real).values())


@pytest.mark.parametrize("slot", ["auto", "additional"])
def test_superseded_ones_go_only_when_told_so_and_last(stage, slot):
    listener = stage.listener("wider", "old", "unrelated")
    resource = dict(stage.resource, slot=slot)
    _check, first, _again = triple(stage.handle, NAME, stage.options(resource), stage.materials.keys)
    assert stage.has(listener) == ("wider", ["new", "old", "unrelated"])
    [row] = first["deployment"]["targets"]
    assert [old["cas_id"] for old in row["supersedes"]] == [stage.ids["old"]] and row["previous"] is None
    _check, second, _again = triple(stage.handle, NAME, stage.options(resource, supersede=True), stage.materials.keys)
    assert [action["action"] for action in second["actions"]] == [REMOVE[stage.service]]
    assert stage.has(listener) == ("wider", ["new", "unrelated"])


def test_both_at_once_are_made_in_the_right_order_and_taken_back(stage):
    listener = stage.listener("wider", "old", "unrelated")
    result, writes = stage.deploy(stage.resource, supersede=True)
    assert writes == [ADD, REMOVE[stage.service]] and stage.has(listener) == ("wider", ["new", "unrelated"])
    restored, writes = stage.restore(result)
    assert not restored["failed"], restored["msg"]
    assert writes == [ADD, REMOVE[stage.service]], "added before taken away"
    assert stage.has(listener) == ("wider", ["old", "unrelated"])
    assert stage.restore(result)[1] == []


def test_nothing_is_taken_away_when_the_new_one_could_not_be_bound(stage):
    listener = stage.listener("wider", "old")
    stage.handle.fault(product=stage.service, action=ADD, kind="error", code="OperationDenied.Locked", status=403, times=9)
    result, writes = stage.deploy(stage.resource, supersede=True)
    assert result["failed"] and writes == [] and stage.has(listener) == ("wider", ["old"])
    assert "a step before it failed" in result["msg"]


@pytest.mark.parametrize("field", ["Sans", "Algorithm"])
def test_empty_fields_mean_unknown_and_unbind_nothing(stage, field):
    """An empty list of names once made every certificate look superfluous."""
    listener = stage.listener("wider", "old", "unrelated")
    fault = stage.handle.fault(product="cas", action="ListUserCertificateOrder", kind="drop_field", name=field, times=99)
    stage.handle.fault(product="cas", action="ListUserCertificateOrder", kind="drop_field", name="CommonName", times=99)
    result, writes = stage.deploy(dict(stage.resource, slot="additional"), supersede=True)
    assert fault.fired and not result["failed"], result["msg"]
    assert writes == [ADD] and stage.has(listener) == ("wider", ["new", "old", "unrelated"])


def test_a_full_listener_gets_the_new_one_in_place_of_the_old(stage):
    listener = stage.listener("wider", "old", "unrelated")
    listener.limit = 2
    result, writes = stage.deploy(stage.resource)
    assert not result["failed"], result["msg"]
    assert writes == [REMOVE[stage.service], ADD] and stage.has(listener) == ("wider", ["new", "unrelated"])
    assert any("had no room" in str(text) for text in result.get("warnings") or []), result
    freed = [row for row in rows(result).values() if row["superseded"]]
    assert len(freed) == 1 and freed[0]["changed"] and freed[0]["previous"]["cas_id"] == stage.ids["old"]


def test_a_full_listener_without_anything_superseded_is_left_alone(stage):
    listener = stage.listener("wider", "unrelated")
    listener.limit = 1
    result, writes = stage.deploy(dict(stage.resource, slot="additional"))
    assert result["failed"] and "QuotaExceeded" in result["msg"] and writes == [] and stage.has(listener) == ("wider", ["unrelated"])


def test_what_was_taken_away_for_room_is_put_back_when_it_was_in_vain(stage):
    listener = stage.listener("wider", "old")
    listener.limit = 1
    code = "QuotaExceeded.Everything"
    stage.handle.fault(product=stage.service, action=ADD, kind="error", code=code, status=400, times=2)
    result, writes = stage.deploy(stage.resource)
    assert result["failed"] and code in result["msg"] and writes == [REMOVE[stage.service], ADD]
    assert stage.has(listener) == ("wider", ["old"]) and not result["changed"]


def test_certificates_of_two_kinds_of_keys_stand_side_by_side(stage):
    issue, cas = stage.handle.authority.issue, stage.handle.cloud.cas
    names = stage.materials.old.names
    for name in ("ec1", "ec2"):
        stage.ids[name] = cas.add_certificate(name, issue(list(names), key="ec"))
    listener = stage.listener("old")
    stage.deploy(dict(stage.resource, slot="additional"), certificate="ec1", supersede=True)
    assert stage.has(listener) == ("old", ["ec1"]), "the RSA one is not superseded by it"
    stage.deploy(stage.resource, certificate="ec2", supersede=True)
    assert stage.has(listener) == ("old", ["ec2"]), "the next ECDSA one takes the place of its like"
    stage.deploy(stage.resource, certificate="new", supersede=True)
    assert stage.has(listener) == ("new", ["ec2"]), "and the next RSA one of its like"


def test_an_additional_certificate_becomes_the_default_one(stage):
    listener = stage.listener("old", "new")
    result, writes = stage.deploy(dict(stage.resource, slot="default"))
    assert not result["failed"], result["msg"]
    assert writes == [REMOVE[stage.service], UPDATE] and stage.has(listener) == ("new", [])


@pytest.mark.parametrize("slot, words", [
    ("default", ["also covers mail.example.com", "slot: additional", "force: true"]), ("auto", ["found nothing", "slot: default"]),
])
def test_a_default_that_covers_more_is_not_replaced_silently(stage, slot, words):
    listener = stage.listener("wider")
    result, writes = stage.deploy(dict(stage.resource, slot=slot))
    assert result["failed"] and all(word in result["msg"] for word in words) and writes == []
    assert stage.has(listener) == ("wider", [])
    forced, writes = stage.deploy(dict(stage.resource, slot="default", force=True))
    assert not forced["failed"] and writes == [UPDATE] and stage.has(listener) == ("new", [])


def test_a_certificate_that_is_gone_from_cas_is_unknown_and_stays(stage):
    listener = stage.listener("old", "narrow")
    del stage.handle.cloud.cas.certificates[stage.ids["narrow"]]
    result, _writes = stage.deploy(stage.resource, supersede=True)
    assert not result["failed"] and stage.has(listener) == ("new", ["narrow"])
    gone = stage.listener("old", port=8443)
    del stage.handle.cloud.cas.certificates[stage.ids["old"]]
    result, writes = stage.deploy(dict(stage.resource, listener_port=8443))
    assert result["failed"] and "(not in CAS)" in result["msg"] and writes == []
    result, writes = stage.deploy(dict(stage.resource, listener_port=8443, slot="default"))
    assert not result["failed"] and stage.has(gone) == ("new", [])


@pytest.mark.parametrize("more, words", [
    (dict(region="cn-shanghai"), ["lb-1 in cn-shanghai has no", "Check instance, region"]),
    (dict(listener_port=8443), ["on port 8443", "it has 443"]), (dict(instance="lb-none"), ["lb-none"]),
])
def test_a_listener_that_is_not_there(stage, more, words):
    stage.listener("old")
    result, writes = stage.deploy(dict(stage.resource, **more))
    assert result["failed"] and all(word in result["msg"] for word in words), result["msg"]
    assert writes == []


def test_an_alb_has_https_and_quic_on_one_port(cloud, materials):
    stage = Stage(cloud, materials, "alb")
    https = stage.listener("old")
    quic = stage.balancers.listeners[stage.balancers.add_listener("lb-1", 443, "QUIC", stage.ids["old"])]
    result, writes = stage.deploy(dict(stage.resource, protocol="quic"))
    assert not result["failed"] and writes == [UPDATE]
    assert (stage.has(https), stage.has(quic)) == (("old", []), ("new", []))
    assert list(rows(result)) == ["alb/cn-hangzhou/lb-1:443/quic/default"]


def test_a_lost_answer_is_asked_for_again_with_the_same_token(stage):
    listener = stage.listener("old")
    stage.handle.fault(product=stage.service, action=UPDATE, kind="cut_after", times=1)
    result, writes = stage.deploy(stage.resource)
    assert not result["failed"], result["msg"]
    assert stage.has(listener) == ("new", []) and set(writes) == {UPDATE}
    tokens = {entry["params"]["ClientToken"] for entry in stage.handle.journal(writes=True)}
    assert len(tokens) == 1


def test_throttling_in_the_middle(stage):
    listeners = [stage.listener("old", port=port) for port in range(8001, 8007)]
    stage.handle.fault(product=stage.service, action=UPDATE, kind="error", code="Throttling.User", status=400, after=2, times=3)
    result, writes = stage.deploy(*(dict(stage.resource, listener_port=listener.port) for listener in listeners))
    assert not result["failed"], result["msg"]
    assert writes == [UPDATE] * 6 and all(stage.has(listener) == ("new", []) for listener in listeners)
