# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract: every documented action takes what the vendor's SDK can send, and answers what the SDK knows, in its types.

One walk through all actions is made twice, on an account directly, and with the vendor's own clients through the gateway.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pathlib
import typing
from urllib.parse import urlsplit

import pytest
from alibabacloud_tea_openapi.models import Config
from darabonba.model import DaraModel

from tests.emulator import scenarios
from tests.emulator.rpc import COMMON
from tests.emulator.services import ROA, SERVICES, actions_of
from tests.support.account import ACTIONS, account
from tests.support.emulation import running

SDKS = {name: actions_of(name).SDK.replace("-", "_") for name in SERVICES if name not in ROA}
# Products that came later walk in a module of their own: walks/<product>.py, with walk(call, authority) and STRICTER.
WALKS = {path.stem: importlib.import_module("tests.emulator_tests.walks." + path.stem)
         for path in sorted((pathlib.Path(__file__).parent / "walks").glob("*.py")) if path.stem != "__init__"}
DOCUMENTED = sorted(key for key, action in ACTIONS.items() if action.provenance == "documented")
KINDS = {str: "string", int: "integer", bool: "boolean"}

# Where the emulator wants more than the SDK's model says, and why.
STRICTER = {
    ("cas", "DescribeDeploymentJobStatus", "JobId"): "there is nothing to describe without it",
    ("slb", "DescribeLoadBalancerListeners", "RegionId"): "the vendor's reference requires it, the model does not say so",
    ("cdn", "BatchSetCdnDomainConfig", "Functions"): "a string for the SDK, but its content is JSON",
}
for _walk in WALKS.values():
    STRICTER.update(_walk.STRICTER)


def models(product):
    return importlib.import_module(SDKS[product] + ".models")


class Nothing(DaraModel):
    """The request of a call that has no parameters: the SDK has no model for it."""

    def __init__(self):
        super().__init__()

    def to_map(self):
        return {}

    def from_map(self, m=None):
        assert not m
        return self


def request_model(product, name):
    return getattr(models(product), name + "Request", Nothing)


# -- what the SDK's models say about themselves --------------------------------------------------------------------------------------

def fields(model):
    """Wire name -> (attribute, type), found by asking the model to write each of its attributes."""
    found, empty = {}, model().to_map()
    for name, hint in typing.get_type_hints(model.__init__).items():
        if name != "return":
            written = model(**{name: sample(hint)}).to_map()
            [wire] = [key for key in written if key not in empty or written[key] != empty[key]]
            found[wire] = (name, hint)
    return found


def sample(hint):
    """Some value of a type that a model's attribute has."""
    if typing.get_origin(hint) is list:
        return [sample(typing.get_args(hint)[0])]
    return hint() if isinstance(hint, type) and issubclass(hint, DaraModel) else "x"


def parameters(model, shrunk, prefix=""):
    """Wire name of a parameter -> its kind, lists numbered with N; what the client turns into JSON is `shrunk`'s text."""
    found = {}
    for wire, (_name, hint) in fields(model).items():
        name, item = prefix + wire, typing.get_args(hint)[0] if typing.get_origin(hint) is list else None
        if shrunk and fields(shrunk)[wire][1] is not hint and fields(shrunk)[wire][1] is str:
            found[name] = "json"
        elif item in KINDS:
            found[name + ".N"] = KINDS[item]
        elif item:
            found.update(parameters(item, None, name + ".N."))
        elif hint in KINDS:
            found[name] = KINDS[hint]
        else:
            found.update(parameters(hint, None, name + "."))
    return {name: kind for name, kind in found.items() if name not in COMMON}


def required(model):
    """Wire names that the SDK's comments call required; it has them in no other form."""
    names, wanted, pending = {name: wire for wire, (name, _hint) in fields(model).items()}, set(), []
    for line in map(str.strip, inspect.getsource(model.__init__).splitlines()):
        if line.startswith("#"):
            pending.append(line)
        elif line.startswith("self."):
            if "# This parameter is required." in pending:
                wanted.add(names[line[len("self."):].split(" ")[0]])
            pending = []
    return wanted - COMMON


