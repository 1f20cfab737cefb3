# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF's rules and storage: an instance in each of two regions, domains in CNAME mode, ports in cloud-native mode, and what they serve.

A change is accepted at once and carried out some reads later (slow_states); until then the domain or port has the status 3, refuses
another change, and serves what it did before. Whether a certificate covers the domain is not looked at.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Union

from ... import pki
from . import errors

REGIONS = ("cn-hangzhou", "ap-southeast-1")
NORMAL, CREATED, CHANGED, RELEASED = 1, 2, 3, 4
READS_UNTIL_DONE = 2
CUSTOM = 99  # the cipher suite that is made of single ciphers
# What a change of the certificate falls back to that does not name it. That it falls back is assumed, as the worst that can be.
TLS: dict[str, Any] = {"TLSVersion": "tlsv1", "EnableTLSv3": False, "CipherSuite": 1, "CustomCiphers": []}
LISTEN: dict[str, Any] = {
    **TLS, "CertId": "", "ExclusiveIp": False, "FocusHttps": False, "HstsIncludeSubDomain": False, "HstsMaxAge": 0, "HstsPreload": False,
    "Http2Enabled": False, "HttpPorts": [], "HttpsPorts": [], "IPv6Enabled": False, "ProtectionResource": "share", "SM2AccessOnly": False,
    "SM2CertId": "", "SM2Enabled": False, "XffHeaderMode": 0, "XffHeaders": []}
REDIRECT: dict[str, Any] = {
    "BackendPorts": [], "Backends": [], "BackupBackends": [], "CnameEnabled": False, "ConnectTimeout": 5, "FocusHttpBackend": False,
    "Http2Origin": False, "Http2OriginMaxConcurrency": 2, "Keepalive": True, "KeepaliveRequests": 1000, "KeepaliveTimeout": 15,
    "Loadbalance": "iphash", "MaxBodySize": 2, "ProxyProtocol": False, "ReadTimeout": 120, "RequestHeaders": [], "Retry": True,
    "RoutingRules": "", "SniEnabled": False, "SniHost": "", "WLProxyClientIp": True, "WebServerType": True, "WriteTimeout": 120,
    "XClientIp": True, "XTrueIp": True, "XffProto": True}
# What a port has beside its certificates, in answers under the same names but for the headers.
PORT: dict[str, Any] = {
    **TLS, "Http2Enabled": False, "Keepalive": True, "KeepaliveRequests": 1000, "KeepaliveTimeout": 3600, "MaxBodySize": 2,
    "ReadTimeout": 120, "RequestHeaders": [], "WriteTimeout": 120, "XffHeaderMode": 0, "XffHeaders": [], "XffProto": True}
PRODUCTS = ("clb4", "clb7", "ecs", "nlb")  # those that have ports; ALB, MSE, FC and SAE are protected without


@dataclasses.dataclass
class Domain:
    """A domain in CNAME mode. listen and redirect: as it was told; some of it no answer shows. material: what CertId stands for."""

    name: str
    id: str
    region: str
    listen: dict[str, Any]
    redirect: dict[str, Any]
    access_type: str = "share"
    resource_group: str = ""
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    material: pki.Material | None = None
    settled: int = NORMAL  # the status when nothing is under way
    busy: int = 0  # reads until the last change is carried out
    is_new: bool = False

    @property
    def status(self) -> int:
        return (CREATED if self.is_new else CHANGED) if self.busy else self.settled


@dataclasses.dataclass(frozen=True)
class Held:
    """kind: default or extension. material stays when the certificate is deleted from CAS."""

    kind: str
    id: str
    material: pki.Material


