# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: the only user of requests. PRIVATE to the collection.

Kept-alive connections that share one TLS context, always verified; no redirects; time-outs and a total deadline; retries only of
what is safe to repeat; and a guard that refuses writes in check mode.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
import traceback
from collections import namedtuple
from urllib.parse import urlsplit

from .._errors import ApiError, InputError, MissingLibrary, MutationInCheckMode, OutcomeUnknown, TransportError
from .._wait import backoff

try:
    import requests
    from requests.adapters import HTTPAdapter
    IMPORT_ERROR = None
except ImportError:
    HTTPAdapter = object
    IMPORT_ERROR = traceback.format_exc()

# Refused before anything was done, so that even a write may be sent again (source: the vendor's error tables, and the retry
# lists of its terraform provider)
BUSY = frozenset((
    "SystemBusy", "OperationBusy", "ServiceIsConfiguring", "ServiceIsStopping", "BackendServer.configuring", "ServiceBusy",
    "OperationFailed.ListenerStatusNotSupport", "DomainExtensionProcessing", "FlowControlError", "LastOperationNotFinished",
    "IdempotenceProcessing", "IncorrectStatus.Listener", "IncorrectStatus.listener", "ResourceInConfiguring.Listener",
    "IncorrectBusinessStatus.LoadBalancer", "IncorrectStatus.LoadBalancer", "IncorrectStatus.loadbalancer", "VipStatusNotSupport",
    "LockFailed", "StateError.Accelerator", "StateError.Listener", "NotActive.Listener", "GA_NOT_STEADY",
    "Waf.Pullin.ResourceProcessing", "Conflict.Lock", "Site.ServiceBusy", "TooManyRequests", "QpsLimitExceeded",
    "MetaOperationQpsLimitExceeded", "TotalQpsLimitExceeded", "-22001", "-22031", "-21020"))
ATTEMPTS_TO_CONNECT = 3
# In what OpenSSL says when a connection breaks, which may be after the request was sent
MID_STREAM = ("EOF occurred", "BAD_RECORD_MAC", "BAD_MAC", "DECRYPTION_FAILED", "BAD_LENGTH")

Answer = namedtuple("Answer", "status headers body")  # header names in lower case
Request = namedtuple("Request", "method url headers body timeouts", defaults=(None,))  # signed; body is bytes; timeouts: its own
METADATA = "100.100.100.200"  # the ECS instance's own metadata service


class _SharedContextAdapter(HTTPAdapter):
    """Hands every pool the same SSLContext: loading a CA bundle anew costs 16 ms a connection."""

    def __init__(self, context, size):
        self._context = context
        super().__init__(pool_connections=8, pool_maxsize=size, max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        return super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy, **kwargs):
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn, url, verify, cert):
        conn.cert_reqs = "CERT_REQUIRED"  # the roots are in the shared context already


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_endpoint(url):
    """The url without a trailing slash. Raises InputError unless it is https://host[:port]."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise InputError("The endpoint '%s' is not of the form https://host[:port]; plain http is never used for the API." % url)
    return url.rstrip("/")


class Transport:
    """Sends requests; ``read_only`` refuses whatever writes. Times are seconds; clock and sleep can be injected."""

    def __init__(self, ca_path, connect_timeout, read_timeout, deadline, parallel, read_only, clock=time.monotonic, sleep=time.sleep):
        if IMPORT_ERROR:
            raise MissingLibrary("requests", IMPORT_ERROR)
        self.read_only, self._timeouts, self._deadline = read_only, (connect_timeout, read_timeout), deadline
        self._clock, self._sleep = clock, sleep
        try:
            context = ssl.create_default_context(cafile=ca_path or requests.certs.where())
        except (OSError, ssl.SSLError) as error:
            raise InputError("api_ca_path: the file '%s' cannot be used: %s." % (ca_path, error)) from error
        self._session = requests.Session()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE and .netrc must not change whom we trust or who we are
        self._session.mount("https://", _SharedContextAdapter(context, max(parallel, 1)))

    def close(self):
        self._session.close()

    def exchange(self, what, build, parse, writes, repeatable):
        """Send what build() makes (anew each time: date and nonce must be fresh) until parse(answer) accepts it.

        A write that is not repeatable is sent twice only if the cloud said that it did nothing. Raises ApiError, TransportError,
        or OutcomeUnknown for a write whose answer was lost.
        """
        if writes and self.read_only:
            raise MutationInCheckMode("Bug: %s would write, and this is check mode. Please report it." % what)
        safe, ends, unconnected = repeatable or not writes, self._clock() + self._deadline, 0
        for delay in backoff(0.25, 8):
            try:
                return parse(self._send(build(), what))
            except ApiError as error:
                again = "Throttling" in error.code or error.code in BUSY or (safe and (error.status or 0) >= 500)
                delay, reason = max(delay, error.wait), error
            except OutcomeUnknown as error:
                again, reason = safe, error
            except TransportError as error:
                unconnected += 1
                again, reason = unconnected < ATTEMPTS_TO_CONNECT and not error.final, error
            if not again or self._clock() + delay > ends:
                raise reason
            self._sleep(delay)

    def _send(self, request, what):
        parts, errors = urlsplit(request.url), requests.exceptions
        where = "%s at %s" % (what, parts.netloc)
        proxies = {} if parts.hostname == METADATA or is_loopback(parts.hostname) else requests.utils.get_environ_proxies(request.url)
        try:
            answer = self._session.request(request.method, request.url, data=request.body or None, headers=request.headers,
                                           timeout=request.timeouts or self._timeouts, allow_redirects=False, proxies=proxies)
        except errors.SSLError as error:
            if any(word in str(error) for word in MID_STREAM):
                raise OutcomeUnknown("%s: the answer did not come whole: %s." % (where, _cause(error))) from error
            raise TransportError("%s: TLS to the API failed: %s. If the endpoint uses a private CA, set api_ca_path." % (
                where, _cause(error)), final=True) from error
        except errors.RequestException as error:
            if isinstance(error, (errors.ConnectTimeout, errors.ProxyError)) or "NewConnectionError" in repr(error) or (
                    "NameResolutionError" in repr(error)):
                raise TransportError("%s: no connection: %s. Check endpoints, name resolution, proxy and firewall." % (
                    where, _cause(error))) from error
            raise OutcomeUnknown("%s: the answer did not come: %s." % (where, _cause(error))) from error
        return Answer(answer.status_code, dict((name.lower(), value) for name, value in answer.headers.items()), answer.content)


def _cause(error):
    """The innermost reason in one line; the outer ones repeat the URL and object addresses."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
    return " ".join(str(error).rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1].split()) or type(error).__name__
