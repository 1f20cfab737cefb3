# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AliDNS's rules and storage: zones, their records, and what a resolver would find in them."""

from __future__ import annotations

import dataclasses
from typing import Any

from . import errors, follower

TYPES = ("A", "AAAA", "CNAME", "TXT", "MX", "NS", "SRV", "CAA", "REDIRECT_URL", "FORWARD_URL")


@dataclasses.dataclass
class Record:
    """One record; rr is the host part, "@" for the zone itself. Times are in milliseconds."""

    id: str
    zone: str
    rr: str
    type: str
    value: str
    ttl: int
    line: str
    created: int
    updated: int
    priority: int = 0
    status: str = "ENABLE"

    @property
    def name(self) -> str:
        return self.zone if self.rr == "@" else "{0}.{1}".format(self.rr, self.zone)

    def content(self) -> tuple[Any, ...]:
        return (self.rr, self.type, self.value, self.line)


class AliDns:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.zones: dict[str, dict[str, Record]] = {}
        self.follower = ""  # URL that is told of changes
        self._next = 9000000000 + cloud.rng.randrange(10 ** 8)

    def add_zone(self, zone: str) -> None:
        self.zones.setdefault(zone.lower(), {})

    def add_record(self, zone: str, rr: str, kind: str, value: str, ttl: int = 600, line: str = "default", priority: int = 0) -> Record:
        """A new record. CloudError when the zone is unknown, the record is there, or a CNAME would stand beside another record."""
        records, now = self.zone(zone), int(self._cloud.clock.now().timestamp() * 1000)
        self._next += 1
        record = Record(str(self._next), zone.lower(), rr.lower(), kind.upper(), value, ttl, line, now, now, priority)
        self._check(records, record)
        records[record.id] = record
        self._follow(record)
        return record

    def update(self, record_id: str, **changes: Any) -> Record:
        """Unchanged data is refused, as a duplicate of itself."""
        old = self.record(record_id)
        new = dataclasses.replace(old, **changes, updated=int(self._cloud.clock.now().timestamp() * 1000))
        if (new.content(), new.ttl, new.priority) == (old.content(), old.ttl, old.priority):
            raise errors.duplicate()
        self._check(self.zones[old.zone], new)
        self.zones[old.zone][record_id] = new
        self._follow(old, new)
        return new

    def delete(self, record_id: str) -> None:
        record = self.record(record_id)
        del self.zones[record.zone][record_id]
        self._follow(record)

    def zone(self, name: str) -> dict[str, Record]:
        if name.lower() not in self.zones:
            raise errors.no_zone(name)
        return self.zones[name.lower()]

    def record(self, record_id: str) -> Record:
        for records in self.zones.values():
            if record_id in records:
                return records[record_id]
        raise errors.no_record(record_id)

    def lookup(self, name: str, kind: str) -> list[str]:
        """Values that a resolver finds: of the name itself, else of the wildcard below its closest ancestor that exists (RFC 4592)."""
        name, kind = name.lower().rstrip("."), kind.upper()
        live = [record for records in self.zones.values() for record in records.values() if record.status == "ENABLE"]
        owner = name
        while owner and owner not in self.zones and not any(("." + record.name).endswith("." + owner) for record in live):
            owner = owner.partition(".")[2]
        wanted = name if owner == name else "*." + owner
        return [record.value for record in live if record.name == wanted and record.type == kind]

    def snapshot(self) -> dict[str, Any]:
        return {"zones": {zone: [{"id": record.id, "rr": record.rr, "type": record.type, "value": record.value, "ttl": record.ttl}
                                 for record in records.values()] for zone, records in self.zones.items()}}

    def _follow(self, *changed: Record) -> None:
        if self.follower:
            places = dict.fromkeys((record.name, record.type) for record in changed)
            follower.tell(self.follower, changed[0].zone, [
                {"name": name, "type": kind, "values": [
                    record.value for record in self.zones[changed[0].zone].values()
                    if (record.name, record.type, record.status) == (name, kind, "ENABLE")]} for name, kind in places])

    def _check(self, records: dict[str, Record], new: Record) -> None:
        if new.type not in TYPES:
            raise errors.invalid("Type", "{0} is not a record type".format(new.type))
        if not 1 <= new.ttl <= 86400:
            raise errors.invalid("TTL", "1 to 86400 seconds are possible")
        if new.type == "MX" and not 1 <= new.priority <= 50:
            raise errors.invalid("Priority", "an MX record wants one from 1 to 50")
        others = [record for record in records.values() if record.rr == new.rr and record.id != new.id and record.line == new.line]
        if any(record.content() == new.content() for record in others):
            raise errors.duplicate()
        # A CNAME stands alone: the rule of RFC 1034, section 3.6.2, which the service enforces.
        if any("CNAME" in (record.type, new.type) and record.type != new.type for record in others):
            raise errors.conflict(new.rr)
