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
  series:
    description:
      - The name that M(daas.https.cas_certificate) or M(daas.https.cas_certificate_order) was given. Finds all generations, by their
        tags, and what was uploaded also by its name. What CAS has issued has a name of CAS's own.
    type: str
  fingerprint:
    description: SHA-256 (or SHA-1) fingerprint in hex, with or without colons.
    type: str
  tags:
    description: Only those that have all these tags. Null stands for any value.
    type: dict
  domain:
    description: A name that the certificate has to cover, wildcards considered.
    type: str
  covers:
    description:
      - Names to compare with, wildcards considered. RV(certificates[].missing) says what each certificate lacks; it leaves out nothing.
      - With O(newest=true) it is an error if the certificate lacks one.
    type: list
    elements: str
    default: []
  newest:
    description:
      - Returns one certificate, the newest that is valid now of what the other options find.
      - Fails if there is none, and if what is found are several certificates and not the generations of one. With O(series) they are;
        otherwise all must be for the same names, with the same kind of key.
    type: bool
    default: false
  valid:
    description: Only those that are valid now (V(true)), or only those that are not valid yet or no longer (V(false)).
    type: bool
  expires_within_days:
    description: Only those that expire within so many days, or have expired.
    type: int
  managed:
    description: Only those that this collection uploaded (V(true)), or only others (V(false)).
    type: bool
  details:
    description: Whether to ask for identifier and all tags, which costs one call a certificate.
    type: bool
    default: false
  parallel:
    description: Calls at a time for O(details).
    type: int
    default: 8
notes:
  - "RAM actions: C(yundun-cert:ListUserCertificateOrder), for O(details) C(yundun-cert:GetUserCertificateDetail), and for O(tags) and
    O(series) C(yundun-cert:ListTagResources)."
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

- name: List what is valid of all that was tagged for the shop, and say what of two names each lacks
  daas.https.cas_certificate_info:
    tags:
      team: shop
    valid: true
    covers: [www.example.com, api.example.com]

- name: Find the certificate that is to be deployed, whoever put it into CAS
  daas.https.cas_certificate_info:
    tags:
      team: shop
    newest: true
    covers: [www.example.com]
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
    key_type:
      description: RSA, ECDSA or SM2. Null if CAS does not tell.
      type: str
      sample: RSA
    issuer:
      description: Name of the issuing CA.
      type: str
      sample: Example CA
    not_before:
      description: Begin of validity, UTC. Null when CAS does not say.
      type: str
      sample: "2026-11-01T00:00:00Z"
    not_after:
      description: End of validity, UTC. Null when CAS does not say.
      type: str
      sample: "2027-02-01T00:00:00Z"
    days_left:
      description: Whole days until it expires, negative when it has. Null when CAS does not say when.
      type: int
      sample: 89
    valid:
      description: Whether it is valid now.
      type: bool
      sample: true
    missing:
      description: Which of O(covers) it does not cover.
      type: list
      elements: str
      sample: []
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
from ansible_collections.daas.https.plugins.module_utils._domain import lifetime, provision
from ansible_collections.daas.https.plugins.module_utils._domain.names import covers, missing
from ansible_collections.daas.https.plugins.module_utils._errors import InputError

LONGEST = 36500  # days

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION,
    ids=dict(type="list", elements="int"),
    name=dict(type="str"),
    series=dict(type="str"),
    fingerprint=dict(type="str"),
    tags=dict(type="dict"),
    domain=dict(type="str"),
    covers=dict(type="list", elements="str", default=[]),
    newest=dict(type="bool", default=False),
    valid=dict(type="bool"),
    expires_within_days=dict(type="int"),
    managed=dict(type="bool"),
    details=dict(type="bool", default=False),
    parallel=dict(type="int", default=8),
)


def wanted(item, params, now):
    """Whether all filters that were given, and that the list alone can decide, let this certificate pass."""
    fingerprint, within = params["fingerprint"], params["expires_within_days"]
    checks = (
        params["ids"] is None or item.id in params["ids"],
        not params["name"] or provision.has_name(item, params["name"]),
        not fingerprint or fingerprint in (item.sha256, item.sha1),
        not params["domain"] or covers(item.names, params["domain"]),
        params["managed"] is None or provision.managed(item) == params["managed"],
        params["valid"] is None or lifetime.is_valid(item, now) == params["valid"],
        within is None or item.end_date <= str(now.date() + datetime.timedelta(days=within)),
    )
    return all(checks)


def has_tags(own, asked):
    return all(key in own and value in (None, own[key]) for key, value in asked.items())


def with_tags(cloud, stored, params):
    """The certificates that the tags and the series leave over, by id."""
    if params["tags"]:
        asked = dict((key, None if value is None else str(value)) for key, value in params["tags"].items())
        tags = cas.tagged(cloud, *asked.items())
        stored = dict((number, item) for number, item in stored.items() if has_tags(tags.get(item.instance_id, {}), asked))
    if params["series"]:
        tags = cas.tagged(cloud, *provision.TAGS)
        stored = dict((item.id, item) for item in provision.series(stored, tags, params["series"]))
    return stored


def in_words(params):
    """What was looked for, as messages say it."""
    said = dict((name, params[name]) for name in ("ids", "name", "series", "fingerprint", "domain") if params[name])
    if params["tags"]:
        said["tags"] = ", ".join(key if value is None else "%s=%s" % (key, value) for key, value in sorted(params["tags"].items()))
    return " and ".join("the %s %s" % item for item in said.items()) or "any name"


def work(params, check_mode):
    now = datetime.datetime.now(datetime.timezone.utc)
    params = dict(params, fingerprint=provision.digest(params["fingerprint"]))
    if abs(params["expires_within_days"] or 0) > LONGEST:
        raise InputError("expires_within_days is %d; no certificate is valid for more than %d days." % (
            params["expires_within_days"], LONGEST))
    with Cloud(params, [cas.PRODUCT], read_only=True) as cloud:
        stored = with_tags(cloud, cas.list_certificates(cloud), params)
        found = [stored[number] for number in sorted(stored) if wanted(stored[number], params, now)]
        if params["newest"]:
            found = [lifetime.newest_valid(found, now, params["covers"], in_words(params), generations=bool(params["series"]))]
        details = {}
        if params["details"]:
            for item, detail, error in _runner.each(found, lambda item: cas.certificate_detail(cloud, item.id), params["parallel"]):
                if error:
                    raise error
                details[item.id] = detail
    return dict(changed=False, certificates=[dict(
        provision.view(item, details.get(item.id)), **lifetime.lifetime(item, now),
        missing=missing(item.names, params["covers"])) for item in found])


def main():
    _exit.run(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
