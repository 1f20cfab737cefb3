# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control port: what an operator of the emulated cloud, or a test, may see and change behind the account's back."""

from __future__ import annotations

import dataclasses
import fnmatch
import math
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import faults, pki
from .auth import random_text
from .server import Reply, Request, json_reply
from .state import NUISANCES, CloudError

if TYPE_CHECKING:
    from .emulator import Emulator

FARTHEST = 10 * 365 * 86400  # seconds that the clock may be moved at once
NUMBER = (int, float)
TYPES = {str: "string", bool: "boolean", int: "whole number", float: "number", dict: "object", type(None): "null"}


@dataclasses.dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Callable[[Emulator, dict[str, Any]], Any]
    help: str
    takes: dict[str, Any]  # name -> type, or a tuple of types; of the JSON body, of the query for GET
    wants: tuple[str, ...] = ()  # those without which it does not go

    def check(self, values: dict[str, Any]) -> None:
        """ValueError for an unknown, ill-typed or missing value."""
        for name, value in values.items():
            if name not in self.takes:
                raise ValueError("{0} {1} does not take {2}; it takes {3}.".format(
                    self.method, self.path, name, ", ".join(self.takes) or "nothing"))
            kinds = self.takes[name] if isinstance(self.takes[name], tuple) else (self.takes[name],)
            # bool is an int to Python, but never to an operator
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise ValueError("{0} takes a value of type {1}.".format(name, " or ".join(_type(kind) for kind in kinds)))
        missing = [name for name in self.wants if name not in values]
        if missing:
            raise ValueError("{0} {1} wants {2}.".format(self.method, self.path, ", ".join(missing)))


class Control:
    """Answers the control port's requests about one emulator: JSON always, but for the help; a refusal is one sentence."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def answer(self, request: Request) -> Reply:
        path = request.path.rstrip("/") or "/"
        if (request.method, path) == ("GET", "/"):
            return Reply(200, help_text().encode(), "text/plain; charset=utf-8")
        here = [route for route in ROUTES if route.path == path]
        route = next((route for route in here if route.method == request.method), None)
        if route is None:
            status, methods = (405, ", ".join(item.method for item in here)) if here else (404, "")
            return _error(status, "{0} takes {1} only.".format(path, methods) if here else "There is no {0}; GET / lists all.".format(path))
        try:
            values = _values(request, route)
            return json_reply(200, route.handler(self._emulator, values))
        except ValueError as exc:
            return _error(400, str(exc))
        except KeyError as exc:
            return _error(404, str(exc.args[0]))
        except CloudError as exc:
            return _error(400, exc.message)


def _values(request: Request, route: Route) -> dict[str, Any]:
    """The JSON body's object, or for GET the query. ValueError says what is wrong with it."""
    if request.method == "GET":
        try:
            values: Any = dict(request.query)
        except ValueError:
            raise ValueError("The query cannot be decoded; it is name=value.") from None
    else:
        try:
            values = request.json() if request.body.strip() else {}
        except ValueError:
            raise ValueError("The body is not JSON.") from None
        if not isinstance(values, dict):
            raise ValueError("The body is not a JSON object.")
    if route.path != "/faults":  # a fault's fields depend on its kind; see faults.Fault.parse
        route.check(values)
    return values


def _error(status: int, text: str) -> Reply:
    return json_reply(status, {"error": text if text.endswith(".") else text + "."})


def _type(kind: type) -> str:
    return TYPES.get(kind, kind.__name__)


# -- the journal and the state -------------------------------------------------------------------------------------------------------

def get_journal(emulator: Emulator, values: dict[str, Any]) -> Any:
    wanted = values.get("writes")
    if wanted not in (None, "0", "1"):
        raise ValueError("writes is 0 or 1.")
    return {"entries": emulator.journal(None if wanted is None else wanted == "1")}


def delete_journal(emulator: Emulator, _values: dict[str, Any]) -> Any:
    emulator.forget()
    return {}


def reset(emulator: Emulator, values: dict[str, Any]) -> Any:
    emulator.reset(**values)
    return get_endpoints(emulator, {})


def get_state(emulator: Emulator, _values: dict[str, Any]) -> Any:
    with emulator.gateway.hold() as cloud:
        return cloud.snapshot()


