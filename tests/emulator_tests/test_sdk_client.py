# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's clients and ours on one cloud: the same parameters, the same answers, the same refusals, for every call that we make.

What the vendor's client has written is read back through our own API layer, so that both mean the same by it.
"""

from __future__ import annotations

import importlib
from urllib.parse import urlsplit

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config
from ansible_collections.daas.https.plugins.module_utils import _errors as our_errors
from ansible_collections.daas.https.plugins.module_utils._api import alidns, cas, cas_jobs, cdn, rpc, slb
from darabonba.exceptions import UnretryableException
from darabonba.runtime import RuntimeOptions

from tests.emulator import scenarios
from tests.support.emulation import running
from tests.support.modules import connection

SDKS = {"cas": "alibabacloud_cas20200407", "slb": "alibabacloud_slb20140515", "cdn": "alibabacloud_cdn20180510",
        "alidns": "alibabacloud_alidns20150109"}
PRODUCTS = [cas_jobs.PRODUCT, slb.PRODUCT, cdn.PRODUCT, alidns.PRODUCT]
SPECS = {(product.name, action): spec for product in PRODUCTS for action, spec in product.actions.items()}
REGION = "cn-hangzhou"
WEB = {"RegionId": REGION, "LoadBalancerId": "lb-bp1web", "ListenerPort": 443}
API = {**WEB, "LoadBalancerId": "lb-bp1api"}


def vendors(handle, product, key, ca=True):
    """The vendor's client for an emulator. key: whose access key it signs with; ca: whether it knows the emulator's authority."""
    return importlib.import_module(SDKS[product] + ".client").Client(Config(
        access_key_id=key.access_key_id, access_key_secret=key.access_key_secret, ca=handle.ca_path if ca else None,
        endpoint=urlsplit(handle.endpoints[product]).netloc, protocol="HTTPS"))


def request_of(product, action):
    return getattr(importlib.import_module(SDKS[product] + ".models"), action + "Request")()


class World:
    """One account in use by both clients. ours: our own Cloud."""

    def __init__(self, handle, ours):
        self.handle, self.ours = handle, ours
        self._clients = {}

    def client(self, product):
        if product not in self._clients:
            self._clients[product] = vendors(self.handle, product, self.handle)
        return self._clients[product]

    def official(self, product, action, params):
        """The answer to the vendor's client, in the wire's names and without RequestId."""
        request = request_of(product, action).from_map(params)
        client = self.client(product)
        method = next(name for name in dir(client) if name.replace("_", "") == action.lower() + "withoptions")
        runtime = RuntimeOptions(connect_timeout=5000, read_timeout=5000, autoretry=False)
        answer = getattr(client, method)(request, runtime).body.to_map()
        assert answer.pop("RequestId")
        return answer

    def own(self, product, action, params):
        """The same of our own client."""
        answer = dict(self.ours.call(product, action, params, region=REGION))
        assert answer.pop("RequestId")
        return answer

    def add(self, name):
        """A fresh certificate in CAS: its id."""
        with self.handle.cloud.lock:
            return self.handle.cloud.cas.add_certificate(name, self.material(), tags={"env": "prod"}, resource_group="rg-1")

    def material(self):
        return self.handle.authority.issue(scenarios.demo.NAMES, key="ec")

    def create_job(self, certificate):
        """A deployment job for everything that CAS lists on the first page; what CreateDeploymentJob takes."""
        rows = cas_jobs.cloud_resources(self.ours, "", "")
        return {"Name": "renew", "JobType": "user", "CertIds": str(certificate), "ResourceIds": ",".join(str(row["Id"]) for row in rows),
                "ContactIds": str(cas_jobs.contacts(self.ours)[0]["ContactId"])}


def ours(handle, **options):
    return rpc.Cloud(dict(connection(handle), site="china", **options), PRODUCTS)


@pytest.fixture(autouse=True)
def no_other_authorities(monkeypatch):
    """Whatever the machine trusts, the clients are given the emulator's own authority."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with running("demo", calm=True, tmp_path=tmp_path_factory.mktemp("both")) as handle:
        yield handle


