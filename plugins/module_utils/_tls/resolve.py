# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of names from chosen DNS servers instead of the system's; the only import of dnspython. PRIVATE to the collection."""

from __future__ import annotations

import re
import socket
import time
import traceback

from .._errors import InputError, MissingLibrary
from .probe import literal

try:
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode
    DNSPYTHON_IMPORT_ERROR = None
except ImportError:
    DNSPYTHON_IMPORT_ERROR = traceback.format_exc()

ONCE = 2.0  # seconds after which a question is asked again, because datagrams get lost
ALIASES = 8  # CNAMEs in a row


class Resolver:
    """Called as socket.getaddrinfo, raises socket.gaierror. The hosts file and search domains do not count.

    servers: IP addresses, with another port than 53 as 192.0.2.1:5353 or [2001:db8::1]:5353; timeout: seconds for a name, all servers
    together. Raises InputError and MissingLibrary.
    """

    def __init__(self, servers, timeout):
        if DNSPYTHON_IMPORT_ERROR:
            raise MissingLibrary("dnspython", DNSPYTHON_IMPORT_ERROR)
        self._servers, self._timeout = [_server(text) for text in servers], timeout

    def __call__(self, host, port, family=0, type=0, proto=0, flags=0):
        place, end = literal(host, port), time.monotonic() + self._timeout
        places = [place] if place else []
        for kind, its_family, rest in () if place else (("A", socket.AF_INET, ()), ("AAAA", socket.AF_INET6, (0, 0))):
            places += [(its_family, (address, port) + rest) for address in self._addresses(host, kind, end)]
        return [(its_family, type or socket.SOCK_STREAM, proto or socket.IPPROTO_TCP, "", where) for its_family, where in places
                if family in (0, its_family)]

    def _addresses(self, host, kind, end):
        """Addresses of one kind; an alias is asked for anew if the answer does not say where it leads."""
        name = host.rstrip(".") + "."
        for _alias in range(ALIASES):
            try:
                chain = self._answer(name, kind, end).resolve_chaining()
            except dns.exception.DNSException as error:
                raise socket.gaierror(socket.EAI_FAIL, "the DNS answer about %s makes no sense: %s" % (name, error)) from error
            if chain.answer is not None:
                return sorted(record.address for record in chain.answer)  # servers shuffle them
            if chain.canonical_name.to_text().lower() == name.lower():
                return []
            name = chain.canonical_name.to_text()
        raise socket.gaierror(socket.EAI_FAIL, "%s is an alias of an alias, more than %d times" % (host, ALIASES))

    def _answer(self, name, kind, end):
        """What the first server says that can say it. A server that said nothing is asked again while there is time."""
        try:
            question = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise socket.gaierror(socket.EAI_NONAME, "%s cannot be asked for: %s" % (name, error)) from error
        waiting, words = list(self._servers), "no DNS server answered in time"
        while waiting and time.monotonic() < end:
            address, port = waiting.pop(0)
            try:
                found = dns.query.udp_with_fallback(question, address, max(min(ONCE, end - time.monotonic()), 0.001), port)[0]
            except dns.exception.Timeout:
                waiting.append((address, port))
                words = "no answer from the DNS server %s port %d" % (address, port)
                continue
            except (OSError, dns.exception.DNSException) as error:
                words = "the DNS server %s port %d: %s" % (address, port, getattr(error, "strerror", None) or error)
                continue
            if found.rcode() == dns.rcode.NXDOMAIN:
                raise socket.gaierror(socket.EAI_NONAME, "the name does not exist, says the DNS server %s port %d" % (address, port))
            if found.rcode() == dns.rcode.NOERROR:
                return found
            words = "the DNS server %s port %d answered %s" % (address, port, dns.rcode.to_text(found.rcode()))
        raise socket.gaierror(socket.EAI_AGAIN, words)


def _server(text):
    """(address, port)."""
    found = re.fullmatch(r"\[([0-9A-Fa-f:.%\w]+)\](?::(\d+))?|([0-9.]+)(?::(\d+))?|([0-9A-Fa-f:.]+)", text.strip())
    host, port = (found.group(1) or found.group(3) or found.group(5), int(found.group(2) or found.group(4) or 53)) if found else ("", 0)
    if not 0 < port < 65536 or not literal(host, port):
        raise InputError("resolvers: '%s' is not the address of a DNS server. Write 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or "
                         "[2001:db8::1]:5353." % text)
    return host, port
