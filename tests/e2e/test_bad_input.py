# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook says to input that cannot work: one clear error that names what, where and what to do; and nothing written."""

from __future__ import annotations

import json
import re
import textwrap

import openpyxl
import pytest

from tests.e2e.stage import FEW

PLAYBOOK = "daas.https.deploy"
UPLOAD = ("cas", "UploadUserCertificate")


def sheet(path, *rows, headers=("domain", "certificate_id", "cert_type")):
    book = openpyxl.Workbook()
    for row in (headers, *rows):
        book.active.append(list(row))
    book.save(path)
    return str(path)


def run(stage, *arguments):
    stage.forget()
    done = stage.play(PLAYBOOK, *FEW, *arguments)
    assert done.code != 0, done.output
    assert "Traceback" not in done.output
    assert len([row for row in done.rows if row["status"] == "failed"]) == 1, "one error, not a cascade"
    return done


def variables(stage, **values):
    files = {name: stage.files.get(value, value) for name, value in values.items()}
    return ["-e", json.dumps(files)]


@pytest.mark.parametrize(("values", "words"), [
    (dict(certificate_private_key_path="other_key"), ["private key does not match", "www.example.com"]),
    (dict(certificate_path="expired", certificate_private_key_path="expired_key"), ["has expired", "valid until"]),
    (dict(certificate_path="no_intermediate"), ["chain is incomplete", "missing intermediate"]),
    (dict(certificate_path="private_key"), ["holds a private key", "private_key_path"]),
    (dict(certificate_private_key_path="encrypted_key"), ["encrypted", "private_key_passphrase"]),
    (dict(certificate_path="/nowhere/chain.pem"), ["certificate_path", "/nowhere/chain.pem", "cannot be read"]),
    (dict(certificate_name="with space"), ["with space", "letters, digits"]),
], ids=lambda value: next(iter(value.values()), "") if isinstance(value, dict) else "")
def test_the_certificate_is_checked_before_any_call(stage, values, words):
    done = run(stage, *variables(stage, **values))
    for word in words:
        assert word in flat(done.output)
    assert not stage.journal()


def flat(output):
    return " ".join(output.replace("\\n", " ").split())


def test_malformed_pem(stage, tmp_path):
    text = open(stage.files["certificate"], encoding="utf-8").read()
    broken = tmp_path / "broken.pem"
    broken.write_text(text.replace(text.splitlines()[3], "not base64!"), encoding="utf-8")
    done = run(stage, "-e", "certificate_path={0}".format(broken))
    assert "Malformed PEM: block 1 of certificate" in flat(done.output)
    assert not stage.journal()


def test_no_credentials(stage):
    done = run(stage, "-e", '{"daas_https_connection": {}}')
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in flat(done.output)
    assert not stage.journal()


@pytest.mark.parametrize(("resource", "words"), [
    (dict(service="slb", region="cn-hangzhuo", instance="lb-bp1web"), ["cn-hangzhuo", "InvalidRegionId", "spelling"]),
    (dict(service="slb", region="cn-hangzhou", instance="lb-none"), ["lb-none", "InvalidLoadBalancerId", "region"]),
    (dict(service="slb", region="cn-shanghai", instance="lb-bp1web"), ["lb-bp1web", "only in their own region"]),
    (dict(service="slb", region="cn-hangzhou", instance="lb-bp1web", listener_port=444), ["444", "ListenerNotFound"]),
    (dict(service="cdn", domain="other.example.net"), ["other.example.net"]),
    (dict(service="slb", region="cn-hangzhou"), ["needs instance"]),
], ids=["region", "instance", "region of another", "port", "domain", "lacks instance"])
def test_a_resource_that_cannot_work_stops_the_edge_before_its_first_write(stage, resource, words):
    done = run(stage, "-e", "{{'edge_resources': [{0}]}}".format(resource))
    for word in words:
        assert word in flat(done.output)
    assert [write for write in stage.writes() if write != UPLOAD] == []


def test_an_expired_token_of_airec(stage):
    stage.control("POST", "/airec/token", dict(token="old-token-1234567890", seconds=1))
    stage.control("POST", "/clock", dict(advance=2))
    done = run(stage, "--tags", "airec", "-e", "airec_access_token=old-token-1234567890")
    assert "InvalidAccessToken" in flat(done.output) and "old-token-1234567890" not in done.output
    assert [write for write in stage.writes() if write != UPLOAD] == []


@pytest.mark.parametrize(("rows", "headers", "words"), [
    ([("rec.example.com", "1", "CAS")], ("domain", "certificate", "cert_type"), ["row 1", "certificate_id"]),
    ([("rec.example.com", "1", "CAS"), ("REC.example.com", "1", "CAS")], None, ["A3", "rec.example.com"]),
    ([("=A1", "1", "CAS")], None, ["A2", "formula"]),
    ([("other.example.net", "1", "CAS")], None, ["A2", "other.example.net", "cover"]),
], ids=["header", "duplicate", "formula", "not covered"])
def test_a_wrong_sheet_names_its_cells_and_nothing_is_sent(stage, tmp_path, rows, headers, words):
    path = sheet(tmp_path / "certificate_info.xlsx", *rows, **(dict(headers=headers) if headers else {}))
    done = run(stage, "--tags", "airec", "-e", "airec_mapping_file_path={0}".format(path))
    for word in words:
        assert word in flat(done.output)
    assert [write for write in stage.writes() if write != UPLOAD] == []


def test_an_error_can_be_read_at_80_columns(stage):
    """The first line of the message says what is wrong; nothing but the message is in the way."""
    done = run(stage, *variables(stage, certificate_private_key_path="other_key"))
    message = next(row["result"]["msg"] for row in done.rows if row["status"] == "failed")
    assert re.match(r"The private key does not match", message) and len(textwrap.wrap(message, 80)) <= 6
