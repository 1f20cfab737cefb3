# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What judge.py leaves out, because only tls_verify asks for it. Pure, like judge.py. PRIVATE to the collection.

judge_more    what the handshake itself showed: public_key, version, key, signature, chain
judge_extras  what further looks showed: forbidden_versions, key_types, stores, staple, revocation, redirect, plain_http, hsts

Each finding is there only if the policy asks for it, in the order of judge.CODES. What could not be seen is unknown, never ok.
"""

from __future__ import annotations

from datetime import timedelta

from . import webchecks
from .model import OK, UNKNOWN, VIOLATED, Finding
from .webchecks import NOTHING

VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
MOST_CERTIFICATES = 32  # what is longer is no chain, and finding its order would take long
_KNOWN_HASHES = ("", "sha224", "sha256", "sha384", "sha512", "sha512-224", "sha512-256", "sha3-224", "sha3-256", "sha3-384", "sha3-512")
_WEAK_HASHES = ("sha1", "md5")
_NO_ISSUER = (2, 20, 21)  # OpenSSL's verify codes for: the issuer is neither served nor trusted
_REFUSALS = ("protocol version", "handshake failure", "insufficient security", "inappropriate fallback")
# How staple.py begins to say what is wrong with the staple; all else that it says is that it could not look or check.
_BAD_STAPLES = ("the server staples no", "the OCSP response ", "the signature of the OCSP response ", "the responder")
_SKEW = timedelta(minutes=5)  # clocks differ
_HINTS = {
    "public_key": "Check that the certificate with the right key was deployed to this endpoint.",
    "version": "Raise the server's highest TLS version, or choose a newer TLS policy for the listener.",
    "key": "Issue the certificate anew with a larger key, RSA 2048 or ECDSA P-256 at least; a CA's key changes only with the CA.",
    "signature": "Issue the certificate anew with SHA-256, and deploy the CA's current intermediates.",
    "chain": "Deploy the leaf followed by its intermediates, each once, in the order of who issued whom, without the root.",
    "forbidden_versions": "Raise the server's lowest TLS version, or choose a stricter TLS policy for the listener.",
    "key_types": "Bind a certificate of each kind of key to the endpoint.",
    "stores": "Have the certificate issued by a CA whose root is in these stores, or deploy its cross-signed intermediate.",
    "staple": "Turn on OCSP stapling, and check that the server can reach the OCSP responder of the certificate's CA.",
    "revocation": "Replace the certificate, with a new key, and find out why it was revoked.",
}


def judge_more(seen, facts, policy, now, decode, link=None):
    """Findings about one Observation beyond those of judge.judge.

    facts: of the leaf, None if there are none; now: aware datetime; decode: as certificate.Decoder; link: as its link(), without which
    no signature between two certificates can be checked.
    """
    checks = (
        ("public_key", policy.public_keys, lambda: _public_key(facts, policy.public_keys)),
        ("version", policy.min_version, lambda: _version(seen.version, policy.min_version)),
        ("key", policy.min_rsa or policy.min_ec, lambda: _key(seen, dict(rsa=policy.min_rsa, ecdsa=policy.min_ec), decode)),
        ("signature", not policy.weak_signatures, lambda: _signature(seen, decode, link)),
        ("chain", policy.chain, lambda: _chain(seen, now, decode, link)),
    )
    return tuple(finding_of(code, [(UNKNOWN, NOTHING)] if seen.failure else parts()) for code, asked, parts in checks if asked)


def judge_extras(extras, seen, facts, policy, now):
    """Findings about the Extras of one Observation; without Extras (None) all that is asked for is unknown."""
    checks = (
        ("forbidden_versions", policy.forbidden_versions, lambda: _each(policy.forbidden_versions, extras.versions, _forbidden)),
        ("key_types", policy.key_types, lambda: _each(policy.key_types, extras.key_types, _key_type)),
        ("stores", policy.stores, lambda: _each(policy.stores, extras.stores, _store)),
        ("staple", policy.staple, lambda: _staple(extras.staple, facts, now)),
        ("revocation", policy.revocation, lambda: _revocation(extras.revocation, now)),
    )
    nothing = seen.failure or extras is None
    revoked = extras is not None and extras.staple is not None and extras.staple.status == "revoked"
    found = tuple(finding_of(code, [(UNKNOWN, NOTHING)] if nothing else parts(), "revocation" if revoked and code == "staple" else code)
                  for code, asked, parts in checks if asked)
    return found + webchecks.judge_web(None if nothing else extras.web, seen.name, policy)


def finding_of(code, parts, hint=""):
    """One Finding of several parts (status, words): what is worst counts, and only its words. hint: the code whose hint it gets."""
    worst = next((status for status in (VIOLATED, UNKNOWN) if any(part[0] == status for part in parts)), OK)
    words = "; ".join(dict.fromkeys(words for status, words in parts if status == worst and words))
    return Finding(code, worst, words, _HINTS[hint or code] if worst == VIOLATED else "")


def refusal(seen, version=""):
    """What a handshake with one version only showed: accepted, refused or unknown. version: which one that was.

    Refused is what the server itself turned down. It is unknown after a timeout, and where this machine could not even ask; also after
    alerts that come later than the choice of the version, for instance about a client's certificate.
    """
    failure = seen.failure
    if failure is None:
        return "unknown" if seen.verify_code is None or version and seen.version not in (None, version) else "accepted"
    if failure.kind == "reset" or failure.kind == "alert" and any(words in failure.detail for words in _REFUSALS):
        return "refused"
    if failure.kind == "protocol" and failure.detail.endswith(("unsupported protocol", "wrong version number", "wrong ssl version")):
        return "refused"
    return "unknown"


def _public_key(facts, wanted):
    if facts is None or not facts.public_key:
        return [(UNKNOWN, NOTHING)]
    if facts.public_key in wanted:
        return [(OK, "")]
    return [(VIOLATED, "its public key is %s instead of %s" % (facts.public_key[:16], " or ".join(text[:16] for text in wanted[:3])))]


def _version(version, least):
    if version not in VERSIONS:
        return [(UNKNOWN, "the TLS version was not seen")]
    if VERSIONS.index(version) < VERSIONS.index(least):
        return [(VIOLATED, "%s was agreed on; at least %s is wanted" % (version, least))]
    return [(OK, "")]


def _key(seen, least, decode):
    parts = []
    for number, facts in enumerate(_served(seen, decode)):
        bits = least.get(facts.key, 0) if facts else 0
        if facts is None or not facts.key or bits and not facts.key_bits:
            parts.append((UNKNOWN, "the key of %s cannot be read" % _place(number, seen, facts)))
        elif facts.key_bits < bits:
            parts.append((VIOLATED, "%s has an %s key of %d bits; at least %d are wanted" % (
                _place(number, seen, facts), facts.key.upper(), facts.key_bits, bits)))
    return parts + _unseen(seen)


def _signature(seen, decode, link):
    """Of all that was served or used from the store, but for roots: nobody checks a root's own signature."""
    parts, anchor = [], seen.trusted[-1:] if seen.trusted else ()
    known = dict.fromkeys(der for der in seen.chain + (seen.trusted or ()) if der not in anchor)
    for number, der in enumerate(known):
        facts = decode(der)[0]
        if facts is None or facts.signature_hash not in _KNOWN_HASHES + _WEAK_HASHES:
            parts.append((UNKNOWN, "the signature of %s is of an unknown kind" % _place(number, seen, facts)))
        elif facts.signature_hash in _WEAK_HASHES and not _is_root(der, facts, link):
            parts.append((VIOLATED, "%s is signed with %s" % (_place(number, seen, facts), facts.signature_hash.upper())))
    return parts + _unseen(seen)


