# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF 3: domains in CNAME mode, and ports of cloud services in cloud-native mode, all by CAS's identifier. PRIVATE to the collection.

A domain is changed by ModifyDomainCert, which touches nothing but the certificate and four settings of TLS, and these are said again
as they were read. ModifyDomain, which replaces everything, is not used: the API does not show all that it would have to say again.

A port's default certificate has a call of its own. Its extension certificates can only be replaced as a whole list, so all others are
said again, a list is written at most once for each port, before the default certificate, and a certificate takes the place of one other
at most. Refused is what cannot be known to be safe: a port whose list WAF does not show, names that would no longer be covered, and
several extension certificates in the way. Ports of ALB, MSE, FC and SAE have certificates of the service, not of WAF.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace

from .._api import waf as api
from .._api.endpoints import SITES
from .._domain.deployment import bound_of, cas_id_of, place_of
from .._domain.names import covers, missing, normalise
from .._errors import InputError
from .._plan import Ref, Step
from .slb import choose

NAME = "waf"
CAS_PRODUCT = "WAF"
PRODUCT = api.PRODUCT
NEEDS = ()
REGIONAL = False
IDENTIFIER = True
RELEASED, UNSETTLED = 4, (2, 3)

# waf: the instance's id; item: a Domain or a Port, whose extension certificates have names unless only the default one is meant
State = namedtuple("State", "region waf item")


def read(cloud, request, once):
    """A State. InputError when the account has no such thing."""
    region = request.get("region") or SITES[cloud.site]
    if region not in api.REGIONS:
        raise InputError("WAF has the regions cn-hangzhou (Chinese mainland) and ap-southeast-1 (elsewhere), not '%s'." % region)
    waf = once((NAME, region), lambda: api.instance(cloud, region))
    if not waf:
        raise InputError("This account has no WAF 3 instance in %s. Check region and account." % region)
    # with the instance of a cloud service it is the name by which an extension certificate of a port is known
    if request.get("domain") and request.get("instance") in (None, "", waf):
        return State(region, waf, _domain(cloud, request, once, region, waf))
    if request.get("instance") and request.get("listener_port"):
        return State(region, waf, _port(cloud, request, once, region, waf))
    raise InputError("A resource of service 'waf' needs domain, or instance (of the cloud service) and listener_port.")


def _domain(cloud, request, once, region, waf):
    name = normalise(request["domain"])
    found = once((NAME, region, name), lambda: api.domain(cloud, region, waf, name))
    if found is None:
        raise InputError("%s has no domain %s in CNAME mode. Check its spelling, region and account; for a port in cloud-native mode "
                         "give instance and listener_port." % (waf, name))
    return found


def _port(cloud, request, once, region, waf):
    instance, number = request["instance"], request["listener_port"]
    known = once((NAME, region, instance), lambda: api.ports(cloud, region, waf, instance))
    if number not in known:
        raise InputError("%s does not protect port %s of %s%s. Check instance, listener_port and region; for a domain in CNAME mode "
                         "give no instance." % (
                             waf, number, instance, "; it does %s" % ", ".join(str(other) for other in sorted(known)) if known else ""))
    port = known[number]
    if request.get("slot") == "default":
        return port
    return replace(port, extensions=tuple(
        once((NAME, region, "certificate", held.id), lambda held=held: api.certificate(cloud, region, waf, held.id))
        for held in port.extensions))


def candidates(cloud, region, once):
    """Everything that WAF protects with a certificate of its own, in both of its regions."""
    return [more for region in api.REGIONS for more in _candidates(cloud, region, once)]


def _candidates(cloud, region, once):
    waf = once((NAME, region), lambda: api.instance(cloud, region))
    if not waf:
        return []
    found = [dict(region=region, domain=name) for name in api.domains(cloud, region, waf)]
    for instance in api.resources(cloud, region, waf):
        ports = once((NAME, region, instance), lambda instance=instance: api.ports(cloud, region, waf, instance))
        found += [dict(region=region, instance=instance, listener_port=number)
                  for number, port in sorted(ports.items()) if port.protocol == "https"]
    return found


def at(place, state, stored):
    """The Bound of a slot, or None when it is empty."""
    held = _held(place, state.item)
    if not held:
        return None
    name = held.name or "%s (not in CAS)" % held.id
    return bound_of(stored, cas_id_of(held.id), id=held.id, name=name, fingerprint="", names=held.names)


def _held(place, item):
    if place["slot"] is None:
        return item.certificate
    return item.default if place["slot"] == "default" else next(iter(_serving(item, [place["domain"]])), None)


def _serving(port, domains):
    """The extension certificates that are for one of the domains."""
    return [held for held in port.extensions if any(covers(held.names, domain) for domain in domains)]