@pytest.fixture
def world(emulator):
    """The demo as it is at the start."""
    emulator.reset("demo", calm=True)
    with ours(emulator) as own:
        yield World(emulator, own)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """The demo after a deployment job has been run, for reading."""
    with running("demo", calm=True, tmp_path=tmp_path_factory.mktemp("settled")) as handle, ours(handle) as own:
        made = World(handle, own)
        made.certificate = made.add("shop-new")
        made.job = made.own("cas", "CreateDeploymentJob", made.create_job(made.certificate))["JobId"]
        made.own("cas", "UpdateDeploymentJobStatus", {"JobId": made.job, "Status": "pending"})
        yield made


# -- reads ---------------------------------------------------------------------------------------------------------------------------

# What is asked, and where in the answer something must stand, so that two empty answers do not pass for the same.
READS = {
    ("cas", "ListUserCertificateOrder"): (
        lambda made: {"OrderType": "CERT", "Keyword": "example.com", "CurrentPage": 1, "ShowSize": 50}, "CertificateOrderList"),
    ("cas", "GetUserCertificateDetail"): (lambda made: {"CertId": made.certificate, "CertFilter": True}, "CertChain"),
    ("cas", "ListTagResources"): (
        lambda made: {"RegionId": REGION, "ResourceType": "instance", "Tag": [{"Key": "env"}], "MaxResults": 50},
        "TagResources.TagResource"),
    ("cas", "ListContact"): (lambda made: {"CurrentPage": 1, "ShowSize": 20}, "ContactList"),
    ("cas", "ListCloudResources"): (lambda made: {"CloudName": "aliyun", "CloudProduct": "SLB", "Keyword": "lb-"}, "Data"),
    ("cas", "DescribeDeploymentJobStatus"): (lambda made: {"JobId": made.job}, "ProductWorkerCount"),
    ("cas", "ListDeploymentJob"): (lambda made: {"JobType": "user", "CurrentPage": 1, "ShowSize": 50}, "Data"),
    ("cas", "ListWorkerResource"): (lambda made: {"JobId": made.job, "Status": "success"}, "Data"),
    ("slb", "DescribeServerCertificates"): (lambda made: {"RegionId": REGION}, "ServerCertificates.ServerCertificate"),
    ("slb", "DescribeLoadBalancerHTTPSListenerAttribute"): (lambda made: API, "DomainExtensions.DomainExtension"),
    ("slb", "DescribeLoadBalancerListeners"): (
        lambda made: {"RegionId": REGION, "LoadBalancerId": ["lb-bp1web"], "ListenerProtocol": "https", "MaxResults": 100}, "Listeners"),
    ("cdn", "DescribeUserDomains"): (
        lambda made: {"DomainName": "example.com", "DomainSearchType": "suf_match", "PageSize": 500}, "Domains.PageData"),
    ("cdn", "DescribeDomainCertificateInfo"): (lambda made: {"DomainName": "img.example.com"}, "CertInfos.CertInfo"),
    ("alidns", "DescribeDomainRecords"): (lambda made: {"DomainName": "example.com", "PageSize": 500}, "DomainRecords.Record"),
}


@pytest.mark.parametrize("product, action", sorted(READS))
def test_both_read_the_same(settled, product, action):
    make, place = READS[product, action]
    answer = settled.official(product, action, make(settled))
    found = answer
    for step in place.split("."):
        found = found[step]
    assert isinstance(found, list) and found
    assert settled.own(product, action, make(settled)) == answer


@pytest.mark.parametrize("product, action", sorted(READS))
def test_parameters_in_the_query_are_read_as_well(settled, product, action):
    """Where the vendor's client has them always."""
    params = READS[product, action][0](settled)
    with ours(settled.handle, parameters_in="query") as own:
        assert World(settled.handle, own).own(product, action, params) == settled.official(product, action, params)


@pytest.mark.parametrize("product, action, params, names, place", [
    ("cas", "ListUserCertificateOrder", {"OrderType": "CERT"}, ("CurrentPage", "ShowSize"), "CertificateOrderList"),
    ("cas", "ListCloudResources", {}, ("CurrentPage", "ShowSize"), "Data"),
    ("alidns", "DescribeDomainRecords", {"DomainName": "example.com"}, ("PageNumber", "PageSize"), "DomainRecords.Record"),
])
def test_both_come_through_small_pages(world, product, action, params, names, place):
    for number in range(4):
        world.add("spare-{0}".format(number))
    world.handle.cloud.setting.update({"page_cap": 3})

    def rows(answer):
        for step in place.split("."):
            answer = answer[step]
        return answer

    pages = []
    while not pages or pages[-1]:
        pages.append(rows(world.official(product, action, {**params, names[0]: len(pages) + 1, names[1]: 50})))
    total = [row for page in pages for row in page]
    assert len(pages) >= 3 and max(map(len, pages)) == 3 < len(total)
    assert total == list(world.ours.pages(
        product, action, params, rows, lambda answer: answer.get("TotalCount") or answer.get("Total"), names=names))


