# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that CAS issues: ordered once, whatever happens on the way; proved for real; given up only where nothing was issued."""

from __future__ import annotations

import http.server
import json
import os
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.emulator import pki
from tests.emulator.services.cas.orders import FREE, ISSUED
from tests.support.modules import connection, run_module
from tests.support.triple import leaked, observed, triple
from tests.unit.modules.conftest import certificates

NAME = "cas_certificate_order"
CREATE = ("cas", "CreateCertificateForPackageRequest")
WWW = ["www.example.com"]
PAID = dict(product="geotrust-dv-1-starter", paid=True, accept_cost=True, email="ops@example.com", phone="10086", username="Operations")


@pytest.fixture
def options(cloud, tmp_path):
    return dict(connection(cloud), name="shop", domains=WWW, wait_interval=0.05, wait_timeout=20)


@pytest.fixture
def files(tmp_path):
    return dict(certificate_dest=str(tmp_path / "fullchain.pem"), private_key_dest=str(tmp_path / "privkey.pem"))


def issue(handle, domains, days=90, tags=None):
    """A certificate that CAS has issued for an order of this collection."""
    cas = handle.cloud.cas
    order = cas.orders.create(FREE, list(domains), "DNS", "", tags or {"managed-by": "daas.https", "daas-https-name": "shop"}, "cpack")
    order.certificate = cas.add_issued("cert-{0}".format(order.id), handle.authority.issue(list(domains), days=days), order.instance_id,
                                       order.tags, order.id)
    order.status = ISSUED
    return order


def orders(handle):
    return list(handle.cloud.cas.orders.orders.values())


def publish(handle, result):
    """What a playbook does with the module alidns_record."""
    for item in result["order"]["validations"]:
        name = item["record_name"]
        assert name.endswith(".example.com")
        handle.cloud.alidns.add_record("example.com", name[:-len(".example.com")], item["record_type"], item["record_value"])


def oblige(handle, value=None):
    """From now on whoever hosts the zone publishes the record of each order at once; value: a wrong one."""
    create = handle.cloud.cas.orders.create

    def create_and_publish(*arguments):
        order = create(*arguments)
        handle.cloud.alidns.add_record("example.com", order.record_name[:-len(".example.com")], "TXT", value or order.token)
        return order

    handle.cloud.cas.orders.create = create_and_publish


def keys(handle):
    """Every private key that this cloud has made for an order."""
    return tuple(order.certificate.material.key_pem for order in orders(handle) if order.certificate and order.certificate.material.key_pem)


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def mode(path):
    return os.stat(path).st_mode & 0o777


def good(chain, key):
    material = pki.parse_material(text(chain), text(key))
    return pki.key_matches(material) and material


# -- the way it is meant -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_ordered_published_issued(cloud, options, files, calm):
    cloud.reset(calm=calm)
    check, writes = observed(cloud, NAME, dict(options, wait=False), check=True)
    assert check["changed"] and writes == [] and check["order"]["id"] is None and not orders(cloud)
    first, writes = observed(cloud, NAME, dict(options, wait=False))
    assert not first["failed"], first
    assert writes == [CREATE] and (first["actions"], first["diff"]) == (check["actions"], check["diff"])
    [order] = orders(cloud)
    assert first["order"] == dict(id=order.id, status="domain_verify", product=FREE, domains=WWW, validations=[dict(
        type="dns", record_name="_dnsauth.www.example.com", record_type="TXT", record_value=order.token, record_host="_dnsauth.www",
        domain=None, path=None, content=None)])
    assert first["certificate"] is None and first["quota"] == check["quota"] == dict(product=FREE, total=20, used=1, issued=0)
    publish(cloud, first)
    check, writes = observed(cloud, NAME, dict(options, **files), check=True)
    assert check["files"] == [files["private_key_dest"], files["certificate_dest"]] and writes == []
    assert not os.path.exists(check["files"][0])
    second, writes = observed(cloud, NAME, dict(options, **files))
    assert not second["failed"] and writes == [], second
    assert second["changed"] and second["files"] == check["files"] and second["order"]["status"] == "certificate"
    material = good(files["certificate_dest"], files["private_key_dest"])
    assert material and mode(files["private_key_dest"]) == 0o600 and mode(files["certificate_dest"]) == 0o644
    held = second["certificate"]
    assert (held["fingerprint"], held["uploaded"], held["domains"]) == (material.fingerprint, False, WWW)
    assert held["tags"] == {"managed-by": "daas.https", "daas-https-name": "shop"} and held["id"] == order.certificate.id
    third, writes = observed(cloud, NAME, dict(options, **files))
    assert not third["changed"] and third["files"] == [] and writes == [] and third["certificate"] == held
    assert not leaked(json.dumps([first, check, second, third, cloud.journal()]), keys(cloud)) and keys(cloud)


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_in_one_go_where_the_record_publishes_itself(cloud, options, files, calm):
    cloud.reset(calm=calm)
    oblige(cloud)
    _check, real, again = triple(cloud, NAME, dict(options, **files))
    assert len(orders(cloud)) == 1 and real["certificate"] == again["certificate"] and real["order"] == again["order"]
    assert not leaked(json.dumps([real, again, cloud.journal()]), keys(cloud))


