# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS's rules and storage: buckets, the custom domains that are mapped to them, and what each region's edge serves.

A certificate is replaced only by who names the present one (PreviousCertId), or with Force. A domain that is new needs an ICP filing
in China's mainland, and a proof of ownership: a TXT record, looked up for real in the emulated AliDNS.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime, timedelta
from typing import Any

from ... import pki
from . import errors

TOKEN_LIFE = timedelta(hours=72)
DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
ABROAD = ("cn-hongkong",)  # regions of China that need no ICP filing


@dataclasses.dataclass
class Held:
    """A certificate as a domain has it; kind is CAS, or Upload for one from before OSS kept them in CAS."""

    cert_id: str
    kind: str
    material: pki.Material
    bound: datetime


@dataclasses.dataclass
class Cname:
    domain: str
    modified: datetime
    status: str = "Enabled"
    certificate: Held | None = None


@dataclasses.dataclass
class Bucket:
    name: str
    region: str
    created: datetime
    cnames: dict[str, Cname] = dataclasses.field(default_factory=dict)


class Oss:
    """unfiled: domains without an ICP filing, with all below them, separated by commas."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.buckets: dict[str, Bucket] = {}
        self.unfiled = ""
        self._tokens: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._front: dict[str, pki.Material] = {}

    # What scenarios use.

    def add_bucket(self, name: str, region: str) -> Bucket:
        """A bucket; its region's edge listens from now on, under the vendor's own certificate."""
        bucket = self.buckets[name] = Bucket(name, region, self._cloud.clock.now())
        host = endpoint_of(region)
        if region not in self._front:
            self._front[region] = self._cloud.authority.issue([host, "*." + host], days=200, key="ec")
        self._publish(region)
        return bucket

    def add_cname(self, bucket: str, domain: str, cas_id: int = 0) -> Cname:
        """A domain that is mapped to a bucket, with the certificate from CAS if there is one."""
        owner, now = self.buckets[bucket], self._cloud.clock.now()
        cname = owner.cnames[domain] = Cname(domain, now)
        if cas_id:
            cname.certificate = self._from_cas("{0}-{1}".format(cas_id, self._cloud.store))
        self._publish(owner.region)
        return cname

    # What the API's actions use.

    def get(self, name: str, region: str) -> Bucket:
        """The bucket, if it is in the region whose endpoint was called."""
        if name not in self.buckets:
            raise errors.no_such_bucket(name)
        bucket = self.buckets[name]
        if bucket.region != region:
            raise errors.elsewhere(name, endpoint_of(bucket.region))
        return bucket

    def token(self, bucket: Bucket, domain: str) -> tuple[str, datetime]:
        """(token, when it expires); one that is still good is given again."""
        _check_name(domain)
        now, key = self._cloud.clock.now(), (bucket.name, domain)
        if key not in self._tokens or self._tokens[key][1] <= now:
            self._tokens[key] = ("{0:032x}".format(self._cloud.rng.getrandbits(128)), now + TOKEN_LIFE)
        return self._tokens[key]

    def put(self, bucket: Bucket, domain: str, wanted: dict[str, str]) -> None:
        """Map a domain, and set or take away its certificate. wanted: CertificateConfiguration's elements; nothing, or all is done."""
        cname = bucket.cnames.get(domain)
        if cname is None:
            self._check_new(bucket, domain)
            cname = Cname(domain, self._cloud.clock.now())
        held = cname.certificate
        if wanted.get("DeleteCertificate", "").lower() == "true":
            held = None
        elif wanted:
            _check_previous(held, wanted)
            held = self._from_cas(wanted["CertId"]) if wanted.get("CertId") else self._from_pem(domain, wanted)
        cname.certificate, cname.modified = held, self._cloud.clock.now()
        bucket.cnames[domain] = cname
        self._publish(bucket.region)

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted("oss/" + cname.domain for bucket in self.buckets.values() for cname in bucket.cnames.values()
                      if cname.certificate and cname.certificate.cert_id.startswith("{0}-".format(cas_id)))

    def snapshot(self) -> dict[str, Any]:
        return {"buckets": [{"name": bucket.name, "region": bucket.region, "cnames": [
            {"domain": cname.domain, "cert_id": cname.certificate.cert_id if cname.certificate else None,
             "fingerprint": cname.certificate.material.fingerprint if cname.certificate else None} for cname in bucket.cnames.values()]}
            for bucket in self.buckets.values()]}

    def _check_new(self, bucket: Bucket, domain: str) -> None:
        _check_name(domain)
        if domain.endswith(".aliyuncs.com"):
            raise errors.reserved(domain)
        other = next((other.name for other in self.buckets.values() if domain in other.cnames), None)
        if other:
            raise errors.taken(domain, other)
        unfiled = [name.strip() for name in self.unfiled.split(",") if name.strip()]
        if bucket.region.startswith("cn-") and bucket.region not in ABROAD and any(
                ("." + domain).endswith("." + name) for name in unfiled):
            raise errors.no_filing()
        token, ends = self._tokens.get((bucket.name, domain), ("", self._cloud.clock.now()))
        if ends <= self._cloud.clock.now() or token not in self._cloud.alidns.lookup("_dnsauth." + domain, "TXT"):
            raise errors.not_verified()

    def _from_cas(self, cert_id: str) -> Held:
        """CertId is CAS's CertIdentifier, with the store's region; the number alone is not taken."""
        material = self._cloud.cas.find_material(cert_id) if "-" in cert_id else None
        if material is None:
            raise errors.invalid_cas_id()
        return Held(cert_id, "CAS", material, self._cloud.clock.now())

    def _from_pem(self, domain: str, wanted: dict[str, str]) -> Held:
        """A certificate that came along, which OSS puts into CAS."""
        if not wanted.get("Certificate") or not wanted.get("PrivateKey"):
            raise errors.invalid_argument("CertificateConfiguration", "CertId, or Certificate and PrivateKey, are wanted")
        try:
            material = pki.parse_material(wanted["Certificate"], wanted["PrivateKey"])
        except ValueError:
            raise errors.invalid_argument("Certificate", "certificate and unencrypted private key in PEM are wanted") from None
        if not pki.key_matches(material):
            raise errors.invalid_argument("PrivateKey", "it does not belong to the certificate")
        stored = self._cloud.cas.add_certificate("oss-{0}-{1:08x}".format(domain[:40], self._cloud.rng.getrandbits(32)), material)
        return self._from_cas("{0}-{1}".format(stored, self._cloud.store))

    def _publish(self, region: str) -> None:
        """Let the region's edge serve what its buckets' domains have."""
        key = "oss/{0}".format(region)
        sni = {cname.domain: cname.certificate.material for bucket in self.buckets.values() if bucket.region == region
               for cname in bucket.cnames.values() if cname.certificate}
        self._cloud.dataplane.open(key)
        self._cloud.dataplane.serve(key, default=self._front[region], sni=sni)


def endpoint_of(region: str) -> str:
    return "oss-{0}.aliyuncs.com".format(region)


def _check_name(domain: str) -> None:
    if not DOMAIN.fullmatch(domain):
        raise errors.invalid_argument("Domain", "it is no domain name")


def _check_previous(held: Held | None, wanted: dict[str, str]) -> None:
    """Without Force the caller must say which certificate is there now."""
    if wanted.get("Force", "").lower() == "true":
        return
    if not wanted.get("PreviousCertId"):
        raise errors.invalid_argument("PreviousCertId", "it is wanted unless Force is true")
    if held is None or held.cert_id != wanted["PreviousCertId"]:
        raise errors.wrong_previous()