def problems(model, data, path=""):
    """What of an answer the SDK's model does not know, or has in another type."""
    known = fields(model)
    for wire, value in data.items():
        here = path + wire
        if wire not in known:
            yield here + " is unknown"
        else:
            yield from mismatches(known[wire][1], value, here)


def mismatches(hint, value, here):
    item = typing.get_args(hint)[0] if typing.get_origin(hint) is list else None
    if item:
        if not isinstance(value, list):
            yield "{0} should be a list".format(here)
            return
        for number, entry in enumerate(value):
            yield from mismatches(item, entry, "{0}[{1}]".format(here, number))
    elif isinstance(hint, type) and issubclass(hint, DaraModel):
        yield from problems(hint, value, here + ".")
    elif hint in KINDS and (not isinstance(value, hint) or (hint is int and isinstance(value, bool))):
        yield "{0} should be {1}, not {2!r}".format(here, hint.__name__, value)


def paths(data, here=""):
    """All places of a JSON document where something stands; entries of a list are not told apart."""
    found = set()
    for name, value in data.items() if isinstance(data, dict) else (("[]", value) for value in data):
        place = "{0}/{1}".format(here, name)
        found |= {place} | (paths(value, place) if isinstance(value, (dict, list)) else set())
    return found


# -- the walk ------------------------------------------------------------------------------------------------------------------------

def walk(call, authority):
    """Every documented action at least once, on the demo, as somebody uses them who renews a certificate and tidies up.

    call(product, action, params) -> answer; params as the SDK's models write them: nested, in the wire's names.
    """
    material = authority.issue(scenarios.demo.NAMES, key="ec")
    pair = {"Cert": material.chain_pem, "Key": material.key_pem}
    made = call("cas", "UploadUserCertificate", {"Name": "shop-new", "ClientToken": "token-1", "ResourceGroupId": "rg-1",
                                                 "Tags": [{"Key": "env", "Value": "prod"}], **pair})
    walk_certificates(call, made, pair)
    walk_job(call, made["CertId"])
    walk_listeners(call, made["CertId"], walk_server_certificates(call, made["CertId"], material))
    walk_cdn(call, made["CertId"])
    walk_dns(call)
    for further in WALKS.values():
        further.walk(call, authority)


def walk_certificates(call, made, pair):
    call("cas", "GetUserCertificateDetail", {"CertId": made["CertId"], "CertFilter": False})
    call("cas", "ListUserCertificateOrder", {"OrderType": "CERT", "CurrentPage": 1, "ShowSize": 50, "Keyword": "example.com"})
    call("cas", "ListCert", {"KeyWord": "example.com", "SourceType": "upload", "CurrentPage": 1, "ShowSize": 50})
    tags = {"RegionId": "cn-hangzhou", "ResourceType": "instance", "ResourceId": [made["ResourceId"]]}
    call("cas", "TagResources", {**tags, "Tag": [{"Key": "team", "Value": "shop"}]})
    call("cas", "ListTagResources", {**tags, "Tag": [{"Key": "team"}], "MaxResults": 20})
    spare = call("cas", "UploadUserCertificate", {"Name": "spare", **pair})
    call("cas", "DeleteUserCertificate", {"CertId": spare["CertId"], "ClientToken": "token-2"})


