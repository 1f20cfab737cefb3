#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_verify
short_description: Verify what TLS endpoints serve, and fail if it is not what they should
version_added: 0.1.0
description:
  - A gate for playbooks. It makes a TLS handshake with every address of every endpoint, many at once, judges what it sees, and fails
    with one line for each address that is not as it should be.
  - The verify return code and its text are those of C(openssl s_client -connect ... -servername ... -CAfile ... -verify_return_error),
    which stops at the first error, as every verifying client does.
  - Host names are judged by the rules of RFC 6125 (subjectAltName only, wildcards stand for one left-most label, IP addresses match
    IP entries) and reported apart from the verify return code, because C(openssl s_client) does not look at them unless asked.
  - Can wait until a certificate that has just been deployed is served.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.attributes
attributes:
  check_mode:
    support: full
    details: The same in check mode, because nothing is ever changed.
  diff_mode:
    support: none
    details: Nothing is changed.
  idempotent:
    support: full
    details: RV(ignore:changed) is always V(false).
  platform:
    description: Systems on which the module runs.
    support: full
    platforms: posix
requirements:
  - Python 3.9 or later. From 3.10 on the served chain is seen beyond the leaf, and O(same_chain) can be proved.
  - cryptography 42.0.0 or later
options:
  endpoints:
    description: What to verify.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Host name, sent as SNI and matched with the certificate. International names are translated to A-labels.
          - An IP address is possible. It is not sent as SNI, and the certificate needs it as an IP address entry.
        type: str
        required: true
      address:
        description:
          - IP address or host name to connect to. The default is O(endpoints[].name).
          - Of a host name B(every) address (A and AAAA) is verified. An IPv6 address to which this machine has no route is reported as
            unknown if another address of the endpoint answered.
        type: str
      port:
        description: Port to connect to.
        type: int
        default: 443
      label:
        description: What messages and results call the endpoint. The default is name and port, and O(endpoints[].key_type).
        type: str
      key_type:
        description:
          - Refuses certificates with another kind of key, as a client does that can use only this one. An endpoint that has a certificate
            of each kind is looked at once for each.
          - Before Python 3.15 these handshakes are made with TLS 1.2, because only there the ciphers say it.
        type: str
        choices: [rsa, ecdsa]
      expected_fingerprint:
        description: As O(expected_fingerprint), for this endpoint only.
        type: list
        elements: str
        aliases: [fingerprint]
      previous_fingerprint:
        description: As O(previous_fingerprint), for this endpoint only.
        type: list
        elements: str
  ca_path:
    description:
      - File with the roots to trust in PEM form, or a folder prepared with C(openssl rehash).
      - By default the system's roots. If given, only these count.
    type: path
  expected_fingerprint:
    description:
      - SHA-256 or SHA-1 fingerprint of the certificate that has to be served, in hex. Colons and case do not matter.
      - If there are several, any of them will do.
    type: list
    elements: str
  previous_fingerprint:
    description:
      - Fingerprints of what is being replaced. Without O(expected_fingerprint), anything but these has to be served.
      - While one of these is served, O(wait=true) waits whatever else is wrong with it, for instance that it has expired.
    type: list
    elements: str
  min_days_left:
    description: For how many days the certificates still have to be valid.
    type: int
    default: 0
  check_hostname:
    description: Whether the certificate has to be for O(endpoints[].name).
    type: bool
    default: true
  same_chain:
    description:
      - Whether all endpoints have to be on the same trust chain, which means that the CA certificates above the leaf, from its issuer up to
        the trust anchor that OpenSSL found, are the same ones.
      - Where that chain is not known (endpoint not reached or not trusted, Python before 3.10), issuers of different names still count as
        a violation. Otherwise the finding is V(unknown), a warning that does not fail; what is not reached or trusted fails by itself.
      - If an endpoint has O(endpoints[].key_type), this is asked of RSA and of ECDSA certificates separately.
    type: bool
    default: false
  timeout:
    description: Seconds for one connection, handshake included. Name resolution has the system's own limits.
    type: float
    default: 10.0
  parallel:
    description: Connections at a time.
    type: int
    default: 16
  wait:
    description:
      - Whether to look again while an endpoint serves a trusted certificate of the right name that is not the expected one, or the previous
        one. Needs O(expected_fingerprint) or O(previous_fingerprint) to have an effect, or O(wait_for_reachable).
      - What waiting cannot mend, such as an untrusted certificate or a wrong host name, fails at once.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most. The error then says what was seen last.
    type: float
    default: 300.0
  wait_interval:
    description: Seconds between the first two looks; later ones are further apart.
    type: float
    default: 2.0
  wait_for_reachable:
    description: With O(wait=true), whether to wait also for endpoints that cannot be reached yet or end the handshake.
    type: bool
    default: false
  successes:
    description:
      - With O(wait=true), how often in a row an endpoint has to be right. More than one helps where several servers share an address.
    type: int
    default: 1
  fail_on_violation:
    description: Whether to fail. With V(false) the findings are only returned, see RV(tls.ok).
    type: bool
    default: true
