# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at endpoints: sockets in, frozen Observations out, no opinion. PRIVATE to the collection.

One verifying SSLContext serves all endpoints of one key_type, because making one costs thirty times a handshake. Each look is a full
handshake: no session is ever offered for resumption, so a replaced certificate is always seen.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import socket
import ssl
import threading
import time

from .._errors import InputError
from .model import Failure, Observation

_DER = 2  # _ssl.ENCODING_DER
_ERRNO_KINDS = {
    "unreachable": (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM),
    "refused": (errno.ECONNREFUSED,),
    "timeout": (errno.ETIMEDOUT,),
    "reset": (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN),
}
_SIGNATURES = {
    "rsa": "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512",
    "ecdsa": "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512",
}
_PROTOCOL_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNSUPPORTED_PROTOCOL", "RECORD_LAYER_FAILURE",
                     "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE", "BAD_RECORD_TYPE", "UNKNOWN_PROTOCOL", "WRONG_SSL_VERSION")


class Prober:
    """Looks at many endpoints at once. timeout: seconds for one connection with its handshake; parallel: threads.

    ca_path: file or folder with the roots to trust, None for the system's. Raises InputError when it cannot be used.
    """

    def __init__(self, ca_path=None, timeout=10.0, parallel=16, resolve=socket.getaddrinfo):
        self._timeout, self._parallel, self._resolve, self._ca_path = timeout, parallel, resolve, ca_path
        self._contexts, self._seen = {}, {}
        self._prepare("")

    def _prepare(self, key_type):
        """Contexts for handshakes that verify, and that do not."""
        if key_type not in self._contexts:
            self._contexts[key_type] = tuple(_offering(_context(mode), key_type) for mode in (ssl.CERT_REQUIRED, ssl.CERT_NONE))
            _trust(self._contexts[key_type][0], self._ca_path)

    def look(self, endpoints):
        """For each endpoint, in order, a list with an Observation of every address that it has (A and AAAA)."""
        for endpoint in endpoints:
            self._prepare(endpoint.key_type)
        hosts = list(dict.fromkeys((endpoint.address, endpoint.port) for endpoint in endpoints))
        places = dict(zip(hosts, spread(self._places, hosts, self._parallel)))
        jobs = [(number, endpoint, place) for number, endpoint in enumerate(endpoints)
                for place in places[endpoint.address, endpoint.port]]
        seen = [[] for endpoint in endpoints]
        for job, observation in zip(jobs, spread(self._observe, jobs, self._parallel)):
            seen[job[0]].append(observation)
        return seen

    def _places(self, host):
        """(family, socket address) of every address; a Failure alone when the name cannot be resolved."""
        try:
            found = self._resolve(host[0], host[1], type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return [Failure("dns", getattr(error, "strerror", None) or str(error))]
        return list(dict.fromkeys((item[0], item[4]) for item in found)) or [Failure("dns", "the name has no address")]

    def _observe(self, job):
        endpoint, place = job[1:]
        if isinstance(place, Failure):
            return Observation(endpoint.name, endpoint.address, endpoint.port, failure=place)
        seen, times = dict(name=endpoint.name, address=place[1][0], port=endpoint.port), {}
        try:
            seen.update(self._handshake(self._contexts[endpoint.key_type][0], endpoint.name, place, times), verify_code=0, verify_text="ok")
        except ssl.SSLCertVerificationError as error:
            seen.update(verify_code=error.verify_code, verify_text=error.verify_message)
            seen.update(self._unverified(endpoint, place))
        except OSError as error:
            seen["failure"] = failure_of(error, "connect" in times)
        return Observation(times=tuple(times.items()), **seen)

    def _unverified(self, endpoint, place):
        """What a server shows whose certificate is not trusted. Verification fails before Python shows any of it, hence a second look."""
        try:
            return self._handshake(self._contexts[endpoint.key_type][1], endpoint.name, place, {})
        except OSError:
            return {}  # verify_code has been seen, and tells more than a second look that failed

    def _handshake(self, context, name, place, times):
        """Fields of the Observation that a completed handshake gives; the socket is closed whatever happens."""
        begin = time.perf_counter()
        sock = socket.socket(place[0], socket.SOCK_STREAM)
        try:
            sock.settimeout(self._timeout)
            sock.connect(place[1])
            connected = time.perf_counter()
            times["connect"] = round((connected - begin) * 1000, 1)
            sock.settimeout(max(self._timeout - (connected - begin), 0.001))
            sock = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            sock.do_handshake()
            times["handshake"] = round((time.perf_counter() - connected) * 1000, 1)
            seen = self._read(sock)
            _take_leave(sock)
            return seen
        finally:
            sock.close()

    def _read(self, sock):
        leaf = sock.getpeercert(True)
        served, trusted = _chain(sock, "get_unverified_chain"), None
        if sock.context.verify_mode == ssl.CERT_REQUIRED:
            trusted = _chain(sock, "get_verified_chain")
        return dict(
            version=sock.version(), cipher=sock.cipher()[0], chain_known=served is not None, chain=self._once(served or [leaf]),
            trusted=self._once(trusted), sha256=hashlib.sha256(leaf).hexdigest(), sha1=hashlib.sha1(leaf).hexdigest())

    def _once(self, chain):
        """The same chain as one object however many endpoints serve it: thousands of copies would fill the memory."""
        return None if chain is None else self._seen.setdefault(tuple(chain), tuple(chain))


def spread(work, items, parallel):
    """[work(item) for item in items] by several threads; the first exception ends it and is raised here."""
    results, errors, numbers = [None] * len(items), [], itertools.count()

    def labour():
        for number in numbers:  # next() of a count is atomic, so each number goes to one thread
            if number >= len(items) or errors:
                return
            try:
                results[number] = work(items[number])
            except BaseException as error:  # raised again below, in the thread that asked
                errors.append(error)

    threads = [threading.Thread(target=labour, daemon=True) for unused in range(min(parallel, len(items)) - 1)]
    for thread in threads:
        thread.start()
    labour()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def failure_of(error, connected):
    """Type and words for what kept us from seeing a certificate. connected: whether the TCP connection had come about."""
    phase = "during the TLS handshake" if connected else "while connecting"
    if isinstance(error, socket.timeout) or error.errno in _ERRNO_KINDS["timeout"]:
        return Failure("timeout", "no answer " + phase)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or getattr(error, "reason", "") == "UNEXPECTED_EOF_WHILE_READING":
        return Failure("reset", "the connection was closed " + phase)
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        words = reason.lower().replace("_", " ") or str(error)
        if reason.startswith(("TLSV1_", "TLSV13_", "SSLV3_ALERT_")):
            return Failure("alert", "the server ended the handshake with the TLS alert '%s'" % words.split(" ", 1)[1].replace("alert ", ""))
        return Failure("protocol" if reason in _PROTOCOL_REASONS else "handshake", "the TLS handshake failed: " + words)
    for kind, numbers in _ERRNO_KINDS.items():
        if error.errno in numbers:
            return Failure(kind, "%s %s" % ((error.strerror or kind).lower(), phase))
    return Failure("handshake" if connected else "unreachable", "%s %s" % (error.strerror or error, phase))


def _context(mode):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # judged by judge.py, so that verify_code stays that of s_client
    context.verify_mode = mode
    return context


def _offering(context, key_type):
    """The context; with a key_type, one that takes no certificate with another key.

    Before Python 3.15 that is said by the ciphers, which in TLS 1.3 say nothing about it.
    """
    if key_type:
        context.set_ciphers("a%s:!eNULL:!PSK:!SRP" % key_type.upper())
        if hasattr(context, "set_server_sigalgs"):
            context.set_server_sigalgs(_SIGNATURES[key_type])
        else:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _trust(context, ca_path):
    if not ca_path:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(ca_path) else "cafile": ca_path})
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InputError("ca_path %s cannot be used: %s. It must be a file with CA certificates in PEM form, or a folder of such files "
                         "prepared with 'openssl rehash', on the machine that makes the handshakes."
                         % (ca_path, getattr(error, "reason", None) or getattr(error, "strerror", None) or error)) from error


def _chain(sock, getter):
    """A chain as a list of DER, or None. Public from Python 3.13; the inner object has it from 3.10."""
    public = getattr(sock, getter, None)
    if public is not None:
        return public()
    inner = getattr(sock._sslobj, getter, None)
    return None if inner is None else [certificate.public_bytes(_DER) for certificate in inner()]


def _take_leave(sock):
    """Send close_notify without waiting for the server's, so that its log shows no broken connection."""
    sock.settimeout(0)
    try:
        sock.unwrap()
    except (OSError, ValueError):
        return  # its own close_notify is not there yet, as expected, or it has hung up
