# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS options beside the certificate: what is there, what is wanted, what is to be set so that nothing else is lost. Pure.

PRIVATE to the collection. An option that is None is left as it is. What a product replaces as a whole is merged here with what it has.
"""

from __future__ import annotations

from collections import namedtuple

from .._errors import InputError

# redirect: on, 301, 308 or off. hsts: dict of enabled, max_age, include_subdomains. tls_minimum: "1.2". cipher_policy: all or strict for
# domains, the id of a security policy for load balancers. http2, ocsp_stapling: bool.
Wanted = namedtuple("Wanted", "redirect hsts tls_minimum cipher_policy http2 ocsp_stapling")
DOMAINS, BALANCERS = ("cdn", "dcdn"), ("slb", "alb", "nlb")
CAN = {"cdn": Wanted._fields, "dcdn": Wanted._fields, "slb": ("redirect", "tls_minimum", "cipher_policy", "http2"),
       "alb": ("redirect", "tls_minimum", "cipher_policy", "http2"), "nlb": ("tls_minimum", "cipher_policy")}
DOMAIN_FUNCTIONS = ("https_force", "http_force", "HSTS", "https_tls_version", "https_option")
VERSIONS = {"1.0": "tls10", "1.1": "tls11", "1.2": "tls12", "1.3": "tls13"}
GROUPS = ("all", "strict")
PLAIN_PORT = 80
# The load balancers' own security policies -> the lowest version of TLS; the first of a version is the one that has all its ciphers
POLICIES = {"tls_cipher_policy_1_0": "1.0", "tls_cipher_policy_1_1": "1.1", "tls_cipher_policy_1_2": "1.2",
            "tls_cipher_policy_1_2_strict": "1.2", "tls_cipher_policy_1_2_strict_with_1_3": "1.2"}


def check(service, wanted):
    """Raises InputError for what the service cannot do, whatever it has."""
    if wanted.hsts and (wanted.hsts.get("max_age") or 0) < 0:
        raise InputError("hsts: max_age is a number of seconds, not %d." % wanted.hsts["max_age"])
    asked = [name for name in Wanted._fields if getattr(wanted, name) is not None]
    for name in asked:
        if name not in CAN[service]:
            able = ", ".join(sorted(other for other in CAN if name in CAN[other]))
            raise InputError("%s cannot be set on %s; it can be on %s. Call the module for those resources by themselves." % (
                name, service, able))
    if service in DOMAINS:
        if wanted.cipher_policy not in (None,) + GROUPS:
            raise InputError("cipher_policy: %s has %s, not '%s'; other policies are those of load balancers." % (
                service, " and ".join(GROUPS), wanted.cipher_policy))
        return
    if service == "slb" and wanted.redirect in ("301", "308"):
        raise InputError("redirect: slb redirects with 302, and its API has no way to choose; say redirect: on. alb, cdn and dcdn can "
                         "redirect with %s." % wanted.redirect)
    _check_policy(service, wanted)


def _check_policy(service, wanted):
    policy, minimum = wanted.cipher_policy, wanted.tls_minimum
    if policy in GROUPS or (service == "slb" and policy and policy not in POLICIES):
        raise InputError("cipher_policy: %s has no policy '%s'; it has %s%s." % (
            service, policy, ", ".join(POLICIES), "" if service == "slb" else " and the account's own"))
    if policy and minimum and POLICIES.get(policy) != minimum:
        raise InputError("cipher_policy: on load balancers the policy decides about versions of TLS, and the lowest of '%s' is %s, not %s. "
                         "Leave out one of the two options." % (policy, POLICIES.get(policy, "its own matter"), minimum))
    if minimum and minimum not in POLICIES.values():
        raise InputError("tls_minimum: no policy of %s has TLS %s as its lowest version; cdn and dcdn can. The nearest is "
                         "cipher_policy: tls_cipher_policy_1_2_strict_with_1_3." % (service, minimum))


# -- accelerated domains -------------------------------------------------------------------------------------------------------------

def functions_to_set(present, wanted):
    """name -> all arguments, for the functions that have to be set. present: name -> arguments of those that there are."""
    parts = (("https_force", _force), ("HSTS", _hsts), ("https_tls_version", _versions), ("https_option", _option))
    found = dict((name, part(present.get(name) or {}, wanted)) for name, part in parts)
    return dict((name, arguments) for name, arguments in found.items() if arguments != (present.get(name) or {}))


def _force(old, wanted):
    redirect = wanted.redirect
    if redirect is None or (redirect == "off" and not old) or (redirect == "on" and old.get("enable") == "on"):
        return old
    if redirect == "off":
        return dict(old, enable="off")
    return dict(old, enable="on", https_rewrite=(old.get("https_rewrite") or "301") if redirect == "on" else redirect)


def _hsts(old, wanted):
    hsts = wanted.hsts
    if not hsts or (not hsts["enabled"] and not old):
        return old
    if not hsts["enabled"]:
        return dict(old, enabled="off")
    seconds = old.get("https_hsts_max_age") if hsts.get("max_age") is None else str(hsts["max_age"])
    if not seconds:
        raise InputError("hsts: max_age is needed where HSTS has never been set. Begin with a short one: browsers do not forget it before.")
    wide = hsts.get("include_subdomains")
    return dict(old, enabled="on", https_hsts_max_age=seconds,
                https_hsts_include_subdomains=(old.get("https_hsts_include_subdomains") or "off") if wide is None else _word(wide))


def _versions(old, wanted):
    new = dict(old)
    if wanted.tls_minimum:
        at = list(VERSIONS).index(wanted.tls_minimum)
        had = [number for number, name in enumerate(VERSIONS.values()) if old.get(name) == "on"]
        for number, name in enumerate(VERSIONS.values()):
            if number < at:
                new[name] = "off"
            elif number == at or not had or number < min(had):
                new[name] = "on"  # no gap between the lowest version that is wanted and the lowest that there was
            else:
                new.setdefault(name, "on")
    if wanted.cipher_policy and wanted.cipher_policy != old.get("ciphersuitegroup"):
        new["ciphersuitegroup"] = wanted.cipher_policy
        new.pop("ciphersuite", None)  # the list of the group custom
    return new


def _option(old, wanted):
    asked = dict(http2=wanted.http2, ocsp_stapling=wanted.ocsp_stapling)
    return dict(old, **dict((name, _word(value)) for name, value in asked.items() if value is not None))


def in_the_way(present, wanted):
    """The function of an Accelerated that has to be deleted before a redirect to https can be set, or None.

    Raises InputError if that function is in use.
    The product refuses the one redirect while it has the other one, even switched off.
    """
    old = present.always().get("https_force") or {}
    if wanted.redirect in (None, "off") or _force(old, wanted) == old:
        return None
    found = [function for function in present.functions if function.name == "http_force"]
    if any(function.parent or function.arguments.get("enable") != "off" for function in found):
        raise InputError("redirect: the domain sends https to http (function http_force), %s. Remove that first; it is not taken away "
                         "here." % ("under a condition" if any(function.parent for function in found) else "and that is on"))
    return found[0] if found else None


def view_of_domain(functions):
    """The options as a result shows them; None for what the domain does not say."""
    force, hsts, tls, option = (functions.get(name) or {} for name in ("https_force", "HSTS", "https_tls_version", "https_option"))
    on = [version for version, name in VERSIONS.items() if tls.get(name) == "on"]
    seconds = hsts.get("https_hsts_max_age") or ""
    return dict(
        redirect=(force.get("https_rewrite") or "on") if force.get("enable") == "on" else "off",
        hsts=dict(enabled=hsts.get("enabled") == "on", max_age=int(seconds) if seconds.isdigit() else None,
                  include_subdomains=hsts.get("https_hsts_include_subdomains") == "on"),
        tls_minimum=min(on, default=None), cipher_policy=tls.get("ciphersuitegroup"), http2=_yes(option.get("http2")),
        ocsp_stapling=_yes(option.get("ocsp_stapling")))


def _word(value):
    return "on" if value else "off"


def _yes(word):
    return word == "on" if word else None


# -- load balancers ------------------------------------------------------------------------------------------------------------------

def policy_to_set(present, wanted):
    """The id of the security policy that has to be set, or None."""
    policy = wanted.cipher_policy
    if wanted.tls_minimum and not policy:
        if present and present not in POLICIES:
            raise InputError("tls_minimum: the listener has the policy %s of the account, which decides about versions of TLS. Change that "
                             "policy, or name another one as cipher_policy." % present)
        lowest = POLICIES.get(present)
        policy = present if lowest == wanted.tls_minimum else next(
            name for name, version in POLICIES.items() if version == wanted.tls_minimum)
    return policy if policy and policy != present else None


def redirect_to_make(plain, wanted, port, creates):
    """None, or what has to be done for the redirect: 'create' or 'start'. Raises InputError for what would take something away.

    creates: the protocol that PLAIN_PORT must have for a redirect to be made there: '' (nothing) or http.
    """
    redirect, where = wanted.redirect, "port %d of this load balancer" % PLAIN_PORT
    if redirect is None or (redirect == "off" and not (plain.to == port and plain.running)):
        return None
    if redirect == "off":
        raise InputError("redirect: %s redirects to %d; that is not taken away here. Delete %s by hand." % (
            where, port, "the rule %s" % plain.name if plain.name else "the listener"))
    if plain.to and plain.to != port:
        raise InputError("redirect: %s redirects to %d, not to %d. Delete that redirect by hand first." % (where, plain.to, port))
    if plain.to and redirect not in ("on", plain.code):
        raise InputError("redirect: %s redirects with %s, not %s. Delete the rule %s by hand first." % (
            where, plain.code, redirect, plain.name))
    if plain.to:
        return None if plain.running or creates else "start"
    if plain.protocol == creates:
        return "create"
    if creates:
        raise InputError("redirect: %s has %s. A redirect is a rule of an HTTP listener there, and that needs a server group; make one "
                         "first." % (where, "a listener for %s" % plain.protocol if plain.protocol else "no listener"))
    raise InputError("redirect: %s has a listener for %s that does not redirect, and that cannot be changed. Delete it by hand first." % (
        where, plain.protocol))


def view_of_listener(secure, plain, port):
    """The options as a result shows them; plain is None if nobody asked for a redirect."""
    return dict(redirect=None if plain is None else plain.code if plain.to == port and plain.running else "off", hsts=None,
                tls_minimum=POLICIES.get(secure.policy), cipher_policy=secure.policy or None, http2=secure.http2, ocsp_stapling=None)
