# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records of a zone are to be added, updated and deleted. Pure. PRIVATE to the collection.

Only enabled records of the line "default" count, and only those of the very names and types that are asked for are touched.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections import namedtuple

from .._errors import InputError
from .._plan import Plan, Step

TTL = 600  # seconds; what the cloud sets, too
# value is None when every value is meant (state absent); ttl is None when any will do
Wanted = namedtuple("Wanted", "zone rr type value ttl")


def name_of(zone, rr):
    return zone if rr == "@" else "%s.%s" % (rr, zone)


def read_wanted(rows, zone):
    """The records of the option as Wanted, each once. Raises InputError for what cannot be meant; zone is the option's default."""
    found = {}
    for number, row in enumerate(rows):
        where = "records[%d]" % number
        wanted = _wanted(row, _clean(row.get("zone") or zone or ""), where)
        key = wanted[:3] + (_same_form(wanted.type, wanted.value),)
        if found.setdefault(key, wanted).ttl != wanted.ttl:
            raise InputError("%s: %s %s is asked for twice, with another ttl." % (where, name_of(wanted.zone, wanted.rr), wanted.type))
    return list(found.values())


def _wanted(row, zone, where):
    if not zone:
        raise InputError("%s: no zone. Give it there, or once for all records as zone." % where)
    if bool(row.get("name")) == bool(row.get("rr")):
        raise InputError("%s: give either name (the full one) or rr (the part before the zone)." % where)
    name, rr = _clean(row.get("name") or ""), _clean(row.get("rr") or "")
    if name and name != zone and not name.endswith("." + zone):
        raise InputError("%s: the name '%s' is not in the zone '%s'." % (where, name, zone))
    if name:
        rr = name[:-len(zone) - 1] or "@"
    value = row.get("value")
    if value is not None and not value.strip():
        raise InputError("%s: the value is empty." % where)
    return Wanted(zone, rr, row["type"], value and value.strip(), row.get("ttl"))


def _clean(name):
    return name.strip().lower().rstrip(".")


def _same_form(kind, value):
    """Host names are the same in both cases and with a dot at their end, addresses in every spelling; TXT and CAA are not."""
    if value and kind in ("A", "AAAA"):
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(value).compressed
    return value if value is None or kind in ("TXT", "CAA") else _clean(value)


def is_it(record, wanted):
    """Whether a record is the wanted one, whatever its ttl."""
    return (record.rr, record.type) == (wanted.rr, wanted.type) and (
        wanted.value is None or _same_form(record.type, record.value) == _same_form(record.type, wanted.value))


def plan_present(present, wanted, exact):
    """present: {zone: records}. exact: other values of the same name and type give way. Raises InputError for a conflict."""
    steps, after, groups = [], _sets(present, wanted), {}
    for item in wanted:
        groups.setdefault(item[:3], []).append(item)
    for zone, rr, kind in groups:
        if kind != "CNAME" and (zone, rr, "CNAME") in groups:
            raise InputError("%s: a CNAME stands alone, and %s is asked for as well." % (name_of(zone, rr), kind))
    for (zone, rr, kind), items in groups.items():
        there = [record for record in present[zone] if record.rr == rr and record.line == "default"]
        _check(there, items, exact)
        made, values = _group(zone, [record for record in there if record.type == kind], items, exact)
        steps += made
        after[_key(zone, rr, kind)] = values
    return Plan(_sets(present, wanted), after, tuple(steps))


