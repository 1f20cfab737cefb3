#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_certificate
short_description: Upload certificates to Alibaba Cloud CAS once, or delete them
version_added: 0.1.0
description:
  - Puts a certificate with its chain and private key into CAS, the Certificate Management Service.
  - A certificate is identified by the SHA-256 fingerprint of its leaf. If it is in CAS already, under whatever name, nothing is
    uploaded, so that a second run changes nothing, also from another machine.
  - Before any call the chain is put in order and checked, and so are the pair, validity, key type and size.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.certificate
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Only reads are made. The name is predicted; id and identifier exist only after the upload.
  diff_mode:
    support: full
    details: Names and fingerprints; never a key.
  idempotent:
    support: full
options:
  name:
    description:
      - What the certificate is for, for instance V(shop). In CAS it is called C(<name>-<first 16 digits of the fingerprint>).
      - Needed with O(state=present). With O(state=absent) also the full name in CAS can be given.
    type: str
  state:
    description:
      - V(present) uploads the certificate unless it is there.
      - V(absent) deletes the one that O(id), O(fingerprint), O(certificate) or O(name) means. If a name means several, nothing is deleted.
    type: str
    choices: [present, absent]
    default: present
  id:
    description: CAS's id of the certificate to delete.
    type: int
  fingerprint:
    description: SHA-256 (or SHA-1) fingerprint of the certificate to delete, in hex, with or without colons.
    type: str
  tags:
    description:
      - Tags to set while uploading, besides C(managed-by=daas.https) and C(daas-https-name=<name>).
      - Tags of a certificate that is there already are not changed.
    type: dict
    default: {}
  resource_group_id:
    description: Resource group for the upload.
    type: str
notes:
  - "RAM actions: C(yundun-cert:ListUserCertificateOrder), C(yundun-cert:GetUserCertificateDetail), C(yundun-cert:UploadUserCertificate),
    and for O(state=absent) C(yundun-cert:DeleteUserCertificate)."
  - CAS cannot replace a certificate; a renewed one is a new object. RV(certificate.supersedes) names the older ones.
"""

EXAMPLES = r"""
- name: Upload the certificate of the shop
  daas.https.cas_certificate:
    name: shop
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem
  register: shop

- name: Upload a certificate of a private CA, its key encrypted
  daas.https.cas_certificate:
    name: intranet
    certificate: "{{ lookup('ansible.builtin.file', 'intranet.pem') }}"
    private_key: "{{ lookup('ansible.builtin.file', 'intranet.key') }}"
    private_key_passphrase: "{{ vault_intranet_passphrase }}"
    ca_path: /etc/ssl/private-ca.pem

- name: Delete one certificate
  daas.https.cas_certificate:
    state: absent
    fingerprint: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
"""

RETURN = r"""
certificate:
  description: The certificate in CAS. With O(state=absent) the one that was deleted, or nothing.
  returned: success
  type: dict
  contains:
    id:
      description: CAS's id, which CDN and deployment jobs take. Null in check mode while it is not there.
      type: int
      sample: 12345678
    identifier:
      description: CAS's identifier, which ALB, NLB and others take. As the API gives it. Null in check mode while it is not there.
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
      description: SHA-1 of the leaf, as the consoles show it.
      type: str
      sample: cc6b3696e7c7ca715bd26e28e45ff3e3df435c03
    domains:
      description: The names that it covers.
      type: list
      elements: str
      sample: [www.example.com, api.example.com]
    common_name:
      description: Common name of the leaf. Not with O(state=absent).
      type: str
      sample: www.example.com
    issuer:
      description: Common name of the issuing CA.
      type: str
      sample: Example CA
    not_before:
      description: Begin of validity, UTC. Not with O(state=absent).
      type: str
      sample: "2026-11-01T00:00:00Z"
    not_after:
      description: End of validity, UTC. Not with O(state=absent).
      type: str
      sample: "2027-02-01T00:00:00Z"
    days_left:
      description: Whole days until it expires. Not with O(state=absent).
      type: int
      sample: 89
    key_type:
      description: RSA or ECDSA. Not with O(state=absent).
      type: str
      sample: RSA
    key_size:
      description: Bits of the key. Not with O(state=absent).
      type: int
      sample: 2048
    chain_length:
      description: Certificates that are served, leaf included. Not with O(state=absent).
      type: int
      sample: 2
    end_date:
      description: Last day of validity as CAS says it. Empty while it is not there.
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
      description: Whether its name in CAS was made by this collection.
      type: bool
      sample: true
    tags:
      description: Its tags. Null when they were not asked for.
      type: dict
      sample: {managed-by: daas.https, daas-https-name: shop}
    supersedes:
      description: Ids of our older certificates of the same name whose names this one covers. Not with O(state=absent).
      type: list
      elements: int
      sample: [12345001]
    site:
      description: The site whose store it is in.
      type: str
      sample: china
    notes:
      description: What had to be put right in the input. Not with O(state=absent).
      type: list
      elements: str
      sample: [the certificates were in the wrong order]
