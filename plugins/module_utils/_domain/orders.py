# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that CAS issues: what is asked for, what is there or under way, what has to be ordered. Pure. PRIVATE to the collection.

An order is known by its names and its product. The list of orders shows no tags, so that an order of somebody else for the very same
names and product is continued as well; a second one would cost, and lead to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Tuple

from .._errors import CollectionError, InputError
from .._plan import Plan, Step
from .names import covers_all, normalise
from .provision import DAY, MANAGED_BY, NAME_TAG, OURS, check_name

FREE = "digicert-free-1-free"  # what CAS takes when no product is named
MOST_DOMAINS = 5
# Words of the list of orders
WAITING, CHECKING, CHECKED_FAIL = "PAYED", "CHECKING", "CHECKED_FAIL"
# Words of the state of one
VERIFY, PROCESS, ISSUED, FAILED = "domain_verify", "process", "certificate", "verify_fail"
METHODS = dict(dns="DNS", file="FILE")
CREATE = "order"
# Names of two labels below which anyone may register, as the registries of countries have them: com.cn, co.uk
_SECOND_LEVEL = ("ac", "co", "com", "edu", "gov", "net", "org")


@dataclass(frozen=True)
class Wanted:
    """What is asked for. method: DNS or FILE. contact: parameters of the call. own_key: whether the key is not CAS's to make.
    csr: PEM of the request for it, '' when there is none yet."""

    name: str
    domains: Tuple[str, ...]
    product: str
    paid: bool
    method: str
    tags: Mapping[str, str]
    contact: Mapping[str, str]
    zone: str = ""
    own_key: bool = False
    csr: str = ""

    @property
    def label(self):
        return ", ".join(self.domains)


def wanted_of(params):
    """The options as Wanted, without a request yet. Raises InputError for what CAS would refuse, and for costs that nobody has accepted."""
    check_name(params["name"])
    domains = names_of(params["domains"])
    wildcards = set(domain.startswith("*.") for domain in domains)
    if len(domains) > MOST_DOMAINS or len(wildcards) > 1:
        raise InputError("domains: CAS issues a certificate for up to %d names, all of them wildcards or none; these are %d: %s." % (
            MOST_DOMAINS, len(domains), ", ".join(domains)))
    if params["validation"] == "file" and True in wildcards:
        raise InputError("validation: a file cannot prove a wildcard (%s); use dns." % ", ".join(domains))
    if params["paid"]:
        _check_paid(params, domains)
    contact = dict(Email=params["email"] or None, Phone=params["phone"] or None, Username=params["username"] or None)
    if not params["paid"]:
        contact["CompanyName"] = params["company_name"] or None
    tags = dict(params["tags"] or {}, **{MANAGED_BY: OURS, NAME_TAG: params["name"]})
    return Wanted(params["name"], domains, params["product"] or FREE, params["paid"], METHODS[params["validation"]],
                  dict((key, str(tags[key])) for key in tags), contact, normalise(params["dns_zone"] or ""),
                  any(params[option] for option in ("private_key_path", "csr", "csr_path")))


def given_up(params):
    """As wanted_of, for an order that is to be cancelled: only its name, domains and product count."""
    return Wanted(params["name"], names_of(params["domains"]), params["product"] or FREE, False, METHODS[params["validation"]], {}, {})


def names_of(domains):
    """The option domains, normalised, each once, in its order. Raises InputError when it is empty."""
    found = tuple(dict.fromkeys(normalise(name) for name in domains or () if name.strip()))
    if not found:
        raise InputError("domains is empty; name what the certificate is to be issued for.")
    return found


def _check_paid(params, domains):
    lacking = [option for option in ("product", "email", "phone", "username") if not params[option]]
    if lacking:
        raise InputError("paid: an order through the extended services has to say %s, too." % ", ".join(lacking))
    if not params["accept_cost"]:
        raise InputError("paid: ordering %s costs. Say accept_cost: true if that is meant; nothing was ordered." % params["product"])
    if len(domains) > 1:
        raise InputError("paid: the extended services issue for one name, and domains has %d: %s." % (len(domains), ", ".join(domains)))


# -- what is there ---------------------------------------------------------------------------------------------------------------------

def good(series, domains, now, within_days):
    """Of our certificates of a name those that CAS has issued for all of the domains and that are not due, newest first.

    now: milliseconds since 1970. Of those whose end CAS does not say it is not known, so that they count as due.
    """
    return [item for item in series if not item.uploaded and not item.expired and covers_all(item.names, domains)
            and item.not_after - now > within_days * DAY]


def same(orders, domains, product, tags, name):
    """The orders for exactly these domains (and this product, if one is given), less those whose tags say that they are another name's."""
    return [order for order in orders if set(order.domains) == set(domains) and product in ("", order.product)
            and (tags.get(order.instance_id) or {}).get(NAME_TAG, name) == name]


def with_status(orders, *status):
    return [order for order in orders if order.status in status]


# -- what has to be done -----------------------------------------------------------------------------------------------------------------

def check_order(wanted, quota, failed):
    """Raises CollectionError when the plan has no certificate left, or when it is not known whether a failed order was paid for nothing."""
    if failed and wanted.paid:
        raise CollectionError("Nothing was ordered for %s: order %d for it has failed, and a new one costs again. Look at it in the CAS "
                              "console, give it up with state: cancelled, and run again." % (wanted.label, failed[0].id))
    if quota["used"] - len(failed) >= quota["total"]:
        raise CollectionError(
            "Nothing was ordered for %s: of the %d certificates of the plan %s none is left (%d used, %d of them issued). Buy another "
            "plan, name another product, or give up orders that are of no use with state: cancelled." % (
                wanted.label, quota["total"], wanted.product, quota["used"], quota["issued"]), quota=dict(quota, product=wanted.product))