notes:
  - What is seen depends on the machine that makes the handshakes (split DNS, CDN nodes by geography); choose it with C(delegate_to).
  - There is no session resumption, so a replaced certificate is always seen.
seealso:
  - module: daas.https.cas_deploy
    description: Deploys the certificates that this module then proves.
"""

EXAMPLES = r"""
- name: Verify two endpoints
  daas.https.tls_verify:
    endpoints:
      - name: www.example.com
      - name: api.example.com
        port: 8443
    min_days_left: 14
  delegate_to: localhost
  run_once: true

- name: Verify a load balancer by its address, before DNS points to it
  daas.https.tls_verify:
    endpoints:
      - name: www.example.com
        address: 203.0.113.10
        label: lb-bp1web:443
    ca_path: /etc/ssl/shop/ca.pem

- name: Wait until a new certificate is served everywhere, three times in a row
  daas.https.tls_verify:
    endpoints: "{{ https_endpoints }}"
    expected_fingerprint: "{{ certificate_result.certificate.fingerprint }}"
    same_chain: true
    wait: true
    wait_timeout: 600
    successes: 3

- name: Verify that old clients get the RSA certificate, and the others the ECDSA one
  daas.https.tls_verify:
    endpoints:
      - name: www.example.com
        key_type: rsa
        expected_fingerprint: "{{ certificate_result.certificate.fingerprint }}"
      - name: www.example.com
        key_type: ecdsa
        expected_fingerprint: "{{ certificate_alternative_result.certificate.fingerprint }}"

- name: Only look
  daas.https.tls_verify:
    endpoints:
      - name: www.example.com
    fail_on_violation: false
  register: seen

- name: Show what is served
  ansible.builtin.debug:
    msg: "{{ item.label }} at {{ item.address }}: {{ item.verify_return_code }}, {{ item.days_left }} days left"
  loop: "{{ seen.tls.endpoints }}"