def find(request, state, wanted, stored):
    """The slots that the request means."""
    item = state.item
    if item.status == RELEASED:
        raise InputError("WAF is about to release this resource; its certificate cannot be set.")
    if not isinstance(item, api.Domain):
        return _slots_of_port(request, state, wanted, stored)
    if not item.https_ports:
        raise InputError("%s has no HTTPS port in WAF. Add one in WAF's console; here only its certificate is changed." % item.name)
    if not covers(wanted.names, item.name):
        raise InputError("The certificate %s does not cover the WAF domain %s." % (wanted.name, item.name))
    return places(request, state)


def _slots_of_port(request, state, wanted, stored):
    port = state.item
    if port.protocol != "https":
        raise InputError("Port %s is protected for %s, which has no certificate." % (port.number, port.protocol or "another protocol"))
    if not port.default:
        raise InputError("WAF does not say which default certificate port %s has; to write its list might take away others. "
                         "Set the certificate in WAF's console." % port.number)
    names = sorted(set(name for held in port.extensions for name in held.names))
    request = dict(request, region=state.region)
    take_default, domains = choose(request, at(place_of(request, "default"), state, stored), names, wanted)
    found = [place_of(request, "default")] if take_default else []
    return found + ([place_of(request, "additional", _key(request, port, domains, wanted))] if domains else [])


def _key(request, port, domains, wanted):
    """The name by which the one extension certificate is known, before and after. InputError when it cannot be one."""
    held = _serving(port, domains)
    if len(held) > 1:
        raise InputError("The extension certificates %s of port %s are all for these names, and WAF's list can be changed safely by one "
                         "certificate only. Leave one of them in WAF's console, or name fewer domains." % (
                             " and ".join(item.name or item.id for item in held), port.number))
    if not held:
        return domains[0]
    lost = missing(wanted.names, held[0].names)
    if lost and not request.get("force"):
        raise InputError("The extension certificate %s of port %s also covers %s, and %s does not; their clients would get a wrong "
                         "certificate. Use force: true if that is meant." % (
                             held[0].name or held[0].id, port.number, ", ".join(lost), wanted.name))
    return next(iter([name for name in held[0].names if name in domains] or [name for name in domains if covers(held[0].names, name)]))


def places(request, state):
    request = dict(request, region=state.region)
    if isinstance(state.item, api.Domain):
        return [place_of(dict(request, instance=None), None, state.item.name)]
    names = (next(iter(held.names), None) for held in state.item.extensions)
    return [place_of(request, "default")] + [place_of(request, "additional", name) for name in sorted(set(filter(None, names)))]


def superseded(request, state, wanted, stored):
    return []  # an extension certificate is replaced in place, in the one call that writes the list


def own(place, state, wanted):
    return wanted.identifier or Ref("upload", "CertIdentifier"), ()


def bind(target, place, state, bound):
    """The step that puts bound.id (an identifier or a Ref) into the slot."""
    if not bound.id:
        raise InputError("WAF did not say which certificate %s had before; put it back by hand." % target)
    if place["slot"] is None:
        return _step(target, state, "ModifyDomainCert", 1, Domain=place["domain"], CertId=bound.id, **state.item.settings)
    if place["slot"] == "default":
        # after the list, which holds the default certificate as it was read
        return _step(target, state, "ModifyCloudResourceDefaultCert", 2, CloudResourceId=state.item.resource, CertId=bound.id)
    return _write_list(target, place, state, bound.id)


def unbind(target, place, state):
    if place["slot"] != "additional":
        raise InputError("%s had no certificate before, and WAF cannot be left without one; nothing is put back." % target)
    return _write_list(target, place, state)


def _write_list(target, place, state, *added):
    """The whole list of a port with certificates added in place of the one that is for this name; all others as they are."""
    port, gone = state.item, _held(place, state.item)
    kept = [held.id for held in port.extensions if held is not gone and held.id not in added]
    rows = [dict(AppliedType="default", CertificateId=port.default.id)]
    rows += [dict(AppliedType="extension", CertificateId=identifier) for identifier in kept + list(added)]
    return _step(target, state, "ModifyCloudResourceCert", 1, CloudResourceId=port.resource, Certificates=rows)


def _step(target, state, action, stage, **params):
    # the domain or the port is the group: it refuses a second change while it applies the first
    item = state.item
    group = "waf/%s/%s" % (state.region, item.name if isinstance(item, api.Domain) else item.resource)
    return Step(target, NAME, action, target, dict(params, RegionId=state.region, InstanceId=state.waf), state.region, group, stage)


def settled(state):
    return state.item.status not in UNSETTLED


def confirm(cloud, step):
    return None  # every write says what is to be, so it can simply be repeated
