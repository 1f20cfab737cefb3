# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout takes away, and what it finds: superseded additional certificates, and resources that nobody has named."""

from __future__ import annotations

import json
import pathlib
import threading

import pytest

from tests.e2e.openssl import s_client
from tests.e2e.rollout import QUIC, QUICK, Watch, begin, bound, chain, committed, made, places, playbook, served, write


# -- what is taken away ------------------------------------------------------------------------------------------------------------------

def albs(stage):
    """ALB listener -> [(fingerprint, whether it is the default one)]."""
    return {row["load_balancer"]: [(held["fingerprint"], held["default"]) for held in row["certificates"]]
            for row in stage.control("GET", "/state")["alb"]["listeners"] if row["protocol"] == "HTTPS"}


@pytest.fixture
def with_additional(stage):
    """Both ALBs have www.example.com's own certificate beside the default one; what the inventory says of them; its fingerprint."""
    begin(stage)
    issued = stage.control("POST", "/pki/issue", dict(names=["www.example.com"], days=30, key="rsa"))
    home = pathlib.Path(stage.files["private_key"]).parent
    for name in ("certificate", "private_key"):
        path = home / "www-{0}.pem".format(name)
        path.touch(mode=0o600)
        path.write_text(issued[name], encoding="utf-8")
    where = [dict(service="alb", region=region, instance=instance, slot="additional", domains=["www.example.com"])
             for region, instance in (("cn-hangzhou", "alb-bp1shop"), ("cn-shanghai", "alb-uf6shop"))]
    before = playbook(
        stage.folder / "additional.yml",
        dict({"name": "Upload", "daas.https.cas_certificate": dict(
            name="www", certificate_path=str(home / "www-certificate.pem"), private_key_path=str(home / "www-private_key.pem"),
            ca_path=stage.files["ca"])}, register="www"),
        {"name": "Add", "daas.https.cas_deploy": dict(certificate=dict(id="{{ www.certificate.id }}"), resources=where)})
    more = stage.folder / "more"
    for resource, slot in zip(where, ("additional", "auto")):
        host, ports = resource["instance"], stage.cloud["data_plane"]
        place = ports["alb/{0}/443".format(host)]
        at = dict(address=place["host"], port=place["port"])
        names = ["www.example.com", "admin.example.net"] if host == "alb-bp1shop" else ["www.example.com"]
        write(more / "host_vars" / (host + ".yml"), dict(
            edge_resources=[dict(resource, slot=slot)],
            https_endpoints=[dict(at, name=name, label="{0} {1}".format(host, name)) for name in names]))
    write(more / "hosts.yml", dict(all=dict(hosts={resource["instance"]: {} for resource in where})))
    run = [chain(stage.folder / "both.yml", before, "daas.https.deploy"), "-i", str(more), "--limit", "localhost,alb-bp1shop,alb-uf6shop"]
    return run, issued["fingerprint"]


def at_alb(stage, host, name):
    place = stage.cloud["data_plane"]["alb/{0}/443".format(host)]
    return s_client(dict(name=name, address=place["host"], port=place["port"], label=host), stage.files["ca"])


def test_what_the_new_certificate_supersedes_goes_after_the_proof(stage, with_additional):
    arguments, www = with_additional
    admin = at_alb(stage, "alb-bp1shop", "admin.example.net")
    old = albs(stage)["alb-uf6shop"][0][0]
    place = places(stage)
    with Watch(stage) as watch:
        run = stage.play(*arguments)
    assert run.code == 0, run.output
    new = run.results("daas.https.cas_certificate")[-1]["certificate"]["fingerprint"]
    assert albs(stage) == {"alb-bp1shop": [(old, True), (admin.fingerprint, False), (new, False)], "alb-uf6shop": [(new, True)]}
    for host in ("alb-bp1shop", "alb-uf6shop"):
        seen = at_alb(stage, host, "www.example.com")
        assert (seen.fingerprint, seen.verdict) == (new, "0 (ok)"), host
    assert at_alb(stage, "alb-bp1shop", "admin.example.net") == admin and admin.verdict == "0 (ok)"
    calls = [(entry["action"], place(entry)) for entry in committed(stage.journal()) if entry["product"] == "alb"]
    added, default = "AssociateAdditionalCertificatesWithListener", "UpdateListenerAttribute"
    gone = "DissociateAdditionalCertificatesFromListener"
    both = ["alb/alb-bp1shop/443", "alb/alb-uf6shop/443"]
    assert sorted(calls[:2]) == [(added, place) for place in both], "what the test has prepared"
    assert sorted(calls[2:4]) == [(added, both[0]), (default, both[1])]
    assert sorted(calls[4:]) == [(gone, place) for place in both]
    assert watch.between((default, both[1]), (gone, both[1])), "the proof lies between"
    assert watch.between((added, both[0]), (gone, both[0]), times=2)


