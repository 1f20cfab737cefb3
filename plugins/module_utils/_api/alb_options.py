# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ALB says about TLS, and about the rules of its listener for plain HTTP. PRIVATE to the collection."""

from __future__ import annotations

from . import alb
from .https_options import SETTLED, Plain, Secure
from .rpc import CREATE, READ

PRODUCT = alb.PRODUCT._replace(actions=dict(alb.PRODUCT.actions, **{
    "ListRules": READ,
    "CreateRule": CREATE,
}))
SAME = {"Host": "${host}", "Path": "${path}", "Query": "${query}"}  # the defaults of a redirect, which may also be left out


def listeners(cloud, region):
    """The region's listeners, as the API has them, by (instance, port, protocol in lower case)."""
    rows = cloud.token_pages("alb", "ListListeners", {}, rows=lambda answer: answer.get("Listeners") or [], region=region)
    return dict(((row.get("LoadBalancerId"), row.get("ListenerPort"), (row.get("ListenerProtocol") or "").lower()), row) for row in rows)


def secure(row):
    return Secure(row["ListenerId"], row.get("SecurityPolicyId") or "", row.get("Http2Enabled"), row.get("ListenerStatus") in SETTLED)


def plain(cloud, region, instance, port, known):
    """What the HTTP listener does, as Plain. known: what listeners() has."""
    row = known.get((instance, port, "http"))
    if row is None:
        other = next((key[2] for key in known if key[:2] == (instance, port) and key[2] != "quic"), "")
        return Plain(protocol=other)
    rules = list(cloud.token_pages(
        "alb", "ListRules", {"ListenerIds": [row["ListenerId"]]}, rows=lambda answer: answer.get("Rules") or [], region=region))
    rule = next((rule for rule in rules if _sends_all_to_https(rule)), None)
    target = _redirect(rule) if rule else {}
    return Plain(
        id=row["ListenerId"], protocol="http", running=row.get("ListenerStatus") != "Stopped",
        settled=row.get("ListenerStatus") in SETTLED and (rule is None or rule.get("RuleStatus") in ("Available", None)),
        code=str(target.get("HttpCode") or "301") if rule else "", to=int(target["Port"]) if rule else 0,
        name=rule.get("RuleName") or "" if rule else "", last=max([rule.get("Priority") or 0 for rule in rules], default=0))


def _redirect(rule):
    actions = rule.get("RuleActions") or [{}]
    return (actions[-1].get("RedirectConfig") or {}) if actions[-1].get("Type") == "Redirect" else {}


def _sends_all_to_https(rule):
    """Whether a rule sends every request to the same address at https."""
    target = _redirect(rule)
    same = all(target.get(name) in (None, "", usual) for name, usual in SAME.items())
    everything = [(item.get("Type"), (item.get("PathConfig") or {}).get("Values")) for item in rule.get("RuleConditions") or []]
    return target.get("Protocol") == "HTTPS" and same and str(target.get("Port")).isdigit() and everything == [("Path", ["/*"])]
