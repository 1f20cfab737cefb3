# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred resources that all have the shop's old certificate: what one call for many of them is measured with.

    cn-hangzhou  lb-fleet01 … 05 :8001 … 8010   50 listeners of classic load balancers
                 alb-fleet01 … 05 :8001 … 8005  25 HTTPS listeners
    cn-shanghai  lb-fleet06 … 10, alb-fleet06 … 10: as many again
    CDN          d01.shop.example.com … d50     50 domains
"""

from __future__ import annotations

import pathlib
from typing import Any

from . import demo

BALANCERS, SLB_PORTS, ALB_PORTS, DOMAINS = 5, 10, 5, 50  # load balancers of a kind and region, their listeners, domains


def seed(cloud: Any) -> None:
    old = cloud.authority.issue(demo.NAMES, days=12, key="ec")
    name = "shop-{0}".format(old.fingerprint[:16])
    stored = cloud.cas.add_certificate(name, old, tags={"managed-by": "daas.https"})
    cloud.cas.add_contact("Operations", "operations@example.com")
    for first, region in ((1, "cn-hangzhou"), (1 + BALANCERS, "cn-shanghai")):
        copy = cloud.slb.add_certificate(region, name, old)
        for number in range(first, first + BALANCERS):
            _balancers(cloud, number, region, copy, stored)
    for number in range(1, 1 + DOMAINS):
        cloud.cdn.add_domain("d{0:02}.shop.example.com".format(number), certificate=old, certificate_name=name, cas_id=stored)
    cloud.airec.add_instance(demo.AIREC_INSTANCE, "cn-hangzhou")


def _balancers(cloud: Any, number: int, region: str, copy: str, stored: int) -> None:
    slb, alb = "lb-fleet{0:02}".format(number), "alb-fleet{0:02}".format(number)
    cloud.slb.add_load_balancer(slb, region, address="203.0.113.{0}".format(number))
    for port in range(8001, 8001 + SLB_PORTS):
        cloud.slb.add_https_listener(slb, port, copy)
    cloud.alb.add_load_balancer(alb, region, address="203.0.113.{0}".format(100 + number))
    for port in range(8001, 8001 + ALB_PORTS):
        cloud.alb.add_listener(alb, port, "HTTPS", stored)


def resources() -> list[dict[str, Any]]:
    """All of them, in the words of cas_deploy."""
    found: list[dict[str, Any]] = []
    for service, prefix, ports in (("slb", "lb", SLB_PORTS), ("alb", "alb", ALB_PORTS)):
        for number in range(1, 1 + 2 * BALANCERS):
            found += [{"service": service, "region": "cn-hangzhou" if number <= BALANCERS else "cn-shanghai",
                       "instance": "{0}-fleet{1:02}".format(prefix, number), "listener_port": port, "slot": "default"}
                      for port in range(8001, 8001 + ports)]
    return found + [{"service": "cdn", "domain": "d{0:02}.shop.example.com".format(number)} for number in range(1, 1 + DOMAINS)]


def files(cloud: Any, directory: pathlib.Path) -> dict[str, str]:
    """The same files as in the demo."""
    return demo.files(cloud, directory)
