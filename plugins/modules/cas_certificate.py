#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_certificate
short_description: Upload certificates to Alibaba Cloud CAS once, delete them, or clean up what nothing uses
version_added: 0.1.0
description:
  - Puts a certificate with its chain and private key into CAS, the Certificate Management Service.
  - A certificate is identified by the SHA-256 fingerprint of its leaf. If it is in CAS already, under whatever name, nothing is
    uploaded, so that a second run changes nothing, also from another machine.
  - Before any call the chain is put in order and checked, and so are the pair, validity, key type and size, and the names that
    O(covers) asks for.
  - An SM2 pair of the Chinese national algorithms is uploaded with the options O(sign_certificate), O(sign_private_key),
    O(encrypt_certificate) and O(encrypt_private_key) in the place of O(certificate) and O(private_key).
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
      - Needed with O(state=present). With O(state=absent) also the full name in CAS can be given. With O(state=pruned) only certificates
        of this name are cleaned up, without it and O(names) all of ours.
    type: str
  state:
    description:
      - V(present) uploads the certificate unless it is there.
      - V(absent) deletes the one that O(id), O(fingerprint), O(certificate) or O(name) means. If a name means several, nothing is deleted.
      - V(pruned) deletes the older ones of ours that have been superseded and that nothing uses. What is ours, the tag
        C(managed-by=daas.https) says. Of each name and kind of key the newest O(keep_last) are kept, and whatever has no successor that
        covers its names and has been valid for O(grace_days) days.
      - Right before each deletion with V(pruned) CAS has to say that no product uses the certificate, none of O(resources), O(discover) and
        O(airec) may have it, and none of O(https_endpoints) may serve it. What cannot be read or looked at may have any certificate that
        covers its name, so that these are kept. RV(pruning.kept) says why of each.
    type: str
    choices: [present, absent, pruned]
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
  covers:
    description:
      - Names that the certificate has to cover, wildcards considered. If it lacks one, nothing is called, and the error names it.
    type: list
    elements: str
    default: []
  allow_future:
    description:
      - Whether to upload a certificate that is not valid yet, so that it is there when its time comes. RV(certificate.valid) tells.
      - M(daas.https.cas_deploy) and whatever else deploys refuse it until then.
    type: bool
    default: false
  sign_certificate:
    description: Of an SM2 pair the certificate that signs, in PEM form, with its issuers after it. Its SHA-256 is the identity of the pair.
    type: str
  sign_certificate_path:
    description: File with what O(sign_certificate) would hold.
    type: path
  sign_private_key:
    description: The private key of O(sign_certificate), in PEM form, not encrypted.
    type: str
  sign_private_key_path:
    description: File with what O(sign_private_key) would hold.
    type: path
  encrypt_certificate:
    description: Of an SM2 pair the certificate that encrypts, in PEM form, with its issuers after it.
    type: str
  encrypt_certificate_path:
    description: File with what O(encrypt_certificate) would hold.
    type: path
  encrypt_private_key:
    description: The private key of O(encrypt_certificate), in PEM form, not encrypted.
    type: str
  encrypt_private_key_path:
    description: File with what O(encrypt_private_key) would hold.
    type: path
  names:
    description: Further names besides O(name) that O(state=pruned) is meant for.
    type: list
    elements: str
  keep_last:
    description: How many of the newest certificates of each name and kind of key O(state=pruned) keeps in any case; at least 1.
    type: int
    default: 2
  grace_days:
    description:
      - For how many days the successor must have been valid before O(state=pruned) deletes a certificate. CAS does not tell when it was
        uploaded.
    type: int
    default: 7
  airec:
    description: AIRec instances whose bindings O(state=pruned) looks at.
    type: list
    elements: dict
    suboptions:
      instance_id:
        description: The instance's id.
        type: str
        required: true
      region:
        description: The instance's region.
        type: str
        required: true
      auth:
        description: How to log in, as the option of the same name of M(daas.https.airec_cert_bind_info).
        type: str
        choices: [bearer, signature]
        default: bearer
      access_token:
        description: The access token for V(bearer). If it is not given, the environment variable E(AIREC_ACCESS_TOKEN) is used.
        type: str
      contract:
        description:
          - Paths and field names that differ from the specification, as the option of the same name of M(daas.https.airec_cert_bind_info).
        type: dict
        default: {}
  regions:
    description:
      - Regions in which O(state=pruned) deletes the classic load balancers' copies of what it deletes, and of ours that CAS has no more. A
        copy that a listener has is kept. By default the regions of V(slb) in O(resources) and O(discover).
    type: list
    elements: str
  mute_notices:
    description:
      - Whether O(state=pruned) tells CAS to send no word before those certificates expire that are superfluous and yet kept, because they
        are among the newest, or were issued by CAS. If such a one is in use again, word is sent again.
      - CAS does not tell for which it sends word, so that the tag C(daas-https-notices) remembers it.
    type: bool
    default: true
  timeout:
    description: Seconds for one handshake with O(state=pruned).
    type: float
    default: 10.0
  parallel:
    description: How many resources, endpoints and deletions O(state=pruned) works on at a time.
    type: int
    default: 8
