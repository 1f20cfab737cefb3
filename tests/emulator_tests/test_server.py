# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane through real sockets: transport, gateway, nuisances, faults and journal, over a small product of our own and AIRec.

What the vendor's products do is tested beside them; here a call is only something that reads or writes.
"""

from __future__ import annotations

import http.client
import io
import json
import random
import socket
import ssl
import threading
import time
import types

import openpyxl
import pytest

from tests.emulator import dataplane, faults, multipart, nuisances, pki, wire
from tests.emulator.auth import Keyring
from tests.emulator.gateway import Gateway
from tests.emulator.products import Product
from tests.emulator.rpc import Action, Param
from tests.emulator.server import LARGEST, Server
from tests.emulator.services.airec.actions import ROUTES
from tests.emulator.services.airec.models import Airec
from tests.emulator.state import Clock, CloudError, Settings
from tests.support.emulation import Client

VERSION = "2026-01-01"
KEY_PEM = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n"
INSTANCE = "/v2/openapi/instances/airec-cn-demo01"


def put_item(cloud, call):
    if call.text("Name") == "taken":
        raise CloudError("NameRepeat", "The name is taken.")
    if call.text("Name") == "bug":
        raise RuntimeError("a bug, with the secret {0}".format(call.text("Key")))
    cloud.items.append(call.text("Name"))
    return {"ItemId": len(cloud.items)}


def list_items(cloud, call):
    return {"TotalCount": len(cloud.items), "Items": [{"Name": name, "Owner": {"Name": call.principal}} for name in cloud.items]}


def wait_for_release(cloud, _call):
    cloud.entered.set()
    return {"Released": cloud.released.wait(10)}


SHOP = Product("shop", VERSION, "yundun-shop", {action.name: action for action in (
    Action("PutItem", put_item, (Param("Name", required=True), Param("Count", "integer"), Param("Key"), Param("Tags.N.Key")), writes=True),
    Action("ListItems", list_items, (Param("Page", "integer"),)),
    Action("Wait", wait_for_release, (), provenance="specified"),
)})


class Site:
    """A gateway over two products, their servers, and a client for each."""

    def __init__(self, folder, **settings):
        self.clock = Clock()
        self.authority = pki.Authority.create(self.clock.now)
        self.ca_path = str(self.authority.save(folder))
        self.plane = dataplane.DataPlane(self.clock)
        self.gateway = Gateway({"shop": SHOP, "airec": Product("airec", "2020-11-26", "airec", routes=tuple(ROUTES))}, self.clock)
        self.keys = Keyring(self.clock)
        self.key = self.keys.add()
        self.settings = settings
        self.gateway.reset(self._cloud, self.keys, 1)
        context = wire.context_for(self.authority.issue(["127.0.0.1"], key="ec"))
        self.servers = {name: Server(self.gateway.answerer(name), 0, context) for name in self.gateway.products}
        self._clients = []
        self.shop, self.airec = self.client("shop"), self.client("airec")

    def _cloud(self):
        cloud = types.SimpleNamespace(
            authority=self.authority, dataplane=self.plane, clock=self.clock, rng=random.Random(1), setting=Settings(True, **self.settings),
            lock=threading.RLock(), items=[], entered=threading.Event(), released=threading.Event(), stored={})
        cloud.cas = types.SimpleNamespace(find_material=cloud.stored.get)
        cloud.alidns = types.SimpleNamespace(lookup=lambda _name, _kind: [])
        cloud.airec = Airec(cloud)
        cloud.airec.add_instance("airec-cn-demo01", "cn-hangzhou")
        cloud.airec.add_token("token-1")
        return cloud

    @property
    def cloud(self):
        return self.gateway.cloud

    def client(self, product, key=None):
        client = Client(self.servers[product].url, self.ca_path, key or self.key)
        self._clients.append(client)
        return client

    def put(self, name="a", **params):
        return self.shop.rpc(VERSION, "PutItem", {"Name": name, **params})

    def names(self, **params):
        answer = self.shop.rpc(VERSION, "ListItems", params).json
        return [item["Name"] for item in answer["Items"]]

    def journal(self):
        return self.gateway.journal.entries()

    def close(self):
        self.gateway.close()
        for client in self._clients:
            client.close()
        for server in self.servers.values():
            server.close()
        self.plane.close()


@pytest.fixture
def start(tmp_path):
    sites = []

    def starting(**settings):
        sites.append(Site(tmp_path / str(len(sites)), **settings))
        return sites[-1]
    yield starting
    for site in sites:
        site.close()


@pytest.fixture
def site(start):
    return start()


def refusal(answer):
    """(status, code) of a refusal, whose envelope is checked."""
    body = answer.json
    if "code" in body:
        assert set(body) == {"code", "message", "requestId"}
        return answer.status, body["code"]
    assert {"RequestId", "HostId", "Code", "Message", "Recommend"} <= set(body) and body["RequestId"] == answer.headers["x-acs-request-id"]
    return answer.status, body["Code"]


# -- transport -----------------------------------------------------------------------------------------------------------------------

def test_a_call_and_its_answer(site):
    answer = site.put("first")
    assert answer.status == 200 and answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.json == {"RequestId": answer.headers["x-acs-request-id"], "ItemId": 1}
    assert site.shop.rpc(VERSION, "ListItems").json["Items"] == [{"Name": "first", "Owner": {"Name": site.key.access_key_id}}]


def test_connections_are_kept_alive(site):
    site.put("a")
    kept = site.shop.connection.sock
    site.put("b")
    site.shop.rpc(VERSION, "NoSuchAction")
    assert site.names() == ["a", "b"] and site.shop.connection.sock is kept is not None


def test_get_and_query_and_form_are_one(site):
    assert site.shop.rpc(VERSION, "PutItem", {"Count": "1"}, query={"Name": "split"}).status == 200
    assert site.shop.send("GET", "/?Page=1", x_acs_version=VERSION, x_acs_action="ListItems").json["TotalCount"] == 1
    assert refusal(site.shop.rpc(VERSION, "PutItem", {"Name": "x"}, query={"Name": "y"})) == (400, "InvalidParameter")
    assert site.names() == ["split"]


def test_the_certificate_must_be_trusted_and_is_for_this_host(site):
    bare = ssl.create_default_context()
    with socket.create_connection(("127.0.0.1", site.servers["shop"].port), timeout=10) as raw:
        with pytest.raises(ssl.SSLCertVerificationError):
            bare.wrap_socket(raw, server_hostname="127.0.0.1")
    assert site.put().status == 200


def test_a_slow_handshake_holds_up_nobody(site):
    with socket.create_connection(("127.0.0.1", site.servers["shop"].port), timeout=10):
        assert site.put().status == 200


def test_bodies_are_bounded_and_whole(site):
    head = "POST / HTTP/1.1\r\nHost: x\r\n{0}\r\n\r\n"
    for line, status in [("Content-Length: {0}".format(LARGEST + 1), "413"), ("Content-Length: many", "411"),
                         ("Transfer-Encoding: chunked", "411")]:
        raw = socket.create_connection(("127.0.0.1", site.servers["shop"].port), timeout=10)
        with ssl.create_default_context(cafile=site.ca_path).wrap_socket(raw, server_hostname="127.0.0.1") as tls:
            tls.sendall(head.format(line).encode())
            assert tls.recv(12).decode() == "HTTP/1.1 " + status
    assert site.journal() == []


def test_a_port_that_is_taken(site):
    with pytest.raises(OSError):
        Server(site.gateway.answerer("shop"), site.servers["shop"].port)


def test_closing_hangs_up(start):
    site = start()
    site.put()
    site.servers["shop"].close()
    with pytest.raises((OSError, http.client.HTTPException)):
        site.put()


# -- the gateway's checks ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("call, expected", [
    (lambda shop: shop.rpc(VERSION, "NoSuchAction"), (404, "InvalidAction.NotFound")),
    (lambda shop: shop.rpc("2020-04-07", "PutItem"), (400, "NoSuchVersion")),
    (lambda shop: shop.send("POST", "/elsewhere", x_acs_version=VERSION, x_acs_action="PutItem"), (404, "InvalidApi.NotFound")),
    (lambda shop: shop.send("PUT", "/", x_acs_version=VERSION, x_acs_action="PutItem"), (400, "UnsupportedHTTPMethod")),
    (lambda shop: shop.send("POST", "/", x_acs_version=VERSION), (400, "Missingx-acs-action")),
    (lambda shop: shop.rpc(VERSION, "PutItem", {"Name": "a", "Colour": "red"}), (400, "InvalidParameter")),
    (lambda shop: shop.rpc(VERSION, "PutItem", {"Name": "a", "Count": "many"}), (400, "InvalidParameter")),
    (lambda shop: shop.rpc(VERSION, "PutItem", {"Count": "1"}), (400, "MissingName")),
    (lambda shop: shop.rpc(VERSION, "PutItem", {"Name": "taken"}), (400, "NameRepeat")),
    (lambda shop: shop.raw("POST", "/", b"", {"x-acs-version": VERSION, "x-acs-action": "PutItem"}), (400, "IncompleteSignature")),
    (lambda shop: shop.send("POST", "/", b"{}", x_acs_version=VERSION, x_acs_action="PutItem", content_type="application/json"),
     (400, "InvalidParameter")),
    (lambda shop: shop.raw("POST", "/?Name=%FF", b"", {"x-acs-version": VERSION, "x-acs-action": "PutItem"}), (400, "InvalidParameter")),
])
def test_refusals(site, call, expected):
    assert refusal(call(site.shop)) == expected
    entry, = site.journal()
    assert (entry["status"], entry["code"], entry["committed"]) == (*expected, False)
    assert site.cloud.items == []


def test_the_order_of_the_checks(site):
    """An unknown action is told to anybody, a wrong parameter only to whom we know, and a refused permission comes after that."""
    limited = site.client("shop", site.keys.add(deny=["yundun-shop:PutItem"]))
    stranger = site.client("shop", types.SimpleNamespace(access_key_id="LTAI5tStranger", access_key_secret="x"))
    assert refusal(stranger.rpc(VERSION, "NoSuchAction"))[1] == "InvalidAction.NotFound"
    assert refusal(stranger.rpc(VERSION, "PutItem", {"Colour": "red"})) == (404, "InvalidAccessKeyId.NotFound")
    assert refusal(limited.rpc(VERSION, "PutItem", {"Colour": "red"}))[1] == "InvalidParameter"
    denied = limited.rpc(VERSION, "PutItem", {"Name": "a"})
    assert refusal(denied) == (403, "Forbidden.RAM")
    assert denied.json["AccessDeniedDetail"]["AuthAction"] == "yundun-shop:PutItem"
    assert limited.rpc(VERSION, "ListItems").status == 200 and site.cloud.items == []


def test_a_replay_is_refused(site):
    request = site.shop.signed("POST", "/?Name=a", x_acs_version=VERSION, x_acs_action="PutItem")
    answers = [site.shop.raw("POST", request.target, b"", dict(request.headers)) for _again in range(2)]
    assert answers[0].status == 200 and refusal(answers[1]) == (400, "SignatureNonceUsed")
    assert site.cloud.items == ["a"]


def test_a_bug_is_the_clouds_internal_error(site, capsys):
    assert refusal(site.put("bug", Key=KEY_PEM)) == (500, "InternalError")
    assert site.journal()[0]["code"] == "InternalError"
    said = capsys.readouterr().err
    assert "bug in shop PutItem: RuntimeError" in said and "in put_item" in said and "MIIEsecret" not in said
    assert site.put("a").status == 200


def test_calls_are_carried_out_one_after_another(site):
    waiting = threading.Thread(target=lambda: site.client("shop").rpc(VERSION, "Wait"))
    waiting.start()
    assert site.cloud.entered.wait(10)
    writing = threading.Thread(target=lambda: site.client("shop").rpc(VERSION, "PutItem", {"Name": "second"}))
    writing.start()
    time.sleep(0.1)
    assert site.cloud.items == [] and [entry["action"] for entry in site.journal()] == ["Wait"]
    site.cloud.released.set()
    for thread in (waiting, writing):
        thread.join(10)
    assert [entry["action"] for entry in site.journal()] == ["Wait", "PutItem"] and site.cloud.items == ["second"]


# -- the journal ---------------------------------------------------------------------------------------------------------------------

def test_the_journal(site):
    site.put("a", Count="2", **{"Tags.1.Key": "team"})
    site.put("taken")
    site.shop.rpc(VERSION, "ListItems")
    first, second, third = site.journal()
    assert {name: first[name] for name in ("seq", "product", "action", "writes", "status", "code", "provenance", "principal", "params",
                                           "fault", "stale", "committed")} == {
        "seq": 1, "product": "shop", "action": "PutItem", "writes": True, "status": 200, "code": "", "provenance": "documented",
        "principal": site.key.access_key_id, "params": {"Name": "a", "Count": "2", "Tags.1.Key": "team"}, "fault": None, "stale": False,
        "committed": True}
    assert first["request_id"] and first["time"].startswith("20")
    assert (second["seq"], second["code"], second["committed"]) == (2, "NameRepeat", False)
    assert (third["writes"], third["committed"]) == (False, True)
    assert [entry["seq"] for entry in site.gateway.journal.entries(writes=True)] == [1, 2]
    site.gateway.journal.clear()
    assert site.journal() == []


def test_no_private_key_in_the_journal(site):
    site.put("a", Key=KEY_PEM)
    site.put(KEY_PEM)  # a confused client
    site.shop.rpc(VERSION, "PutItem", query={"Name": "b", "Key": "MIIEsecret"})
    text = json.dumps(site.journal())
    assert "MIIEsecret" not in text and text.count("***") == 3
    assert site.cloud.items == ["a", KEY_PEM, "b"]


# -- faults --------------------------------------------------------------------------------------------------------------------------

def order(site, kind, **spec):
    return site.gateway.faults.add({"product": "shop", "action": "PutItem", "kind": kind, **spec})


def test_an_error_on_demand(site):
    fault = order(site, "error", code="ServiceBusy", status=403, message="Busy.", retry_after=250, after=1, times=2)
    answers = [site.put(name) for name in "abcd"]
    assert [answer.status for answer in answers] == [200, 403, 403, 200]
    assert refusal(answers[1]) == (403, "ServiceBusy") and answers[1].headers["x-acs-retry-after"] == "250"
    assert "x-acs-retry-after" not in answers[0].headers and fault.fired == 2
    assert site.cloud.items == ["a", "d"]
    assert [(entry["fault"], entry["committed"]) for entry in site.journal()] == [
        (None, True), ("error", False), ("error", False), (None, True)]


@pytest.mark.parametrize("kind, done", [("refuse_before", False), ("cut_after", True), ("cut_mid_body", True)])
def test_a_connection_is_cut(site, kind, done):
    order(site, kind)
    with pytest.raises((OSError, http.client.HTTPException)) as caught:
        site.put("a")
    assert isinstance(caught.value, http.client.IncompleteRead) == (kind == "cut_mid_body")
    entry, = site.journal()
    assert (entry["fault"], entry["committed"], entry["status"]) == (kind, done, 200 if kind == "cut_mid_body" else None)
    assert site.cloud.items == (["a"] if done else [])
    assert site.put("b").status == 200


def test_a_call_that_fails_is_not_committed_by_a_cut(site):
    order(site, "cut_after")
    with pytest.raises((OSError, http.client.HTTPException)):
        site.put("taken")
    assert [(entry["code"], entry["committed"]) for entry in site.journal()] == [("NameRepeat", False)]


def test_answers_that_are_none(site):
    for kind in ("html", "redirect", "truncated_json"):
        order(site, kind)
    html, redirect, truncated = (site.put(name) for name in "abc")
    assert (html.status, html.headers["content-type"]) == (502, "text/html") and b"<html>" in html.body
    assert redirect.status == 302 and redirect.headers["location"].startswith("https://www.example.com/")
    assert truncated.status == 200 and int(truncated.headers["content-length"]) == len(truncated.body)
    with pytest.raises(ValueError):
        json.loads(truncated.body)
    assert site.cloud.items == ["c"]


def test_a_field_is_dropped_wherever_it_stands(site):
    site.put("a")
    site.gateway.faults.add({"kind": "drop_field", "name": "Name"})
    assert site.shop.rpc(VERSION, "ListItems").json["Items"] == [{"Owner": {}}]
    assert site.names() == ["a"]


def test_a_delay_is_outside_the_lock_and_ends_with_the_cloud(site):
    order(site, "delay", seconds=30)
    delayed = threading.Thread(target=site.put, args=("late",))
    delayed.start()
    while not site.gateway.faults.all()[0]["fired"]:
        time.sleep(0.01)
    assert site.client("shop").rpc(VERSION, "PutItem", {"Name": "early"}).status == 200
    site.gateway.close()
    delayed.join(10)
    assert site.cloud.items == ["early", "late"]


def test_faults_wait_for_a_call_that_would_go_well(site):
    order(site, "error", code="ServiceBusy")
    assert refusal(site.shop.rpc(VERSION, "PutItem", {}))[1] == "MissingName"
    assert refusal(site.put("a"))[1] == "ServiceBusy"


@pytest.mark.parametrize("spec, words", [
    ({}, "kind is one of error, refuse_before"), ({"kind": "error"}, "wants code"), ({"kind": "html", "code": "X"}, "does not take code"),
    ({"kind": "html", "times": 0}, "times is from 1 on"), ({"kind": "html", "times": True}, "type int"),
    ({"kind": "delay", "seconds": "1"}, "type float"), ({"kind": "delay"}, "wants seconds"),
    ({"kind": "html", "product": "shop", "action": "PutItme"}, "no action PutItme of shop"),
    ({"kind": "html", "product": "x"}, "no action"),
    ({"kind": "error", "code": "X", "status": 200}, "status from 400"),
])
def test_orders_that_cannot_be_carried_out(site, spec, words):
    with pytest.raises(ValueError, match=words):
        site.gateway.faults.add(spec)
    assert site.gateway.faults.all() == []


def test_every_kind_of_fault_is_explained():
    assert set(faults.EXTRAS) | set(faults.WANTED) <= set(faults.KINDS)


# -- nuisances -----------------------------------------------------------------------------------------------------------------------

def test_flow_control(start):
    site = start(throttle_every=3)
    answers = [site.put(str(number)) for number in range(7)]
    assert [answer.status for answer in answers] == [200, 200, 400, 200, 200, 400, 200]
    assert refusal(answers[2]) == (400, "Throttling.User") and answers[2].headers["x-acs-retry-after"] == str(nuisances.RETRY_AFTER)
    assert len(site.cloud.items) == 5


def test_flow_control_never_refuses_one_caller_twice_in_a_row(start):
    site = start(throttle_every=1)
    other = site.client("shop", site.keys.add())
    assert [site.put("a").status for _each in range(4)] == [400, 200, 400, 200]
    assert other.rpc(VERSION, "ListItems").status == 400


def test_stale_reads(start):
    site = start(stale_reads=2)
    assert site.names() == [] and site.names(Page="1") == []
    site.put("a")
    assert [site.names(), site.names(), site.names()] == [[], [], ["a"]]
    assert [site.names(Page="1") for _each in range(3)] == [[], [], ["a"]]
    assert site.names(Page="2") == ["a"], "what was never read has no old answer"
    assert [entry["stale"] for entry in site.journal() if entry["params"] == {}] == [False, True, True, False]
    site.put("taken")
    assert site.names() == ["a"] and not site.journal()[-1]["stale"], "a write that was refused leaves nothing behind"


def test_replicas_catch_up_in_time(start):
    site = start(stale_reads=5)
    site.names()
    site.put("a")
    assert site.names() == []
    site.clock.advance(nuisances.LAG.total_seconds())
    assert site.names() == ["a"]


def test_the_order_of_fields_changes(start):
    site = start(shuffle=True)
    site.put("a")
    orders = {tuple(site.shop.rpc(VERSION, "ListItems").json) for _each in range(20)}
    assert len(orders) > 1 and {frozenset(order) for order in orders} == {frozenset(("RequestId", "TotalCount", "Items"))}
    assert nuisances.shuffled({"List": [3, 1, 2]}, random.Random(1)) == {"List": [3, 1, 2]}


def test_a_reset_forgets(site):
    site.put("a")
    order(site, "html")
    site.gateway.reset(site._cloud, site.keys, 1)
    assert site.cloud.items == [] and site.journal() == [] and site.gateway.faults.all() == []
    assert site.put("b").json["ItemId"] == 1


# -- AIRec through the whole of it ---------------------------------------------------------------------------------------------------

def bearer(site, method, path, body=b"", token="token-1", **headers):
    named = {"authorization": "Bearer " + token, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return site.airec.raw(method, INSTANCE + path, body, named)


def form(fields, boundary="b-1"):
    head = 'Content-Disposition: form-data; name="{0}"; filename="{0}.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'
    parts = b"".join(b"--" + boundary.encode() + b"\r\n" + head.format(name).encode() + data + b"\r\n" for name, data in fields.items())
    return parts + b"--" + boundary.encode() + b"--\r\n", "multipart/form-data; boundary=" + boundary


@pytest.fixture
def material(site):
    site.cloud.stored["101"] = site.authority.issue(["rec.example.com"], key="ec")
    return site.cloud.stored["101"]


def bind_form(material):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["domain", "certificate_id", "cert_type"], ["rec.example.com", "101", "CAS"]):
        book.active.append(row)
    book.save(out)
    return form({"mapping_file": out.getvalue(), "certificate": material.chain_pem.encode(), "key": material.key_pem.encode()})


def test_airec_with_a_bearer_token(site, material):
    body, media = bind_form(material)
    bound = bearer(site, "POST", "/certificates/bind", body, content_type=media)
    assert bound.status == 200 and bound.json["result"]["status"] == "VALIDATING"
    assert bound.json["requestId"] == bound.headers["x-acs-request-id"]
    status = bearer(site, "GET", "/certificates/status").json["result"]
    assert [domain["domain"] for domain in status["domains"]] == ["rec.example.com"]
    put = bearer(site, "PUT", "/settings", b'{"httpsEnforced": true}', content_type="application/json")
    assert put.json["result"] == {"httpsEnforced": True}
    bind, _status, settings = site.journal()
    assert (bind["action"], bind["writes"], bind["principal"], bind["provenance"]) == ("BindCertificates", True, "bearer", "specified")
    assert bind["params"] == {"instance_id": "airec-cn-demo01", "key": "***", "certificate": "{0} bytes".format(len(material.chain_pem)),
                              "mapping_file": bind["params"]["mapping_file"]}
    assert settings["params"] == {"instance_id": "airec-cn-demo01", "httpsEnforced": True}


def test_airec_with_a_signature(site, material):
    body, media = bind_form(material)
    signed = dict(x_acs_version="2020-11-26")
    assert site.airec.send("POST", INSTANCE + "/certificates/bind", body, content_type=media, **signed).status == 200
    assert site.airec.send("GET", INSTANCE + "/certificates/status", **signed).json["result"]["status"] == "VALIDATING"
    assert site.airec.send("GET", "/v2/openapi/instances?page=1&size=10", x_acs_action="ListInstance", **signed).json["result"]
    assert {entry["principal"] for entry in site.journal()} == {site.key.access_key_id}
    limited = site.client("airec", site.keys.add(deny=["airec:BindCertificates"]))
    assert refusal(limited.send("POST", INSTANCE + "/certificates/bind", body, content_type=media, **signed)) == (403, "Forbidden.RAM")
    stranger = site.client("airec", types.SimpleNamespace(access_key_id="LTAI5tStranger", access_key_secret="x"))
    assert refusal(stranger.send("GET", INSTANCE + "/settings", **signed)) == (404, "InvalidAccessKeyId.NotFound")


@pytest.mark.parametrize("call, expected", [
    (lambda site: bearer(site, "GET", "/settings", token="wrong"), (401, "InvalidAccessToken")),
    (lambda site: site.airec.raw("GET", INSTANCE + "/settings", b"", {}), (401, "InvalidAccessToken")),
    (lambda site: bearer(site, "GET", ""), (401, "InvalidAccessToken")),  # a call that takes signatures only
    (lambda site: bearer(site, "GET", "/nothing"), (404, "InvalidApi.NotFound")),
    (lambda site: bearer(site, "DELETE", "/settings"), (405, "UnsupportedHTTPMethod")),
    (lambda site: bearer(site, "GET", "/settings?colour=red"), (400, "InvalidParameter")),
    (lambda site: bearer(site, "PUT", "/settings", b"{", content_type="application/json"), (400, "InvalidParameter")),
    (lambda site: bearer(site, "PUT", "/settings", b"a=b", content_type="text/plain"), (400, "InvalidParameter")),
    (lambda site: bearer(site, "POST", "/certificates/bind", b"nonsense", content_type="multipart/form-data; boundary=b"),
     (400, "InvalidParameter")),
])
def test_airec_refusals(site, call, expected):
    assert refusal(call(site)) == expected
    assert not site.journal()[0]["committed"]


def test_airec_flow_control_has_its_own_status(start):
    site = start(throttle_every=2)
    answers = [bearer(site, "GET", "/settings") for _each in range(2)]
    assert answers[0].status == 200 and refusal(answers[1]) == (429, "Throttling.User")


def test_the_status_of_airec_is_never_stale(start):
    site = start(stale_reads=5)
    bearer(site, "GET", "/settings"), bearer(site, "GET", "/certificates/status")
    bearer(site, "PUT", "/settings", b'{"httpsEnforced": true}', content_type="application/json")
    bearer(site, "GET", "/certificates/status"), bearer(site, "GET", "/settings")
    assert [entry["stale"] for entry in site.journal()[-2:]] == [False, True]


# -- multipart -----------------------------------------------------------------------------------------------------------------------

def test_multipart():
    body, media = form({"key": b"a\r\n--b\r\n\r\nc", "certificate": b""}, boundary="b-2")
    parts = multipart.parse(media, body)
    assert {name: (part.filename, part.content_type, part.data) for name, part in parts.items()} == {
        "key": ("key.bin", "application/octet-stream", b"a\r\n--b\r\n\r\nc"),
        "certificate": ("certificate.bin", "application/octet-stream", b"")}
    assert "--b" not in repr(parts["key"])
    body = b'--x y\r\nContent-Disposition: form-data; name="a\\"b"\r\n\r\nv\r\n--x y--'
    plain = multipart.parse('multipart/form-data; boundary="x y"', body)
    assert plain == {'a"b': multipart.Part(None, "text/plain", b"v")}


GOOD, MEDIA = form({"a": b"1"})


@pytest.mark.parametrize("body, media, words", [
    (GOOD, "multipart/form-data", "no usable boundary"), (GOOD, "application/json", "no usable boundary"),
    (b"preamble" + GOOD, MEDIA, "does not begin"), (b"", MEDIA, "does not begin"), (GOOD[:-4], MEDIA, "closing boundary"),
    (GOOD + b"epilogue", MEDIA, "closing boundary"), (GOOD.replace(b"form-data", b"attachment"), MEDIA, "not form-data"),
    (GOOD.replace(b'name="a";', b""), MEDIA, "no name"), (GOOD.replace(b"filename=", b"filename "), MEDIA, "not form-data"),
    (GOOD.replace(b"Content-Type:", b"Content-Transfer-Encoding:"), MEDIA, "only Content-Disposition"),
    (GOOD.replace(b"Content-Type:", b"Content-Type"), MEDIA, "name: value"), (GOOD.replace(b"\r\n\r\n", b"\r\n"), MEDIA, "proper headers"),
    (GOOD.replace(b"bin", b"b" * multipart.LARGEST_HEAD), MEDIA, "proper headers"),
    (GOOD[:GOOD.index(b"--b-1--")] + GOOD, MEDIA, "there twice"),
    (form({str(number): b"" for number in range(multipart.MOST_PARTS + 1)})[0], MEDIA, "more than"),
])
def test_multipart_is_strict(body, media, words):
    with pytest.raises(multipart.MultipartError, match=words):
        multipart.parse(media, body)
