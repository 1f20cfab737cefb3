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
          - V(slb) is the classic load balancer (CLB), V(alb) and V(nlb) are its successors, V(cdn) and V(dcdn) accelerate domains. CAS's
            names for them (V(SLB), V(CDN), …) mean the same.
          - Other names are CAS's product names (V(VOD), V(MSE), …); they are reached by deployment jobs only.
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
        description: Which listener is meant, where an ALB has an HTTPS and a QUIC listener on the same port. Others have no use for it.
        type: str
        choices: [https, quic]
        default: https
      slot:
        description:
          - Which of a listener's slots is meant.
          - V(default) is the certificate for clients that send no or an unknown name. It is not replaced by one that covers less.
          - V(additional) is what clients get by the name that they send. On SLB these are the SNI slots (domain extensions) for
            O(resources[].domains), made when missing; without O(resources[].domains) those whose name the certificate covers, or if there
            are none, one for each of its names. On ALB and NLB they are a set of certificates, to which the new one is added.
          - V(auto) replaces what already covers these names, in whatever slots it is, and adds what O(resources[].domains) asks for. Where
            an RSA and an ECDSA certificate stand side by side, it replaces the one of the same kind.
        type: str
        choices: [auto, default, additional]
        default: auto
      domains:
        description: Names for SNI slots of a load balancer.
        type: list
        elements: str
      domain:
        description: The accelerated domain. A wildcard can be written V(*.example.com) or V(.example.com).
        type: str
      force:
        description: Replace a default certificate even if it covers names that the new one lacks.
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
      - Find the resources, in addition to O(resources) every listener and domain that the certificate's names cover, wildcards included.
      - What is found is treated as with V(slot=auto). What the certificate does not fit is passed over.
    type: dict
    suboptions:
      services:
        description: The services to look at.
        type: list
        elements: str
        required: true
      regions:
        description: The regions to look at. Needed for services that have regions.
        type: list
        elements: str
      exclude:
        description:
          - Patterns of what is to be left alone, as a shell matches file names, in lower case. They are held against the domain, the
            instance, the instance with its port (C(lb-1:443)) and the whole name (C(slb/cn-hangzhou/lb-1:443)).
        type: list
        elements: str
"""