def _check(there, items, exact):
    """CNAMEs stand alone: neither another value nor another type may be at the same name."""
    zone, rr, kind = items[0][:3]
    name = name_of(zone, rr)
    if kind == "CNAME" and len(items) > 1:
        raise InputError("%s: a name can have one CNAME, and several are asked for: %s." % (name, ", ".join(item.value for item in items)))
    others = [record for record in there if record.enabled and not is_it(record, items[0]) and "CNAME" in (kind, record.type)]
    in_the_way = [record for record in others if not (exact and record.type == kind)]
    if in_the_way:
        todo = "Set exact: true to replace it." if in_the_way[0].type == kind else "Remove it first, or use another name."
        raise InputError("%s: there is %s already, and a CNAME stands alone. %s" % (
            name, ", ".join("%s %s" % (record.type, record.value) for record in in_the_way), todo))
    asleep = [record for record in there if not record.enabled and any(is_it(record, item) for item in items)]
    if asleep:
        raise InputError("%s: the record %s %s is there and disabled. Enable it in the console, or delete it with state: absent." % (
            name, kind, asleep[0].value))


def _group(zone, there, items, exact):
    """(steps, values afterwards) for one name and type. A value that has to go is turned into a missing one, so that there is no gap."""
    there = [record for record in there if record.enabled]
    steps, values, free = [], [], [record for record in there if not any(is_it(record, item) for item in items)]
    if not exact:
        values, free = [_value(record) for record in free], []
    for item in items:
        record = next((record for record in there if is_it(record, item)), None)
        old = record or (free.pop(0) if free else None)
        ttl = item.ttl or (old.ttl if old else TTL)
        if old is None:
            steps.append(_step("AddDomainRecord", zone, item, dict(DomainName=zone), ttl))
        elif record is None or record.ttl != ttl:
            steps.append(_step("UpdateDomainRecord", zone, item, dict(RecordId=old.id), ttl))
        values.append(dict(value=record.value if record else item.value, ttl=ttl))
    return steps + [_delete(zone, record) for record in free], _ordered(values)


def plan_absent(present, wanted):
    doomed = doomed_of(present, wanted)
    left = dict((zone, [record for record in records if (zone, record) not in doomed]) for zone, records in present.items())
    return Plan(_sets(present, wanted, True), _sets(left, wanted, True), tuple(_delete(zone, record) for zone, record in doomed))


def doomed_of(present, wanted):
    """(zone, record) of everything that state absent means, once."""
    return [(zone, record) for zone, records in present.items() for record in records
            if record.line == "default" and any(item.zone == zone and is_it(record, item) for item in wanted)]


def _step(action, zone, item, params, ttl):
    target = "%s %s" % (name_of(zone, item.rr), item.type)
    return Step("%s %s %s" % (action, target, item.value), "alidns", action, target, group=zone, params=dict(
        params, RR=item.rr, Type=item.type, Value=item.value, TTL=ttl))


def _delete(zone, record):
    target = "%s %s" % (name_of(zone, record.rr), record.type)
    return Step("delete %s" % record.id, "alidns", "DeleteDomainRecord", target, dict(RecordId=record.id), group=zone, stage=1)


def _key(zone, rr, kind):
    return "%s %s" % (name_of(zone, rr), kind)


def _value(record):
    return dict(value=record.value, ttl=record.ttl)


def _ordered(values):
    return sorted(values, key=lambda item: item["value"])


def _sets(present, wanted, disabled=False):
    """For the diff: the values of every name and type that is asked for."""
    return dict((_key(*item[:3]), _ordered([
        _value(record) for record in present[item.zone] if (record.rr, record.type) == (item.rr, item.type)
        and record.line == "default" and (record.enabled or disabled)])) for item in wanted)


def view(zone, rr, kind, value, ttl, record_id):
    return dict(zone=zone, name=name_of(zone, rr), rr=rr, type=kind, value=value, ttl=ttl, id=record_id)


def views_present(present, wanted):
    """The wanted records as they are, or will be: those that are not there yet have no id."""
    rows = []
    for item in wanted:
        record = next((record for record in present[item.zone]
                       if record.enabled and record.line == "default" and is_it(record, item)), None)
        rows.append(view(item.zone, item.rr, item.type, record.value if record else item.value,
                         item.ttl or (record.ttl if record else TTL), record.id if record else None))
    return rows
