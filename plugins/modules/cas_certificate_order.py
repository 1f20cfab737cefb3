#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_certificate_order
short_description: Have Alibaba Cloud CAS issue a certificate, or give an order up
version_added: 0.1.0
description:
  - Orders a certificate from a plan of CAS, the Certificate Management Service, says what has to be published to prove that the domains
    are yours, waits until it is issued, and writes it to files.
  - An order is made only if there is none. A certificate of O(name) that CAS has issued, that covers O(domains) and is not due is taken
    as it is. An order for the same names that is under way is continued, also from another machine, and never repeated.
  - If the answer to an order is lost, it is looked for before another one is made, because an order takes one certificate of the plan.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.wait
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Only reads are made, and no key. What CAS will want to be proved is known only when the order was made.
  diff_mode:
    support: full
    details: What is ordered, and which files change; never a key.
  idempotent:
    support: full
options:
  name:
    description:
      - What the certificate is for, for instance V(shop). The tag C(daas-https-name) has it, by which the certificate is found again;
        its name in CAS is CAS's own.
    type: str
    required: true
  domains:
    description:
      - The names to issue it for, up to five, all of them wildcards or none. The first one becomes its common name.
      - How many a product takes is the product's matter; the free one takes one, without a wildcard.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) has the certificate issued unless it is there.
      - V(cancelled) gives up orders for exactly O(domains) that are under way, have failed or wait, and deletes them, so that their places
        in the plan are free again. What was issued is left alone.
    type: str
    choices: [present, cancelled]
    default: present
  product:
    description:
      - CAS's code of the product, whose plan the certificate is taken from. Without it C(digicert-free-1-free), which the China site gives
        every account some of.
      - With O(state=cancelled) and without it, orders of every product.
    type: str
  paid:
    description:
      - Order O(product) through CAS's extended certificate services, which buy and issue in one. For one domain, and for products with
        domain validation only.
      - Needs O(product), O(accept_cost=true), O(email), O(phone) and O(username).
    type: bool
    default: false
  accept_cost:
    description: Whether O(paid) is really meant.
    type: bool
    default: false
  validation:
    description: How the domains are proved to be yours. V(file) cannot prove a wildcard.
    type: str
    choices: [dns, file]
    default: dns
  dns_zone:
    description:
      - The zone that CAS counts a record's host from, where it cannot be told from O(domains). The default is what was registered, two
        labels, or three below C(com.cn) and the like.
    type: str
  company_name:
    description: Company of the applicant, as CAS's information management has it, for products that validate the organisation.
    type: str
  email:
    description: Address of the applicant. Without it CAS takes the contact that was added last.
    type: str
  phone:
    description: Telephone number of the applicant. Without it as with O(email).
    type: str
  username:
    description: Name of the applicant. Without it as with O(email).
    type: str
  private_key_path:
    description:
      - File with the private key, in PEM form and not encrypted, on the host that the module runs on. The key never leaves it; CAS gets a
        request that is made of it. If there is no such file, it is made, readable for its owner only, before anything is ordered.
      - Without this and without O(csr), CAS makes the key. Then CAS has it, and the certificate can be deployed to cloud products as it is.
        With it the certificate in CAS is without a key, so that cloud products cannot use it; application hosts and AIRec, which are given
        the key, can.
    type: path
  key_type:
    description: What kind of key to make for O(private_key_path), RSA with 2048 bits or ECDSA on P-256.
    type: str
    choices: [rsa, ecdsa]
    default: rsa
  csr:
    description: A certificate request in PEM form, made elsewhere. Its common name has to be the first of O(domains).
    type: str
  csr_path:
    description: File with what O(csr) would hold.
    type: path
  tags:
    description: Tags for the order, which the certificate gets, too, besides C(managed-by=daas.https) and C(daas-https-name=<name>).
    type: dict
    default: {}
  renew_within_days:
    description: A certificate that is valid for fewer days counts as due, and a new one is ordered.
    type: int
    default: 30
  order_id:
    description:
      - Go on with this order, which an earlier call returned, whatever else is there. If it has failed, was given up or is unknown, it is
        as if it had not been given.
      - With O(state=cancelled), give up this one only.
    type: int
  published:
    description:
      - What is published, as an earlier call returned it in RV(order.validations). With O(wait=true) the module waits for no other proof,
        but fails with RV(further=true) when CAS asks for one. Without this it takes what CAS asks for first for published.
    type: list
    elements: dict
    default: []
  certificate_dest:
    description: File to write the certificate to when it is issued, the leaf first, then its issuers.
    type: path
  private_key_dest:
    description:
      - File to write the private key to that CAS has made, readable for its owner only. The key is in no result.
      - Not possible with O(private_key_path), O(csr) and O(csr_path), because CAS does not have the key then.
    type: path
