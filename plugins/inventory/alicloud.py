# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: alicloud
short_description: Load balancers, CDN domains and AIRec instances of an account of Alibaba Cloud
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Makes the inventory that the roles of this collection work on, instead of one that is written by hand. Hosts are instances and domains,
    with the variables that the roles want.
  - A load balancer is a host if it has a listener with certificates (HTTPS, QUIC, TCPSSL), a domain if it is online (or being configured).
    Other ones serve no certificate, and get none.
  - The names of its files end in C(alicloud.yml) or C(alicloud.yaml).
  - It only reads.
notes:
  - Groups are V(edge) with V(load_balancers) (V(slb), V(alb), V(nlb)), V(cdn) and V(dcdn); V(airec); and one for each region, with
    underscores for its dashes.
  - All hosts have C(cloud_service), C(cloud_id), C(cloud_name) and, where the service is regional, C(cloud_region). Load balancers have
    C(cloud_address) (an IP address, or a name in DNS), C(cloud_ports) (of the listeners that are not stopped), C(cloud_tags), and
    C(cloud_endpoints), which is address, port and label of each port.
  - C(edge_resources) is what P(daas.https.edge#role) wants. C(https_endpoints) is there for domains only; a wildcard domain has none. Under
    which name clients reach a load balancer no API tells, so that O(compose) has to add it to C(cloud_endpoints), or C(host_vars) has it.
  - Instances of AIRec have C(airec_instance_id) and C(airec_region).
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [daas.https.alicloud]
  services:
    description: What to look for.
    type: list
    elements: str
    choices: [slb, alb, nlb, cdn, dcdn, airec]
    default: [slb, alb, nlb, cdn, dcdn, airec]
  regions:
    description:
      - Where to look for load balancers and instances of AIRec. Domains belong to no region.
      - AIRec is asked only in regions where it is offered.
      - Required unless O(services) has domains only.
    type: list
    elements: str
    default: []
  hostname_prefix:
    description: Is put before the names of hosts, so that hosts of several accounts do not meet.
    type: str
    default: ""
  exclude:
    description:
      - Shell patterns. What has an id, a domain or a name that one of them matches is no host.
    type: list
    elements: str
    default: []
  slot:
    description: The option C(slot) in C(edge_resources) of load balancers; see M(daas.https.cas_deploy).
    type: str
    choices: [auto, default, additional]
    default: auto
  parallel:
    description: How many lists are read at a time.
    type: int
    default: 4
  strict:
    description:
      - Whether what cannot be read, and expressions that cannot be evaluated, are errors.
      - Otherwise a service that the account refuses or that is out of reach is left out, and a warning says so. If nothing at all can be
        read, that is an error in any case.
    type: bool
    default: false
extends_documentation_fragment:
  - constructed
  - inventory_cache
  - daas.https.connection
"""

EXAMPLES = r"""
# shop.alicloud.yml: what an account has in two regions.
plugin: daas.https.alicloud
regions: [cn-hangzhou, cn-shanghai]

# Another file: credentials from a profile; only load balancers, reached under the names that their tags tell.
# plugin: daas.https.alicloud
# profile: shop-production
# services: [slb, alb, nlb]
# regions: [cn-hangzhou]
# exclude: ["*-test"]
# compose:
#   https_endpoints: "cloud_endpoints | map('combine', {'name': cloud_tags.public_name})"
# groups:
#   shop: "cloud_tags.application | default('') == 'shop'"
# keyed_groups:
#   - key: cloud_tags.stage
#     prefix: stage

# And another one: an account of the international site, by a role, with a prefix for its hosts.
# plugin: daas.https.alicloud
# site: international
# assume_role:
#   role_arn: acs:ram::1000000000000002:role/certificates
# regions: [ap-southeast-1]
# hostname_prefix: intl-
"""

import fnmatch

from ansible.errors import AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.daas.https.plugins.module_utils import _argspec, _runner
from ansible_collections.daas.https.plugins.module_utils._api import alb, cdn, dcdn, listing, nlb, slb
from ansible_collections.daas.https.plugins.module_utils._api.endpoints import AIREC
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError, InputError
from ansible_collections.daas.https.plugins.module_utils._secret import scrub

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:
    def wrap_var(value):
        """Later versions of ansible-core evaluate only what comes from a trusted source."""
        return value

PRODUCTS = listing.PRODUCTS + (cdn.PRODUCT, dcdn.PRODUCT)
BALANCERS = {
    "slb": (listing.slb_balancers, slb.listeners), "alb": (listing.alb_balancers, alb.listeners),
    "nlb": (listing.nlb_balancers, nlb.listeners),
}
DOMAINS = {"cdn": cdn.domain_statuses, "dcdn": dcdn.domain_statuses}
SERVING = ("online", "configuring")  # states of domains that can have a certificate
GROUPS = {"edge": ("load_balancers", "cdn", "dcdn"), "load_balancers": ("slb", "alb", "nlb"), "airec": ()}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads lists (or the cache of what they said), and makes hosts of them."""

    NAME = "daas.https.alicloud"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(("alicloud.yml", "alicloud.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        caching, key = self.get_option("cache"), self.get_cache_key(path)
        found = self._cached(key) if caching and cache else None
        if found is None:
            try:
                found, complete = self._read()
            except CollectionError as error:
                raise AnsibleParserError("%s: %s" % (path, scrub(str(error)))) from error
            if caching and complete:
                self._cache[key] = found
        self._fill(found)

    def _cached(self, key):
        try:
            return self._cache[key]
        except KeyError:  # not there, or too old
            return None

    def _read(self):
        """(hosts as of hosts_of, whether all lists could be read)."""
        with Cloud(self._connection(), PRODUCTS, read_only=True) as cloud:
            results = _runner.each(
                places(self.get_option("services"), self.get_option("regions")),
                lambda place: hosts_of(cloud, place[0], place[1], self.get_option("slot")), self.get_option("parallel"))
        errors = [error for _place, _hosts, error in results if error]
        fatal = [error for error in errors if isinstance(error, InputError) or self.get_option("strict") or len(errors) == len(results)]
        if fatal:
            raise fatal[0]
        for (service, region), _hosts, error in results:
            if error:
                what = "%s in %s" % (service, region) if region else service
                self.display.warning("%s is left out of the inventory: %s" % (what, scrub(str(error))))
        return [host for _place, hosts, _error in results for host in hosts or ()], not errors

    def _connection(self):
        """The connection options, checked and completed as a module's."""
        given = dict((name, self._value(self.get_option(name))) for name in _argspec.CONNECTION)
        checked = ArgumentSpecValidator(_argspec.CONNECTION).validate(
            dict((name, value) for name, value in given.items() if value is not None))
        if checked.error_messages:
            raise InputError("The connection options cannot be used: %s." % "; ".join(checked.error_messages))
        return dict(checked.validated_parameters, parallel=self.get_option("parallel"))

    def _value(self, value):
        """An option's value; the file may hold templates, for instance lookups of secrets."""
        return self.templar.template(value) if self.templar.is_template(value) else value

    def _fill(self, found):
        for group, children in GROUPS.items():
            self.inventory.add_group(group)
            for child in children:
                self.inventory.add_group(child)
                self.inventory.add_child(group, child)
        for host in merged(found):
            if not excluded(host, self.get_option("exclude")):
                self._add(host)

    def _add(self, host):
        name = self.inventory.add_host(self.get_option("hostname_prefix") + host["name"])
        for group in host["groups"]:
            self.inventory.add_group(group)
            self.inventory.add_child(group, name)
        for variable, value in host["vars"].items():
            # names are written by whoever may use the console; they must not be taken for templates
            self.inventory.set_variable(name, variable, wrap_var(value))
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), self.inventory.get_host(name).get_vars(), name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), {}, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, name, strict=strict)