def test_what_cas_has_issued_is_fetched_again(cloud, options, files):
    """The files were lost, or this is another machine: nothing is ordered."""
    order = issue(cloud, WWW)
    plain, writes = observed(cloud, NAME, options)
    assert not plain["changed"] and writes == [] and plain["certificate"]["id"] == order.certificate.id
    assert "DescribeCertificateState" not in [entry["action"] for entry in cloud.journal()], "no key travels unless it is wanted"
    fetched, writes = observed(cloud, NAME, dict(options, **files))
    assert fetched["changed"] and writes == [] and good(files["certificate_dest"], files["private_key_dest"])
    assert fetched["order"]["id"] == order.id and not leaked(json.dumps([fetched, cloud.journal()]), keys(cloud))


@pytest.mark.parametrize("domains, days, tags, ordered", [
    (WWW, 31, None, False), (WWW, 29, None, True), (["api.example.com"], 90, None, True),
    (WWW, 90, {"managed-by": "daas.https", "daas-https-name": "other"}, True), (WWW, 90, {"daas-https-name": "shop"}, True),
], ids=["good", "due", "other names", "other series", "not ours"])
def test_what_is_there(cloud, options, domains, days, tags, ordered):
    issue(cloud, domains, days, tags)
    result, writes = observed(cloud, NAME, dict(options, wait=False))
    assert not result["failed"] and writes == ([CREATE] if ordered else []), result
    assert result["changed"] is ordered and result["quota"]["used"] == (2 if ordered else 1)


def test_an_uploaded_one_is_none_that_was_issued(cloud, options):
    material = cloud.authority.issue(WWW)
    cloud.cloud.cas.add_certificate("shop-" + material.fingerprint[:16], material)
    assert observed(cloud, NAME, dict(options, wait=False))[1] == [CREATE]


def test_renewed_while_the_old_one_is_valid(cloud, options, files):
    old = issue(cloud, WWW, days=12)
    oblige(cloud)
    _check, real, _again = triple(cloud, NAME, dict(options, **files))
    assert real["certificate"]["id"] != old.certificate.id and len(certificates(cloud)) == 2


def test_a_wildcard_is_proved_by_its_parent(cloud, options):
    cloud.cloud.cas.orders.plans["geotrust-dv-w-starter"] = 3
    wanted = dict(options, domains=["*.shop.example.com"], product="geotrust-dv-w-starter")
    first = run_module(NAME, dict(wanted, wait=False))
    assert first["order"]["validations"][0]["record_name"] == "_dnsauth.shop.example.com"
    publish(cloud, first)
    assert run_module(NAME, wanted)["certificate"]["domains"] == ["*.shop.example.com"]


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_one_proof_after_the_other(cloud, options, calm):
    cloud.reset(calm=calm)
    cloud.cloud.cas.orders.plans["geotrust-dv-1-starter"] = 1
    wanted = dict(options, domains=["www.example.com", "api.example.com"], product="geotrust-dv-1-starter")
    first = run_module(NAME, dict(wanted, wait=False))
    publish(cloud, first)
    second = run_module(NAME, dict(wanted, order_id=first["order"]["id"], published=first["order"]["validations"]))
    assert second["failed"] and second["further"] and "_dnsauth.api.example.com TXT" in second["msg"]
    publish(cloud, second)
    third = run_module(NAME, wanted)
    assert not third["failed"] and third["certificate"]["domains"] == wanted["domains"] and len(orders(cloud)) == 1


