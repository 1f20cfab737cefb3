# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""edge_https_options in a playbook, on a cloud that is as awkward as it can be: predict, do, do nothing."""

from __future__ import annotations

import http.client

import pytest
import yaml

MODULE = "daas.https.edge_https_options"
PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/daas.https.alicloud: "{{ daas_https_connection }}"
  tasks:
    - name: Domains get what domains can have
      daas.https.edge_https_options:
        resources:
          - {service: cdn, domain: img.example.com}
          - {service: dcdn, domain: shop-assets.example.com}
        redirect: 301
        hsts: {enabled: true, max_age: 300}
        tls_minimum: 1.2
        http2: true
    - name: Load balancers get what they can have
      daas.https.edge_https_options:
        resources:
          - {service: slb, region: cn-hangzhou, instance: lb-bp1web, slot: default}
          - {service: alb, region: cn-hangzhou, instance: alb-bp1shop}
        redirect: on
        cipher_policy: tls_cipher_policy_1_2_strict_with_1_3
"""
ENDPOINTS = {"cdn": "img.example.com", "dcdn": "shop-assets.example.com", "slb/lb-bp1web/80": "www.example.com",
             "alb/alb-bp1shop/80": "www.example.com"}


@pytest.fixture(scope="module")
def playbook(stage):
    path = stage.folder / "options.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(PLAY)), encoding="utf-8")
    return str(path)


def answers(stage):
    """Endpoint -> status of a plain-HTTP request; 0 where nobody listens for one."""
    plane, found = stage.control("GET", "/endpoints")["data_plane"], {}
    for key, host in ENDPOINTS.items():
        where = plane.get(key)
        if where is None:
            found[key] = 0
            continue
        connection = http.client.HTTPConnection(where["host"], where["http_port"], timeout=10)
        connection.request("GET", "/", headers={"Host": host})
        found[key] = connection.getresponse().status
        connection.close()
    return found


def test_check_mode_then_the_run_then_nothing(stage, playbook):
    before = answers(stage)
    stage.forget()
    predicted = stage.play(playbook, "--check", "--diff")
    assert predicted.code == 0, predicted.output
    assert stage.writes() == [] and answers(stage) == before and before["slb/lb-bp1web/80"] == 0

    real = stage.play(playbook)
    assert real.code == 0, real.output
    assert real.actions() == predicted.actions()
    assert [action for _product, action in stage.writes()] == [action for _product, action, _target in real.actions()]
    assert answers(stage) == {"cdn": 301, "dcdn": 301, "slb/lb-bp1web/80": 302, "alb/alb-bp1shop/80": 301}
    assert [sorted(row["target"] for row in result["https_options"]) for result in real.results(MODULE)] == [
        ["cdn/img.example.com", "dcdn/shop-assets.example.com"], ["alb/cn-hangzhou/alb-bp1shop:443", "slb/cn-hangzhou/lb-bp1web:443"]]

    stage.forget()
    again = stage.play(playbook)
    assert again.code == 0 and again.changed() == 0 and stage.writes() == []
