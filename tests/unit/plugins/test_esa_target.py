# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ESA: a site has a set of certificates; the new one takes the place of what it supersedes, and of nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import esa as api
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.esa import Site, SiteCertificate
from ansible_collections.daas.https.plugins.module_utils._api.hints import hint
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, name_of
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._requests import Once
from ansible_collections.daas.https.plugins.module_utils._targets import esa

A, B = "a" * 64, "b" * 64
NAMES = ("www.example.com", "*.shop.example.com")
WANTED = Wanted(7, "shop-a", A, "1" * 40, NAMES, "cn-hangzhou", algorithm="ECC")
PENDING = dataclasses.replace(WANTED, id=0)
SITE = Site(812345678901234, "example.com", "active")
REQUEST = dict(service="esa", instance="812345678901234", slot="auto", domains=None, region=None, listener_port=443, protocol="https")


def held(number, kind="cas", cas_id=5, sha256=B, names=NAMES[:1], algorithm="ECC", until="2026-12-01 00:00:00"):
    return SiteCertificate("baba%028d" % number, kind, cas_id if kind == "cas" else 0, "cert%d" % number, sha256, names,
                           "cn-hangzhou" if kind == "cas" else "", algorithm, until)


def state(*certificates, site=SITE):
    return site, certificates


def known(*certificates):
    """CAS's list: what the certificates are there."""
    return dict((item.cas_id, Stored(item.cas_id, "shop-%d" % item.cas_id, item.sha256, "", item.names, True, False, "",
                                     algorithm=item.algorithm)) for item in certificates if item.cas_id)


def find(*certificates, wanted=WANTED, stored=None, site=SITE, **change):
    stored = known(*certificates) if stored is None else stored
    [found] = esa.find(dict(REQUEST, **change), state(*certificates, site=site), wanted, stored)
    return found


def gone(*certificates, wanted=WANTED):
    return esa.superseded(REQUEST, state(*certificates), wanted, known(*certificates))


def test_what_the_target_is():
    assert (esa.NAME, esa.CAS_PRODUCT, esa.NEEDS, esa.REGIONAL, esa.IDENTIFIER) == ("esa", "ESA", ("instance",), False, False)
    assert esa.PRODUCT is api.PRODUCT and esa.settled(state())


# -- which place is meant ------------------------------------------------------------------------------------------------------------

def test_a_site_that_has_nothing_to_replace_gets_a_further_certificate():
    for others in [(), (held(1, names=("mail.example.com",)),), (held(1, names=NAMES + ("mail.example.com",)),), (held(1, names=()),)]:
        place = find(*others)
        assert (place["certificate"], place["slot"], place["superseded"]) == ("7", "additional", False)
        assert esa.at(place, state(*others), {}) is None
    assert find(wanted=PENDING)["certificate"] == "" and esa.at(find(wanted=PENDING), state(held(1)), {}) is None


def test_a_place_is_named_by_the_sites_id():
    by_name = find(instance="Example.com")
    assert by_name == find() and name_of(by_name) == "esa/812345678901234/additional"


def test_what_is_superseded_is_replaced_in_place():
    old, other = held(1), held(2, cas_id=6, names=("mail.example.com",))
    place = find(other, old)
    assert place["certificate"] == old.id
    assert esa.at(place, state(other, old), {}) == Bound("5", 5, "cert1", B, NAMES[:1], "cn-hangzhou", "ECC")
    assert find(other, old, wanted=PENDING)["certificate"] == old.id  # check mode says the same


@pytest.mark.parametrize("other", [
    held(1, algorithm="RSA"), held(1, algorithm=""),  # for clients of another kind, or for all that is known
    held(1, kind="free"), held(1, kind="keyless"), held(1, kind="upload"),  # these could not be put back
])
def test_what_is_not_superseded_is_left_alone(other):
    assert find(other)["certificate"] == "7" and gone(other) == []


def test_what_has_been_deleted_from_cas_is_left_alone():
    """It could not be put back, and what ESA says about its names is not CAS's word."""
    assert find(held(1), stored={})["certificate"] == "7" and esa.superseded(REQUEST, state(held(1)), WANTED, {}) == []