notes:
  - "RAM actions: C(yundun-cert:ListUserCertificateOrder), C(yundun-cert:GetUserCertificateDetail), C(yundun-cert:ListTagResources),
    C(yundun-cert:DescribePackageState), C(yundun-cert:DescribeCertificateState), C(yundun-cert:TagResources), one of
    C(yundun-cert:CreateCertificateForPackageRequest), C(yundun-cert:CreateCertificateRequest) and
    C(yundun-cert:CreateCertificateWithCsrRequest), C(yundun-cert:DeleteCertificateRequest), and for O(state=cancelled)
    C(yundun-cert:CancelOrderRequest). The action C(yundun-cert:DescribeCertificateState) is able to read private keys that CAS has made."
  - An order that has failed is deleted before a new one is made for the same names, because a deleted one takes no place in the plan.
    One made with O(paid) is left alone, and the module says so.
  - O(wait=false) makes the order, or goes on with it, and returns what has to be published. A second call waits until it is issued.
  - Of an order for several domains CAS may ask for one proof after the other. The module then fails with RV(further=true), see
    O(published), and a further call, and record, are needed.
seealso:
  - module: daas.https.alidns_record
    description: Publishes the records.
  - module: daas.https.cas_certificate
    description: Uploads a certificate that was issued elsewhere.
"""

EXAMPLES = r"""
- name: Order a certificate, or go on with the order
  daas.https.cas_certificate_order:
    name: shop
    domains: [www.example.com]
    wait: false
  register: ordered

- name: Publish the records that CAS wants to see
  daas.https.alidns_record:
    zone: example.com
    exact: true
    records:
      - name: "{{ item.record_name }}"
        type: "{{ item.record_type }}"
        value: "{{ item.record_value }}"
  loop: "{{ ordered.order.validations }}"

- name: Wait until it is issued, and write it to files
  daas.https.cas_certificate_order:
    name: shop
    domains: [www.example.com]
    order_id: "{{ ordered.order.id or omit }}"
    published: "{{ ordered.order.validations }}"
    wait_timeout: 900
    certificate_dest: /etc/ssl/shop/fullchain.pem
    private_key_dest: /etc/ssl/shop/privkey.pem

- name: Order for a key that never leaves this host, from a plan that was bought
  daas.https.cas_certificate_order:
    name: shop
    domains: ["*.shop.example.com"]
    product: geotrust-dv-w-starter
    private_key_path: /etc/ssl/shop/privkey.pem
    key_type: ecdsa
    certificate_dest: /etc/ssl/shop/fullchain.pem

- name: Give up an order that is of no use any more
  daas.https.cas_certificate_order:
    state: cancelled
    name: shop
    domains: [www.example.com]
"""

RETURN = r"""
order:
  description: The order. With O(state=cancelled) the newest of those that were given up, or nothing.
  returned: success
  type: dict
  contains:
    id:
      description: CAS's id of the order. Null in check mode while it is not made, and where the certificate was there and nobody had to
        look at its order.
      type: int
      sample: 5123456
    status:
      description:
        - V(domain_verify) while CAS waits for proof, V(process) while the authority decides, V(certificate) when it is issued, and
          V(cancelled).
        - In check mode, for an order that is not made yet, the one that it would have at the end.
      type: str
      sample: domain_verify
    product:
      description: CAS's code of the product.
      type: str
      sample: digicert-free-1-free
    domains:
      description: The names that it is for.
      type: list
      elements: str
      sample: [www.example.com]
    validations:
      description: What has to be published now. Empty while CAS asks for nothing.
      type: list
      elements: dict
      contains:
        type:
          description: V(dns) or V(file).
          type: str
          sample: dns
        domain:
          description: Of a file, the host that has to serve it over HTTP on port 80.
          type: str
          sample: www.example.com
        record_name:
          description: Full name of the record.
          type: str
          sample: _dnsauth.www.example.com
        record_type:
          description: Type of the record.
          type: str
          sample: TXT
        record_value:
          description: Value of the record.
          type: str
          sample: 202611250000004a7f3c
        record_host:
          description: The record's host as CAS says it, for zones that are not in AliDNS.
          type: str
          sample: _dnsauth.www
        path:
          description: Path of the file on that host.
          type: str
          sample: /.well-known/pki-validation/fileauth.txt
        content:
          description: What the file has to hold.
          type: str
          sample: 202611250000004a7f3c
