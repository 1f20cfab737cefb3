# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which resource of the option resources a target of cas_deploy's result belongs to. Pure. PRIVATE to the collection."""

from __future__ import annotations


def port_of(value):
    return int(value or 443)


def means(resource, target):
    """Whether the target is a slot of this resource: a target says which resource it comes from."""
    return _key(resource) == _key(target.get("resource") or target)


def _key(item):
    """What names a resource; services and domains are compared without regard to case, a QUIC listener is another one than HTTPS's."""
    # of a listener's slot the domain is a part, not of its name; a resource that names both has both
    listener = item.get("instance") and item.get("slot") == "additional"
    return (str(item.get("service")).lower(), item.get("region") or None, item.get("instance") or None,
            port_of(item.get("listener_port")) if item.get("instance") else None, item.get("protocol") == "quic",
            None if listener else (item.get("domain") or "").strip().lower().rstrip(".").lstrip("*") or None)


def named(request):
    """The resource as it was named, without what was not said: what a target's result has as resource."""
    keys = ("service", "region", "instance", "listener_port", "protocol", "slot", "domains", "domain", "force")
    return dict((key, request[key]) for key in keys if request.get(key) not in (None, False, []))


def resource_of(target):
    """The resource that a target comes from, to be named once more."""
    if target.get("resource"):
        return dict(target["resource"])
    found = named(target)
    for key in ("slot", "domain") if target.get("instance") and target.get("slot") else ("slot",):
        found.pop(key, None)
    if found.get("protocol") not in ("https", "quic"):
        found.pop("protocol", None)
    return found
