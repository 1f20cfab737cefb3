# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that work on resources of the cloud; RESOURCES and DISCOVER in module_utils/_argspec_deploy.py."""

    DOCUMENTATION = r"""
options:
  resources:
    description: Which resources are meant.
    type: list
    elements: dict
    suboptions:
      service:
        description:
          - V(slb), V(alb) and V(nlb) are listeners of load balancers (classic, application, network). They need O(resources[].region)
            and O(resources[].instance), and O(resources[].listener_port) if that is not 443.
          - V(cdn), V(dcdn) and V(live) are accelerated, streaming or ingest domains. They need O(resources[].domain).
          - V(esa) is a site of ESA. It needs O(resources[].instance).
          - V(ga) is a listener of a Global Accelerator. It needs O(resources[].instance) and O(resources[].listener_port).
          - V(waf) is a domain in CNAME mode, which needs O(resources[].domain), or a port of a cloud service in cloud-native mode, which
            needs O(resources[].instance) and O(resources[].listener_port) instead.
          - V(oss) is a custom domain of a bucket. It needs O(resources[].region), O(resources[].instance) and O(resources[].domain).
          - CAS's names for them (V(SLB), V(CDN), …) mean the same. Other names are CAS's product names (V(VOD), V(MSE), …); they are
            reached by deployment jobs only.
        type: str
        required: true
      region:
        description:
          - Region of the load balancer or of the bucket.
          - Of V(waf) it is V(cn-hangzhou) for the Chinese mainland or V(ap-southeast-1) for all else, by default that of O(site). Others
            have no use for it.
        type: str
      instance:
        description:
          - Id of the load balancer or of the accelerator, id or name of the ESA site, name of the bucket, or of V(waf) the id of the
            cloud service's instance.
        type: str
      listener_port:
        description: Port of the TLS listener, or of V(waf) the protected port. Domains have none.
        type: int
        default: 443
      protocol:
        description: Which listener is meant, where an ALB has an HTTPS and a QUIC listener on the same port. Others have no use for it.
        type: str
        choices: [https, quic]
        default: https
      slot:
        description:
          - Which certificate of a listener, a port or a site is meant. Domains have one only.
          - V(default) is the certificate for clients that send no or an unknown name. It is not replaced by one that covers less. A site
            of V(esa) has none.
          - V(additional) is what clients get by the name that they send. On V(slb) (its domain extensions) and V(ga) each name has a slot
            of its own. Those for O(resources[].domains) are meant, and made when missing; without O(resources[].domains) those whose name
            the certificate covers, or if there are none, one for each of its names. On V(alb), V(nlb) and V(esa) they are a set of
            certificates, to which the new one is added, or in which it takes the place of an old one. On V(waf) one certificate of the
            list is replaced, or one is added.
          - V(auto) replaces what already covers these names, in whatever slots it is, and adds what O(resources[].domains) asks for. Where
            an RSA and an ECDSA certificate stand side by side in a set, it replaces the one of the same kind.
        type: str
        choices: [auto, default, additional]
        default: auto
      domains:
        description:
          - Names that the additional certificate is for. On V(slb), V(ga) and V(waf) they say which slots are meant; elsewhere only that
            the certificate must cover them.
        type: list
        elements: str
      domain:
        description: The domain. A wildcard can be written V(*.example.com) or V(.example.com).
        type: str
      force:
        description:
          - Replace a certificate even if it covers names that the new one lacks (default certificates, and additional ones of V(waf)).
          - Of V(oss) replace whatever is there now, also if it cannot be told which one that is, or if it was changed meanwhile.
        type: bool
        default: false
      endpoints:
        description: Where clients reach the resource. M(daas.https.cas_deploy_info) looks at them by TLS handshakes; others do not.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name that a client sends.
            type: str
            required: true
          address:
            description: Address or name to connect to. By default the name.
            type: str
          port:
            description: Port to connect to.
            type: int
            default: 443
          label:
            description: What the endpoint is called in the result.
            type: str
  discover:
    description:
      - Find resources, besides those in O(resources). Every listener, port, site and domain of the services is looked at, wildcard
        domains too.
      - What is found counts as with V(slot=auto). To deploy, only what the certificate's names fit is taken; the rest is passed over.
    type: dict
    suboptions:
      services:
        description: The services to look at, of those that have a driver (V(slb) to V(oss) in O(resources[].service)).
        type: list
        elements: str
        required: true
      regions:
        description: The regions to look at. Needed for V(slb), V(alb), V(nlb) and V(oss); the others are looked at as a whole.
        type: list
        elements: str
      exclude:
        description:
          - Patterns of what is to be left alone, as a shell matches file names, in lower case. They are held against the domain (of an
            ESA site, its name), the instance, the instance with its port (C(lb-1:443)) and the whole name
            (C(slb/cn-hangzhou/lb-1:443)).
        type: list
        elements: str
"""

    # for modules that look at more than resources
    HTTPS_ENDPOINTS = r"""
options:
  https_endpoints:
    description:
      - Endpoints to look at by TLS handshakes, whatever is behind them, application hosts too. Those that are among
        O(resources[].endpoints) as well are looked at once.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name that a client sends.
        type: str
        required: true
      address:
        description: Address or name to connect to. By default the name.
        type: str
      port:
        description: Port to connect to.
        type: int
        default: 443
      label:
        description: What the endpoint is called in the result.
        type: str
"""
