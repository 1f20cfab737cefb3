# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate in CAS is it, what is uploaded or deleted, and what does it supersede."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.daas.https.plugins.module_utils._api.cas import Detail, Stored
from ansible_collections.daas.https.plugins.module_utils._domain import provision
from ansible_collections.daas.https.plugins.module_utils._domain.certificate import Bundle, Facts
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._secret import Secret

A, B, C = "a" * 64, "b" * 64, "c" * 64
SHA1 = "1" * 40
NAMES = ("www.example.com",)
NOW = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)


def stored(number, name, sha256=A, sha1=SHA1, names=NAMES, **more):
    return Stored(number, name, sha256, sha1, names, more.get("uploaded", True), more.get("expired", False), "2027-01-01", "Example CA")


def listed(*items):
    return dict((item.id, item) for item in items)


def bundle(fingerprint=A):
    facts = Facts(fingerprint, SHA1, 1, "www.example.com", NAMES, "Example CA", NOW, NOW, "RSA", 2048)
    return Bundle(facts, "chain", 2, Secret("the key"), ())


@pytest.mark.parametrize("name, good", [
    ("shop", True), ("a", True), ("9.x_y-z", True), ("A" * 46, True), ("A" * 47, False), ("", False), ("-shop", False), (".shop", False),
    ("my shop", False), ("shop/1", False), ("商店", False), ("shop\n", False),
])
def test_names(name, good):
    if good:
        provision.check_name(name)
        assert len(provision.cas_name(name, A)) <= 63
    else:
        with pytest.raises(InputError, match="cannot be used"):
            provision.check_name(name)


@pytest.mark.parametrize("text, digits", [
    (None, ""), ("", ""), (A, A), (A.upper(), A), (":".join(["AA"] * 32), A), (SHA1, SHA1), (" " + A + "\n", A),
])
def test_fingerprints_as_people_write_them(text, digits):
    assert provision.digest(text) == digits


@pytest.mark.parametrize("text", [":", "abc", "g" * 64, "a" * 63, "a" * 65, "a" * 32, A + ":" + A, "shop-" + A[:16]])
def test_what_is_no_fingerprint_selects_nothing(text):
    with pytest.raises(InputError, match="neither SHA-256"):
        provision.select_absent(listed(stored(1, "x", sha256="", sha1="")), fingerprint=text)


@pytest.mark.parametrize("name, sha256, ours", [
    ("shop-" + A[:16], A, True), ("shop-" + A[:16], B, False), ("shop-" + A[:15], A, False), ("shop", A, False),
    ("shop-" + A[:16], "", False),
    ("-" + A[:16], A, False), ("a-b-" + A[:16], A, True),
])
def test_ours_is_what_has_its_own_fingerprint_in_its_name(name, sha256, ours):
    assert provision.managed(stored(1, name, sha256)) is ours


@pytest.mark.parametrize("name, meant", [("shop-" + A[:16], True), ("shop", True), ("sho", False), ("shop-" + B[:16], False)])
def test_both_names_mean_it(name, meant):
    assert provision.has_name(stored(1, "shop-" + A[:16]), name) is meant


@pytest.mark.parametrize("items, number", [
    ([stored(1, "x")], 1), ([stored(1, "x", B)], None), ([], None),
    ([stored(1, "x"), stored(2, "shop-" + A[:16])], 2),  # ours first
    ([stored(5, "x"), stored(3, "y")], 3),  # then the oldest
    ([stored(1, "x", "", SHA1)], 1), ([stored(1, "x", "", "2" * 40)], None),
    ([stored(1, "x", B, SHA1)], None),  # the same SHA-1 beside another SHA-256 is another certificate
])
def test_find(items, number):
    found = provision.find(listed(*items), A, SHA1)
    assert (found and found.id) == number


@pytest.mark.parametrize("item, superseded", [
    (stored(1, "shop-" + B[:16], B), True),
    (stored(1, "shop-" + A[:16], A), False),  # itself
    (stored(1, "other-" + B[:16], B), False),
    (stored(1, "shop", B), False),  # somebody else's
    (stored(1, "shop-" + B[:16], B, names=("www.example.com", "api.example.com")), False),  # covers more
    (stored(1, "shop-" + B[:16], B, names=()), False),  # unknown means keep
    (stored(1, "shop-" + B[:16], ""), False),
])
def test_supersedes_only_what_is_provably_replaced(item, superseded):
    assert provision.supersedes(listed(item), "shop", A, NAMES) == ([1] if superseded else [])


