#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alidns_record
short_description: Add, correct and delete DNS records in Alibaba Cloud DNS
version_added: 0.1.0
description:
  - Puts many records into zones of AliDNS with one task, for instance the CNAME records that prove to a certificate authority or to
    AIRec that one owns a domain. Each zone is read once.
  - Only the names and types that are asked for are ever touched, and of those only enabled records of the line C(default). Other values
    of the same name and type stay, unless O(exact=true).
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Only reads are made. Ids of records exist only after they were added.
  diff_mode:
    support: full
    details: The values of each name and type that is asked for.
  idempotent:
    support: full
options:
  records:
    description: What has to be there, or with O(state=absent) must not. May be empty.
    type: list
    elements: dict
    required: true
    suboptions:
      zone:
        description: The zone that the record is in, as AliDNS calls it. The default is O(zone).
        type: str
      name:
        description: The full name. Exactly one of this and O(records[].rr) is needed.
        type: str
      rr:
        description: The part of the name before the zone. V(@) is the zone itself.
        type: str
      type:
        description: Type of the record.
        type: str
        required: true
        choices: [A, AAAA, CAA, CNAME, NS, SRV, TXT]
      value:
        description:
          - The value, for instance the target of a CNAME.
          - Needed with O(state=present). With O(state=absent) and without a value, all values of this name and type are deleted.
        type: str
      ttl:
        description: Seconds that resolvers may keep it. If not set, a new record gets 600 and one that is there is left as it is.
        type: int
  zone:
    description: Zone of the records that name none.
    type: str
  state:
    description:
      - V(present) adds what is not there, and corrects the ttl.
      - V(absent) deletes exactly these records.
    type: str
    choices: [present, absent]
    default: present
  exact:
    description:
      - With O(state=present), whether the given values are the only ones of their name and type. Others are replaced, without a moment
        in which the name has no value.
      - Without it, a CNAME whose name already has another target is an error, because a CNAME stands alone.
    type: bool
    default: false
notes:
  - "RAM actions: C(alidns:DescribeDomainRecords), C(alidns:AddDomainRecord), C(alidns:UpdateDomainRecord), C(alidns:DeleteDomainRecord)."
  - Resolvers may keep an older answer, or the answer that there is none, until its ttl has passed.
seealso:
  - module: daas.https.airec_cert_bind
    description: Returns the challenges that this module publishes.
"""

EXAMPLES = r"""
- name: Publish the records by which AIRec validates domains
  daas.https.alidns_record:
    zone: example.com
    exact: true
    records:
      - name: _airec-challenge.rec.example.com
        type: CNAME
        value: 3f9a1c7e.validate.airec-edge.example
        ttl: 600

- name: Two addresses for one name, and no other
  daas.https.alidns_record:
    zone: example.com
    exact: true
    records:
      - {rr: www, type: A, value: 203.0.113.10}
      - {rr: www, type: A, value: 203.0.113.20}

- name: Remove what is not needed any more
  daas.https.alidns_record:
    state: absent
    records:
      - zone: example.com
        name: _airec-challenge.rec.example.com
        type: CNAME
"""

RETURN = r"""
records:
  description: The wanted records as they are now. With O(state=absent) those that were deleted.
  returned: success
  type: list
  elements: dict
  contains:
    zone:
      description: Its zone.
      type: str
      sample: example.com
    name:
      description: Its full name.
      type: str
      sample: _airec-challenge.rec.example.com
    rr:
      description: The part of the name before the zone.
      type: str
      sample: _airec-challenge.rec
    type:
      description: Its type.
      type: str
      sample: CNAME
    value:
      description: Its value.
      type: str
      sample: 3f9a1c7e.validate.airec-edge.example
    ttl:
      description: Seconds that resolvers may keep it.
      type: int
      sample: 600
    id:
      description: AliDNS's id of it. Null in check mode while it is not there.
      type: str
      sample: "9999985"
actions:
  description: The writing calls that were made, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The cloud's name of the call.
      type: str
      sample: AddDomainRecord
    product:
      description: The product that was called.
      type: str
      sample: alidns
    target:
      description: Name and type of the record.
      type: str
      sample: _airec-challenge.rec.example.com CNAME
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _runner
from ansible_collections.daas.https.plugins.module_utils._api import alidns
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain import dns
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, CollectionError, InputError
from ansible_collections.daas.https.plugins.module_utils._wait import poll