def test_of_several_the_one_that_is_valid_longest():
    uploaded, short, long = held(1, "upload", until="2027-12-01 00:00:00"), held(2, cas_id=6), held(3, until="2027-01-01 00:00:00")
    assert find(uploaded, short, long)["certificate"] == long.id
    places = gone(uploaded, short, long)
    assert [(place["certificate"], place["superseded"]) for place in places] == [("6", True)]
    assert name_of(places[0]) == "esa/812345678901234/additional/6"


def test_a_site_that_has_it_already():
    """By CAS's id or by its digest; what it supersedes is superfluous then, too."""
    for present in (held(1, cas_id=7), held(1, cas_id=8, sha256=A), held(1, "upload", sha256=A), held(1, "free", sha256=A)):
        old = held(2)
        place = find(old, present)
        assert place["certificate"] == str(present.cas_id or present.id)
        assert esa.at(place, state(old, present), {}).fingerprint == present.sha256
        assert [place["certificate"] for place in gone(old, present)] == ["5"]


def test_cas_knows_better():
    stored = {5: Stored(5, "shop-b", B, "", NAMES + ("mail.example.com",), True, False, "", algorithm="RSA")}
    assert find(held(1), stored=stored)["certificate"] == "7"
    assert esa.at(find(held(1)), state(held(1)), stored) == Bound("5", 5, "shop-b", B, stored[5].names, "cn-hangzhou", "RSA")


@pytest.mark.parametrize("change, words", [
    (dict(slot="default"), "no default certificate"), (dict(domains=["mail.example.com"]), "shop-a does not cover mail.example.com"),
    (dict(site=Site(1, "example.net", "active")), "No name of the certificate shop-a is in this site: the ESA site is example.net"),
    (dict(site=Site(1, "shop.example.com", "active"), domains=["www.example.com"]), "www.example.com: the ESA site is shop.example.com"),
    (dict(site=Site(1, "ample.com", "active")), "No name"), (dict(site=Site(1, "example.com", "offline")), "'offline'; it serves nothing"),
    (dict(site=Site(1, "example.com", "moved")), "'moved'"),
])
def test_what_cannot_be(change, words):
    with pytest.raises(InputError, match=words):
        find(**change)


@pytest.mark.parametrize("site, domains", [
    (SITE, ["www.example.com", "a.shop.example.com"]), (Site(1, "www.example.com", "pending"), None),
    (Site(1, "shop.example.com", "active"), None),
])
def test_what_can_be(site, domains):
    assert find(site=site, domains=domains, slot="additional")["certificate"] == "7"


def test_places_for_the_drift_report():
    both = state(held(1), held(2, "free"))
    assert [place["certificate"] for place in esa.places(REQUEST, both)] == ["5", held(2).id]
    assert [esa.at(place, both, {}).id for place in esa.places(REQUEST, both)] == ["5", held(2).id]
    [empty] = esa.places(REQUEST, state())
    assert empty["certificate"] == "" and esa.at(empty, state(), {}) is None


# -- what is written -----------------------------------------------------------------------------------------------------------------

def test_own():
    assert esa.own(None, None, WANTED) == ("7", ()) and esa.own(None, None, PENDING) == (Ref("upload", "CertId"), ())


NEW = Bound("7", 7, "shop-a", A, NAMES, "cn-hangzhou")


def test_bind():
    step = esa.bind("esa/x", find(held(1)), state(held(1)), NEW)
    assert step.params == dict(SiteId=SITE.id, Type="cas", CasId=7, Region="cn-hangzhou", Id=held(1).id)
    assert (step.product, step.action, step.group, step.stage) == ("esa", "SetCertificate", "esa/812345678901234", 1)
    assert esa.bind("esa/x", find(), state(), NEW).params["Id"] is None  # left out on the wire: one more
    assert esa.bind("esa/x", find(wanted=PENDING), state(), Bound(Ref("upload", "CertId"), 0, "", A)).action == "SetCertificate"


def test_putting_back():
    """The replaced one goes back to its place; one that was taken away is added again; a further one is taken away."""
    replaced = state(held(1, cas_id=7, sha256=A))
    place, old = find(held(1)), Bound("5", 5, "cert1", B, (), "cn-hangzhou")
    assert esa.at(place, replaced, {}).cas_id == 7
    assert esa.bind("t", place, replaced, old).params == dict(SiteId=SITE.id, Type="cas", CasId=5, Region="cn-hangzhou", Id=held(1).id)
    [taken] = gone(held(1, until="2027-01-01 00:00:00"), held(2, cas_id=6))
    assert esa.at(taken, replaced, {}) is None and esa.bind("t", taken, replaced, Bound("6", 6, "cert2", B)).params["Id"] is None
    step = esa.unbind("t", find(), replaced)
    assert (step.action, step.stage, step.params) == ("DeleteCertificate", 2, dict(SiteId=SITE.id, Id=held(1).id))