def test_a_wire_that_lies_after_that_loses_nothing(stage, with_additional):
    """While the old one is being taken away, the listener begins to show what it served before the new one came."""
    arguments, www = with_additional
    before = {}

    def lie():
        while not done.wait(0.05):
            calls = [entry["action"] for entry in committed(stage.journal()) if "alb-bp1shop" in place(entry)]
            if len(calls) == 1 and not before:
                before.update(albs(stage))
            if stage.control("GET", "/faults")["faults"][0]["fired"]:
                stage.control("POST", "/dataplane/fault", dict(key="alb/alb-bp1shop/443", kind="previous"))
                return

    place, done = places(stage), threading.Event()
    # slow enough for the wire to be changed before the call is carried out
    stage.control("POST", "/faults", dict(product="alb", action="DissociateAdditionalCertificatesFromListener", kind="delay", seconds=1.5))
    liar = threading.Thread(target=lie)
    liar.start()
    run = stage.play(*arguments, *QUICK)
    done.set()
    liar.join()
    assert run.code != 0
    said = next(row["result"]["msg"] for row in run.rows if row["status"] == "failed")
    assert "alb-bp1shop www.example.com (" in said and "The previous certificates were put back on" in said
    assert "Handshakes prove that they are served again at 2 endpoint(s)." in said and "None" not in said, said
    assert albs(stage) == before and www in [fingerprint for fingerprint, _default in before["alb-bp1shop"]]
    stage.control("POST", "/dataplane/fault", dict(key="alb/alb-bp1shop/443", kind=None))
    for host in ("alb-bp1shop", "alb-uf6shop"):
        assert at_alb(stage, host, "www.example.com").fingerprint == www, host
    assert at_alb(stage, "alb-bp1shop", "admin.example.net").verdict == "0 (ok)"


# -- what is found ---------------------------------------------------------------------------------------------------------------------

def test_what_is_discovered_but_for_what_is_excluded(stage):
    begin(stage)
    was, wire = bound(stage), served(stage)
    found = dict(services=["slb", "alb", "nlb", "cdn", "dcdn"], regions=["cn-hangzhou", "cn-shanghai"],
                 exclude=["lb-bp1api*", "lb-uf6web:8443", "img.*", "nlb-bp1*"])
    arguments = ["daas.https.deploy", "--tags", "edge", "--limit", "lb-bp1web", "-e", json.dumps(dict(edge_discover=found))]
    check = stage.play(*arguments, "--check", "--diff")
    assert check.code == 0, check.output
    assert stage.writes() == [] and bound(stage) == was
    real = stage.play(*arguments)
    assert real.code == 0, real.output
    assert made(real) == made(check)
    targets = [sorted(target["target"] for target in run.results("daas.https.cas_deploy")[-1]["deployment"]["targets"] if target["changed"])
               for run in (check, real)]
    assert targets[0] == targets[1] == sorted([
        "slb/cn-hangzhou/lb-bp1web:443/default", "slb/cn-shanghai/lb-uf6web:443/default", "alb/cn-hangzhou/alb-bp1shop:443/default",
        "alb/cn-shanghai/alb-uf6shop:443/default", QUIC, "nlb/cn-shanghai/nlb-uf6mq:8883/default", "cdn/static.example.com",
        "dcdn/shop-assets.example.com"])
    assert all(target in check.output for target in targets[0]), "and the diff of the check shows it"
    now, after = bound(stage), served(stage)
    assert {place for place in now if now[place] != was[place]} == {
        "slb/lb-bp1web/443", "slb/lb-uf6web/443", "alb/alb-bp1shop:443 HTTPS", "alb/alb-uf6shop:443 HTTPS", "alb/alb-uf6shop:443 QUIC",
        "nlb/nlb-uf6mq:8883 TCPSSL", "cdn/static.example.com", "dcdn/shop-assets.example.com"}
    assert {label for label in after if after[label] != wire[label]} == {
        "lb-bp1web:443", "lb-uf6web:443", "alb-bp1shop:443", "alb-uf6shop:443", "nlb-uf6mq:8883", "cdn static.example.com",
        "dcdn shop-assets.example.com"}
