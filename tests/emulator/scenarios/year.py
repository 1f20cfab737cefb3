# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thirty-eight resources in two regions, and an AIRec instance, whose certificate lives for 90 days: what a year is simulated with.

    cn-hangzhou  lb-year01 … 05, alb-year01 … 04, nlb-year01 … 03   one TLS listener each (:443, of NLB :8883)
    cn-shanghai  lb-year06 … 10, alb-year05 … 08, nlb-year04 … 06   as many again
                 alb-year01 :8443, too, with admin's certificate as an additional one
    CDN          c01.shop.example.com … c08
    DCDN         d01.shop.example.com … d05
    CAS          shop     two generations by tag: an older one that nothing uses, and the one that is bound everywhere
                 press    four by tag: the oldest is bound to press.example.net on CDN, nothing uses the others
                 blog     four by name alone, without tags: somebody else's hand; nothing uses them
                 admin    somebody's own, bound as an additional certificate to lb-year01:443 and alb-year01:8443
"""

from __future__ import annotations

import pathlib
from datetime import timedelta
from typing import Any

from . import demo

KINDS = {"slb": ("lb-year{0:02}", 5, 443), "alb": ("alb-year{0:02}", 4, 443), "nlb": ("nlb-year{0:02}", 3, 8883)}  # name, a region, port
REGIONS = ("cn-hangzhou", "cn-shanghai")
DOMAINS = {"cdn": ("c{0:02}.shop.example.com", 8), "dcdn": ("d{0:02}.shop.example.com", 5)}
NAMES = {"slb": "www.example.com", "alb": "www.shop.example.com", "nlb": "mq.shop.example.com"}  # what clients of a listener ask for
AIREC_INSTANCE, AIREC_DOMAIN = "airec-cn-year01", "rec.example.com"
PRESS, ADMIN = "press.example.net", "admin.example.net"
LIFE, AGE = 90, 52  # days that the shop's certificates live, and that the one which is bound at first has lived


def seed(cloud: Any) -> None:
    now = cloud.clock.now()
    older = cloud.authority.issue(demo.NAMES, days=LIFE, not_before=now - timedelta(days=AGE + 60), key="ec")
    bound = cloud.authority.issue(demo.NAMES, days=LIFE, not_before=now - timedelta(days=AGE), key="ec")
    admin = cloud.authority.issue([ADMIN], days=800, key="ec")
    _store(cloud, "shop", older)
    stored, foreign = _store(cloud, "shop", bound), cloud.cas.add_certificate("admin", admin)
    for service, (pattern, number, port) in KINDS.items():
        for place, region in enumerate(REGIONS):
            for each in range(1 + place * number, 1 + (place + 1) * number):
                _balancer(cloud, service, pattern.format(each), region, port, bound, stored)
    cloud.slb.add_domain_extension("lb-year01", 443, ADMIN, cloud.slb.add_certificate(REGIONS[0], "admin", admin))
    for service, (pattern, number) in DOMAINS.items():
        for each in range(1, 1 + number):
            _domain(cloud, service, pattern.format(each), bound, stored)
    cloud.alb.add_listener("alb-year01", 8443, "HTTPS", stored, [foreign])
    _bystanders(cloud)
    cloud.cas.add_contact("Operations", "operations@example.com")
    cloud.alidns.add_zone("example.com")
    cloud.airec.add_instance(AIREC_INSTANCE, REGIONS[0])


def _store(cloud: Any, series: str, material: Any, tagged: bool = True) -> int:
    tags = {"managed-by": "daas.https", "daas-https-name": series} if tagged else {}
    return cloud.cas.add_certificate("{0}-{1}".format(series, material.fingerprint[:16]), material, tags=tags)


def _balancer(cloud: Any, service: str, name: str, region: str, port: int, bound: Any, stored: int) -> None:
    state = getattr(cloud, service)
    state.add_load_balancer(name, region, address="203.0.113.1")
    if service == "slb":
        state.add_https_listener(name, port, state.import_from_cas(region, stored))
    else:
        state.add_listener(name, port, "HTTPS" if service == "alb" else "TCPSSL", stored)


def _domain(cloud: Any, service: str, name: str, material: Any, stored: int) -> None:
    getattr(cloud, service).add_domain(name, certificate=material, certificate_name=cloud.cas.name_of(stored), cas_id=stored)


def _bystanders(cloud: Any) -> None:
    """Certificates of other series: of ours one that is used and one that nothing uses, and some that only look like ours."""
    now = cloud.clock.now()
    for number in range(4):
        press = cloud.authority.issue([PRESS], days=800, not_before=now - timedelta(days=60 - 20 * number), key="ec")
        stored = _store(cloud, "press", press)
        if number == 0:
            _domain(cloud, "cdn", PRESS, press, stored)
        _store(cloud, "blog", cloud.authority.issue(["blog.example.net"], days=30 + number, key="ec"), tagged=False)


def listeners() -> list[tuple[str, str, str, int]]:
    """(service, region, load balancer, port) of each listener; all have the shop's certificate by default."""
    return [("alb", REGIONS[0], "alb-year01", 8443)] + [
        (service, region, pattern.format(each), port)
        for service, (pattern, number, port) in KINDS.items() for place, region in enumerate(REGIONS)
        for each in range(1 + place * number, 1 + (place + 1) * number)]


def domains() -> list[tuple[str, str]]:
    return [(service, pattern.format(each)) for service, (pattern, number) in DOMAINS.items() for each in range(1, 1 + number)]


def files(cloud: Any, directory: pathlib.Path) -> dict[str, str]:
    """The same files as in the demo."""
    return demo.files(cloud, directory)