# -- writes --------------------------------------------------------------------------------------------------------------------------

WRITES = {}


def write(product, action):
    def keep(step):
        WRITES[product, action] = step
        return step
    return keep


@write("cas", "UploadUserCertificate")
def upload(world):
    material = world.material()
    answer = world.official("cas", "UploadUserCertificate", {
        "Name": "shop-new", "Cert": material.chain_pem, "Key": material.key_pem, "Tags": [{"Key": "env", "Value": "prod"}]})
    stored = cas.list_certificates(world.ours)[answer["CertId"]]
    assert (stored.name, stored.sha256, stored.sha1, stored.uploaded) == ("shop-new", material.fingerprint, material.sha1, True)
    detail = cas.certificate_detail(world.ours, answer["CertId"])
    assert detail.tags == {"env": "prod"} and detail.identifier == "{0}-cn-hangzhou".format(answer["CertId"])


@write("cas", "DeleteUserCertificate")
def delete(world):
    number = world.add("spare")
    world.official("cas", "DeleteUserCertificate", {"CertId": number, "ClientToken": "token-1"})
    assert cas.certificate_detail(world.ours, number) is None and number not in cas.list_certificates(world.ours)


@write("cas", "CreateDeploymentJob")
def create_job(world):
    made = world.official("cas", "CreateDeploymentJob", world.create_job(world.add("shop-new")))["JobId"]
    status = world.own("cas", "DescribeDeploymentJobStatus", {"JobId": made})
    workers = cas_jobs.workers(world.ours, made)
    count = len(workers)
    assert (status["MatchWorkerCount"], status["CostCount"], status["UseCount"], status["SuccessCount"]) == (count, count, 0, 0)
    assert count >= 5 and {row["Status"] for row in workers} == {"editing"}


@write("cas", "UpdateDeploymentJobStatus")
def start_job(world):
    number = world.add("shop-new")
    made = world.own("cas", "CreateDeploymentJob", world.create_job(number))["JobId"]
    world.official("cas", "UpdateDeploymentJobStatus", {"JobId": made, "Status": "pending"})
    assert {row["Status"] for row in cas_jobs.workers(world.ours, made)} == {"success"}
    assert cdn.binding(world.ours, "img.example.com").cert_id == number
    held = slb.listener(world.ours, REGION, "lb-bp1web", 443).certificate_id
    assert slb.server_certificates(world.ours, REGION)[held].cas_id == number


@write("cas", "UpdateWorkerResourceStatus")
def roll_back_a_worker(world):
    number, before = world.add("shop-new"), cdn.binding(world.ours, "img.example.com").cert_id
    made = world.own("cas", "CreateDeploymentJob", world.create_job(number))["JobId"]
    world.own("cas", "UpdateDeploymentJobStatus", {"JobId": made, "Status": "pending"})
    [worker] = [row for row in cas_jobs.workers(world.ours, made) if row["ResourceDomain"] == "img.example.com"]
    assert cdn.binding(world.ours, "img.example.com").cert_id == number != before
    world.official("cas", "UpdateWorkerResourceStatus", {"JobId": made, "WorkerId": worker["Id"], "Status": "rollback"})
    assert {row["Id"]: row["Status"] for row in cas_jobs.workers(world.ours, made)}[worker["Id"]] == "rollback_success"
    assert cdn.binding(world.ours, "img.example.com").cert_id == before


@write("slb", "UploadServerCertificate")
def upload_to_region(world):
    material, number = world.material(), world.add("shop-new")
    as_pem = world.official("slb", "UploadServerCertificate", {
        "RegionId": REGION, "ServerCertificateName": "new", "ServerCertificate": material.chain_pem, "PrivateKey": material.key_pem})
    imported = world.official("slb", "UploadServerCertificate", {
        "RegionId": REGION, "AliCloudCertificateId": str(number), "AliCloudCertificateName": "shop-new",
        "AliCloudCertificateRegionId": "cn-hangzhou"})
    held = slb.server_certificates(world.ours, REGION)
    assert (held[as_pem["ServerCertificateId"]].fingerprint, held[as_pem["ServerCertificateId"]].cas_id) == (material.sha1, 0)
    assert held[imported["ServerCertificateId"]].cas_id == number and len(held[imported["ServerCertificateId"]].fingerprint) == 64


