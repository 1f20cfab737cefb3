# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each cloud action is for, and what a playbook needs on given hosts. PRIVATE to the collection.

USES has every action that a file of _api declares, by product and use; a test holds it to that. An action can have several uses.
"""

from __future__ import annotations

USES = {
    "cas": {
        "find": ("ListUserCertificateOrder",),
        "tags": ("ListTagResources",),
        "detail": ("GetUserCertificateDetail",),
        "upload": ("UploadUserCertificate",),
        "delete": ("DeleteUserCertificate",),
        "list_resources": ("ListCloudResources",),
        "deployment_job": ("ListContact", "ListCloudResources", "ListDeploymentJob", "CreateDeploymentJob", "UpdateDeploymentJobStatus",
                           "DescribeDeploymentJobStatus", "ListWorkerResource", "UpdateWorkerResourceStatus"),
        "cloud_resource": ("DeployCertificateToCloudResource",),
        "order": ("DescribePackageState", "DescribeCertificateState", "CreateCertificateForPackageRequest", "DeleteCertificateRequest",
                  "TagResources", "GetCertificateDetail"),
        "order_paid": ("CreateCertificateRequest", "CreateCertificateWithCsrRequest"),
        "cancel": ("CancelOrderRequest", "DeleteCertificateRequest"),
        "prune": ("GetCertificateDetail", "DeleteUserCertificate"),
        "mute": ("BatchUpdateNoticeStatus", "TagResources", "UntagResources"),
    },
    "slb": {
        "read": ("DescribeServerCertificates", "DescribeLoadBalancerListeners", "DescribeLoadBalancerHTTPSListenerAttribute"),
        "default": ("UploadServerCertificate", "SetLoadBalancerHTTPSListenerAttribute"),
        "additional": ("UploadServerCertificate", "CreateDomainExtension", "SetDomainExtensionAttribute", "DeleteDomainExtension"),
        "options": ("SetLoadBalancerHTTPSListenerAttribute", "CreateLoadBalancerHTTPListener", "StartLoadBalancerListener"),
        "prune": ("DescribeServerCertificates", "DescribeLoadBalancerListeners", "DescribeLoadBalancerHTTPSListenerAttribute",
                  "DeleteServerCertificate"),
        "inventory": ("DescribeLoadBalancers", "DescribeLoadBalancerListeners"),
    },
    "alb": {
        "read": ("ListListeners", "ListListenerCertificates"),
        "default": ("UpdateListenerAttribute", "DissociateAdditionalCertificatesFromListener"),
        "additional": ("AssociateAdditionalCertificatesWithListener", "DissociateAdditionalCertificatesFromListener"),
        "options": ("ListListeners", "ListRules", "UpdateListenerAttribute", "CreateRule"),
        "inventory": ("ListLoadBalancers", "ListListeners"),
    },
    "nlb": {
        "read": ("ListListeners", "ListListenerCertificates"),
        "default": ("UpdateListenerAttribute", "DisassociateAdditionalCertificatesWithListener"),
        "additional": ("AssociateAdditionalCertificatesWithListener", "DisassociateAdditionalCertificatesWithListener"),
        "options": ("ListListeners", "UpdateListenerAttribute"),
        "inventory": ("ListLoadBalancers", "ListListeners"),
    },
    "cdn": {
        "read": ("DescribeUserDomains", "DescribeDomainCertificateInfo"),
        "bind": ("SetCdnDomainSSLCertificate",),
        "options": ("DescribeDomainCertificateInfo", "DescribeCdnDomainConfigs", "BatchSetCdnDomainConfig", "DeleteSpecificConfig"),
        "inventory": ("DescribeUserDomains",),
    },
    "dcdn": {
        "read": ("DescribeDcdnUserDomains", "DescribeDcdnDomainCertificateInfo"),
        "bind": ("SetDcdnDomainSSLCertificate",),
        "options": ("DescribeDcdnDomainCertificateInfo", "DescribeDcdnDomainConfigs", "BatchSetDcdnDomainConfigs",
                    "DeleteDcdnSpecificConfig"),
        "inventory": ("DescribeDcdnUserDomains",),
    },
    "live": {
        "read": ("DescribeLiveUserDomains", "DescribeLiveDomainCertificateInfo"),
        "bind": ("SetLiveDomainCertificate",),
    },
    "esa": {
        "read": ("ListSites", "ListCertificates"),
        "bind": ("SetCertificate", "DeleteCertificate"),
    },
    "ga": {
        "read": ("ListListeners", "ListListenerCertificates"),
        "default": ("UpdateListener",),
        "additional": ("AssociateAdditionalCertificatesWithListener", "UpdateAdditionalCertificateWithListener",
                       "DissociateAdditionalCertificatesFromListener"),
        "discover": ("ListAccelerators",),
    },
    "waf": {
        "read": ("DescribeInstance",),
        "read_domain": ("DescribeDomainDetail",),
        "read_port": ("DescribeCloudResourceAccessPortDetails", "DescribeCertDetail"),
        "domain": ("ModifyDomainCert",),
        "default": ("ModifyCloudResourceDefaultCert",),
        "additional": ("ModifyCloudResourceCert",),
        "discover": ("DescribeDomains", "DescribeCloudResources"),
    },
    "oss": {
        "read": ("ListCname",),
        "bind": ("PutCname",),
        "discover": ("ListBuckets",),
    },
    "sts": {"assume": ("AssumeRole",)},
    "alidns": {"publish": ("DescribeDomainRecords", "AddDomainRecord", "UpdateDomainRecord", "DeleteDomainRecord")},
    "ecs": {
        "install": ("DescribeInstances", "DescribeCloudAssistantStatus", "RunCommand", "DescribeInvocationResults", "SendFile",
                    "DescribeSendFileResults"),
    },
    "airec": {
        "read": ("GetCertificatesStatus",),
        "bind": ("GetCertificatesStatus", "BindCertificates"),
        "enforce": ("GetSettings", "PutSettings"),
        "unbind": ("GetCertificatesStatus", "UnbindCertificates"),
        "inventory": ("ListInstance",),
    },
}

# Uses that no playbook has: modules on their own.
MODULES_ONLY = {("cas", "delete"), ("cas", "cancel"), ("airec", "unbind")}

PLAYBOOKS = ("deploy", "verify", "rotate", "rollback", "prune")
DEPLOYING = ("deploy", "rotate", "rollback")  # these run the role edge
INSTALLING = ("deploy", "rotate")  # and these the roles of what a rollback cannot reach by the cloud

# The services with drivers, by what a resource of them has: slots, or one binding.
SLOTTED = ("slb", "alb", "nlb", "ga")
BOUND = ("cdn", "dcdn", "live", "esa", "oss")
DRIVEN = SLOTTED + BOUND + ("waf",)
PAIRED = ("alb",)  # these keep a certificate with the other kind of key beside the default one
IDENTIFIED = ("alb", "nlb", "ga", "waf", "oss")  # these want CAS's identifier of a certificate
LISTED = tuple(product for product in sorted(USES) if "inventory" in USES[product])  # by the inventory plugin

# Roles' variables that this depends on, as the roles' defaults have them.
DEFAULTS = {
    "edge_discover": {}, "edge_https_options": {}, "edge_method": "auto", "verify_discover": {}, "app_host_method": "ssh",
    "airec_method": "bind", "airec_auth": "bearer", "airec_validation": "dns", "airec_https_enforced": True,
    "certificate_source": "pem", "certificate_validation": "dns", "prune_mute_notices": True, "prune_regions": [],
}


def needed(hosts, playbooks, listed=()):
    """The uses, as (product, use), that the playbooks have on hosts (their variables); listed: services of the inventory plugin."""
    found = set((service, "inventory") for service in listed)
    for host in hosts:
        for playbook in playbooks:
            found |= _of_certificate(host, playbook) | _of_edge(host, playbook) | _of_app_host(host, playbook) | _of_airec(host, playbook)
    return found


def said(host, name):
    """A role's variable of a host, or its default."""
    value = host.get(name)
    return DEFAULTS[name] if value is None else value


