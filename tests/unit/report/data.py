# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of tls_verify, made by hand after its documentation: a platform in the middle of a rollout, a large one, a hostile one."""

from __future__ import annotations

import datetime
import hashlib

SEEN_AT = datetime.datetime(2026, 11, 25, 17, 0, tzinfo=datetime.timezone.utc)
ISSUING, ROOT = "Example Issuing CA", "Example Root CA"
HOSTILE = ("</script><img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onmouseover='alert(1)", "{{ 7 * 7 }}", "&lt;b&gt;",
           "a\nb\r\tc", "\x00\x1b[31m\ud800\uffff", "\u202egro.elpmaxe", "\\\" \\n", "]]>", "<!--", "-->", "naïve–日本")


def sha256(word):
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def finding(code, message, hint="", status="violated"):
    return dict(code=code, status=status, message=message, hint=hint)


def endpoint(name="www.example.com", address="203.0.113.10", port=443, label="", leaf="new", days=69, findings=(), code=0, text="ok",
             issuer=ISSUING, **more):
    """One entry of tls.endpoints. leaf: a word that stands for the certificate, None if none was seen."""
    found = list(findings)
    checks = dict.fromkeys(("reachable", "trust", "hostname", "expiry"), "ok")
    checks.update((item["code"], item["status"]) for item in found)
    entry = dict(
        label=label or "%s:%d" % (name, port), name=name, address=address, port=port, ok="violated" not in checks.values(),
        verify_code=code, verify_text=text, verify_return_code="%s (%s)" % (code, text), tls_version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384", alpn="h2", fingerprint=sha256(leaf or ""), sha1=hashlib.sha1((leaf or "").encode()).hexdigest(),
        common_name=name, domains=[name, "example.com"], issuer=issuer, key_type="ecdsa",
        not_before=iso(SEEN_AT + datetime.timedelta(days=days - 90)), not_after=iso(SEEN_AT + datetime.timedelta(days=days, hours=7)),
        days_left=days, chain=[name, issuer], chain_fingerprints=[sha256(leaf or ""), sha256(issuer)], versions={}, key_types={}, stores={},
        redirects=[], hsts=None, revocation=None, staple=None, failure=None, times=dict(resolve=0.4, connect=1.2, handshake=8.25),
        checks=checks, findings=found)
    if leaf is None:
        entry.update(dict.fromkeys((
            "verify_code", "verify_text", "verify_return_code", "tls_version", "cipher", "alpn", "fingerprint", "sha1", "common_name",
            "issuer", "key_type", "not_before", "not_after", "days_left", "chain", "chain_fingerprints")))
        entry.update(domains=[], times=dict(resolve=0.4))
        entry["checks"].update(trust="unknown", hostname="unknown", expiry="unknown")
    return dict(entry, **more)


def certificate(subject, issuer, days, key="rsa", key_bits=2048, print_=None):
    return dict(
        fingerprint=print_ or sha256(subject), subject=subject, issuer=issuer, not_before=iso(SEEN_AT - datetime.timedelta(days=400)),
        not_after=iso(SEEN_AT + datetime.timedelta(days=days)), key=key, key_bits=key_bits, signature_hash="sha256",
        public_key=sha256("key of " + subject), domains=[])


def tls(*endpoints, same_chain="ok", seen_at=SEEN_AT, required=True, **more):
    trusted = [entry for entry in endpoints if entry["verify_code"] == 0]
    chains = {}
    for entry in trusted:
        chains.setdefault(entry["issuer"], []).append(entry["label"])
    chains = [dict(issuers=[issuer, ROOT], fingerprints=[sha256(issuer), sha256(ROOT)], endpoints=list(dict.fromkeys(labels)))
              for issuer, labels in chains.items()]
    return dict(dict(
        ok=all(entry["ok"] for entry in endpoints), checked=len(endpoints), rounds=1, seen_at=iso(seen_at), seen_from="control.example.com",
        elapsed=1.204, endpoints=list(endpoints),
        same_chain=dict(required=required, status=same_chain, chains=chains,
                        message="" if same_chain == "ok" else "the endpoints are on 2 different trust chains"),
        same_leaf=dict(required=False, status="violated", message="the endpoints serve 4 different certificates"),
        certificates=[certificate(ISSUING, ROOT, 1500), certificate(ROOT, ROOT, 5000, "rsa", 4096)]), **more)


EXPIRED = finding("expiry", "it expired at 2026-11-22 00:00 UTC", "Renew the certificate, or deploy the renewed one.")
UNTRUSTED = finding(
    "trust", "verify return code 20 (unable to get local issuer certificate)",
    "Deploy the full chain (the leaf followed by its intermediates), or, if it is a private CA, name its root in ca_path; "
    "'openssl s_client -showcerts' shows what is sent.")
