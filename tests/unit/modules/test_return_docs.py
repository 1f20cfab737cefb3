# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module documents as returned is what it returns: no more, no less."""

from __future__ import annotations

import importlib
import os
import pathlib
from datetime import timedelta

import pytest
import yaml

from tests.support.modules import connection, run_module
from tests.unit.modules.test_cas_certificate_order import issue
from tests.unit.modules.test_cas_deploy import IMG, WEB, Stage

ROOT = pathlib.Path(__file__).resolve().parents[3]
ANSIBLE = {"changed", "failed", "diff", "invocation", "warnings", "deprecations", "msg"}
SOMETIMES = ("when ", "failed ")
UNPREDICTABLE = ("binding.domains.validations.", "order.validations.")
ELSEWHERE = {"tls_report", "tls_verify"}  # need no cloud; tests/unit/report and tests/unit/tls look at their results


def documented(name):
    return yaml.safe_load(importlib.import_module("ansible_collections.daas.https.plugins.modules." + name).RETURN)


def keys(value, contains, path=""):
    """The paths of all keys of a result, as far down as the documentation describes keys."""
    found = set()
    for key, item in value.items():
        here, below = path + key, (contains.get(key) or {}).get("contains")
        found.add(here)
        for part in (item if isinstance(item, list) else [item]) if below else ():
            if isinstance(part, dict):
                found |= keys(part, below, here + ".")
    return found


def described(contains, path=""):
    found = set()
    for key, item in contains.items():
        found |= {path + key} | described(item.get("contains") or {}, path + key + ".")
    return found


def cas_certificate(stage):
    made = stage.materials
    options = dict(connection(stage.handle), name="shop", certificate=made.unrelated.chain_pem, private_key=made.unrelated.key_pem,
                   ca_path=stage.handle.ca_path)
    return "cas_certificate", [options, pruned(stage)]


def pruned(stage):
    """Five generations: two stay, one of them without notice; one is in use again; two go, of which one has a copy."""
    cloud, now = stage.handle.cloud, stage.handle.clock.now()
    made = [stage.handle.authority.issue(["news.example.com"], days=90, not_before=now - timedelta(days=age), key="ec")
            for age in (10, 20, 40, 60, 80)]
    tags = {"managed-by": "daas.https", "daas-https-name": "news"}
    ids = [cloud.cas.add_certificate("news-" + one.fingerprint[:16], one, tags=tags) for one in made]
    cloud.cas.certificates[ids[2]].tags["daas-https-notices"] = "muted"
    cloud.cdn.add_domain("news.example.com", certificate=made[2], certificate_name="news", cas_id=ids[2])
    cloud.slb.add_certificate("cn-hangzhou", "news", made[4], cas_id=ids[4], cas_name="news", cas_region=cloud.store)
    return dict(connection(stage.handle), state="pruned", name="news", discover=dict(services=["cdn"]), regions=["cn-hangzhou"],
                ca_path=stage.handle.ca_path)


def cas_certificate_info(stage):
    return "cas_certificate_info", [dict(connection(stage.handle), details=True)]


def cas_certificate_order(stage):
    issue(stage.handle, ["www.example.com"])
    return "cas_certificate_order", [
        dict(connection(stage.handle), name="shop", domains=["www.example.com"]),
        dict(connection(stage.handle), name="shop", domains=["api.example.com"], wait=False)]


def cas_deploy(stage):
    stage.handle.cloud.cdn.add_domain("www.example.net")  # which the certificate does not cover
    return "cas_deploy", [stage.options(dict(WEB, slot="default"), IMG, discover=dict(services=["cdn"]))]


def cas_deploy_info(stage):
    place = stage.handle.data_plane["slb/lb-empty1/443"]
    seen = dict(name="www.example.com", address=place["host"], port=place["port"])
    return "cas_deploy_info", [dict(
        connection(stage.handle), certificate=dict(id=stage.ids["new"]), resources=[dict(WEB, endpoints=[seen]), IMG],
        ca_path=stage.handle.ca_path)]


def cas_rotation_info(stage):
    return "cas_rotation_info", [dict(
        connection(stage.handle), name="old", certificate=stage.materials.new.chain_pem, resources=[dict(WEB, slot="default"), IMG],
        ca_path=stage.handle.ca_path)]


def airec_cert_bind(stage):
    material = stage.handle.authority.issue(["rec.example.com"], key="ec")
    number = stage.handle.cloud.cas.add_certificate("rec", material)
    return "airec_cert_bind", [dict(
        airec(stage), domains=["rec.example.com"], certificate_id=str(number), certificate=material.chain_pem, private_key=material.key_pem,
        ca_path=stage.handle.ca_path, wait=False)]


def airec_cert_bind_info(stage):
    name, runs = airec_cert_bind(stage)
    assert not run_module(name, runs[0])["failed"]
    return "airec_cert_bind_info", [airec(stage)]


def airec(stage):
    return dict(connection(stage.handle), instance_id="airec-cn-empty01", region="cn-hangzhou", access_token=stage.handle.airec_token)


def alidns_record(stage):
    return "alidns_record", [dict(connection(stage.handle), zone="example.com", records=[
        dict(name="www.example.com", type="A", value="192.0.2.1")])]


def ecs_certificate(stage):
    root, made = stage.handle.folder / "instance", stage.materials.unrelated
    (root / "run").mkdir(parents=True, exist_ok=True)
    stage.handle.cloud.ecs.add_instance("i-1", "cn-hangzhou", root=root)
    return "ecs_certificate", [dict(
        connection(stage.handle), certificate=made.chain_pem, private_key=made.key_pem, ca_path=stage.handle.ca_path,
        instances=[dict(instance="i-1", region="cn-hangzhou")], certificate_dest=str(root / "cert.pem"),
        private_key_dest=str(root / "key.pem"), work_folder=str(root / "run"), owner=str(os.getuid()), group=str(os.getgid()),
        validate_command="true", reload_command="true", wait_interval=0.05)]


def edge_https_options(stage):
    return "edge_https_options", [dict(connection(stage.handle), resources=[IMG, WEB], http2=False)]


RUNS = [cas_certificate, cas_certificate_info, cas_certificate_order, cas_deploy, cas_deploy_info, cas_rotation_info, airec_cert_bind,
        airec_cert_bind_info, alidns_record, ecs_certificate, edge_https_options]


def test_every_module_is_looked_at():
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - {"__init__"}
    assert {make.__name__ for make in RUNS} | ELSEWHERE == modules


@pytest.mark.parametrize("make", RUNS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("check", [False, True])
def test_documented_is_returned(cloud, materials, make, check):
    name, runs = make(Stage(cloud, materials))
    contains, seen = documented(name), set()
    for options in runs:
        result = run_module(name, options, check=check)
        assert not result["failed"], result["msg"]
        seen |= keys({key: value for key, value in result.items() if key not in ANSIBLE}, contains)
    expected = described({key: item for key, item in contains.items() if key in seen or not item["returned"].startswith(SOMETIMES)})
    if check:  # what only the cloud can tell is an empty list in a prediction
        expected -= {path for path in expected if path.startswith(UNPREDICTABLE) and path not in seen}
    assert seen == expected
