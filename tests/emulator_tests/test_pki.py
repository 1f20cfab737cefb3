# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority's certificates satisfy OpenSSL and cryptography; the broken ones fail in exactly their own way."""

from __future__ import annotations

import datetime
import ipaddress
import stat
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from tests.emulator import pki

NOW = datetime.datetime.now(datetime.timezone.utc)
NAMES = ["www.example.com", "*.shop.example.com", "127.0.0.1", "::1"]


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create(NOW)


@pytest.fixture(scope="module")
def leaf(authority):
    return authority.issue(NAMES)


def strict_chain(authority, material, subject, when=NOW):
    """The chain that cryptography's web PKI verifier builds, root last."""
    certificates = [x509.load_pem_x509_certificate(block.encode()) for block in pki.split_pem(material.chain_pem)]
    store = verification.Store([x509.load_pem_x509_certificate(authority.root_pem.encode())])
    verifier = verification.PolicyBuilder().store(store).time(when).build_server_verifier(subject)
    return verifier.verify(certificates[0], certificates[1:])


def openssl_verify(tmp_path, authority, material):
    blocks = pki.split_pem(material.chain_pem)
    for name, text in (("ca.pem", authority.root_pem), ("leaf.pem", blocks[0]), ("rest.pem", "".join(blocks[1:]))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    untrusted = ["-untrusted", "rest.pem"] if blocks[1:] else []
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-CAfile", "ca.pem", *untrusted, "leaf.pem"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind, key_class", [("rsa", rsa.RSAPublicKey), ("ec", ec.EllipticCurvePublicKey)])
def test_leaves_verify_with_openssl_and_cryptography(tmp_path, authority, kind, key_class):
    material = authority.issue(NAMES, key=kind)

    result = openssl_verify(tmp_path, authority, material)

    assert result.returncode == 0, result.stdout + result.stderr
    for subject in (x509.DNSName("www.example.com"), x509.DNSName("a.shop.example.com"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.1"))):
        assert len(strict_chain(authority, material, subject)) == 3
    leaf = x509.load_pem_x509_certificate(material.leaf_pem.encode())
    assert isinstance(leaf.public_key(), key_class)
    assert leaf.signature_hash_algorithm.name == "sha256"


def test_material_describes_its_leaf(leaf):
    certificate = x509.load_pem_x509_certificate(leaf.chain_pem.encode())
    der = certificate.public_bytes(serialization.Encoding.DER)
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der, capture_output=True, check=True).stdout

    assert leaf.fingerprint == digest.split()[0].decode()
    assert len(leaf.sha1) == 40
    assert leaf.names == tuple(NAMES)
    assert (leaf.common_name, leaf.issuer_common_name) == ("www.example.com", "Emulated Cloud Issuing CA")
    assert leaf.serial == certificate.serial_number
    assert leaf.not_before < NOW < leaf.not_after
    assert abs(leaf.not_after - NOW - datetime.timedelta(days=90)) < datetime.timedelta(seconds=2)
    assert len(pki.split_pem(leaf.chain_pem)) == 2
    assert pki.key_matches(leaf)


def test_the_private_key_is_not_in_the_repr(leaf):
    assert "PRIVATE" not in repr(leaf)
    assert leaf.key_pem.splitlines()[1] not in repr(leaf)


def test_an_explicit_serial_and_start_are_used(authority):
    start = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    material = authority.issue(["a.example.com"], serial=0xABC, not_before=start, days=10, key="ec", with_intermediate=False)

    assert material.serial == 0xABC
    assert (material.not_before, material.not_after) == (start, start + datetime.timedelta(days=10))
    assert len(pki.split_pem(material.chain_pem)) == 1


def test_the_clock_may_be_a_function():
    moments = [NOW]
    authority = pki.Authority.create(lambda: moments[-1])
    moments.append(NOW + datetime.timedelta(days=300))

    assert authority.issue(["a.example.com"], key="ec").not_before > NOW + datetime.timedelta(days=299)


def test_a_saved_authority_goes_on_issuing(tmp_path, authority):
    ca_path = authority.save(tmp_path / "ca")
    again = pki.Authority.load(tmp_path / "ca")

    assert ca_path.read_text(encoding="utf-8") == authority.root_pem == again.root_pem
    for name in ("ca_key.pem", "intermediate_key.pem"):
        assert stat.S_IMODE((tmp_path / "ca" / name).stat().st_mode) == 0o600
    assert openssl_verify(tmp_path, authority, again.issue(["b.example.com"], key="ec")).returncode == 0


@pytest.mark.parametrize("make, complaint", [
    (lambda ca: ca.expired(["x.example.com"], key="ec"), "certificate has expired"),
    (lambda ca: ca.not_yet_valid(["x.example.com"], key="ec"), "certificate is not yet valid"),
    (lambda ca: ca.self_signed(["x.example.com"], key="ec"), "self-signed certificate"),
    (lambda ca: pki.without_intermediate(ca.issue(["x.example.com"], key="ec")), "unable to get local issuer certificate"),
])
def test_broken_material_fails_for_its_own_reason(tmp_path, authority, make, complaint):
    material = make(authority)
    result = openssl_verify(tmp_path, authority, material)

    assert result.returncode != 0
    assert complaint in result.stdout + result.stderr
    assert pki.key_matches(material)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_another_key_does_not_match(authority, kind):
    good = authority.issue(["x.example.com"], key=kind)
    bad = pki.with_other_key(good)

    assert bad.chain_pem == good.chain_pem
    assert pki.parse_material(bad.chain_pem, bad.key_pem) == bad
    assert not pki.key_matches(bad)


def test_the_wrong_order_has_the_same_certificates(leaf):
    wrong = pki.in_wrong_order(leaf)

    assert pki.split_pem(wrong.chain_pem) == pki.split_pem(leaf.chain_pem)[::-1]
    assert pki.parse_material(wrong.chain_pem, leaf.key_pem).common_name == "Emulated Cloud Issuing CA"


def test_a_sibling_has_the_same_root_and_another_chain(authority):
    other = authority.sibling()
    material = other.issue(["y.example.com"], key="ec")

    assert other.root_pem == authority.root_pem
    assert material.issuer_common_name != authority.issue(["y.example.com"], key="ec").issuer_common_name
    assert len(strict_chain(authority, material, x509.DNSName("y.example.com"))) == 3


def test_parse_round_trip_ignores_remarks_and_line_ends(leaf):
    noisy = "subject=CN = www.example.com\r\n" + leaf.chain_pem.replace("\n", "\r\n") + "\r\n\r\n"

    assert pki.parse_material(noisy, leaf.key_pem) == leaf
    assert pki.parse_material(leaf.chain_pem, None).key_pem == ""


def test_what_cannot_be_parsed_is_named(leaf):
    broken = pki.split_pem(leaf.chain_pem)[0] + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for chain, key, message in [
        ("no pem here", None, "no certificate in PEM form"),
        (broken, None, "certificate 2 of the chain is not readable"),
        (leaf.chain_pem, "nonsense", "not an unencrypted PEM private key"),
        (leaf.chain_pem, pki.encrypt_key(leaf.key_pem, "correct horse"), "not an unencrypted PEM private key"),
    ]:
        with pytest.raises(ValueError, match=message):
            pki.parse_material(chain, key)


@pytest.mark.parametrize("host, expected", [
    ("www.example.com", True), ("WWW.example.com.", True), ("a.shop.example.com", True), ("shop.example.com", False),
    ("a.b.shop.example.com", False), ("*.shop.example.com", True), ("*.example.com", False), ("example.com", False),
])
def test_coverage(host, expected):
    assert pki.covers(("www.example.com", "*.shop.example.com"), host) is expected