def get_endpoints(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return {"scenario": emulator.scenario, "endpoints": emulator.endpoints, "control": emulator.control_url,
            "data_plane": emulator.data_plane}


def get_provenance(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return {"actions": [
        {"product": product.name, "version": product.version, "action": item.name, "writes": item.writes, "provenance": item.provenance,
         "doc_ref": item.doc_ref} for product in emulator.gateway.products.values() for item in product.operations]}


# -- nuisances, time and trouble -----------------------------------------------------------------------------------------------------

def get_settings(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return emulator.cloud.setting.all()


def post_settings(emulator: Emulator, values: dict[str, Any]) -> Any:
    with emulator.gateway.hold() as cloud:
        cloud.setting.update(values)
        return cloud.setting.all()


def get_clock(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return {"now": emulator.clock.now().isoformat(timespec="seconds"), "offset": emulator.clock.offset.total_seconds(),
            "clients_are_ahead": emulator.gateway.keys.clients_are_ahead.total_seconds()}


def post_clock(emulator: Emulator, values: dict[str, Any]) -> Any:
    seconds = values["advance"]
    if not math.isfinite(seconds) or abs(seconds) > FARTHEST:
        raise ValueError("advance is at most {0} seconds.".format(FARTHEST))
    with emulator.gateway.hold():
        emulator.clock.advance(seconds)
        if values.get("clients_too"):
            emulator.gateway.keys.clients_are_ahead += timedelta(seconds=seconds)
    return get_clock(emulator, {})


def get_faults(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return {"faults": emulator.gateway.faults.all()}


def post_fault(emulator: Emulator, values: dict[str, Any]) -> Any:
    emulator.gateway.faults.add(values)
    return get_faults(emulator, {})


def delete_faults(emulator: Emulator, _values: dict[str, Any]) -> Any:
    emulator.gateway.faults.clear()
    return get_faults(emulator, {})


# -- the data plane ------------------------------------------------------------------------------------------------------------------

def get_served(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return {key: emulator.dataplane.serving(key) for key in emulator.data_plane}


def get_handshakes(emulator: Emulator, _values: dict[str, Any]) -> Any:
    return emulator.dataplane.handshakes()


def post_dataplane_fault(emulator: Emulator, values: dict[str, Any]) -> Any:
    key = values["key"]
    if key not in emulator.data_plane:
        raise KeyError("there is no endpoint {0}; there are: {1}".format(key, ", ".join(emulator.data_plane)))
    emulator.dataplane.fault(key, values["kind"])
    return {key: emulator.dataplane.serving(key)}


# -- certificates, tokens and keys ---------------------------------------------------------------------------------------------------

FLAWS = ("expired", "not_yet_valid", "self_signed", "sibling")  # one of them
DAMAGES = {"other_key": pki.with_other_key, "no_intermediate": pki.without_intermediate, "wrong_order": pki.in_wrong_order}


def post_issue(emulator: Emulator, values: dict[str, Any]) -> Any:
    names, days, key = values["names"], values.get("days", 90), values.get("key", "rsa")
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("names is a list of DNS names and addresses.")
    if not 0 < days < 36500:
        raise ValueError("days is more than 0 and less than 36500.")
    flaws = [name for name in FLAWS if values.get(name)]
    if len(flaws) + ("starts_in" in values) > 1:
        raise ValueError("at most one of {0}, starts_in.".format(", ".join(FLAWS)))
    if "starts_in" in values:
        material = _issue_from(emulator, values["starts_in"], names, days, key)
    else:
        material = _issue(emulator.authority, flaws, names, days, key)
    for name, damage in DAMAGES.items():
        material = damage(material) if values.get(name) else material
    return {"certificate": material.chain_pem, "private_key": material.key_pem, "fingerprint": material.fingerprint,
            "not_after": material.not_after.isoformat()}


def _issue(authority: pki.Authority, flaws: list[str], names: list[str], days: float, key: str) -> pki.Material:
    if not flaws:
        return authority.issue(names, days=days, key=key)
    if flaws == ["sibling"]:
        return authority.sibling().issue(names, days=days, key=key)
    if flaws == ["self_signed"]:
        return authority.self_signed(names, days=days, key=key)
    return getattr(authority, flaws[0])(names, key=key)


def _issue_from(emulator: Emulator, starts_in: float, names: list[str], days: float, key: str) -> pki.Material:
    """A good one that is valid from so many seconds from now on, or so many ago."""
    if not math.isfinite(starts_in) or abs(starts_in) > FARTHEST:
        raise ValueError("starts_in is at most {0} seconds.".format(FARTHEST))
    return emulator.authority.issue(names, days=days, key=key, not_before=emulator.clock.now() + timedelta(seconds=starts_in))


def post_http_host(emulator: Emulator, values: dict[str, Any]) -> Any:
    if not 1 <= values["port"] <= 65535:
        raise ValueError("port is from 1 to 65535.")
    with emulator.gateway.hold() as cloud:
        cloud.airec.set_http_host(values["domain"], values["host"], values["port"])
    return {}


def post_token(emulator: Emulator, values: dict[str, Any]) -> Any:
    token = values.get("token") or random_text(40)
    with emulator.gateway.hold() as cloud:
        cloud.airec.add_token(token, seconds=values.get("seconds"))
    return {"token": token}


def post_key(emulator: Emulator, values: dict[str, Any]) -> Any:
    known = ["{0}:{1}".format(product.ram, item.name) for product in emulator.gateway.products.values() for item in product.operations]
    for pattern in values.get("deny", []):
        if not isinstance(pattern, str) or not fnmatch.filter(known, pattern):
            raise ValueError("deny: {0} fits no RAM action of this cloud, such as {1}.".format(pattern, known[0]))
    seconds = values.get("seconds", 3600 if values.get("sts") else None)
    key = emulator.key(deny=values.get("deny", []), enabled=values.get("enabled", True), seconds=seconds)
    made = {"access_key_id": key.access_key_id, "access_key_secret": key.access_key_secret}
    return {**made, "security_token": key.security_token, "expires": key.expires.isoformat()} if key.expires else made


def post_service(emulator: Emulator, values: dict[str, Any]) -> Any:
    """Set switches of a service: its public attributes that hold a plain value."""
    with emulator.gateway.hold() as cloud:
        service = getattr(cloud, values["product"]) if values["product"] in emulator.gateway.products else None
        if service is None:
            raise ValueError("product is one of {0}.".format(", ".join(emulator.gateway.products)))
        plain = _switches(service)
        for name, value in values["switches"].items():
            if name not in plain or type(value) is not type(plain[name]):
                raise ValueError("{0} has no switch {1} of that type; there are: {2}.".format(
                    values["product"], name, ", ".join(plain) or "none"))
        for name, value in values["switches"].items():
            setattr(service, name, value)
        return {**plain, **values["switches"]}


def _switches(service: Any) -> dict[str, bool | int | str]:
    kind = type(service)
    names = [name for name in dir(service) if not name.startswith("_") and not isinstance(getattr(kind, name, None), property)]
    return {name: getattr(service, name) for name in names if isinstance(getattr(service, name), (bool, int, str))}


ROUTES = [
    Route("GET", "/journal", get_journal, "every call so far; ?writes=1 those that write, ?writes=0 the others", {"writes": str}),
    Route("DELETE", "/journal", delete_journal, "empty the journal", {}),
    Route("POST", "/reset", reset, "begin anew, as started or with another scenario, seed or calm",
          {"scenario": str, "seed": int, "calm": bool}),
    Route("GET", "/state", get_state, "what every service holds, without private keys", {}),
    Route("GET", "/endpoints", get_endpoints, "where the APIs, the control port and the data plane listen", {}),
    Route("GET", "/provenance", get_provenance, "every action: whether it writes, and where we know it from", {}),
    Route("GET", "/settings", get_settings, "the nuisances in force", {}),
    Route("POST", "/settings", post_settings, "change nuisances", {name: type(row[0]) for name, row in NUISANCES.items()}),
    Route("GET", "/clock", get_clock, "the cloud's time", {}),
    Route("POST", "/clock", post_clock, "move the cloud's clock by seconds; clients_too: their dates count as moved with it",
          {"advance": NUMBER, "clients_too": bool}, ("advance",)),
    Route("GET", "/faults", get_faults, "the faults ordered, and how often each has fired", {}),
    Route("POST", "/faults", post_fault, "order a fault: kind, product (*), action (*), times (1), after (0), and what its kind takes", {}),
    Route("DELETE", "/faults", delete_faults, "take all faults back", {}),
    Route("GET", "/served", get_served, "what each endpoint was last told to serve, as fingerprints", {}),
    Route("GET", "/handshakes", get_handshakes, "how often each endpoint was asked for its certificate", {}),
    Route("POST", "/dataplane/fault", post_dataplane_fault,
          "kind: stall, refuse, old, previous, propagation:<handshakes>, propagation:<seconds>s, or null for none",
          {"key": str, "kind": (str, type(None))}, ("key", "kind")),
    Route("POST", "/pki/issue", post_issue, "a certificate of this cloud's authority, good or broken in the ways that are true",
          {"names": list, "days": NUMBER, "key": str, "starts_in": NUMBER, **dict.fromkeys((*FLAWS, *DAMAGES), bool)}, ("names",)),
    Route("POST", "/airec/http_host", post_http_host, "where plain HTTP for a domain goes when AIRec fetches its validation file",
          {"domain": str, "host": str, "port": int}, ("domain", "host", "port")),
    Route("POST", "/airec/token", post_token, "another access token of AIRec, for so many seconds of the cloud's time",
          {"token": str, "seconds": NUMBER}),
    Route("POST", "/keys", post_key, "another access key; deny: patterns of RAM actions; sts or seconds: a temporary one",
          {"deny": list, "enabled": bool, "sts": bool, "seconds": NUMBER}),
    Route("POST", "/service", post_service, "switches of a service, such as what the account may do",
          {"product": str, "switches": dict}, ("product", "switches")),
]


def help_text() -> str:
    lines = ["The control port of the emulated cloud. Bodies are JSON objects.", ""]
    for route in ROUTES:
        lines.append("{0:<7} {1:<17} {2}".format(route.method, route.path, route.help))
        if route.method == "POST" and route.takes:
            lines.append("{0:<25} {1}".format("", ", ".join(name if name in route.wants else "[{0}]".format(name) for name in route.takes)))
    lines += ["", "Kinds of faults:", *("  {0:<15} {1}".format(kind, what) for kind, what in faults.KINDS.items())]
    lines += ["", "Nuisances (adverse, calm):"]
    lines += ["  {0:<15} {1!r:<5} {2!r:<6} {3}".format(name, *row) for name, row in NUISANCES.items()]
    return "\n".join(lines) + "\n"