"""

RETURN = r"""
tls:
  description: What was seen and what follows from it. Also returned when the module fails because of it.
  returned: when the handshakes were made
  type: dict
  contains:
    ok:
      description: Whether everything is as it should be.
      type: bool
      sample: true
    checked:
      description: How many addresses were looked at.
      type: int
      sample: 2
    rounds:
      description: How often it was looked.
      type: int
      sample: 1
    endpoints:
      description: One entry for each address of each endpoint, in the given order.
      type: list
      elements: dict
      contains:
        label:
          description: What the endpoint is called.
          type: str
          sample: lb-bp1web:443
        name:
          description: Host name, in A-labels.
          type: str
          sample: www.example.com
        address:
          description: Address that was connected to.
          type: str
          sample: 203.0.113.10
        port:
          description: Port that was connected to.
          type: int
          sample: 443
        ok:
          description: Whether no check is violated.
          type: bool
          sample: true
        verify_code:
          description: OpenSSL's verify return code. Null if no certificate was seen.
          type: int
          sample: 0
        verify_text:
          description: OpenSSL's text for it.
          type: str
          sample: ok
        verify_return_code:
          description: Both, as C(openssl s_client) prints them.
          type: str
          sample: 0 (ok)
        tls_version:
          description: Version that was agreed on.
          type: str
          sample: TLSv1.3
        cipher:
          description: Cipher that was agreed on.
          type: str
          sample: TLS_AES_256_GCM_SHA384
        fingerprint:
          description: SHA-256 of the served leaf, lower-case hex.
          type: str
          sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
        sha1:
          description: SHA-1 of the served leaf.
          type: str
          sample: cc6b3696e7c7ca715bd26e28e45ff3e3df435c03
        common_name:
          description: Common name, or the whole subject if it has none.
          type: str
          sample: www.example.com
        domains:
          description: Host names and IP addresses that the certificate is for.
          type: list
          elements: str
          sample: [www.example.com, example.com]
        issuer:
          description: Common name of the issuing CA.
          type: str
          sample: Example Issuing CA
        key_type:
          description: V(rsa) or V(ecdsa), the kind of the certificate's key. Null for other kinds.
          type: str
          sample: ecdsa
        not_before:
          description: Start of validity, UTC.
          type: str
          sample: "2026-11-01T00:00:00Z"
        not_after:
          description: End of validity, UTC.
          type: str
          sample: "2027-02-01T00:00:00Z"
        days_left:
          description: Whole days until then; negative if it has passed.
          type: int
          sample: 69
        chain:
          description: Subjects of the certificates as served, in their order. Null if this Python shows the leaf only.
          type: list
          elements: str
          sample: [www.example.com, Example Issuing CA]
        failure:
          description: Why no certificate was seen, or null.
          type: dict
          sample:
          contains:
            kind:
              description: One of V(dns), V(unreachable), V(refused), V(timeout), V(reset), V(alert), V(handshake), V(protocol).
              type: str
              sample: refused
            message:
              description: The same in words.
              type: str
              sample: connection refused while connecting
        times:
          description: Milliseconds for C(connect) and C(handshake), as far as it came.
          type: dict
          sample: {connect: 0.2, handshake: 3.1}
        checks:
          description:
            - V(ok), V(violated) or V(unknown) by check. These are C(reachable), C(trust), C(hostname), C(expiry) and C(fingerprint); and
              C(certificate), only if one was served that cannot be decoded.
          type: dict
          sample: {reachable: ok, trust: ok, hostname: ok, expiry: ok}
        findings:
          description: The checks that are not V(ok).
          type: list
          elements: dict
          sample: []
          contains:
            code:
              description: Name of the check.
              type: str
              sample: trust
            status:
              description: V(violated) or V(unknown).
              type: str
              sample: violated
            message:
              description: What was seen.
              type: str
              sample: verify return code 10 (certificate has expired)
            hint:
              description: What to do next.
              type: str
              sample: Renew the certificate, or deploy the renewed one.
    same_chain:
      description: Whether all endpoints are on the same trust chain, judged whether or not O(same_chain) requires it.
      type: dict
      contains:
        required:
          description: Whether O(same_chain) was set.
          type: bool
          sample: true
        status:
          description: V(ok), V(violated) or V(unknown).
          type: str
          sample: ok
        message:
          description: Why it is not V(ok).
          type: str
          sample: ""
        chains:
          description: The trust chains that were seen.
          type: list
          elements: dict
          contains:
            issuers:
              description: Subjects of the CA certificates above the leaf, the issuer first, the trust anchor last.
              type: list
              elements: str
              sample: [Example Issuing CA, Example Root CA]
            fingerprints:
              description: Their SHA-256.
              type: list
              elements: str
              sample:
                - 1d4c7a0f0f4f0d2b9f0b1c8e6a5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d
                - 7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f
            endpoints:
              description: Labels of the endpoints on it.
              type: list
              elements: str
              sample: [lb-bp1web:443, cdn static.example.com]
"""

import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _exit
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder
from ansible_collections.daas.https.plugins.module_utils._tls.gate import Gate, read_wants
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober

FINGERPRINTS = dict(
    expected_fingerprint=dict(type="list", elements="str"),
    previous_fingerprint=dict(type="list", elements="str"),
)
ARGUMENT_SPEC = dict(
    FINGERPRINTS,
    endpoints=dict(type="list", elements="dict", required=True, options=dict(
        FINGERPRINTS,
        name=dict(type="str", required=True),
        address=dict(type="str"),
        port=dict(type="int", default=443),
        label=dict(type="str"),
        key_type=dict(type="str", choices=["rsa", "ecdsa"], no_log=False),
        expected_fingerprint=dict(type="list", elements="str", aliases=["fingerprint"]),
    )),
    ca_path=dict(type="path"),
    min_days_left=dict(type="int", default=0),
    check_hostname=dict(type="bool", default=True),
    same_chain=dict(type="bool", default=False),
    timeout=dict(type="float", default=10.0),
    parallel=dict(type="int", default=16),
    wait=dict(type="bool", default=False),
    wait_timeout=dict(type="float", default=300.0),
    wait_interval=dict(type="float", default=2.0),
    wait_for_reachable=dict(type="bool", default=False),
    successes=dict(type="int", default=1),
    fail_on_violation=dict(type="bool", default=True),
)


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


def work(params, check_mode):
    prober = Prober(params["ca_path"], params["timeout"], params["parallel"])
    gate = Gate(read_wants(params), prober.look, Decoder(), utc_now, params["same_chain"])
    timed_out = ""
    if params["wait"]:
        timed_out = gate.wait(params["wait_timeout"], params["wait_interval"], params["successes"], params["wait_for_reachable"])
    else:
        gate.round(gate.wants)
    tls, violation, warnings = gate.report(timed_out)
    return dict(changed=False, tls=tls, warnings=warnings, failed=violation if params["fail_on_violation"] else None)


def main():
    _exit.run(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
