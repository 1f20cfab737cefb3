# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS, asked who uses a certificate, and told that its end is no news any more. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Tuple

from . import cas
from .endpoints import SITES
from .rpc import READ, SET

PRODUCT = cas.PRODUCT._replace(actions=dict(cas.PRODUCT.actions, **{
    "GetCertificateDetail": READ,
    "BatchUpdateNoticeStatus": SET,
    "TagResources": SET,
    "UntagResources": SET,
}))


@dataclass(frozen=True)
class Usage:
    """What CAS says of one certificate.

    products: its names of those that use it; source: UPLOAD, BUY or TEST; status: issued, …; keyless: it does not have the private key.
    """

    products: Tuple[str, ...]
    source: str
    status: str
    tags: Mapping[str, str]
    keyless: bool = False


def usage(cloud, certificate_id):
    """Usage, or None when CAS does not know the id."""
    answer = cas.asked_of(cloud, "GetCertificateDetail", certificate_id, dict(CertificateId=certificate_id))
    return None if answer is None else Usage(
        tuple(answer.get("UsingProductList") or ()), answer.get("CertificateSource") or "",
        (answer.get("CertificateStatus") or "").lower(), cas.tags_in(answer), answer.get("ExistPrivateKey") is False)


def notice_params(ids, wanted):
    """Parameters of BatchUpdateNoticeStatus. wanted: whether CAS is to send word before these certificates expire."""
    return dict(Ids=",".join(str(number) for number in ids), NoticeBiz="ssl", NoticeStatus="enable" if wanted else "disable")


def tag_params(cloud, instance_ids, key, value=None):
    """Parameters of TagResources, or without a value of UntagResources."""
    place = dict(RegionId=SITES[cloud.site], ResourceType="instance", ResourceId=list(instance_ids))
    return dict(place, TagKey=[key]) if value is None else dict(place, Tag=[dict(Key=key, Value=value)])
