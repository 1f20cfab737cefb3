# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB's actions as somebody uses them who renews a certificate on the demo's alb-bp1shop; see test_sdk_models."""

from __future__ import annotations

STRICTER: dict[tuple[str, str, str], str] = {}
BALANCER = "alb-bp1shop"
FORWARD = [{"Type": "ForwardGroup", "ForwardGroupConfig": {"ServerGroupTuples": [{"ServerGroupId": "sgp-1"}]}}]


def walk(call, authority):
    """call(product, action, params) -> answer; params as the SDK's models write them."""
    material = authority.issue(["www.example.com", "shop.example.com"], key="ec")
    new = "{0}-cn-hangzhou".format(call("cas", "UploadUserCertificate", {
        "Name": "alb-new", "Cert": material.chain_pem, "Key": material.key_pem})["CertId"])
    call("alb", "ListLoadBalancers", {"AddressType": "Internet", "LoadBalancerIds": [BALANCER], "MaxResults": 100})
    call("alb", "GetLoadBalancerAttribute", {"LoadBalancerId": BALANCER})
    call("alb", "ListSystemSecurityPolicies", {})
    call("alb", "ListSecurityPolicies", {"SecurityPolicyNames": ["forward-secrecy"]})
    walk_rules(call)
    walk_certificates(call, new)


def walk_rules(call):
    [plain] = call("alb", "ListListeners", {"LoadBalancerIds": [BALANCER], "ListenerProtocol": "HTTP"})["Listeners"]
    made = call("alb", "CreateRule", {
        "ListenerId": plain["ListenerId"], "RuleName": "to-https", "Priority": 10, "ClientToken": "walk-rule",
        "RuleConditions": [{"Type": "Path", "PathConfig": {"Values": ["/*"]}}], "Tag": [{"Key": "env", "Value": "prod"}],
        "RuleActions": [{"Type": "Redirect", "Order": 1, "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "HttpCode": "301"}}]})
    call("alb", "ListRules", {"ListenerIds": [plain["ListenerId"]], "RuleIds": [made["RuleId"]]})


def walk_certificates(call, new):
    quic = call("alb", "CreateListener", {
        "LoadBalancerId": BALANCER, "ListenerPort": 443, "ListenerProtocol": "QUIC", "DefaultActions": FORWARD,
        "Certificates": [{"CertificateId": new}], "IdleTimeout": 30, "Tag": [{"Key": "env", "Value": "prod"}]})
    [secure] = call("alb", "ListListeners", {"LoadBalancerIds": [BALANCER], "ListenerProtocol": "HTTPS", "MaxResults": 100})["Listeners"]
    place = {"ListenerId": secure["ListenerId"]}
    rows = call("alb", "ListListenerCertificates", {**place, "CertificateType": "Server", "MaxResults": 100})["Certificates"]
    call("alb", "AssociateAdditionalCertificatesWithListener", {**place, "Certificates": [{"CertificateId": new}]})
    call("alb", "DissociateAdditionalCertificatesFromListener", {
        **place, "Certificates": [{"CertificateId": new}], "ClientToken": "walk-1"})
    made = call("alb", "UpdateListenerAttribute", {
        **place, "Certificates": [{"CertificateId": new}], "SecurityPolicyId": "tls_cipher_policy_1_2_strict_with_1_3",
        "Http2Enabled": False, "XForwardedForConfig": {"XForwardedForProtoEnabled": True},
        "QuicConfig": {"QuicUpgradeEnabled": True, "QuicListenerId": quic["ListenerId"]}, "DefaultActions": FORWARD, "DryRun": False})
    assert rows[0]["IsDefault"] and rows[0]["CertificateId"] != new
    call("alb", "ListAsynJobs", {"JobIds": [made["JobId"]], "ApiName": "UpdateListenerAttribute", "ResourceType": "listener"})
    call("alb", "GetListenerAttribute", place)
    call("alb", "GetListenerAttribute", {"ListenerId": quic["ListenerId"]})
