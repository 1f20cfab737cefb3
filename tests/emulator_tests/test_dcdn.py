# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DCDN has CDN's rules, which test_cdn holds, in words of its own; and what a domain's functions do on the wire of either."""

from __future__ import annotations

import http.client
import json
import socket
import ssl

import pytest

from tests.emulator import pki
from tests.support.account import account

APP = "app.example.com"
# What each product calls the same thing.
WORDS = {
    "cdn": {"bind": "SetCdnDomainSSLCertificate", "info": "DescribeDomainCertificateInfo", "list": "DescribeUserDomains",
            "set": "BatchSetCdnDomainConfig", "configs": "DescribeCdnDomainConfigs", "delete": "DeleteSpecificConfig"},
    "dcdn": {"bind": "SetDcdnDomainSSLCertificate", "info": "DescribeDcdnDomainCertificateInfo", "list": "DescribeDcdnUserDomains",
             "set": "BatchSetDcdnDomainConfigs", "configs": "DescribeDcdnDomainConfigs", "delete": "DeleteDcdnSpecificConfig"},
}
TLS_1_2 = {"tls10": "off", "tls11": "off", "tls12": "on", "tls13": "on"}
HSTS = {"enabled": "on", "https_hsts_max_age": "300"}


@pytest.fixture
def calm():
    with account() as made:
        yield shop(made)


@pytest.fixture
def slow():
    with account(slow_states=True) as made:
        yield shop(made)


@pytest.fixture(scope="module")
def new():
    return pki.Authority.create().issue([APP], key="ec")


def shop(made):
    """The same domain at both products, each with the old certificate."""
    made.old = made.cloud.authority.issue([APP], key="ec")
    for product in WORDS:
        getattr(made.cloud, product).add_domain(APP, certificate=made.old, certificate_name="old")
    return made


def call(made, product, word, **params):
    return made.call(product, WORDS[product][word], **{"DomainName": APP, **params})


def refused(made, product, word, **params):
    return made.refused(product, WORDS[product][word], **{"DomainName": APP, **params})


def from_cas(number):
    return {"SSLProtocol": "on", "CertType": "cas", "CertId": number, "CertRegion": "cn-hangzhou"}


def functions(named, **more):
    return json.dumps([{"functionName": name, "functionArgs": [{"argName": key, "argValue": value} for key, value in arguments.items()],
                        **more} for name, arguments in named.items()])


def configure(made, product, named, **more):
    answer = made.call(product, WORDS[product]["set"], DomainNames=APP, Functions=functions(named, **more))
    return {row["FunctionName"]: row["ConfigId"] for row in answer["DomainConfigList"]["DomainConfigModel"]}


def not_configured(made, product, named, **more):
    return made.refused(product, WORDS[product]["set"], DomainNames=APP, Functions=functions(named, **more))


def configs(made, product, **params):
    rows = call(made, product, "configs", **params)["DomainConfigs"]["DomainConfig"]
    return {(row["FunctionName"], row["ParentId"]): {item["ArgName"]: item["ArgValue"] for item in row["FunctionArgs"]["FunctionArg"]}
            for row in rows}