def walk_job(call, certificate):
    contact = call("cas", "ListContact", {"CurrentPage": 1, "ShowSize": 20})["ContactList"][0]["ContactId"]
    rows = call("cas", "ListCloudResources", {"CertIds": [certificate], "CloudName": "aliyun", "ShowSize": 50})["Data"]
    job = {"JobId": call("cas", "CreateDeploymentJob", {
        "Name": "renew", "JobType": "user", "CertIds": str(certificate), "ContactIds": str(contact),
        "ResourceIds": ",".join(str(row["Id"]) for row in rows)})["JobId"]}
    call("cas", "UpdateDeploymentJobStatus", {**job, "Status": "pending"})
    call("cas", "DescribeDeploymentJob", job)
    call("cas", "DescribeDeploymentJobStatus", job)
    call("cas", "ListDeploymentJob", {"JobType": "user", "Status": "success", "CertId": certificate})
    call("cas", "ListDeploymentJobCert", job)
    call("cas", "ListDeploymentJobResource", job)
    workers = call("cas", "ListWorkerResource", {**job, "CurrentPage": 1, "ShowSize": 50})["Data"]
    cdn = next(worker for worker in workers if worker["CloudProduct"] == "CDN")
    call("cas", "UpdateWorkerResourceStatus", {**job, "WorkerId": cdn["Id"], "Status": "rollback"})
    call("cas", "DeleteDeploymentJob", job)


def walk_server_certificates(call, certificate, material):
    here = {"RegionId": "cn-hangzhou"}
    spare = call("slb", "UploadServerCertificate", {
        **here, "ServerCertificateName": "spare", "ServerCertificate": material.chain_pem, "PrivateKey": material.key_pem,
        "Tag": [{"Key": "env", "Value": "prod"}]})["ServerCertificateId"]
    call("slb", "DescribeServerCertificates", here)
    call("slb", "SetServerCertificateName", {**here, "ServerCertificateId": spare, "ServerCertificateName": "gone"})
    call("slb", "DeleteServerCertificate", {**here, "ServerCertificateId": spare})
    return call("slb", "UploadServerCertificate", {
        **here, "AliCloudCertificateId": str(certificate), "AliCloudCertificateName": "shop-new",
        "AliCloudCertificateRegionId": "cn-hangzhou"})["ServerCertificateId"]


def walk_listeners(call, certificate, held):
    place = {"LoadBalancerId": "lb-bp1web", "ListenerPort": 8443, "RegionId": "cn-hangzhou"}
    call("slb", "DescribeLoadBalancers", {"RegionId": "cn-hangzhou", "LoadBalancerId": "lb-bp1web", "PageNumber": 1, "PageSize": 50})
    call("slb", "CreateLoadBalancerHTTPSListener", {
        **place, "ServerCertificateId": held, "Bandwidth": -1, "HealthCheck": "off", "StickySession": "off", "BackendServerPort": 8080,
        "Description": "second", "VServerGroupId": "rsp-1", "AclStatus": "off", "Tag": [{"Key": "env", "Value": "prod"}]})
    call("slb", "StartLoadBalancerListener", {**place, "ListenerProtocol": "https"})
    extension = call("slb", "CreateDomainExtension", {
        **place, "Domain": "api.example.com", "ServerCertificateId": held})["DomainExtensionId"]
    call("slb", "SetLoadBalancerHTTPSListenerAttribute", {
        **place, "ServerCertificateId": held, "IdleTimeout": 30, "RequestTimeout": 90, "EnableHttp2": "off", "Gzip": "off",
        "TLSCipherPolicy": "tls_cipher_policy_1_2", "HealthCheckInterval": 5, "XForwardedFor_proto": "on", "DryRun": False})
    call("slb", "DescribeLoadBalancerHTTPSListenerAttribute", place)
    call("slb", "DescribeLoadBalancerListeners", {
        "RegionId": "cn-hangzhou", "LoadBalancerId": ["lb-bp1web"], "ListenerPort": 8443, "ListenerProtocol": "https", "MaxResults": 100})
    call("slb", "DescribeDomainExtensions", place)
    one = {"RegionId": "cn-hangzhou", "DomainExtensionId": extension}
    call("slb", "SetDomainExtensionAttribute", {**one, "ServerCertificateId": held})
    call("slb", "DeleteDomainExtension", one)


