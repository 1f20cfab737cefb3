# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS options of each kind of resource: read what there is, and turn what has to be set into calls. PRIVATE to the collection.

A driver has PRODUCT, NEEDS and
shared(request)          what resources read together, as (function, region), or None
read(cloud, request, wanted, common) -> present; common: what shared() has read
view(request, present)   the options as results show them
plan(target, request, present, wanted) -> (the view afterwards, Steps); InputError for what cannot be without losing something
unsettled(present)       what has been accepted and not been carried out, in words; '' for nothing
confirm(cloud, step)     the answer of a write whose answer was lost, if it has happened
"""

from __future__ import annotations

import json

from ._api import alb_options, cdn_options, dcdn_options, nlb_options, slb_options
from ._domain import https_options as rules
from ._domain.https_options import PLAIN_PORT
from ._errors import InputError
from ._plan import Step


class DomainOptions:
    """CDN and DCDN. api: the product's file in _api."""

    NEEDS = ("domain",)

    def __init__(self, name, api):
        self.NAME, self.PRODUCT, self._api = name, api.PRODUCT, api

    def shared(self, request):
        return None

    def read(self, cloud, request, wanted, common):
        return self._api.read(cloud, request["domain"], rules.DOMAIN_FUNCTIONS)

    def view(self, request, present):
        return rules.view_of_domain(present.always())

    def plan(self, target, request, present, wanted):
        old = present.always()
        changed = rules.functions_to_set(old, wanted)
        steps, blocker = (), rules.in_the_way(present, wanted)
        if blocker:
            steps = (Step(target + " " + blocker.name, self.NAME, self._api.DELETE_FUNCTION, target, dict(
                DomainName=request["domain"], ConfigId=blocker.id), group=target),)
        if changed:
            functions = [dict(functionName=name, functionArgs=[dict(argName=key, argValue=arguments[key]) for key in sorted(arguments)])
                         for name, arguments in sorted(changed.items())]
            steps += (Step(target, self.NAME, self._api.SET_FUNCTIONS, target, dict(
                DomainNames=request["domain"], Functions=json.dumps(functions)), group=target, needs=tuple(step.key for step in steps)),)
        return rules.view_of_domain(dict(old, **changed)), steps

    def unsettled(self, present):
        return ", ".join("%s is %s" % (function.name, function.status) for function in present.functions if function.status != "success")

    def confirm(self, cloud, step):
        if step.action != self._api.DELETE_FUNCTION:
            return None
        left = self._api.read(cloud, step.params["DomainName"], rules.DOMAIN_FUNCTIONS).functions
        return None if any(function.id == step.params["ConfigId"] for function in left) else {}


class BalancerOptions:
    """What the drivers of load balancers have in common; present is (Secure, Plain or None)."""

    NEEDS = ("region", "instance")

    def shared(self, request):
        return None

    def view(self, request, present):
        return rules.view_of_listener(present[0], present[1], request["listener_port"])

    def unsettled(self, present):
        return "" if all(part.settled for part in present if part) else "the listener is being configured"

    def confirm(self, cloud, step):
        return None

    def _after(self, request, present, changed, code=None):
        """The view when policy and http2 of changed, and a redirect with that code, are there."""
        view = self.view(request, present)
        if "policy" in changed:
            view.update(cipher_policy=changed["policy"], tls_minimum=rules.POLICIES.get(changed["policy"]))
        return dict(view, http2=changed.get("http2", view["http2"]), redirect=code or view["redirect"])

    def _changed(self, present, wanted):
        changed, policy = {}, rules.policy_to_set(present[0].policy, wanted)
        if policy:
            changed["policy"] = policy
        if wanted.http2 not in (None, present[0].http2):
            changed["http2"] = wanted.http2
        return changed