def resources_of(host):
    """What a host of the edge stands for."""
    return list(host.get("edge_resources") or [])


def discovered(host, playbook):
    """The services that a playbook looks through for more than the hosts' own resources."""
    deploying = said(host, "edge_discover")
    found = [deploying] if playbook in DEPLOYING else []
    if playbook == "verify" or yes(host.get("verify_drift", False)):
        found.append(said(host, "verify_discover"))
    if playbook == "prune":
        found.append(host.get("prune_discover") or deploying)
    return [_service(name) for spec in found for name in spec.get("services") or []]


def yes(value):
    """Whether a variable that may be text is true."""
    return str(value).lower() in ("true", "yes", "on", "1")


def _service(name):
    return str(name).lower()


def _of_certificate(host, playbook):
    """Of the certificate itself: looked up, obtained, uploaded, or cleaned up."""
    if playbook == "verify":
        return set()
    found, source = {("cas", "find")}, said(host, "certificate_source")
    if playbook in ("rotate", "rollback") or source != "pem":
        found.add(("cas", "tags"))  # by which the generations are found
    if playbook == "prune":
        found |= {("cas", "tags"), ("cas", "prune")} | ({("cas", "mute")} if yes(said(host, "prune_mute_notices")) else set())
    if playbook in INSTALLING:
        found |= {("cas", "detail")} | (set() if source == "cas" else {("cas", "upload")})
        found |= _to_obtain(host, source)
    return found


