# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB's calls for forwarding rules. The only way to send plain HTTP to https is one: a listener's default action can only forward."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, declare
from ..calls import among, filled, once, region_of, tagged, tags_of, token_page, tree
from . import errors
from .models import PLAIN, Rule

SDK = "alibabacloud-alb20200616"
FINAL = ("ForwardGroup", "Redirect", "FixedResponse")  # a rule has one of them, as its last action
ACTION_TYPES = (*FINAL, "Rewrite", "InsertHeader", "RemoveHeader", "TrafficLimit", "TrafficMirror", "Cors")
CONDITION_TYPES = ("Host", "Path", "Header", "QueryString", "Method", "Cookie", "SourceIp", "ResponseHeader", "ResponseStatusCode")
REDIRECTS = ("301", "302", "303", "307", "308")


def list_rules(cloud: Any, call: Call) -> dict[str, Any]:
    alb = cloud.alb
    pairs = [(rule, alb.listeners[rule.listener_id]) for rule in alb.rules.values()]
    rows = [(rule, listener) for rule, listener in pairs
            if listener.region == region_of(call) and among(call, "ListenerIds", listener.id) and among(call, "RuleIds", rule.id)
            and among(call, "LoadBalancerIds", listener.load_balancer_id) and tagged(call, rule.tags)
            and (call.text("Direction") or "Request") == rule.direction]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    for listener in {listener.id: listener for _rule, listener in page}.values():
        alb.watch(listener)
    return {**fields, "Rules": [_row(rule, listener) for rule, listener in page]}


@once
def create_rule(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.alb.listener(call.text("ListenerId"), region_of(call))
    given = tree(call, PARAMS)
    check(given, listener.protocol)
    cloud.alb.begin(listener)
    if call.flag("DryRun"):
        raise errors.dry_run()
    rule = cloud.alb.add_rule(listener, given["RuleName"], given["Priority"], given.get("Direction", "Request"), given["RuleActions"],
                              given["RuleConditions"], tags_of(call))
    job = cloud.alb.finish(listener, call.action, "Create", ("rule", rule.id))
    return {"RuleId": rule.id, "JobId": job}


def check(given: dict[str, Any], protocol: str) -> None:
    """CloudError for a rule that ALB would not take for a listener of that protocol."""
    actions, conditions = given["RuleActions"], given["RuleConditions"]
    if not 1 <= given["Priority"] <= 10000:
        raise errors.illegal("Priority")
    if not 2 <= len(given["RuleName"]) <= 128 or not given["RuleName"][0].isalnum():
        raise errors.illegal("RuleName")
    if given.get("Direction", "Request") not in ("Request", "Response"):
        raise errors.illegal("Direction")
    if any(condition.get("Type") not in CONDITION_TYPES or condition["Type"] + "Config" not in condition for condition in conditions):
        raise errors.illegal("RuleConditions")
    if any(action.get("Type") not in ACTION_TYPES or not 1 <= action.get("Order", 0) <= 50000 for action in actions):
        raise errors.illegal("RuleActions")
    types = [action["Type"] for action in sorted(actions, key=lambda action: action["Order"])]
    if len({action["Order"] for action in actions}) < len(actions) or [kind for kind in types if kind in FINAL] != types[-1:]:
        raise errors.illegal("RuleActions")
    for action in actions:
        if action["Type"] == "Redirect":
            check_redirect(action.get("RedirectConfig", {}), protocol)


def check_redirect(target: dict[str, Any], protocol: str) -> None:
    """Something but the code must change, and what came over https cannot be sent to http."""
    default = {name: "${%s}" % name.lower() for name in ("Host", "Path", "Port", "Protocol", "Query")}
    if target.get("HttpCode", "301") not in REDIRECTS or all(target.get(name) in (None, "", value) for name, value in default.items()):
        raise errors.illegal("RedirectConfig")
    if target.get("Protocol", "HTTPS") not in ("HTTPS", default["Protocol"], *(["HTTP"] if protocol == PLAIN else [])):
        raise errors.illegal("RedirectConfig")


def _row(rule: Rule, listener: Any) -> dict[str, Any]:
    making = listener.busy and listener.job and listener.job.resource_id == rule.id
    return filled({
        "RuleId": rule.id, "RuleName": rule.name, "ListenerId": listener.id, "LoadBalancerId": listener.load_balancer_id,
        "Priority": rule.priority, "Direction": rule.direction, "RuleStatus": "Provisioning" if making else "Available",
        "RuleActions": rule.actions, "RuleConditions": rule.conditions,
        "Tags": [{"Key": key, "Value": value} for key, value in rule.tags.items()]})


PARAMS = declare(
    "ListenerId! Priority!:integer RuleName! ClientToken Direction DryRun:boolean Tag.N.Key Tag.N.Value RuleActions.N.Type! "
    "RuleActions.N.Order!:integer " + " ".join("RuleActions.N." + name for name in (
        "CorsConfig.AllowCredentials CorsConfig.AllowHeaders.N CorsConfig.AllowMethods.N CorsConfig.AllowOrigin.N "
        "CorsConfig.ExposeHeaders.N CorsConfig.MaxAge:integer FixedResponseConfig.Content FixedResponseConfig.ContentType "
        "FixedResponseConfig.HttpCode ForwardGroupConfig.ServerGroupStickySession.Enabled:boolean "
        "ForwardGroupConfig.ServerGroupStickySession.Timeout:integer ForwardGroupConfig.ServerGroupTuples.N.ServerGroupId "
        "ForwardGroupConfig.ServerGroupTuples.N.Weight:integer InsertHeaderConfig.Key InsertHeaderConfig.Value "
        "InsertHeaderConfig.ValueType RedirectConfig.Host RedirectConfig.HttpCode RedirectConfig.Path RedirectConfig.Port "
        "RedirectConfig.Protocol RedirectConfig.Query RemoveHeaderConfig.Key RewriteConfig.Host RewriteConfig.Path RewriteConfig.Query "
        "TrafficLimitConfig.PerIpQps:integer TrafficLimitConfig.QPS:integer "
        "TrafficMirrorConfig.MirrorGroupConfig.ServerGroupTuples.N.ServerGroupId TrafficMirrorConfig.TargetType").split())
    + " RuleConditions.N.Type! " + " ".join("RuleConditions.N." + name for name in (
        "CookieConfig.Values.N.Key CookieConfig.Values.N.Value HeaderConfig.Key HeaderConfig.Values.N HostConfig.Values.N "
        "MethodConfig.Values.N PathConfig.Values.N QueryStringConfig.Values.N.Key QueryStringConfig.Values.N.Value "
        "ResponseHeaderConfig.Key ResponseHeaderConfig.Values.N ResponseStatusCodeConfig.Values.N SourceIpConfig.Values.N").split()))
ACTIONS = (
    Action("ListRules", list_rules, declare(
        "Direction ListenerIds.N LoadBalancerIds.N MaxResults:integer NextToken RuleIds.N Tag.N.Key Tag.N.Value"), doc_ref=SDK),
    Action("CreateRule", create_rule, PARAMS, writes=True, doc_ref=SDK),
)
