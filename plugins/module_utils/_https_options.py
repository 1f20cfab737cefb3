# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS options of many resources, from the first read to the read-back. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Tuple

from . import _runner
from ._batch import failures, is_wrong_input, not_tried
from ._domain import https_options as rules
from ._domain.names import normalise
from ._errors import CollectionError, InputError, WaitTimeout
from ._https_targets import DRIVERS
from ._plan import Plan, Step
from ._wait import poll


@dataclass(frozen=True)
class Item:
    """One resource: request as check() gives it, what it has and will have, the steps between, or why there can be none."""

    request: Mapping[str, Any]
    before: Any = None
    after: Any = None
    steps: Tuple[Step, ...] = ()
    error: Any = None
    warning: str = ""

    @property
    def target(self):
        return self.request["target"]

    @property
    def driver(self):
        return DRIVERS[self.request["service"]]


def check(resources, wanted):
    """The resources as requests, each listener and domain once. Raises InputError for what cannot work; nothing has been asked yet."""
    requests = {}
    for row in resources:
        service = row["service"].lower()
        if service not in DRIVERS:
            raise InputError("HTTPS options can be set for the services %s, not for '%s'." % (", ".join(sorted(DRIVERS)), row["service"]))
        lacking = [option for option in DRIVERS[service].NEEDS if not row.get(option)]
        if lacking:
            raise InputError("A resource of service '%s' needs %s." % (service, " and ".join(lacking)))
        rules.check(service, wanted)
        request = dict(row, service=service, protocol=row["protocol"] if service == "alb" else "https")
        if service in rules.DOMAINS:
            # the products write a wildcard domain as .example.com
            request.update(domain=normalise(row["domain"]).lstrip("*"), region=None, instance=None)
            request["target"] = "%s/%s" % (service, request["domain"])
        else:
            request.update(domain=None, target="%s/%s/%s:%d" % (service, row["region"], row["instance"], row["listener_port"]))
        requests[request["target"]] = request
    return [dict(request, redirect=wanted.redirect is not None and _leads(request, requests.values())) for request in requests.values()]


def _leads(request, requests):
    """Whether this resource is the one that a redirect leads to: a load balancer has one port for plain HTTP, but many for HTTPS."""
    if request["service"] not in rules.BALANCERS:
        return True
    ports = [other["listener_port"] for other in requests if all(
        other[key] == request[key] for key in ("service", "region", "instance", "protocol"))]
    return request["listener_port"] == (443 if 443 in ports else min(ports))