def asked(made, product, version=None):
    """The headers of the edge's answer over TLS, with that version only; None when there is no handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    where = made.cloud.dataplane.endpoints()[product]
    connection = http.client.HTTPConnection(APP)
    with socket.create_connection((where["host"], where["port"]), timeout=10) as raw:
        try:
            connection.sock = context.wrap_socket(raw, server_hostname=APP)
        except ssl.SSLError:
            return None
        connection.request("GET", "/")
        headers = dict(connection.getresponse().getheaders())
        connection.close()
        return headers


# -- DCDN's words --------------------------------------------------------------------------------------------------------------------

def test_a_certificate_from_cas(calm, new):
    number = calm.upload("shop", new)
    assert call(calm, "dcdn", "bind", **from_cas(number)) == {}
    [row] = call(calm, "dcdn", "info")["CertInfos"]["CertInfo"]
    assert (row["SSLProtocol"], row["SSLPub"], row["CertId"], row["CertName"]) == ("on", new.leaf_pem, str(number), "shop")
    assert not {"ServerCertificateStatus", "ServerCertificate", "CertStartTime"} & set(row)
    assert calm.served("dcdn", APP) == new.fingerprint and calm.served("cdn", APP) == calm.old.fingerprint  # an edge of its own
    assert calm.cloud.cas.uses(number) == ["dcdn/" + APP]
    assert calm.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)
    call(calm, "dcdn", "bind", SSLProtocol="off")
    assert call(calm, "dcdn", "info")["CertInfos"]["CertInfo"][0]["SSLProtocol"] == "off" and calm.served("dcdn", APP) is None


def test_the_list_of_domains(calm):
    calm.cloud.dcdn.add_domain("img.example.net", status="offline")
    answer = calm.call("dcdn", "DescribeDcdnUserDomains", PageSize=500)
    rows = answer["Domains"]["PageData"]
    assert [(row["DomainName"], row["DomainStatus"], row["SSLProtocol"]) for row in rows] == [
        (APP, "online", "on"), ("img.example.net", "offline", "off")]
    assert rows[0]["Cname"] == APP + ".dcdn.example.net" and answer["TotalCount"] == 2

    def found(**params):
        return [row["DomainName"] for row in calm.call("dcdn", "DescribeDcdnUserDomains", **params)["Domains"]["PageData"]]

    assert found(DomainStatus="offline") == ["img.example.net"] and found(DomainName=APP) == [APP]
    assert found(WebSiteType="computing_routine") == found(Coverage="overseas") == []
    assert found(WebSiteType="computing_routine,dynamic", Coverage="domestic") == [APP, "img.example.net"]


def test_the_other_lists(calm, new):
    number = calm.upload("shop", new)
    rows = calm.call("dcdn", "DescribeDcdnHttpsDomainList", PageSize=500)["CertInfos"]["CertInfo"]
    assert [(row["DomainName"], row["CertName"]) for row in rows] == [(APP, "old")]
    model = calm.call("dcdn", "DescribeDcdnSSLCertificateList", PageSize=1000, DomainName=APP)["CertificateListModel"]
    assert [row["CertId"] for row in model["CertList"]["Cert"]] == [number]
    for action, size in (("DescribeDcdnHttpsDomainList", 501), ("DescribeDcdnSSLCertificateList", 1001)):
        assert calm.refused("dcdn", action, PageSize=size) == ("InvalidParameter", 400)


def test_the_edge_takes_its_time(slow, new):
    call(slow, "dcdn", "bind", **from_cas(slow.upload("shop", new)))
    assert refused(slow, "dcdn", "bind", SSLProtocol="off") == ("ServiceBusy", 403) and slow.served("dcdn", APP) == slow.old.fingerprint
    status = [slow.call("dcdn", "DescribeDcdnUserDomains", DomainName=APP)["Domains"]["PageData"][0]["DomainStatus"]]
    assert status == ["online"] and slow.served("dcdn", APP) == new.fingerprint


def test_what_is_refused(calm, new):
    number = calm.upload("shop", new)
    assert refused(calm, "dcdn", "bind", **from_cas(1)) == ("Certificate.NotFind", 400)
    assert refused(calm, "dcdn", "bind", **{**from_cas(number), "CertRegion": "ap-southeast-1"}) == ("SSLPri.MissingParameter", 400)
    assert refused(calm, "dcdn", "info", DomainName="www.example.org") == ("InvalidDomain.NotFound", 404)
    calm.cloud.dcdn.domains[APP].status = "offline"
    assert refused(calm, "dcdn", "bind", **from_cas(number)) == ("InvalidDomain.Offline", 400)


def test_a_deployment_job_reaches_it(calm, new):
    calm.cloud.cas.add_contact("Operations", "operations@example.com")
    number = calm.upload("shop", new)
    [row] = calm.call("cas", "ListCloudResources", CloudProduct="DCDN", CertIds=json.dumps([number]))["Data"]
    assert (row["InstanceId"], row["Domain"], row["CloudProduct"]) == (APP, APP, "DCDN")
    contact = calm.call("cas", "ListContact")["ContactList"][0]["ContactId"]
    job = calm.call("cas", "CreateDeploymentJob", Name="renew", JobType="user", CertIds=number, ResourceIds=row["Id"],
                    ContactIds=contact)["JobId"]
    calm.call("cas", "UpdateDeploymentJobStatus", JobId=job, Status="pending")
    assert calm.served("dcdn", APP) == new.fingerprint and calm.served("cdn", APP) == calm.old.fingerprint
    calm.cloud.cas.offers_single_call = True
    calm.call("cas", "DeployCertificateToCloudResource", CertificateId=number, CloudServiceType="DCDN", CloudServiceInstanceId=APP,
              RegionId="cn-hangzhou")
    assert calm.cloud.dcdn.domains[APP].cas_id == number


# -- functions, of either ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("product", sorted(WORDS))
def test_a_redirect_has_the_code_that_was_asked_for(calm, product):
    configure(calm, product, {"https_force": {"enable": "on", "https_rewrite": "308"}})
    assert calm.plain(product, APP) == (308, "https://{0}/".format(APP))
    configure(calm, product, {"https_force": {"enable": "on", "https_rewrite": "301"}})
    assert calm.plain(product, APP)[0] == 301
    configure(calm, product, {"https_force": {"enable": "off"}})
    assert calm.plain(product, APP)[0] == 200


@pytest.mark.parametrize("product", sorted(WORDS))
def test_hsts_is_a_header_of_answers_over_tls(calm, product):
    assert "Strict-Transport-Security" not in asked(calm, product)
    configure(calm, product, {"HSTS": HSTS})
    assert asked(calm, product)["Strict-Transport-Security"] == "max-age=300"
    configure(calm, product, {"HSTS": {**HSTS, "https_hsts_include_subdomains": "on"}})
    assert asked(calm, product)["Strict-Transport-Security"] == "max-age=300; includeSubDomains"
    configure(calm, product, {"HSTS": {**HSTS, "enabled": "off"}})
    assert "Strict-Transport-Security" not in asked(calm, product)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("product", sorted(WORDS))
def test_the_lowest_version_of_tls(calm, product):
    old, middle, recent = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    assert [bool(asked(calm, product, version)) for version in (old, middle, recent)] == [False, True, True]
    configure(calm, product, {"https_tls_version": {**TLS_1_2, "tls10": "on"}})
    assert [bool(asked(calm, product, version)) for version in (old, middle, recent)] == [True, True, True]
    configure(calm, product, {"https_tls_version": {**TLS_1_2, "tls12": "off"}})
    assert [bool(asked(calm, product, version)) for version in (old, middle, recent)] == [False, False, True]


@pytest.mark.parametrize("product", sorted(WORDS))
def test_setting_a_function_replaces_all_its_arguments(calm, product):
    """This is what a client must not do by accident."""
    configure(calm, product, {"https_option": {"http2": "on", "ocsp_stapling": "on"}})
    configure(calm, product, {"https_option": {"http2": "off"}})
    assert configs(calm, product) == {("https_option", ""): {"http2": "off"}}


@pytest.mark.parametrize("product", sorted(WORDS))
def test_a_function_under_a_condition_stands_beside_the_one_that_holds_always(calm, product):
    condition = configure(calm, product, {"condition": {"rule": "{}"}})["condition"]
    assert not_configured(calm, product, {"HSTS": HSTS}, parentId=1) == ("InvalidParameter", 400)
    ids = configure(calm, product, {"HSTS": HSTS}, parentId=condition), configure(calm, product, {"HSTS": {**HSTS, "enabled": "off"}})
    assert ids[0] != ids[1] and "Strict-Transport-Security" not in asked(calm, product)
    assert configs(calm, product, FunctionNames="HSTS") == {
        ("HSTS", str(condition)): HSTS, ("HSTS", ""): {**HSTS, "enabled": "off"}}
    call(calm, product, "delete", ConfigId="{0},{1}".format(ids[0]["HSTS"], ids[1]["HSTS"]))
    assert set(configs(calm, product)) == {("condition", "")}
    assert refused(calm, product, "delete", ConfigId=ids[0]["HSTS"]) == ("InvalidParameter", 400)


@pytest.mark.parametrize("named", [
    {"https_force": {"https_rewrite": "301"}}, {"https_force": {"enable": "yes"}},
    {"https_force": {"enable": "on", "https_rewrite": "302"}},
    {"HSTS": {"enabled": "on"}}, {"HSTS": {"enabled": "on", "https_hsts_max_age": "long"}}, {"https_option": {"http3": "on"}},
    {"https_tls_version": {"tls14": "on"}},
])
def test_arguments_that_a_function_does_not_have(calm, named):
    assert not_configured(calm, "dcdn", named) == ("InvalidParameter", 400)
    assert configs(calm, "dcdn") == {}


def test_unknown_functions_are_kept_as_they_are(calm):
    configure(calm, "dcdn", {"set_req_host_header": {"domain_name": "origin.example.com"}})
    assert configs(calm, "dcdn") == {("set_req_host_header", ""): {"domain_name": "origin.example.com"}}


def test_the_snapshot(calm):
    assert [(row["domain"], row["fingerprint"]) for row in calm.cloud.snapshot()["dcdn"]["domains"]] == [(APP, calm.old.fingerprint)]
