# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop whose certificate runs out in twelve days: load balancers, CDN, recommendation service, and some of it still on http.

    cn-hangzhou  lb-bp1web :443        www.example.com, the old certificate
                 lb-bp1api :443        api.example.com, the old certificate; admin.example.net by SNI, another one
                 airec-cn-demo01       no custom domain yet
    cn-shanghai  lb-uf6web :443 :8443  the old certificate
    CDN          img.example.com       the old certificate, from CAS
                 static.example.com    https off
"""

from __future__ import annotations

import pathlib
from datetime import timedelta
from typing import Any

from .. import pki

NAMES = ["www.example.com", "api.example.com", "static.example.com", "img.example.com", "app.example.com", "rec.example.com",
         "*.shop.example.com"]
PASSPHRASE = "correct horse battery staple"
AIREC_INSTANCE = "airec-cn-demo01"


def seed(cloud: Any) -> None:
    old = cloud.authority.issue(NAMES, days=90, not_before=cloud.clock.now() - timedelta(days=78))
    unrelated = cloud.authority.issue(["admin.example.net"], days=200)
    stored = cloud.cas.add_certificate("shop-{0}".format(old.fingerprint[:16]), old, tags={"managed-by": "daas.https"})
    cloud.cas.add_contact("Operations", "operations@example.com")
    _load_balancers(cloud, old, unrelated)
    cloud.cdn.add_domain("static.example.com")
    cloud.cdn.add_domain("img.example.com", certificate=old, certificate_name="shop-{0}".format(old.fingerprint[:16]), cas_id=stored)
    _zone(cloud)
    cloud.airec.add_instance(AIREC_INSTANCE, "cn-hangzhou")


def _load_balancers(cloud: Any, old: pki.Material, unrelated: pki.Material) -> None:
    slb = cloud.slb
    old_ids = {region: slb.add_certificate(region, "shop-old", old) for region in ("cn-hangzhou", "cn-shanghai")}
    for name, region, address, ports in [
        ("lb-bp1web", "cn-hangzhou", "203.0.113.10", [443]),
        ("lb-bp1api", "cn-hangzhou", "203.0.113.11", [443]),
        ("lb-uf6web", "cn-shanghai", "203.0.113.20", [443, 8443]),
    ]:
        slb.add_load_balancer(name, region, address=address)
        for port in ports:
            slb.add_https_listener(name, port, old_ids[region])
    admin = slb.add_certificate("cn-hangzhou", "admin", unrelated)
    slb.add_domain_extension("lb-bp1api", 443, "admin.example.net", admin)


def _zone(cloud: Any) -> None:
    cloud.alidns.add_zone("example.com")
    for rr, kind, value in [
        ("www", "A", "203.0.113.10"), ("www", "A", "203.0.113.20"), ("api", "A", "203.0.113.11"), ("app", "A", "203.0.113.30"),
        ("*.shop", "A", "203.0.113.10"), ("static", "CNAME", "static.example.com.cdn.example.net"),
        ("img", "CNAME", "img.example.com.cdn.example.net"), ("rec", "CNAME", AIREC_INSTANCE + ".cn-hangzhou.airec-edge.example"),
    ]:
        cloud.alidns.add_record("example.com", rr, kind, value)


def files(cloud: Any, directory: pathlib.Path) -> dict[str, str]:
    """The new certificate and its key, the root, and inputs that are broken in one way each.

    {"certificate", "private_key", "ca", "expired", "expired_key", "other_key", "no_intermediate", "wrong_order",
    "encrypted_key": paths, "passphrase": text}
    """
    directory.mkdir(parents=True, exist_ok=True)
    good, expired = cloud.authority.issue(NAMES, days=90), cloud.authority.expired(NAMES)
    public = {"certificate": good.chain_pem, "ca": cloud.authority.root_pem, "expired": expired.chain_pem,
              "no_intermediate": pki.without_intermediate(good).chain_pem, "wrong_order": pki.in_wrong_order(good).chain_pem}
    private = {"private_key": good.key_pem, "expired_key": expired.key_pem, "other_key": pki.with_other_key(good).key_pem,
               "encrypted_key": pki.encrypt_key(good.key_pem, PASSPHRASE)}
    written = {"passphrase": PASSPHRASE}
    for name, text in {**public, **private}.items():
        path = directory / (name + ".pem")
        if name in private:
            pki.write_private(path, text)
        else:
            path.write_text(text, encoding="utf-8")
        written[name] = str(path)
    return written
