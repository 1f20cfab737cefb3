# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Gate has seen as tls_verify returns it, and in words. Pure. PRIVATE to the collection."""

from __future__ import annotations

from . import judge
from .gate import asks
from .model import OK, UNKNOWN, VIOLATED

SHOWN_IN_MESSAGE = 20


def report(gate, decode, now, timed_out="", same_chain=False, same_leaf=False, seen_from="", elapsed=0.0):
    """The result's ``tls``, '' or the message to fail with, and warnings.

    decode: as certificate.Decoder; now: aware datetime; timed_out: what Gate.wait gave; elapsed: seconds.
    """
    (chain, chains), leaf, rows = gate.chains(), gate.leaves(), gate.rows
    groups = [finding for wanted, finding in ((same_chain, chain), (same_leaf, leaf)) if wanted]
    bad, apart = [row for row in rows if row.violated], [finding for finding in groups if finding.status == VIOLATED]
    tls = dict(
        ok=not (bad or apart or timed_out), checked=len(rows), rounds=gate.rounds, seen_at=_iso(now), seen_from=seen_from,
        elapsed=round(elapsed, 3), endpoints=[_entry(row, decode, now) for row in rows],
        same_chain=dict(required=same_chain, status=chain.status, message=chain.message, chains=chains),
        same_leaf=dict(required=same_leaf, status=leaf.status, message=leaf.message), certificates=_certificates(rows, decode))
    lines = [timed_out] if timed_out else []
    if bad:
        lines.append("%d of %d TLS endpoints %s not as they should be:" % (len(bad), len(rows), "is" if len(bad) == 1 else "are"))
        lines += ["- " + line_of(row) for row in bad[:SHOWN_IN_MESSAGE]]
        if len(bad) > SHOWN_IN_MESSAGE:
            lines.append("- and %d more, see tls.endpoints" % (len(bad) - SHOWN_IN_MESSAGE))
    lines += ["%s%s%s. %s" % (finding.message[0].upper(), finding.message[1:], _by_chain(chains) if finding is chain else "", finding.hint)
              for finding in apart]
    return tls, "\n".join(lines), _warnings(rows, groups, chain)


def line_of(row):
    """One line about one address: what was tried, on what, what was seen, what to do next."""
    seen, facts, endpoint = row.seen, row.facts, row.want.endpoint
    served = ""
    if seen.sha256:
        served = "; served %s%s" % (seen.sha256[:16], " '%s' issued by '%s', valid until %s" % (
            facts.subject, facts.issuer, _iso(facts.not_after)) if facts else "")
    place = "[%s]" % seen.address if ":" in seen.address else seen.address
    hints = dict.fromkeys(finding.hint for finding in row.violated)
    how = "".join((" by STARTTLS (%s)" % endpoint.starttls if endpoint.starttls else "",
                   ", offering %s only" % endpoint.key_type.upper() if endpoint.key_type else ""))
    return "%s (%s at %s:%d%s): %s%s. %s" % (endpoint.label, seen.name, place, seen.port, how,
                                             "; ".join(finding.message for finding in row.violated), served, " ".join(hints))


def _by_chain(chains):
    return " (%s)" % "; ".join("%s: %s" % (" < ".join(chain["issuers"]), ", ".join(chain["endpoints"][:5])) for chain in chains)


def _warnings(rows, groups, chain):
    found = []
    for finding in groups:
        if finding.status == UNKNOWN:
            old = finding is chain and any(row.seen.verify_code == 0 and row.seen.trusted is None for row in rows)
            found.append("%s: %s.%s" % (finding.code, finding.message, " Python before 3.10 does not show it." if old else ""))
    return found


def _entry(row, decode, now):
    seen, facts, endpoint = row.seen, row.facts, row.want.endpoint
    code = None if seen.verify_code is None else "%d (%s)" % (seen.verify_code, seen.verify_text)
    served = [decode(der)[0] for der in seen.chain] if seen.chain and seen.chain_known else None
    entry = dict(
        label=endpoint.label, name=seen.name, address=seen.address, port=seen.port, ok=not row.violated,
        verify_code=seen.verify_code, verify_text=seen.verify_text, verify_return_code=code, tls_version=seen.version,
        cipher=seen.cipher, alpn=seen.alpn, fingerprint=seen.sha256 or None, sha1=seen.sha1 or None, common_name=None, domains=[],
        issuer=None, key_type=None, not_before=None, not_after=None, days_left=None,
        chain=None if served is None else [facts.subject if facts else "?" for facts in served],
        chain_fingerprints=None if served is None else [facts.fingerprint if facts else "?" for facts in served],
        failure=dict(kind=seen.failure.kind, message=seen.failure.detail) if seen.failure else None, times=dict(seen.times),
        checks=dict((finding.code, finding.status) for finding in row.findings),
        findings=[dict(code=finding.code, status=finding.status, message=finding.message, hint=finding.hint)
                  for finding in row.findings if finding.status != OK])
    if facts:
        entry.update(common_name=facts.subject, domains=list(facts.names + facts.addresses), issuer=facts.issuer,
                     key_type=facts.key_type or None, not_before=_iso(facts.not_before), not_after=_iso(facts.not_after),
                     days_left=judge.days_left(facts, now))
    if asks(row.want.policy):
        entry.update(_further(row.extras))
    return entry


def _further(extras):
    """What the further looks showed; empty or None where nothing was seen, or not asked for."""
    web = extras and extras.web
    return dict(
        versions=_versions(extras.versions) if extras else {},
        key_types=dict((name, seen.sha256 or None) for name, seen in extras.key_types) if extras else {},
        stores=dict((name, _verdict(seen)) for name, seen in extras.stores) if extras else {},
        redirects=[dict(url=url, status=status, location=location or None) for url, status, location in web.steps] if web else [],
        hsts=web.hsts if web else None, revocation=_revocation(extras and extras.revocation), staple=_revocation(extras and extras.staple))


def _versions(looks):
    if not looks:
        return {}
    from .checks import refusal  # only here, as in gate.py
    return dict((name, refusal(seen, name)) for name, seen in looks)


def _verdict(seen):
    return seen.failure.detail if seen.verify_code is None else "%d (%s)" % (seen.verify_code, seen.verify_text)


def _revocation(found):
    if found is None:
        return None
    return dict(status=found.status, source=found.source, url=found.url or None, detail=found.detail,
                next_update=_iso(found.next_update) if found.next_update else None)


def _certificates(rows, decode):
    """Every certificate that was served or stands in a trusted chain, once."""
    chains = dict.fromkeys(chain for row in rows for chain in (row.seen.chain, row.seen.trusted) if chain)
    known = [decode(der)[0] for der in dict.fromkeys(der for chain in chains for der in chain)]
    return [dict(fingerprint=facts.fingerprint, subject=facts.subject, issuer=facts.issuer, not_before=_iso(facts.not_before),
                 not_after=_iso(facts.not_after), key=facts.key or None, key_bits=facts.key_bits or None,
                 signature_hash=facts.signature_hash or None, public_key=facts.public_key or None,
                 domains=list(facts.names + facts.addresses)) for facts in known if facts]


def _iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
