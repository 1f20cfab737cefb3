# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that are trusted, and are for the name that is asked for, or for another one."""

from __future__ import annotations

from cryptography import x509

from tests.unit.tls.misconfigurations.case import Case
from tests.unit.tls.misconfigurations.mint import EXTENSIONS, NAME, replaced

COMMON_NAME = "the common name has not counted since RFC 9525 and in no browser since 2017; the command still takes it without dNSName"
PARTIAL = "a wildcard that is only a part of a label is not allowed by RFC 9525, and no browser takes it; the command does"
LONG = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 49, "example.com"])  # 253 characters in all


def named(title, host, *alternatives, ask=NAME, lax="", **shape):
    return Case(title, 0, lambda mint: mint.serve(mint.leaf(alternatives, **shape)), ask, host, lax=lax)


def raw(title, host, written, wanted, ask=NAME):
    """A dNSName that the library refuses to write, of as many bytes as `written`."""
    return named(title, host, written, ask=ask, tweak=replaced(EXTENSIONS, written.encode(), wanted))


CASES = [
    named("the right name", True, NAME),
    named("wrong host", False, "other.example.net"),
    named("a name below", False, "a." + NAME),
    named("the name above", False, "example.com"),
    named("one name of a hundred", True, *["shop-{0}.example.net".format(number) for number in range(99)], NAME),
    named("none of a hundred names", False, *["shop-{0}.example.net".format(number) for number in range(100)]),
    named("a name of 253 characters", True, LONG, ask=LONG),
    named("a label of 63 characters", True, "x" * 63 + ".example.com", ask="x" * 63 + ".example.com"),
    named("upper case in the certificate", True, "WWW.Example.COM"),
    named("upper case in the question", True, NAME, ask="WWW.EXAMPLE.com"),
    named("trailing dot in the question", True, NAME, ask=NAME + "."),
    named("trailing dot in the certificate", False, NAME + "."),
    named("leading dot in the certificate", False, ".example.com"),
    named("wildcard", True, "*.example.com"),
    named("wildcard in upper case", True, "*.EXAMPLE.COM"),
    named("wildcard, two labels too many", False, "*.example.com", ask="a.b.example.com"),
    named("wildcard and the bare domain", False, "*.example.com", ask="example.com"),
    named("wildcard of a top-level domain", False, "*.com", ask="example.com"),
    named("wildcard in the second label", False, "www.*.com"),
    named("two wildcards", False, "*.*.com"),
    named("nothing but a wildcard", False, "*"),
    named("partial wildcard at the end", False, "w*.example.com", lax=PARTIAL),
    named("partial wildcard at the start", False, "*w.example.com", lax=PARTIAL),
    named("partial wildcard in the middle", False, "w*w.example.com"),
    named("wildcard and an IDN", True, "*.example.com", ask="b\u00fccher.example.com"),
    named("partial wildcard and an IDN", False, "x*.example.com", ask="b\u00fccher.example.com"),
    named("wildcard under an IDN", True, "*.xn--bcher-kva.example.com", ask="www.b\u00fccher.example.com"),
    named("wildcard and an address", False, "*.0.0.1", ask="127.0.0.1"),
    named("IDN", True, "xn--bcher-kva.example.com", ask="B\u00fccher.example.com"),
    named("another IDN", False, "xn--bcher-kva.example.com", ask="bucher.example.com"),
    raw("IDN in UTF-8, which no dNSName may be", False, "b--cher.example.com", "b\u00fccher.example.com".encode(),
        ask="b\u00fccher.example.com"),
    raw("NUL within the name", False, NAME + "-.example.net", NAME.encode() + b"\0.example.net"),
    raw("NUL at the end of the name", False, NAME + "-", NAME.encode() + b"\0"),
    named("underscore", True, "my_shop.example.com", ask="my_shop.example.com"),
    named("wildcard and an underscore", False, "*.example.com", ask="my_shop.example.com"),
    named("underscore after a wildcard", False, "*.my_shop.example.com", ask="www.my_shop.example.com"),
    named("wildcard and a hyphen", True, "*.example.com", ask="my-shop.example.com"),
    named("IP address", True, "192.0.2.7", ask="192.0.2.7"),
    named("wrong IP address", False, "192.0.2.8", ask="192.0.2.7"),
    named("IP address written as a DNS name", False, x509.DNSName("192.0.2.7"), ask="192.0.2.7"),
    named("IP address as common name only", False, subject="192.0.2.7", ask="192.0.2.7"),
    named("name asked for, IP address served", False, "127.0.0.1"),
    named("address asked for, name served", False, NAME, ask="127.0.0.1"),
    named("IPv6 address", True, "2001:db8::7", ask="2001:DB8:0::7"),
    named("wrong IPv6 address", False, "2001:db8::8", ask="2001:db8::7"),
    named("IPv4 address mapped into IPv6", False, "::ffff:192.0.2.7", ask="192.0.2.7"),
    named("common name only", False, subject=NAME, lax=COMMON_NAME),
    named("common name right, alternative name wrong", False, "other.example.net", subject=NAME),
    named("common name right, alternative name of another kind", False, x509.RFC822Name("web@example.com"), subject=NAME, lax=COMMON_NAME),
    named("common name right, alternative name an IP address", False, "192.0.2.7", subject=NAME, lax=COMMON_NAME),
    named("alternative name a URI", False, x509.UniformResourceIdentifier("https://" + NAME)),
    named("alternative name an e-mail address of the host", False, x509.RFC822Name("web@" + NAME)),
    named("no alternative name and no common name", False, subject=None),
    named("empty list of alternative names", False, more=[
        (x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x00"), False)]),
    named("alternative names critical, no subject", True, without=[x509.SubjectAlternativeName], subject=None, more=[
        (x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x11\x82\x0f" + NAME.encode()), True)]),
]