def walk_cdn(call, certificate):
    call("cdn", "SetCdnDomainSSLCertificate", {"DomainName": "static.example.com", "SSLProtocol": "on", "CertType": "cas",
                                               "CertId": certificate, "CertName": "shop-new", "CertRegion": "cn-hangzhou"})
    call("cdn", "DescribeDomainCertificateInfo", {"DomainName": "static.example.com"})
    call("cdn", "DescribeUserDomains", {"DomainName": "example.com", "DomainSearchType": "fuzzy_match", "PageNumber": 1, "PageSize": 500})
    call("cdn", "DescribeCdnHttpsDomainList", {"Keyword": "example.com", "PageNumber": 1, "PageSize": 20})
    call("cdn", "DescribeCdnSSLCertificateList", {"DomainName": "static.example.com", "PageNumber": 1, "PageSize": 20})
    done = call("cdn", "BatchSetCdnDomainConfig", {"DomainNames": "static.example.com", "Functions": json.dumps(
        [{"functionName": "https_force", "functionArgs": [{"argName": "enable", "argValue": "on"}]}])})
    call("cdn", "DescribeCdnDomainConfigs", {"DomainName": "static.example.com", "FunctionNames": "https_force"})
    call("cdn", "DeleteSpecificConfig", {
        "DomainName": "static.example.com", "ConfigId": str(done["DomainConfigList"]["DomainConfigModel"][0]["ConfigId"])})


def walk_dns(call):
    record = {"RR": "mail", "Type": "MX", "Value": "mx.example.net", "Priority": 10, "TTL": 600}
    made = call("alidns", "AddDomainRecord", {"DomainName": "example.com", **record})
    call("alidns", "UpdateDomainRecord", {"RecordId": made["RecordId"], **record, "TTL": 300})
    call("alidns", "DescribeDomainRecords", {"DomainName": "example.com", "PageNumber": 1, "PageSize": 100})
    call("alidns", "DescribeSubDomainRecords", {"SubDomain": "mail.example.com", "Type": "MX"})
    call("alidns", "DeleteDomainRecord", {"RecordId": made["RecordId"]})


class Recorder:
    """What each action has answered, in the order of the walk."""

    def __init__(self, perform):
        self._perform = perform
        self.answers = {}

    def __call__(self, product, name, params):
        answer = self._perform(product, name, params)
        self.answers.setdefault((product, name), []).append(answer)
        return answer


