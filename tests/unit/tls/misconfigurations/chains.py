# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is served above the leaf: missing, too much, in disorder, expired, not allowed to issue, or somebody else's."""

from __future__ import annotations

import dataclasses
import ipaddress

from cryptography import x509

from tests.unit.tls.misconfigurations.case import Case, failing
from tests.unit.tls.misconfigurations.mint import CLIENT, NAME, SERVER, version_1


def served(title, code, make, last=None, **more):
    """make: function of the Mint that gives what is served, from the leaf on."""
    def answer(mint):
        leaf, *above = make(mint)
        return mint.serve(leaf, *(above or [None]))

    return Case(title, code, answer, last=last, **more)


def issuing(title, code, last=None, root=None, names=(NAME,), leaf=None, **shape):
    """A leaf below an intermediate of this shape, under the zoo's root, or a root of its own if its shape is given."""
    def make(mint):
        above = mint.trust(mint.ca("Root of " + title, **root)) if root is not None else mint.root
        intermediate = mint.ca("CA " + title, above, **shape)
        return mint.leaf(names, intermediate, **(leaf or {})), intermediate

    return served(title, code, make, last)


def flipped(holder):
    """The same certificate with one bit of the signature the other way round."""
    return dataclasses.replace(holder, der=holder.der[:-1] + bytes([holder.der[-1] ^ 1]))


def stranger(mint):
    """A root that nobody trusts, and its intermediate."""
    root = mint.ca("Stranger Root CA")
    return root, mint.ca("Stranger Issuing CA", root)


def depth(mint, number):
    """A leaf below so many intermediates."""
    above = [mint.root]
    for step in range(number):
        above.append(mint.ca("Level {0} of {1}".format(step, number), above[-1]))
    return (mint.leaf(issuer=above[-1]), *reversed(above[1:]))


def upside_down(leaf, *above):
    return (leaf, *reversed(above))


def renewed_root(mint, cross_days, trust_new=True, send_cross=True):
    """An old root that has expired and a new one, whose key the old one has certified too."""
    word = "{0} {1} {2}".format(cross_days, trust_new, send_cross)
    old = mint.trust(mint.ca("Old Root " + word, days=(-4000, -10)))
    new = mint.ca("New Root " + word)
    cross = mint.certificate("New Root " + word, old, new, ca=True, usage=("key_cert_sign",), extended=(), days=cross_days)
    if trust_new:
        mint.trust(new)
    intermediate = mint.ca("Issuer " + word, new)
    return (mint.leaf(issuer=intermediate), intermediate) + ((cross,) if send_cross else ())


def twins(mint, days, other_days):
    """Two certificates of one intermediate, with the same name and key."""
    word = "{0} {1}".format(days, other_days)
    one = mint.ca("Twin CA " + word, mint.root, days=days)
    return mint.leaf(issuer=one), one, mint.certificate(
        "Twin CA " + word, mint.root, one, ca=True, usage=("key_cert_sign",), extended=(), days=other_days)


def impostor(mint, identifiers):
    """An intermediate with the right name and another key."""
    right, wrong = (mint.ca("Impostor {0}".format(identifiers), mint.root) for _time in range(2))
    without = () if identifiers else (x509.AuthorityKeyIdentifier,)
    return mint.leaf(issuer=right, without=without), wrong


def padded(mint, size):
    """A chain of about this many bytes."""
    filler = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.2"), b"\x04\x00" + b"x" * size)
    return mint.leaf(more=[(filler, False)]), mint.intermediate


def own(mint, name="Own", **shape):
    return mint.certificate(name, **dict(dict(san=[x509.DNSName(NAME)]), **shape))


def constraints(permitted=None, excluded=None):
    return [(x509.NameConstraints(permitted, excluded), True)]


def dns(name):
    return [x509.DNSName(name)]


def network(text):
    return [x509.IPAddress(ipaddress.ip_network(text))]


def only_the_intermediate_is_trusted(mint):
    issuer = mint.trust(mint.ca("Partial CA", mint.ca("Untrusted Root of Partial CA")))
    return (mint.leaf(issuer=issuer),)


