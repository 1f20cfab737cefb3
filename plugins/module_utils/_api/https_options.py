# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What products say about HTTPS options, in common words. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Tuple


SETTLED = ("Running", "Stopped")  # states of a listener of ALB or NLB that nothing is being done to


@dataclass(frozen=True)
class Function:
    """A function of a domain. parent: the condition under which it holds, '' for always. status: success, configuring, failed, …"""

    id: str
    name: str
    arguments: Mapping[str, str]
    parent: str = ""
    status: str = "success"


@dataclass(frozen=True)
class Accelerated:
    """What a domain has of the functions that were asked for; https: whether it has a certificate."""

    functions: Tuple[Function, ...] = ()
    https: bool = True

    def always(self):
        """name -> arguments of the functions that hold always. The others are nobody's business here."""
        return dict((function.name, dict(function.arguments)) for function in self.functions if not function.parent)


@dataclass(frozen=True)
class Secure:
    """What a TLS listener has. id: where the product has ids of listeners; http2: None if it has no such switch."""

    id: str
    policy: str
    http2: Any
    settled: bool = True


@dataclass(frozen=True)
class Plain:
    """What is on the port for plain HTTP. protocol: '' for nothing.

    code, to: status and port of the redirect of everything to https, '' and 0 if there is none.
    name: of the rule that redirects; last: the greatest priority of a rule.
    """

    id: str = ""
    protocol: str = ""
    running: bool = False
    settled: bool = True
    code: str = ""
    to: int = 0
    name: str = ""
    last: int = 0


def functions_of(cloud, product, action, domain, names, https):
    """An Accelerated of what DescribeCdnDomainConfigs, or DCDN's call of that kind, answers. https: whether the domain has HTTPS."""
    answer = cloud.call(product, action, dict(DomainName=domain, FunctionNames=",".join(names)), target=domain)
    rows = (answer.get("DomainConfigs") or {}).get("DomainConfig") or []
    return Accelerated(tuple(_function(row) for row in rows), https)


def _function(row):
    arguments = (row.get("FunctionArgs") or {}).get("FunctionArg") or []
    parent = str(row.get("ParentId") or "")
    return Function(
        str(row.get("ConfigId") or ""), row.get("FunctionName") or "", dict((item["ArgName"], item["ArgValue"]) for item in arguments),
        "" if parent in ("0", "-1") else parent, row.get("Status") or "")
