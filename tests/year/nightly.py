# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs unattended, as calls of modules in the order of the playbooks rotate (daily) and prune (weekly).

A call that fails ends the run with a report; what a playbook rescues is rescued here, too. Nothing is remembered from one night to the
next but the pair that was obtained last, in its folder, as role certificate keeps it.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from tests.emulator.scenarios import year
from tests.year.platform import Killed, Platform

SERIES = "shop"
WITHIN_DAYS = 30
KEEP_LAST, GRACE_DAYS = 2, 7
SEEN = 1.0  # seconds that a new certificate may take to be served; here it takes none


class Failed(Exception):
    """A module failed; the text is its message."""


@dataclasses.dataclass
class Night:
    """What became of a run. action: what the look at the beginning said; done: it was carried out, all of it.

    undone: a proof failed, and what was changed was taken back; whole: all of that succeeded, too.
    """

    action: str = ""
    message: str = ""
    done: bool = False
    undone: bool = False
    whole: bool = False
    problems: list[str] = dataclasses.field(default_factory=list)
    wanted: str = ""


class Operator:
    """Runs the nights. next: folder of the pair that was obtained last."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.next = platform, platform.installed
        self.starts_in = -3600  # seconds until what is obtained is valid
        self.ca_is_out = False

    def call(self, module: str, /, **params: Any) -> dict[str, Any]:
        """The module's result. Failed when it failed."""
        result = self.platform.module(module, **params, **({} if module == "tls_verify" else self.platform.connection()))
        if result["failed"]:
            raise Failed("{0}: {1}".format(module, result["msg"]))
        return result

    # -- rotate ----------------------------------------------------------------------------------------------------------------------

    def rotate(self) -> Night:
        night = Night()
        try:
            self._rotate(night)
        except (Failed, Killed) as exc:
            night.problems.append(str(exc))
        return night

    def look(self) -> dict[str, Any]:
        """What cas_rotation_info says, given the pair that was obtained last."""
        others = [self.platform.app_endpoint(), self.platform.airec_endpoint()]
        found = self.call(
            "cas_rotation_info", name=SERIES, resources=self.platform.resources(), https_endpoints=others, within_days=WITHIN_DAYS,
            ca_path=self._ca, parallel=1, certificate_path=str(self.next / "fullchain.pem"))
        return found["rotation"]

    def _rotate(self, night: Night) -> None:
        rotation = self.look()
        night.action, night.message = rotation["action"], rotation["message"]
        if rotation["action"] == "obtain":
            if self.ca_is_out:
                raise Failed("the authority issues nothing tonight")
            self.next = self.platform.issue(self.starts_in)
            rotation = self.look()
            night.action = "{0}, {1}".format(night.action, rotation["action"])
        if rotation["action"] == "deploy":
            night.wanted = rotation["wanted"]["fingerprint"]
            self.roll_out(night, rotation["covers"], rotation["unknown"])
            night.done = not rotation["unknown"]
        if rotation["action"] == "blocked" or rotation["unknown"]:
            raise Failed(rotation["message"])

    def roll_out(self, night: Night, covers: list[str], unknown: list[dict[str, Any]]) -> None:
        """To everything that has the series' certificate, but for what could not be looked at, because nothing could prove it there.

        Failed: a proof, after which all is taken back, or a call.
        """
        pair = self.platform.pairs / night.wanted[:16]
        self.call("cas_certificate", name=SERIES, certificate_path=str(pair / "fullchain.pem"), covers=covers, ca_path=self._ca,
                  private_key_path=str(pair / "privkey.pem"))
        old, changed = self.platform.installed, []
        try:
            unseen = {item["label"] for item in unknown}
            resources = [resource for resource in self.platform.resources() if not is_unseen(resource, unknown)]
            self._edge(resources, night.wanted, changed)
            proved = [endpoint for resource in resources for endpoint in resource["endpoints"]]
            for endpoint, step in ((self.platform.app_endpoint(), self._app_host), (self.platform.airec_endpoint(), self._airec)):
                if endpoint["label"] not in unseen:
                    step(pair, night.wanted)
                    proved.append(endpoint)
            self._prove(proved, night.wanted, same_chain=True)
        except Failed:
            self._undo(night, changed, old)
            raise

    def _edge(self, resources: list[dict[str, Any]], wanted: str, changed: list[dict[str, Any]]) -> None:
        """In waves, each proved before the next; what was changed goes into the list."""
        for wave in filter(None, (resources[:1], resources[1:11], resources[11:])):
            bare = [{key: resource[key] for key in resource if key != "endpoints"} for resource in wave]
            result = self.platform.module("cas_deploy", certificate=dict(fingerprint=wanted), resources=bare, parallel=1, wait_timeout=5,
                                          **self.platform.connection())
            changed += [row for row in result.get("deployment", {}).get("targets", []) if row["changed"]]
            if result["failed"]:
                raise Failed("cas_deploy: " + result["msg"])
            self._prove([endpoint for resource in wave for endpoint in resource["endpoints"]], wanted)

    def _app_host(self, pair: pathlib.Path, wanted: str) -> None:
        """The stand-in for role app_host: the same steps."""
        self.platform.install(pair)
        self.platform.reload()
        self._prove([self.platform.app_endpoint()], wanted)

    def _airec(self, pair: pathlib.Path, wanted: str) -> None:
        self._bind(pair, wait=True, wait_timeout=5)
        self._prove([self.platform.airec_endpoint()], wanted)

    def _bind(self, pair: pathlib.Path, **more: Any) -> dict[str, Any]:
        number = next(str(item["id"]) for item in self.platform.state()["cas"]["certificates"] if item["fingerprint"][:16] == pair.name)
        return self.call(
            "airec_cert_bind", instance_id=year.AIREC_INSTANCE, region=year.REGIONS[0], access_token=self.platform.cloud["airec_token"],
            domains=[year.AIREC_DOMAIN], certificate_id=number, certificate_path=str(pair / "fullchain.pem"), ca_path=self._ca,
            private_key_path=str(pair / "privkey.pem"), https_enforced=True, **more)

    def _prove(self, endpoints: list[dict[str, Any]], wanted: str, same_chain: bool = False) -> None:
        self.call("tls_verify", endpoints=endpoints, expected_fingerprint=[wanted], ca_path=self._ca, wait=True, wait_timeout=SEEN,
                  parallel=1, same_chain=same_chain)

    def _undo(self, night: Night, changed: list[dict[str, Any]], old: pathlib.Path) -> None:
        """Everything back to the pair before; what cannot be put back keeps nothing else from it."""
        night.undone = True
        steps = [lambda: self.call("cas_deploy", restore=changed, parallel=1, wait_timeout=5)] if changed else []
        if self.platform.installed != old:
            steps.append(lambda: (self.platform.install(old), self.platform.reload()))
        if self.platform.state()["airec"]["instances"][0]["domains"][0]["fingerprint"][:16] != old.name:
            steps.append(lambda: self._bind(old, wait=True, wait_timeout=5))
        failed = []
        for step in steps:
            try:
                step()
            except Failed as exc:
                failed.append(str(exc))
        night.problems += failed
        night.whole = not failed

    # -- prune -----------------------------------------------------------------------------------------------------------------------

    def prune(self) -> dict[str, Any]:
        """The result of the weekly call, over all series; failed or not. Killed as told."""
        platform = self.platform
        return platform.module(
            "cas_certificate", state="pruned", keep_last=KEEP_LAST, grace_days=GRACE_DAYS, parallel=1, ca_path=self._ca,
            resources=platform.resources(), discover=dict(services=[*year.KINDS, *year.DOMAINS], regions=list(year.REGIONS)),
            https_endpoints=platform.endpoints() + platform.bystanders(),
            airec=[dict(instance_id=year.AIREC_INSTANCE, region=year.REGIONS[0], access_token=platform.cloud["airec_token"])],
            **platform.connection())

    # -- the first day ---------------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Everything gets the first certificate that the operator has the key of; AIRec's domain is proved by DNS."""
        fingerprint = next(iter(self.platform.issued))
        self.call("cas_certificate", name=SERIES, certificate_path=str(self.next / "fullchain.pem"), ca_path=self._ca,
                  private_key_path=str(self.next / "privkey.pem"))
        bound = self._bind(self.next, wait=False)
        challenge = next(item for item in bound["binding"]["domains"][0]["validations"] if item["type"] == "DNS_CNAME")
        self.call("alidns_record", zone="example.com", records=[
            dict(name=challenge["record_name"], type="CNAME", value=challenge["record_value"])])
        self.roll_out(Night(wanted=fingerprint), [], [])

    @property
    def _ca(self) -> str:
        return self.platform.cloud["ca_path"]


def is_unseen(resource: dict[str, Any], unknown: list[dict[str, Any]]) -> bool:
    """Whether a resource or one of its endpoints is among what could not be looked at."""
    named = ("service", "region", "instance", "listener_port") if resource.get("instance") else ("service", "domain")
    labels = {endpoint["label"] for endpoint in resource["endpoints"]}
    return any(item["label"] in labels or all(item[key] == resource[key] for key in named) for item in unknown)