@dataclasses.dataclass
class Port:
    """A port of a cloud service; certificates are empty unless its protocol is https."""

    id: str
    region: str
    product: str
    instance: str
    resource_region: str
    number: int
    protocol: str
    settings: dict[str, Any]
    certificates: list[Held] = dataclasses.field(default_factory=list)
    resource_group: str = ""
    settled: int = NORMAL
    busy: int = 0
    is_new: bool = False

    @property
    def status(self) -> int:
        return (CREATED if self.is_new else CHANGED) if self.busy else self.settled

    @property
    def key(self) -> str:
        return "waf/{0}/{1}".format(self.instance, self.number)


Item = Union[Domain, Port]


@dataclasses.dataclass
class Instance:
    id: str
    region: str
    started: datetime
    domains: dict[str, Domain] = dataclasses.field(default_factory=dict)
    ports: dict[str, Port] = dataclasses.field(default_factory=dict)  # by resource id
    served: dict[str, pki.Material] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> str:
        return "waf/" + self.id


class Waf:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.instances: dict[str, Instance] = {}  # by region

    # What scenarios use.

    def add_instance(self, region: str = "cn-hangzhou") -> Instance:
        """The one of a region; asking again gives the same."""
        if region not in self.instances:
            prefix = "waf_v2_public_cn-" if region == "cn-hangzhou" else "waf_v2intl_public_intl-sg-"
            new_id = "{0}{1:010x}".format(prefix, self._cloud.rng.getrandbits(40))
            self.instances[region] = Instance(new_id, region, self._cloud.clock.now())
        return self.instances[region]

    def add_domain(self, name: str, cas_id: int = 0, region: str = "cn-hangzhou", listen: dict[str, Any] | None = None,
                   redirect: dict[str, Any] | None = None) -> Domain:
        """In CNAME mode, at work; with HTTPS if there is a certificate, by its number in CAS."""
        secure = {"HttpsPorts": [443], "CertId": self._identifier(cas_id)} if cas_id else {}
        domain = self.make_domain(self.add_instance(region), name, {"HttpPorts": [80], **secure, **(listen or {})},
                                  {"Backends": ["203.0.113.20"], **(redirect or {})})
        self.publish(domain)
        return domain

    def add_port(self, product: str, instance: str, number: int, cas_id: int = 0, extensions: tuple[int, ...] = (),
                 region: str = "cn-hangzhou", protocol: str = "https", **settings: Any) -> Port:
        """In cloud-native mode, at work; certificates by their numbers in CAS."""
        wanted = [("default", self._identifier(cas_id))] if cas_id else []
        port = self.make_port(self.add_instance(region), product, instance, region, number, protocol, {**PORT, **settings},
                              wanted + [("extension", self._identifier(held)) for held in extensions])
        self.publish(port)
        return port

    # What the API's actions use.

    def check_region(self, region: str) -> str:
        if region and region not in REGIONS:
            raise errors.unknown_region(region)
        return region or "cn-hangzhou"

    def instance(self, instance_id: str, region: str) -> Instance:
        found = self.instances.get(self.check_region(region))
        if found is None or found.id != instance_id:
            raise errors.no_instance(instance_id)
        return found

    def domain(self, instance: Instance, name: str) -> Domain:
        if name.lower() not in instance.domains:
            raise errors.unknown_domain(name)
        return instance.domains[name.lower()]

    def port(self, instance: Instance, resource_id: str, service: str = "", number: int = 0) -> Port:
        """By WAF's id of it, or by the cloud service's instance and port."""
        for port in instance.ports.values():
            if port.id == resource_id or (not resource_id and (port.instance, port.number) == (service, number)):
                return port
        raise errors.unknown_resource(resource_id or service)

    def certificate(self, certificate_id: str) -> pki.Material:
        """Of CAS, by its identifier; a bare number is none."""
        material = self._cloud.cas.find_material(certificate_id) if "-" in certificate_id else None
        if material is None:
            raise errors.unknown_certificate(certificate_id)
        return material

    def make_domain(self, instance: Instance, name: str, listen: dict[str, Any], redirect: dict[str, Any]) -> Domain:
        name = name.lower()
        if name in instance.domains:
            raise errors.resource_exists(name)
        listen, redirect = complete(listen, LISTEN, "Listen"), complete(redirect, REDIRECT, "Redirect")
        material = self._check_listen(listen)
        domain_id = "{0}-waf".format(name.replace("*", "wildcard"))
        instance.domains[name] = Domain(name, domain_id, instance.region, listen, redirect, material=material)
        return instance.domains[name]

    def make_port(self, instance: Instance, product: str, service: str, resource_region: str, number: int, protocol: str,
                  settings: dict[str, Any], certificates: list[tuple[str, str]]) -> Port:
        if product not in PRODUCTS:
            raise errors.invalid("ResourceProduct", "{0} are possible".format(", ".join(PRODUCTS)))
        if any((port.instance, port.number) == (service, number) for port in instance.ports.values()):
            raise errors.resource_exists("{0}:{1}".format(service, number))
        check_tls(settings)
        held = self.check_list(certificates) if protocol == "https" else []
        port = Port("{0}-{1}-{2}".format(service, number, product), instance.region, product, service, resource_region, number, protocol,
                    settings, held)
        instance.ports[port.id] = port
        return port

    def check_list(self, certificates: list[tuple[str, str]]) -> list[Held]:
        """The whole list of a port: exactly one default certificate, and any number of others."""
        if [kind for kind, _id in certificates].count("default") != 1 or {kind for kind, _id in certificates} - {"default", "extension"}:
            raise errors.invalid("Certificates", "one default certificate is wanted, and extension ones")
        if len(set(certificates)) < len(certificates):
            raise errors.invalid("Certificates", "one is there twice")
        return [Held(kind, identifier, self.certificate(identifier)) for kind, identifier in certificates]

    def modify(self, domain: Domain, listen: dict[str, Any], redirect: dict[str, Any], access_type: str) -> None:
        """Everything at once: what is not said falls back to what it is in a new domain."""
        listen, redirect = complete(listen, LISTEN, "Listen"), complete(redirect, REDIRECT, "Redirect")
        material = self._check_listen(listen)
        self.begin(domain)
        domain.listen, domain.redirect, domain.material, domain.access_type = listen, redirect, material, access_type or "share"
        self.finish(domain)

    def modify_certificate(self, domain: Domain, certificate_id: str, settings: dict[str, Any]) -> None:
        """The certificate and TLS, and nothing else."""
        if not domain.listen["HttpsPorts"]:
            raise errors.no_https(domain.name)
        material, chosen = self.certificate(certificate_id), {**copy.deepcopy(TLS), **settings}
        check_tls(chosen)
        self.begin(domain)
        domain.listen.update(chosen, CertId=certificate_id)
        domain.material = material
        self.finish(domain)

    def modify_list(self, port: Port, certificates: list[tuple[str, str]]) -> None:
        if port.protocol != "https":
            raise errors.no_https("{0}:{1}".format(port.instance, port.number))
        held = self.check_list(certificates)
        self.begin(port)
        port.certificates = held
        self.finish(port)

    def modify_default(self, port: Port, certificate_id: str) -> None:
        others = [(held.kind, held.id) for held in port.certificates if held.kind != "default"]
        self.modify_list(port, [("default", certificate_id), *others])

    # A change and its way to the wire.

    def watch(self, item: Item) -> Item:
        """A read, which brings a change that is under way one step further."""
        if item.busy:
            item.busy -= 1
            if not item.busy:
                self._settle(item)
        return item

    def begin(self, item: Item) -> None:
        """Before a change. CloudError while another one is under way."""
        self.watch(item)  # time passes for a client that only tries again, too
        if item.busy or item.settled == RELEASED:
            raise errors.processing()

    def finish(self, item: Item) -> None:
        """After a change was accepted."""
        if self._cloud.setting("slow_states"):
            item.busy = READS_UNTIL_DONE
        else:
            self._settle(item)

    def publish(self, item: Item) -> None:
        """Let the endpoint serve what a domain or a port has; all domains of an instance have one."""
        plane = self._cloud.dataplane
        if isinstance(item, Port):
            if item.certificates:
                plane.open(item.key)
                plane.serve(item.key, default=next(held.material for held in item.certificates if held.kind == "default"), sni={
                    name: held.material for held in item.certificates if held.kind == "extension" for name in held.material.names})
            return
        instance = self.instances[item.region]
        if item.listen["HttpsPorts"] and item.material:
            instance.served[item.name] = item.material
        else:
            instance.served.pop(item.name, None)
        plane.open(instance.key)
        plane.serve(instance.key, default=None, sni=instance.served)

    def items(self) -> Iterator[Item]:
        for instance in self.instances.values():
            yield from instance.domains.values()
            yield from instance.ports.values()

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted("waf/" + item.name if isinstance(item, Domain) else item.key for item in self.items()
                      if any(identifier.partition("-")[0] == str(cas_id) for identifier in _identifiers(item)))

    def snapshot(self) -> dict[str, Any]:
        return copy.deepcopy({"instances": [
            {"id": instance.id, "region": instance.region,
             "domains": {domain.name: {"status": domain.status, "listen": domain.listen, "redirect": domain.redirect,
                                       "access_type": domain.access_type} for domain in instance.domains.values()},
             "ports": {port.key: {"status": port.status, "settings": port.settings,
                                  "certificates": [[held.kind, held.id] for held in port.certificates]}
                       for port in instance.ports.values()}} for instance in self.instances.values()]})

    def _settle(self, item: Item) -> None:
        item.is_new = False
        self.publish(item)

    def _check_listen(self, listen: dict[str, Any]) -> pki.Material | None:
        check_tls(listen)
        if not listen["HttpPorts"] and not listen["HttpsPorts"]:
            raise errors.invalid("Listen", "a domain has a port")
        if listen["HttpsPorts"]:
            return self.certificate(listen["CertId"])
        return None

    def _identifier(self, cas_id: int) -> str:
        return "{0}-{1}".format(cas_id, self._cloud.store)


