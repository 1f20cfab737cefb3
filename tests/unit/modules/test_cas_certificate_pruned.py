# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""state=pruned: what is superseded and used nowhere goes; whatever may be in use stays, and says why; a partial result is a true one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ansible_collections.daas.https.plugins.module_utils import _prune
from tests.emulator.services.airec.sheet import Row
from tests.support.modules import connection
from tests.support.triple import leaked, observed, triple
from tests.unit.modules.conftest import NAMES, certificates

NAME = "cas_certificate"
DELETE, COPY = ("cas", "DeleteUserCertificate"), ("slb", "DeleteServerCertificate")
MUTE, TAG, UNTAG = ("cas", "BatchUpdateNoticeStatus"), ("cas", "TagResources"), ("cas", "UntagResources")
HANGZHOU = "cn-hangzhou"
TAGS = {"managed-by": "daas.https", "daas-https-name": "shop"}


class Shelf:
    """Four generations of one series, thirty days apart; the newest is bound to a CDN domain and to a listener."""

    def __init__(self, handle, generations):
        self.handle, self.cloud = handle, handle.cloud
        self.materials = generations
        self.ids = [self.add(material) for material in generations]
        newest = generations[-1]
        self.cloud.cdn.add_domain("img.example.com", certificate=newest, certificate_name="shop", cas_id=self.ids[-1])
        self.cloud.slb.add_https_listener("lb-empty1", 443, self.copy(-1))
        self.served = [self.at("cdn", "img.example.com"), self.at("slb/lb-empty1/443", "www.example.com")]

    def add(self, material, name="shop", tags=None):
        tags = {"managed-by": "daas.https", "daas-https-name": name} if tags is None else tags
        return self.cloud.cas.add_certificate("{0}-{1}".format(name, material.fingerprint[:16]), material, tags=tags)

    def copy(self, number, region=HANGZHOU, cas_id=None):
        """A copy in a region of classic load balancers; returns its id there."""
        material = self.materials[number]
        name = "shop-{0}".format(material.fingerprint[:16])
        return self.cloud.slb.add_certificate(region, name, material, cas_id=cas_id or self.ids[number], cas_name=name,
                                              cas_region=self.cloud.store)

    def at(self, key, name):
        place = self.handle.data_plane[key]
        return dict(name=name, address=place["host"], port=place["port"], label=name)

    def options(self, **more):
        given = dict(connection(self.handle), state="pruned", name="shop", ca_path=self.handle.ca_path, https_endpoints=self.served,
                     discover=dict(services=["cdn", "slb"], regions=[HANGZHOU, "cn-shanghai"]), timeout=3.0)
        return {key: value for key, value in {**given, **more}.items() if value is not None}

    def prune(self, check=False, **more):
        return observed(self.handle, NAME, self.options(**more), check=check)

    def left(self):
        return sorted(item["id"] for item in certificates(self.handle))

    def copies(self):
        return set(self.cloud.slb.certificates)


@pytest.fixture(scope="module")
def generations(emulator):
    now = emulator.clock.now()
    return [emulator.authority.issue(NAMES, days=90, not_before=now - timedelta(days=age), key="ec") for age in (88, 60, 30, 8)]


@pytest.fixture
def shelf(cloud, generations):
    return Shelf(cloud, generations)


def kept(result):
    """{id: all of its reasons in one text}"""
    return {row["id"]: "; ".join(row["reasons"]) for row in result["pruning"]["kept"]}