def test_superseded_ids_are_in_order():
    older = [stored(number, "shop-" + digest[:16], digest) for number, digest in ((9, B), (4, C))]
    assert provision.supersedes(listed(*older), "shop", A, NAMES) == [4, 9]


def test_upload_is_planned_once():
    plan = provision.plan_present({}, bundle(), "shop", {"team": 7}, "rg-1")
    name = "shop-" + A[:16]
    assert plan.result() == dict(
        changed=True, diff=dict(before={}, after=dict(name=name, fingerprint=A)),
        actions=[dict(action="UploadUserCertificate", product="cas", target=name)])
    params = plan.steps[0].params
    assert params["Tags"] == [
        dict(Key="daas-https-name", Value="shop"), dict(Key="managed-by", Value="daas.https"), dict(Key="team", Value="7")]
    assert (params["Name"], params["Cert"], params["ResourceGroupId"], params["Key"].reveal()) == (name, "chain", "rg-1", "the key")
    assert "the key" not in repr(plan)


def test_upload_has_no_token_that_outlives_the_call():
    assert provision.plan_present({}, bundle(), "shop", {}, None).steps[0].token == ""


def test_users_cannot_forge_our_tags():
    tags = provision.plan_present({}, bundle(), "shop", {"managed-by": "me"}, None).steps[0].params["Tags"]
    assert dict(Key="managed-by", Value="daas.https") in tags and len(tags) == 2


def test_nothing_is_planned_when_the_leaf_is_there():
    plan = provision.plan_present(listed(stored(1, "by hand")), bundle(), "shop", {}, None)
    assert not plan.changed and plan.result()["diff"] == dict(
        before=dict(name="by hand", fingerprint=A), after=dict(name="by hand", fingerprint=A))


TWO = listed(stored(1, "shop-" + A[:16], A), stored(2, "shop-" + B[:16], B, "2" * 40), stored(3, "other", C, "3" * 40))


@pytest.mark.parametrize("how, ids", [
    (dict(certificate_id=1), [1]), (dict(certificate_id=9), []), (dict(fingerprint=B), [2]), (dict(fingerprint="3" * 40), [3]),
    (dict(fingerprint=":".join(["BB"] * 32)), [2]), (dict(fingerprint="d" * 64), []), (dict(name="other"), [3]),
    (dict(name="shop-" + A[:16]), [1]), (dict(name="nothing"), []), (dict(certificate_id=2, fingerprint=B), [2]), (dict(name="oth"), []),
])
def test_select_absent(how, ids):
    assert [item.id for item in provision.select_absent(TWO, **how)] == ids


@pytest.mark.parametrize("how, words", [
    (dict(name="shop"), ["'shop' means 2 certificates", "ids 1, 2", "id or fingerprint"]),
    (dict(certificate_id=1, fingerprint=B), ["id 1", "another fingerprint", A, "nothing was deleted"]),
])
def test_ambiguity_deletes_nothing(how, words):
    with pytest.raises(InputError) as caught:
        provision.select_absent(TWO, **how)
    assert all(word in str(caught.value) for word in words)


def test_exact_name_wins_over_derived():
    both = listed(stored(1, "shop-" + A[:16], A), stored(2, "shop", B))
    assert [item.id for item in provision.select_absent(both, name="shop")] == [2]


def test_plan_absent():
    plan = provision.plan_absent([TWO[1], TWO[3]])
    assert [step.params for step in plan.steps] == [dict(CertId=1), dict(CertId=3)]
    assert len(set(step.key for step in plan.steps)) == 2 and len(set(step.token for step in plan.steps)) == 2
    assert plan.result()["diff"] == dict(
        before={"1": dict(name="shop-" + A[:16], fingerprint=A), "3": dict(name="other", fingerprint=C)}, after={})
    assert not provision.plan_absent([]).changed


def test_view():
    bare = provision.view(TWO[3])
    full = provision.view(TWO[3], Detail(3, "3-cn-hangzhou", "other", {"a": "b"}))
    assert set(bare) == set(full)
    assert (bare["identifier"], bare["tags"], bare["managed"]) == (None, None, False)
    assert (full["identifier"], full["tags"], full["domains"]) == ("3-cn-hangzhou", {"a": "b"}, ["www.example.com"])
