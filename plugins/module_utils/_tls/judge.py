# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observation + Policy -> findings. Pure: no network, no clock, no ansible. PRIVATE to the collection."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from .model import OK, UNKNOWN, VIOLATED, Finding

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_HEX = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_DAY = 86400

CODES = {  # Every code that a finding can have, those of checks.py too, and what is ok then.
    "reachable": "The endpoint could be connected to, and made a TLS handshake.",
    "trust": "The certificate is trusted: OpenSSL's verify return code is 0.",
    "certificate": "The certificate can be decoded.",
    "hostname": "The certificate is for the endpoint's name.",
    "expiry": "The certificate is valid now, and for as many days as are wanted.",
    "fingerprint": "The certificate is an expected one, and not the previous one.",
    "public_key": "The certificate's public key is an expected one.",
    "version": "The TLS version that was agreed on is at least the one that is wanted.",
    "key": "The keys of the certificate and of those served above it are large enough.",
    "signature": "No certificate of the chain is signed with SHA-1 or MD5.",
    "chain": "The chain is served in order, complete, and without anything superfluous.",
    "forbidden_versions": "Handshakes of forbidden TLS versions are refused.",
    "key_types": "Clients that can use only one kind of key get a trusted certificate of that kind.",
    "stores": "Each of the further stores of roots trusts the certificate.",
    "staple": "An OCSP response that says good is stapled.",
    "revocation": "The issuer says that the certificate is not revoked.",
    "redirect": "Plain HTTP leads to HTTPS on the same host.",
    "plain_http": "Nothing answers at the port of plain HTTP.",
    "hsts": "Strict-Transport-Security is sent, for as long as is wanted.",
    "same_chain": "All endpoints are on one trust chain.",
    "same_leaf": "All endpoints serve one certificate.",
}
_FAILURE_HINTS = {
    "dns": "Correct the name, or give the address to connect to as 'address'.",
    "unreachable": "Check routing and firewall from the machine that makes the handshakes.",
    "refused": "Check that the service runs and listens on this port.",
    "timeout": "Check firewall and security group, or raise 'timeout'.",
    "reset": "Check that this port speaks TLS, and the server's log.",
    "alert": "Usually no certificate is bound for this name: check the listener or HTTPS of this domain.",
    "handshake": "Check which TLS versions and ciphers the server allows.",
    "protocol": "The port does not seem to speak TLS 1.2 or later: check port and listener protocol.",
    "proxy": "Check 'proxy', its credentials, and whether it allows CONNECT to this host and port.",
    "starttls": "Check that this port speaks the protocol of 'starttls', and that the server offers TLS on it.",
}
_CHAIN_HINT = ("Deploy the full chain (the leaf followed by its intermediates), or, if it is a private CA, name its root in ca_path; "
               "'openssl s_client -showcerts' shows what is sent.")
_RENEW = "Renew the certificate, or deploy the renewed one."
_VERIFY_HINTS = {
    9: "Check the clock of the machine that makes the handshakes, and the certificate's start.",
    18: "A self-signed certificate is served, often a server's preset: deploy the real one, or name it in ca_path.",
    19: "The chain ends in a root that is not trusted here: name it in ca_path if it is your CA's.",
    20: _CHAIN_HINT,
    21: _CHAIN_HINT,
    26: "The certificate is not for TLS servers (extended key usage): have one issued that is.",
    66: "The key is too small for OpenSSL's security level here: issue the certificate with RSA 2048 or ECDSA P-256.",
}


def host(name):
    """A host name as DNS and SNI have it (lower case, A-labels, no trailing dot), or an IP literal in its plain form; else ValueError."""
    address = _ip(name.strip())
    if address is not None:
        return str(address)
    plain = unicodedata.normalize("NFKC", name.strip().lower()).replace("\u3002", ".")
    plain = plain[:-1] if plain.endswith(".") else plain
    labels = [label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in plain.split(".")]
    if len(".".join(labels)) > 253 or not all(_LABEL.match(label) for label in labels):
        hint = "; give one name that the wildcard covers" if plain.startswith(("*", ".")) else ""
        raise ValueError("'%s' is not a host name or an IP address%s" % (name, hint))
    return ".".join(labels)


