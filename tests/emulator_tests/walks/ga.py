# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GA's calls, as somebody uses them who puts an HTTPS listener before a shop and renews its certificates."""

from __future__ import annotations

STRICTER: dict[tuple[str, str, str], str] = {}
HERE = {"RegionId": "cn-hangzhou"}


def walk(call, authority):
    first, second = (certificate(call, authority, "ga-walk-{0}".format(number)) for number in (1, 2))
    accelerator = call("ga", "CreateAccelerator", {
        **HERE, "Name": "shop", "Spec": "1", "Duration": 1, "PricingCycle": "Month", "AutoPay": True, "AutoRenew": False,
        "AutoUseCoupon": "no", "BandwidthBillingType": "CDT", "InstanceChargeType": "PREPAY", "IpSetConfig": {"AccessMode": "UserDefine"},
        "ResourceGroupId": "rg-1", "ClientToken": "ga-walk-1", "Tag": [{"Key": "env", "Value": "prod"}]})["AcceleratorId"]
    call("ga", "ListAccelerators", {**HERE, "State": "active", "PageNumber": 1, "PageSize": 50, "Tag": [{"Key": "env"}]})
    listener = call("ga", "CreateListener", {
        **HERE, "AcceleratorId": accelerator, "Name": "web", "Description": "the shop", "Protocol": "https", "ClientAffinity": "SOURCE_IP",
        "PortRanges": [{"FromPort": 443, "ToPort": 443}], "Certificates": [{"Id": first}], "HttpVersion": "http2", "IdleTimeout": 30,
        "RequestTimeout": 90, "SecurityPolicyId": "tls_cipher_policy_1_2", "XForwardedForConfig": {"XRealIpEnabled": True}})["ListenerId"]
    place = {**HERE, "AcceleratorId": accelerator, "ListenerId": listener}
    call("ga", "UpdateListener", {
        **HERE, "ListenerId": listener, "Certificates": [{"Id": second}], "ClientAffinity": "SOURCE_IP", "HttpVersion": "http2",
        "IdleTimeout": 30, "ProxyProtocol": "false", "BackendPorts": [{"FromPort": 8443, "ToPort": 8443}], "RequestTimeout": 90,
        "SecurityPolicyId": "tls_cipher_policy_1_2", "XForwardedForConfig": {"XRealIpEnabled": True, "XForwardedForProtoEnabled": True}})
    call("ga", "AssociateAdditionalCertificatesWithListener", {
        **place, "ClientToken": "ga-walk-2", "Certificates": [
            {"Domain": "www.example.com", "Id": first}, {"Domain": "*.shop.example.com", "Id": first}]})
    call("ga", "UpdateAdditionalCertificateWithListener", {
        **place, "Domain": "www.example.com", "CertificateId": second, "DryRun": False})
    call("ga", "DissociateAdditionalCertificatesFromListener", {**place, "Domains": ["*.shop.example.com"]})
    call("ga", "ListListeners", {**HERE, "AcceleratorId": accelerator, "Protocol": "https", "PageNumber": 1, "PageSize": 50})
    call("ga", "DescribeListener", {**HERE, "ListenerId": listener})
    call("ga", "ListListenerCertificates", {**place, "MaxResults": 50, "Role": "additional"})
    call("ga", "ListListenerCertificates", place)


def certificate(call, authority, name):
    """The identifier of a new certificate in CAS."""
    material = authority.issue(["www.example.com", "*.shop.example.com"], key="ec")
    number = call("cas", "UploadUserCertificate", {"Name": name, "Cert": material.chain_pem, "Key": material.key_pem})["CertId"]
    return call("cas", "GetUserCertificateDetail", {"CertId": number, "CertFilter": True})["CertIdentifier"]
