# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's orders: payed -> domain_verify -> process -> certificate or verify_fail, one step for each time the state is read.

A domain is proved for real: a TXT record in the emulated AliDNS, or a file over HTTP from the address registered for the domain. Of an
order for several domains one proof after the other is asked for. An order takes one of its plan's certificates until it is deleted.
"""

from __future__ import annotations

import dataclasses
import http.client
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import errors

PAYED, VERIFY, PROCESS, ISSUED, FAILED = "payed", "domain_verify", "process", "certificate", "verify_fail"
PENDING = (VERIFY, PROCESS)
FREE = "digicert-free-1-free"
MOST_DOMAINS = 5
CHECKS_OF_A_WRONG_PROOF = 3  # a wrong record may be on its way out of a cache; after so many checks it is taken for an answer
VALIDATION_WINDOW = timedelta(days=3)  # how long a proof may be absent (virtual time)
FETCH_TIMEOUT = 3.0  # seconds
MAX_PROOF = 4096  # bytes of a validation file
PATH = "/.well-known/pki-validation/fileauth.txt"


@dataclasses.dataclass(frozen=True)
class Product:
    """level: how CAS's lists call it. wildcard: whether its domains are wildcards, or none is. most: domains at most."""

    name: str
    brand: str
    level: str
    wildcard: bool
    days: int
    most: int = MOST_DOMAINS


PRODUCTS = {
    FREE: Product("DigiCert single-domain DV, free trial", "DigiCert", "FREE", False, 90, 1),
    "symantec-free-1-free": Product("DigiCert single-domain DV, free", "DigiCert", "FREE", False, 90, 1),
    "symantec-dv-1-starter": Product("DigiCert wildcard DV", "DigiCert", "DV", True, 199),
    "symantec-ov-1-personal": Product("DigiCert single-domain OV", "DigiCert", "OV", False, 199),
    "symantec-ov-w-personal": Product("DigiCert wildcard OV", "DigiCert", "OV", True, 199),
    "geotrust-dv-1-starter": Product("GeoTrust single-domain DV", "GeoTrust", "DV", False, 199),
    "geotrust-dv-w-starter": Product("GeoTrust wildcard DV", "GeoTrust", "DV", True, 199),
    "globalsign-dv-1-personal": Product("GlobalSign single-domain DV", "GlobalSign", "DV", False, 199),
    "globalsign-dv-w-advanced": Product("GlobalSign wildcard DV", "GlobalSign", "DV", True, 199),
}


@dataclasses.dataclass
class Order:
    """csr: what the customer sent; "" when CAS made key and request. fresh: reads until the authority knows of it."""

    id: int
    instance_id: str
    product: str
    domains: tuple[str, ...]
    method: str
    csr: str
    tags: dict[str, str]
    source: str
    token: str
    since: datetime
    fresh: int = 0
    status: str = VERIFY
    proved: set[str] = dataclasses.field(default_factory=set)
    wrong_proofs: int = 0
    certificate: Any = None

    @property
    def unproved(self) -> str:
        """The domain, without an asterisk, whose proof is looked for."""
        return next((bare(domain) for domain in self.domains if bare(domain) not in self.proved), "")

    @property
    def record_name(self) -> str:
        return "_dnsauth.{0}".format(self.unproved)


