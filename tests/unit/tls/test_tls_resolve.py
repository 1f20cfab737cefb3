# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names are asked of the given DNS servers, which here are real sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import InputError, MissingLibrary
from ansible_collections.daas.https.plugins.module_utils._tls import resolve
from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober
from ansible_collections.daas.https.plugins.module_utils._tls.resolve import Resolver

from tests.unit.tls import zoo

NAME = "www.example.com"
RECORDS = {
    ("www.example.com.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("www.example.com.", "AAAA"): ["2001:db8::1"],
    ("only4.example.com.", "A"): ["192.0.2.4"],
    ("alias.example.com.", "CNAME"): ["www.example.com."],
    ("far.example.com.", "CNAME"): ["alias.example.com."],
    ("loop.example.com.", "CNAME"): ["pool.example.com."],
    ("pool.example.com.", "CNAME"): ["loop.example.com."],
    ("local.example.com.", "A"): ["127.0.0.1"],
}


class NameServer:
    """Answers from RECORDS over UDP, and over TCP what it cuts short. chase: whether it follows aliases; use it as a context manager."""

    def __init__(self, rcode=None, chase=True, silent_for=0, cut=False):
        self.rcode, self.chase, self.silent_for, self.cut, self.asked = rcode, chase, silent_for, cut, []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._datagrams, self._streams)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        for sock in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes the thread
            sock.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                data, client = self._udp.recvfrom(4096)
                if not data:
                    return
                if len(self.asked) < self.silent_for:
                    self.asked.append("nothing")
                    continue
                answer = self._answer(data)
                if self.cut:
                    answer.flags |= dns.flags.TC
                    answer.answer = []
                self._udp.sendto(answer.to_wire(), client)

    def _streams(self):
        with contextlib.suppress(OSError):
            while True:
                with self._tcp.accept()[0] as connection:
                    size, = struct.unpack(">H", connection.recv(2))
                    answer = self._answer(connection.recv(size)).to_wire()
                    connection.sendall(struct.pack(">H", len(answer)) + answer)

    def _answer(self, data):
        question = dns.message.from_wire(data)
        name, kind = question.question[0].name.to_text(), dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(question)
        answer.set_rcode(dns.rcode.NOERROR if self.rcode is None else self.rcode)
        if self.rcode is None and not any(name == known for known, _kind in RECORDS):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        while self.rcode is None:
            for found in (kind, "CNAME"):
                if (name, found) in RECORDS:
                    answer.answer.append(dns.rrset.from_text(name, 60, "IN", found, *RECORDS[name, found]))
            alias = RECORDS.get((name, "CNAME"))
            if not alias or not self.chase or len(answer.answer) > 5:
                break
            name, = alias
        return answer


def ask(server, name=NAME, timeout=5.0, **more):
    return Resolver(["127.0.0.1:%d" % server.port], timeout)(name, 443, type=socket.SOCK_STREAM, **more)


def addresses(found):
    return [item[4][0] for item in found]


def test_it_gives_what_getaddrinfo_gives():
    with NameServer() as server:
        found = ask(server)
    assert found == [
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("192.0.2.1", 443)),
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("192.0.2.2", 443)),
        (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("2001:db8::1", 443, 0, 0))]
    plain = socket.getaddrinfo("192.0.2.1", 443, type=socket.SOCK_STREAM)
    assert found[0] == plain[0]


def test_one_family_may_be_asked_for():
    with NameServer() as server:
        assert addresses(ask(server, family=socket.AF_INET6)) == ["2001:db8::1"]


def test_a_name_with_one_kind_of_address():
    with NameServer() as server:
        assert addresses(ask(server, "only4.example.com")) == ["192.0.2.4"]


@pytest.mark.parametrize("chase", [True, False])
@pytest.mark.parametrize("name", ["alias.example.com", "far.example.com"])
def test_aliases_are_followed_whoever_does_it(name, chase):
    with NameServer(chase=chase) as server:
        assert addresses(ask(server, name)) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