CASES = [
    served("intermediate missing", 20, lambda mint: (mint.leaf(),), 21),
    served("leaf, root, intermediate", 0, lambda mint: (mint.leaf(), mint.root, mint.intermediate)),
    served("superfluous root", 0, lambda mint: (mint.leaf(), mint.intermediate, mint.root)),
    served("superfluous certificate of somebody else", 0, lambda mint: (mint.leaf(), mint.intermediate, stranger(mint)[1])),
    served("superfluous certificate first", 0, lambda mint: (mint.leaf(), stranger(mint)[1], mint.intermediate)),
    served("another leaf instead of the intermediate", 20, lambda mint: (mint.leaf(), mint.leaf(["other.example.net"])), 21),
    served("intermediate twice", 0, lambda mint: (mint.leaf(), mint.intermediate, mint.intermediate)),
    served("leaf twice", 0, lambda mint: (leaf := mint.leaf(), leaf, mint.intermediate)),
    served("leaf twice, no intermediate", 20, lambda mint: (leaf := mint.leaf(), leaf), 21),
    served("root instead of the intermediate", 20, lambda mint: (mint.leaf(), mint.root), 21),
    served("directly below the root", 0, lambda mint: (mint.leaf(issuer=mint.root),)),
    served("five intermediates", 0, lambda mint: depth(mint, 5)),
    served("five intermediates in reverse", 0, lambda mint: upside_down(*depth(mint, 5))),
    served("one of five intermediates missing", 20, lambda mint: depth(mint, 5)[:3] + depth(mint, 5)[4:]),
    served("more intermediates than a client follows", 22, lambda mint: depth(mint, 103), 20),
    served("unknown root", 20, lambda mint: (mint.leaf(issuer=stranger(mint)[1]),), 21),
    served("unknown root, intermediate sent", 20, lambda mint: (mint.leaf(issuer=(issuer := stranger(mint)[1])), issuer)),
    served("unknown root, sent along", 19, lambda mint: (mint.leaf(issuer=(ca := stranger(mint))[1]), ca[1], ca[0])),
    served("unknown root of the name of a trusted one", 20, lambda mint: (
        mint.leaf(issuer=(ca := mint.ca("CA of a false root", mint.ca("Zoo Root CA")))), ca)),
    served("self-signed", 18, lambda mint: (own(mint),)),
    served("self-signed and for another name", 18, lambda mint: (own(mint, san=dns("other.example.net")),), host=False),
    served("self-signed and expired", 18, lambda mint: (own(mint, days=(-60, -30)),), 10),
    served("self-signed CA", 18, lambda mint: (own(mint, ca=True, usage=("digital_signature", "key_cert_sign")),)),
    served("self-signed and trusted", 0, lambda mint: (mint.trust(own(mint, "Own, trusted")),)),
    served("self-signed, trusted and expired", 10, lambda mint: (mint.trust(own(mint, "Own, expired", days=(-60, -30))),)),
    served("self-signed, with a right intermediate", 18, lambda mint: (own(mint), mint.intermediate)),
    served("leaf itself among the roots", 20, lambda mint: (mint.trust(mint.leaf(issuer=stranger(mint)[1])),), 21),
    served("only the intermediate among the roots", 2, only_the_intermediate_is_trusted),
    issuing("expired intermediate", 10, days=(-400, -30)),
    issuing("intermediate not yet valid", 9, days=(30, 400)),
    issuing("expired root", 10, root=dict(days=(-4000, -10))),
    issuing("root not yet valid", 9, root=dict(days=(10, 4000))),
    issuing("expired leaf below an expired intermediate", 10, days=(-400, -30), leaf=dict(days=(-60, -40))),
    served("expired intermediate and its valid twin", 0, lambda mint: twins(mint, (-400, -30), (-10, 400))),
    served("valid intermediate and its expired twin", 0, lambda mint: twins(mint, (-10, 400), (-400, -30))),
    served("two twins, both expired", 10, lambda mint: twins(mint, (-400, -30), (-500, -20))),
    served("cross-signed by an expired root, the new root trusted", 0, lambda mint: renewed_root(mint, (-4000, -10))),
    served("cross-signed, valid, by an expired root, the new root trusted", 0, lambda mint: renewed_root(mint, (-4000, 100))),
    served("cross-signed by an expired root, the new root not trusted", 10, lambda mint: renewed_root(mint, (-4000, -11), False)),
    served("the new root trusted, nothing cross-signed sent", 0, lambda mint: renewed_root(mint, (-4000, -12), send_cross=False)),
    served("neither cross-signed nor trusted", 20, lambda mint: renewed_root(mint, (-4000, -13), False, False)),
    served("intermediate of the same name with another key", 20, lambda mint: impostor(mint, True), 21),
    served("the same, without key identifiers", 7, lambda mint: impostor(mint, False)),
    issuing("intermediate that is no CA", 79, 26, ca=False),
    issuing("intermediate without basic constraints", 79, 32, without=(x509.BasicConstraints,), usage=("digital_signature",)),
    issuing("intermediate of version 1", 79, 26, tweak=version_1),
    issuing("intermediate without the right to sign", 79, 32, usage=("crl_sign",)),
    issuing("intermediate without key usage", 0, without=(x509.KeyUsage,)),
    issuing("intermediate for clients only", 26, extended=(CLIENT,)),
    issuing("intermediate for servers", 0, extended=(SERVER,)),
    issuing("intermediate with an unknown critical extension", 34, more=[
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\x05\x00"), True)]),
    issuing("path length exceeded", 25, root=dict(path_length=0)),
    issuing("path length just enough", 0, root=dict(path_length=1), path_length=0),
    issuing("name permitted", 0, more=constraints(dns("example.com"))),
    issuing("name not permitted", 47, more=constraints(dns("example.net"))),
    issuing("one of two names not permitted", 47, names=(NAME, "www.example.org"), more=constraints(dns("example.com"))),
    issuing("name excluded", 48, more=constraints(None, dns("example.com"))),
    issuing("another name excluded", 0, more=constraints(None, dns("example.net"))),
    issuing("address not permitted", 47, names=(NAME, "192.0.2.7"), more=constraints(network("198.51.100.0/24"))),
    issuing("address permitted", 0, names=(NAME, "192.0.2.7"), more=constraints(network("192.0.2.0/24"))),
    issuing("wildcard below a permitted name", 0, names=("*.example.com",), more=constraints(dns("example.com"))),
    issuing("wildcard of an excluded name", 48, names=("*.example.com",), more=constraints(None, dns("example.com"))),
    issuing("name constraints of the root", 47, root=dict(more=constraints(dns("example.net")))),
    served("signature of the leaf broken", 7, lambda mint: (flipped(mint.leaf()), mint.intermediate)),
    served("signature of the intermediate broken", 7, lambda mint: (mint.leaf(issuer=(ca := mint.ca("Flipped", mint.root))), flipped(ca))),
    served("signature of the trusted root broken", 0, lambda mint: (mint.leaf(issuer=mint.trust(flipped(mint.ca("Flipped Root")))),)),
    served("chain of 8 KB", 0, lambda mint: padded(mint, 8000)),
    served("chain of 60 KB", 0, lambda mint: padded(mint, 60000)),
    failing("chain of 200 KB", "handshake", lambda mint: mint.serve(*padded(mint, 200000))),
]
