#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_https_options
short_description: Set what HTTPS needs beside the certificate, on load balancers and accelerated domains
version_added: 0.1.0
description:
  - Sets redirect, HSTS, the lowest version of TLS, the cipher policy, HTTP/2 and OCSP stapling of many resources in one call, of any mix of
    regions and services, in parallel.
  - An option that is not given is left as it is. What a product only takes as a whole is read, merged and written, so that nothing that was
    there is lost. A second run changes nothing.
  - A redirect or HSTS locks clients out whose HTTPS does not work. Use this module after M(daas.https.tls_verify) has passed.
  - What would take something away that somebody has made, such as a listener or a rule in the way of a redirect, is refused with a word on
    what to do.
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
    details: Only reads are made. A domain without HTTPS counts as one that is about to get its certificate.
  diff_mode:
    support: full
    details: For each resource all options before and after.
  idempotent:
    support: full
options:
  resources:
    description:
      - Where to set the options. The entries are those of M(daas.https.cas_deploy), so that one list serves both; what concerns
        certificates only is ignored, and several slots of one listener count once.
    type: list
    elements: dict
    required: true
    suboptions:
      service:
        description: One of V(slb), V(alb), V(nlb), V(cdn) and V(dcdn), in lower or upper case.
        type: str
        required: true
      region:
        description: Region of the load balancer.
        type: str
      instance:
        description: Id of the load balancer.
        type: str
      listener_port:
        description: Port of its TLS listener.
        type: int
        default: 443
      protocol:
        description: The options are those of HTTPS listeners; a QUIC listener has none of them.
        type: str
        choices: [https, quic]
        default: https
      slot:
        description: Ignored.
        type: str
        choices: [auto, default, additional]
        default: auto
      domains:
        description: Ignored.
        type: list
        elements: str
      domain:
        description: The accelerated domain. A wildcard can be written V(*.example.com) or V(.example.com).
        type: str
      force:
        description: Ignored.
        type: bool
        default: false
      endpoints:
        description: Ignored.
        type: list
        elements: dict
        suboptions:
          name:
            description: Ignored.
            type: str
            required: true
          address:
            description: Ignored.
            type: str
          port:
            description: Ignored.
            type: int
            default: 443
          label:
            description: Ignored.
            type: str
  redirect:
    description:
      - Whether plain HTTP is sent to HTTPS, and with which status. V(on) takes the status that is set, and where none is, V(301) if one
        can choose.
      - On V(cdn) and V(dcdn) this is a setting of the domain. The opposite redirect, to plain HTTP, is removed if it is switched off, and
        refused if it is on.
      - On V(slb) it is a listener of its own on port 80, which can only be made, with V(on), where there is none; it answers with 302.
      - On V(alb) it is a rule of the HTTP listener on port 80, after all other rules. That listener must be there.
      - Where several listeners of one load balancer are named, the redirect leads to port 443, or else to the lowest port.
      - V(off) is refused on load balancers where it would mean to delete a listener or a rule.
    type: str
    choices: ["on", "301", "308", "off"]
  hsts:
    description:
      - The header by which browsers remember to use HTTPS only. For V(cdn) and V(dcdn).
      - Switching it off does not make browsers forget; a O(hsts.max_age) of V(0) does, as soon as they come again.
    type: dict
    suboptions:
      enabled:
        description: Whether the header is sent.
        type: bool
        required: true
      max_age:
        description: Seconds that browsers remember it. Begin with few. Needed where there is none yet.
        type: int
      include_subdomains:
        description: Whether it holds for all names below, too. If not set, this stays, and is V(false) where HSTS is new.
        type: bool
  tls_minimum:
    description:
      - The lowest version of TLS. Higher versions stay as they are, except that none is left out between the new and the old lowest one.
      - On load balancers the security policy decides. It is changed only if its lowest version is another one; V(1.3) is not available.
    type: str
    choices: ["1.0", "1.1", "1.2", "1.3"]
  cipher_policy:
    description:
      - On load balancers the id of a security policy, for instance V(tls_cipher_policy_1_2_strict_with_1_3), or on V(alb) and V(nlb) one
        of the account's own. V(slb) takes it on guaranteed-performance instances only.
      - On V(cdn) and V(dcdn) V(all) or V(strict).
    type: str
  http2:
    description: Whether HTTP/2 is offered. For V(cdn), V(dcdn), V(slb) and V(alb).
    type: bool
  ocsp_stapling:
    description: Whether the certificate's status is sent along. For V(cdn) and V(dcdn).
    type: bool
  parallel:
    description: How many resources are worked on at a time.
    type: int
    default: 8
notes:
  - An option that one of the resources' services does not have is an error, before anything is done. Call the module for each kind of
    resource with the options that it has.
