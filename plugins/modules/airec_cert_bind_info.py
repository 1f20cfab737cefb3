#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: airec_cert_bind_info
short_description: Show the custom domains of an AIRec instance, or wait until they are validated
version_added: 0.1.0
description:
  - Returns which certificates are bound to an AIRec instance, how far the validation of each domain is, and the challenges by which one
    proves to own it.
  - Can wait until the domains are validated, and fails when one of them cannot be.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.airec
  - daas.https.wait
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Looks once and does not wait, because nothing that a play only predicts will be validated.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
options:
  domains:
    description: Only these domains. If not set, all domains of the instance.
    type: list
    elements: str
  settings:
    description: Whether to read whether HTTPS is enforced. That call is assumed, see O(contract.settings_path).
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until all domains are V(SUCCESS), and to fail when one is V(FAILED) or not bound.
    type: bool
    default: false
notes:
  - "RAM actions with O(auth=signature), their names assumed: C(airec:GetCertificatesStatus), C(airec:GetSettings)."
seealso:
  - module: daas.https.airec_cert_bind
  - module: daas.https.alidns_record
"""

EXAMPLES = r"""
- name: Show what is bound
  daas.https.airec_cert_bind_info:
    instance_id: airec-cn-demo01
    region: cn-hangzhou
  register: seen

- name: Publish the challenges of all domains
  daas.https.alidns_record:
    zone: example.com
    exact: true
    records: "{{ dict(names | zip(values)) | dict2items(key_name='name', value_name='value') | map('combine', {'type': 'CNAME'}) }}"
  vars:
    challenges: "{{ seen.binding.domains | map(attribute='validations') | flatten | selectattr('type', 'eq', 'DNS_CNAME') }}"
    names: "{{ challenges | map(attribute='record_name') }}"
    values: "{{ challenges | map(attribute='record_value') }}"

- name: Wait until AIRec has seen them
  daas.https.airec_cert_bind_info:
    instance_id: airec-cn-demo01
    region: cn-hangzhou
    domains: [rec.example.com]
    wait: true
    wait_timeout: 1800
"""

RETURN = r"""
binding:
  description: The asked domains and how the instance serves them.
  returned: success, and when a wait failed
  type: dict
  contains:
    instance_id:
      description: The instance.
      type: str
      sample: airec-cn-demo01
    region:
      description: Its region.
      type: str
      sample: cn-hangzhou
    status:
      description:
        - V(SUCCESS) when all asked domains are validated, V(FAILED) when one of them has failed, V(VALIDATING) otherwise. Null when none
          of them is bound.
      type: str
      sample: SUCCESS
    https_enforced:
      description: Whether the instance enforces HTTPS. Null with O(settings=false).
      type: bool
      sample: true
    https_pending:
      description: Always V(false) here; see M(daas.https.airec_cert_bind).
      type: bool
      sample: false
    base_url:
      description: What clients use from now on. Null unless RV(binding.status) is V(SUCCESS) and HTTPS is known to be enforced.
      type: str
      sample: https://rec.example.com
    domains:
      description: The domains that are bound, in the order of O(domains) if they are given.
      type: list
      elements: dict
      contains:
        domain:
          description: The domain.
          type: str
          sample: rec.example.com
        certificate_id:
          description: CAS's id of its certificate.
          type: str
          sample: "12345678"
        cert_type:
          description: The type that the mapping sheet gave.
          type: str
          sample: CAS
        status:
          description: V(PENDING), V(VALIDATING), V(SUCCESS) or V(FAILED).
          type: str
          sample: VALIDATING
        failure_reason:
          description: What AIRec says about a validation that did not succeed, or null.
          type: str
          sample: CNAME _airec-challenge.rec.example.com not found
        cname:
          description: What the domain itself has to point to, so that clients reach the instance.
          type: str
          sample: airec-cn-demo01.cn-hangzhou.airec-edge.example
        validations:
          description:
            - The challenges; meeting one of them proves that one owns the domain. Empty once that is proved.
          type: list
          elements: dict
          contains:
            type:
              description: V(DNS_CNAME) or V(HTTP_FILE).
              type: str
              sample: DNS_CNAME
            record_name:
              description: With V(DNS_CNAME), name of the record to publish, see M(daas.https.alidns_record).
              type: str
              sample: _airec-challenge.rec.example.com
            record_value:
              description: With V(DNS_CNAME), its value.
              type: str
              sample: 3f9a1c7e.validate.airec-edge.example
            path:
              description: With V(HTTP_FILE), the path at which the domain has to serve a file over plain http.
              type: str
              sample: /.well-known/airec-validation/3f9a1c7e.txt
            content:
              description: With V(HTTP_FILE), the content of the file.
              type: str
              sample: 3f9a1c7e
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _argspec_airec, _exit
from ansible_collections.daas.https.plugins.module_utils._api import airec
from ansible_collections.daas.https.plugins.module_utils._domain import binding
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError
from ansible_collections.daas.https.plugins.module_utils._wait import poll

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _argspec_airec.AIREC, dict(_argspec.WAIT, wait=dict(type="bool", default=False)),
    domains=dict(type="list", elements="str"),
    settings=dict(type="bool", default=True),
)


def work(params, check_mode):
    asked = params["domains"] and list(dict.fromkeys(name.strip().lower() for name in params["domains"]))
    seen, failed, extras = {}, None, {}
    with airec.Airec(params, read_only=True) as cloud:
        seen = cloud.domains()
        names = list(seen) if asked is None else asked
        if params["wait"] and not check_mode:
            seen, failed, extras = follow(cloud, seen, names, params)
        enforced = cloud.https_enforced() if params["settings"] else None
    shown = binding.view(params["instance_id"], params["region"], seen, names, enforced)
    return dict(extras, changed=False, binding=shown, failed=failed)


def follow(cloud, seen, names, params):
    """(domains, why it failed or None, extras of that failure), once the validation of all names has ended or the time is over."""
    states = [seen]

    def look():
        states.append(cloud.domains())
        return states[-1]

    def ended(now):
        return any(name not in now or now[name]["status"] == binding.FAILED for name in names) or all(
            now[name]["status"] == binding.SUCCESS for name in names)

    try:
        if not ended(seen):
            poll(look, ended, params["wait_timeout"], params["wait_interval"], "AIRec to validate " + ", ".join(names),
                 lambda now: binding.told(now, names))
    except CollectionError as error:
        return states[-1], str(error), error.extras
    bad = [name for name in names if name not in states[-1] or states[-1][name]["status"] != binding.SUCCESS]
    if not bad:
        return states[-1], None, {}
    return states[-1], ("Not validated: %s. Correct the record or the file, or bind the domain, with daas.https.airec_cert_bind."
                        % binding.told(states[-1], bad)), {}


def main():
    _exit.run(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
