# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""airec_cert_bind against the emulated cloud: predict, do, do nothing; and what it says on bad nights."""

from __future__ import annotations

import json

import openpyxl
import pytest

from ansible_collections.daas.https.plugins.module_utils import _runner
from tests.support.leaks import needles
from tests.support.modules import connection, run_module

INSTANCE = "airec-cn-empty01"
NAMES = ["rec.example.com", "*.shop.example.com"]


class Shop:
    """An account with one certificate in CAS and as files, and the module called for it."""

    def __init__(self, emulator, folder):
        emulator.reset("empty", calm=True)
        self.emulator, self.folder, self.results = emulator, folder, []
        self.material, self.id = self.issue("shop")
        emulator.forget()

    def issue(self, name, names=tuple(NAMES)):
        """(material, id in CAS); the files are then its."""
        cloud = self.emulator.cloud
        material = cloud.authority.issue(list(names), key="ec")
        (self.folder / "chain.pem").write_text(material.chain_pem)
        (self.folder / "key.pem").write_text(material.key_pem)
        return material, str(cloud.cas.add_certificate(name, material))

    def params(self, **changes):
        given = dict(
            connection(self.emulator), instance_id=INSTANCE, region="cn-hangzhou", access_token=self.emulator.airec_token,
            domains=["rec.example.com"], certificate_id=self.id, certificate_path=str(self.folder / "chain.pem"),
            private_key_path=str(self.folder / "key.pem"), ca_path=str(self.emulator.ca_path), wait=False, wait_timeout=5,
            wait_interval=0.05)
        given.update(changes)
        return dict((name, value) for name, value in given.items() if value is not None)

    def run(self, check=False, **changes):
        result = run_module("airec_cert_bind", self.params(**changes), check=check)
        self.results.append(result)
        return result

    def info(self, check=False, **changes):
        given = self.params(**changes)
        for name in ("certificate_id", "certificate_path", "private_key_path", "ca_path"):
            given.pop(name, None)
        return run_module("airec_cert_bind_info", given, check=check)

    def writes(self):
        return [entry["action"] for entry in self.emulator.journal(writes=True)]

    def triple(self, **changes):
        """Check, run, run again. Returns the real run's result."""
        self.emulator.forget()
        predicted = self.run(check=True, **changes)
        assert not predicted["failed"] and self.writes() == []
        real = self.run(**changes)
        assert not real["failed"], real["msg"]
        for key in ("changed", "diff", "actions"):
            assert predicted[key] == real[key]
        assert set(predicted) == set(real) and set(predicted["binding"]) == set(real["binding"])
        assert [set(domain) for domain in predicted["binding"]["domains"]] == [set(domain) for domain in real["binding"]["domains"]]
        done = [entry["action"] for entry in self.emulator.journal(writes=True) if entry["committed"]]
        assert done == [step["action"] for step in real["actions"]]
        self.emulator.forget()
        again = self.run(**changes)
        assert not again["failed"] and not again["changed"] and again["actions"] == [] and self.writes() == []
        assert again["diff"]["before"] == again["diff"]["after"]
        return real

    def publish(self, binding):
        """Put the DNS challenges into the zone."""
        for domain in binding["domains"]:
            for item in domain["validations"]:
                if item["type"] == "DNS_CNAME":
                    rr = item["record_name"][:-len(".example.com")]
                    self.emulator.cloud.alidns.add_record("example.com", rr, "CNAME", item["record_value"])

    def withdraw(self):
        """Take the challenge of rec.example.com out of the zone."""
        removed = run_module("alidns_record", dict(
            connection(self.emulator), zone="example.com", state="absent", records=[dict(rr="_airec-challenge.rec", type="CNAME")]))
        assert removed["changed"]

    def validated(self, **changes):
        """Bind, publish, wait."""
        bound = self.run(**changes)
        assert not bound["failed"], bound["msg"]
        self.publish(bound["binding"])
        return self.run(wait=True, **changes)


@pytest.fixture
def shop(emulator, tmp_path):
    made = Shop(emulator, tmp_path)
    yield made
    text = json.dumps(made.results) + json.dumps(emulator.journal())
    assert emulator.airec_token not in text
    assert not [needle for needle in needles(made.material.key_pem) if needle in text.encode()]