class SlbOptions(BalancerOptions):
    NAME, PRODUCT = "slb", slb_options.PRODUCT

    def read(self, cloud, request, wanted, common):
        region, instance = request["region"], request["instance"]
        secure = slb_options.secure(cloud, region, instance, request["listener_port"])
        return secure, slb_options.plain(cloud, region, instance, PLAIN_PORT) if request["redirect"] else None

    def plan(self, target, request, present, wanted):
        changed, steps = self._changed(present, wanted), []
        place = dict(RegionId=request["region"], LoadBalancerId=request["instance"])
        if changed:
            params = dict(place, ListenerPort=request["listener_port"])
            params.update(dict(TLSCipherPolicy=changed["policy"]) if "policy" in changed else {})
            params.update(dict(EnableHttp2="on" if changed["http2"] else "off") if "http2" in changed else {})
            steps.append(self._step(target, target, request, "SetLoadBalancerHTTPSListenerAttribute", params))
        todo = rules.redirect_to_make(present[1], wanted, request["listener_port"], "") if request["redirect"] else None
        place["ListenerPort"], made = PLAIN_PORT, target + " redirect"
        if todo == "create":
            steps.append(self._step(made, target, request, "CreateLoadBalancerHTTPListener", dict(
                place, ListenerForward="on", ForwardPort=request["listener_port"], HealthCheck="off", StickySession="off")))
        if todo:  # a listener is made stopped
            needs = (made,) if todo == "create" else ()
            steps.append(self._step(target + " start", target, request, "StartLoadBalancerListener", dict(
                place, ListenerProtocol="http"), needs))
        return self._after(request, present, changed, slb_options.REDIRECT if todo else None), tuple(steps)

    def _step(self, key, target, request, action, params, needs=()):
        return Step(key, "slb", action, target, params, request["region"], target, needs=needs)

    def confirm(self, cloud, step):
        if step.action != "CreateLoadBalancerHTTPListener":
            return None
        plain = slb_options.plain(cloud, step.region, step.params["LoadBalancerId"], PLAIN_PORT)
        return {} if plain.to == step.params["ForwardPort"] else None


class AlbOptions(BalancerOptions):
    NAME, PRODUCT = "alb", alb_options.PRODUCT
    _LAST = 10000  # the greatest priority

    def shared(self, request):
        return alb_options.listeners, request["region"]

    def read(self, cloud, request, wanted, common):
        if request["protocol"] == "quic":
            raise InputError("%s: a QUIC listener has neither a security policy nor a switch for HTTP/2; name the HTTPS listener." % (
                request["instance"]))
        region, instance = request["region"], request["instance"]
        row = common.get((instance, request["listener_port"], "https"))
        if row is None:
            raise no_listener("https", request)
        return alb_options.secure(row), alb_options.plain(cloud, region, instance, PLAIN_PORT, common) if request["redirect"] else None

    def plan(self, target, request, present, wanted):
        changed, steps, port = self._changed(present, wanted), [], request["listener_port"]
        if changed:
            params = dict(ListenerId=present[0].id)
            params.update(dict(SecurityPolicyId=changed["policy"]) if "policy" in changed else {})
            params.update(dict(Http2Enabled=changed["http2"]) if "http2" in changed else {})
            steps.append(Step(target, "alb", "UpdateListenerAttribute", target, params, request["region"], target))
        code = "301" if wanted.redirect == "on" else wanted.redirect
        todo = rules.redirect_to_make(present[1], wanted, port, "http") if request["redirect"] else None
        if todo and present[1].last >= self._LAST:
            raise InputError("redirect: the HTTP listener has a rule of the lowest priority, %d, already; the redirect has to come after "
                             "it. Move that rule first." % self._LAST)
        if todo:
            # after all other rules, which therefore stay what they are
            steps.append(Step(target + " redirect", "alb", "CreateRule", target, dict(
                ListenerId=present[1].id, RuleName="redirect-to-https", Priority=present[1].last + 1,
                RuleConditions=[dict(Type="Path", PathConfig=dict(Values=["/*"]))],
                RuleActions=[dict(Type="Redirect", Order=1, RedirectConfig=dict(Protocol="HTTPS", Port=str(port), HttpCode=code))]),
                request["region"], target))
        return self._after(request, present, changed, code if todo else None), tuple(steps)


class NlbOptions(BalancerOptions):
    NAME, PRODUCT = "nlb", nlb_options.PRODUCT

    def shared(self, request):
        return nlb_options.listeners, request["region"]

    def read(self, cloud, request, wanted, common):
        found = common.get((request["instance"], request["listener_port"]))
        if found is None:
            raise no_listener("TLS", request)
        return found, None

    def plan(self, target, request, present, wanted):
        changed = self._changed(present, wanted)
        steps = tuple(Step(target, "nlb", "UpdateListenerAttribute", target, dict(
            ListenerId=present[0].id, RegionId=request["region"], SecurityPolicyId=policy), request["region"], target)
            for policy in changed.values())
        return self._after(request, present, changed), steps


def no_listener(kind, request):
    return InputError("%s in %s has no %s listener on port %s, as far as the list of listeners shows. Check instance, region, "
                      "listener_port and account." % (request["instance"], request["region"], kind, request["listener_port"]))


DRIVERS = dict((driver.NAME, driver) for driver in (
    DomainOptions("cdn", cdn_options), DomainOptions("dcdn", dcdn_options), SlbOptions(), AlbOptions(), NlbOptions()))
