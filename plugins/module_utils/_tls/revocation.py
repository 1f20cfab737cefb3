# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the issuer whether a leaf is revoked: OCSP, CRL. PRIVATE to the collection.

An answer counts only with the issuer's signature and in its time; without one the leaf is "unknown", never "good". The connections need
no TLS, because the answers are signed.
"""

from __future__ import annotations

import concurrent.futures
import threading

from . import crl, ocsp
from .certificate import need_cryptography
from .exchange import Deadline, Fetcher, NoAnswer
from .model import Revocation
from .signed import Unproved, issuer_of, load

_MOST_URLS = 3
_KINDS = {"ocsp": ("ocsp",), "crl": ("crl",), "any": ("ocsp", "crl")}
_NOWHERE = {"ocsp": "the certificate names no OCSP responder", "crl": "the certificate names no place of a complete CRL"}


class Revoker:
    """Whether certificates are revoked. timeout: seconds for one certificate, all in all; fetch: as Fetcher.

    May be called by several threads. Each list is fetched once and each certificate asked about once; a new Revoker asks anew.
    """

    def __init__(self, timeout=10.0, fetch=None):
        need_cryptography()
        self._timeout, self._fetch = timeout, fetch or Fetcher()
        self._answers, self._bodies, self._lists = Once(), Once(), Once()

    def __call__(self, chain, trusted, mode, now):
        """Revocation of the leaf. chain: as served, trusted: the path that was found or None (both DER, leaf first).

        mode: ocsp, crl, or any: OCSP is asked first, and the list only if it says neither good nor revoked.
        """
        deadline = Deadline(self._timeout)
        try:
            return self._answers((chain, trusted, mode), deadline, lambda: self._ask(chain, trusted, mode, now, deadline))
        except (Unproved, NoAnswer) as error:
            return Revocation("unknown", _KINDS[mode][0], detail=str(error))

    def _ask(self, chain, trusted, mode, now, deadline):
        if not chain:
            raise Unproved("no certificate was seen")
        leaf = load(chain[0])
        issuer = issuer_of(leaf, tuple(trusted or ())[1:] + tuple(chain[1:]))
        urls = dict((kind, (ocsp.responders if kind == "ocsp" else crl.places)(leaf)[:_MOST_URLS]) for kind in _KINDS[mode])
        ways, failed = [(kind, url) for kind in urls for url in urls[kind]], []
        for number, (kind, url) in enumerate(ways):
            found = self._try(kind, url, leaf, issuer, now, deadline.share(len(ways) - number))
            if found.status != "unknown":
                return found
            failed.append(found)
        if len(failed) == 1:
            return failed[0]
        words = ["%s: %s" % (found.url, found.detail) for found in failed] or [_NOWHERE[kind] for kind in urls]
        return Revocation("unknown", failed[0].source if failed else _KINDS[mode][0], failed[0].url if failed else "", "; ".join(words))

    def _try(self, kind, url, leaf, issuer, now, deadline):
        try:
            if kind == "ocsp":
                body = self._fetch(url, deadline, ocsp.LIMIT, ocsp.request(leaf, issuer), ocsp.CONTENT_TYPE)
                return ocsp.judge_response(body, leaf, issuer, now, url=url)
            found = self._lists((url, issuer), deadline, lambda: crl.read(self._body(url, deadline), issuer))
            return crl.judge_list(found, leaf, now, url)
        except (NoAnswer, Unproved) as error:
            return Revocation("unknown", kind, url, str(error))

    def _body(self, url, deadline):
        return self._bodies(url, deadline, lambda: self._fetch(url, deadline, crl.LIMIT))


class Once:
    """Has the work for each key done once, whoever asks first; the others wait for it, until their deadlines."""

    def __init__(self):
        self._lock, self._done = threading.Lock(), {}

    def __call__(self, key, deadline, work):
        """What ``work()`` returned or raised for this key; NoAnswer when another thread is not ready with it in time."""
        with self._lock:
            mine = key not in self._done
            future = self._done.setdefault(key, concurrent.futures.Future())
        if mine:
            try:
                future.set_result(work())
            except BaseException as error:  # raised below, in each thread that asked
                future.set_exception(error)
        try:
            return future.result(0 if mine else deadline.left())
        except (concurrent.futures.TimeoutError, OSError) as error:
            raise NoAnswer("timeout", "no answer in time") from error