def places(services, regions):
    """(service, region or None) of all lists to read. Raises InputError when a regional service has no region."""
    regional = [service for service in services if service not in DOMAINS]
    if regional and not regions:
        raise InputError("regions is empty, and %s can only be listed region by region." % ", ".join(regional))
    found = [(service, region) for service in regional for region in regions if service != "airec" or region in AIREC]
    return found + [(service, None) for service in services if service in DOMAINS]


def hosts_of(cloud, service, region, slot):
    """Hosts of one service in one region: dicts with name, groups and vars, fit for a cache. Raises CollectionError."""
    if service in BALANCERS:
        balancers, listeners = BALANCERS[service]
        return balancer_hosts(service, region, balancers(cloud, region), listeners(cloud, region), slot)
    if service in DOMAINS:
        return domain_hosts(service, DOMAINS[service](cloud))
    return airec_hosts(region, listing.airec_instances(cloud, region))


def balancer_hosts(service, region, balancers, listeners, slot):
    """balancers: id -> Balancer; listeners: (instance, port[, protocol]) -> what has a status. Pure."""
    found = []
    for key in sorted(set(key[0] for key in listeners)):
        known = balancers.get(key) or listing.Balancer(key, "", "")
        own = sorted(place for place in listeners if place[0] == key)
        ports = sorted(set(place[1] for place in own if listeners[place].status.lower() != "stopped"))
        found.append(_host(
            key, service, region, known.name, cloud_address=known.address, cloud_ports=ports, cloud_tags=dict(known.tags),
            cloud_endpoints=[dict(address=known.address, port=port, label="%s:%d" % (key, port)) for port in ports],
            edge_resources=[dict(service=service, region=region, instance=key, listener_port=place[1], slot=slot, **_protocol(place))
                            for place in own]))
    return found


def _protocol(place):
    """QUIC listens on the same port as HTTPS; otherwise the port says enough."""
    return dict(protocol="quic") if place[2:] == ("quic",) else {}


def domain_hosts(service, statuses):
    """statuses: domain -> DomainStatus. A wildcard domain is written '.example.com'. Pure."""
    found = []
    for domain in sorted(domain for domain, status in statuses.items() if status in SERVING):
        more = {} if domain.startswith((".", "*")) else dict(https_endpoints=[dict(name=domain, label="%s %s" % (service, domain))])
        found.append(_host(domain, service, None, domain, edge_resources=[dict(service=service, domain=domain)], **more))
    return found


def airec_hosts(region, instances):
    """instances: id -> name. Pure."""
    return [_host(key, "airec", region, instances[key], airec_instance_id=key, airec_region=region) for key in sorted(instances)]


def _host(name, service, region, shown, **variables):
    groups = [service] + ([region.replace("-", "_")] if region else [])
    own = dict(variables, cloud_service=service, cloud_id=name, cloud_name=shown)
    return dict(name=name, groups=groups, vars=dict(own, cloud_region=region) if region else own)


def merged(hosts):
    """Hosts by name, each once: a domain that CDN and DCDN both have is one host with the resources of both. Pure."""
    found = {}
    for host in hosts:
        there = found.setdefault(host["name"], host)
        if there is not host:
            lists = dict((name, there["vars"].get(name, []) + host["vars"].get(name, [])) for name in ("edge_resources", "https_endpoints"))
            found[host["name"]] = dict(there, groups=there["groups"] + host["groups"], vars=dict(there["vars"], **lists))
    return [found[name] for name in sorted(found)]


def excluded(host, patterns):
    words = (host["name"], host["vars"]["cloud_name"])
    return any(fnmatch.fnmatchcase(word, pattern) for word in words for pattern in patterns)