def plan_order(wanted, failed):
    """Delete what failed for the same names, which gives its place in the plan back; then order."""
    after = dict(name=wanted.name, domains=list(wanted.domains), product=wanted.product, validation=wanted.method.lower())
    return Plan({}, after, tuple(_delete(order) for order in failed) + (Step(
        CREATE, "cas", _action(wanted), wanted.label, stage=1, params=_params(wanted)),))


def _action(wanted):
    if not wanted.paid:
        return "CreateCertificateForPackageRequest"
    return "CreateCertificateWithCsrRequest" if wanted.own_key else "CreateCertificateRequest"


def _params(wanted):
    params = dict(wanted.contact, ProductCode=wanted.product, ValidateType=wanted.method,
                  Tags=[dict(Key=key, Value=wanted.tags[key]) for key in sorted(wanted.tags)])
    if wanted.csr:
        params["Csr"] = wanted.csr
    if not (wanted.paid and wanted.own_key):
        params["Domain"] = ",".join(wanted.domains)
    return params


def plan_cancelled(orders):
    """Give these up: what is under way is cancelled first, because only what waits or has failed can be deleted."""
    steps = []
    for order in orders:
        first = "cancel-%d" % order.id if order.status == CHECKING else ""
        if first:
            steps.append(Step(first, "cas", "CancelOrderRequest", _label(order), dict(OrderId=order.id), group=str(order.id)))
        steps.append(_delete(order, needs=(first,) if first else ()))
    before = dict((str(order.id), dict(domains=list(order.domains), product=order.product, status=order.status)) for order in orders)
    return Plan(before, {}, tuple(steps))


def _delete(order, needs=()):
    return Step("delete-%d" % order.id, "cas", "DeleteCertificateRequest", _label(order), dict(OrderId=order.id), group=str(order.id),
                needs=needs)


def _label(order):
    return "order %d for %s" % (order.id, ", ".join(order.domains))


def plan_tags(wanted, stored, tags, region):
    """Tag an issued certificate that did not get its order's tags: by them it is found again, and not ordered again."""
    ours = dict((key, wanted.tags[key]) for key in (MANAGED_BY, NAME_TAG) if tags.get(key) != wanted.tags[key])
    if not ours:
        return ()
    return (Step("tags", "cas", "TagResources", stored.name, stage=2, params=dict(
        RegionId=region, ResourceType="instance", ResourceId=[stored.instance_id],
        Tag=[dict(Key=key, Value=ours[key]) for key in sorted(ours)])),)


# -- what is said ------------------------------------------------------------------------------------------------------------------------

def validations(proof, domains, zone=""):
    """What has to be published, as results show it: a list of one or none; CAS asks for one proof after the other."""
    if proof is None:
        return []
    if proof.record:
        host, kind, value = proof.record
        return [dict(type="dns", record_name=full_name(host, domains, zone), record_type=kind, record_value=value, record_host=host,
                     domain=None, path=None, content=None)]
    domain, path, content = proof.file
    return [dict(type="file", domain=domain or domains[0], path="/" + path.lstrip("/"), content=content, record_name=None,
                 record_type=None, record_value=None, record_host=None)]


def further(asked, published):
    """Whether something is asked for that is not published; both as validations() has it."""
    def told(item):
        return tuple(item.get(part) for part in ("record_name", "record_value", "domain", "content"))

    return bool(asked) and not set(map(told, asked)) <= set(map(told, published))


def full_name(host, domains, zone=""):
    """The whole name of a record. CAS says the part before the zone; it has been seen with the zone, too.

    Where that part goes on as one of the domains begins, the zone is what is left of that domain; else it is zone, or what was registered.
    """
    host, bare = normalise(host), [domain[2:] if domain.startswith("*.") else domain for domain in domains]
    first, dot, rest = host.partition(".")
    for name in bare if dot else ():
        if name == rest or name.startswith(rest + "."):
            return "%s.%s" % (first, name)
        if host.endswith("." + (zone or registered(name))):
            return host
    return "%s.%s" % (host, zone or registered(bare[0]))


def registered(name):
    """The part of a name that somebody has registered: two labels, or three below com.cn and the like."""
    labels = name.split(".")
    second = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if second else labels[-2:])


def view(order_id, status, wanted, found=()):
    return dict(id=order_id, status=status, product=wanted.product, domains=list(wanted.domains), validations=list(found))


def said(found):
    """The validations in words, for messages."""
    return "; ".join(
        "the record %(record_name)s %(record_type)s with the value %(record_value)s" % item if item["type"] == "dns"
        else "http://%(domain)s%(path)s with the content %(content)s" % item for item in found) or "nothing that CAS names"


def refusal(order_id, wanted, asked):
    """Why an order has failed, as far as it can be known: CAS gives no reason. asked: the validations that it wanted last."""
    looked = "It looked for %s." % said(asked) if asked else "CAS does not say what it looked for any more."
    advice = "what CAS finds there has to be exactly that, from everywhere" if asked else (
        "look at the domain's records, at a CAA record that excludes the authority, and at the order in the CAS console")
    again = ("give the order up with state: cancelled, and run again" if wanted.paid else
             "run again: the failed order is deleted, which gives its place in the plan back, and a new one is made")
    return "Order %d for %s was refused by the authority (verify_fail), and CAS gives no reason. %s Put it right: %s. Then %s." % (
        order_id, wanted.label, looked, advice, again)
