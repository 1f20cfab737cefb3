# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB's rules and storage: what it has over services.listeners, which are QUIC and HTTP listeners, and forwarding rules.

A QUIC listener is over UDP: it has no endpoint on the data plane, may share its port with an HTTPS listener, and is the same to the
API. An HTTP listener has an endpoint whose plain-HTTP port counts; its TLS port refuses every handshake.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from .. import listeners
from ..listeners import Listener
from . import errors

PLAIN, SECURE, OVER_UDP = "HTTP", "HTTPS", "QUIC"
ORIGINAL = ("", "${host}", "${path}", "${query}")


@dataclasses.dataclass
class Rule:
    """A forwarding rule. actions, conditions: as the API has them, the actions in their order."""

    id: str
    name: str
    listener_id: str
    priority: int
    direction: str
    actions: list[dict[str, Any]]
    conditions: list[dict[str, Any]]
    tags: dict[str, str] = dataclasses.field(default_factory=dict)


class Alb(listeners.Balancers):
    _product = "alb"
    _errors = errors
    _tls = (SECURE, OVER_UDP)
    _pairs = True

    def __init__(self, cloud: Any) -> None:
        super().__init__(cloud)
        self.rules: dict[str, Rule] = {}

    def check_port(self, load_balancer_id: str, port: int, protocol: str) -> None:
        """CloudError for a port that is none, or that another listener over the same transport has."""
        if not 1 <= port <= 65535:
            raise errors.illegal("ListenerPort")
        for other in self.listeners.values():
            same = (other.protocol == OVER_UDP) == (protocol == OVER_UDP)
            if same and (other.load_balancer_id, other.port) == (load_balancer_id, port):
                raise errors.port_taken(port)

    def rules_of(self, listener: Listener) -> list[Rule]:
        """By their priority."""
        return sorted((rule for rule in self.rules.values() if rule.listener_id == listener.id), key=lambda rule: rule.priority)

    def add_rule(self, listener: Listener, name: str, priority: int, direction: str, actions: list[dict[str, Any]],
                 conditions: list[dict[str, Any]], tags: dict[str, str]) -> Rule:
        """CloudError when a rule of the listener has that priority."""
        if any(rule.priority == priority for rule in self.rules_of(listener)):
            raise errors.priority_taken(priority)
        rule = Rule("rule-{0:018x}".format(self._cloud.rng.getrandbits(70)), name, listener.id, priority, direction,
                    sorted(actions, key=lambda action: action["Order"]), conditions, tags)
        self.rules[rule.id] = rule
        return rule

    def publish(self, listener: Listener) -> None:
        if listener.protocol == PLAIN:
            self._cloud.dataplane.open(listener.key, http=True)
            self._cloud.dataplane.serve(listener.key, default=None, redirect=self.redirected(listener))
        elif listener.protocol == SECURE:
            super().publish(listener)

    def redirected(self, listener: Listener) -> dict[str, int]:
        """Host -> status with which the listener's rules send it to https; "" is every other host. The first rule counts."""
        hosts: dict[str, int] = {}
        for rule in self.rules_of(listener):
            if not to_https(rule):
                continue
            named = [value.lower() for condition in rule.conditions for value in condition.get("HostConfig", {}).get("Values", [])]
            status = int(rule.actions[-1]["RedirectConfig"].get("HttpCode") or 301)
            hosts = {**dict.fromkeys(named or [""], status), **hosts}
        return hosts

    def snapshot(self) -> dict[str, Any]:
        return {**super().snapshot(), "rules": [
            {"id": rule.id, "name": rule.name, "listener": rule.listener_id, "priority": rule.priority,
             "actions": [action["Type"] for action in rule.actions]} for rule in self.rules.values()]}

    def _key(self, load_balancer_id: str, port: int, protocol: str) -> str:
        return super()._key(load_balancer_id, port, protocol) + ("/quic" if protocol == OVER_UDP else "")


def to_https(rule: Rule) -> bool:
    """Whether a rule is what the data plane can carry out: all paths of some hosts, to the same address at https."""
    target = rule.actions[-1].get("RedirectConfig", {})
    same = all(target.get(name, "") in ORIGINAL for name in ("Host", "Path", "Query"))
    wide = all(condition["Type"] == "Host" or condition.get("PathConfig", {}).get("Values") == ["/*"] for condition in rule.conditions)
    return rule.actions[-1]["Type"] == "Redirect" and same and wide and (target.get("Protocol"), target.get("Port")) == ("HTTPS", "443")