LAG = 30  # seconds within which a list has to show what was written
# what a repeated write answers when its first attempt, whose answer was lost, had done it
ALREADY = {"UpdateDomainRecord": ("DomainRecordDuplicate",), "DeleteDomainRecord": ("DomainRecordNotBelongToUser", "DomainRecordNotExist")}

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION,
    records=dict(type="list", elements="dict", required=True, options=dict(
        zone=dict(type="str"),
        name=dict(type="str"),
        rr=dict(type="str"),
        type=dict(type="str", required=True, choices=["A", "AAAA", "CAA", "CNAME", "NS", "SRV", "TXT"]),
        value=dict(type="str"),
        ttl=dict(type="int"),
    )),
    zone=dict(type="str"),
    state=dict(type="str", default="present", choices=["present", "absent"]),
    exact=dict(type="bool", default=False),
)


def work(params, check_mode):
    wanted = dns.read_wanted(params["records"], params["zone"])
    nameless = [item for item in wanted if item.value is None]
    if nameless and params["state"] == "present":
        raise InputError("%s %s: state=present needs a value." % (dns.name_of(nameless[0].zone, nameless[0].rr), nameless[0].type))
    with Cloud(params, [alidns.PRODUCT], read_only=check_mode) as cloud:
        present = read(cloud, wanted)
        plan = plan_of(present, wanted, params)
        rows = [dns.view(zone, item.rr, item.type, item.value, item.ttl, item.id) for zone, item in dns.doomed_of(present, wanted)]
        if plan.changed and not check_mode:
            carry_out(cloud, plan)
            present = settle(cloud, plan, wanted, params)
    return dict(plan.result(), records=dns.views_present(present, wanted) if params["state"] == "present" else rows)


def plan_of(present, wanted, params):
    if params["state"] == "absent":
        return dns.plan_absent(present, wanted)
    return dns.plan_present(present, wanted, params["exact"])


def read(cloud, wanted):
    """{zone: its records}. Raises InputError for a zone that the account does not have."""
    found = {}
    for zone in dict.fromkeys(item.zone for item in wanted):
        try:
            found[zone] = alidns.records(cloud, zone)
        except ApiError as error:
            if error.code in ("InvalidDomainName.NoExist", "DomainNotExist"):
                raise InputError("This account's AliDNS has no zone '%s' (%s). Check zone, and which account the keys are of." % (
                    zone, error.code), **error.extras) from error
            raise
    return found


def carry_out(cloud, plan):
    """Make the calls; what a repetition found done is done. Raises CollectionError that says what was done and what not."""
    applied = _runner.apply(cloud, plan.steps, confirm=lambda step: confirm(cloud, step))
    for step in plan.steps:
        error = applied.errors.get(step.key)
        if isinstance(error, ApiError) and error.code in ALREADY.get(step.action, ()):
            del applied.errors[step.key]
            applied.done.append(step)
    _runner.raise_first(plan, applied)


def confirm(cloud, step):
    """The record that a lost AddDomainRecord has made, as that call would have answered, or None."""
    if step.action != "AddDomainRecord":
        return None
    wanted = dns.Wanted(step.group, step.params["RR"], step.params["Type"], step.params["Value"], None)
    made = next((record for record in alidns.records(cloud, step.group) if dns.is_it(record, wanted)), None)
    return dict(RecordId=made.id) if made else None


def settle(cloud, plan, wanted, params):
    """The records once the lists show what was written: nothing is left to plan. Raises CollectionError, and says what was done."""
    def look():
        present = read(cloud, wanted)
        try:
            return present, [step.summary() for step in plan_of(present, wanted, params).steps]
        except CollectionError as error:  # an older list may still have what stood in the way
            return present, [str(error)]

    try:
        return poll(look, lambda seen: not seen[1], LAG, 0.2, "AliDNS to list what was written",
                    lambda seen: "still to do: %s" % seen[1])[0]
    except CollectionError as error:
        raise CollectionError(str(error), **dict(error.extras, changed=True, actions=plan.result()["actions"])) from error


def main():
    _exit.run(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
