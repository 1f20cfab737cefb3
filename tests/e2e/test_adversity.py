# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on a bad night: lost answers, refusals, a wire that lies, a web server that will not start, a killed run."""

from __future__ import annotations

from tests.e2e.openssl import s_client
from tests.e2e.rollout import killed
from tests.e2e.stage import FEW, write_overlay

PLAYBOOK = "daas.https.deploy"
QUICK = ["-e", "edge_verify_timeout=4", "-e", "app_host_verify_timeout=4", "-e", "verify_wait_timeout=4"]


def served(stage):
    """SHA-256 by endpoint label, as OpenSSL sees it."""
    return {endpoint["label"]: s_client(endpoint, stage.files["ca"]).fingerprint for endpoint in stage.endpoints()}


def certificates(stage):
    return stage.control("GET", "/state")["cas"]["certificates"]


def test_a_lost_answer_leads_to_one_certificate(fresh):
    before = len(certificates(fresh))
    fresh.control("POST", "/faults", dict(product="cas", action="UploadUserCertificate", kind="cut_after", times=1))
    run = fresh.play(PLAYBOOK, *FEW, "--tags", "certificate")
    assert run.code == 0, run.output
    assert len(certificates(fresh)) == before + 1
    assert fresh.play(PLAYBOOK, *FEW, "--tags", "certificate").changed() == 0


def test_a_wire_that_lies_is_rolled_back(fresh):
    before = served(fresh)
    fresh.control("POST", "/dataplane/fault", dict(key="slb/lb-bp1api/443", kind="old"))
    run = fresh.play(PLAYBOOK, *QUICK)
    assert run.code != 0
    after = served(fresh)
    edge = [label for label in before if not label.startswith(("app host", "airec"))]
    assert {label: after[label] for label in edge} == {label: before[label] for label in edge}, "the previous certificates are back"
    assert "lb-bp1api:443" in run.output and "put back" in run.output
    assert after["app host app.example.com"] == before["app host app.example.com"], "nothing after the edge was touched"
    fresh.control("POST", "/dataplane/fault", dict(key="slb/lb-bp1api/443", kind=None))
    again = fresh.play(PLAYBOOK)
    assert again.code == 0, again.output
    assert len(set(served(fresh).values())) == 1


def test_a_web_server_that_refuses_keeps_its_old_pair(fresh):
    before = served(fresh)["app host app.example.com"]
    pair = [(fresh.app_root / "tls" / name).read_text(encoding="utf-8") for name in ("fullchain.pem", "privkey.pem")]
    run = fresh.play(PLAYBOOK, *FEW, *QUICK, "-e", "app_host_validate_command=false")
    assert run.code != 0
    assert served(fresh)["app host app.example.com"] == before
    assert pair == [(fresh.app_root / "tls" / name).read_text(encoding="utf-8") for name in ("fullchain.pem", "privkey.pem")]
    assert (fresh.app_root / "tls" / "privkey.pem").stat().st_mode & 0o777 == 0o600
    again = fresh.play(PLAYBOOK, *FEW)
    assert again.code == 0, again.output


def test_a_refused_permission_names_the_ram_action_and_stops_only_its_product(fresh):
    limited = fresh.control("POST", "/keys", dict(deny=["cdn:SetCdnDomainSSLCertificate"]))
    write_overlay(fresh, keys=limited)
    before = served(fresh)
    run = fresh.play(PLAYBOOK, *FEW, *QUICK)
    assert run.code != 0
    assert "cdn:SetCdnDomainSSLCertificate" in run.output
    after = served(fresh)
    assert after["cdn img.example.com"] == before["cdn img.example.com"]
    assert after["lb-bp1web:443"] != before["lb-bp1web:443"], "load balancers could be done, and were"
    write_overlay(fresh)
    assert fresh.play(PLAYBOOK, *FEW).code == 0


def test_a_killed_run_is_finished_by_the_next(fresh):
    killed(fresh, lambda: ("slb", "SetLoadBalancerHTTPSListenerAttribute") in fresh.writes(), PLAYBOOK)
    assert ("slb", "SetLoadBalancerHTTPSListenerAttribute") in fresh.writes()
    again = fresh.play(PLAYBOOK)
    assert again.code == 0, again.output
    assert len(set(served(fresh).values())) == 1
    assert fresh.play(PLAYBOOK).changed() == 0
