# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of an ECS instance's role: a session token first, no other machine, and what is said when there is no instance."""

from __future__ import annotations

import datetime
import json

import pytest

from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError, InputError, TransportError
from ansible_collections.daas.https.plugins.module_utils._transport import metadata
from ansible_collections.daas.https.plugins.module_utils._transport.http import Answer, Transport
from tests.emulator.auth import Keyring
from tests.emulator.metadata import ROLES, Metadata
from tests.emulator.state import Clock


@pytest.fixture
def service():
    made = Metadata(Keyring(Clock()), "on-ecs")
    yield made
    made.close()


@pytest.fixture
def transport():
    made = Transport(None, 1, 1, 10, 1, True, sleep=lambda seconds: None)
    yield made
    made.close()


def keys(transport, service, name):
    return metadata.role_keys(transport, name, {metadata.OVERRIDE: service.url})


def test_the_keys_of_a_role(transport, service):
    found = keys(transport, service, "on-ecs")
    assert found.access_key_id.startswith("STS.") and found.access_key_secret.reveal() and found.security_token.reveal()
    left = found.expires - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=58) < left <= datetime.timedelta(minutes=60)
    assert service.asked == [("PUT", "/latest/api/token"), ("GET", ROLES + "on-ecs")]


def test_the_instance_says_which_role_it_has(transport, service):
    assert keys(transport, service, "").access_key_id
    assert service.asked == [("PUT", "/latest/api/token"), ("GET", ROLES), ("GET", ROLES + "on-ecs")]


def test_a_role_that_the_instance_does_not_have(transport, service):
    with pytest.raises(CollectionError, match="ECS metadata, RAM role other: the instance has no such role. Attach it"):
        keys(transport, service, "other")
    assert len(service.asked) == 2


def test_a_hiccup_is_got_over(transport, service):
    service.broken = 2
    assert keys(transport, service, "on-ecs").access_key_id
    service.broken = 9
    with pytest.raises(TransportError, match="HTTP 500"):
        keys(transport, service, "on-ecs")


@pytest.mark.parametrize("url", ["http://192.0.2.1:80", "http://metadata.example.com", "https://127.0.0.1:1", "127.0.0.1", "http://"])
def test_no_other_machine_is_asked(url):
    with pytest.raises(InputError, match=metadata.OVERRIDE):
        metadata.role_keys(None, "on-ecs", {metadata.OVERRIDE: url})


class Wire:
    """A transport that answers with these texts, and keeps the requests."""

    def __init__(self, *texts):
        self.texts, self.sent = list(texts), []

    def exchange(self, what, build, parse, writes, repeatable):
        assert not writes and repeatable
        self.sent.append(build())
        return parse(Answer(200, {}, self.texts.pop(0).encode()))


FIELDS = dict(Code="Success", AccessKeyId="STS.a", AccessKeySecret="secret of a", SecurityToken="t", Expiration="2026-05-01T10:00:00Z")


def test_the_real_service_is_at_its_address_with_the_sessions_token_and_short_patience():
    wire = Wire("the session", json.dumps(FIELDS))
    assert metadata.role_keys(wire, "on-ecs", {}).access_key_id == "STS.a"
    assert [request.url for request in wire.sent] == [
        "http://100.100.100.200/latest/api/token", "http://100.100.100.200" + ROLES + "on-ecs"]
    assert "x-aliyun-ecs-metadata-token-ttl-seconds" in wire.sent[0].headers
    assert wire.sent[1].headers == {"x-aliyun-ecs-metadata-token": "the session"}
    assert all(max(request.timeouts) <= 5 for request in wire.sent)


@pytest.mark.parametrize("text", ["<html>secret of a", "[]", '"secret of a"', "null", json.dumps(dict(FIELDS, SecurityToken=None))])
def test_an_answer_that_is_something_else(text):
    with pytest.raises(TransportError, match="the answer has no") as caught:
        metadata.role_keys(Wire("the session", text), "on-ecs", {})
    assert "secret of" not in str(caught.value)


@pytest.mark.parametrize("name", ["../user-data", "a b", "<html>"])
def test_a_name_that_is_none(name):
    with pytest.raises(InputError, match="is not the name of a RAM role"):
        metadata.role_keys(Wire("the session"), name, {})


def test_no_proxy_stands_between(monkeypatch):
    """The instance's own address is asked directly, as loopback is, whatever the environment says of proxies."""
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    made = Transport(None, 1, 1, 1, 1, True, sleep=lambda seconds: None)
    seen = []

    def request(method, url, **options):
        seen.append((url, options["proxies"], options["timeout"]))
        raise ConnectionResetError

    monkeypatch.setattr(made._session, "request", request)
    with pytest.raises(ConnectionResetError):
        metadata.role_keys(made, "on-ecs", {})
    assert seen == [("http://100.100.100.200/latest/api/token", {}, metadata.TIMEOUTS)]
