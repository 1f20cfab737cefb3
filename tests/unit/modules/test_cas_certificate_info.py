# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of certificates: filters, details, and never a key."""

from __future__ import annotations

import datetime
import json

import pytest

from tests.support.triple import leaked, observed

NAME = "cas_certificate_info"
TIME = "%Y-%m-%dT%H:%M:%SZ"


def cas_name(material, name="shop"):
    return "{0}-{1}".format(name, material.fingerprint[:16])


@pytest.fixture
def shelf(cloud, materials):
    """Ids by the material's name; the first two are ours."""
    add = cloud.cloud.cas.add_certificate
    return dict(
        old=add(cas_name(materials.old), materials.old, tags={"managed-by": "daas.https"}), new=add(cas_name(materials.new), materials.new),
        hand=add("by hand", materials.unrelated), expired=add("expired", materials.expired), narrow=add("narrow", materials.narrow))


def listed(cloud, options, **filters):
    given = {key: value for key, value in options.items() if key != "ca_path"}
    result, writes = observed(cloud, NAME, dict(given, **filters))
    assert not result["failed"], result["msg"]
    assert result["changed"] is False and writes == []
    return result["certificates"]


@pytest.mark.parametrize("filters, found", [
    (lambda ids, made: {}, ["old", "new", "hand", "expired", "narrow"]),
    (lambda ids, made: dict(ids=[ids["new"], ids["hand"], 1]), ["new", "hand"]), (lambda ids, made: dict(ids=[]), []),
    (lambda ids, made: dict(name="shop"), ["old", "new"]), (lambda ids, made: dict(name="by hand"), ["hand"]),
    (lambda ids, made: dict(name=cas_name(made.new)), ["new"]), (lambda ids, made: dict(name="sho"), []),
    (lambda ids, made: dict(fingerprint=made.unrelated.fingerprint), ["hand"]),
    (lambda ids, made: dict(fingerprint=made.new.sha1.upper()), ["new"]),
    (lambda ids, made: dict(domain="www.example.com"), ["old", "new", "expired", "narrow"]),
    (lambda ids, made: dict(domain="a.shop.example.com"), ["old", "new", "expired"]),
    (lambda ids, made: dict(domain="shop.example.com"), []),
    (lambda ids, made: dict(managed=True), ["old", "new"]), (lambda ids, made: dict(managed=False), ["hand", "expired", "narrow"]),
    (lambda ids, made: dict(expires_within_days=30), ["old", "expired"]), (lambda ids, made: dict(expires_within_days=0), ["expired"]),
    (lambda ids, made: dict(domain="www.example.com", managed=True, expires_within_days=30), ["old"]),
])
@pytest.mark.parametrize("page_cap", [0, 2])
def test_filters(cloud, options, materials, shelf, filters, found, page_cap):
    cloud.cloud.setting.update(dict(page_cap=page_cap))
    got = listed(cloud, options, **filters(shelf, materials))
    assert [item["id"] for item in got] == sorted(shelf[name] for name in found)


def test_what_is_said_of_one(cloud, options, materials, shelf):
    (item,) = listed(cloud, options, ids=[shelf["old"]], details=True, covers=["www.example.com", "mail.example.com"])
    old = materials.old
    assert item == dict(
        id=shelf["old"], identifier="{0}-cn-hangzhou".format(shelf["old"]), name=cas_name(old), fingerprint=old.fingerprint, sha1=old.sha1,
        domains=list(old.names), issuer=item["issuer"], end_date=old.not_after.strftime("%Y-%m-%d"), expired=False, uploaded=True,
        managed=True, tags={"managed-by": "daas.https"}, key_type="RSA", not_before=old.not_before.strftime(TIME),
        not_after=old.not_after.strftime(TIME), days_left=11, valid=True, missing=["mail.example.com"])
    assert item["issuer"]