notes:
  - "RAM actions: C(yundun-cert:ListUserCertificateOrder), C(yundun-cert:GetUserCertificateDetail), C(yundun-cert:UploadUserCertificate),
    C(yundun-cert:GetCertificateDetail) for what CAS has issued,
    and for O(state=absent) C(yundun-cert:DeleteUserCertificate). What O(state=pruned) needs besides stands in the table of permissions in
    the README of the collection."
  - CAS cannot replace a certificate; a renewed one is a new object. RV(certificate.supersedes) names the older ones.
  - Of an SM2 pair the signatures are not checked, because the library cannot; RV(certificate.notes) says what was not. Form, names,
    validity and key usage are, and whether the keys belong to their certificates, if their files have the public part.
  - Alibaba Cloud serves SM2 pairs only with CDN, DCDN and Anti-DDoS, by deployment jobs of CAS. M(daas.https.cas_deploy) makes them for
    Anti-DDoS.
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

- name: Have next month's certificate in CAS before it is valid, if it has all names of the one of today
  daas.https.cas_certificate:
    name: shop
    certificate_path: /etc/ssl/shop/next/fullchain.pem
    private_key_path: /etc/ssl/shop/next/privkey.pem
    allow_future: true
    covers: [www.example.com, api.example.com]

- name: Upload an SM2 pair
  daas.https.cas_certificate:
    name: shop-sm2
    sign_certificate_path: /etc/ssl/shop/sm2/sign.pem
    sign_private_key_path: /etc/ssl/shop/sm2/sign.key
    encrypt_certificate_path: /etc/ssl/shop/sm2/encrypt.pem
    encrypt_private_key_path: /etc/ssl/shop/sm2/encrypt.key

- name: Delete one certificate
  daas.https.cas_certificate:
    state: absent
    fingerprint: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c

- name: Delete what the shop does not use any more
  daas.https.cas_certificate:
    state: pruned
    name: shop
    keep_last: 2
    discover:
      services: [slb, alb, cdn]
      regions: [cn-hangzhou, cn-shanghai]
    https_endpoints:
      - name: www.example.com
      - name: app.example.com
        address: 203.0.113.30
    airec:
      - instance_id: airec-cn-demo01
        region: cn-hangzhou
"""

RETURN = r"""
certificate:
  description: The certificate in CAS. With O(state=absent) the one that was deleted, or nothing.
  returned: when state is present or absent
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
    valid:
      description: Whether it is valid now; not if O(allow_future) let one pass whose time has not come. Not with O(state=absent).
      type: bool
      sample: true
    key_type:
      description: RSA, ECDSA or SM2.
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
pruning:
  description: What was cleaned up, or in check mode would be; after a failure what really was.
  returned: when state is pruned
  type: dict
  contains:
    deleted:
      description: The certificates that are gone.
      type: list
      elements: dict
      contains:
        id:
          description: CAS's id.
          type: int
          sample: 12345001
        name:
          description: Name in CAS.
          type: str
          sample: shop-51d2c7a09b8e6f34
        fingerprint:
          description: SHA-256 of the leaf.
          type: str
          sample: 51d2c7a09b8e6f34c1a2b3d4e5f60718293a4b5c6d7e8f900112233445566778
        end_date:
          description: Last day of validity.
          type: str
          sample: "2026-11-01"
    kept:
      description: Those of ours that are still there.
      type: list
      elements: dict
      contains:
        id:
          description: CAS's id.
          type: int
          sample: 12345001
        name:
          description: Name in CAS.
          type: str
          sample: shop-51d2c7a09b8e6f34
        fingerprint:
          description: SHA-256 of the leaf.
          type: str
          sample: 51d2c7a09b8e6f34c1a2b3d4e5f60718293a4b5c6d7e8f900112233445566778
        end_date:
          description: Last day of validity.
          type: str
          sample: "2026-11-01"
        reasons:
          description: Why it was not deleted, all of it.
          type: list
          elements: str
          sample: [alb/cn-hangzhou/alb-bp1shop:443/default has it]
        spared:
          description: Whether it would be deleted, if nothing had it, or might have it.
          type: bool
          sample: true
    muted:
      description: Those before whose end CAS sends no word any more.
      type: list
      elements: dict
      contains:
        id:
          description: CAS's id.
          type: int
          sample: 12345001
        name:
          description: Name in CAS.
          type: str
          sample: shop-51d2c7a09b8e6f34
        fingerprint:
          description: SHA-256 of the leaf.
          type: str
          sample: 51d2c7a09b8e6f34c1a2b3d4e5f60718293a4b5c6d7e8f900112233445566778
        end_date:
          description: Last day of validity.
          type: str
          sample: "2026-11-01"
    unmuted:
      description: Those before whose end it sends word again, because they are in use again.
      type: list
      elements: dict
      contains:
        id:
          description: CAS's id.
          type: int
          sample: 12345001
        name:
          description: Name in CAS.
          type: str
          sample: shop-51d2c7a09b8e6f34
        fingerprint:
          description: SHA-256 of the leaf.
          type: str
          sample: 51d2c7a09b8e6f34c1a2b3d4e5f60718293a4b5c6d7e8f900112233445566778
        end_date:
          description: Last day of validity.
          type: str
          sample: "2026-11-01"
    copies:
      description: The classic load balancers' copies of certificates that are superfluous, and of ours that CAS has no more.
      type: list
      elements: dict
      contains:
        region:
          description: The region.
          type: str
          sample: cn-hangzhou
        id:
          description: Its id in that region (ServerCertificateId).
          type: str
          sample: 1231579085529123_166f8204689_1714763408_709981430
        name:
          description: Its name there.
          type: str
          sample: shop-51d2c7a09b8e6f34
        fingerprint:
          description: Digest of the leaf, as the load balancers show it.
          type: str
          sample: 51d2c7a09b8e6f34c1a2b3d4e5f60718293a4b5c6d7e8f900112233445566778
        cas_id:
          description: CAS's id of the certificate that it is a copy of.
          type: int
          sample: 12345001
        deleted:
          description: Whether it is gone.
          type: bool
          sample: true
        reasons:
          description: Why it is not.
          type: list
          elements: str
          sample: []
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
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _inputs, _inputs_sm2, _prune, _runner
from ansible_collections.daas.https.plugins.module_utils._api import cas, cas_life
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain import provision
from ansible_collections.daas.https.plugins.module_utils._domain.certificate import check_coverage, leaf_facts
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.daas.https.plugins.module_utils._wait import poll

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _inputs.CERTIFICATE, _inputs_sm2.SM2, _prune.OPTIONS,
    name=dict(type="str"),
    state=dict(type="str", default="present", choices=["present", "absent", "pruned"]),
    id=dict(type="int"),
    fingerprint=dict(type="str"),
    tags=dict(type="dict", default={}),
    resource_group_id=dict(type="str"),
    covers=dict(type="list", elements="str", default=[]),
    allow_future=dict(type="bool", default=False),
)


