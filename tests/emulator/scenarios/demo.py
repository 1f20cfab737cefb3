# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop whose certificate runs out in twelve days: load balancers, CDN, recommendation service, and some of it still on http.

    cn-hangzhou  lb-bp1web :443        www.example.com, the old certificate
                 lb-bp1api :443        api.example.com, the old certificate; admin.example.net by SNI, another one
                 alb-bp1shop :443      the old certificate, from CAS; admin.example.net by SNI, another one from CAS
                 alb-bp1shop :80       plain HTTP that is not redirected
                 nlb-bp1mq :8883       the old certificate, from CAS, for clients that speak TLS over TCP
                 airec-cn-demo01       no custom domain yet
    cn-shanghai  lb-uf6web :443 :8443  the old certificate
                 alb-uf6shop :443      the old certificate, from CAS, over HTTPS and over QUIC
                 nlb-uf6mq :8883       the old certificate, from CAS
    CDN          img.example.com       the old certificate, from CAS
                 static.example.com    https off
    DCDN         shop-assets.example.com  the old certificate, from CAS
    Live         stream.shop.example.com  the old certificate, from CAS
    ESA          shop.example.com      the old certificate, from CAS
"""

from __future__ import annotations

import pathlib
from datetime import timedelta
from typing import Any

from .. import pki

NAMES = ["www.example.com", "api.example.com", "static.example.com", "img.example.com", "app.example.com", "rec.example.com",
         "*.shop.example.com", "shop-assets.example.com"]
POLICY_CIPHERS = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256")
PASSPHRASE = "correct horse battery staple"
AIREC_INSTANCE = "airec-cn-demo01"
ROLE = "acs:ram::1000000000000001:role/certificates"


def seed(cloud: Any) -> None:
    old = cloud.authority.issue(NAMES, days=90, not_before=cloud.clock.now() - timedelta(days=78))
    unrelated = cloud.authority.issue(["admin.example.net"], days=200)
    stored = cloud.cas.add_certificate("shop-{0}".format(old.fingerprint[:16]), old, tags={"managed-by": "daas.https"})
    cloud.cas.add_contact("Operations", "operations@example.com")
    _load_balancers(cloud, old, unrelated)
    _further_load_balancers(cloud, stored, cloud.cas.add_certificate("admin", unrelated))
    cloud.cdn.add_domain("static.example.com")
    cloud.cdn.add_domain("img.example.com", certificate=old, certificate_name="shop-{0}".format(old.fingerprint[:16]), cas_id=stored)
    cloud.dcdn.add_domain("shop-assets.example.com", certificate=old, certificate_name=cloud.cas.name_of(stored), cas_id=stored)
    _zone(cloud)
    cloud.ecs.add_instance("i-bp1app", "cn-hangzhou")
    cloud.airec.add_instance(AIREC_INSTANCE, "cn-hangzhou")
    cloud.sts.add_role(ROLE)
    cloud.live.add_domain("stream.shop.example.com", certificate=old, certificate_name=cloud.cas.name_of(stored), cas_id=stored)
    cloud.esa.add_certificate(cloud.esa.add_site("shop.example.com"), old, name=cloud.cas.name_of(stored), cas_id=stored)


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


def _further_load_balancers(cloud: Any, old: int, unrelated: int) -> None:
    """ALB and NLB; each has a security policy of the account, too, that no listener uses yet."""
    for service, name, region, address in [
        (cloud.alb, "alb-bp1shop", "cn-hangzhou", "203.0.113.12"), (cloud.alb, "alb-uf6shop", "cn-shanghai", "203.0.113.21"),
        (cloud.nlb, "nlb-bp1mq", "cn-hangzhou", "203.0.113.13"), (cloud.nlb, "nlb-uf6mq", "cn-shanghai", "203.0.113.22"),
    ]:
        service.add_load_balancer(name, region, address=address)
    cloud.alb.add_listener("alb-bp1shop", 443, "HTTPS", old, [unrelated])
    cloud.alb.add_listener("alb-bp1shop", 80, "HTTP")
    cloud.alb.add_listener("alb-uf6shop", 443, "HTTPS", old)
    cloud.alb.add_listener("alb-uf6shop", 443, "QUIC", old)
    for name in ("nlb-bp1mq", "nlb-uf6mq"):
        cloud.nlb.add_listener(name, 8883, "TCPSSL", old)
    for service, policy_id in ((cloud.alb, "tls-bp1shop"), (cloud.nlb, "tls-bp1mq")):
        service.add_security_policy(policy_id, "forward-secrecy", "cn-hangzhou", ("TLSv1.2",), POLICY_CIPHERS)


def _zone(cloud: Any) -> None:
    cloud.alidns.add_zone("example.com")
    for rr, kind, value in [
        ("www", "A", "203.0.113.10"), ("www", "A", "203.0.113.20"), ("api", "A", "203.0.113.11"), ("app", "A", "203.0.113.30"),
        ("*.shop", "A", "203.0.113.10"), ("static", "CNAME", "static.example.com.cdn.example.net"),
        ("img", "CNAME", "img.example.com.cdn.example.net"), ("shop-assets", "CNAME", "shop-assets.example.com.dcdn.example.net"),
        ("rec", "CNAME", AIREC_INSTANCE + ".cn-hangzhou.airec-edge.example"),
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
