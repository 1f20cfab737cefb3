# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tls_verify has returned, checked and completed, so that whoever renders it need not ask. PRIVATE to the collection."""

from __future__ import annotations

import datetime
import math

from .._errors import InputError

TIME = "%Y-%m-%dT%H:%M:%SZ"


def text(value, where):
    """A text; whatever is not given is None for this and all other readers."""
    if not isinstance(value, str):
        raise InputError("%s is %s; it has to be a text." % (where, shown(value)))
    return value


def flag(value, where):
    if not isinstance(value, bool):
        raise InputError("%s is %s; it has to be true or false." % (where, shown(value)))
    return value


def whole(value, where):
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError("%s is %s; it has to be a whole number." % (where, shown(value)))
    return value


def number(value, where):
    """A finite number: JSON and Prometheus have no others."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise InputError("%s is %s; it has to be a number." % (where, shown(value)))
    return value


def moment(value, where):
    """A time as tls_verify writes it, kept as the text that it is."""
    try:
        datetime.datetime.strptime(text(value, where), TIME)
    except ValueError as error:
        raise InputError("%s is %s; it has to be a time such as 2026-11-25T17:00:00Z." % (where, shown(value))) from error
    return value


def status(value, where):
    if value not in ("ok", "violated", "unknown"):
        raise InputError("%s is %s; it has to be ok, violated or unknown." % (where, shown(value)))
    return value


def many(reader):
    """The reader of a list."""
    def read_all(value, where):
        if not isinstance(value, (list, tuple)):
            raise InputError("%s is %s; it has to be a list." % (where, shown(value)))
        return [reader(item, "%s[%d]" % (where, index)) for index, item in enumerate(value)]
    return read_all


def by_name(reader, nothing=False):
    """The reader of a dict whose keys are not known beforehand. nothing: whether a value may be null."""
    def read_all(value, where):
        expect_dict(value, where)
        return dict((str(name), None if nothing and item is None else reader(item, "%s.%s" % (where, name)))
                    for name, item in value.items())
    return read_all


def record(fields, *needed):
    """The reader of a dict with these fields, {name: (reader, what to take if it is absent or null)}, in this order.

    Fields that are not known here are left out: a newer tls_verify may say more than the report's schema has room for.
    """
    def read_one(value, where):
        expect_dict(value, where)
        lacking = [name for name in needed if value.get(name) is None]
        if lacking:
            raise InputError("%s has no %s. %s" % (where, " and no ".join(lacking), GIVE))
        return dict((name, absent() if value.get(name) is None else reader(value[name], "%s.%s" % (where, name)))
                    for name, (reader, absent) in fields.items())
    return read_one


def expect_dict(value, where):
    if not isinstance(value, dict):
        raise InputError("%s is %s; it has to be a dict. %s" % (where, shown(value), GIVE))


def shown(value):
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "..."


def nothing():
    return None


GIVE = "Give the 'tls' of what daas.https.tls_verify returned, for instance \"{{ seen.tls }}\" after 'register: seen'."
TEXT, FLAG, WHOLE, NUMBER, MOMENT = (text, nothing), (flag, nothing), (whole, nothing), (number, nothing), (moment, nothing)
TEXTS = (many(text), list)

FINDING = record(dict(code=(text, nothing), status=(status, nothing), message=(text, str), hint=(text, str)), "code", "status")
ENDPOINT = record(dict(
    label=TEXT, name=TEXT, address=TEXT, port=(whole, lambda: 443), ok=FLAG, verify_code=WHOLE, verify_text=TEXT, verify_return_code=TEXT,
    tls_version=TEXT, cipher=TEXT, alpn=TEXT, fingerprint=TEXT, sha1=TEXT, common_name=TEXT, domains=TEXTS, issuer=TEXT, key_type=TEXT,
    not_before=MOMENT, not_after=MOMENT, days_left=WHOLE, chain=(many(text), nothing), chain_fingerprints=(many(text), nothing),
    failure=(record(dict(kind=TEXT, message=TEXT)), nothing), times=(by_name(number), dict), checks=(by_name(status), dict),
    findings=(many(FINDING), list), versions=(by_name(text), dict), key_types=(by_name(text, nothing=True), dict),
    stores=(by_name(text), dict), redirects=(many(record(dict(url=TEXT, status=WHOLE, location=TEXT))), list), hsts=TEXT,
    revocation=(record(dict(status=TEXT, source=TEXT, url=TEXT, detail=TEXT, next_update=TEXT)), nothing),
    staple=(record(dict(status=TEXT, source=TEXT, url=TEXT, detail=TEXT, next_update=TEXT)), nothing)), "name")
CERTIFICATE = record(dict(
    fingerprint=TEXT, subject=TEXT, issuer=TEXT, not_before=MOMENT, not_after=MOMENT, key=TEXT, key_bits=WHOLE, signature_hash=TEXT,
    public_key=TEXT, domains=TEXTS), "fingerprint")
GROUP = dict(required=(flag, lambda: False), status=(status, lambda: "unknown"), message=(text, str))
CHAIN = record(dict(issuers=TEXTS, fingerprints=TEXTS, endpoints=TEXTS))
TLS = record(dict(
    ok=FLAG, seen_at=MOMENT, seen_from=TEXT, elapsed=NUMBER, rounds=WHOLE, endpoints=(many(ENDPOINT), list),
    same_chain=(record(dict(GROUP, chains=(many(CHAIN), list))), nothing), same_leaf=(record(GROUP), nothing),
    certificates=(many(CERTIFICATE), list)), "endpoints")


def read(value, option):
    """The result of tls_verify that ``option`` holds, with all fields of TLS. Raises InputError naming the field that cannot be."""
    if isinstance(value, dict) and "endpoints" not in value and isinstance(value.get("tls"), dict):
        raise InputError("%s holds a whole result. %s" % (option, GIVE))
    tls = TLS(value, option)
    for entry in tls["endpoints"]:
        entry["address"] = entry["address"] or entry["name"]
        entry["label"] = entry["label"] or "%s:%d" % (entry["name"], entry["port"])
    return tls