def work(params, check_mode):
    if params["state"] == "absent":
        return absent(params, check_mode)
    if params["state"] == "pruned":
        return _prune.work(params, check_mode)
    provision.check_name(params["name"])
    bundle = _inputs_sm2.bundle_or_pair(params)
    check_coverage(bundle.facts, params["covers"])
    with Cloud(params, [cas_life.PRODUCT], read_only=check_mode) as cloud:
        stored = deployable(cloud, cas.list_certificates(cloud), bundle.facts)
        plan = provision.plan_present(stored, bundle, params["name"], params["tags"], params["resource_group_id"])
        there = provision.find(stored, bundle.facts.fingerprint, bundle.facts.sha1)
        if plan.changed and not check_mode:
            there = upload(cloud, plan, bundle.facts)
        detail = cas.certificate_detail(cloud, there.id) if there else None
    older = provision.supersedes(stored, params["name"], bundle.facts.fingerprint, bundle.facts.names)
    return dict(plan.result(), certificate=describe(there, detail, bundle, plan.after["name"], older, params["site"]))


def deployable(cloud, stored, facts):
    """stored without what CAS has issued for a key that it has never seen: products cannot use that, so that it has to be uploaded, too."""
    keyless = [item.id for item in stored.values() if not item.uploaded and provision.find({0: item}, facts.fingerprint, facts.sha1)
               and getattr(cas_life.usage(cloud, item.id), "keyless", False)]
    return dict((number, item) for number, item in stored.items() if number not in keyless)


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
    now = datetime.datetime.now(datetime.timezone.utc)
    known = provision.view(there, detail) if there else dict(
        id=None, identifier=None, name=name, sha1=facts.sha1, end_date="", expired=False, uploaded=True, managed=True, tags=None)
    return dict(
        known, fingerprint=facts.fingerprint, domains=list(facts.names), common_name=facts.common_name, issuer=facts.issuer,
        not_before=facts.not_before.strftime("%Y-%m-%dT%H:%M:%SZ"), not_after=facts.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        days_left=(facts.not_after - now).days, valid=facts.not_before <= now <= facts.not_after, key_type=facts.key_type,
        key_size=facts.key_size, chain_length=bundle.length, supersedes=older, site=site, notes=list(bundle.notes))


def absent(params, check_mode):
    text = _inputs.text_of(params, "certificate") or _inputs.text_of(params, "sign_certificate")
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
        mutually_exclusive=_inputs.CERTIFICATE_EXCLUSIVE + _inputs_sm2.SM2_EXCLUSIVE,
        required_if=[("state", "present", ["name"]), (
            "state", "present", ["certificate", "certificate_path", "sign_certificate", "sign_certificate_path"], True)])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
