#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cas_deploy
short_description: Deploy a CAS certificate to load balancers, CDN domains and other edges
version_added: 0.1.0
description:
  - Binds a certificate that is in CAS to many resources in one call, of any mix of regions and services, in parallel.
  - Reads what every slot has, plans what must change, changes it, waits until the product has settled, and reads it back.
  - A second run changes nothing. What is not meant is never touched; SNI certificates of other names stay where they are.
  - The resources are named one by one (O(resources)), or found by the names that the certificate covers (O(discover)).
  - If some resources fail, the others are still done; the module then fails and says for each target what happened.
  - That an API accepted a certificate does not prove that it is served; M(daas.https.tls_verify) does.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.resources
  - daas.https.wait
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Only reads are made. A certificate that is not in CAS yet, named by fingerprint or name, counts as about to be uploaded.
  diff_mode:
    support: full
    details: For each target the certificate's name and fingerprint before and after.
  idempotent:
    support: full
options:
  certificate:
    description: The certificate, named by at least one of its keys. Products want different ids; the module knows which.
    type: dict
    suboptions:
      id:
        description: CAS's id, a number.
        type: int
      identifier:
        description: CAS's identifier, for instance V(12345678-cn-hangzhou).
        type: str
      name:
        description: Full name in CAS.
        type: str
      fingerprint:
        description: SHA-256 (or SHA-1) fingerprint of the leaf in hex, with or without colons.
        type: str
      domains:
        description: The names that it covers. Used in check mode only, while the certificate is not in CAS yet.
        type: list
        elements: str
      key_type:
        description:
          - The kind of its key, V(RSA) or V(ECDSA), as the certificate's result has it. Used in check mode only, as O(certificate.domains),
            so that an additional certificate of the other kind is not taken for a superfluous one.
        type: str
  supersede:
    description:
      - Whether additional certificates that the new one makes superfluous are taken away once it is bound (ALB, NLB, and other services
        whose additional certificates are a set). Superfluous is one whose own names are a subset of the new one's and whose key is of
        the same kind; what is not known to be superfluous stays.
      - By default they stay, so that the new certificate can be proved first; RV(deployment.targets[].supersedes) names them, and a
        second call with V(true) takes them away. The role P(daas.https.edge#role) does so.
      - Where there is no room for one more certificate, one of them is taken away first, with a warning.
    type: bool
    default: false
  restore:
    description:
      - Puts back what an earlier call replaced. The list is RV(deployment.targets) of that call, or a part of it.
      - Targets that it did not change are left alone. A slot that was empty before is emptied again, and additional certificates that
        were taken away are added again.
      - What a deployment job has changed on a service without a driver is put back by that job's worker.
      - One that cannot be put back is reported, and keeps none of the others from being put back.
    type: list
    elements: dict
  method:
    description:
      - V(product) uses the product's own API. It is free, exact about slots, and can be read back.
      - V(deployment_job) uses a batch job of CAS, which costs quota, see O(accept_cost).
      - V(cloud_resource) uses the single call C(DeployCertificateToCloudResource). That call is specified for this collection but is not
        part of the vendor's public SDK; today's public cloud refuses it.
      - V(auto) is V(product) wherever there is a driver, and otherwise V(deployment_job) if O(accept_cost=true).
      - What O(discover) finds is always reached by V(product).
    type: str
    choices: [auto, product, deployment_job, cloud_resource]
    default: auto
  accept_cost:
    description: Whether metered deployment jobs may be used. Quota is checked before a job is started.
    type: bool
    default: false
  contacts:
    description: Ids of the contacts that a deployment job informs. If not set, the first one in CAS.
    type: list
    elements: int
  parallel:
    description:
      - How many resources are worked on at a time. Changes of one listener, port, site, accelerator, bucket or domain are always made one
        after another.
    type: int
    default: 8
notes:
  - Which RAM actions each service needs stands in the table of permissions in the README of the collection; what is peculiar to each
    service, in its guide to deployment targets.
  - A certificate that has expired or is not valid yet is refused. So is an SM2 pair, except for Anti-DDoS (service V(DDOS)) by a deployment
    job; CDN and DCDN take one in the CAS console, but do not show it to this module.
  - A deployment job only replaces a certificate that SLB, GA, SAE, FC, MSE or API Gateway have already, and of SLB and GA only by one
    with all its names. This is looked at before a job is made.
"""

EXAMPLES = r"""
- name: Deploy the shop's certificate to everything at the edge
  daas.https.cas_deploy:
    certificate:
      fingerprint: "{{ shop.certificate.fingerprint }}"
      domains: "{{ shop.certificate.domains }}"
    resources:
      - service: slb
        region: cn-hangzhou
        instance: lb-bp1web
        slot: default
      - service: slb
        region: cn-shanghai
        instance: lb-uf6web
        listener_port: 8443
        slot: additional
        domains: [shop.example.com]
      - service: cdn
        domain: static.example.com
  register: edge

- name: Deploy it to whatever it fits in two regions, but for the old shop; look first with --check --diff
  daas.https.cas_deploy:
    certificate:
      fingerprint: "{{ shop.certificate.fingerprint }}"
    discover:
      services: [slb, alb, nlb, cdn, dcdn]
      regions: [cn-hangzhou, cn-shanghai]
      exclude: ["lb-bp1old*", "*.old.example.com"]

- name: The other services, each with what it needs
  daas.https.cas_deploy:
    certificate:
      fingerprint: "{{ shop.certificate.fingerprint }}"
    resources:
      - {service: alb, region: cn-hangzhou, instance: alb-bp1shop}
      - {service: nlb, region: cn-hangzhou, instance: nlb-bp1mq, listener_port: 8883}
      - {service: dcdn, domain: shop-assets.example.com}
      - {service: live, domain: films.example.com}
      - {service: esa, instance: example.com}
      - {service: ga, instance: ga-bp1shop}
      - {service: waf, domain: www.example.com}
      - {service: waf, instance: lb-bp1waf, listener_port: 443, slot: default}
      - {service: oss, region: cn-hangzhou, instance: shop-downloads, domain: downloads.example.com}

- name: Take away the additional certificates that the new one makes superfluous, after it has been proved
  daas.https.cas_deploy:
    certificate:
      fingerprint: "{{ shop.certificate.fingerprint }}"
    resources:
      - {service: alb, region: cn-hangzhou, instance: alb-bp1shop}
    supersede: true

- name: Put the previous certificates back
  daas.https.cas_deploy:
    restore: "{{ edge.deployment.targets }}"

- name: Reach a product without a driver by a metered deployment job
  daas.https.cas_deploy:
    certificate:
      name: shop-9f1c0a3f6d0b3b0e
    resources:
      - service: VOD
        domain: films.example.com
    method: deployment_job
    accept_cost: true
"""

RETURN = r"""
deployment:
  description: What was deployed where. Also returned when some targets failed.
  returned: always, unless the input could not be used at all
  type: dict
  contains:
    certificate:
      description: The certificate. Null with O(restore).
      type: dict
      contains:
        id:
          description: CAS's id. Null in check mode while it is not in CAS yet.
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
    targets:
      description: One entry for each slot.
      type: list
      elements: dict
      contains:
        target:
          description: The slot's name in messages, diffs and reports.
          type: str
          sample: slb/cn-hangzhou/lb-bp1web:443/default
        resource:
          description: The entry of O(resources) that it comes from, or that names what was found by O(discover).
          type: dict
          sample: {service: slb, region: cn-hangzhou, instance: lb-bp1web, listener_port: 443, slot: default}
        service:
          description: The service.
          type: str
          sample: slb
        region:
          description: The region, where the service has one.
          type: str
          sample: cn-hangzhou
        instance:
          description: The instance, where the service has one.
          type: str
          sample: lb-bp1web
        listener_port:
          description: The listener's port, where the service has one.
          type: int
          sample: 443
        protocol:
          description: V(quic) for a QUIC listener, else null.
          type: str
          sample: null
        slot:
          description: V(default) or V(additional), where the service has slots. V(auto) if it could not be planned.
          type: str
          sample: default
        certificate:
          description:
            - Where additional certificates are a set, the service's id of the one that this entry is about, else null.
            - Empty in check mode while it is not in CAS.
          type: str
          sample: 12345678-cn-hangzhou
        superseded:
          description: Whether the entry is about an additional certificate that the new one makes superfluous, see O(supersede).
          type: bool
          sample: false
        domain:
          description: The name of an SNI slot, or the domain.
          type: str
          sample: static.example.com
        method:
          description: How it was reached.
          type: str
          sample: product
        changed:
          description: Whether it was changed, or in check mode would be.
          type: bool
          sample: true
        previous:
          description: The certificate that was there. Null if there was none. Keys as in RV(deployment.targets[].current).
          type: dict
          sample: {id: "1231579085529123_166f", cas_id: null, name: old, fingerprint: cc6b, store: "", domains: []}
        current:
          description: The certificate that is there now, as read back; in check mode the one that would be. Null if there is none, or
            if it could not be read back.
          type: dict
          contains:
            id:
              description: The product's own id of it. Null in check mode while the product has not got it.
              type: str
              sample: 1231579085529123_19a3c2f0b11_1714763408_709981431
            cas_id:
              description: CAS's id of it. Null if it did not come from CAS.
              type: int
              sample: 12345678
            name:
              description: Its name.
              type: str
              sample: shop-9f1c0a3f6d0b3b0e
            fingerprint:
              description: SHA-256 where CAS knows it, else the digest that the product shows.
              type: str
              sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
            store:
              description: The CAS store it is from, if the product tells.
              type: str
              sample: cn-hangzhou
            domains:
              description: The names that it covers, as far as they are known.
              type: list
              elements: str
              sample: [www.example.com]
            key_type:
              description: RSA, ECDSA or SM2, the kind of its key. Null where neither CAS nor the product tells.
              type: str
              sample: RSA
        supersedes:
          description:
            - The additional certificates that the new one makes superfluous here; they are still there unless another entry says so.
            - Keys as in RV(deployment.targets[].current).
          type: list
          elements: dict
          sample: []
        job:
          description: The deployment job and its worker, with the keys C(id) and C(worker), if a job was the way. O(restore) needs it.
          type: dict
          sample: null
        verified:
          description: Whether the API's read-back shows the wanted certificate. Not a proof of what is served.
          type: bool
          sample: true
        request_id:
          description: The cloud's id of the last writing call, or of the one that was refused. The vendor's support asks for it.
          type: str
          sample: 9D8A3B6C-1F2E-5A7B-8C9D-0E1F2A3B4C5D
        skipped_reason:
          description: Why nothing was done, if nothing was.
          type: str
          sample: already so
        error:
          description: What failed, if something did.
          type: str
          sample: null
    passed_over:
      description: What O(discover) found and the certificate is not for, with the reason.
      type: list
      elements: dict
      contains:
        target:
          description: The resource.
          type: str
          sample: cdn/other.example.net
        reason:
          description: Why it is left alone.
          type: str
          sample: The certificate shop-9f1c0a3f6d0b3b0e does not cover the CDN domain other.example.net.
actions:
  description: The writing calls that were made, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The cloud's name of the call.
      type: str
      sample: SetLoadBalancerHTTPSListenerAttribute
    product:
      description: The product that was called.
      type: str
      sample: slb
    target:
      description: What it was called for.
      type: str
      sample: slb/cn-hangzhou/lb-bp1web:443/default
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit
from ansible_collections.daas.https.plugins.module_utils._argspec_deploy import DISCOVER, RESOURCES
from ansible_collections.daas.https.plugins.module_utils._api import cas, cas_jobs
from ansible_collections.daas.https.plugins.module_utils._api.endpoints import SITES
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._deploy import Deployment
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import identify
from ansible_collections.daas.https.plugins.module_utils._requests import check, restorable
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _argspec.WAIT,
    certificate=dict(type="dict", options=dict(
        id=dict(type="int"),
        identifier=dict(type="str"),
        name=dict(type="str"),
        fingerprint=dict(type="str"),
        domains=dict(type="list", elements="str"),
        key_type=dict(type="str", no_log=False),
    )),
    resources=RESOURCES,
    discover=DISCOVER,
    supersede=dict(type="bool", default=False),
    restore=dict(type="list", elements="dict"),
    method=dict(type="str", default="auto", choices=["auto", "product", "deployment_job", "cloud_resource"]),
    accept_cost=dict(type="bool", default=False),
    contacts=dict(type="list", elements="int"),
    parallel=dict(type="int", default=8),
)