def test_bind_prove_enforce(shop):
    bound = shop.triple(domains=NAMES)
    assert bound["actions"] == [dict(action="BindCertificates", product="airec", target="rec.example.com, *.shop.example.com")]
    assert bound["diff"] == dict(
        before=dict(https_enforced=None, domains=dict.fromkeys(NAMES)),
        after=dict(https_enforced=None, domains=dict((name, dict(certificate_id=shop.id, cert_type="CAS")) for name in NAMES)))
    binding = bound["binding"]
    assert (binding["status"], binding["base_url"], binding["https_pending"]) == ("VALIDATING", None, False)
    challenge = binding["domains"][0]["validations"][0]
    assert challenge["record_name"] == "_airec-challenge.rec.example.com" and challenge["record_value"]
    assert binding["domains"][0]["cname"] == "airec-cn-empty01.cn-hangzhou.airec-edge.example"
    shop.publish(binding)

    done = shop.triple(domains=NAMES, wait=True, https_enforced=True)
    assert done["actions"] == [dict(action="PutSettings", product="airec", target="https_enforced=true")]
    assert (done["diff"]["before"]["https_enforced"], done["diff"]["after"]["https_enforced"]) == (False, True)
    binding = done["binding"]
    assert (binding["status"], binding["https_enforced"], binding["base_url"]) == ("SUCCESS", True, "https://rec.example.com")
    assert [domain["validations"] for domain in binding["domains"]] == [[], []]
    assert shop.emulator.cloud.airec.get(INSTANCE).domains["rec.example.com"].live.fingerprint == shop.material.fingerprint

    off = shop.triple(domains=NAMES, https_enforced=False)
    assert off["binding"]["https_enforced"] is False and off["binding"]["base_url"] is None


def test_on_an_adverse_cloud(emulator, shop):
    emulator.reset(calm=False)
    shop.material, shop.id = shop.issue("shop")
    shop.publish(shop.triple()["binding"])
    done = shop.triple(wait=True, https_enforced=True)
    assert done["binding"]["base_url"] == "https://rec.example.com"


def test_a_renewed_certificate_replaces_and_keeps_the_proof(shop):
    shop.validated()
    shop.withdraw()
    shop.material, shop.id = shop.issue("shop-2")
    renewed = shop.triple(wait=True)
    assert renewed["binding"]["status"] == "SUCCESS"
    assert shop.emulator.cloud.airec.get(INSTANCE).domains["rec.example.com"].live.fingerprint == shop.material.fingerprint


def test_only_the_domain_that_is_missing_is_bound(shop):
    shop.validated()
    added = shop.triple(domains=NAMES)
    assert [step["target"] for step in added["actions"]] == ["*.shop.example.com"]
    assert [domain["status"] for domain in added["binding"]["domains"]][0] == "SUCCESS"


def test_https_waits_for_the_validation(shop):
    first = shop.run(https_enforced=True)
    assert first["binding"]["https_pending"] is True and first["binding"]["https_enforced"] is False
    assert [step["action"] for step in first["actions"]] == ["BindCertificates"]
    warnings = json.dumps(first["warnings"])
    assert "rec.example.com is VALIDATING" in warnings and "_airec-challenge.rec.example.com" in warnings
    still = shop.run(https_enforced=True)
    assert not still["changed"] and still["binding"]["https_pending"]
    shop.publish(first["binding"])
    shop.info(wait=True)
    last = shop.triple(https_enforced=True)
    assert last["binding"]["https_pending"] is False and last["binding"]["base_url"] == "https://rec.example.com"


def test_unbinding(shop):
    shop.validated(domains=NAMES, https_enforced=True)
    gone = shop.triple(state="absent", domains=NAMES[1:] + ["never.example.com"], certificate_id=None, certificate_path=None,
                       private_key_path=None)
    assert gone["actions"] == [dict(action="UnbindCertificates", product="airec", target="*.shop.example.com")]
    assert gone["binding"]["domains"] == [] and gone["binding"]["status"] is None
    assert list(shop.emulator.cloud.airec.get(INSTANCE).domains) == ["rec.example.com"]
    last = shop.triple(state="absent", https_enforced=False)
    assert [step["action"] for step in last["actions"]] == ["PutSettings", "UnbindCertificates"]
    assert "state: present" in shop.run(state="absent", https_enforced=True)["msg"]


def test_a_certificate_that_is_not_in_cas_yet_can_be_predicted(shop):
    for nothing in (None, ""):
        predicted = shop.run(check=True, certificate_id=nothing, https_enforced=True, wait=True)
        assert not predicted["failed"] and [step["action"] for step in predicted["actions"]] == ["BindCertificates", "PutSettings"]
        assert predicted["binding"]["domains"][0]["certificate_id"] is None
    refused = shop.run(certificate_id="")
    assert refused["failed"] and "certificate_id is empty" in refused["msg"]