@pytest.fixture
def web(cloud):
    """A web server for www.example.com; what it serves, by path."""
    pages = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = pages.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write((found or "").encode())

        def log_message(self, *arguments):
            """Not to the test's output."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    cloud.cloud.airec.set_http_host("www.example.com", *server.server_address)
    yield pages
    server.shutdown()
    thread.join()
    server.server_close()


def test_proved_by_a_file(cloud, options, web):
    first = run_module(NAME, dict(options, validation="file", wait=False))
    [asked] = first["order"]["validations"]
    assert (asked["type"], asked["domain"], asked["record_name"]) == ("file", "www.example.com", None)
    web[asked["path"]] = asked["content"]
    second = run_module(NAME, dict(options, validation="file"))
    assert not second["failed"] and second["certificate"]["domains"] == WWW


@pytest.mark.parametrize("full", [False, True])
def test_cas_may_say_the_records_whole_name(cloud, options, full):
    cloud.cloud.cas.orders.full_records = full
    [asked] = run_module(NAME, dict(options, wait=False))["order"]["validations"]
    assert asked["record_name"] == "_dnsauth.www.example.com"
    assert asked["record_host"] == ("_dnsauth.www.example.com" if full else "_dnsauth.www")


# -- the key that never leaves -------------------------------------------------------------------------------------------------------

@pytest.fixture
def own(tmp_path):
    return dict(private_key_path=str(tmp_path / "own.pem"), certificate_dest=str(tmp_path / "fullchain.pem"))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_a_key_of_ones_own(cloud, options, own, kind):
    wanted = dict(options, key_type=kind, **own)
    check, writes = observed(cloud, NAME, dict(wanted, wait=False), check=True)
    assert check["changed"] and writes == [] and not os.path.exists(own["private_key_path"])
    first = run_module(NAME, dict(wanted, wait=False))
    publish(cloud, first)
    key = text(own["private_key_path"])
    assert mode(own["private_key_path"]) == 0o600
    second = run_module(NAME, wanted)
    assert not second["failed"], second
    material = good(own["certificate_dest"], own["private_key_path"])
    assert material and material.fingerprint == second["certificate"]["fingerprint"] and text(own["private_key_path"]) == key
    [order] = orders(cloud)
    assert order.certificate.material.key_pem == "", "the cloud never had it"
    third, writes = observed(cloud, NAME, wanted)
    assert not third["changed"] and writes == []
    assert not leaked(json.dumps([check, first, second, third, cloud.journal()]), (key,))


def test_a_key_that_is_lost(cloud, options, own):
    """Nobody has any use for a certificate without its key: a new one is ordered. While an order is under way, its key may be put back."""
    wanted = dict(options, **own)
    first = run_module(NAME, dict(wanted, wait=False))
    saved = text(own["private_key_path"])
    os.unlink(own["private_key_path"])
    lost, writes = observed(cloud, NAME, wanted)
    assert lost["failed"] and writes == [] and "state: cancelled" in lost["msg"] and str(first["order"]["id"]) in lost["msg"]
    assert not os.path.exists(own["private_key_path"])
    pki.write_private(own["private_key_path"], saved)
    publish(cloud, first)
    assert not run_module(NAME, wanted)["failed"]
    os.unlink(own["private_key_path"])
    again, writes = observed(cloud, NAME, dict(wanted, wait=False))
    assert not again["failed"] and writes == [CREATE] and text(own["private_key_path"]) != saved


def test_an_order_for_another_key_is_not_taken_for_this_one(cloud, options, own, tmp_path):
    first = run_module(NAME, dict(options, wait=False, **own))
    publish(cloud, first)
    other = str(tmp_path / "other.pem")
    pki.write_private(other, cloud.authority.issue(WWW).key_pem)
    wrong = run_module(NAME, dict(options, private_key_path=other, certificate_dest=own["certificate_dest"]))
    assert wrong["failed"] and "does not match" in wrong["msg"] and not os.path.exists(own["certificate_dest"])
    assert observed(cloud, NAME, dict(options, private_key_path=other, wait=False))[1] == [CREATE], "that one is for the other key"


def test_a_request_made_elsewhere(cloud, options, own, tmp_path):
    material = cloud.authority.issue(WWW, key="ec")
    key = serialization.load_pem_private_key(material.key_pem.encode(), None)
    common = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.com")])
    request = x509.CertificateSigningRequestBuilder().subject_name(common).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM).decode()
    oblige(cloud)
    _check, real, _again = triple(cloud, NAME, dict(options, csr=pem, certificate_dest=own["certificate_dest"]), (material.key_pem,))
    leaf = x509.load_pem_x509_certificate(text(own["certificate_dest"]).encode())
    assert leaf.public_key() == key.public_key() and real["certificate"]["fingerprint"]
    wrong = run_module(NAME, dict(options, csr=pem, domains=["api.example.com"]))
    assert wrong["failed"] and "common name" in wrong["msg"] and "api.example.com" in wrong["msg"]
    secret = run_module(NAME, dict(options, csr=material.key_pem))
    assert secret["failed"] and "never leaves" in secret["msg"] and not leaked(json.dumps(secret), (material.key_pem,))


# -- trouble -------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault", [
    dict(kind="cut_after"), dict(kind="cut_mid_body"), dict(kind="truncated_json"), dict(kind="refuse_before"), dict(kind="html"),
    dict(kind="error", code="Throttling.User", retry_after=50), dict(kind="drop_field", name="OrderId"),
], ids=lambda fault: fault["kind"])
def test_trouble_on_the_way_leads_to_exactly_one_order(cloud, options, fault):
    struck = cloud.fault(product="cas", action=CREATE[1], **fault)
    result, _writes = observed(cloud, NAME, dict(options, wait=False))
    assert not result["failed"] and result["changed"], result
    assert struck.fired == 1 and [order.id for order in orders(cloud)] == [result["order"]["id"]]
    again, writes = observed(cloud, NAME, dict(options, wait=False))
    assert not again["changed"] and writes == [] and again["order"] == result["order"]


def test_a_lost_answer_is_not_confused_with_an_older_order(cloud, options):
    """For the same names, but another product."""
    cloud.cloud.cas.orders.plans["geotrust-dv-1-starter"] = 1
    other = run_module(NAME, dict(options, wait=False, product="geotrust-dv-1-starter"))["order"]["id"]
    cloud.fault(product="cas", action=CREATE[1], kind="cut_after")
    result = run_module(NAME, dict(options, wait=False))
    assert result["order"]["id"] != other and len(orders(cloud)) == 2


def test_a_run_that_was_ended_is_continued(cloud, options, files):
    cloud.fault(product="cas", action="DescribeCertificateState", kind="error", code="InternalError", status=400)
    ended = run_module(NAME, dict(options, **files))
    assert ended["failed"] and len(orders(cloud)) == 1
    again, writes = observed(cloud, NAME, dict(options, wait=False))
    assert not again["failed"] and writes == []
    publish(cloud, again)
    done, writes = observed(cloud, NAME, dict(options, **files))
    assert not done["failed"] and writes == [] and good(files["certificate_dest"], files["private_key_dest"])


def test_an_order_that_does_not_come_to_an_end(cloud, options):
    cloud.cloud.cas.orders.stuck = True
    oblige(cloud)
    result = run_module(NAME, dict(options, wait_timeout=0.2))
    assert result["failed"] and "the certificate of order" in result["msg"] and "process" in result["msg"]
    unproved = run_module(NAME, dict(options, domains=["api.example.com"], wait=False))
    late = run_module(NAME, dict(options, domains=["api.example.com"], wait_timeout=0.2, order_id=unproved["order"]["id"]))
    assert late["failed"] and "process" in late["msg"]


def test_what_is_waited_for_is_said(cloud, options):
    result = run_module(NAME, dict(options, wait_timeout=0.2))
    [order] = orders(cloud)
    assert result["failed"] and "_dnsauth.www.example.com TXT with the value " + order.token in result["msg"]


def test_a_proof_that_is_wrong(cloud, options):
    """It is told what CAS looked for. The next run makes the order anew, and the plan has lost nothing."""
    oblige(cloud, value="wrong")
    result = run_module(NAME, options)
    [failed] = orders(cloud)
    assert result["failed"] and "verify_fail" in result["msg"] and failed.token in result["msg"] and "Then run again" in result["msg"]
    assert result["order"]["id"] == failed.id and result["order"]["status"] == "verify_fail"
    del cloud.cloud.cas.orders.create  # the one that publishes what is wrong
    cloud.cloud.alidns.delete(next(iter(cloud.cloud.alidns.zones["example.com"])))
    oblige(cloud)
    check, real, _again = triple(cloud, NAME, options)
    assert [action["action"] for action in real["actions"]] == ["DeleteCertificateRequest", CREATE[1]]
    assert [order.id for order in orders(cloud)] == [real["order"]["id"]] and real["quota"]["used"] == check["quota"]["used"] == 1


def test_an_authority_that_refuses(cloud, options):
    cloud.cloud.cas.orders.refused.add("www.example.com")
    oblige(cloud)
    result = run_module(NAME, options)
    assert result["failed"] and "verify_fail" in result["msg"] and "Put it right" in result["msg"]


@pytest.mark.parametrize("left", [0, None], ids=["used up", "never bought"])
def test_no_quota_is_said_before_anything_is_ordered(cloud, options, own, left):
    plans = cloud.cloud.cas.orders.plans
    plans.update({FREE: 1}) if left == 0 else plans.clear()
    if left == 0:
        run_module(NAME, dict(options, name="other", domains=["api.example.com"], wait=False))
    for check in (True, False):
        result, writes = observed(cloud, NAME, dict(options, **own), check=check)
        assert result["failed"] and writes == [] and "Nothing was ordered" in result["msg"] and FREE in result["msg"]
        assert not cloud.journal(writes=True) and not os.path.exists(own["private_key_path"])
        assert result["quota"]["total"] == (1 if left == 0 else 0)


def test_a_permission_that_lacks_is_named(cloud, options, own):
    key = cloud.key(deny=["yundun-cert:CreateCertificateForPackageRequest"])
    denied = dict(options, access_key_id=key.access_key_id, access_key_secret=key.access_key_secret, **own)
    result = run_module(NAME, denied)
    assert result["failed"] and "yundun-cert:CreateCertificateForPackageRequest" in result["msg"] and not orders(cloud)
    assert result["failed_action"]["action"] == CREATE[1] and not leaked(json.dumps(result), (text(own["private_key_path"]),))


def test_a_certificate_without_tags_is_tagged(cloud, options):
    """Without them the next run would order again."""
    cloud.cloud.cas.orders.inherits_tags = False
    oblige(cloud)
    result, writes = observed(cloud, NAME, options)
    assert writes == [CREATE, ("cas", "TagResources")] and result["certificate"]["tags"]["daas-https-name"] == "shop"
    assert observed(cloud, NAME, options)[1] == [] and len(orders(cloud)) == 1


# -- input ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("wrong, word", [
    (dict(domains=[]), "domains is empty"), (dict(name="my shop"), "cannot be used"),
    (dict(domains=["{0}.example.com".format(number) for number in range(6)]), "up to 5 names"),
    (dict(domains=["www.example.com", "*.example.com"]), "all of them wildcards or none"),
    (dict(domains=["*.example.com"], validation="file"), "cannot prove a wildcard"),
    (dict(PAID, accept_cost=False), "accept_cost"), (dict(paid=True, accept_cost=True), "product, email, phone, username"),
    (dict(PAID, domains=["www.example.com", "api.example.com"]), "for one name"),
    (dict(private_key_path="/a", csr="b"), "mutually exclusive"),
    (dict(private_key_path="/a", private_key_dest="/b"), "mutually exclusive"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_meant(cloud, options, wrong, word):
    result, _writes = observed(cloud, NAME, dict(options, **wrong))
    assert result["failed"] and word in result["msg"], result["msg"]
    assert not cloud.journal()


@pytest.mark.parametrize("own_key", [False, True])
def test_a_paid_order(cloud, options, own, own_key):
    cloud.cloud.cas.orders.plans[PAID["product"]] = 2
    oblige(cloud)
    _check, real, _again = triple(cloud, NAME, dict(options, **PAID, **(own if own_key else {})))
    assert [action["action"] for action in real["actions"]] == [
        "CreateCertificateWithCsrRequest" if own_key else "CreateCertificateRequest"]
    [order] = orders(cloud)
    assert (order.source, order.product, bool(order.csr)) == ("buy", PAID["product"], own_key)


def test_a_paid_order_that_failed_is_not_made_again(cloud, options):
    cloud.cloud.cas.orders.plans[PAID["product"]] = 5
    oblige(cloud, value="wrong")
    first = run_module(NAME, dict(options, **PAID))
    assert first["failed"] and "state: cancelled" in first["msg"]
    second, writes = observed(cloud, NAME, dict(options, **PAID))
    assert second["failed"] and writes == [] and "a new one costs again" in second["msg"] and len(orders(cloud)) == 1


def test_files_that_cannot_be_written(cloud, options, tmp_path):
    issue(cloud, WWW)
    nowhere = str(tmp_path / "nowhere" / "fullchain.pem")
    result = run_module(NAME, dict(options, certificate_dest=nowhere))
    assert result["failed"] and "certificate_dest" in result["msg"] and nowhere in result["msg"]
    kept = dict(options, private_key_path=str(tmp_path / "nowhere" / "key.pem"), domains=["api.example.com"])
    result, writes = observed(cloud, NAME, kept)
    assert result["failed"] and writes == [] and "private_key_path" in result["msg"], "no order without its key"


def test_whoever_has_a_certificate_request_has_the_key(cloud, options, own, files):
    first = run_module(NAME, dict(options, wait=False, **own))
    publish(cloud, first)
    result = run_module(NAME, dict(options, **files))
    assert result["failed"] and "its owner has it" in result["msg"] and not os.path.exists(files["private_key_dest"])


# -- an order that is named ----------------------------------------------------------------------------------------------------------

def test_an_order_is_gone_on_with_whatever_else_is_there(cloud, options):
    """Renewed before it is due, as the role does on demand: the second call knows what the first one has made."""
    old = issue(cloud, WWW)
    early = dict(options, renew_within_days=3650)
    first = run_module(NAME, dict(early, wait=False))
    assert first["changed"] and first["order"]["id"] != old.id
    publish(cloud, first)
    for _again in range(2):
        done, writes = observed(cloud, NAME, dict(early, order_id=first["order"]["id"]))
        assert not done["failed"] and writes == [] and done["order"]["id"] == first["order"]["id"]
        assert done["certificate"]["id"] != old.certificate.id


@pytest.mark.parametrize("how", ["unknown", "failed", "given up"])
def test_an_order_that_leads_nowhere_is_as_none(cloud, options, how):
    number = 7
    if how != "unknown":
        number = run_module(NAME, dict(options, wait=False))["order"]["id"]
        cloud.cloud.cas.orders.orders[number].status = dict(failed="verify_fail").get(how, "payed")
    result, writes = observed(cloud, NAME, dict(options, wait=False, order_id=number))
    assert not result["failed"] and CREATE in writes and result["order"]["id"] != number


# -- giving up -----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, calls", [
    ("domain_verify", ["CancelOrderRequest", "DeleteCertificateRequest"]), ("process", ["CancelOrderRequest", "DeleteCertificateRequest"]),
    ("verify_fail", ["DeleteCertificateRequest"]), ("payed", ["DeleteCertificateRequest"]),
])
def test_cancelled(cloud, options, status, calls):
    number = run_module(NAME, dict(options, wait=False))["order"]["id"]
    other = run_module(NAME, dict(options, wait=False, domains=["api.example.com"]))["order"]["id"]
    cloud.cloud.cas.orders.orders[number].status = status
    check, writes = observed(cloud, NAME, dict(options, state="cancelled"), check=True)
    assert writes == []
    real, writes = observed(cloud, NAME, dict(options, state="cancelled"))
    assert not real["failed"] and [action["action"] for action in real["actions"]] == calls == [action for _product, action in writes]
    assert check["actions"] == real["actions"] and check["diff"] == real["diff"] and real["order"]["status"] == "cancelled"
    assert check["quota"] == real["quota"] == dict(product=FREE, total=20, used=1, issued=0)
    assert [order.id for order in orders(cloud)] == [other]
    again, writes = observed(cloud, NAME, dict(options, state="cancelled"))
    assert not again["changed"] and again["order"] is None and writes == []


def test_what_was_issued_is_not_given_up(cloud, options):
    order = issue(cloud, WWW)
    result, writes = observed(cloud, NAME, dict(options, state="cancelled"))
    assert not result["changed"] and writes == [] and orders(cloud) == [order]


@pytest.mark.parametrize("action", ["CancelOrderRequest", "DeleteCertificateRequest"])
@pytest.mark.parametrize("fault", ["cut_after", "refuse_before"])
def test_giving_up_in_spite_of_a_lost_answer(cloud, options, action, fault):
    run_module(NAME, dict(options, wait=False))
    struck = cloud.fault(product="cas", action=action, kind=fault)
    result = run_module(NAME, dict(options, state="cancelled"))
    assert not result["failed"] and struck.fired == 1 and not orders(cloud), result


def test_giving_up_goes_on_where_it_was_ended(cloud, options):
    run_module(NAME, dict(options, wait=False))
    cloud.fault(product="cas", action="DeleteCertificateRequest", kind="error", code="Forbidden.RAM", status=403)
    ended = run_module(NAME, dict(options, state="cancelled"))
    assert ended["failed"] and [action["action"] for action in ended["actions"]] == ["CancelOrderRequest"]
    result, writes = observed(cloud, NAME, dict(options, state="cancelled"))
    assert writes == [("cas", "DeleteCertificateRequest")] and not orders(cloud) and not result["failed"]
