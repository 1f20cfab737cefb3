#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_deploy_info
short_description: Compare what is bound, what is served and what is expected at the edge
version_added: 0.1.0
description:
  - Reads every slot of load balancers, accelerated domains and other edges, in one call for many resources, and says for each which
    certificate is bound, for how long it is valid, and whether it is the expected one.
  - With O(resources[].endpoints) it also makes TLS handshakes and says whether what is bound is what is served, at every address.
  - All slots of a resource are reported; O(resources[].slot), O(resources[].domains) and O(resources[].force) do not matter here.
  - Changes nothing, and does not fail for what it finds; RV(drift.ok) says whether all is well.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.resources
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Only reads are made.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
options:
  certificate:
    description:
      - The expected certificate, named by at least one of its keys. Without it nothing is expected, and only what is bound is compared
        with what is served.
      - A slot is expected to have it if it covers the slot's name, or all names of what the slot has.
    type: dict
    suboptions:
      id:
        description: CAS's id, a number.
        type: int
      name:
        description: Full name in CAS.
        type: str
      fingerprint:
        description: SHA-256 (or SHA-1) fingerprint of the leaf in hex, with or without colons.
        type: str
  min_days_left:
    description: A certificate that is valid for fewer days is reported as V(expiring).
    type: int
    default: 30
  ca_path:
    description: Roots for the handshakes; what is served is looked at whether it is trusted or not.
    type: path
  timeout:
    description: Seconds for one handshake.
    type: float
    default: 10.0
  parallel:
    description: How many resources, and endpoints, are looked at at a time.
    type: int
    default: 8
notes:
  - Which RAM actions each service needs stands in the table of permissions in the README of the collection.
"""

EXAMPLES = r"""
- name: Report what has drifted from the shop's certificate
  daas.https.cas_deploy_info:
    certificate:
      name: shop-9f1c0a3f6d0b3b0e
    resources:
      - service: alb
        region: cn-hangzhou
        instance: alb-bp1shop
        endpoints:
          - name: www.example.com
            address: 203.0.113.12
      - service: cdn
        domain: static.example.com
        endpoints:
          - name: static.example.com
  register: edge

- name: List every certificate that anything at the edge has, and for how long
  daas.https.cas_deploy_info:
    discover:
      services: [slb, alb, nlb, cdn, dcdn]
      regions: [cn-hangzhou, cn-shanghai]
  register: edge
"""

RETURN = r"""
drift:
  description: What was found.
  returned: success
  type: dict
  contains:
    ok:
      description: Whether every slot's verdict is V(ok) or V(unknown).
      type: bool
      sample: false
    certificate:
      description: The expected certificate. Null without O(certificate).
      type: dict
      contains:
        id:
          description: CAS's id.
          type: int
          sample: 12345678
        name:
          description: Name in CAS.
          type: str
          sample: shop-9f1c0a3f6d0b3b0e
        fingerprint:
          description: SHA-256 of the leaf.
          type: str
          sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
    verdicts:
      description: How many slots have each verdict.
      type: dict
      sample: {ok: 7, other: 1}
    slots:
      description: One entry for each slot.
      type: list
      elements: dict
      contains:
        target:
          description: The slot's name. Of additional certificates that are a set it ends in the service's id of the certificate.
          type: str
          sample: alb/cn-hangzhou/alb-bp1shop:443/default
        service:
          description: The service.
          type: str
          sample: alb
        region:
          description: The region, where the service has one.
          type: str
          sample: cn-hangzhou
        instance:
          description: The instance, where the service has one.
          type: str
          sample: alb-bp1shop
        listener_port:
          description: The listener's port, where the service has one.
          type: int
          sample: 443
        slot:
          description: V(default) or V(additional), where the service has slots.
          type: str
          sample: default
        domain:
          description: The name of an SNI slot, or the domain.
          type: str
          sample: null
        bound:
          description: The certificate that the service has in this slot. Null if there is none.
          type: dict
          contains:
            id:
              description: The service's own id of it.
              type: str
              sample: 12345678-cn-hangzhou
            cas_id:
              description: CAS's id of it. Null if it did not come from CAS.
              type: int
              sample: 12345678
            name:
              description: Its name.
              type: str
              sample: shop-9f1c0a3f6d0b3b0e
            fingerprint:
              description: SHA-256 where CAS knows it, else the digest that the service shows, or empty.
              type: str
              sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
            store:
              description: The CAS store it is from, if the service tells.
              type: str
              sample: ""
            domains:
              description: The names that it covers, as far as they are known.
              type: list
              elements: str
              sample: [www.example.com]
            key_type:
              description: RSA, ECDSA or SM2, the kind of its key. Null where neither CAS nor the service tells.
              type: str
              sample: RSA
            end_date:
              description: Last day of validity. Null if CAS does not know it.
              type: str
              sample: "2027-02-01"
        days_left:
          description: For how many days it is valid still. Null if that is not known.
          type: int
          sample: 70
        expected:
          description: Fingerprint that the slot should have. Null if nothing says what it should have.
          type: str
          sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
        served:
          description: What the endpoints serve that should serve this slot's certificate, one entry for each address.
          type: list
          elements: dict
          contains:
            label:
              description: The endpoint.
              type: str
              sample: www.example.com:443
            address:
              description: The address that was connected to.
              type: str
              sample: 203.0.113.12
            port:
              description: The port.
              type: int
              sample: 443
            fingerprint:
              description: SHA-256 of the served leaf. Null if no handshake came about.
              type: str
              sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
            error:
              description: Why no handshake came about.
              type: str
              sample: null
        verdict:
          description:
            - The first of these that applies.
            - V(unreadable), the service could not be asked. V(changing), it is still carrying out a change. V(empty), there is no
              certificate.
            - V(other), another certificate is bound than the expected one. V(superseded), the expected one makes this additional one
              superfluous.
            - V(not_served), an endpoint serves another certificate than the one that is bound. V(unseen), an endpoint could not be looked
              at.
            - V(expired), V(expiring), the bound certificate has expired, or is valid for less than O(min_days_left) days.
            - V(unknown), it is not in CAS, so that it is not known when it expires. V(ok), all is as it should be.
          type: str
          sample: ok
        message:
          description: What the verdict means here.
          type: str
          sample: all is as it should be