actions:
  description: The writing calls that were made, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The cloud's name of the call.
      type: str
      sample: UploadUserCertificate
    product:
      description: The product that was called.
      type: str
      sample: cas
    target:
      description: What it was called for.
      type: str
      sample: shop-9f1c0a3f6d0b3b0e
"""

import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _inputs, _runner
from ansible_collections.daas.https.plugins.module_utils._api import cas
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain import provision
from ansible_collections.daas.https.plugins.module_utils._domain.certificate import leaf_facts
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.daas.https.plugins.module_utils._wait import poll

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _inputs.CERTIFICATE,
    name=dict(type="str"),
    state=dict(type="str", default="present", choices=["present", "absent"]),
    id=dict(type="int"),
    fingerprint=dict(type="str"),
    tags=dict(type="dict", default={}),
    resource_group_id=dict(type="str"),
)


def work(params, check_mode):
    if params["state"] == "absent":
        return absent(params, check_mode)
    provision.check_name(params["name"])
    bundle = _inputs.bundle_from(params)
    with Cloud(params, [cas.PRODUCT], read_only=check_mode) as cloud:
        stored = cas.list_certificates(cloud)
        plan = provision.plan_present(stored, bundle, params["name"], params["tags"], params["resource_group_id"])
        there = provision.find(stored, bundle.facts.fingerprint, bundle.facts.sha1)
        if plan.changed and not check_mode:
            there = upload(cloud, plan, bundle.facts)
        detail = cas.certificate_detail(cloud, there.id) if there else None
    older = provision.supersedes(stored, params["name"], bundle.facts.fingerprint, bundle.facts.names)
    return dict(plan.result(), certificate=describe(there, detail, bundle, plan.after["name"], older, params["site"]))


def upload(cloud, plan, facts):
    """Upload, and return the certificate as CAS lists it. A lost answer leads to no second certificate: see NameRepeat."""
    applied = _runner.apply(cloud, plan.steps)
    error = applied.errors.get("upload")
    if isinstance(error, ApiError) and error.code == "NameRepeat":
        # the name is made of the content: a first attempt whose answer was lost, or another run, has put it there
        applied.errors.clear()
    _runner.raise_first(plan, applied)
    return poll(
        lambda: provision.find(cas.list_certificates(cloud), facts.fingerprint, facts.sha1), bool, 30, 0.2,
        "CAS to list %s after the upload" % plan.after["name"], lambda state: "not listed")


def describe(there, detail, bundle, name, older, site):
    """The result: what CAS says, and what only the parsed certificate can tell."""
    facts = bundle.facts
    left = facts.not_after - datetime.datetime.now(datetime.timezone.utc)
    known = provision.view(there, detail) if there else dict(
        id=None, identifier=None, name=name, sha1=facts.sha1, end_date="", expired=False, uploaded=True, managed=True, tags=None)
    return dict(
        known, fingerprint=facts.fingerprint, domains=list(facts.names), common_name=facts.common_name, issuer=facts.issuer,
        not_before=facts.not_before.strftime("%Y-%m-%dT%H:%M:%SZ"), not_after=facts.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        days_left=left.days, key_type=facts.key_type, key_size=facts.key_size, chain_length=bundle.length, supersedes=older, site=site,
        notes=list(bundle.notes))


def absent(params, check_mode):
    text = _inputs.text_of(params, "certificate")
    fingerprint = params["fingerprint"] or (leaf_facts(text).fingerprint if text else None)
    if not (params["id"] or fingerprint or params["name"]):
        raise InputError("state=absent needs one of id, fingerprint, certificate and name; nothing was deleted.")
    with Cloud(params, [cas.PRODUCT], read_only=check_mode) as cloud:
        doomed = provision.select_absent(cas.list_certificates(cloud), params["id"], fingerprint, params["name"])
        plan = provision.plan_absent(doomed)
        if not check_mode:
            applied = _runner.apply(cloud, plan.steps)
            for key, error in list(applied.errors.items()):
                if isinstance(error, ApiError) and error.code == "NotFound":  # gone is what was wanted
                    del applied.errors[key]
            _runner.raise_first(plan, applied)
    shown = dict(provision.view(doomed[0]), site=params["site"]) if doomed else None
    return dict(plan.result(), certificate=shown)


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True,
        mutually_exclusive=_inputs.CERTIFICATE_EXCLUSIVE,
        required_if=[("state", "present", ["name"]), ("state", "present", ["certificate", "certificate_path"], True)])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
