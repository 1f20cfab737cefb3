# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HTTP says at an address: the way from plain HTTP to HTTPS, and Strict-Transport-Security. No opinion. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import ssl
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from .exchange import REDIRECTS, Deadline, NoAnswer, ask, connected, during, plain
from .model import Failure, Web

MOST_HOPS = 10
_PORTS = {"http": 80, "https": 443}
_KEEP = "%!#$&'()*+,/:;=?@[]~"  # characters of a URL that quoting must leave alone


class WebClient:
    """Looks at web servers. timeout: seconds for one look with all its requests; connect: as exchange.connected; context: an SSLContext.

    The default one verifies nothing, because that was judged before. May be called by several threads.
    """

    def __init__(self, timeout=10.0, context=None, connect=connected):
        self._timeout, self._context, self._connect = timeout, context or unverifying(), connect

    def __call__(self, seen, policy, sni=None):
        """Web of one address, as far as the policy asks for it. seen: Observation; sni: as in an Endpoint.

        All connections go to the observed address. Redirects are followed from plain HTTP, if it has to lead to HTTPS, while they stay
        on the endpoint's host.
        """
        hsts, hsts_failure, steps, failure = None, None, (), None
        plain_too, deadline = policy.redirect or policy.refused, Deadline(self._timeout)
        if policy.hsts is not None:
            hsts, hsts_failure = self._hsts(seen, deadline.share(2 if plain_too else 1), sni)
        if plain_too:
            visit = _Visit(seen, lambda url: self._get(url, seen, deadline, sni))
            steps, failure = visit.walk(origin("http", seen.name, policy.http_port), MOST_HOPS if policy.redirect else 1)
        return Web(steps, failure, hsts, hsts_failure)

    def _hsts(self, seen, deadline, sni):
        """(header or None, Failure or None). The first answer counts, also if it is a redirect or an error, as for browsers."""
        try:
            headers = self._get(origin("https", seen.name, seen.port), seen, deadline, sni)[1]
        except NoAnswer as error:
            return None, error.failure
        return headers.get("Strict-Transport-Security"), None

    def _get(self, url, seen, deadline, sni):
        """(status, headers); NoAnswer."""
        parts = urlsplit(url)
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(contextlib.closing(self._connect(seen.address, parts.port or _PORTS[parts.scheme], deadline)))
            if parts.scheme == "https":
                with during("during the TLS handshake"):
                    sock.settimeout(deadline.left())
                    name = seen.name if sni is None else sni
                    sock = stack.enter_context(contextlib.closing(self._context.wrap_socket(sock, server_hostname=name or None)))
            return ask(sock, "GET", url, deadline)[:2]


class _Visit:
    """The way from one URL along redirects. get: URL -> (status, headers), or NoAnswer."""

    def __init__(self, seen, get):
        self._host, self._get, self._steps = seen.name, get, []

    def walk(self, url, most):
        """((URL, status, Location) …, why it ended before an answer that is no redirect, or None); Locations as absolute URLs.

        A redirect to another host is noted, and not followed.
        """
        gone = []
        while len(gone) < most:
            gone.append(urldefrag(url).url)
            try:
                url = self._step(url)
            except NoAnswer as error:
                words = error.failure.detail if len(gone) == 1 else "%s: %s" % (gone[-1], error.failure.detail)
                return tuple(self._steps), Failure(error.failure.kind, words)
            if not url:
                return tuple(self._steps), None
            if urldefrag(url).url in gone:
                return tuple(self._steps), Failure("protocol", "the redirects go round in a circle, back to %s" % url)
        return tuple(self._steps), Failure("protocol", "more than %d redirects" % most) if most > 1 else None

    def _step(self, url):
        """The next URL to ask, "" when there is none."""
        status, headers = self._get(url)
        location, malformed = headers.get("Location") or "", False
        if location:
            location, malformed = absolute(url, location)
        self._steps.append((url, status, location))
        if status not in REDIRECTS or not location:
            return ""
        if malformed:
            raise NoAnswer("protocol", "its Location is not a URL of HTTP: %.100s" % location)
        return location if urlsplit(location).hostname == urlsplit(origin("http", self._host, 80)).hostname else ""


def unverifying():
    """An SSLContext that takes any certificate and speaks HTTP/1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def origin(scheme, host, port):
    """URL of a server's root; the port only if it is not the scheme's own, as browsers have it."""
    place = "[%s]" % host if ":" in host else host
    return "%s://%s%s/" % (scheme, place, "" if port == _PORTS[scheme] else ":%d" % port)


def absolute(url, location):
    """(Location as absolute URL in ASCII, whether it is none that can be asked for)."""
    quoted = quote(location.strip().encode("latin-1", "replace"), safe=_KEEP)
    try:
        target = urljoin(url, quoted)
        return target, urlsplit(plain(target)).scheme not in _PORTS
    except ValueError:
        return quoted, True
