# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF's calls, as somebody uses them who protects a shop's domain and a load balancer's port, and renews their certificates."""

from __future__ import annotations

from .ga import certificate

STRICTER: dict[tuple[str, str, str], str] = {}
REDIRECT = {
    "Backends": ["203.0.113.20", "203.0.113.21"], "BackupBackends": ["203.0.113.30"], "Loadbalance": "roundRobin", "ReadTimeout": 60,
    "BackendPorts": [{"ListenPort": 443, "BackendPort": 8443, "Protocol": "https"}], "SniEnabled": True, "SniHost": "origin.example.com",
    "RequestHeaders": [{"Key": "x-waf", "Value": "1"}], "CnameEnabled": False, "RoutingRules": "[]"}


def walk(call, authority):
    first, second = (certificate(call, authority, "waf-walk-{0}".format(number)) for number in (1, 2))
    waf = call("waf", "CreatePostpaidInstance", {"RegionId": "cn-hangzhou"})["InstanceId"]
    call("waf", "DescribeInstance", {"RegionId": "cn-hangzhou"})
    here = {"InstanceId": waf, "RegionId": "cn-hangzhou"}
    walk_domain(call, here, first, second)
    walk_port(call, here, first, second)
    call("waf", "DescribeCertDetail", {**here, "CertIdentifier": second})


def walk_domain(call, here, first, second):
    listen = {"HttpPorts": [80], "HttpsPorts": [443, 8443], "CertId": first, "TLSVersion": "tlsv1.2", "EnableTLSv3": True,
              "CipherSuite": 99, "CustomCiphers": ["ECDHE-RSA-AES128-GCM-SHA256"], "XffHeaderMode": 2, "XffHeaders": ["x-client"],
              "HstsMaxAge": 600}
    call("waf", "CreateDomain", {
        **here, "Domain": "www.example.com", "AccessType": "share", "Listen": listen, "Redirect": REDIRECT,
        "ResourceManagerResourceGroupId": "rg-1", "Tag": [{"Key": "env", "Value": "prod"}]})
    call("waf", "DescribeDomains", {**here, "Domain": "www.example.com", "PageNumber": 1, "PageSize": 50, "Tag": [{"Key": "env"}]})
    call("waf", "ModifyDomainCert", {
        **here, "Domain": "www.example.com", "CertId": second, "TLSVersion": "tlsv1.2", "EnableTLSv3": True, "CipherSuite": "99",
        "CustomCiphers": ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]})
    call("waf", "ModifyDomain", {
        **here, "Domain": "www.example.com", "AccessType": "share", "Listen": {**listen, "CertId": second}, "Redirect": REDIRECT})
    call("waf", "DescribeDomainDetail", {**here, "Domain": "www.example.com"})


def walk_port(call, here, first, second):
    port = call("waf", "CreateCloudResource", {
        **here, "Listen": {"ResourceProduct": "clb7", "ResourceInstanceId": "lb-bp1web", "ResourceRegionId": "cn-hangzhou", "Port": 443,
                           "Protocol": "https", "Certificates": [{"AppliedType": "default", "CertificateId": first}],
                           "TLSVersion": "tlsv1.2", "CipherSuite": 99, "CustomCiphers": ["ECDHE-RSA-AES128-GCM-SHA256"]},
        "Redirect": {"ReadTimeout": 60, "XffHeaderMode": 2, "XffHeaders": ["x-client"], "RequestHeaders": [{"Key": "x-waf", "Value": "1"}]},
        "Tag": [{"Key": "env", "Value": "prod"}]})["CloudResourceId"]
    call("waf", "DescribeCloudResources", {**here, "ResourceProduct": "clb7", "PageNumber": 1, "PageSize": 50})
    call("waf", "ModifyCloudResourceCert", {**here, "CloudResourceId": port, "Certificates": [
        {"AppliedType": "default", "CertificateId": first}, {"AppliedType": "extension", "CertificateId": second}]})
    call("waf", "ModifyCloudResourceDefaultCert", {**here, "CloudResourceId": port, "CertId": second})
    call("waf", "DescribeCloudResourceAccessPortDetails", {**here, "ResourceInstanceId": "lb-bp1web", "Protocol": "https", "PageSize": 50})
