# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at endpoints: sockets in, frozen Observations out, no opinion. PRIVATE to the collection.

One verifying SSLContext serves all endpoints that are offered the same, because making one costs thirty times a handshake. Each look is a
full handshake: no session is ever offered for resumption, so a replaced certificate is always seen.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
import socket
import ssl
import threading
import time

from .loop import READ, WRITE, Loop
from .model import Failure, Observation
from .offers import Contexts

_DER = 2  # _ssl.ENCODING_DER
_ERRNO_KINDS = {
    "unreachable": (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM),
    "refused": (errno.ECONNREFUSED,),
    "timeout": (errno.ETIMEDOUT,),
    "reset": (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN),
}
_PROTOCOL_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNSUPPORTED_PROTOCOL", "RECORD_LAYER_FAILURE",
                     "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE", "BAD_RECORD_TYPE", "UNKNOWN_PROTOCOL", "WRONG_SSL_VERSION")
_OWN_REASONS = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_CIPHER_MATCH")  # nothing was sent
_CANNOT_OFFER = "this machine's OpenSSL cannot offer "


class Refusal(OSError):
    """TLS was not begun because of what was said before. failure: a Failure."""

    def __init__(self, kind, detail):
        super().__init__(detail)
        self.failure = Failure(kind, detail)