class Orders:
    """plans: certificates bought, by product. stuck: the authority never comes to an end. refused: domains that it does not like.
    inherits_tags: whether certificates get their orders' tags. full_records: whether a record's host is told with its zone, which the
    sources disagree about."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.plans = {FREE: 20}
        self.orders: dict[int, Order] = {}
        self.refused: set[str] = set()
        self.stuck, self.inherits_tags, self.full_records = False, True, False
        self._next = 5000000 + cloud.rng.randrange(10 ** 6)

    def create(self, product: str, domains: list[str], method: str, csr: str, tags: Mapping[str, str], source: str) -> Order:
        product, domains = product or FREE, [domain.strip().lower() for domain in domains if domain.strip()]
        if csr:
            common = _common_name(csr)
            domains = domains if common in domains else [common]
        self._check(product, domains, method)
        if product not in self.plans:
            raise errors.no_plan()
        if self.used(product) >= self.plans[product]:
            raise errors.none_left()
        self._next += self._cloud.rng.randrange(1, 40)
        order = Order(
            self._next, "cas-cn-{0:08x}".format(self._cloud.rng.getrandbits(32)), product, tuple(domains), method, csr, dict(tags), source,
            "{0:%Y%m%d}{1:032x}".format(self._cloud.clock.now(), self._cloud.rng.getrandbits(128)), self._cloud.clock.now(),
            1 if self._cloud.setting("slow_states") else 0)
        self.orders[order.id] = order
        return order

    def get(self, order_id: int) -> Order:
        if order_id not in self.orders:
            raise errors.not_found()
        return self.orders[order_id]

    def used(self, product: str) -> int:
        """Orders count whether anything was issued or not; deleted ones do not."""
        return sum(order.product == product for order in self.orders.values())

    def issued(self, product: str) -> int:
        return sum(order.product == product and order.status == ISSUED for order in self.orders.values())

    def watch(self, order: Order) -> str:
        """A read, which brings the order one step further; the state that it shows."""
        if order.fresh:
            order.fresh -= 1
            return PAYED
        if order.status == VERIFY:
            self._look_for_proof(order)
        elif order.status == PROCESS and not self.stuck:
            self._decide(order)
        if order.status == PROCESS and not self.stuck and not self._cloud.setting("slow_states"):
            self._decide(order)
        return order.status

    def cancel(self, order: Order) -> None:
        """Back to what waits for an application; only before it is decided. Which code the vendor has for others is not documented."""
        if order.status not in PENDING:
            raise errors.invalid("OrderId")
        order.status = PAYED

    def delete(self, order: Order) -> None:
        if order.status not in (PAYED, FAILED):
            raise errors.invalid("OrderId")
        del self.orders[order.id]

    def record_host(self, order: Order) -> str:
        """What to enter in the zone: without the zone's own name, unless full_records."""
        zone = next((zone for zone in self._cloud.alidns.zones if ("." + order.unproved).endswith("." + zone)), "")
        zone = zone or ".".join(order.unproved.split(".")[-2:])
        return order.record_name if self.full_records else order.record_name[:-len(zone) - 1]

    def snapshot(self) -> list[dict[str, Any]]:
        return [{"id": order.id, "product": order.product, "domains": list(order.domains), "status": order.status, "csr": bool(order.csr),
                 "certificate": order.certificate.id if order.certificate else None} for order in self.orders.values()]

    def _check(self, product: str, domains: list[str], method: str) -> None:
        if product not in PRODUCTS:
            raise errors.invalid("ProductCode")
        wildcards = {domain.startswith("*.") for domain in domains}
        if not 1 <= len(domains) <= PRODUCTS[product].most or wildcards != {PRODUCTS[product].wildcard}:
            raise errors.invalid("Domain")
        # A file proves one host and never a wildcard: the rule of the authorities (CA/Browser Forum, 3.2.2.4.18).
        if method not in ("DNS", "FILE") or (method == "FILE" and PRODUCTS[product].wildcard):
            raise errors.invalid("ValidateType")

    def _look_for_proof(self, order: Order) -> None:
        verdict = self._dns_proof(order) if order.method == "DNS" else self._file_proof(order)
        order.wrong_proofs = order.wrong_proofs + 1 if verdict is False else 0
        if verdict:
            order.proved.add(order.unproved)
        if not order.unproved:
            order.status = PROCESS
        elif order.wrong_proofs >= CHECKS_OF_A_WRONG_PROOF or self._cloud.clock.now() - order.since > VALIDATION_WINDOW:
            order.status = FAILED

    def _dns_proof(self, order: Order) -> bool | None:
        """True proved, False wrong, None absent."""
        values = self._cloud.alidns.lookup(order.record_name, "TXT")
        return order.token in values if values else None

    def _file_proof(self, order: Order) -> bool | None:
        address = self._cloud.airec.http_hosts.get(order.unproved)
        if address is None:
            return None
        connection = http.client.HTTPConnection(*address, timeout=FETCH_TIMEOUT)
        try:
            connection.request("GET", PATH, headers={"Host": order.unproved})
            answer = connection.getresponse()
            content = answer.read(MAX_PROOF).decode("utf-8", "replace").strip()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return content == order.token if answer.status == 200 else None

    def _decide(self, order: Order) -> None:
        if self.refused & set(order.domains):
            order.status = FAILED
            return
        names, days, authority = list(order.domains), PRODUCTS[order.product].days, self._cloud.authority
        material = authority.sign_request(order.csr, names, days=days) if order.csr else authority.issue(names, days=days)
        order.certificate = self._cloud.cas.add_issued(
            "cert-{0}".format(order.id), material, order.instance_id, order.tags if self.inherits_tags else {}, order.id)
        order.status = ISSUED


def bare(domain: str) -> str:
    return domain[2:] if domain.startswith("*.") else domain


def _common_name(csr_pem: str) -> str:
    """The domain that a request is for. Refused: what is no request, one without a name, and keys that no authority signs."""
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        public = request.public_key()
    except (ValueError, TypeError):
        raise errors.invalid("Csr") from None
    names = request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    strong = isinstance(public, ec.EllipticCurvePublicKey) or (isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048)
    if not names or not strong or not request.is_signature_valid:
        raise errors.invalid("Csr")
    return str(names[0].value).lower()


def proof(order: Order, host: str) -> dict[str, Any]:
    """The fields that say what has to be published."""
    if order.method == "DNS":
        return {"RecordDomain": host, "RecordType": "TXT", "RecordValue": order.token}
    return {"Domain": order.unproved, "Uri": PATH, "Content": order.token}