def test_the_account_signs_instead(shop):
    assert shop.triple(auth="signature", access_token=None)["changed"]


def test_the_token_comes_from_the_environment(shop, monkeypatch):
    monkeypatch.setenv("AIREC_ACCESS_TOKEN", shop.emulator.airec_token)
    bound = shop.run(access_token=None, access_key_id=None, access_key_secret=None)
    assert not bound["failed"] and bound["changed"]


# -- the mapping sheet ---------------------------------------------------------------------------------------------------------------

def book(path, *lines):
    made = openpyxl.Workbook()
    for line in lines:
        made.active.append(line)
    made.save(path)
    return str(path)


def test_rows_of_a_mapping(shop):
    rows = [dict(domain="REC.example.com", certificate_id=shop.id), dict(domain="*.shop.example.com", cert_type="OTHER")]
    bound = shop.triple(domains=None, mapping=rows)
    assert [(domain["domain"], domain["cert_type"]) for domain in bound["binding"]["domains"]] == [
        ("rec.example.com", "CAS"), ("*.shop.example.com", "OTHER")]


def test_a_file_is_sent_as_it_is(shop):
    headers = ["owner", "cert_type", "certificate_id", "domain"]
    path = book(shop.folder / "own.xlsx", headers, ["ops", "CAS", int(shop.id), "rec.example.com"])
    sent = shop.run(domains=None, mapping_file_path=path, certificate_id=None)
    assert sent["changed"] and not sent["failed"], sent
    size = (shop.folder / "own.xlsx").stat().st_size
    assert shop.emulator.journal(writes=True)[0]["params"]["mapping_file"] == "%d bytes" % size
    path = book(shop.folder / "own.xlsx", headers, ["ops", "CAS", shop.id, "rec.example.com"],
                [None, "CAS", shop.id, "a.shop.example.com"])
    assert [step["target"] for step in shop.triple(domains=None, mapping_file_path=path)["actions"]] == ["a.shop.example.com"]
    wrong = shop.run(domains=None, mapping_file_path=path, certificate_id="1")
    assert wrong["failed"] and "cell C2" in wrong["msg"] and "option certificate_id" in wrong["msg"]


def test_a_template_is_filled_and_kept(shop):
    template = book(shop.folder / "template.xlsx", ["remark", "domain", "certificate_id", "cert_type"], ["mine"])
    dest = shop.folder / "certificate_info.xlsx"
    kept = shop.triple(domains=NAMES, template_path=template, mapping_file_dest=str(dest))
    assert kept["mapping_file"] == str(dest) and kept["diff"]["before"]["mapping_file"] is None
    sheet = openpyxl.load_workbook(dest).worksheets[0]
    assert [[cell.value for cell in line] for line in sheet.iter_rows()] == [
        ["remark", "domain", "certificate_id", "cert_type"], ["mine", "rec.example.com", shop.id, "CAS"],
        [None, "*.shop.example.com", shop.id, "CAS"]]
    before = dest.stat().st_mtime_ns
    dest.write_bytes(b"something else")
    assert shop.run(check=True, domains=NAMES, template_path=template, mapping_file_dest=str(dest))["changed"]
    assert dest.read_bytes() == b"something else"
    again = shop.run(domains=NAMES, template_path=template, mapping_file_dest=str(dest))
    assert again["changed"] and again["actions"] == [] and dest.stat().st_mtime_ns > before
    assert "would be lost" in shop.run(template_path=template, mapping_file_dest=template)["msg"]


@pytest.mark.parametrize("changes, words", [
    (dict(domains=["rec.example.com", "www.example.net"]), ["domains[1]", "does not cover 'www.example.net'"]),
    (dict(domains=["rec.example.com", "rec.example.com"]), ["domains[1]", "stands in domains[0] already"]),
    (dict(domains=[]), ["no row"]),
    (dict(certificate_id=None), ["certificate_id is empty"]),
    (dict(private_key_path=None), ["No private key"]),
    (dict(ca_path="/nonexistent/ca.pem"), ["ca_path"]),
    (dict(mapping_file_dest="/nonexistent/folder/sheet.xlsx"), ["mapping_file_dest", "cannot be written"]),
    (dict(access_token="not a token"), ["access_token"]),
    (dict(contract=dict(bind_path="/nowhere")), ["contract.bind_path"]),
])
def test_what_is_wrong_is_said_and_nothing_is_sent(shop, changes, words):
    result = shop.run(**changes)
    assert result["failed"]
    for word in words:
        assert word in result["msg"]
    assert shop.writes() == []