def fingerprint(text):
    """SHA-256 or SHA-1 fingerprint as lower-case hex without colons; else ValueError."""
    plain = re.sub(r"[:\s]", "", text).lower()
    if not _HEX.match(plain):
        raise ValueError("'%s' is not a fingerprint: expected 64 (SHA-256) or 40 (SHA-1) hex digits, with or without colons" % text)
    return plain


def matches(facts, name):
    """RFC 6125: whether the certificate's subjectAltName has this name (A-labels) or IP literal. The common name does not count.

    A wildcard is the whole left-most label, stands for exactly one label, and needs two labels after it; nor does it go together with an
    underscore: all as in OpenSSL.
    """
    if _ip(name) is not None:
        return name in facts.addresses
    parent = name.partition(".")[2]
    return name in facts.names or ("." in parent and "_" not in name and "*." + parent in facts.names)


def judge(seen, facts, problem, policy, now, others_seen=False):
    """All findings about one Observation, in a fixed order of codes.

    facts: of the leaf, or None with ``problem`` saying why; now: aware datetime; others_seen: whether another address of the same
    endpoint answered.
    """
    if seen.failure:
        codes = ["trust"] + ["hostname"] * policy.check_hostname + ["expiry"] + ["fingerprint"] * bool(policy.expected or policy.previous)
        return (_unreachable(seen.failure, others_seen),) + tuple(Finding(code, UNKNOWN, "nothing was seen") for code in codes)
    findings = [Finding("reachable", OK, ""), _trust(seen, facts, now)]
    if problem:
        findings.append(Finding("certificate", VIOLATED, "the certificate cannot be decoded: %s" % problem, "Have it reissued."))
    if policy.check_hostname:
        findings.append(_hostname(facts, seen.name))
    findings.append(_expiry(facts, policy.min_days_left, now))
    if policy.expected or policy.previous:
        findings.append(_fingerprint(seen, policy))
    return tuple(findings)


def outlook(seen, findings, policy, may_come_up):
    """'good'; 'wait' when another look may show better; 'bad' when only somebody's work can help.

    Worth waiting for: a certificate that is about to be replaced, and, if allowed, an endpoint that is not up. A certificate that is
    not trusted or has another name is not worth it, unless it is the previous one, which may well be the reason to replace it.
    """
    violated = set(finding.code for finding in findings if finding.status == VIOLATED)
    if not violated:
        return "good"
    if "reachable" in violated:
        return "wait" if may_come_up else "bad"
    if violated & {"fingerprint", "public_key"} and seen.sha256 and (
            _is_one_of(seen, policy.previous) or not violated & {"trust", "hostname", "certificate"}):
        return "wait"
    return "bad"


def same_chain(members):
    """Whether all endpoints are on one trust chain: the same CA certificates above the leaf, up to and with the trust anchor.

    members: (label, trusted path above the leaf or None, issuer_id of the leaf or None). Where the path is not known (not reached,
    not trusted, Python before 3.10), issuers of different names still prove that the chains differ; equal ones leave it unknown.
    """
    known = set(path for label, path, issuer in members if path)
    issuers = set(issuer for label, path, issuer in members if issuer)
    unclear = list(dict.fromkeys(label for label, path, issuer in members if not path))
    if len(known) > 1 or len(issuers) > 1:
        return Finding("same_chain", VIOLATED, "the endpoints are on %d different trust chains" % max(len(known), len(issuers)),
                       "Deploy certificates of one CA, with the same intermediates, to all of them.")
    if unclear:
        return Finding("same_chain", UNKNOWN, "the trust chain is not known of: %s" % ", ".join(unclear[:10]))
    return Finding("same_chain", OK, "")