def complete(given: Any, defaults: dict[str, Any], name: str) -> dict[str, Any]:
    """What was given, and what a new domain has of what was not. CloudError for what WAF does not know, or has in another type."""
    if not isinstance(given, dict):
        raise errors.invalid(name, "an object is wanted")
    for key, value in given.items():
        if key not in defaults:
            raise errors.invalid(name, "{0} is unknown".format(key))
        if type(value) is not type(defaults[key]):
            raise errors.invalid(name, "{0} is a {1}".format(key, type(defaults[key]).__name__))
    return {**copy.deepcopy(defaults), **copy.deepcopy(given)}


def check_tls(settings: dict[str, Any]) -> None:
    version, suite = settings["TLSVersion"], settings["CipherSuite"]
    if version not in ("tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"):
        raise errors.invalid("TLSVersion", "tlsv1, tlsv1.1, tlsv1.2 and tlsv1.3 are possible")
    if version == "tlsv1.3" and not settings["EnableTLSv3"]:
        raise errors.invalid("EnableTLSv3", "it belongs to tlsv1.3")
    if suite not in (1, 2, CUSTOM) or (suite == 2 and version != "tlsv1.2") or (suite == CUSTOM and version == "tlsv1.3"):
        raise errors.invalid("CipherSuite", "1, 2 with tlsv1.2, and 99 but with tlsv1.3 are possible")
    if (suite == CUSTOM) != bool(settings["CustomCiphers"]):
        raise errors.invalid("CustomCiphers", "they belong to the cipher suite 99")


def _identifiers(item: Item) -> list[str]:
    if isinstance(item, Domain):
        return [item.listen["CertId"], item.listen["SM2CertId"]]
    return [held.id for held in item.certificates]