def _to_obtain(host, source):
    """Where CAS or another authority issues it."""
    if source not in ("order", "acme"):
        return set()
    found = {("alidns", "publish")} if said(host, "certificate_validation") == "dns" else set()
    if source == "order":
        found |= {("cas", "order")} | ({("cas", "order_paid")} if yes(host.get("certificate_order_paid", False)) else set())
    return found


def _of_edge(host, playbook):
    resources, more = resources_of(host), discovered(host, playbook)
    if playbook == "verify" and not yes(host.get("verify_drift", True)):
        return set()
    found = set()
    for resource in resources:
        found |= _to_read(resource) | (_to_deploy(host, resource) if playbook in DEPLOYING else set())
    for service in more:
        found |= _to_discover(host, service, playbook)
    if playbook == "prune" and (said(host, "prune_regions") or any(service == "slb" for service, _use in found)):
        found.add(("slb", "prune"))
    return found | ({("cas", "find")} if found else set())


def _to_read(resource):
    service = _service(resource.get("service"))
    if service not in DRIVEN:
        return set()  # what has no driver is reached, and read, through CAS
    found = {(service, "read")}
    if service == "waf":
        found.add((service, "read_domain" if _is_domain(resource) else "read_port"))
    return found


def _is_domain(resource):
    """Whether a resource of WAF is a domain, and not a port of a cloud service."""
    return bool(resource.get("domain")) and not resource.get("instance")


def _to_deploy(host, resource):
    service, method = _service(resource.get("service")), said(host, "edge_method")
    found = {("cas", "detail")} if service in IDENTIFIED else set()
    if method == "cloud_resource":
        return found | {("cas", "cloud_resource")} | (set() if service in DRIVEN else {("cas", "list_resources")})
    if method == "deployment_job" or service not in DRIVEN:
        return found | {("cas", "deployment_job")}
    if service in said(host, "edge_https_options"):
        found.add((service, "options"))
    beside = [(service, "additional")] if service in PAIRED and _has_alternative(host) else []
    return found | set((service, use) for use in _writes(service, resource)) | set(beside)


def _has_alternative(host):
    """Whether the same names have a second certificate, whose key is of the other kind."""
    return bool(host.get("certificate_alternative_path") or host.get("certificate_alternative_content"))


def _writes(service, resource):
    """The uses that write to a resource, by its slot."""
    if service in BOUND:
        return ["bind"]
    if service == "waf" and _is_domain(resource):
        return ["domain"]
    slot = resource.get("slot") or "auto"
    return ["default", "additional"] if slot == "auto" else [slot]


def _to_discover(host, service, playbook):
    """All uses but that of the inventory plugin: which slots there are is not known."""
    uses = set(use for use in USES.get(service, ()) if use == "discover" or use.startswith("read"))
    if playbook in DEPLOYING:
        uses |= set(USES.get(service, ())) - {"inventory", "options", "prune"}
        uses |= {"options"} if service in said(host, "edge_https_options") else set()
    found = set((service, use) for use in uses)
    return found | ({("cas", "detail")} if service in IDENTIFIED and playbook in DEPLOYING else set())


def _of_app_host(host, playbook):
    if playbook in INSTALLING and said(host, "app_host_method") == "cloud_assistant":
        return {("ecs", "install")}
    return set()


def _of_airec(host, playbook):
    if not host.get("airec_region") or said(host, "airec_method") != "bind":
        return set()
    signed, found = said(host, "airec_auth") == "signature", set()
    if playbook == "prune" and signed:
        found.add(("airec", "read"))
    if playbook in INSTALLING:
        found |= {("alidns", "publish")} if said(host, "airec_validation") == "dns" else set()
        found |= {("airec", "bind")} if signed else set()
        found |= {("airec", "enforce")} if signed and yes(said(host, "airec_https_enforced")) else set()
    return found