@write("slb", "DeleteServerCertificate")
def delete_from_region(world):
    made = regional(world)
    world.official("slb", "DeleteServerCertificate", {"RegionId": REGION, "ServerCertificateId": made})
    assert made not in slb.server_certificates(world.ours, REGION)


def regional(world):
    """A new certificate in the region's store: its id."""
    material = world.material()
    with world.handle.cloud.lock:
        return world.handle.cloud.slb.add_certificate(REGION, "new", material)


def slots(world):
    """(default, {domain: certificate}) of the listener with an SNI slot."""
    found = slb.listener(world.ours, REGION, "lb-bp1api", 443)
    return found.certificate_id, {extension.domain: extension.certificate_id for extension in found.extensions}


@write("slb", "SetLoadBalancerHTTPSListenerAttribute")
def set_default(world):
    new, (old, before) = regional(world), slots(world)
    world.official("slb", "SetLoadBalancerHTTPSListenerAttribute", {**API, "ServerCertificateId": new})
    assert slots(world) == (new, before) and old != new


@write("slb", "CreateDomainExtension")
def create_extension(world):
    new, (old, before) = regional(world), slots(world)
    world.official("slb", "CreateDomainExtension", {**API, "Domain": "*.shop.example.com", "ServerCertificateId": new})
    assert slots(world) == (old, {**before, "*.shop.example.com": new})


def extension_of(world):
    [found] = slb.listener(world.ours, REGION, "lb-bp1api", 443).extensions
    return {"RegionId": REGION, "DomainExtensionId": found.id}


@write("slb", "SetDomainExtensionAttribute")
def set_extension(world):
    new, (old, _before) = regional(world), slots(world)
    world.official("slb", "SetDomainExtensionAttribute", {**extension_of(world), "ServerCertificateId": new})
    assert slots(world) == (old, {"admin.example.net": new})


@write("slb", "DeleteDomainExtension")
def delete_extension(world):
    old, _before = slots(world)
    world.official("slb", "DeleteDomainExtension", extension_of(world))
    assert slots(world) == (old, {})


@write("cdn", "SetCdnDomainSSLCertificate")
def set_cdn(world):
    material, number, domain = world.material(), world.add("shop-new"), "static.example.com"
    from_cas = {"SSLProtocol": "on", "CertType": "cas", "CertId": number, "CertRegion": "cn-hangzhou"}
    world.official("cdn", "SetCdnDomainSSLCertificate", {"DomainName": domain, **from_cas})
    found = cdn.binding(world.ours, domain)
    assert (found.https, found.cert_id, found.cert_type, found.cert_region) == (True, number, "cas", "cn-hangzhou")
    world.official("cdn", "SetCdnDomainSSLCertificate", {"DomainName": domain, "SSLProtocol": "on", "CertType": "upload",
                                                         "CertName": "new", "SSLPub": material.chain_pem, "SSLPri": material.key_pem})
    found = cdn.binding(world.ours, domain)
    assert (found.cert_name, found.cert_type, found.cert_id, found.certificate_pem) == ("new", "upload", 0, material.leaf_pem)
    world.official("cdn", "SetCdnDomainSSLCertificate", {"DomainName": domain, "SSLProtocol": "off"})
    assert not cdn.binding(world.ours, domain).https


RECORD = {"RR": "_acme-challenge", "Type": "TXT", "Value": "one two+three/four=", "TTL": 600, "Line": "default"}


def add_to_zone(world):
    return world.official("alidns", "AddDomainRecord", {"DomainName": "example.com", **RECORD})["RecordId"]


def of_zone(world, record_id):
    return next((record for record in alidns.records(world.ours, "example.com") if record.id == record_id), None)


@write("alidns", "AddDomainRecord")
def add_record(world):
    found = of_zone(world, add_to_zone(world))
    assert {"RR": found.rr, "Type": found.type, "Value": found.value, "TTL": found.ttl, "Line": found.line} == RECORD and found.enabled


@write("alidns", "UpdateDomainRecord")
def update_record(world):
    made = add_to_zone(world)
    assert world.official("alidns", "UpdateDomainRecord", {"RecordId": made, **RECORD, "Value": "five", "TTL": 900}) == {"RecordId": made}
    assert (of_zone(world, made).value, of_zone(world, made).ttl) == ("five", 900)