def work(params, check_mode):
    requests = [check(request, params["method"], params["accept_cost"]) for request in params["resources"] or []]
    rows = restorable(params["restore"] or [])
    products = [cas_jobs.PRODUCT] + [target.PRODUCT for target in TARGETS.values()]
    with Cloud(params, products, read_only=check_mode) as cloud:
        stored = cas.list_certificates(cloud)
        waiting = (params["wait_timeout"], params["wait_interval"]) if params["wait"] else None
        run = Deployment(cloud, stored, params["parallel"], waiting, check_mode)
        if params["restore"] is not None:
            return finish(run.restore(rows), None)
        wanted = identify(stored, params["certificate"], SITES[params["site"]], check_mode, int(time.time() * 1000))
        return finish(run.deploy(requests, wanted, params["contacts"] or (), params["supersede"], params["discover"]), wanted)


def finish(result, wanted):
    shown = dict(id=wanted.id or None, name=wanted.name, fingerprint=wanted.sha256) if wanted else None
    return dict(result, deployment=dict(certificate=shown, targets=result.pop("targets"), passed_over=result.pop("passed_over")))


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True,
        required_one_of=[("certificate", "restore"), ("resources", "discover", "restore")],
        required_by=dict(resources="certificate", discover="certificate"),
        mutually_exclusive=[("certificate", "restore"), ("resources", "restore"), ("discover", "restore")])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
