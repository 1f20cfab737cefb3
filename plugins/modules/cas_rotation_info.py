#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_rotation_info
short_description: Tell whether a certificate has to be renewed, deployed or waited for
version_added: 0.1.0
description:
  - Looks at everything that has a certificate of one series, or should have it, in one call. That is every slot of the edge in O(resources)
    and O(discover), and what every endpoint serves (O(https_endpoints), O(resources[].endpoints)), such as application hosts and AIRec.
    An endpoint that serves another certificate, and has a name that the wanted one covers, has to get it.
  - Says what has to be done next, RV(rotation.action), and why, RV(rotation.message) in one line.
  - A series is what CAS has under one name of this collection, see O(name). Its newest certificate that is valid is what everything should
    have, or the candidate (O(certificate), O(certificate_path)) if that one is newer and can be used.
  - What could not be looked at never counts as fine. It is in RV(rotation.unknown), and the message says so.
  - Changes nothing.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.certificate
  - daas.https.resources
  - daas.https.resources.https_endpoints
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
  name:
    description: The series, as the option O(daas.https.cas_certificate#module:name) of M(daas.https.cas_certificate).
    type: str
    required: true
  alternatives:
    description:
      - Series whose certificates are for the same names and have another kind of key. An endpoint that shows one of them has not got a
        wrong certificate. When one of them ends soon, it is in RV(rotation.others).
    type: list
    elements: str
  within_days:
    description: A certificate that is valid for fewer days is due.
    type: int
    default: 30
  settle_hours:
    description: For how many hours a certificate must have been valid before it is used. More than 0 helps clients whose clocks are slow.
    type: float
    default: 0.0
  supersede:
    description: Whether additional certificates that the wanted one makes superfluous have to go, see M(daas.https.cas_deploy).
    type: bool
    default: true
  timeout:
    description: Seconds for one handshake.
    type: float
    default: 10.0
  parallel:
    description: How many resources, and endpoints, are looked at at a time.
    type: int
    default: 8
notes:
  - The private key of the candidate need not be given. If it is, it has to belong to the certificate.
  - O(ca_path) is for the candidate's chain; what is served is looked at whether it is trusted or not.
  - A certificate of this series that was taken back on purpose is deployed again by the next rotation as long as CAS has it.
"""

EXAMPLES = r"""
- name: See whether the shop's certificate has to be replaced anywhere
  daas.https.cas_rotation_info:
    name: shop
    certificate_path: /etc/ssl/shop/fullchain.pem
    within_days: 30
    resources:
      - service: alb
        region: cn-hangzhou
        instance: alb-bp1shop
      - service: cdn
        domain: static.example.com
        endpoints:
          - name: static.example.com
    https_endpoints:
      - name: app.example.com
      - name: rec.example.com
  register: shop

- name: Say what has to be done
  ansible.builtin.debug:
    msg: "{{ shop.rotation.message }}"
"""

RETURN = r"""
rotation:
  description: What was found, and what follows from it.
  returned: success
  type: dict
  contains:
    action:
      description:
        - V(none), everything that could be looked at has the wanted certificate, and that is valid for longer than O(within_days).
        - V(obtain), the newest of the series is due itself, or there is none, and no newer candidate is given.
        - V(deploy), the wanted certificate has to go to what is in RV(rotation.due).
        - V(wait), a newer certificate is not valid yet, and what is in use is valid until then.
        - V(blocked), the wanted certificate must not replace what it would replace, or the candidate cannot be used.
      type: str
      sample: deploy
    message:
      description: The same in one line.
      type: str
      sample: "Nothing to do: 13 slots and endpoints have shop-9f1c0a3f6d0b3b0e, which is valid for 89 days more (until 2027-02-18)."
    due:
      description:
        - What has to get the wanted certificate. With V(obtain), what has a certificate that is due.
        - A place is either a slot (RV(rotation.due[].target)) or an address of an endpoint (RV(rotation.due[].label)).
      type: list
      elements: dict
      contains:
        target:
          description: The slot, as M(daas.https.cas_deploy_info) calls it.
          type: str
          sample: cdn/static.example.com
        service:
          description: Of a slot, the service.
          type: str
          sample: cdn
        region:
          description: Of a slot, the region, where the service has one.
          type: str
          sample: null
        instance:
          description: Of a slot, the instance, where the service has one.
          type: str
          sample: null
        listener_port:
          description: Of a slot, the listener's port, where the service has one.
          type: int
          sample: null
        protocol:
          description: Of a slot, V(quic) for a QUIC listener.
          type: str
          sample: null
        slot:
          description: Of a slot, V(default) or V(additional), where the service has slots.
          type: str
          sample: null
        domain:
          description: Of a slot, the name of an SNI slot, or the domain.
          type: str
          sample: static.example.com
        label:
          description: Of an endpoint, what it is called.
          type: str
          sample: null
        name:
          description: Of an endpoint, the name.
          type: str
          sample: null
        address:
          description: Of an endpoint, the address that was connected to.
          type: str
          sample: null
        port:
          description: Of an endpoint, the port.
          type: int
          sample: null
        fingerprint:
          description: SHA-256 of what it has, else the digest that the service shows. Null if there is none, or if it is not known.
          type: str
          sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
        id:
          description: CAS's id of it. Null if it is not in CAS.
          type: int
          sample: 12345678
        not_after:
          description: Until when that is valid, UTC. Null if it is not known.
          type: str
          sample: "2026-12-05T00:00:00Z"
        days_left:
          description: Whole days until then; negative if it has passed.
          type: int
          sample: 10
        reason:
          description:
            - V(expired), V(expiring), what it has is valid no more, or for less than O(within_days) days.
            - V(behind), it has another certificate than the wanted one. V(empty), it has none.
            - V(not_served), an endpoint serves something else than the slot behind it has, which is right.
          type: str
          sample: expiring
    others:
      description:
        - What has a certificate that is due and that nothing here replaces, because the wanted one is not for it, or because O(resources)
          do not mean it.
        - Keys as in RV(rotation.due).
      type: list
      elements: dict
      sample: []
    unknown:
      description: What could not be looked at. The keys that name a place are those of RV(rotation.due), and C(message) says why.
      type: list
      elements: dict
      sample: []
    current:
      description: The newest of the series in CAS that is valid. Null if there is none.
      type: dict
      contains:
        id:
          description: CAS's id. Null if it is not in CAS.
          type: int
          sample: 12345678
        name:
          description: Name in CAS, or the one that it would get.
          type: str
          sample: shop-9f1c0a3f6d0b3b0e
        fingerprint:
          description: SHA-256 of the leaf.
          type: str
          sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
        domains:
          description: The names that it covers.
          type: list
          elements: str
          sample: [www.example.com]
        not_before:
          description: Begin of validity, UTC.
          type: str
          sample: "2026-11-20T00:00:00Z"
        not_after:
          description: End of validity, UTC.
          type: str
          sample: "2027-02-18T00:00:00Z"
    wanted:
      description: What everything should have. Null if it is still to be obtained. Keys as in RV(rotation.current).
      type: dict
      sample: {id: null, name: shop-9f1c0a3f6d0b3b0e}
    candidate:
      description:
        - What was given. Null if nothing was. Keys as in RV(rotation.current), and two more.
        - C(problem) says why it cannot be used, and is empty if it can. C(newer) says whether it is newer than all of the series in CAS.
      type: dict
      sample: null
    covers:
      description: The names of all that is or will be replaced. The next certificate has to cover them.
      type: list
      elements: str
      sample: [static.example.com, www.example.com]
    missing:
      description: Those of them that the wanted certificate lacks.
      type: list
      elements: str
      sample: []
"""

import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _inputs
from ansible_collections.daas.https.plugins.module_utils._api import cas
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._argspec_deploy import DISCOVER, HTTPS_ENDPOINTS, RESOURCES
from ansible_collections.daas.https.plugins.module_utils._domain import provision, rotation
from ansible_collections.daas.https.plugins.module_utils._domain.certificate import leaf_facts
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._requests import check
from ansible_collections.daas.https.plugins.module_utils._rotation import Leaves, Survey, completed
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _inputs.CERTIFICATE,
    name=dict(type="str", required=True),
    alternatives=dict(type="list", elements="str"),
    resources=RESOURCES,
    discover=DISCOVER,
    https_endpoints=HTTPS_ENDPOINTS,
    within_days=dict(type="int", default=30),
    settle_hours=dict(type="float", default=0.0),
    supersede=dict(type="bool", default=True),
    timeout=dict(type="float", default=10.0),
    parallel=dict(type="int", default=8),
)


def work(params, check_mode):
    terms = rotation.Terms(
        datetime.datetime.now(datetime.timezone.utc), params["within_days"], datetime.timedelta(hours=params["settle_hours"]))
    requests = [check(request, "product", False) for request in params["resources"] or []]
    candidate = candidate_of(params)
    leaves = Leaves(Prober(params["ca_path"], params["timeout"], params["parallel"]), Decoder())
    with Cloud(params, [cas.PRODUCT] + [target.PRODUCT for target in TARGETS.values()], read_only=True) as cloud:
        stored = cas.list_certificates(cloud)
        known = provision.series_by_name(stored, cas.tagged(cloud, *provision.TAGS))
        series = [rotation.generation_of(item) for item in known.get(params["name"], ())]
        choice = rotation.choose(series, candidate, terms)
        beside = [item.sha256 for name in params["alternatives"] or () for item in known.get(name, ())]
        survey = Survey(cloud, stored, choice.reference, params["supersede"], params["parallel"], beside)
        rows = survey.slots(requests, params["discover"])
    served = survey.endpoints(rows, params["https_endpoints"] or [], leaves)
    found = rotation.decide(choice, completed(rows, leaves) + served, terms, params["name"])
    shown = dict(candidate.generation.view(), problem=candidate.problem,
                 newer=rotation.is_newer(candidate.generation, series)) if candidate else None
    return dict(changed=False, rotation=dict(
        found, candidate=shown, current=choice.current.view() if choice.current else None,
        wanted=choice.wanted.view() if choice.wanted else None))


def candidate_of(params):
    """The Candidate that the certificate options describe, or None. Raises InputError for what is no certificate at all."""
    text = _inputs.text_of(params, "certificate")
    if not text:
        return None
    facts, problem = leaf_facts(text), ""
    try:
        _inputs.bundle_from(dict(params, allow_future=True), require_key=False)
    except InputError as error:
        problem = str(error)
    return rotation.Candidate(rotation.Generation(
        0, provision.cas_name(params["name"], facts.fingerprint), facts.fingerprint, facts.sha1, facts.names, facts.not_before,
        facts.not_after), problem)


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True, mutually_exclusive=_inputs.CERTIFICATE_EXCLUSIVE,
        required_one_of=[("resources", "discover", "https_endpoints")])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