@write("alidns", "DeleteDomainRecord")
def delete_record(world):
    made = add_to_zone(world)
    world.official("alidns", "DeleteDomainRecord", {"RecordId": made})
    assert of_zone(world, made) is None


@pytest.mark.parametrize("product, action", sorted(WRITES))
def test_what_the_vendors_client_writes_we_read(world, product, action):
    world.handle.forget()
    WRITES[product, action](world)
    done = [entry for entry in world.handle.journal(writes=True) if entry["action"] == action]
    assert done and all(entry["committed"] and entry["status"] == 200 for entry in done)
    assert "PRIVATE KEY" not in str(done)


def test_every_call_that_we_make_is_made_here():
    """Except what the vendor's client cannot make, because only the specification has it."""
    specified = {key for key, spec in SPECS.items() if spec.standing != "documented"}
    assert specified == {("cas", "DeployCertificateToCloudResource")}
    assert set(READS) == {key for key, spec in SPECS.items() if not spec.writes}
    assert set(WRITES) == {key for key, spec in SPECS.items() if spec.writes} - specified
    assert set(cas.PRODUCT.actions) <= {action for product, action in SPECS if product == "cas"}


# -- refusals ------------------------------------------------------------------------------------------------------------------------

REFUSALS = [
    ("cas", "GetUserCertificateDetail", {"CertId": 1}, "NotFound", 400),
    ("cas", "ListUserCertificateOrder", {"OrderType": "ALL"}, "InvalidParameter", 400),
    ("slb", "DescribeServerCertificates", {"RegionId": "cn-nowhere"}, "InvalidRegionId.NotFound", 404),
    ("slb", "DescribeLoadBalancerHTTPSListenerAttribute", {**WEB, "ListenerPort": 80}, "ListenerNotFound", 404),
    ("slb", "SetLoadBalancerHTTPSListenerAttribute", {**WEB, "ServerCertificateId": "x"}, "ServerCertificateId.NotFound", 404),
    ("cdn", "DescribeDomainCertificateInfo", {"DomainName": "www.example.org"}, "InvalidDomain.NotFound", 404),
    ("alidns", "DeleteDomainRecord", {"RecordId": "1"}, "DomainRecordNotBelongToUser", 400),
    ("alidns", "DescribeDomainRecords", {"DomainName": "example.org"}, "InvalidDomainName.NoExist", 400),
]


@pytest.mark.parametrize("product, action, params, code, status", REFUSALS)
def test_both_are_refused_alike(settled, product, action, params, code, status):
    with pytest.raises(ClientException) as theirs:
        settled.official(product, action, params)
    assert (theirs.value.code, theirs.value.status_code) == (code, status) and theirs.value.request_id
    with pytest.raises(our_errors.ApiError) as own:
        settled.own(product, action, params)
    assert (own.value.code, own.value.status) == (code, status) and own.value.request_id
    assert own.value.request_id != theirs.value.request_id


def test_a_denied_action_is_named(world):
    """To both: the vendor's client hands the detail on, ours says which permission is missing."""
    denied = world.handle.key(deny=["yundun-cert:ListContact"])
    with pytest.raises(ClientException) as theirs:
        vendors(world.handle, "cas", denied).list_contact(request_of("cas", "ListContact"))
    assert theirs.value.status_code == 403 and theirs.value.access_denied_detail["AuthAction"] == "yundun-cert:ListContact"
    options = dict(connection(world.handle), access_key_id=denied.access_key_id, access_key_secret=denied.access_key_secret, site="china")
    with rpc.Cloud(options, PRODUCTS) as own, pytest.raises(our_errors.ApiError) as refused:
        cas_jobs.contacts(own)
    assert refused.value.code == theirs.value.code and "yundun-cert:ListContact" in str(refused.value)


def test_the_vendors_client_does_not_trust_anybody(tmp_path):
    """Without the emulator's authority it refuses to talk, so that the tests above prove the TLS as well.

    At ports of its own: the vendor's client keeps connections for other clients of the process, whatever they trust.
    """
    with running("empty", calm=True, tmp_path=tmp_path) as handle:
        stranger = vendors(handle, "cas", handle, ca=False)
        with pytest.raises(UnretryableException, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.list_contact_with_options(request_of("cas", "ListContact"), RuntimeOptions(autoretry=False))
        assert handle.journal() == []
