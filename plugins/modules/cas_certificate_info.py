#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_certificate_info
short_description: List certificates in Alibaba Cloud CAS
version_added: 0.1.0
description:
  - Lists the uploaded and issued certificates of an account. Filters are combined; without one all are listed.
  - Never returns a private key, and never asks the API for one.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
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
  ids:
    description: CAS's ids.
    type: list
    elements: int
  name:
    description: Full name in CAS, or the name that M(daas.https.cas_certificate) was given.
    type: str
  fingerprint:
    description: SHA-256 (or SHA-1) fingerprint in hex, with or without colons.
    type: str
  domain:
    description: A name that the certificate has to cover, wildcards considered.
    type: str
  expires_within_days:
    description: Only those that expire within so many days, or have expired.
    type: int
  managed:
    description: Only those that this collection uploaded (V(true)), or only others (V(false)).
    type: bool
  details:
    description: Whether to ask for identifier and tags, which costs one call a certificate.
    type: bool
    default: false
  parallel:
    description: Calls at a time for O(details).
    type: int
    default: 8
notes:
  - "RAM actions: C(yundun-cert:ListUserCertificateOrder), C(yundun-cert:GetUserCertificateDetail)."
"""

EXAMPLES = r"""
- name: List what expires within a month
  daas.https.cas_certificate_info:
    expires_within_days: 30
  register: expiring

- name: Find the certificates that could serve a name
  daas.https.cas_certificate_info:
    domain: www.example.com
    details: true
"""

RETURN = r"""
certificates:
  description: What was found, by id.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: CAS's id.
      type: int
      sample: 12345678
    identifier:
      description: CAS's identifier. Null without O(details).
      type: str
      sample: 12345678-cn-hangzhou
    name:
      description: Name in CAS.
      type: str
      sample: shop-9f1c0a3f6d0b3b0e
    fingerprint:
      description: SHA-256 of the leaf, lower-case hex.
      type: str
      sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
    sha1:
      description: SHA-1 of the leaf.
      type: str
      sample: cc6b3696e7c7ca715bd26e28e45ff3e3df435c03
    domains:
      description: The names that it covers.
      type: list
      elements: str
      sample: [www.example.com]
    issuer:
      description: Name of the issuing CA.
      type: str
      sample: Example CA
    end_date:
      description: Last day of validity.
      type: str
      sample: "2027-02-01"
    expired:
      description: Whether CAS counts it as expired.
      type: bool
      sample: false
    uploaded:
      description: Whether it was uploaded (and not issued by CAS).
      type: bool
      sample: true
    managed:
      description: Whether its name in CAS was made by M(daas.https.cas_certificate).
      type: bool
      sample: true
    tags:
      description: Its tags. Null without O(details).
      type: dict
      sample: {managed-by: daas.https}
"""

import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _runner
from ansible_collections.daas.https.plugins.module_utils._api import cas
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain import provision
from ansible_collections.daas.https.plugins.module_utils._domain.names import covers
from ansible_collections.daas.https.plugins.module_utils._errors import InputError

LONGEST = 36500  # days

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION,
    ids=dict(type="list", elements="int"),
    name=dict(type="str"),
    fingerprint=dict(type="str"),
    domain=dict(type="str"),
    expires_within_days=dict(type="int"),
    managed=dict(type="bool"),
    details=dict(type="bool", default=False),
    parallel=dict(type="int", default=8),
)


def wanted(item, params, today):
    """Whether all filters that were given let this certificate pass."""
    fingerprint = params["fingerprint"]
    checks = (
        params["ids"] is None or item.id in params["ids"],
        not params["name"] or provision.has_name(item, params["name"]),
        not fingerprint or fingerprint in (item.sha256, item.sha1),
        not params["domain"] or covers(item.names, params["domain"]),
        params["managed"] is None or provision.managed(item) == params["managed"],
        params["expires_within_days"] is None or item.end_date <= str(today + datetime.timedelta(days=params["expires_within_days"])),
    )
    return all(checks)


def work(params, check_mode):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    params = dict(params, fingerprint=provision.digest(params["fingerprint"]))
    if abs(params["expires_within_days"] or 0) > LONGEST:
        raise InputError("expires_within_days is %d; no certificate is valid for more than %d days." % (
            params["expires_within_days"], LONGEST))
    with Cloud(params, [cas.PRODUCT], read_only=True) as cloud:
        stored = cas.list_certificates(cloud)
        found = [stored[number] for number in sorted(stored) if wanted(stored[number], params, today)]
        details = {}
        if params["details"]:
            for item, detail, error in _runner.each(found, lambda item: cas.certificate_detail(cloud, item.id), params["parallel"]):
                if error:
                    raise error
                details[item.id] = detail
    return dict(changed=False, certificates=[provision.view(item, details.get(item.id)) for item in found])


def main():
    _exit.run(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