def flattened(action, params):
    """Nested parameters as the SDK's client puts them on the wire."""
    flat = {}

    def put(name, value):
        if isinstance(value, (dict, list)) and any(param.name == name and param.kind == "json" for param in action.params):
            flat[name] = json.dumps(value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                put("{0}.{1}".format(name, key), inner)
        elif isinstance(value, list):
            for number, inner in enumerate(value, 1):
                put("{0}.{1}".format(name, number), inner)
        else:
            flat[name] = value

    for name, value in params.items():
        put(name, value)
    return flat


@pytest.fixture(scope="module")
def direct():
    with account() as made:
        scenarios.get("demo").seed(made.cloud)
        recorder = Recorder(lambda product, name, params: made.call(product, name, **flattened(ACTIONS[product, name], params)))
        walk(recorder, made.cloud.authority)
        return recorder.answers


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """The same walk with the vendor's clients, through the gateway."""
    with running("demo", calm=True, tmp_path=tmp_path_factory.mktemp("official")) as handle:
        clients = {product: client(handle, product) for product in SDKS}

        def perform(product, name, params):
            request = request_model(product, name)().from_map(params)
            method = next(method for method in dir(clients[product]) if method.replace("_", "") == name.lower())
            arguments = [] if isinstance(request, Nothing) else [request]
            return getattr(clients[product], method)(*arguments).body.to_map()

        recorder = Recorder(perform)
        walk(recorder, handle.authority)
        return recorder.answers


def client(handle, product):
    return importlib.import_module(SDKS[product] + ".client").Client(Config(
        access_key_id=handle.access_key_id, access_key_secret=handle.access_key_secret, ca=handle.ca_path,
        endpoint=urlsplit(handle.endpoints[product]).netloc))


# -- the contract --------------------------------------------------------------------------------------------------------------------

def test_what_is_only_specified_is_not_in_the_sdk():
    others = [key for key, action in ACTIONS.items() if action.provenance != "documented"]
    assert others == [("cas", "DeployCertificateToCloudResource")]
    assert not [key for key in others if hasattr(models(key[0]), key[1] + "Request")]


@pytest.mark.parametrize("product, name", DOCUMENTED)
def test_parameters(product, name):
    action, sdk = ACTIONS[product, name], models(product)
    wanted = parameters(request_model(product, name), getattr(sdk, name + "ShrinkRequest", None))
    declared = {param.name: param.kind for param in action.params if param.name not in COMMON}
    assert set(declared) == set(wanted)
    assert {key: declared[key] for key in wanted if declared[key] != wanted[key] and (product, name, key) not in STRICTER} == {}


@pytest.mark.parametrize("product, name", DOCUMENTED)
def test_required_parameters(product, name):
    wanted = required(request_model(product, name))
    declared = {param.name.split(".")[0] for param in ACTIONS[product, name].params if param.required}
    assert wanted <= declared
    assert {extra for extra in declared - wanted if (product, name, extra) not in STRICTER} == set()


@pytest.mark.parametrize("product, name", DOCUMENTED)
def test_answers(direct, product, name):
    """The SDK knows every field, has it in the same type, and loses nothing of it; and somewhere there is something in every list."""
    body = getattr(models(product), name + "ResponseBody")
    for answer in direct[product, name]:
        answer = {"RequestId": "0E8B0C1A-7B3B-5C8F-9C1B-2D9A5C9E0A11", **answer}
        assert list(problems(body, answer)) == []
        assert paths(answer) <= paths(body().from_map(answer).to_map())
    filled = set().union(*map(paths, direct[product, name]))
    assert not [place for answer in direct[product, name] for place in empty_lists(answer) if place + "/[]" not in filled]


def empty_lists(data, here=""):
    for name, value in data.items() if isinstance(data, dict) else (("[]", value) for value in data):
        place = "{0}/{1}".format(here, name)
        if isinstance(value, (dict, list)):
            yield from [place] if value == [] else empty_lists(value, place)


@pytest.mark.parametrize("product, name", DOCUMENTED)
def test_the_vendors_clients_get_the_same(direct, official, product, name):
    seen = [paths(answer) for answer in official[product, name]]
    assert len(seen) == len(direct[product, name])
    for answer, got in zip(direct[product, name], seen):
        assert paths(answer) | {"/RequestId"} <= got


def test_the_walk_finds_what_is_wrong():
    """The checks themselves: a field that no model has, a number as text, a list that is none, a truth value for a number."""
    body = models("cas").ListUserCertificateOrderResponseBody
    row = {"CertificateId": "1", "Nonsense": 1, "Expired": 0}
    assert sorted(problems(body, {"CertificateOrderList": [row], "TotalCount": True})) == [
        "CertificateOrderList[0].CertificateId should be int, not '1'", "CertificateOrderList[0].Expired should be bool, not 0",
        "CertificateOrderList[0].Nonsense is unknown", "TotalCount should be int, not True"]
    assert list(problems(body, {"CertificateOrderList": {}})) == ["CertificateOrderList should be a list"]
    assert required(models("cas").DeleteUserCertificateRequest) == {"CertId"}
    assert parameters(models("cas").TagResourcesRequest, None) == {
        "RegionId": "string", "ResourceId.N": "string", "ResourceType": "string", "Tag.N.Key": "string", "Tag.N.Value": "string"}
    assert list(empty_lists({"A": [{"B": []}], "C": [1]})) == ["/A/[]/B"] and paths({"A": [{"B": 1}]}) == {"/A", "/A/[]", "/A/[]/B"}


@pytest.mark.parametrize("product, name, key", sorted(STRICTER))
def test_no_exception_has_outlived_its_reason(product, name, key):
    model = getattr(models(product), name + "Request")
    [declared] = [param for param in ACTIONS[product, name].params if param.name == key]
    assert declared.kind != parameters(model, None)[key] or (declared.required and key not in required(model))