def deleted(result):
    return [row["id"] for row in result["pruning"]["deleted"]]


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_what_nothing_uses_goes(cloud, generations, calm):
    cloud.reset(calm=calm)
    cloud.cloud.setting.update(dict(stale_reads=0))  # a list that lags would show what is gone
    shelf = Shelf(cloud, generations)
    spare = shelf.copy(0)
    check, real, _again = triple(cloud, NAME, shelf.options(), tuple(material.key_pem for material in generations))
    assert sorted(deleted(real)) == shelf.ids[:2] == sorted(deleted(check)) and shelf.left() == shelf.ids[2:]
    assert spare not in shelf.copies() and [(row["id"], row["deleted"]) for row in real["pruning"]["copies"]] == [(spare, True)]
    assert {row["id"] for row in real["pruning"]["muted"]} == {shelf.ids[2]} == cloud.cloud.cas.muted
    assert "among the newest 2 of shop" in kept(real)[shelf.ids[3]]
    assert check["pruning"]["kept"] == real["pruning"]["kept"]
    assert real["diff"]["before"][str(shelf.ids[0])]["fingerprint"] == generations[0].fingerprint
    assert real["diff"]["after"] == {str(shelf.ids[2]): dict(
        name=real["pruning"]["muted"][0]["name"], fingerprint=generations[2].fingerprint, notices="off")}


def test_copies_go_first(shelf):
    shelf.copy(0)
    result, writes = shelf.prune(mute_notices=False)
    assert writes[0] == COPY and sorted(writes[1:]) == [DELETE, DELETE]
    assert result["pruning"]["muted"] == []


def test_without_a_name_all_of_ours_are_meant(shelf, materials):
    press = [shelf.add(material, "press") for material in shelf.materials[:3]]
    foreign = shelf.cloud.cas.add_certificate("by hand", materials.unrelated)
    result, _writes = shelf.prune(name=None)
    assert sorted(deleted(result)) == sorted(shelf.ids[:2] + press[:1]) and foreign in shelf.left()
    assert foreign not in kept(result), "what is not ours is not even spoken of"


def test_of_a_name_only_that_series(shelf):
    press = [shelf.add(material, "press") for material in shelf.materials[:3]]
    result, _writes = shelf.prune()
    assert deleted(result) == shelf.ids[1::-1] and set(press) <= set(shelf.left()) and not set(press) & set(kept(result))


@pytest.mark.parametrize("more, gone", [
    (dict(keep_last=1), 3), (dict(keep_last=3), 1), (dict(keep_last=9), 0), (dict(keep_last=1, grace_days=10), 2),
    (dict(keep_last=1, grace_days=0), 3), (dict(keep_last=1, grace_days=31), 1), (dict(keep_last=1, grace_days=365), 0),
])
def test_how_many_are_kept_and_for_how_long(shelf, more, gone):
    result, writes = shelf.prune(**more, mute_notices=False)
    assert not result["failed"] and sorted(deleted(result)) == shelf.ids[:gone] and writes == [DELETE] * gone
    if "grace_days" in more and gone < 3:
        assert "of {0} days of grace".format(more["grace_days"]) in kept(result)[shelf.ids[2]]


def test_what_only_has_our_kind_of_name_is_not_ours(shelf):
    shelf.cloud.cas.certificates[shelf.ids[0]].tags.clear()
    result, _writes = shelf.prune()
    assert deleted(result) == [shelf.ids[1]] and "does not have the tag managed-by=daas.https" in kept(result)[shelf.ids[0]]
    assert not any(row["spared"] for row in result["pruning"]["kept"]), "nothing uses it, and yet it is not ours to delete"


def test_names_that_no_newer_one_covers(shelf):
    long_ago = shelf.handle.clock.now() - timedelta(days=80)
    number = shelf.add(shelf.handle.authority.issue([*NAMES, "mail.example.com"], days=90, not_before=long_ago, key="ec"))
    assert "no newer one covers all of its names" in kept(shelf.prune()[0])[number]


def test_a_certificate_of_another_kind_of_key_is_no_successor(shelf, materials):
    number = shelf.add(materials.old)
    shelf.add(materials.new)  # RSA as well, and too young
    result, _writes = shelf.prune()
    assert number not in deleted(result) and "among the newest 2" in kept(result)[number]


# -- three guards --------------------------------------------------------------------------------------------------------------------

def test_cas_says_that_a_product_uses_it(shelf):
    shelf.cloud.dcdn.add_domain("static.example.com", certificate=shelf.materials[0], certificate_name="shop", cas_id=shelf.ids[0])
    result, _writes = shelf.prune()
    assert deleted(result) == [shelf.ids[1]] and kept(result)[shelf.ids[0]] == "CAS says that it is used by DCDN"
    assert [row["id"] for row in result["pruning"]["kept"] if row["spared"]] == [shelf.ids[0]]


