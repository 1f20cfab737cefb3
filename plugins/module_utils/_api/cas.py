# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS, the Certificate Management Service (2020-04-07). PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Tuple

from .endpoints import SITES
from .rpc import CREATE, READ, Action, Product
from .._errors import ApiError

PRODUCT = Product("cas", "2020-04-07", "yundun-cert", {
    "ListUserCertificateOrder": READ,
    "GetUserCertificateDetail": READ,
    "ListTagResources": READ,
    "UploadUserCertificate": CREATE,
    "DeleteUserCertificate": Action(writes=True, repeat=True, token=True),
})


@dataclass(frozen=True)
class Stored:
    """A certificate in CAS as lists show it; sha256 and sha1 are lower-case hex of the leaf, '' when CAS did not say.

    all_names: whether names are all that it has. When CAS says no alternative names, there is the common name alone.
    instance_id: what tags are bound to. not_before, not_after: milliseconds since 1970, 0 when CAS did not say.
    """

    id: int
    name: str
    sha256: str
    sha1: str
    names: Tuple[str, ...]
    uploaded: bool
    expired: bool
    end_date: str
    issuer: str = ""
    algorithm: str = ""
    all_names: bool = True
    instance_id: str = ""
    not_before: int = 0
    not_after: int = 0


def list_certificates(cloud):
    """All issued and uploaded certificates, by id: the one list that has names and fingerprints. It has expired ones only if asked."""
    rows = (row for status in (None, "EXPIRED") for row in listed(cloud, OrderType="CERT", Status=status))
    return dict((row["CertificateId"], _stored(row)) for row in rows)


def listed(cloud, **asked):
    """The rows of ListUserCertificateOrder, which lists certificates or orders, whatever OrderType says."""
    return cloud.pages("cas", "ListUserCertificateOrder", asked, rows=lambda answer: answer.get("CertificateOrderList") or [],
                       total=lambda answer: answer.get("TotalCount") or 0)


def _stored(row):
    sans = [name.strip().lower() for name in (row.get("Sans") or "").split(",")]
    names = [name for name in [(row.get("CommonName") or "").strip().lower()] + sans if name]
    return Stored(
        id=row["CertificateId"], name=row.get("Name") or "", sha256=clean(row.get("Sha2")), sha1=clean(row.get("Fingerprint")),
        names=tuple(dict.fromkeys(names)), uploaded=bool(row.get("Upload")), expired=bool(row.get("Expired")),
        end_date=row.get("EndDate") or "", issuer=row.get("Issuer") or "", algorithm=(row.get("Algorithm") or "").upper(),
        all_names=bool(row.get("Sans")), instance_id=row.get("InstanceId") or "", not_before=row.get("CertStartTime") or 0,
        not_after=row.get("CertEndTime") or 0)


def tagged(cloud, *wanted):
    """Tags of certificates that have at least one of the wanted (key, value), value None for any: {instance_id of Stored: {key: value}}.

    One list for each of them: whether a list by tag gives all tags of what it finds, or that tag alone, is not documented.
    """
    tags = {}
    for key, value in wanted:
        asked = dict(RegionId=SITES[cloud.site], ResourceType="instance", Tag=[dict(Key=key, Value=value)])
        for row in cloud.token_pages(
                "cas", "ListTagResources", asked, rows=lambda answer: (answer.get("TagResources") or {}).get("TagResource") or [],
                size=50):
            tags.setdefault(row.get("ResourceId"), {})[row.get("TagKey")] = row.get("TagValue") or ""
    return tags


def clean(fingerprint):
    """CAS and the products write digests with and without colons, in both cases."""
    return (fingerprint or "").replace(":", "").lower()


@dataclass(frozen=True)
class Detail:
    """identifier is taken as the API gives it and never put together from its parts. order_id: that it was issued for, or 0."""

    id: int
    identifier: str
    name: str
    tags: Mapping[str, str]
    order_id: int = 0


def certificate_detail(cloud, certificate_id):
    """Detail, or None when CAS does not know the id. CertFilter keeps certificate and private key out of the answer."""
    answer = asked_of(cloud, "GetUserCertificateDetail", certificate_id, dict(CertId=certificate_id, CertFilter=True))
    return None if answer is None else Detail(
        answer.get("Id") or certificate_id, answer.get("CertIdentifier") or "", answer.get("Name") or "", tags_in(answer),
        answer.get("OrderId") or 0)


def asked_of(cloud, action, certificate_id, params):
    """The answer about one certificate, or None when CAS does not know the id."""
    try:
        return cloud.call("cas", action, params, target=str(certificate_id))
    except ApiError as error:
        if error.code == "NotFound":
            return None
        raise


def tags_in(answer):
    return dict((tag.get("TagKey"), tag.get("TagValue") or "") for tag in answer.get("Tags") or [])