REFUSED = finding("reachable", "connection refused while connecting", "Check that the service runs and listens on this port.")
OLD = finding("fingerprint", "it serves {0} (the previous certificate) instead of {1}".format(sha256("old")[:16], sha256("new")[:16]),
              "Check that the new certificate was deployed to this endpoint; propagation may take minutes: wait for it.")
UNKNOWN = finding("revocation", "ocsp.example.com gave no answer: timed out", "Try again, or ask with revocation=any.", "unknown")


def good():
    return tls(endpoint(), endpoint("static.example.com", "203.0.113.20", label="cdn static.example.com"))


def mixed():
    """A rollout that is not through: old, expired, untrusted, down, and not known."""
    return tls(
        endpoint(label="lb-bp1web:443"),
        endpoint(label="lb-bp1web:443", address="2001:db8::10"),
        endpoint("api.example.com", "203.0.113.11", 8443, versions={"TLSv1": "refused", "TLSv1.1": "accepted"}, findings=[
            finding("forbidden_versions", "TLSv1.1 is accepted", "Switch TLSv1.1 off in the listener's TLS policy.")]),
        endpoint("static.example.com", "203.0.113.20", label="cdn static.example.com", leaf="old", days=9, findings=[OLD]),
        endpoint("img.example.com", "203.0.113.21", label="cdn img.example.com", leaf="img", days=25, findings=[UNKNOWN], revocation=dict(
            status="unknown", source="ocsp", url="http://ocsp.example.com/", detail="timed out", next_update=None)),
        endpoint("shop.example.com", "203.0.113.30", leaf="shop", days=-4, code=10, text="certificate has expired", findings=[
            finding("trust", "verify return code 10 (certificate has expired)", EXPIRED["hint"]), EXPIRED]),
        endpoint("mail.example.com", "203.0.113.40", 25, leaf="mail", days=140, issuer="Example Private CA", code=20,
                 text="unable to get local issuer certificate", findings=[UNTRUSTED], chain=["mail.example.com"]),
        endpoint("rec.example.com", "203.0.113.50", leaf=None, findings=[REFUSED],
                 failure=dict(kind="refused", message="connection refused while connecting")),
        endpoint("pay.example.net", "203.0.113.60", leaf="pay", days=322, issuer="Example Partner CA", redirects=[
            dict(url="http://pay.example.net/", status=308, location="https://pay.example.net/")], hsts="max-age=31536000",
            stores={"android": "0 (ok)"}, key_types={"rsa": sha256("pay"), "ecdsa": None}),
        same_chain="violated")


def earlier():
    """The same platform before the rollout."""
    entries = []
    for entry in mixed()["endpoints"]:
        if entry["fingerprint"] == sha256("new"):
            entry.update(fingerprint=sha256("old"), days_left=9, not_after=iso(SEEN_AT + datetime.timedelta(days=9)))
        if entry["name"] == "rec.example.com":
            entry = endpoint("rec.example.com", "203.0.113.50", leaf="old", days=9)
        if entry["name"] != "pay.example.net":
            entries.append(entry)
    return tls(*entries, endpoint("gone.example.com", "203.0.113.99", leaf="old", days=9), seen_at=SEEN_AT - datetime.timedelta(hours=2))


def many(count=1000):
    """A fleet: one in fifty is in trouble, one in seventy is not known."""
    entries = []
    for number in range(count):
        found = [EXPIRED] if number % 50 == 7 else [UNKNOWN] if number % 70 == 3 else []
        leaf, days = ("expired %d" % number, -3) if found == [EXPIRED] else ("leaf %d" % (number // 4), 20 + number // 4 % 340)
        address, port = "198.51.100.%d" % (number % 250 + 1), 443 + number // 250
        entries.append(endpoint("node%d.example.com" % number, address, port, leaf=leaf, days=days, findings=found))
    return tls(*entries)


def hostile():
    """Every text is one that wants out of where it is put."""
    entries = []
    for number, text in enumerate(HOSTILE):
        found = [finding("trust", text, text), finding(text, text, text, "unknown")]
        entry = endpoint(text, text, label=text, leaf=text.encode("utf-8", "replace").decode(), issuer=text, findings=found, days=number)
        entry.update(common_name=text, domains=[text], cipher=text, tls_version=text, chain=[text, text], hsts=text, alpn=text,
                     verify_return_code=text, versions={text: text}, stores={text: text}, key_types={text: text}, fingerprint=text,
                     sha1=text, redirects=[dict(url=text, status=301, location=text)], failure=dict(kind=text, message=text),
                     staple=dict(status=text, source=text, url=text, detail=text, next_update=text))
        entries.append(entry)
    return dict(tls(*entries), seen_from="".join(HOSTILE))