def test_a_listener_has_it_of_which_cas_does_not_know(shelf):
    """It was given to the load balancer as text."""
    shelf.cloud.slb.add_https_listener("lb-empty2", 443, shelf.cloud.slb.add_certificate("cn-shanghai", "by hand", shelf.materials[0]))
    result, _writes = shelf.prune()
    assert deleted(result) == [shelf.ids[1]] and kept(result)[shelf.ids[0]] == "slb/cn-shanghai/lb-empty2:443/default has it"


@pytest.mark.parametrize("deny, where", [
    ("cdn:*", "cdn could not be read"), ("slb:DescribeLoadBalancer*", "slb/cn-hangzhou could not be read"),
])
def test_what_cannot_be_read_may_have_it(shelf, deny, where):
    key = shelf.handle.key(deny=[deny])
    result, writes = shelf.prune(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    assert not result["failed"] and deleted(result) == [] and writes == []
    assert where in kept(result)[shelf.ids[0]] and where in kept(result)[shelf.ids[1]] and deny.split(":")[0] in kept(result)[shelf.ids[0]]


def test_a_domain_that_it_does_not_cover_cannot_have_it(shelf):
    gone = dict(service="cdn", domain="www.example.net")  # there is no such domain
    result, _writes = shelf.prune(resources=[gone])
    assert sorted(deleted(result)) == shelf.ids[:2]
    missing = dict(service="cdn", domain="api.example.com")
    shelf.ids[0] = shelf.add(shelf.materials[0])
    assert "cdn/api.example.com could not be read" in kept(shelf.prune(resources=[missing])[0])[shelf.ids[0]]


def test_an_endpoint_serves_it(shelf):
    """An application host, of which no product knows."""
    shelf.handle.dataplane.open("host/app")
    shelf.handle.dataplane.serve("host/app", default=shelf.materials[0])
    result, _writes = shelf.prune(https_endpoints=[*shelf.served, shelf.at("host/app", "www.example.com")])
    assert deleted(result) == [shelf.ids[1]] and kept(result)[shelf.ids[0]] == "www.example.com (127.0.0.1) serves it"


def test_an_endpoint_that_cannot_be_looked_at_may_serve_what_covers_its_name(shelf):
    shelf.handle.dataplane.open("host/app")
    shelf.handle.dataplane.serve("host/app", default=shelf.materials[3])
    shelf.handle.dataplane.fault("host/app", "refuse")
    result, writes = shelf.prune(https_endpoints=[*shelf.served, shelf.at("host/app", "www.example.com")])
    assert writes == [] and all("www.example.com (127.0.0.1) could not be looked at" in kept(result)[number] for number in shelf.ids[:2])
    result, _writes = shelf.prune(https_endpoints=[*shelf.served, shelf.at("host/app", "www.example.net")])
    assert sorted(deleted(result)) == shelf.ids[:2]


def airec(shelf, **more):
    return dict(instance_id="airec-cn-empty01", region=HANGZHOU, access_token=shelf.handle.airec_token, **more)


def bind(shelf, number):
    shelf.cloud.airec.bind("airec-cn-empty01", [Row("api.example.com", str(shelf.ids[number]), "TEXT", "A2")], shelf.materials[number])
    return shelf.cloud.airec.instances["airec-cn-empty01"].domains["api.example.com"]


def test_airec_has_it(shelf):
    bind(shelf, 0).proved = True
    for _read in range(3):
        shelf.cloud.airec.read_status("airec-cn-empty01")
    assert shelf.cloud.cas.uses(shelf.ids[0]) == [], "of which CAS does not know"
    result, _writes = shelf.prune(airec=[airec(shelf)])
    assert deleted(result) == [shelf.ids[1]] and kept(result)[shelf.ids[0]] == "airec/airec-cn-empty01 has it for api.example.com"


def test_airec_may_serve_the_old_one_until_the_new_one_is_validated(shelf):
    bind(shelf, 3)
    result, writes = shelf.prune(airec=[airec(shelf)])
    assert writes == [] and all("has not validated api.example.com yet" in kept(result)[number] for number in shelf.ids[:2])


@pytest.mark.parametrize("more, word", [
    (dict(access_token="wrong"), "InvalidAccessToken"), (dict(instance_id="airec-cn-nowhere"), "InvalidInstance"),
])
def test_airec_that_cannot_be_read(shelf, more, word):
    result, writes = shelf.prune(airec=[{**airec(shelf), **more}])
    assert not result["failed"] and writes == [] and all(word in kept(result)[number] for number in shelf.ids[:2])
    assert "wrong" not in json.dumps(result["pruning"])


def test_airec_of_another_contract_is_asked_in_its_words(shelf):
    path = "/v2/openapi/instances/{instance_id}/elsewhere"
    result, writes = shelf.prune(airec=[airec(shelf, contract=dict(status_path=path))])
    assert writes == [] and "elsewhere" in kept(result)[shelf.ids[0]]


def test_the_guards_look_again_right_before_the_deletion(shelf, monkeypatch):
    """Somebody deploys an old one after it was found superfluous, and before it is deleted."""
    plain = _prune.Pruning.apply

    def late(self, steps):
        if any(step.action == "DeleteUserCertificate" for step in steps):
            shelf.cloud.dcdn.add_domain("static.example.com", certificate=shelf.materials[0], certificate_name="shop", cas_id=shelf.ids[0])
        return plain(self, steps)

    monkeypatch.setattr(_prune.Pruning, "apply", late)
    result, writes = shelf.prune(mute_notices=False)
    assert not result["failed"] and writes == [DELETE] and deleted(result) == [shelf.ids[1]]
    assert kept(result)[shelf.ids[0]] == "CAS says that it is used by DCDN"
    assert [entry["params"]["CertId"] for entry in shelf.handle.journal(writes=True)] == [str(shelf.ids[1])], "not even tried"
    assert result["diff"]["after"] == {str(shelf.ids[0]): result["diff"]["before"][str(shelf.ids[0])]}


# -- what CAS does not delete --------------------------------------------------------------------------------------------------------

def test_what_cas_has_issued_stays_until_it_has_expired(shelf):
    now = shelf.handle.clock.now()
    old = [shelf.handle.authority.issue(NAMES, days=days, not_before=now - timedelta(days=85), key="ec") for days in (90, 84)]
    issued = [shelf.cloud.cas.add_issued("cert-{0}".format(number), material, "cas-dv-{0}".format(number), TAGS, 70 + number)
              for number, material in enumerate(old)]
    result, _writes = shelf.prune()
    assert not result["failed"] and issued[1].id in deleted(result) and issued[0].id not in deleted(result)
    assert kept(result)[issued[0].id] == "CAS has issued it, and deletes such a one only when it has expired or was revoked"
    assert issued[0].id in shelf.cloud.cas.muted, "but of its end there is no need to hear"


# -- copies of classic load balancers ------------------------------------------------------------------------------------------------

def test_a_copy_that_a_listener_has_keeps_the_certificate(shelf):
    shelf.cloud.slb.add_domain_extension("lb-empty1", 443, "api.example.com", shelf.copy(0))
    result, _writes = shelf.prune(discover=dict(services=["cdn"]), regions=[HANGZHOU])
    assert deleted(result) == [shelf.ids[1]] and [row["deleted"] for row in result["pruning"]["copies"]] == [False]
    assert result["pruning"]["copies"][0]["reasons"] == ["slb/cn-hangzhou/lb-empty1:443 has it"]
    assert "slb/cn-hangzhou/lb-empty1:443 has a copy of it" in kept(result)[shelf.ids[0]]


def test_copies_of_what_is_gone_already(shelf):
    vanished, foreign = shelf.copy(0, cas_id=4711), shelf.cloud.slb.add_certificate(HANGZHOU, "by hand", shelf.materials[0])
    there = shelf.copy(2)
    result, writes = shelf.prune(keep_last=9, mute_notices=False)
    assert writes == [COPY] and shelf.copies() >= {foreign, there} and vanished not in shelf.copies()
    assert [(row["cas_id"], row["deleted"]) for row in result["pruning"]["copies"]] == [(4711, True)]


def test_a_copy_stays_with_its_certificate(shelf):
    copy = shelf.copy(0)
    shelf.cloud.dcdn.add_domain("static.example.com", certificate=shelf.materials[0], certificate_name="shop", cas_id=shelf.ids[0])
    result, _writes = shelf.prune()
    assert copy in shelf.copies() and result["pruning"]["copies"][0]["reasons"] == ["its certificate is kept"]


def test_a_copy_that_cas_takes_for_a_use_goes_and_then_its_certificate(shelf, monkeypatch):
    """Whether CAS counts copies that no listener has is not documented. Here it does."""
    shelf.copy(0)
    plain = shelf.cloud.slb.uses_of_cas
    monkeypatch.setattr(shelf.cloud.slb, "uses_of_cas", lambda cas_id: plain(cas_id) or [
        "slb/" + held.id for held in shelf.cloud.slb.certificates.values() if held.cas_id == cas_id])
    first, writes = shelf.prune(mute_notices=False)
    assert writes == [COPY, DELETE] and kept(first)[shelf.ids[0]] == "CAS says that it is used by SLB"
    second, writes = shelf.prune(mute_notices=False)
    assert writes == [DELETE] and deleted(second) == [shelf.ids[0]]


def test_a_copy_of_a_region_that_is_not_meant(shelf):
    copy = shelf.copy(0, "cn-shanghai")
    result, _writes = shelf.prune(regions=[HANGZHOU])
    assert copy in shelf.copies() and sorted(deleted(result)) == shelf.ids[:2]


def test_a_region_that_cannot_be_read(shelf):
    shelf.copy(0)
    key = shelf.handle.key(deny=["slb:DescribeServerCertificates"])
    result, writes = shelf.prune(discover=dict(services=["cdn"]), regions=[HANGZHOU], access_key_id=key.access_key_id,
                                 access_key_secret=key.access_key_secret)
    assert writes == [] and "the load balancers of cn-hangzhou could not be read" in kept(result)[shelf.ids[0]]


def test_a_copy_that_is_taken_into_use_meanwhile(shelf):
    copy = shelf.copy(0)
    shelf.handle.fault(product="slb", action="DeleteServerCertificate", kind="error", code="CertificateAndPrivateKeyIsRefered")
    result, writes = shelf.prune(mute_notices=False)
    assert not result["failed"] and writes == [DELETE] and deleted(result) == [shelf.ids[1]] and copy in shelf.copies()
    assert "its copy in cn-hangzhou is still there" in kept(result)[shelf.ids[0]]


# -- trouble -------------------------------------------------------------------------------------------------------------------------

def test_used_after_all_is_no_failure(shelf):
    shelf.handle.fault(product="cas", action="DeleteUserCertificate", kind="error", code="InvalidStatus.DeleteProtection")
    result, _writes = shelf.prune()
    assert not result["failed"] and len(deleted(result)) == 1
    spared = next(number for number in shelf.ids[:2] if number not in deleted(result))
    assert "InvalidStatus.DeleteProtection" in kept(result)[spared] and str(spared) in result["diff"]["after"]


@pytest.mark.parametrize("action, fault", [
    (DELETE, dict(kind="cut_after")), (DELETE, dict(kind="refuse_before")),
    (DELETE, dict(kind="error", code="Throttling.User", retry_after=50)),
    (COPY, dict(kind="cut_after")), (COPY, dict(kind="html")), (MUTE, dict(kind="cut_after")), (TAG, dict(kind="truncated_json")),
])
def test_lost_answers_and_busy_moments(shelf, action, fault):
    copy = shelf.copy(0)
    shelf.handle.fault(product=action[0], action=action[1], **fault)
    result, writes = shelf.prune()
    assert not result["failed"] and sorted(deleted(result)) == shelf.ids[:2]
    assert shelf.left() == shelf.ids[2:] and copy not in shelf.copies()
    assert set(writes) == {(row["product"], row["action"]) for row in result["actions"]}
    assert shelf.prune()[1] == [], "nothing is left to do"


def test_somebody_else_was_faster(shelf):
    shelf.handle.fault(product="cas", action="DeleteUserCertificate", kind="error", code="NotFound")
    result, _writes = shelf.prune()
    assert not result["failed"] and result["changed"] and len(deleted(result)) == 2


def test_a_refusal_leaves_a_true_partial_result(shelf):
    shelf.handle.fault(product="cas", action="DeleteUserCertificate", kind="error", code="AccessDenied.NoAuth")
    result, writes = shelf.prune()
    assert result["failed"] and result["changed"] and len(deleted(result)) == 1 and writes.count(DELETE) == 1
    assert "1 of 4 calls failed" in result["msg"] and "yundun-cert:DeleteUserCertificate" in result["msg"] and "Run again" in result["msg"]
    assert shelf.left() == sorted(number for number in shelf.ids if number not in deleted(result))
    again, _writes = shelf.prune()
    assert not again["failed"] and len(deleted(again)) == 1 and shelf.left() == shelf.ids[2:]


def test_notices_that_may_not_be_changed(shelf):
    key = shelf.handle.key(deny=["yundun-cert:BatchUpdateNoticeStatus"])
    account = dict(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result, writes = shelf.prune(**account)
    assert result["failed"] and "yundun-cert:BatchUpdateNoticeStatus" in result["msg"] and "1 of 4" in result["msg"]
    assert writes == [DELETE, DELETE] and result["pruning"]["muted"] == [], "and no tag says that it had been done"
    assert not shelf.prune(**account, mute_notices=False)[0]["failed"]


def test_word_is_sent_again_of_what_is_in_use_again(shelf):
    shelf.prune()
    assert shelf.cloud.cas.muted == {shelf.ids[2]}
    shelf.cloud.cdn.add_domain("static.example.com", certificate=shelf.materials[2], certificate_name="shop", cas_id=shelf.ids[2])
    check, writes = shelf.prune(check=True)
    assert [row["id"] for row in check["pruning"]["unmuted"]] == [shelf.ids[2]] and writes == []
    result, writes = shelf.prune()
    assert writes == [MUTE, UNTAG] and shelf.cloud.cas.muted == set() and result["pruning"]["unmuted"] == check["pruning"]["unmuted"]
    assert "daas-https-notices" not in shelf.cloud.cas.certificates[shelf.ids[2]].tags and shelf.prune()[1] == []


# -- input ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("more, words", [
    (dict(discover=None, https_endpoints=None), ["resources or discover", "Nothing was deleted"]), (dict(keep_last=0), ["keep_last is 0"]),
    (dict(grace_days=-1), ["grace_days is -1"]), (dict(parallel=0), ["parallel is 0"]),
    (dict(resources=[dict(service="VOD", domain="a.example.com")]), ["knows the services"]),
    (dict(airec=[dict(instance_id="a", region="b", contract=dict(nonsense="/"))]), ["no key nonsense", "status_path"]),
    (dict(discover=dict(services=["vod"])), ["cannot be listed"]),
])
@pytest.mark.parametrize("check", [False, True])
def test_what_makes_no_sense_is_refused_before_anything_is_deleted(shelf, more, words, check):
    result, writes = shelf.prune(**more, check=check)
    assert result["failed"] and writes == [] and shelf.left() == shelf.ids
    assert all(word in result["msg"] for word in words), result["msg"]


def test_when_nothing_is_superseded_nothing_is_scanned(shelf):
    result, writes = shelf.prune(keep_last=9, mute_notices=False, regions=[], grace_days=100)
    assert writes == [] and result["changed"] is False and len(kept(result)) == 4
    assert {entry["action"] for entry in shelf.handle.journal()} == {"ListUserCertificateOrder", "ListTagResources"}


def test_no_secret_is_told(shelf):
    result, _writes = shelf.prune(airec=[airec(shelf)])
    text = json.dumps([result, shelf.handle.journal()])
    assert not leaked(text, tuple(material.key_pem for material in shelf.materials)) and shelf.handle.airec_token not in text
