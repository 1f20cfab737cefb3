# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RAM policies out of what _api declares, and of what _domain/permissions says that it is for. PRIVATE to the collection."""

from __future__ import annotations

from ._api import (
    airec, alb, alb_options, alidns, cas, cas_jobs, cas_life, cas_orders, cdn, cdn_options, dcdn, dcdn_options, ecs, esa, ga, listing,
    live, nlb, oss, slb, slb_options, sts, waf)
from ._domain.permissions import DEPLOYING, USES, discovered, needed, resources_of

# Every file of _api that declares actions.
DECLARED = (
    cas.PRODUCT, cas_jobs.PRODUCT, cas_life.PRODUCT, cas_orders.PRODUCT, slb.PRODUCT, slb_options.PRODUCT, alb.PRODUCT,
    alb_options.PRODUCT, nlb.PRODUCT, cdn.PRODUCT, cdn_options.PRODUCT, dcdn.PRODUCT, dcdn_options.PRODUCT, live.PRODUCT, esa.PRODUCT,
    ga.PRODUCT, waf.PRODUCT, oss.PRODUCT, sts.PRODUCT, alidns.PRODUCT, ecs.PRODUCT, airec.PRODUCT) + listing.PRODUCTS

# What a product does in the caller's name when it is called: RAM wants these of the caller, too.
BESIDE = {("oss", "PutCname"): ("yundun-cert:DescribeSSLCertificatePrivateKey", "yundun-cert:DescribeSSLCertificatePublicKeyDetail",
                                "yundun-cert:CreateSSLCertificate")}
LONGEST = 6144  # characters that RAM takes of one policy


def _merged():
    whole = {}
    for product in DECLARED:
        known = whole.get(product.name, product)
        whole[product.name] = product._replace(actions=dict(known.actions, **product.actions))
    return whole


# Every Product with all its actions, by name; a product may be declared in parts.
PRODUCTS = _merged()


def policy_of(hosts, playbooks, read_only=False, listed=(), any_resource=False):
    """The RAM policy, a dict, for whoever runs the playbooks on hosts of one account.

    read_only: without what writes. listed: services of the inventory plugin. any_resource: names no resources.
    """
    calls = _calls(needed(hosts, playbooks, listed))
    looks = [_names(call) for call in calls if not _writes(call)]
    statements = [_statement(looks, "*")]
    if not read_only:
        writes = [call for call in calls if _writes(call)]
        own = {} if any_resource else dict(
            (product, names) for product, names in _arns(hosts, playbooks).items() if any(call[0] == product for call in writes))
        statements.append(_statement([_names(call) for call in writes if call[0] not in own], "*"))
        statements += [_statement([_names(call) for call in writes if call[0] == product], own[product]) for product in sorted(own)]
    return _document(statements)


def caller_policy_of(hosts):
    """The RAM policy for whoever takes the roles that the hosts' connections name; without any, it has no statement."""
    roles = set(str(role["role_arn"]) for role in ((host.get("daas_https_connection") or {}).get("assume_role") for host in hosts) if role)
    return _document([_statement([_names(call) for call in _calls({("sts", "assume")})] if roles else [], sorted(roles))])


def _calls(uses):
    """(product, action), each once, in order."""
    return sorted(set((product, action) for product, use in uses for action in USES[product][use]))


def _writes(call):
    return PRODUCTS[call[0]].actions[call[1]].writes


def _names(call):
    """The RAM actions that a call needs."""
    return (PRODUCTS[call[0]].ram_action(call[1]),) + BESIDE.get(call, ())


def _statement(names, resource):
    return dict(Effect="Allow", Action=sorted(set(name for some in names for name in some)), Resource=resource)


def _document(statements):
    return dict(Version="1", Statement=[statement for statement in statements if statement["Action"]])


# Products whose reference says how a resource is named in a policy -> its name; and what else their calls are checked against.
# CAS has no authorization by resource. Of the others it is not known for each call, so that they get "*".
_NAMED = {
    "alb": (lambda row: "acs:alb:%s:*:loadbalancer/%s" % (row["region"], row["instance"]),
            ("acs:alb:*:*:securitypolicy/*", "acs:alb:*:*:servergroup/*")),
    "cdn": (lambda row: "acs:cdn:*:*:domain/%s" % row["domain"].strip().lower().rstrip(".").lstrip("*"), ()),
}


def _arns(hosts, playbooks):
    """{product: names of all that may be changed} for products whose resources are all known."""
    found = {}
    for product, (name_of, more) in _NAMED.items():
        wide = any(product in discovered(host, playbook) for host in hosts for playbook in playbooks if playbook in DEPLOYING)
        rows = [row for host in hosts for row in resources_of(host) if str(row.get("service")).lower() == product]
        if rows and not wide:
            found[product] = sorted(set(name_of(row) for row in rows)) + list(more)
    return found