@pytest.mark.parametrize("details, calls", [(False, 0), (True, 5)])
@pytest.mark.parametrize("parallel", [1, 4])
def test_details_cost_a_call_each(cloud, options, materials, shelf, details, calls, parallel):
    got = listed(cloud, options, details=details, parallel=parallel)
    asked = [entry for entry in cloud.journal() if entry["action"] == "GetUserCertificateDetail"]
    assert len(asked) == calls and all(entry["params"]["CertFilter"] == "true" for entry in asked)
    assert all(bool(item["identifier"]) is details and (item["tags"] is None) is not details for item in got)
    assert not leaked(json.dumps([got, cloud.journal()]), materials.keys)


def test_check_mode_is_the_same(cloud, options, shelf):
    given = {key: value for key, value in options.items() if key != "ca_path"}
    assert observed(cloud, NAME, given, check=True) == observed(cloud, NAME, given)


def test_an_empty_store(cloud, options):
    assert listed(cloud, options) == []


def test_a_refused_permission(cloud, options, shelf):
    key = cloud.key(deny=["yundun-cert:GetUserCertificateDetail"])
    given = {name: value for name, value in options.items() if name != "ca_path"}
    keys = dict(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result, _writes = observed(cloud, NAME, dict(given, **keys, details=True))
    assert result["failed"] and "Grant the RAM action yundun-cert:GetUserCertificateDetail" in result["msg"]
    assert not observed(cloud, NAME, dict(given, **keys))[0]["failed"], "without details it is not needed"


def test_what_is_no_fingerprint(cloud, options):
    given = {name: value for name, value in options.items() if name != "ca_path"}
    result, _writes = observed(cloud, NAME, dict(given, fingerprint="abc"))
    assert result["failed"] and "neither SHA-256" in result["msg"] and cloud.journal() == []


@pytest.mark.parametrize("days", [10 ** 9, -10 ** 9])
def test_a_number_of_days_that_no_calendar_has(cloud, options, days):
    given = {name: value for name, value in options.items() if name != "ca_path"}
    result, _writes = observed(cloud, NAME, dict(given, expires_within_days=days))
    assert result["failed"] and "more than 36500 days" in result["msg"] and cloud.journal() == []


# -- tags, series, time --------------------------------------------------------------------------------------------------------------

OURS = {"managed-by": "daas.https", "daas-https-name": "shop"}


@pytest.fixture
def tagged(cloud, materials):
    """issued has no name of ours, as what CAS issued; hand has our tag of another series."""
    add, future = cloud.cloud.cas.add_certificate, cloud.authority.not_yet_valid(["www.example.com"], key="ec")
    return dict(
        old=add(cas_name(materials.old), materials.old, tags=dict(OURS, team="edge")),
        issued=add("cert-12345", materials.new, tags=dict(OURS, team="edge", stage="live")),
        hand=add("by hand", materials.unrelated, tags=dict(OURS, **{"daas-https-name": "other"})),
        bare=add(cas_name(materials.narrow), materials.narrow, tags=dict(team="web")),
        expired=add(cas_name(materials.expired), materials.expired, tags=OURS), future=add("future", future, tags=dict(team="next")))


@pytest.mark.parametrize("filters, found", [
    (dict(tags=dict(team="edge")), ["old", "issued"]), (dict(tags=dict(team="edge", stage="live")), ["issued"]),
    (dict(tags=dict(team="nobody")), []), (dict(tags=dict(Team="edge")), []),
    (dict(tags={"managed-by": "daas.https"}), ["old", "issued", "hand", "expired"]), (dict(tags=dict(stage=None)), ["issued"]),
    (dict(tags=dict(team=None)), ["old", "issued", "bare", "future"]), (dict(tags=dict(team=None, stage="live")), ["issued"]),
    (dict(tags={}), ["old", "issued", "hand", "bare", "expired", "future"]),
    (dict(series="shop"), ["old", "issued", "bare", "expired"]), (dict(series="other"), ["hand"]), (dict(series="by hand"), []),
    (dict(series="shop", tags=dict(team="edge"), expires_within_days=30), ["old"]),
    (dict(valid=True), ["old", "issued", "hand", "bare"]), (dict(valid=False), ["expired", "future"]),
    (dict(series="shop", valid=True, domain="api.example.com"), ["old", "issued"]),
])
@pytest.mark.parametrize("page_cap", [0, 2])
def test_tags_and_time(cloud, options, tagged, filters, found, page_cap):
    cloud.cloud.setting.update(dict(page_cap=page_cap))
    assert [item["id"] for item in listed(cloud, options, **filters)] == sorted(tagged[name] for name in found)


def test_tags_are_read_only_when_asked_for(cloud, options, tagged):
    listed(cloud, options, valid=True)
    assert not [entry for entry in cloud.journal() if entry["action"] == "ListTagResources"]
    key = cloud.key(deny=["yundun-cert:ListTagResources"])
    given = {name: value for name, value in options.items() if name != "ca_path"}
    keys = dict(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result, _writes = observed(cloud, NAME, dict(given, **keys, tags=dict(team="edge")))
    assert result["failed"] and "Grant the RAM action yundun-cert:ListTagResources" in result["msg"]


def test_days(cloud, options, tagged, materials):
    items = {item["id"]: item for item in listed(cloud, options)}
    expired, future = items[tagged["expired"]], items[tagged["future"]]
    # 60 days ago for 30 days, and in 30 days for 30 days: a moment has passed since
    assert (expired["days_left"], expired["valid"]) == (-31, False) and (future["days_left"], future["valid"]) == (59, False)
    begin = datetime.datetime.strptime(future["not_before"], TIME).replace(tzinfo=datetime.timezone.utc)
    assert 29 <= (begin - datetime.datetime.now(datetime.timezone.utc)).days <= 30


@pytest.mark.parametrize("filters, found", [
    (dict(series="shop"), "bare"), (dict(series="shop", covers=["www.example.com"]), "bare"),
    (dict(tags=dict(team="edge")), "issued"), (dict(tags=dict(team="edge"), covers=["x.shop.example.com"]), "issued"),
    (dict(tags=dict(team="web")), "bare"), (dict(series="other"), "hand"), (dict(ids="old"), "old"),
])
def test_the_newest(cloud, options, tagged, filters, found):
    filters = {name: [tagged[value]] if name == "ids" else value for name, value in filters.items()}
    [item] = listed(cloud, options, newest=True, details=True, **filters)
    assert item["id"] == tagged[found] and item["identifier"] and item["valid"]
    assert len([entry for entry in cloud.journal() if entry["action"] == "GetUserCertificateDetail"]) == 1


@pytest.mark.parametrize("filters, words", [
    (dict(tags=dict(owner=None)), ["no certificate with the tags owner."]),
    (dict(series="nothing"), ["CAS has no certificate with the series nothing", "right account"]),
    (dict(tags=dict(team="nobody", stage="x")), ["no certificate with the tags stage=x, team=nobody"]),
    (dict(tags=dict(team="next")), ["Nothing that CAS has with the tags team=next is valid now", "future (id", "valid from"]),
    (dict(tags={"managed-by": "daas.https"}), ["are meant by the tags managed-by=daas.https", "by hand (id", "fingerprint"]),
    (dict(name="by hand", covers=["www.example.com", "admin.example.net"]), ["by hand", "does not cover www.example.com; it covers"]),
    (dict(series="shop", covers=["x.shop.example.com"]), ["does not cover x.shop.example.com"]),  # an older one does
    ({}, ["Several certificates in CAS are meant by any name"]),
])
def test_the_newest_is_one_that_can_be_used_or_an_error(cloud, options, tagged, filters, words):
    given = {name: value for name, value in options.items() if name != "ca_path"}
    result, writes = observed(cloud, NAME, dict(given, newest=True, **filters))
    assert result["failed"] and writes == []
    assert not [word for word in words if word not in result["msg"]], result["msg"]
