# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which resource of the option resources a target of cas_deploy's result belongs to. Pure. PRIVATE to the collection."""

from __future__ import annotations

KEYS = ("service", "region", "instance", "listener_port", "protocol", "domain")


def port_of(value):
    return int(value or 443)


def means(resource, target):
    """Whether the target is a slot of this resource; names of services and domains are compared without regard to case."""
    if str(target["service"]).lower() != str(resource.get("service")).lower():
        return False
    if not target.get("instance"):
        return _domain(target) == _domain(resource)
    if target["instance"] != resource.get("instance") or (target.get("region") or None) != (resource.get("region") or None):
        return False
    if target.get("listener_port") is not None and port_of(target["listener_port"]) != port_of(resource.get("listener_port")):
        return False
    return (target.get("protocol") == "quic") == (resource.get("protocol") == "quic")


def _domain(item):
    return (item.get("domain") or "").strip().lower().rstrip(".").lstrip("*")


def resource_of(target):
    """A resource that means this target, for what has been discovered."""
    found = dict((key, target[key]) for key in KEYS if target.get(key) is not None)
    if target.get("instance"):
        found.pop("domain", None)  # of a listener it is the name of one of its slots
    if found.get("protocol") not in ("https", "quic"):
        found.pop("protocol", None)
    return found
