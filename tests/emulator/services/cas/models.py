# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's rules and storage: certificates that cannot be changed, only added and deleted. Deployment jobs are in jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ... import pki
from . import errors, sm2
from .jobs import Jobs
from .orders import Orders

LONGEST_NAME = 63


@dataclasses.dataclass
class Certificate:
    id: int
    name: str
    material: pki.Material
    created: datetime
    instance_id: str
    resource_group: str = ""
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    pair: sm2.Pair | None = None
    order: int = 0  # id of the order that it was issued for; 0 when it was uploaded


@dataclasses.dataclass(frozen=True)
class Contact:
    id: int
    name: str
    email: str


class Cas:
    """certificate_quota: how many certificates the account may hold. quota, quota_used: deployments bought and spent.
    jobs_stuck: deployment jobs never end. offers_single_call: whether DeployCertificateToCloudResource exists here; today's public
    cloud does not have it."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.certificates: dict[int, Certificate] = {}
        self.contacts: dict[int, Contact] = {}
        self.muted: set[int] = set()  # before whose end no word is sent
        self.certificate_quota = 1000
        self.quota, self.quota_used, self.jobs_stuck = 100, 0, False
        self.offers_single_call = False
        self.jobs, self.orders = Jobs(cloud), Orders(cloud)
        self._next = 10000000 + cloud.rng.randrange(10 ** 6)
        self._tokens: dict[str, tuple[tuple[Any, ...], Certificate]] = {}

    # What scenarios use.

    def add_certificate(self, name: str, material: pki.Material, tags: Mapping[str, str] | None = None, resource_group: str = "") -> int:
        """Store a certificate; returns its id. CloudError when the name is taken or the account is full."""
        if any(held.name == name for held in self.certificates.values()):
            raise errors.name_repeat()
        if len(self.certificates) >= self.certificate_quota:
            raise errors.quota("UploadCertificate")
        self._next += self._cloud.rng.randrange(1, 40)
        instance_id = "cas-upload-{0:06x}".format(self._cloud.rng.getrandbits(24))
        self.certificates[self._next] = Certificate(
            self._next, name, material, self._cloud.clock.now(), instance_id, resource_group, dict(tags or {}))
        return self._next

    def add_issued(self, name: str, material: pki.Material, instance_id: str, tags: Mapping[str, str], order: int) -> Certificate:
        """What an order has led to. Without its key, which its owner has, it is of no use to other products."""
        held = self.certificates[self.add_certificate(name, material, tags)]
        held.instance_id, held.order = instance_id, order
        return held

    def add_contact(self, name: str, email: str) -> int:
        number = 3000 + len(self.contacts) + 1
        self.contacts[number] = Contact(number, name, email)
        return number

    # What other services use.

    def find_material(self, certificate_id: str) -> pki.Material | None:
        """By id, as a number or with its region ("12345678-cn-hangzhou")."""
        digits, _dash, store = str(certificate_id).partition("-")
        held = self.certificates.get(int(digits)) if digits.isdigit() and store in ("", self._cloud.store) else None
        # no endpoint of this cloud can serve an SM2 pair, nor a certificate whose key only its owner has
        return held.material if held and not held.pair and held.material.key_pem else None

    def name_of(self, certificate_id: int) -> str:
        return self.certificates[certificate_id].name

    # What the API's actions use.

    def upload(self, name: str, chain_pem: str, key_pem: str, tags: Mapping[str, str], resource_group: str, token: str,
               pair: sm2.Pair | None = None) -> Certificate:
        """The same ClientToken gives the same answer again; with another content it is refused. pair: in the place of chain and key."""
        content = (name, chain_pem, key_pem, pair)
        before = self._answered(token, content)
        if before:
            return before
        if len(name) > LONGEST_NAME:
            raise errors.too_long("Name")
        material = self._national(pair) if pair else self._material(chain_pem, key_pem)
        held = self.certificates[self.add_certificate(name, material, tags, resource_group)]
        held.pair = pair
        if token:
            self._tokens[token] = (content, held)
        return held

    def get(self, certificate_id: int) -> Certificate:
        if certificate_id not in self.certificates:
            raise errors.not_found()
        return self.certificates[certificate_id]

    def by_instance(self, instance_id: str) -> Certificate:
        for held in self.certificates.values():
            if held.instance_id == instance_id:
                return held
        raise errors.not_found()

    def delete(self, certificate_id: int, token: str = "") -> None:
        content = ("delete", certificate_id)
        if self._answered(token, content):
            return
        # That deletion is refused while a product uses the certificate is assumed: the code exists, its conditions are not documented.
        held = self.get(certificate_id)
        # That an issued one has to be expired or revoked first is documented, its code is not.
        if self.uses(certificate_id) or (held.order and not self.is_expired(held)):
            raise errors.protected()
        del self.certificates[certificate_id]
        if token:
            self._tokens[token] = (content, held)

    def uses(self, certificate_id: int) -> list[str]:
        """Where it is bound."""
        services = (self._cloud.slb, self._cloud.cdn, self._cloud.dcdn, self._cloud.alb, self._cloud.nlb, self._cloud.live,
                    self._cloud.esa, self._cloud.ga, self._cloud.waf, self._cloud.oss)
        return [use for service in services for use in service.uses_of_cas(certificate_id)]

    def is_expired(self, held: Certificate) -> bool:
        return self._cloud.clock.now() >= held.material.not_after

    def snapshot(self) -> dict[str, Any]:
        return {"certificates": [{"id": held.id, "name": held.name, "fingerprint": held.material.fingerprint,
                                  "domains": list(held.material.names), "tags": dict(held.tags)} for held in self.certificates.values()],
                "contacts": [contact.id for contact in self.contacts.values()], "quota": self.quota, "quota_used": self.quota_used,
                "jobs": self.jobs.snapshot(), "orders": self.orders.snapshot()}

    def _answered(self, token: str, content: tuple[Any, ...]) -> Certificate | None:
        """What a call with this ClientToken was about before; None when there was none."""
        if not token or token not in self._tokens:
            return None
        before, held = self._tokens[token]
        if before != content:
            raise errors.token_reused()
        return held

    def _national(self, pair: sm2.Pair) -> pki.Material:
        try:
            material = sm2.material_of(pair)
        except ValueError:
            raise errors.bad_format() from None
        if self._cloud.clock.now() >= material.not_after:
            raise errors.expired()
        return material

    def _material(self, chain_pem: str, key_pem: str) -> pki.Material:
        try:
            material = pki.parse_material(chain_pem, key_pem)
        except ValueError:
            raise errors.bad_format() from None
        # Which code the vendor gives for a key that does not match is not documented.
        if not pki.key_matches(material):
            raise errors.bad_format()
        if self._cloud.clock.now() >= material.not_after:
            raise errors.expired()
        return material
