# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NLB's actions as somebody uses them who renews a certificate on the demo's nlb-bp1mq; see test_sdk_models."""

from __future__ import annotations

STRICTER: dict[tuple[str, str, str], str] = {}
HERE = {"RegionId": "cn-hangzhou"}


def walk(call, authority):
    """call(product, action, params) -> answer; params as the SDK's models write them."""
    material = authority.issue(["mq.example.com"], key="ec")
    new = "{0}-cn-hangzhou".format(call("cas", "UploadUserCertificate", {
        "Name": "nlb-new", "Cert": material.chain_pem, "Key": material.key_pem})["CertId"])
    call("nlb", "ListLoadBalancers", {**HERE, "LoadBalancerType": "Network", "LoadBalancerIds": ["nlb-bp1mq"], "MaxResults": 100})
    [listener] = call("nlb", "ListListeners", {**HERE, "LoadBalancerIds": ["nlb-bp1mq"], "ListenerProtocol": "TCPSSL"})["Listeners"]
    place = {**HERE, "ListenerId": listener["ListenerId"]}
    call("nlb", "AssociateAdditionalCertificatesWithListener", {**place, "AdditionalCertificateIds": [new]})
    call("nlb", "ListListenerCertificates", {**place, "CertType": "Server", "MaxResults": 50})
    call("nlb", "DisassociateAdditionalCertificatesWithListener", {**place, "AdditionalCertificateIds": [new], "ClientToken": "walk-1"})
    [policy] = call("nlb", "ListSecurityPolicy", {**HERE, "SecurityPolicyNames": ["forward-secrecy"]})["SecurityPolicies"]
    made = call("nlb", "UpdateListenerAttribute", {
        **place, "CertificateIds": [new], "SecurityPolicyId": policy["SecurityPolicyId"], "IdleTimeout": 600, "AlpnEnabled": True,
        "AlpnPolicy": "HTTP1Only", "ProxyProtocolV2Config": {"Ppv2VpcIdEnabled": True}, "DryRun": False})
    call("nlb", "GetJobStatus", {"JobId": made["JobId"]})
    call("nlb", "GetListenerAttribute", place)
    call("nlb", "ListListeners", HERE)
    call("nlb", "ListSecurityPolicy", HERE)
    call("nlb", "ListSystemSecurityPolicy", HERE)