further:
  description: Whether CAS asks for another proof than what is published; it is in RV(order.validations).
  returned: when CAS asks for a further proof
  type: bool
  sample: true
certificate:
  description:
    - The certificate in CAS. Null while it is not issued.
    - In check mode, with O(wait=true), what can be known of it before; the rest is null.
  returned: success
  type: dict
  contains:
    id:
      description: CAS's id, which CDN and deployment jobs take.
      type: int
      sample: 12345678
    identifier:
      description: CAS's identifier, which ALB, NLB and others take. As the API gives it.
      type: str
      sample: 12345678-cn-hangzhou
    name:
      description: Name in CAS, which CAS has made.
      type: str
      sample: cert-5123456
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
      sample: [www.example.com]
    issuer:
      description: Common name of the issuing CA.
      type: str
      sample: Example CA
    end_date:
      description: Last day of validity as CAS says it.
      type: str
      sample: "2027-02-01"
    expired:
      description: Whether CAS counts it as expired.
      type: bool
      sample: false
    uploaded:
      description: Whether it was uploaded, and not issued by CAS.
      type: bool
      sample: false
    managed:
      description: Whether its name in CAS was made by this collection, which it is not; its tags say whose it is.
      type: bool
      sample: false
    key_type:
      description: RSA, ECDSA or SM2. Null if CAS does not tell.
      type: str
      sample: RSA
    tags:
      description: Its tags.
      type: dict
      sample: {managed-by: daas.https, daas-https-name: shop}
quota:
  description: The plan that orders are taken from, as it is after this order.
  returned: success
  type: dict
  contains:
    product:
      description: CAS's code of the product.
      type: str
      sample: digicert-free-1-free
    total:
      description: How many certificates were bought. 0 where there is no such plan.
      type: int
      sample: 20
    used:
      description: How many orders were made, whether they led to a certificate or not.
      type: int
      sample: 3
    issued:
      description: How many certificates were issued.
      type: int
      sample: 2
files:
  description: The files that were written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/ssl/shop/privkey.pem, /etc/ssl/shop/fullchain.pem]
actions:
  description: The writing calls that were made, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The cloud's name of the call.
      type: str
      sample: CreateCertificateForPackageRequest
    product:
      description: The product that was called.
      type: str
      sample: cas
    target:
      description: What it was called for.
      type: str
      sample: www.example.com
"""

import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _orders
from ansible_collections.daas.https.plugins.module_utils._api import cas_orders
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain import orders

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _argspec.WAIT,
    name=dict(type="str", required=True),
    domains=dict(type="list", elements="str", required=True),
    state=dict(type="str", default="present", choices=["present", "cancelled"]),
    product=dict(type="str"),
    paid=dict(type="bool", default=False),
    accept_cost=dict(type="bool", default=False),
    validation=dict(type="str", default="dns", choices=["dns", "file"]),
    dns_zone=dict(type="str"),
    company_name=dict(type="str"),
    email=dict(type="str"),
    phone=dict(type="str"),
    username=dict(type="str"),
    private_key_path=dict(type="path", no_log=False),
    key_type=dict(type="str", default="rsa", choices=["rsa", "ecdsa"], no_log=False),
    csr=dict(type="str"),
    csr_path=dict(type="path"),
    tags=dict(type="dict", default={}),
    renew_within_days=dict(type="int", default=30),
    order_id=dict(type="int"),
    published=dict(type="list", elements="dict", default=[]),
    certificate_dest=dict(type="path"),
    private_key_dest=dict(type="path", no_log=False),
)
# of the key there is one source, and CAS can give away only what it has made
EXCLUSIVE = [("private_key_path", "csr", "csr_path", "private_key_dest")]


def work(params, check_mode):
    present = params["state"] == "present"
    wanted = orders.wanted_of(params) if present else orders.given_up(params)
    with Cloud(params, [cas_orders.PRODUCT], read_only=check_mode) as cloud:
        desk = _orders.Desk(cloud, params, wanted, datetime.datetime.now(datetime.timezone.utc), check_mode)
        return desk.present() if present else desk.cancelled()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, mutually_exclusive=EXCLUSIVE)
    _exit.run(module, work)


if __name__ == "__main__":
    main()
