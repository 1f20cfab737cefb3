# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus's text format, read by Prometheus's own client library, and judged as promtool does."""

from __future__ import annotations

import pathlib
import re

import pytest
from ansible_collections.daas.https.plugins.module_utils._report import document, prometheus
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.report import data

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "tls_reports.md").read_text(encoding="utf-8")
RESULTS = {"good": data.good(), "mixed": data.mixed(), "many": data.many(60), "hostile": data.hostile(), "empty": dict(endpoints=[]),
           "bare": dict(endpoints=[dict(name="a")])}
BASE_UNITS = ("seconds", "timestamp_seconds", "ok", "endpoints", "checks", "check", "code", "info")


def render(tls, before=None, title="Shop"):
    return prometheus.render(document.build(tls, before, title))


def read(text):
    """{name: {labels as a frozenset: value}}, with whatever makes node_exporter refuse a file refused."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in found, "a metric stands in one block"
        series = found[family.name] = {}
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert sample.name == family.name and labels not in series and sample.timestamp is None
            series[labels] = sample.value
    return found


def value(found, metric, **labels):
    """The one sample that has these labels, or None."""
    hits = [number for key, number in found.get("daas_https_tls_" + metric, {}).items() if set(labels.items()) <= key]
    assert len(hits) < 2
    return hits[0] if hits else None


@pytest.mark.parametrize("name", RESULTS)
def test_it_is_what_promtool_passes(name):
    text = render(RESULTS[name], RESULTS[name], title="".join(data.HOSTILE))
    found = read(text)
    assert found and text.endswith("\n") and "\n\n" not in text
    for family in text_string_to_metric_families(text):
        assert re.fullmatch(r"daas_https_tls_[a-z_]+", family.name) and family.name.endswith(BASE_UNITS)
        assert not re.search(r"_(total|sum|count|bucket|gauge|counter|milliseconds|ms)$", family.name)
        assert family.type == "gauge" and family.documentation and family.samples
        keys = {frozenset(sample.labels) for sample in family.samples}
        assert len(keys) == 1 and all(re.fullmatch(r"[a-z][a-z_]*", label) for label in next(iter(keys))) and "report" in next(iter(keys))
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert len(lines) == sum(len(series) for series in found.values())


def test_values():
    found = read(render(data.mixed(), data.earlier()))
    web = dict(label="lb-bp1web:443", name="www.example.com", address="203.0.113.10", port="443", report="Shop")
    assert value(found, "ok") == 0 and value(found, "elapsed_seconds") == 1.204
    assert value(found, "seen_timestamp_seconds") == data.SEEN_AT.timestamp()
    assert [value(found, "endpoints", status=status) for status in ("ok", "violated", "unknown")] == [3, 5, 1]
    assert value(found, "endpoint_ok", **web) == 1 and value(found, "endpoint_ok", address="203.0.113.50") == 0
    assert value(found, "not_after_timestamp_seconds", **web) == data.SEEN_AT.timestamp() + 69 * 86400 + 7 * 3600
    assert value(found, "not_before_timestamp_seconds", **web) == data.SEEN_AT.timestamp() - 21 * 86400
    assert value(found, "handshake_seconds", **web) == 0.00825 and value(found, "connect_seconds", **web) == 0.0012
    assert value(found, "certificate_info", **web, fingerprint=data.sha256("new"), issuer=data.ISSUING, key_type="ecdsa") == 1
    assert value(found, "verify_code", address="203.0.113.40") == 20
    assert value(found, "rollout_endpoints", change="replaced") == 3 and value(found, "rollout_endpoints", change="never") == 0
    assert value(found, "group_ok", code="same_chain") == 0


def test_what_is_not_known_is_absent_and_counted():
    found = read(render(data.mixed()))
    down = dict(address="203.0.113.50")
    assert value(found, "check", code="reachable", **down) == 0 and value(found, "check", code="trust", **down) is None
    assert value(found, "endpoint_unknown_checks", **down) == 3
    assert value(found, "not_after_timestamp_seconds", **down) is None and value(found, "verify_code", **down) is None
    assert value(found, "check", code="revocation", address="203.0.113.21") is None
    assert "daas_https_tls_rollout_endpoints" not in found


def test_of_endpoints_with_the_same_labels_the_worse_one_counts():
    good, bad = data.endpoint(), data.endpoint(days=-1, findings=[data.EXPIRED])
    for pair in ((good, bad), (bad, good)):
        found = read(render(data.tls(*pair)))
        assert value(found, "endpoint_ok") == 0 and value(found, "check", code="expiry") == 0
        assert value(found, "not_after_timestamp_seconds") == data.SEEN_AT.timestamp() - 86400 + 7 * 3600


@pytest.mark.parametrize("text", data.HOSTILE)
def test_labels_come_through_whatever_they_hold(text):
    found = read(render(data.tls(data.endpoint(label=text))))
    assert value(found, "endpoint_ok", label=re.sub("[\t\r\x00\x1b\ud800]", "\ufffd", text)) == 1


def test_the_documented_metrics_are_those_of_the_code():
    documented = set(re.findall(r"^\| `daas_https_tls_(\w+)` \|", PAGE, re.MULTILINE))
    written = {name.removeprefix("daas_https_tls_") for name in read(render(data.mixed(), data.earlier()))}
    assert documented == set(prometheus.METRICS) == written