"""

import datetime
from collections import Counter

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit
from ansible_collections.daas.https.plugins.module_utils._api import cas
from ansible_collections.daas.https.plugins.module_utils._api.endpoints import SITES
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._argspec_deploy import DISCOVER, RESOURCES
from ansible_collections.daas.https.plugins.module_utils._domain import drift
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import identify
from ansible_collections.daas.https.plugins.module_utils._requests import check
from ansible_collections.daas.https.plugins.module_utils._survey import look_at, survey
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION,
    resources=RESOURCES,
    discover=DISCOVER,
    certificate=dict(type="dict", options=dict(id=dict(type="int"), name=dict(type="str"), fingerprint=dict(type="str"))),
    min_days_left=dict(type="int", default=30),
    ca_path=dict(type="path"),
    timeout=dict(type="float", default=10.0),
    parallel=dict(type="int", default=8),
)


def work(params, check_mode):
    requests = [check(request, "product", False) for request in params["resources"] or []]
    today = datetime.datetime.now(datetime.timezone.utc).date()
    with Cloud(params, [cas.PRODUCT] + [target.PRODUCT for target in TARGETS.values()], read_only=True) as cloud:
        stored = cas.list_certificates(cloud)
        wanted = None
        if params["certificate"]:
            wanted = identify(stored, dict(params["certificate"], identifier=None), SITES[params["site"]], False)
        rows = survey(cloud, stored, requests, params["discover"], params["parallel"])
    served = look_at(Prober(params["ca_path"], params["timeout"], params["parallel"]), [request for request, _held in rows])
    slots = [row for (_request, held), addresses in zip(rows, served)
             for row in resource_rows(held, addresses, wanted, stored, today, params["min_days_left"])]
    shown = dict(id=wanted.id, name=wanted.name, fingerprint=wanted.sha256) if wanted else None
    return dict(changed=False, drift=dict(
        ok=all(row["verdict"] in drift.HEALTHY for row in slots), certificate=shown, slots=slots,
        verdicts=dict(Counter(row["verdict"] for row in slots))))


def resource_rows(held, served, wanted, stored, today, least):
    """A row for each slot of a resource; an endpoint belongs to the slot that is responsible for its name."""
    mine = dict((slot.target, []) for slot in held)
    for address in served:
        slot = drift.responsible(held, address.name, address.sha256)
        if slot:
            mine[slot.target].append(address)
    rows = []
    for slot in held:
        item = stored.get(slot.bound.cas_id) if slot.bound else None
        left = drift.days_until(item.end_date, today) if item else None
        code, message = drift.verdict(slot, wanted, tuple(mine[slot.target]), left, least)
        place = dict((key, slot.place[key]) for key in ("service", "region", "instance", "listener_port", "slot", "domain"))
        rows.append(dict(
            place, target=slot.target, days_left=left, verdict=code, message=message,
            bound=dict(slot.bound.view(), end_date=item.end_date if item else None) if slot.bound else None,
            expected=wanted.sha256 if wanted and drift.is_meant(slot, wanted) else None,
            served=[address.view() for address in mine[slot.target]]))
    return rows


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True, required_one_of=[("resources", "discover")])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