class Options:
    """One run over many resources. wait: (timeout, interval) in seconds, or None to believe what was accepted."""

    def __init__(self, cloud, wanted, parallel, wait, check_mode):
        self.cloud, self.wanted, self.parallel, self.wait, self.check_mode = cloud, wanted, parallel, wait, check_mode

    def run(self, requests):
        items = [self._plan(*found) for found in self._read(requests)]
        if any(is_wrong_input(item.error) for item in items):
            items = [item if item.error or not item.steps else replace(
                item, steps=(), after=item.before, error=not_tried()) for item in items]
        applied = _runner.Applied()
        if not self.check_mode:
            applied = _runner.apply(self.cloud, [step for item in items for step in item.steps], self.parallel, self._confirm)
            items = [self._applied(item, applied) for item in items]
            items = self._read_back(items)
        return self._result(items, applied)

    def _read(self, requests):
        """(request, present, CollectionError or None); a list that several resources are in is read once."""
        keys = dict.fromkeys(key for key in (DRIVERS[request["service"]].shared(request) for request in requests) if key)
        common = dict((key, (value, error)) for key, value, error in _runner.each(
            keys, lambda key: key[0](self.cloud, key[1]), self.parallel))

        def read(request):
            driver = DRIVERS[request["service"]]
            value, error = common.get(driver.shared(request), (None, None))
            if error:
                raise error
            return driver.read(self.cloud, request, self.wanted, value)

        return _runner.each(requests, read, self.parallel)

    def _plan(self, request, present, error):
        if error:
            return Item(request, error=error)
        driver, warning = DRIVERS[request["service"]], ""
        before = driver.view(request, present)
        try:
            after, steps = driver.plan(request["target"], request, present, self.wanted)
            if steps and needs_certificate(self.wanted) and not getattr(present, "https", True):
                warning = "HTTPS is off for %s" % request["domain"]
                if not self.check_mode:
                    raise InputError("%s, so whoever is sent there would get nothing. Deploy a certificate first, with "
                                     "daas.https.cas_deploy." % warning)
            return Item(request, before, after, steps, warning=warning and warning + "; outside check mode nothing is set until it is on.")
        except CollectionError as failure:
            return Item(request, before, before, error=failure)

    def _confirm(self, step):
        return DRIVERS[step.product].confirm(self.cloud, step)

    def _applied(self, item, applied):
        error = next((applied.errors[step.key] for step in item.steps if step.key in applied.errors), None)
        return replace(item, error=error) if error else item

    def _read_back(self, items):
        """The items with what they have now. One that was done half, or is late, shows how far it came."""
        half = [item.request for item in items if item.steps and item.error]
        seen = dict((request["target"], None if error else DRIVERS[request["service"]].view(request, present))
                    for request, present, error in self._read(half))
        late = self._wait_for([item for item in items if item.steps and not item.error], seen)
        items = [replace(item, after=seen.get(item.target, item.after)) for item in items]
        return [replace(item, error=late[item.target]) if item.target in late else item for item in items]

    def _wait_for(self, items, seen):
        """Read items until all is carried out; target -> WaitTimeout for what is not. seen: target -> view, filled here."""
        waiting, left = dict((item.target, item) for item in items if self.wait), {}

        def look():
            for request, present, error in self._read([item.request for item in waiting.values()]):
                again, target = self._plan(request, present, error), request["target"]
                left[target] = str(again.error or ("they are not shown yet" if again.steps else again.driver.unsettled(present)))
                if not error:
                    seen[target] = again.before
                if not left[target]:
                    del waiting[target], left[target]
            return left

        if not waiting:
            return {}
        try:
            poll(look, lambda now: not now, self.wait[0], self.wait[1], "the options to be carried out")
        except WaitTimeout:
            return dict((target, WaitTimeout("Waited %.0f s for the options; the last state seen was: %s. Run again to continue, or raise "
                                             "wait_timeout." % (self.wait[0], text))) for target, text in left.items())
        return {}

    def _result(self, items, applied):
        rows = [self._row(item, applied) for item in items]
        known = [row for row in rows if row["before"] is not None]
        plan = Plan(dict((row["target"], row["before"]) for row in known), dict((row["target"], row["after"]) for row in known),
                    tuple(step for item in items for step in item.steps))
        result = dict(plan.result(), https_options=rows, warnings=[item.warning for item in items if item.warning and not item.error])
        if not self.check_mode:
            result.update(changed=bool(applied.done), actions=[step.summary() for step in applied.made(plan.steps)])
        failed = failures(rows, "resources", "https_options")
        if failed:
            result["failed"] = failed
        return result

    def _row(self, item, applied):
        request = item.request
        made = [step for step in item.steps if self.check_mode or step.key in applied.answers]
        reason = None if item.steps or item.error else "already so"
        if reason and self.wanted.redirect and not request["redirect"]:
            reason = "already so; the redirect leads to another port of this load balancer"
        return dict(
            target=item.target, service=request["service"], region=request.get("region"), instance=request.get("instance"),
            listener_port=request["listener_port"] if request["service"] in rules.BALANCERS else None, domain=request["domain"],
            before=item.before, after=item.after, changed=bool(made), skipped_reason=reason, error=str(item.error) if item.error else None)


def needs_certificate(wanted):
    """Whether clients are sent to https, or told to use nothing else."""
    return wanted.redirect in ("on", "301", "308") or bool(wanted.hsts and wanted.hsts["enabled"])