seealso:
  - module: daas.https.cas_deploy
  - module: daas.https.tls_verify
"""

EXAMPLES = r"""
- name: Turn on what every domain of ours has
  daas.https.edge_https_options:
    resources:
      - {service: cdn, domain: static.example.com}
      - {service: dcdn, domain: shop-assets.example.com}
    redirect: "301"
    tls_minimum: "1.2"
    http2: true
    hsts:
      enabled: true
      max_age: 300

- name: The same for the load balancers, as far as they can
  daas.https.edge_https_options:
    resources:
      - {service: slb, region: cn-hangzhou, instance: lb-bp1web}
      - {service: alb, region: cn-hangzhou, instance: alb-bp1shop}
    redirect: "on"
    cipher_policy: tls_cipher_policy_1_2_strict_with_1_3
"""

RETURN = r"""
https_options:
  description: One entry for each listener and domain. Also returned when some failed.
  returned: always, unless the input could not be used at all
  type: list
  elements: dict
  contains:
    target:
      description: Its name in messages, diffs and reports.
      type: str
      sample: cdn/static.example.com
    service:
      description: The service.
      type: str
      sample: cdn
    region:
      description: The region, where the service has one.
      type: str
      sample: cn-hangzhou
    instance:
      description: The load balancer, if it is one.
      type: str
      sample: lb-bp1web
    listener_port:
      description: The listener's port, if it is one.
      type: int
      sample: 443
    domain:
      description: The domain, if it is one.
      type: str
      sample: static.example.com
    before:
      description: The options before. Null if they could not be read. Keys as in RV(https_options[].after).
      type: dict
      sample: {redirect: "off", hsts: {enabled: false, max_age: null, include_subdomains: false}, tls_minimum: null, cipher_policy: null,
               http2: true, ocsp_stapling: null}
    after:
      description: The options as read back; in check mode, and without O(wait), as they are to be. Null if they could not be read.
      type: dict
      contains:
        redirect:
          description: V(off), the status of the redirect, or V(on) if the product does not say which. Null on load balancers if O(redirect)
            was not asked for there.
          type: str
          sample: "301"
        hsts:
          description: C(enabled), C(max_age) and C(include_subdomains). Null where the service has none.
          type: dict
          sample: {enabled: true, max_age: 300, include_subdomains: false}
        tls_minimum:
          description: The lowest version of TLS. Null if the product does not say.
          type: str
          sample: "1.2"
        cipher_policy:
          description: The security policy, or of a domain V(all), V(strict) or V(custom). Null if the product does not say.
          type: str
          sample: all
        http2:
          description: Whether HTTP/2 is offered. Null if the product does not say.
          type: bool
          sample: true
        ocsp_stapling:
          description: Whether the certificate's status is sent along. Null if the product does not say.
          type: bool
          sample: false
    changed:
      description: Whether something was changed, or in check mode would be.
      type: bool
      sample: true
    skipped_reason:
      description: Why nothing was done, if nothing was.
      type: str
      sample: already so
    error:
      description: What failed, if something did.
      type: str
      sample: null
actions:
  description: The writing calls that were made, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The cloud's name of the call.
      type: str
      sample: BatchSetCdnDomainConfig
    product:
      description: The product that was called.
      type: str
      sample: cdn
    target:
      description: What it was called for.
      type: str
      sample: cdn/static.example.com
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._argspec_deploy import RESOURCES
from ansible_collections.daas.https.plugins.module_utils._domain.https_options import VERSIONS, Wanted
from ansible_collections.daas.https.plugins.module_utils._https_options import Options, check
from ansible_collections.daas.https.plugins.module_utils._https_targets import DRIVERS

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _argspec.WAIT,
    resources=dict(RESOURCES, required=True),
    redirect=dict(type="str", choices=["on", "301", "308", "off"]),
    hsts=dict(type="dict", options=dict(
        enabled=dict(type="bool", required=True),
        max_age=dict(type="int"),
        include_subdomains=dict(type="bool"),
    )),
    tls_minimum=dict(type="str", choices=list(VERSIONS)),
    cipher_policy=dict(type="str"),
    http2=dict(type="bool"),
    ocsp_stapling=dict(type="bool"),
    parallel=dict(type="int", default=8),
)


def work(params, check_mode):
    wanted = Wanted(*(params[name] for name in Wanted._fields))
    requests = check(params["resources"], wanted)
    waiting = (params["wait_timeout"], params["wait_interval"]) if params["wait"] else None
    with Cloud(params, [driver.PRODUCT for driver in DRIVERS.values()], read_only=check_mode) as cloud:
        return Options(cloud, wanted, params["parallel"], waiting, check_mode).run(requests)


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, required_one_of=[Wanted._fields])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