def same_leaf(members):
    """Whether all endpoints serve the same certificate. members: (label, SHA-256 of the leaf or "" if none was seen)."""
    known = list(dict.fromkeys(leaf for _label, leaf in members if leaf))
    unclear = list(dict.fromkeys(label for label, leaf in members if not leaf))
    if len(known) > 1:
        shown = ", ".join(leaf[:16] for leaf in known[:5]) + (" and %d more" % (len(known) - 5) if len(known) > 5 else "")
        return Finding("same_leaf", VIOLATED, "the endpoints serve %d different certificates: %s" % (len(known), shown),
                       "Deploy one certificate to all of them.")
    if unclear or not known:
        return Finding("same_leaf", UNKNOWN, "no certificate was seen of: %s" % ", ".join(unclear[:10]))
    return Finding("same_leaf", OK, "")


def days_left(facts, now):
    return int((facts.not_after - now).total_seconds() // _DAY)


def _unreachable(failure, others_seen):
    if failure.kind == "unreachable" and others_seen:
        return Finding("reachable", UNKNOWN, failure.detail, "This machine has no way to this address; others of the endpoint answered.")
    return Finding("reachable", VIOLATED, failure.detail, _FAILURE_HINTS[failure.kind])


def _trust(seen, facts, now):
    if seen.verify_code == 0:
        return Finding("trust", OK, "")
    hint = _VERIFY_HINTS.get(seen.verify_code, "Look the verify code up with 'openssl verify' and correct certificate or chain.")
    if seen.verify_code == 10:
        hint = ("The leaf is still valid: a CA certificate above it has expired; deploy the current intermediates, or renew ca_path."
                if facts and facts.not_after > now else _RENEW)
    return Finding("trust", VIOLATED, "verify return code %d (%s)" % (seen.verify_code, seen.verify_text), hint)


def _hostname(facts, name):
    if facts is None:
        return Finding("hostname", UNKNOWN, "nothing was seen")
    if matches(facts, name):
        return Finding("hostname", OK, "")
    covered = facts.names + facts.addresses
    shown = ", ".join(covered[:5]) + (" and %d more" % (len(covered) - 5) if len(covered) > 5 else "") or "no name (no subjectAltName)"
    mismatch = "hostname mismatch (62)" if _ip(name) is None else "IP address mismatch (64)"
    return Finding("hostname", VIOLATED, "%s: the certificate is for %s, not for %s" % (mismatch, shown, name),
                   "Bind a certificate that has the name, or correct 'name'.")


def _expiry(facts, least, now):
    if facts is None:
        return Finding("expiry", UNKNOWN, "nothing was seen")
    left = (facts.not_after - now).total_seconds()
    until = facts.not_after.strftime("%Y-%m-%d %H:%M UTC")
    if left < 0:
        return Finding("expiry", VIOLATED, "it expired at %s" % until, _RENEW)
    if facts.not_before > now:
        return Finding("expiry", VIOLATED, "it is not valid before %s" % facts.not_before.strftime("%Y-%m-%d %H:%M UTC"), _VERIFY_HINTS[9])
    if left < least * _DAY:
        return Finding("expiry", VIOLATED, "it expires in %d days, at %s; at least %d are wanted" % (left // _DAY, until, least),
                       _RENEW)
    return Finding("expiry", OK, "")


def _fingerprint(seen, policy):
    if not seen.sha256:
        return Finding("fingerprint", UNKNOWN, "nothing was seen")
    if policy.expected and not _is_one_of(seen, policy.expected):
        wanted = " or ".join(text[:16] for text in policy.expected[:3])
        previous = " (the previous certificate)" if _is_one_of(seen, policy.previous) else ""
        return Finding("fingerprint", VIOLATED, "it serves %s%s instead of %s" % (seen.sha256[:16], previous, wanted),
                       "Check that the new certificate was deployed to this endpoint; propagation may take minutes: wait for it.")
    if not policy.expected and _is_one_of(seen, policy.previous):
        return Finding("fingerprint", VIOLATED, "it still serves the previous certificate %s" % seen.sha256[:16],
                       "Check that a new certificate was deployed to this endpoint; propagation may take minutes: wait for it.")
    return Finding("fingerprint", OK, "")


def _is_one_of(seen, fingerprints):
    return seen.sha256 in fingerprints or seen.sha1 in fingerprints


def is_address(name):
    """Whether what host() gave is one."""
    return _ip(name) is not None


def _ip(text):
    try:
        return ipaddress.ip_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    except ValueError:
        return None