def _chain(seen, now, decode, link):
    unseen, served = _unseen(seen), _served(seen, decode)
    if unseen:
        return unseen
    if len(served) > MOST_CERTIFICATES:
        return [(VIOLATED, "%d certificates are served" % len(served))]
    if None in served:
        return [(UNKNOWN, "%s cannot be decoded" % _place(served.index(None), seen, None))]
    used = set(zip(seen.trusted or (), (seen.trusted or ())[1:]))

    def issued(issuer, number):
        """Whether one served certificate issued another; None where the names agree and the signature cannot be checked."""
        pair = seen.chain[number], seen.chain[issuer]
        if pair in used:
            return True
        if served[number].issuer_id != served[issuer].subject_id:
            return False
        return link(*pair) if link else None

    parts = [(VIOLATED, "%s expired at %s" % (_place(number, seen, facts), facts.not_after.strftime("%Y-%m-%d %H:%M UTC")))
             for number, facts in enumerate(served) if number and facts.not_after < now]
    parts += _order(seen, served, issued)
    parts += _gaps(seen, served, decode) if seen.trusted else _end(seen, served, issued)
    roots = [facts for der, facts in zip(seen.chain[1:], served[1:]) if _is_root(der, facts, link)]
    return parts + [(OK, "the root '%s' is served too, which no client needs" % facts.subject) for facts in roots]


def _order(seen, served, issued):
    """Parts about what does not stand where it should: behind the one that it issued."""
    parts, last = [], 0
    for number in range(1, len(served)):
        place = _place(number, seen, served[number])
        if seen.chain[number] in seen.chain[:number]:
            parts.append((VIOLATED, "%s is served twice" % place))
            continue
        ended = issued(last, last)
        followed = False if ended else issued(number, last)
        if followed is False:
            related = any(issued(number, other) is not False for other in range(len(served)) if other != number)
            parts.append((VIOLATED, "%s %s" % (place, "stands in the wrong place" if related and not ended else "is superfluous")))
            continue
        if followed is None:
            parts.append((UNKNOWN, "whether %s issued the one before it cannot be checked here" % place))
        last = number
    return parts


