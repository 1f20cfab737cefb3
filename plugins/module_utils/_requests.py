# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options resources, discover and restore mean, before and after the cloud has been asked. PRIVATE to the collection."""

from __future__ import annotations

import threading
from collections import Counter
from fnmatch import fnmatchcase

from . import _runner
from ._domain.deployment import Slot, name_of, place_of
from ._errors import InputError
from ._targets.registry import TARGETS

ROW = ("service", "region", "instance", "listener_port", "slot", "domain", "changed", "previous")
PREVIOUS = ("id", "cas_id", "name", "fingerprint", "store")
UNSAID = dict(region=None, instance=None, listener_port=None, protocol="https", slot="auto", domains=None, domain=None, force=False)


class Once:
    """Remembers what was read, so that resources that share a list share one read of it. count(service): how many there are."""

    def __init__(self, requests=()):
        self._values, self._locks, self._lock = {}, {}, threading.Lock()
        self._counts = Counter(request["service"] for request in requests)

    def count(self, service):
        return self._counts[service]

    def add(self, requests):
        self._counts.update(request["service"] for request in requests)

    def __call__(self, key, read):
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._values:
                self._values[key] = read()
            return self._values[key]


def check(request, method, accept_cost):
    """The request with service and method settled. Raises InputError for what cannot work; nothing has been asked yet."""
    service = known_as(request["service"])
    target = TARGETS.get(service)
    lacking = [option for option in (target.NEEDS if target else ()) if not request.get(option)]
    if lacking:
        raise InputError("A resource of service '%s' needs %s." % (service, " and ".join(lacking)))
    if method == "auto":
        method = "product" if target else "deployment_job"
    if method == "product" and not target:
        raise InputError("method: product knows the services %s, not '%s'." % (", ".join(sorted(TARGETS)), service))
    if method == "deployment_job" and not accept_cost:
        raise InputError("Service '%s' would be reached by a deployment job, which is metered. Set accept_cost: true to use it%s." % (
            service, ", or use method: product, which is free" if target else ""))
    port = request.get("listener_port") if getattr(target, "PORTS", True) else None
    return dict(request, service=service, method=method, listener_port=port)


def known_as(service):
    """The driver's name for what may be written as CAS writes it: SLB is slb, and must not become a metered job."""
    names = (target.NAME for target in TARGETS.values() if service.lower() in (target.NAME, target.CAS_PRODUCT.lower()))
    return next(names, service)


def restorable(targets):
    """The changed ones of an earlier result, as requests. Raises InputError for what is not such a result."""
    requests = []
    for row in targets:
        old = row.get("previous")
        lacking = [key for key in ROW if key not in row] + [
            "previous.%s" % key for key in PREVIOUS if old is not None and not (isinstance(old, dict) and key in old)]
        if lacking:
            raise InputError("restore takes deployment.targets of an earlier cas_deploy; an entry lacks %s." % ", ".join(lacking))
        if _yes(row["changed"]):
            port = str(row["listener_port"] or "")
            requests.append(dict(
                row, listener_port=int(port) if port.isdigit() else None, method="product", certificate=row.get("certificate"),
                superseded=_yes(row.get("superseded")), protocol=row.get("protocol") or "https"))
    return requests


def _yes(value):
    return str(value).lower() == "true"  # a result that went through a template may hold text


def kind_of(request):
    """Resources of one kind share lists."""
    return request["service"], request.get("region")


def gathered(cloud, requests, discover, parallel):
    """(the requests and those for what discover finds, slots that say what could not be listed, the Once of all of them)."""
    once = Once(requests)
    if not discover:
        return requests, [], once
    found, failed = discovered(cloud, discover, parallel, once)
    once.add(found)
    return requests + found, failed, once


def discovered(cloud, spec, parallel, once):
    """(requests for all that the account has in the services and regions of spec, slots that say what could not be listed).

    Which of them the certificate is for is decided when each is planned: one that it does not fit is passed over, not refused.
    """
    places = []
    for name in spec["services"]:
        target = TARGETS.get(known_as(name))
        if not target:
            raise InputError("discover.services: '%s' cannot be listed; these can: %s." % (name, ", ".join(sorted(TARGETS))))
        if target.REGIONAL and not spec["regions"]:
            raise InputError("discover needs regions for the service '%s'." % name)
        places += [(target, region) for region in (spec["regions"] if target.REGIONAL else [None])]
    requests, failed = [], []
    for (target, region), found, error in _runner.each(places, lambda item: item[0].candidates(cloud, item[1], once), parallel):
        if error:
            failed.append(Slot(place_of(dict(service=target.NAME, region=region)), error=error))
        for more in found or ():
            request = dict(UNSAID, service=target.NAME, method="product", found=True, **more)
            if not any(fnmatchcase(word, pattern) for word in _words(request) for pattern in spec["exclude"] or ()):
                requests.append(request)
    return requests, failed


def _words(request):
    """All that a pattern of discover.exclude may match."""
    instance, port = request["instance"], request["listener_port"]
    words = [request["domain"], instance, instance and "%s:%s" % (instance, port), name_of(place_of(request, None, request["domain"]))]
    return [word.lower() for word in words if word]