@pytest.mark.parametrize("chase", [True, False])
def test_aliases_in_a_circle_end(chase):
    with NameServer(chase=chase) as server, pytest.raises(socket.gaierror, match="alias|makes no sense"):
        ask(server, "loop.example.com")


def test_an_answer_that_was_cut_short_comes_by_tcp():
    with NameServer(cut=True) as server:
        assert len(ask(server)) == 3


def test_an_address_is_not_asked_for():
    with NameServer() as server:
        assert addresses(ask(server, "192.0.2.9")) == ["192.0.2.9"] and addresses(ask(server, "2001:db8::9")) == ["2001:db8::9"]
        assert server.asked == []


def test_a_name_that_does_not_exist():
    with NameServer() as server, pytest.raises(socket.gaierror, match="does not exist, says the DNS server 127.0.0.1 port") as caught:
        ask(server, "absent.example.com")
    assert caught.value.errno == socket.EAI_NONAME


@pytest.mark.parametrize("rcode, words", [(dns.rcode.SERVFAIL, "answered SERVFAIL"), (dns.rcode.REFUSED, "answered REFUSED")])
def test_a_server_that_cannot_say(rcode, words):
    with NameServer(rcode) as server, pytest.raises(socket.gaierror, match=words):
        ask(server)


def test_then_the_next_server_is_asked():
    with NameServer(dns.rcode.SERVFAIL) as first, NameServer() as second:
        both = Resolver(["127.0.0.1:%d" % first.port, "127.0.0.1:%d" % second.port], 5.0)
        assert addresses(both("only4.example.com", 443)) == ["192.0.2.4"]
        assert len(first.asked) == 2  # A and AAAA


def test_a_lost_question_is_asked_again(monkeypatch):
    monkeypatch.setattr(resolve, "ONCE", 0.1)
    with NameServer(silent_for=2) as server:
        assert len(ask(server)) == 3


def test_a_server_that_is_silent_costs_one_timeout():
    with NameServer(silent_for=99) as server:
        begin = time.monotonic()
        with pytest.raises(socket.gaierror, match="no answer from the DNS server 127.0.0.1 port"):
            ask(server, timeout=0.3)
        assert time.monotonic() - begin < 1.5


def test_a_name_that_cannot_be_asked_for():
    with NameServer() as server, pytest.raises(socket.gaierror, match="cannot be asked for"):
        ask(server, "x" * 70 + ".example.com")


@pytest.mark.parametrize("text, expected", [
    ("192.0.2.1", ("192.0.2.1", 53)), (" 192.0.2.1:5353 ", ("192.0.2.1", 5353)), ("2001:db8::1", ("2001:db8::1", 53)),
    ("[2001:db8::1]", ("2001:db8::1", 53)), ("[2001:db8::1]:5353", ("2001:db8::1", 5353))])
def test_servers(text, expected):
    assert resolve._server(text) == expected


@pytest.mark.parametrize("text", [
    "", "dns.example.com", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2", "[192.0.2.1", "2001:db8:::1"])
def test_what_is_no_server(text):
    with pytest.raises(InputError, match="resolvers: '.*' is not the address of a DNS server. Write 192.0.2.1, "):
        Resolver([text], 1.0)


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(resolve, "DNSPYTHON_IMPORT_ERROR", "Traceback ...")
    with pytest.raises(MissingLibrary, match="'dnspython'"):
        Resolver(["192.0.2.1"], 1.0)


def test_the_prober_asks_it(good, ca_path, tmp_path):
    with NameServer() as names, zoo.Server(zoo.tls(good, tmp_path)) as server:
        prober = Prober(str(ca_path), 20.0, resolve=Resolver(["127.0.0.1:%d" % names.port], 5.0))
        (seen,), (absent,) = prober.look([Endpoint(NAME, name + ".example.com", server.port) for name in ("local", "absent")])
    assert (seen.failure, seen.verify_code, seen.address) == (None, 0, "127.0.0.1")
    assert [name for name, _milliseconds in seen.times] == ["resolve", "connect", "handshake"]
    assert absent.failure.kind == "dns" and "the name does not exist" in absent.failure.detail