class Prober:
    """Looks at many endpoints at once. timeout: seconds for one connection with its handshake; parallel: how many are under way.

    ca_path   file or folder with the roots to trust, None for the system's
    resolve   as socket.getaddrinfo; it is asked for what is not an address
    stores    {name: path} of other roots, for Endpoint.store
    client    (path of a certificate, path of its key or None, passphrase or None) for servers that ask for one
    preamble  function(endpoint) -> generator of what is said before TLS, or None; see dialogs.py
    proxy     (host, port) to connect to in place of every endpoint; that it connects further is said by the preamble

    Raises InputError when a file cannot be used.
    """

    def __init__(self, ca_path=None, timeout=10.0, parallel=64, resolve=socket.getaddrinfo, stores=None, client=None, preamble=None,
                 proxy=None):
        self._timeout, self._parallel, self._resolve, self._preamble, self._proxy = timeout, parallel, resolve, preamble, proxy
        self._contexts, self._seen = Contexts(dict(stores or {}, **{"": ca_path}), client), {}

    def look(self, endpoints):
        """For each endpoint, in order, a list with an Observation of every address that it has (A and AAAA)."""
        places = self._places(list(dict.fromkeys((endpoint.address, endpoint.port) for endpoint in endpoints)))
        jobs = [(number, endpoint) + place for number, endpoint in enumerate(endpoints)
                for place in places[endpoint.address, endpoint.port]]
        seen = [[] for endpoint in endpoints]
        for job, observation in zip(jobs, Loop(self._timeout, self._parallel).run(self._observe, jobs)):
            seen[job[0]].append(observation)
        return seen

    def _places(self, hosts):
        """{(host, port): [(address, ways to it, milliseconds or None)]}.

        ways: pairs of family and socket address, the first of which that takes a connection counts; or a Failure.
        """
        if self._proxy:
            place = literal(*self._proxy)
            found, spent = ([place], None) if place else self._resolved(self._proxy)
            ways = Failure("proxy", "the proxy %s: %s" % (self._proxy[0], found.detail)) if isinstance(found, Failure) else tuple(found)
            return dict((host, [(host[0], ways, spent)]) for host in hosts)
        places = dict((host, literal(*host)) for host in hosts)
        names = [host for host, place in places.items() if not place]
        places = dict((host, [(place[1][0], (place,), None)]) for host, place in places.items() if place)
        for host, (found, spent) in zip(names, spread(self._resolved, names, self._parallel)):
            places[host] = ([(host[0], found, spent)] if isinstance(found, Failure)
                            else [(place[1][0], (place,), spent) for place in found])
        return places

    def _resolved(self, host):
        """((family, socket address) of every address, or a Failure; milliseconds)."""
        begin = time.perf_counter()
        try:
            found = self._resolve(host[0], host[1], type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found, failure = (), Failure("dns", getattr(error, "strerror", None) or str(error))
        else:
            failure = Failure("dns", "the name has no address")
        return list(dict.fromkeys((item[0], item[4]) for item in found)) or failure, _since(begin)

    def _observe(self, job):
        """Work for the Loop: one Observation."""
        endpoint, address, ways, spent = job[1:]
        seen, times = dict(name=endpoint.name, address=address, port=endpoint.port), {}
        if spent is not None:
            times["resolve"] = spent
        if isinstance(ways, Failure):
            seen["failure"] = ways
        else:
            yield from self._verified(_offer(endpoint), endpoint, ways, seen, times)
        return Observation(times=tuple(times.items()), **seen)

    def _verified(self, offer, endpoint, ways, seen, times):
        """A handshake that verifies, and what else it takes to fill seen and times."""
        verifying, lenient = self._contexts(offer) or (None, None)
        if not verifying:
            seen["failure"] = Failure("protocol", _CANNOT_OFFER + (endpoint.tls_version or endpoint.key_type))
            return
        try:
            yield from self._handshake(verifying, endpoint, ways, seen, times)
        except ssl.SSLCertVerificationError as error:
            seen.update(verify_code=error.verify_code, verify_text=error.verify_message)
            # It failed before Python shows any of the chain, hence a second look. If that fails too, the code still tells more.
            with contextlib.suppress(OSError, ValueError):
                yield from self._handshake(lenient, endpoint, ways, seen, {})
        except (OSError, ValueError) as error:
            if offer[3] and "NO_APPLICATION_PROTOCOL" in _reason(error):  # what listens there is not for the web
                yield from self._verified(offer[:3] + (False,), endpoint, ways, seen, times)
            else:
                seen["failure"] = _failure(error, "connect" in times, endpoint.tls_version)

    def _handshake(self, context, endpoint, ways, seen, times):
        """Fill seen and times with what one connection shows; its socket is closed whatever happens."""
        sock = yield from self._connected(ways, times)
        try:
            dialog = self._preamble and self._preamble(endpoint)
            if dialog:
                yield from _converse(sock, dialog)
            begin, wanted = time.perf_counter(), READ
            sock = context.wrap_socket(sock, server_hostname=_server_name(endpoint), do_handshake_on_connect=False)
            # the inner object, where there is one: what the outer one asks the system before each step is known here
            agree = (sock._sslobj or sock).do_handshake
            while True:
                try:
                    agree()
                    break
                except ssl.SSLWantReadError:
                    wanted = READ
                except ssl.SSLWantWriteError:
                    wanted = WRITE
                yield wanted
            times["handshake"] = _since(begin)
            self._read(sock, seen)
            _take_leave(sock)
        except ssl.SSLCertVerificationError:
            raise
        except OSError:  # a server may show its certificate, and then refuse ours
            if isinstance(sock, ssl.SSLSocket):
                with contextlib.suppress(OSError, ValueError):  # it has shown none
                    self._read(sock, seen)
            raise
        finally:
            sock.close()

    def _connected(self, ways, times):
        """A connected socket."""
        for left, (family, where) in enumerate(ways, 1 - len(ways)):
            sock = yield (family,)
            try:
                begin = time.perf_counter()
                code = sock.connect_ex(where)
                if code == errno.EINPROGRESS:
                    yield WRITE
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    raise OSError(code, os.strerror(code))
                times["connect"] = _since(begin)
                return sock
            except OSError as error:
                sock.close()
                if not left:
                    raise (Refusal("proxy", failure_of(error, False).detail + " to the proxy") if self._proxy else error) from None
            except BaseException:
                sock.close()
                raise

    def _read(self, sock, seen):
        served, cipher = _chain(sock, "get_unverified_chain"), sock.cipher()
        leaf = served[0] if served else sock.getpeercert(True)
        if sock.context.verify_mode == ssl.CERT_REQUIRED:
            seen.update(verify_code=0, verify_text="ok", trusted=self._once(_chain(sock, "get_verified_chain")))
        seen.update(
            version=sock.version(), cipher=cipher and cipher[0], alpn=sock.selected_alpn_protocol(), chain_known=served is not None,
            chain=self._once(served or [leaf]), sha256=hashlib.sha256(leaf).hexdigest(), sha1=hashlib.sha1(leaf).hexdigest())

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


def failure_of(error, connected, phase=""):
    """Type and words for what kept us from seeing a certificate. connected: whether the TCP connection had come about."""
    phase = phase or ("during the TLS handshake" if connected else "while connecting")
    if isinstance(error, Refusal):
        return error.failure
    if isinstance(error, socket.timeout) or getattr(error, "errno", None) in _ERRNO_KINDS["timeout"]:
        return Failure("timeout", "no answer " + phase)
    reason = _reason(error)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or reason == "UNEXPECTED_EOF_WHILE_READING":
        return Failure("reset", "the connection was closed " + phase)
    if isinstance(error, ssl.SSLError):
        words = reason.lower().replace("_", " ")
        if reason.startswith(("TLSV1_", "TLSV13_", "SSLV3_ALERT_")):
            return Failure("alert", "the server ended the handshake with the TLS alert '%s'" % words.split(" ", 1)[1].replace("alert ", ""))
        return Failure("protocol" if reason in _PROTOCOL_REASONS else "handshake", "the TLS handshake failed: " + words)
    if not isinstance(error, OSError):  # a name that cannot be sent
        return Failure("handshake", "the TLS handshake failed: %s" % error)
    for kind, numbers in _ERRNO_KINDS.items():
        if error.errno in numbers:
            return Failure(kind, "%s %s" % ((error.strerror or kind).lower(), phase))
    return Failure("handshake" if connected else "unreachable", "%s %s" % (error.strerror or error, phase))


def _reason(error):
    """OpenSSL's reason, as Python spells it, which has no word for newer ones."""
    if not isinstance(error, ssl.SSLError):
        return ""
    words = error.strerror or str(error)
    return getattr(error, "reason", None) or re.sub(r"^\[\w*\] | \(_ssl\.c:\d+\)$", "", words).upper().replace(" ", "_")


def _failure(error, connected, version):
    if version and _reason(error) in _OWN_REASONS:
        return Failure("protocol", _CANNOT_OFFER + version)
    return failure_of(error, connected)


def _converse(sock, dialog):
    """Carry what is said before TLS. dialog: yields bytes to send, is sent bytes as they come, b"" at their end; see dialogs.py."""
    try:
        words = next(dialog)
        while True:
            yield from _send(sock, words)
            yield READ
            words = dialog.send(sock.recv(4096))
    except StopIteration as end:
        yield from _send(sock, end.value or b"")
    except OSError as error:
        failure = failure_of(error, True, "before the TLS handshake")
        raise Refusal(failure.kind, failure.detail) from error
    finally:
        dialog.close()


def _send(sock, words):
    while words:
        yield WRITE
        words = words[sock.send(words):]


def _server_name(endpoint):
    """What to send as SNI, None for nothing. In bytes, because Python would look for international names in all text, which takes time."""
    name = endpoint.name if endpoint.sni is None else endpoint.sni
    return name.encode("ascii" if name.isascii() else "idna") if name else None


def literal(host, port):
    """(family, socket address) of an address, None for a name."""
    for family, rest in ((socket.AF_INET, ()), (socket.AF_INET6, (0, 0))):
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return family, (host, port) + rest
    return None


def _since(begin):
    """Milliseconds."""
    return round((time.perf_counter() - begin) * 1000, 1)


def _offer(endpoint):
    """Which contexts it needs: store, kind of key, version, whether with ALPN, which is for HTTPS."""
    return endpoint.store, endpoint.key_type, endpoint.tls_version, not endpoint.starttls


def _chain(sock, getter):
    """A chain as a list of DER, or None. Public from Python 3.13; the inner object has it from 3.10."""
    public = getattr(sock, getter, None)
    if public is not None:
        return public()
    inner = getattr(sock._sslobj, getter, None)
    return None if inner is None else [certificate.public_bytes(_DER) for certificate in inner() or ()]


def _take_leave(sock):
    """Send close_notify without waiting for the server's, so that its log shows no broken connection."""
    try:
        sock._sslobj.shutdown()
    except (OSError, ValueError):
        return  # its own close_notify is not there yet, as expected, or it has hung up
