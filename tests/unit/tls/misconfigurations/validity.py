# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates whose time has not come or is over, and those whose own fields are odd."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from cryptography import x509

from tests.unit.tls.misconfigurations.case import Case
from tests.unit.tls.misconfigurations.mint import (
    CLIENT, EXTENSIONS, ISSUER, NAME, SERIAL, SERVER, SUBJECT, VALIDITY, children, pack, replaced, version_1)

UNKNOWN = x509.ObjectIdentifier("2.999.1")
PROXY = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14"), bytes.fromhex("300c300a06082b06010505071501"))
NOWHERE = x509.UniformResourceIdentifier("http://127.0.0.1:9/")
NO_FIXED_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)


def shaped(title, code=0, last=None, host=True, **shape):
    return Case(title, code, lambda mint: mint.serve(mint.leaf(**shape)), host=host, last=last)


def unloadable(title, **shape):
    """No server would load it; on the wire it can be seen nevertheless."""
    return Case(title, 20, lambda mint: mint.serve_other(mint.leaf(**shape).der), host=None, last=21)


def moments(title, code, span):
    """span: function of the present that gives start and end."""
    return Case(title, code, lambda mint: mint.serve(mint.leaf(moments=span(mint.now))))


def field(number, content):
    """Tweak that puts other DER into one field."""
    def tweak(fields):
        fields[number] = content
        return fields

    return tweak


def period(start, end):
    """Tweak that puts these UTCTimes in place of the validity."""
    return field(VALIDITY, pack(0x30, pack(0x17, start) + pack(0x17, end)))


def twice(fields):
    """The first extension once more, which RFC 5280 forbids."""
    listed = children(children(fields[EXTENSIONS])[0])
    fields[EXTENSIONS] = pack(0xA3, pack(0x30, b"".join(listed[:1] + listed)))
    return fields


def unreadable_extension(extension, critical=False):
    return [(x509.UnrecognizedExtension(extension.oid, b"\x04\x00"), critical)]


CASES = [
    shaped("expired", 10, days=(-60, -30)),
    shaped("expired for decades", 10, days=(-365 * 40, -365 * 30)),
    moments("expired a minute ago", 10, lambda now: (now - timedelta(days=90), now - timedelta(minutes=1))),
    moments("expires in ten minutes", 0, lambda now: (now - timedelta(days=90), now + timedelta(minutes=10))),
    shaped("not yet valid", 9, days=(30, 60)),
    moments("valid from ten minutes on", 9, lambda now: (now + timedelta(minutes=10), now + timedelta(days=90))),
    shaped("valid until 2055", days=(-1, 365 * 30)),
    moments("valid until 9999", 0, lambda now: (now - timedelta(days=1), NO_FIXED_END)),
    moments("valid since 1950", 0, lambda now: (datetime(1950, 1, 1, tzinfo=timezone.utc), now + timedelta(days=1))),
    shaped("ends before it begins", 10, tweak=period(b"240101000000Z", b"230101000000Z")),
    shaped("dates that are no dates", 13, 14, host=None, tweak=period(b"241399000000Z", b"341399000000Z")),
    shaped("an end that is no date", 14, host=None, tweak=period(b"240101000000Z", b"341399000000Z")),
    shaped("serial number 0", serial=0x5A5A, tweak=field(SERIAL, b"\x02\x01\x00")),
    shaped("negative serial number", tweak=field(SERIAL, b"\x02\x01\xff")),
    shaped("serial number of 20 bytes", serial=2 ** 159 - 1),
    shaped("serial number of 40 bytes", tweak=field(SERIAL, b"\x02\x28" + b"\x7f" * 40)),
    shaped("version 1, which has no extensions", host=False, tweak=version_1),
    shaped("long names", subject="x" * 64, more=[(x509.IssuerAlternativeName([x509.DNSName("a" * 200)]), False)]),
    shaped("organisation of 30,000 characters", tweak=field(
        SUBJECT, pack(0x30, pack(0x31, pack(0x30, bytes.fromhex("060355040a") + pack(0x0C, b"x" * 30000)))))),
    unloadable("an extension twice", tweak=twice),
    shaped("unknown extension", more=[(x509.UnrecognizedExtension(UNKNOWN, b"\x05\x00"), False)]),
    shaped("unknown critical extension", 34, more=[(x509.UnrecognizedExtension(UNKNOWN, b"\x05\x00"), True)]),
    unloadable("unreadable basic constraints", without=[x509.BasicConstraints], more=unreadable_extension(x509.BasicConstraints)),
    unloadable("unreadable key usage", without=[x509.KeyUsage], more=unreadable_extension(x509.KeyUsage)),
    unloadable("unreadable alternative names", without=[x509.SubjectAlternativeName], more=unreadable_extension(
        x509.SubjectAlternativeName)),
    shaped("issued by somebody of another name", 20, 21, tweak=replaced(ISSUER, b"Zoo Issuing CA", b"Zoo Missing CA")),
    shaped("for TLS clients only", 26, extended=(CLIENT,)),
    shaped("for clients and servers", extended=(SERVER, CLIENT)),
    shaped("for any purpose, said so", 26, extended=(x509.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
    shaped("for signing code", 26, extended=(x509.ExtendedKeyUsageOID.CODE_SIGNING,)),
    shaped("without extended key usage", extended=()),
    shaped("without key usage", without=[x509.KeyUsage]),
    shaped("key usage without digital signature", 26, usage=("key_cert_sign",)),
    shaped("key usage for key agreement only", usage=("key_agreement",)),
    shaped("RSA key usage for key encipherment only", key="rsa", usage=("key_encipherment",)),
    shaped("a CA certificate as leaf", ca=True, usage=("digital_signature", "key_cert_sign")),
    shaped("without basic constraints", without=[x509.BasicConstraints]),
    shaped("a proxy certificate", 40, 72, more=[(PROXY, True)], san=None, host=False),
    shaped("must-staple, nothing stapled", more=[(x509.TLSFeature([x509.TLSFeatureType.status_request]), False)]),
    shaped("CRL and OCSP named that nobody runs", more=[
        (x509.CRLDistributionPoints([x509.DistributionPoint([NOWHERE], None, None, None)]), False),
        (x509.AuthorityInformationAccess([x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, NOWHERE)]), False)]),
    Case("expired and for another name", 10, lambda mint: mint.serve(mint.leaf(["other.example.net"], days=(-60, -30))), host=False),
    Case("expired and for clients only", 26, lambda mint: mint.serve(mint.leaf([NAME], days=(-60, -30), extended=(CLIENT,))), last=10),
]