def test_an_upload_cannot_be_put_back():
    uploaded = held(1, "upload", sha256=A)
    with pytest.raises(InputError, match="esa/x is not in CAS, and ESA does not give its key; put it back by hand"):
        esa.bind("esa/x", find(uploaded), state(uploaded), esa.at(find(uploaded), state(uploaded), {}))


# -- what is read --------------------------------------------------------------------------------------------------------------------

ROW = dict(Id="baba1", Type="cas", CasId="5", Name="cert1", Status="OK", FingerprintSha256="BB:" * 31 + "BB", CommonName="www.example.com",
           SAN="www.example.com,*.Shop.example.com", Region="cn-hangzhou", PubAlg="ECDSA", NotAfter="2026-12-01 00:00:00")


class Account:
    """Sites, and rows of their certificates; what was listed."""

    def __init__(self, rows=(), sites=((812345678901234, "Example.com", "active"),)):
        self.rows, self.listed = list(rows), []
        self.sites = [dict(SiteId=number, SiteName=name, Status=status) for number, name, status in sites]

    def pages(self, product, action, params, rows, total, size, names):
        assert (product, names) == ("esa", ("PageNumber", "PageSize")) and size <= 500
        self.listed.append((action, params.get("SiteId")))
        answer = dict(Sites=self.sites, TotalCount=len(self.sites)) if action == "ListSites" else dict(Result=self.rows, TotalCount=9)
        assert total(answer)
        yield from rows(answer)


def test_read():
    cloud, once = Account([ROW, dict(ROW, Id="baba2", Status="Applying", Type="free")]), Once()
    for instance in ("812345678901234", "EXAMPLE.com.", 812345678901234):
        site, certificates = esa.read(cloud, dict(REQUEST, instance=instance), once)
        assert site == SITE
        assert certificates == (SiteCertificate("baba1", "cas", 5, "cert1", "b" * 64, NAMES, "cn-hangzhou", "ECC", "2026-12-01 00:00:00"),)
    assert cloud.listed == [("ListSites", None), ("ListCertificates", SITE.id)]  # shared by all


def test_read_of_what_the_list_leaves_out():
    [shown] = api.certificates(Account([dict(Id="baba1", Type="upload", CasId="5")]), 1)
    assert shown == SiteCertificate("baba1", "upload", 0, "", "", (), "", "", "")


SITES = ((1, "example.com", "moved"), (2, "example.com", "active"), (3, "twice.example.net", "active"), (4, "twice.example.net", "pending"))


def test_one_name_for_several_sites():
    def site(instance):
        return esa.read(Account([], SITES), dict(REQUEST, instance=instance), Once())[0].id

    assert [site(instance) for instance in ("example.com", "1", "4")] == [2, 1, 4]
    with pytest.raises(InputError, match=r"several ESA sites twice\.example\.net; set instance to the id of one: 3, 4"):
        site("twice.example.net")
    with pytest.raises(InputError, match=r"no ESA site shop\.example\.com"):
        site("shop.example.com")


def test_candidates():
    assert esa.candidates(Account(), None, Once()) == [dict(instance="812345678901234", domain="example.com")]


def test_a_lost_answer():
    added = esa.bind("t", find(), state(), dataclasses.replace(NEW, id="5", cas_id=5))
    removed = esa.unbind("t", find(held(1)), state(dataclasses.replace(held(1), id="baba1"), held(1)))
    removed = dataclasses.replace(removed, params=dict(removed.params, Id="baba1"))
    assert esa.confirm(Account([ROW]), added) == dict(Id="baba1") and esa.confirm(Account([]), added) is None
    assert esa.confirm(Account([ROW]), removed) is None and esa.confirm(Account([]), removed) == {}


def test_a_full_plan_says_what_to_do():
    assert "delete one in the ESA console" in hint("CertQuotaCheckFailed", "esa:SetCertificate")
