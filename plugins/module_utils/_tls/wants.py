# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tls_verify as what is wanted of each endpoint. Pure. PRIVATE to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._errors import InputError
from . import judge
from .model import Endpoint, Policy, usual_port

PROXY_PORT = 8080
_WEB = ("https_redirect", "plain_http_refused", "hsts_min_age", "ocsp_staple")
_PROXY = re.compile(r"(?:http://)?(\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+)(?::(\d+))?/?\Z")


@dataclass(frozen=True)
class Want:
    """One endpoint of the task, in its order; one that names several addresses is as many."""

    number: int
    endpoint: Endpoint
    policy: Policy


def read_wants(params):
    """The module's options as a list of Want; raises InputError naming the endpoint and the option."""
    if not params["endpoints"]:
        raise InputError("endpoints is empty, so nothing would be proved. Give at least one endpoint.")
    for key in ("timeout", "parallel", "successes", "wait_interval"):
        if params[key] <= 0:
            raise InputError("%s is %s; it must be more than 0." % (key, params[key]))
    _check_together(params)
    common = dict((key, _fingerprints(params[key], key)) for key in ("expected_fingerprint", "previous_fingerprint"))
    common["public_key"] = _public_keys(params.get("public_key"), "public_key")
    asked = _policy(params)
    found = []
    for number, item in enumerate(params["endpoints"]):
        found += _read(number, item, common, asked)
    return [Want(number, endpoint, policy) for number, (endpoint, policy) in enumerate(found)]


def proxy_of(params):
    """(host, port) of the option proxy, or None."""
    text = params.get("proxy")
    if not text:
        return None
    found = _PROXY.match(text.strip())
    port = int(found.group(2) or PROXY_PORT) if found else 0
    if not 0 < port < 65536:
        raise InputError("proxy '%s' is not host:port or http://host:port. Give a user's name and password as proxy_username and "
                         "proxy_password." % re.sub(r"//[^@/]*@", "//***@", text))
    return found.group(1).strip("[]"), port


def stores_of(params):
    """{name: path} of the option trust_stores."""
    found = {}
    for item in params.get("trust_stores") or ():
        if not item["name"].strip() or item["name"] in found:
            raise InputError("trust_stores: each needs a name of its own; '%s' is empty or given twice." % item["name"])
        found[item["name"]] = item["path"]
    return found


def _check_together(params):
    """Refuse what cannot be proved together, instead of leaving a part of it out in silence."""
    if params.get("proxy") and any(params.get(key) not in (None, False) for key in _WEB):
        raise InputError("%s cannot be combined with proxy, because these are looked at without one."
                         % ", ".join(key for key in _WEB if params.get(key) not in (None, False)))
    if params.get("https_redirect") and params.get("plain_http_refused"):
        raise InputError("https_redirect wants an answer over plain HTTP, plain_http_refused wants none. Choose one of them.")
    if not 0 < params.get("http_port", 80) < 65536:
        raise InputError("http_port %d is not between 1 and 65535." % params["http_port"])
    for key in ("min_rsa_bits", "min_ec_bits", "hsts_min_age"):
        if (params.get(key) or 0) < 0:
            raise InputError("%s is %s; it cannot be negative." % (key, params[key]))
    floor = params.get("min_tls_version")
    if floor and floor in (params.get("forbidden_tls_versions") or ()):
        raise InputError("min_tls_version %s is among forbidden_tls_versions." % floor)


def _policy(params):
    return dict(
        min_days_left=params["min_days_left"], check_hostname=params["check_hostname"], min_version=params.get("min_tls_version") or "",
        forbidden_versions=tuple(dict.fromkeys(params.get("forbidden_tls_versions") or ())),
        key_types=tuple(dict.fromkeys(params.get("key_types") or ())), min_rsa=params.get("min_rsa_bits") or 0,
        min_ec=params.get("min_ec_bits") or 0, weak_signatures=params.get("allow_weak_signatures", True),
        chain=bool(params.get("check_chain")), stores=tuple(stores_of(params)), staple=bool(params.get("ocsp_staple")),
        revocation=params.get("revocation") or "", redirect=bool(params.get("https_redirect")),
        refused=bool(params.get("plain_http_refused")), hsts=params.get("hsts_min_age"), http_port=params.get("http_port", 80))


def _read(number, item, common, asked):
    """(Endpoint, Policy) of each address that the item names."""
    where = "endpoints[%d]" % number
    try:
        name = judge.host(item["name"])
        addresses = [judge.host(text) for text in _addresses(item, where)] or [name]
        sni = _sni(item.get("sni"))
    except ValueError as error:
        raise InputError("%s: %s." % (where, error)) from error
    where = "%s (%s)" % (where, name)
    starttls = item.get("starttls") or ""
    port = item["port"] if item["port"] is not None else usual_port(starttls)
    if not 0 < port < 65536:
        raise InputError("%s: port %d is not between 1 and 65535." % (where, port))
    prints = dict((key, _fingerprints(item[key], "%s: %s" % (where, key)) or common[key])
                  for key in ("expected_fingerprint", "previous_fingerprint"))
    keys = _public_keys(item.get("public_key"), "%s: public_key" % where) or common["public_key"]
    only = item.get("key_type") or ""
    more = dict(asked)
    if starttls:  # what speaks this has no web pages
        more.update(redirect=False, refused=False, hsts=None)
    if only:  # it is one of the two looks already
        more.update(key_types=())
    label = item["label"] or "%s:%d%s" % (name, port, " (%s)" % only if only else "")
    policy = Policy(prints["expected_fingerprint"], prints["previous_fingerprint"], public_keys=keys, **more)
    return [(Endpoint(name, address, port, label, only, sni, starttls), policy) for address in addresses]


def _addresses(item, where):
    given = [text for text in item.get("addresses") or () if text.strip()]
    if given and item["address"]:
        raise InputError("%s: give either address or addresses." % where)
    return list(dict.fromkeys(given)) or [item["address"]] * bool(item["address"])


def _sni(text):
    """None for the endpoint's name, "" for no server name at all."""
    if not text:
        return text
    name = judge.host(text)
    if not judge.is_address(name):
        return name
    raise ValueError("sni '%s' is an IP address, which must not be sent as a server name" % text)


def _fingerprints(texts, what):
    try:
        return tuple(judge.fingerprint(text) for text in texts or () if text.strip())
    except ValueError as error:
        raise InputError("%s: %s." % (what, error)) from error


def _public_keys(texts, what):
    found = _fingerprints(texts, what)
    if any(len(text) != 64 for text in found):
        raise InputError("%s: a public key is given by 64 hex digits, the SHA-256 of its SubjectPublicKeyInfo." % what)
    return found
