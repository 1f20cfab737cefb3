# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An RSA and an ECDSA certificate for the same names: where both are served, the client's offer decides."""

from __future__ import annotations

import hashlib
import socket
import ssl

import pytest

from tests.emulator import pki
from tests.emulator.services import pairs
from tests.support.account import account

WWW, REGION = "www.example.com", "cn-hangzhou"
LISTENERS = {"alb": ("HTTPS", "alb/lb-1/443"), "nlb": ("TCPSSL", "nlb/lb-1/443")}


@pytest.fixture(scope="module")
def made():
    """Certificates by what they are called here."""
    authority = pki.Authority.create()
    return {"rsa": authority.issue([WWW]), "ec": authority.issue([WWW], key="ec"), "newer rsa": authority.issue([WWW]),
            "newer ec": authority.issue([WWW], key="ec"), "wild rsa": authority.issue(["*.example.com"]),
            "other ec": authority.issue(["api.example.com"], key="ec")}


@pytest.fixture
def calm():
    with account() as holder:
        yield holder


def seen(holder, key, ciphers="", name=WWW):
    """The fingerprint that a client gets which offers these ciphers of TLS 1.2, or everything; "" if none suits it."""
    where = holder.cloud.dataplane.endpoints()[key]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ciphers:
        context.set_ciphers(ciphers)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((where["host"], where["port"]), timeout=10) as raw:
        try:
            with context.wrap_socket(raw, server_hostname=name) as tls:
                return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
        except ssl.SSLError:
            return ""


def by_kind(holder, key, name=WWW):
    return seen(holder, key, "aRSA", name), seen(holder, key, "aECDSA", name)


def fingerprints(made, *names):
    return tuple(made[name].fingerprint if name else "" for name in names)


def listener(holder, product, made, default, *additional):
    numbers = [holder.upload(name.replace(" ", "-"), made[name]) for name in (default, *additional)]
    service = getattr(holder.cloud, product)
    service.add_load_balancer("lb-1", REGION, address="203.0.113.12")
    service.add_listener("lb-1", 443, LISTENERS[product][0], numbers[0], numbers[1:])
    return LISTENERS[product][1]


@pytest.mark.parametrize("default, additional, expected", [
    ("rsa", ["ec"], ("rsa", "ec")), ("ec", ["rsa"], ("rsa", "ec")), ("wild rsa", ["ec"], ("wild rsa", "ec")),
    ("wild rsa", ["rsa", "ec"], ("rsa", "ec")), ("rsa", ["ec", "newer ec"], ("rsa", "newer ec")),
    ("rsa", ["other ec"], ("rsa", "")), ("wild rsa", ["rsa", "newer rsa"], ("newer rsa", ""))])
def test_alb_serves_both_of_a_name(calm, made, default, additional, expected):
    key = listener(calm, "alb", made, default, *additional)
    assert by_kind(calm, key) == fingerprints(made, *expected)
    assert seen(calm, key) in by_kind(calm, key)
    pair = calm.cloud.dataplane.serving(key).get("alternatives", {})
    assert bool(pair.get(WWW)) == all(expected)


def test_of_nlb_it_is_not_documented_so_that_old_clients_are_shut_out(calm, made):
    key = listener(calm, "nlb", made, "rsa", "ec")
    assert by_kind(calm, key) == fingerprints(made, "", "ec")


def test_a_name_that_no_additional_certificate_has_gets_the_default_one(calm, made):
    key = listener(calm, "alb", made, "wild rsa", "other ec")
    assert by_kind(calm, key, "api.example.com") == fingerprints(made, "wild rsa", "other ec")
    assert by_kind(calm, key, "shop.example.com") == fingerprints(made, "wild rsa", "")


def test_a_change_of_the_second_one_is_a_change(calm, made):
    """What the wire shows is held back, or shown late, for either of the two."""
    plane = calm.cloud.dataplane
    plane.open("a")
    plane.serve("a", default=made["rsa"], alternatives={"": made["ec"]})
    plane.fault("a", "old")
    plane.serve("a", default=made["rsa"], alternatives={"": made["newer ec"]})
    assert by_kind(calm, "a") == fingerprints(made, "rsa", "ec")
    plane.fault("a", None)
    assert by_kind(calm, "a") == fingerprints(made, "rsa", "newer ec")


def test_an_esa_site_serves_the_last_one_of_each_kind(calm, made):
    site = calm.cloud.esa.add_site("example.com")
    for name in ("ec", "rsa", "newer ec"):
        number = calm.upload(name.replace(" ", "-"), made[name])
        calm.call("esa", "SetCertificate", SiteId=site.id, Type="cas", CasId=number, Region=REGION)
    assert by_kind(calm, site.edge) == fingerprints(made, "rsa", "newer ec")


def test_by_name_without_anything():
    assert pairs.by_name([]) == ({}, {})
