# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and signatures, from the usual ones to those that no client may take any more."""

from __future__ import annotations

import ssl

from tests.unit.tls.misconfigurations.case import Case, failing
from tests.unit.tls.misconfigurations.chains import issuing, served

TLS_1_2 = dict(maximum_version=ssl.TLSVersion.TLSv1_2)


def keyed(title, key, code=0, **settings):
    return Case(title, code, lambda mint: mint.serve(mint.leaf(key=key), **settings))


def signed(title, code, key="rsa", **shape):
    """A leaf signed by an intermediate that has an RSA key."""
    return served(title, code, lambda mint: (mint.leaf(issuer=(ca := mint.ca("CA of " + title, mint.root, "rsa")), key=key, **shape), ca))


def below_rsa_root(title, code, root=None, **shape):
    """shape: of the intermediate; root: of the root, which has an RSA key and is trusted."""
    def make(mint):
        above = mint.trust(mint.ca("Root of " + title, None, (root or {}).pop("key", "rsa"), **(root or {})))
        intermediate = mint.ca("CA of " + title, above, **shape)
        return mint.leaf(issuer=intermediate), intermediate

    return served(title, code, make)


CASES = [
    keyed("RSA 2048", "rsa"),
    keyed("RSA 4096", "rsa 4096"),
    keyed("RSA 8192", "rsa 8192"),
    keyed("RSA 1024", "rsa 1024", 66),
    keyed("RSA 512", "rsa 512", 66, **TLS_1_2),
    keyed("RSA-PSS key", "rsa pss"),
    keyed("RSA-PSS key, TLS 1.2", "rsa pss", **TLS_1_2),
    keyed("ECDSA P-256", "p256"),
    keyed("ECDSA P-384", "p384"),
    keyed("ECDSA P-521", "p521"),
    keyed("Ed25519", "ed25519"),
    keyed("Ed25519, TLS 1.2", "ed25519", **TLS_1_2),
    keyed("Ed448", "ed448"),
    failing("ECDSA secp256k1 in TLS 1.3", "alert", lambda mint: mint.serve(
        mint.leaf(key="secp256k1"), minimum_version=ssl.TLSVersion.TLSv1_3)),
    failing("ECDSA secp256k1 in TLS 1.2", "alert", lambda mint: mint.serve(mint.leaf(key="secp256k1"), **TLS_1_2)),
    failing("ECDSA P-192", "alert", lambda mint: mint.serve(mint.leaf(key="p192"), **TLS_1_2)),
    failing("DSA", "alert", lambda mint: mint.serve(mint.leaf(key="dsa"), **TLS_1_2)),
    signed("signed by SHA-1", 68, algorithm="sha1"),
    signed("signed by MD5", 68, algorithm="md5"),
    signed("signed by RSASSA-PSS", 0, pss=True),
    signed("RSA CA, ECDSA leaf", 0, key="p256"),
    below_rsa_root("intermediate signed by SHA-1", 68, algorithm="sha1"),
    below_rsa_root("intermediate signed by MD5", 68, algorithm="md5"),
    below_rsa_root("root signed by SHA-1", 0, root=dict(algorithm="sha1")),
    below_rsa_root("root signed by MD5", 0, root=dict(algorithm="md5")),
    below_rsa_root("root with RSA 1024", 67, root=dict(key="rsa 1024")),
    issuing("intermediate with RSA 1024", 67, key="rsa 1024"),
    issuing("intermediate with Ed25519", 0, key="ed25519"),
    issuing("intermediate with P-521", 0, key="p521"),
    issuing("intermediate with DSA 1024", 67, key="dsa"),
]
