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
  - Without that option C(s_client) goes on, and prints the last error, for instance 21 instead of 20. With it, and TLS 1.2, its line
    C(Verify return code) says 0 even where it has stopped; there the line C(verify error:num=) counts.
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
  - dnspython, only for O(resolvers)
  - pyOpenSSL, only for O(ocsp_staple)
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
      addresses:
        description: Several such addresses, each of which is verified. Instead of O(endpoints[].address).
        type: list
        elements: str
      port:
        description: Port to connect to. The default is 443, or with O(endpoints[].starttls) the usual port of that protocol.
        type: int
      sni:
        description:
          - Server name to send, if it is another one than O(endpoints[].name), with which the certificate is matched all the same.
          - If it is empty, none is sent, as by very old clients.
        type: str
      starttls:
        description:
          - Protocol that is spoken before the TLS handshake, which is asked for by its own means (C(STARTTLS), C(AUTH TLS) and the like).
          - What is about web servers, such as O(https_redirect), is not asked of such an endpoint.
        type: str
        choices: [smtp, imap, pop3, ftp, ldap, postgres, mysql, xmpp]
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
      public_key:
        description: As O(public_key), for this endpoint only.
        type: list
        elements: str
  ca_path:
    description:
      - File with the roots to trust in PEM form, or a folder prepared with C(openssl rehash).
      - By default the system's roots. If given, only these count.
    type: path
  trust_stores:
    description:
      - Further stores of roots, such as those of phones or of a Java runtime, by each of which the endpoints have to be trusted as well.
      - Each costs one more handshake.
    type: list
    elements: dict
    suboptions:
      name:
        description: What the result calls it.
        type: str
        required: true
      path:
        description: As O(ca_path).
        type: path
        required: true
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
  public_key:
    description:
      - SHA-256 of the SubjectPublicKeyInfo of the certificate that has to be served, in hex; it stays the same if a certificate is renewed
        with the same key. If there are several, any of them will do.
      - C(openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum) prints it.
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
  check_chain:
    description:
      - Whether the certificates that are served have to be the whole chain, in order, and nothing else. A root may be sent along.
      - Clients that neither know an intermediate nor fetch it refuse an incomplete chain, even where this machine trusts it.
    type: bool
    default: false
  same_leaf:
    description: Whether all endpoints have to serve the same certificate; if they have O(endpoints[].key_type), RSA and ECDSA separately.
    type: bool
    default: false
  min_tls_version:
    description:
      - What has to be agreed on at least. A client offers its newest version first, so that this proves what modern clients get; use
        O(forbidden_tls_versions) to prove that old versions are refused.
    type: str
    choices: [TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
  forbidden_tls_versions:
    description:
      - Versions that have to be refused. Each costs one more handshake, in which nothing else is offered.
      - A version that this machine's OpenSSL cannot offer is reported as unknown.
    type: list
    elements: str
    choices: [TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
  key_types:
    description:
      - Kinds of certificate that have to be served, each to clients that can use only this one. Each costs one more handshake.
      - To say which certificate has to be served of each kind, list the endpoint once for each with O(endpoints[].key_type).
    type: list
    elements: str
    choices: [rsa, ecdsa]
  min_rsa_bits:
    description: Size that RSA keys need, the leaf's and those of the CA certificates that are served.
    type: int
    default: 0
  min_ec_bits:
    description: Size that the keys of elliptic curves need, likewise.
    type: int
    default: 0
  allow_weak_signatures:
    description: Whether certificates may be signed with SHA-1 or MD5. A root's own signature never counts.
    type: bool
    default: true
  ocsp_staple:
    description:
      - Whether a valid OCSP response has to be stapled that says that the certificate is good. It costs one more handshake.
      - Needs the Python library pyOpenSSL where the handshakes are made.
    type: bool
    default: false
  revocation:
    description:
      - Asks the certificate's issuer whether it is revoked, where the certificate says. The CAs above it are not looked at.
      - V(ocsp) asks its OCSP responder, V(crl) fetches its revocation list. V(any) does the first, and the second if that says neither
        good nor revoked; many CAs have no OCSP responder any more, so that it fits most.
      - Only C(http:) URLs are fetched, since the answers are signed, and none that leads to a link-local address or to the metadata service
        of the cloud. A list is fetched once for all endpoints.
      - Without an answer that is signed by the issuer, and in its time, the finding is V(unknown), which does not fail.
    type: str
    choices: [ocsp, crl, any]
  https_redirect:
    description:
      - Whether plain HTTP, at O(http_port) of the same address, has to lead to HTTPS on the same host at once (301, 302, 307 or 308).
      - Further redirects are followed, up to ten answers, while they stay on this host, to see that they do not go round in a circle.
    type: bool
    default: false
  plain_http_refused:
    description:
      - Whether O(http_port) of the same address has to be closed. If it only gives no answer, that is V(unknown), because a firewall
        between may be why.
    type: bool
    default: false
  http_port:
    description: Port of plain HTTP for O(https_redirect) and O(plain_http_refused).
    type: int
    default: 80
  hsts_min_age:
    description:
      - Seconds that C(max-age) of the header C(Strict-Transport-Security) has to say at least, in the first answer to C(GET /) over HTTPS.
    type: int
  resolvers:
    description:
      - Name servers to ask for addresses instead of the system's way, as IP addresses, optionally with a port (V(192.0.2.53:5353)).
      - Needs the Python library dnspython where the handshakes are made.
    type: list
    elements: str
  proxy:
    description:
      - HTTP proxy to connect through with C(CONNECT), as V(host:port). It resolves the names, so that an endpoint has one address.
      - O(https_redirect), O(plain_http_refused), O(hsts_min_age) and O(ocsp_staple) cannot be combined with it.
    type: str
  proxy_username:
    description: User for the proxy (Basic authentication).
    type: str
  proxy_password:
    description: The user's password.
    type: str
  client_certificate_path:
    description: File with the certificate, and its chain, to show to servers that ask for one, in PEM form.
    type: path
  client_private_key_path:
    description: File with its private key in PEM form. By default it is in O(client_certificate_path).
    type: path
  client_private_key_passphrase:
    description: Passphrase of the private key.
    type: str
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
    description: Connections at a time that are making progress. Those that are kept waiting do not count.
    type: int
    default: 64
  wait:
    description:
      - Whether to look again while an endpoint serves a trusted certificate of the right name that is not the expected one, or the previous
        one. Needs O(expected_fingerprint), O(previous_fingerprint) or O(public_key) to have an effect, or O(wait_for_reachable).
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
  - module: daas.https.tls_report
    description: Writes what this module has seen as a page for people, JSON, JUnit XML or Prometheus metrics.
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

- name: Verify a web server the strict way
  daas.https.tls_verify:
    endpoints:
      - name: www.example.com
    min_days_left: 14
    check_chain: true
    forbidden_tls_versions: [TLSv1, TLSv1.1]
    key_types: [rsa, ecdsa]
    min_rsa_bits: 2048
    allow_weak_signatures: false
    revocation: any
    https_redirect: true
    hsts_min_age: 15552000

- name: Verify mail servers and a database, one of them by two of its addresses
  daas.https.tls_verify:
    endpoints:
      - name: mail.example.com
        starttls: smtp
        addresses: [192.0.2.25, 192.0.2.26]
      - name: mail.example.com
        starttls: imap
      - name: db.example.com
        starttls: postgres
    ca_path: /etc/ssl/shop/ca.pem

- name: Verify through a proxy, with a client certificate
  daas.https.tls_verify:
    endpoints:
      - name: partner.example.com
    proxy: proxy.example.net:3128
    client_certificate_path: /etc/ssl/shop/client.pem
    client_private_key_path: /etc/ssl/shop/client.key

- name: Verify what people outside get, asking a public name server
  daas.https.tls_verify:
    endpoints:
      - name: www.example.com
    resolvers: [192.0.2.53]

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
    seen_at:
      description: When it was looked last, UTC.
      type: str
      sample: "2026-11-25T22:00:00Z"
    seen_from:
      description: Host name of the machine that made the handshakes.
      type: str
      sample: control.example.com
    elapsed:
      description: Seconds that it took, waiting included.
      type: float
      sample: 0.412
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
        alpn:
          description: Protocol that was agreed on by ALPN, of V(h2) and V(http/1.1). Null if none was, and with O(endpoints[].starttls).
          type: str
          sample: h2
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
        chain_fingerprints:
          description: SHA-256 of the certificates as served, likewise. RV(tls.certificates) says more about each.
          type: list
          elements: str
          sample:
            - 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
            - 1d4c7a0f0f4f0d2b9f0b1c8e6a5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d
        versions:
          description: V(accepted), V(refused) or V(unknown) by version, of O(forbidden_tls_versions).
          returned: when anything is asked for that takes a further look
          type: dict
          sample: {TLSv1: refused, TLSv1.1: refused}
        key_types:
          description: SHA-256 of the certificate that a client gets that can use only this kind, of O(key_types). Null if it gets none.
          returned: when anything is asked for that takes a further look
          type: dict
          sample: {}
        stores:
          description: The verify return code by the store's name, of O(trust_stores).
          returned: when anything is asked for that takes a further look
          type: dict
          sample: {}
        redirects:
          description: The answers on the way from plain HTTP, for O(https_redirect) and O(plain_http_refused).
          returned: when anything is asked for that takes a further look
          type: list
          elements: dict
          sample: [{url: "http://www.example.com/", status: 308, location: "https://www.example.com/"}]
          contains:
            url:
              description: What was asked for.
              type: str
              sample: http://www.example.com/
            status:
              description: Status of the answer.
              type: int
              sample: 308
            location:
              description: Where it leads, or null.
              type: str
              sample: https://www.example.com/
        hsts:
          description: The header C(Strict-Transport-Security), for O(hsts_min_age). Null if there is none.
          returned: when anything is asked for that takes a further look
          type: str
          sample: max-age=31536000
        revocation:
          description: What is known of the certificate's revocation, for O(revocation). Else null.
          returned: when anything is asked for that takes a further look
          type: dict
          sample: {status: good, source: ocsp, url: "http://ocsp.example.com/", detail: "", next_update: null}
          contains:
            status:
              description: V(good), V(revoked) or V(unknown).
              type: str
              sample: good
            source:
              description: V(ocsp) or V(crl).
              type: str
              sample: ocsp
            url:
              description: Who was asked.
              type: str
              sample: http://ocsp.example.com/
            detail:
              description: The same in words.
              type: str
              sample: ""
            next_update:
              description: Until when the answer holds, UTC. Null if it does not say.
              type: str
              sample: "2026-12-01T00:00:00Z"
        staple:
          description: The same of the stapled OCSP response, for O(ocsp_staple). Its source is V(staple). Else null.
          returned: when anything is asked for that takes a further look
          type: dict
          sample:
        failure:
          description: Why no certificate was seen, or null.
          type: dict
          sample:
          contains:
            kind:
              description:
                - One of V(dns), V(unreachable), V(refused), V(timeout), V(reset), V(alert), V(handshake), V(protocol), V(proxy) and
                  V(starttls).
              type: str
              sample: refused
            message:
              description: The same in words.
              type: str
              sample: connection refused while connecting
        times:
          description: Milliseconds for C(resolve), C(connect) and C(handshake), as far as it came.
          type: dict
          sample: {connect: 0.2, handshake: 3.1}
        checks:
          description:
            - V(ok), V(violated) or V(unknown) by check. These are C(reachable), C(trust), C(hostname), C(expiry) and C(fingerprint);
              C(certificate), only if one was served that cannot be decoded; and, where they are asked for, C(public_key), C(version),
              C(key), C(signature), C(chain), C(forbidden_versions), C(key_types), C(stores), C(staple), C(revocation), C(redirect),
              C(plain_http) and C(hsts).
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
    same_leaf:
      description: Whether all endpoints serve the same certificate, judged whether or not O(same_leaf) requires it.
      type: dict
      contains:
        required:
          description: Whether O(same_leaf) was set.
          type: bool
          sample: false
        status:
          description: V(ok), V(violated) or V(unknown).
          type: str
          sample: ok
        message:
          description: Why it is not V(ok).
          type: str
          sample: ""
    certificates:
      description: Every certificate that was served or stands in a trust chain, once.
      type: list
      elements: dict
      contains:
        fingerprint:
          description: Its SHA-256.
          type: str
          sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
        subject:
          description: Common name, or the whole subject if it has none.
          type: str
          sample: www.example.com
        issuer:
          description: The same of its issuer.
          type: str
          sample: Example Issuing CA
        not_before:
          description: Start of validity, UTC.
          type: str
          sample: "2026-11-01T00:00:00Z"
        not_after:
          description: End of validity, UTC.
          type: str
          sample: "2027-02-01T00:00:00Z"
        key:
          description: Kind of its key, V(rsa), V(ecdsa), V(ed25519), V(ed448) or V(dsa), or null.
          type: str
          sample: ecdsa
        key_bits:
          description: Size of its key, or null.
          type: int
          sample: 256
        signature_hash:
          description: Hash of its signature, or null if the algorithm has none of its own.
          type: str
          sample: sha256
        public_key:
          description: SHA-256 of its SubjectPublicKeyInfo.
          type: str
          sample: 2f8c6d1b0e5a4f3c7d9e8b1a6c5f4e3d2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e
        domains:
          description: Host names and IP addresses that it is for.
          type: list
          elements: str
          sample: [www.example.com, example.com]
"""

import datetime
import functools
import socket
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _exit
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder
from ansible_collections.daas.https.plugins.module_utils._tls.gate import Gate
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober, spread
from ansible_collections.daas.https.plugins.module_utils._tls.result import report
from ansible_collections.daas.https.plugins.module_utils._tls.wants import proxy_of, read_wants, stores_of

VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
KEY_TYPES = ["rsa", "ecdsa"]
THREADS = 32  # for what is not done by one loop
EXPECTATIONS = dict(
    expected_fingerprint=dict(type="list", elements="str"),
    previous_fingerprint=dict(type="list", elements="str"),
    public_key=dict(type="list", elements="str", no_log=False),
)
ARGUMENT_SPEC = dict(
    EXPECTATIONS,
    endpoints=dict(type="list", elements="dict", required=True, options=dict(
        EXPECTATIONS,
        name=dict(type="str", required=True),
        address=dict(type="str"),
        addresses=dict(type="list", elements="str"),
        port=dict(type="int"),
        label=dict(type="str"),
        key_type=dict(type="str", choices=KEY_TYPES, no_log=False),
        sni=dict(type="str"),
        starttls=dict(type="str", choices=["smtp", "imap", "pop3", "ftp", "ldap", "postgres", "mysql", "xmpp"]),
        expected_fingerprint=dict(type="list", elements="str", aliases=["fingerprint"]),
    )),
    ca_path=dict(type="path"),
    trust_stores=dict(type="list", elements="dict", options=dict(
        name=dict(type="str", required=True),
        path=dict(type="path", required=True),
    )),
    min_days_left=dict(type="int", default=0),
    check_hostname=dict(type="bool", default=True),
    check_chain=dict(type="bool", default=False),
    same_chain=dict(type="bool", default=False),
    same_leaf=dict(type="bool", default=False),
    min_tls_version=dict(type="str", choices=VERSIONS),
    forbidden_tls_versions=dict(type="list", elements="str", choices=VERSIONS),
    key_types=dict(type="list", elements="str", choices=KEY_TYPES, no_log=False),
    min_rsa_bits=dict(type="int", default=0),
    min_ec_bits=dict(type="int", default=0),
    allow_weak_signatures=dict(type="bool", default=True),
    ocsp_staple=dict(type="bool", default=False),
    revocation=dict(type="str", choices=["ocsp", "crl", "any"]),
    https_redirect=dict(type="bool", default=False),
    plain_http_refused=dict(type="bool", default=False),
    http_port=dict(type="int", default=80),
    hsts_min_age=dict(type="int"),
    resolvers=dict(type="list", elements="str"),
    proxy=dict(type="str"),
    proxy_username=dict(type="str"),
    proxy_password=dict(type="str", no_log=True),
    client_certificate_path=dict(type="path"),
    client_private_key_path=dict(type="path", no_log=False),
    client_private_key_passphrase=dict(type="str", no_log=True),
    timeout=dict(type="float", default=10.0),
    parallel=dict(type="int", default=64),
    wait=dict(type="bool", default=False),
    wait_timeout=dict(type="float", default=300.0),
    wait_interval=dict(type="float", default=2.0),
    wait_for_reachable=dict(type="bool", default=False),
    successes=dict(type="int", default=1),
    fail_on_violation=dict(type="bool", default=True),
)
REQUIRED_BY = dict(
    client_private_key_path=["client_certificate_path"], client_private_key_passphrase=["client_certificate_path"],
    proxy_username=["proxy"], proxy_password=["proxy_username"])


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


# The imports in the functions below are there because every task compiles what it imports, and most tasks ask for none of this.

def work(params, check_mode):
    wants, decoder, begin, prober = read_wants(params), Decoder(), time.monotonic(), prober_of(params)
    gate = Gate(wants, prober.look, decoder, utc_now, decoder.link)
    timed_out = ""
    if params["wait"]:
        timed_out = gate.wait(params["wait_timeout"], params["wait_interval"], params["successes"], params["wait_for_reachable"])
    else:
        gate.round(gate.wants)
    gate.look_further(functools.partial(look_further, params, prober.look))
    tls, violation, warnings = report(
        gate, decoder, utc_now(), timed_out, params["same_chain"], params["same_leaf"], socket.gethostname(), time.monotonic() - begin)
    return dict(changed=False, tls=tls, warnings=warnings, failed=violation if params["fail_on_violation"] else None)


def prober_of(params):
    proxy = proxy_of(params)
    return Prober(params["ca_path"], params["timeout"], params["parallel"], resolve_of(params), stores_of(params), client_of(params),
                  preamble_of(params, proxy), proxy)


def client_of(params):
    """(certificate, key or None, passphrase or None), or None."""
    names = "client_certificate_path", "client_private_key_path", "client_private_key_passphrase"
    return tuple(params[name] for name in names) if params[names[0]] else None


def preamble_of(params, proxy):
    if not proxy and not any(item["starttls"] for item in params["endpoints"]):
        return None
    from ansible_collections.daas.https.plugins.module_utils._tls.dialogs import Preambles
    return Preambles(proxy is not None, user_of(params))


def user_of(params):
    """(name, password) for the proxy, or None."""
    return (params["proxy_username"], params["proxy_password"] or "") if params["proxy_username"] else None


def resolve_of(params):
    if not params["resolvers"]:
        return socket.getaddrinfo
    from ansible_collections.daas.https.plugins.module_utils._tls.resolve import Resolver
    return Resolver(params["resolvers"], params["timeout"])


def look_further(params, look, rows):
    """Extras of these rows. All but handshakes is done by threads, because each of it is a conversation of its own."""
    from ansible_collections.daas.https.plugins.module_utils._tls.further import Further
    threads = functools.partial(spread, parallel=min(params["parallel"], THREADS))
    return Further(look, threads, web_of(params), revoke_of(params), staple_of(params))(rows)


def web_of(params):
    if not params["https_redirect"] and not params["plain_http_refused"] and params["hsts_min_age"] is None:
        return None
    from ansible_collections.daas.https.plugins.module_utils._tls.web import WebClient, unverifying
    context = unverifying()
    if client_of(params):  # the prober has loaded it before, and has said so if it could not
        path, key, passphrase = client_of(params)
        context.load_cert_chain(path, key, passphrase or "")
    web = WebClient(params["timeout"], context)
    return lambda row: web(row.seen, row.want.policy, row.want.endpoint.sni)


def revoke_of(params):
    if not params["revocation"]:
        return None
    from ansible_collections.daas.https.plugins.module_utils._tls.exchange import Fetcher
    from ansible_collections.daas.https.plugins.module_utils._tls.revocation import Revoker
    revoker = Revoker(params["timeout"], Fetcher(resolve_of(params), proxy_of(params), user_of(params)))
    return lambda row: revoker(row.seen.chain, row.seen.trusted, row.want.policy.revocation, utc_now())


def staple_of(params):
    if not params["ocsp_staple"]:
        return None
    from ansible_collections.daas.https.plugins.module_utils._tls.staple import Stapler
    stapler = Stapler(params["timeout"])
    return lambda row: stapler(row.seen, utc_now(), row.want.endpoint.sni, row.want.endpoint.key_type)


def main():
    _exit.run(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, required_by=REQUIRED_BY), work)


if __name__ == "__main__":
    main()
