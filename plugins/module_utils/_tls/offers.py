# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handshake offers and whom it trusts: SSLContexts, each made once. PRIVATE to the collection."""

from __future__ import annotations

import os
import ssl
import warnings

from .._errors import InputError

_SIGNATURES = {
    "rsa": "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512",
    "ecdsa": "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512",
}
KEY_TYPES = tuple(_SIGNATURES)


class Contexts:
    """Pairs of SSLContexts. stores: {name: path of the roots}; client: as for the Prober. Raises InputError when a file cannot be used."""

    def __init__(self, stores, client=None):
        self._stores, self._client, self._made = stores, client, {}
        for store in stores:
            self((store, "", "", True))

    def __call__(self, offer):
        """One for handshakes that verify, and one for those that do not; none if OpenSSL does not have it.

        offer: name of the store, kind of key, version, whether with ALPN.
        """
        if offer not in self._made:
            self._made[offer] = self._make(*offer)
        return self._made[offer]

    def _make(self, store, *offer):
        try:
            pair = tuple(_offering(_context(mode), *offer) for mode in (ssl.CERT_REQUIRED, ssl.CERT_NONE))
        except (ssl.SSLError, ValueError):
            return ()
        _trust(pair[0], self._stores[store], "trust store %s:" % store if store else "ca_path")
        for context in pair if self._client else ():
            _introduce(context, *self._client)
        return pair


def _context(mode):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # judged by judge.py, so that verify_code stays that of s_client
    context.verify_mode = mode
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # which Python 3.9 leaves to the system
    return context


def _offering(context, key_type, version="", alpn=False):
    """The context; with a key_type, one that takes no certificate with another key; with a version, one that offers no other.

    Before Python 3.15 the kind of key is said by the ciphers, which in TLS 1.3 say nothing about it.
    """
    ciphers = [ciphers_of(key_type)]
    if key_type:
        if hasattr(context, "set_server_sigalgs"):
            context.set_server_sigalgs(_SIGNATURES[key_type])
        else:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
    if version in ("TLSv1", "TLSv1.1"):
        ciphers.append("@SECLEVEL=0")  # OpenSSL 3 has none for them above
    context.set_ciphers(":".join(ciphers))
    if version:
        _limit(context, ssl.TLSVersion[version.replace(".", "_")])
    if alpn:
        context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def ciphers_of(key_type):
    """For certificates with this kind of key, or any; OpenSSL's list, because Python's own has no RSA key exchange."""
    return "a%s:!eNULL:!PSK:!SRP" % key_type.upper() if key_type else "DEFAULT"


def _limit(context, version):
    """Offer this version and no other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for to see that they are refused
        context.minimum_version = version
        if context.maximum_version in (ssl.TLSVersion.MAXIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_3) or version < context.maximum_version:
            context.maximum_version = version


def _introduce(context, certificate, key, passphrase):
    """Let the context show a client certificate. Without a passphrase OpenSSL would ask for one at the terminal."""
    try:
        context.load_cert_chain(certificate, key, password=passphrase or "")
    except (OSError, ValueError) as error:
        raise InputError("client_certificate_path %s, client_private_key_path %s: cannot be used: %s. They must be a certificate and its "
                         "key in PEM form, on the machine that makes the handshakes, and client_private_key_passphrase that of the key."
                         % (certificate, key or certificate, getattr(error, "reason", None) or getattr(error, "strerror", None) or error)
                         ) from error


def _trust(context, path, what):
    if not path:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InputError("%s %s cannot be used: %s. It must be a file with CA certificates in PEM form, or a folder of such files "
                         "prepared with 'openssl rehash', on the machine that makes the handshakes."
                         % (what, path, getattr(error, "reason", None) or getattr(error, "strerror", None) or error)) from error
