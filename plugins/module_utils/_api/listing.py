# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account has, for inventories: load balancers with their addresses, and AIRec instances. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from . import airec, alb, nlb, slb
from .rpc import READ, parse_json

PRODUCTS = (
    slb.PRODUCT._replace(actions=dict(slb.PRODUCT.actions, **{"DescribeLoadBalancers": READ})),
    alb.PRODUCT._replace(actions=dict(alb.PRODUCT.actions, **{"ListLoadBalancers": READ})),
    nlb.PRODUCT._replace(actions=dict(nlb.PRODUCT.actions, **{"ListLoadBalancers": READ})),
    airec.PRODUCT._replace(actions=dict(airec.PRODUCT.actions, **{"ListInstance": READ})),
)
AIREC = PRODUCTS[3]


@dataclass(frozen=True)
class Balancer:
    """address: an IP address, or of ALB and NLB the name in DNS; '' if the API has none."""

    id: str
    name: str
    address: str
    tags: Mapping[str, str] = field(default_factory=dict)


def slb_balancers(cloud, region):
    """The region's classic load balancers by id."""
    rows = cloud.pages(
        "slb", "DescribeLoadBalancers", dict(RegionId=region),
        rows=lambda answer: (answer.get("LoadBalancers") or {}).get("LoadBalancer") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=100, names=("PageNumber", "PageSize"), region=region)
    return dict((row["LoadBalancerId"], Balancer(
        row["LoadBalancerId"], row.get("LoadBalancerName") or "", row.get("Address") or "",
        _tags((row.get("Tags") or {}).get("Tag"), "TagKey", "TagValue"))) for row in rows)


def alb_balancers(cloud, region):
    return _named(cloud.token_pages("alb", "ListLoadBalancers", {}, rows=_balancers, region=region))


def nlb_balancers(cloud, region):
    return _named(cloud.token_pages("nlb", "ListLoadBalancers", dict(RegionId=region), rows=_balancers, region=region))


def _balancers(answer):
    return answer.get("LoadBalancers") or []


def _named(rows):
    return dict((row["LoadBalancerId"], Balancer(
        row["LoadBalancerId"], row.get("LoadBalancerName") or "", row.get("DNSName") or "", _tags(row.get("Tags"), "Key", "Value")))
        for row in rows)


def _tags(rows, key, value):
    return dict((row[key], row.get(value) or "") for row in rows or [] if row.get(key))


def airec_instances(cloud, region):
    """The region's AIRec instances: {id: name}. The list has no total, so it is read until a page brings nothing new."""
    base, what, found, page = cloud.endpoint("airec", region), "airec ListInstance in %s" % region, {}, 1
    headers = {"x-acs-action": "ListInstance", "x-acs-version": AIREC.version}
    while True:
        query = dict(page=str(page), size="50")
        answer = cloud.transport.exchange(
            what, lambda query=query: cloud.signed("GET", base, "/v2/openapi/instances", query, b"", **headers),
            lambda answer: parse_json(what, answer, AIREC.ram_action("ListInstance")), False, True)
        rows = dict((row["instanceId"], row) for row in answer.get("result") or [])
        if not set(rows) - set(found):
            return dict((key, row.get("name") or "") for key, row in found.items() if row.get("regionId") in (region, None, ""))
        found.update(rows)
        page += 1