def test_all_problems_of_a_sheet_at_once(shop):
    path = book(shop.folder / "bad.xlsx", ["domain", "certificate_id", "cert_type"], ["rec.example.com", "=A1", "CAS"],
                ["x y", shop.id, None], ["other.example.net", shop.id, "CAS"])
    result = shop.run(domains=None, mapping_file_path=path)
    assert [problem.split(":")[0] for problem in result["problems"]] == ["cell B2", "cell A3", "cell C3", "cell A4"]
    assert "4 problems; nothing was sent" in result["msg"] and shop.emulator.journal() == []


# -- bad nights ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault, calls", [
    (dict(kind="cut_after"), 1), (dict(kind="truncated_json"), 1), (dict(kind="cut_mid_body"), 1),
    (dict(kind="refuse_before"), 2), (dict(kind="html"), 2),
    (dict(kind="error", code="Throttling.User", status=429, retry_after=10), 2),
])
@pytest.mark.parametrize("action", ["BindCertificates", "UnbindCertificates", "PutSettings"])
def test_a_lost_answer_is_looked_up(shop, monkeypatch, action, fault, calls):
    monkeypatch.setattr(_runner, "LAG", 0.01)
    bound = shop.run()
    shop.publish(bound["binding"])
    shop.run(wait=True)
    wanted = dict(
        BindCertificates=dict(domains=NAMES), UnbindCertificates=dict(state="absent"), PutSettings=dict(https_enforced=True))[action]
    shop.emulator.forget()
    ordered = shop.emulator.fault(product="airec", action=action, **fault)
    result = shop.run(**wanted)
    assert not result["failed"], result["msg"]
    assert result["changed"] and ordered.fired == 1
    repeatable = action == "PutSettings" and calls == 1
    assert shop.writes() == [action] * (2 if repeatable else calls)
    assert not shop.run(**wanted)["changed"]


def test_a_failed_validation_says_why_and_the_next_run_starts_anew(shop):
    bound = shop.run()
    shop.emulator.cloud.alidns.add_record("example.com", "_airec-challenge.rec", "CNAME", "elsewhere.example.net")
    result = shop.run(wait=True, https_enforced=True)
    assert result["failed"] and not result["changed"]
    for word in ["could not validate rec.example.com", "elsewhere.example.net", "run again"]:
        assert word in result["msg"]
    assert result["binding"]["status"] == "FAILED" and [step["action"] for step in result["pending"]] == ["PutSettings"]
    shop.withdraw()
    shop.publish(bound["binding"])
    again = shop.run(wait=True, https_enforced=True)
    assert not again["failed"], again["msg"]
    assert [step["action"] for step in again["actions"]] == ["BindCertificates", "PutSettings"]


def test_a_wait_that_ends_tells_the_last_state_and_what_was_done(shop):
    result = shop.run(wait=True, wait_timeout=0.3, https_enforced=True)
    assert result["failed"] and result["changed"]
    for word in ["rec.example.com is VALIDATING", "CNAME _airec-challenge.rec.example.com -> ", "wait_timeout"]:
        assert word in result["msg"]
    assert [step["action"] for step in result["actions"]] == ["BindCertificates"]
    assert [step["action"] for step in result["pending"]] == ["PutSettings"]
    assert result["binding"]["domains"][0]["validations"]


@pytest.mark.parametrize("changes, words", [
    (dict(instance_id="airec-cn-none"), ["InvalidInstance.NotFound", "Check instance_id"]),
    (dict(access_token="expired-or-wrong"), ["InvalidAccessToken", "AIREC_ACCESS_TOKEN"]),
    (dict(contract=dict(status_path="/v9/{instance_id}/status")), ["does not offer GET /v9/", "airec_method: endpoint"]),
    (dict(certificate_id="99999999"), ["InvalidCertificateId.NotFound", "cas_certificate"]),
])
def test_refusals(shop, changes, words):
    result = shop.run(**changes)
    assert result["failed"] and not result.get("changed")
    for word in words:
        assert word in result["msg"]
    assert "expired-or-wrong" not in json.dumps(result)


def test_a_refused_bind_leaves_nothing_half_done(shop):
    shop.emulator.fault(product="airec", action="BindCertificates", kind="error", code="DomainOccupied", message="It is taken.")
    result = shop.run(domains=NAMES, wait=True, https_enforced=True)
    assert result["failed"] and not result["changed"] and result["actions"] == []
    assert result["failed_action"]["action"] == "BindCertificates" and result["error"]["code"] == "DomainOccupied"
    assert [step["action"] for step in result["pending"]] == ["BindCertificates", "PutSettings"]