def _gaps(seen, served, decode):
    """Parts about what the trusted path needed without its being served. The root alone may come from the store."""
    parts, present = [], set((facts.subject_id, facts.public_key) for facts in served)
    for der in seen.trusted[1:]:
        facts = decode(der)[0]
        if facts is None:
            parts.append((UNKNOWN, "a CA certificate of the trusted path cannot be decoded"))
        elif (facts.subject_id, facts.public_key) not in present and facts.subject_id != facts.issuer_id:
            parts.append((VIOLATED, "the intermediate '%s' is not served; this machine has it, but others may not" % facts.subject))
    return parts


def _end(seen, served, issued):
    """Parts about where a chain ends that is not trusted."""
    end, passed = 0, {0}
    while True:
        above = [number for number in range(len(served)) if number not in passed and issued(number, end) is not False]
        if not above:
            break
        end = above[0]
        passed.add(end)
    facts = served[end]
    if facts.subject_id == facts.issuer_id:
        return []
    if seen.verify_code in _NO_ISSUER:
        return [(VIOLATED, "'%s', which issued %s, is neither served nor a root that is trusted here" % (
            facts.issuer, _place(end, seen, facts)))]
    return [(UNKNOWN, "whether '%s', which issued %s, is a root was not seen, because the chain is not trusted" % (
        facts.issuer, _place(end, seen, facts)))]


def _served(seen, decode):
    return [decode(der)[0] for der in seen.chain]


def _unseen(seen):
    """Parts about what was not seen of the chain."""
    if not seen.chain:
        return [(UNKNOWN, NOTHING)]
    return [] if seen.chain_known else [(UNKNOWN, "this Python shows the leaf only")]


def _is_root(der, facts, link):
    return facts.subject_id == facts.issuer_id and (link is None or link(der, der) is not False)


def _place(number, seen, facts):
    name = " ('%s')" % facts.subject if facts else ""
    if number >= len(seen.chain):
        return "the intermediate%s in the store of this machine" % name
    return "certificate %d of %d%s" % (number + 1, len(seen.chain), name) if number else "the leaf%s" % name


def _each(wanted, looks, verdict):
    """Parts about several looks. looks: pairs of a name and the Observation made under it."""
    seen = dict(looks)
    return [verdict(name, seen[name]) if name in seen else (UNKNOWN, "%s: %s" % (name, NOTHING)) for name in wanted]


def _forbidden(version, seen):
    found = refusal(seen, version)
    if found == "unknown":
        return UNKNOWN, "whether %s is refused was not seen: %s" % (version, seen.failure.detail if seen.failure else (
            "%s was agreed on" % seen.version if seen.version else NOTHING))
    return (OK, "") if found == "refused" else (VIOLATED, "%s is accepted" % version)


def _key_type(kind, seen):
    kind, failure = kind.upper(), seen.failure
    if failure is None and seen.verify_code is not None:
        return (OK, "") if seen.verify_code == 0 else (VIOLATED, "the %s certificate is not trusted: %d (%s)" % (
            kind, seen.verify_code, seen.verify_text))
    if failure and failure.kind == "alert" and any(words in failure.detail for words in _REFUSALS[1:3]):
        return VIOLATED, "a client that can use %s only is refused" % kind
    return UNKNOWN, "what a client gets that can use %s only was not seen: %s" % (kind, failure.detail if failure else NOTHING)


def _store(name, seen):
    if seen.failure or seen.verify_code is None:
        return UNKNOWN, "%s: %s" % (name, seen.failure.detail if seen.failure else NOTHING)
    return (OK, "") if seen.verify_code == 0 else (VIOLATED, "%s does not trust it: %d (%s)" % (name, seen.verify_code, seen.verify_text))


def _staple(found, facts, now):
    if found is None or found.status != "unknown" or not found.detail.startswith(_BAD_STAPLES):
        return _revocation(found, now, "the staple")
    demanded = "; the certificate demands a good one (must-staple), so that clients may refuse it" if facts and facts.must_staple else ""
    return [(VIOLATED, found.detail + demanded)]


def _revocation(found, now, who="the issuer"):
    if found is None:
        return [(UNKNOWN, NOTHING)]
    if found.status == "revoked":
        return [(VIOLATED, "%s says: %s" % (who, found.detail or "revoked"))]
    if found.status != "good":
        return [(UNKNOWN, found.detail or "nobody says whether it is revoked")]
    if found.next_update is not None and found.next_update < now - _SKEW:
        return [(UNKNOWN, "what %s says was good until %s only" % (who, found.next_update.strftime("%Y-%m-%d %H:%M UTC")))]
    return [(OK, "")]
