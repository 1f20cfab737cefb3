# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches the OCSP response that a server staples to its handshake. PRIVATE to the collection.

Python's ssl can neither ask for it nor show it, hence a handshake of its own by pyOpenSSL, and only where staples are asked for.
"""

from __future__ import annotations

import contextlib
import traceback

from .._errors import MissingLibrary
from .certificate import need_cryptography
from .exchange import Deadline, NoAnswer, connected, during
from .model import Revocation
from .judge import is_address
from .ocsp import judge_response
from .offers import KEY_TYPES, ciphers_of
from .signed import Unproved, issuer_of, load

try:
    from OpenSSL import SSL
    PYOPENSSL_IMPORT_ERROR = None
except ImportError:
    PYOPENSSL_IMPORT_ERROR = traceback.format_exc()

_PIECE = 16 * 1024


class Stapler:
    """Looks for staples. timeout: seconds for one look; connect: as exchange.connected. May be called by several threads.

    Raises MissingLibrary when pyOpenSSL is not installed.
    """

    def __init__(self, timeout=10.0, connect=connected):
        need_cryptography()
        self._timeout, self._connect = timeout, connect
        self._contexts = dict((kind, context_for(kind)) for kind in ("",) + KEY_TYPES)

    def __call__(self, seen, now, sni=None, key_type=""):
        """Revocation that the staple proves of the leaf that was seen at this address.

        "unknown": there is a staple, and it proves nothing, or there is none (detail), or the look failed (detail begins with LOOK_FAILED).
        sni: what to send as server name, None for the endpoint's name, "" for nothing; key_type: as in an Endpoint.
        """
        name = seen.name if sni is None else sni
        try:
            response = staple_of(seen.address, seen.port, name, self._timeout, self._contexts[key_type], self._connect)
        except NoAnswer as error:
            return Revocation("unknown", "staple", detail="%s: %s" % (LOOK_FAILED, error))
        try:
            if response is None:
                raise Unproved("the server staples no OCSP response")
            leaf = load(seen.chain[0])
            issuer = issuer_of(leaf, tuple(seen.trusted or ())[1:] + tuple(seen.chain[1:]))
        except Unproved as error:
            return Revocation("unknown", "staple", detail=str(error))
        return judge_response(response, leaf, issuer, now, "staple")


LOOK_FAILED = "the look for a staple failed"


def staple_of(address, port, name, timeout, context=None, connect=connected):
    """The OCSP response (DER) that is stapled to a handshake, None if there is none. Raises NoAnswer. Verifies nothing itself."""
    deadline, found = Deadline(timeout), []
    connection = SSL.Connection(context or context_for(""))
    connection.set_app_data(found)
    connection.set_connect_state()
    connection.request_ocsp()
    if name and not is_address(name):
        connection.set_tlsext_host_name(name.encode("ascii"))
    with contextlib.closing(connect(address, port, deadline)) as sock:
        try:
            with during("during the TLS handshake"):
                _handshake(connection, sock, deadline)
                _take_leave(connection, sock)
        except NoAnswer:
            if not found:  # a server that then demands a certificate of the client has shown its staple before
                raise
    return found[0] if found and found[0] else None


def context_for(key_type):
    """A context that verifies nothing (the probe did) and hands each connection's staple to the list that is its app data.

    With a key_type the handshake is one of TLS 1.2, where the ciphers say it.
    """
    if PYOPENSSL_IMPORT_ERROR:
        raise MissingLibrary("pyOpenSSL", PYOPENSSL_IMPORT_ERROR)
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_ocsp_client_callback(_keep)
    if key_type:
        context.set_cipher_list(ciphers_of(key_type).encode("ascii"))
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    return context


def _keep(connection, response, _data):
    connection.get_app_data().append(response)
    return True  # go on, whatever it says


def _handshake(connection, sock, deadline):
    while True:
        try:
            connection.do_handshake()
            return _flush(connection, sock, deadline)
        except SSL.WantReadError:
            _flush(connection, sock, deadline)
        except SSL.Error as error:
            raise NoAnswer("handshake", "the TLS handshake failed: %s" % _reason(error)) from error
        sock.settimeout(deadline.left())
        piece = sock.recv(_PIECE)
        if not piece:
            raise NoAnswer("reset", "the connection was closed during the TLS handshake")
        connection.bio_write(piece)


def _flush(connection, sock, deadline):
    """Send what OpenSSL has to say."""
    sock.settimeout(deadline.left())
    with contextlib.suppress(SSL.WantReadError):  # it has nothing (more) to say
        while True:
            sock.sendall(connection.bio_read(_PIECE))


def _take_leave(connection, sock, deadline=None):
    """Send close_notify, so that the server's log shows no broken connection; that it does not arrive changes nothing."""
    with contextlib.suppress(SSL.Error, OSError):
        connection.shutdown()
        _flush(connection, sock, deadline or Deadline(1.0))


def _reason(error):
    """OpenSSL's words: the error is a list of (library, function, reason)."""
    found = [item[-1] for item in (error.args[0] if error.args else ()) if isinstance(item, tuple) and item[-1]]
    return found[-1] if found else type(error).__name__
