# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for Prometheus, as node_exporter's textfile collector reads it. PRIVATE to the collection."""

from __future__ import annotations

import calendar
import re
import time

from .reading import TIME

_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
PREFIX = "daas_https_tls_"
# name: (what it is, which value counts where two endpoints have the same labels: a series may be there only once)
METRICS = {
    "ok": ("Whether everything is as it should be.", min),
    "seen_timestamp_seconds": ("When the handshakes were made.", max),
    "elapsed_seconds": ("How long all handshakes together took.", max),
    "endpoints": ("Addresses that were looked at, by status: ok, violated or unknown.", max),
    "group_ok": ("Whether what is asked of all endpoints together holds: 1 or 0; absent if unknown.", min),
    "endpoint_ok": ("Whether no check of this address is violated.", min),
    "endpoint_unknown_checks": ("Checks of this address whose outcome is not known.", max),
    "check": ("Outcome of one check: 1 if ok, 0 if violated; absent if unknown.", min),
    "verify_code": ("OpenSSL's verify return code; 0 is ok. Absent if no certificate was seen.", max),
    "not_before_timestamp_seconds": ("From when on the served certificate is valid.", max),
    "not_after_timestamp_seconds": ("Until when the served certificate is valid.", min),
    "resolve_seconds": ("Time that name resolution took.", max),
    "connect_seconds": ("Time that the TCP connection took.", max),
    "handshake_seconds": ("Time that the TLS handshake took.", max),
    "certificate_info": ("What is served, in labels; the value is always 1.", max),
    "rollout_endpoints": ("Addresses by what became of their certificate since the earlier look.", max),
}


def render(document):
    """Text with HELP and TYPE for every metric that has a sample. All are gauges; every series has the label report, the title."""
    found = dict((name, {}) for name in METRICS)

    def put(metric, value, /, **labels):
        if value is not None:
            key = tuple(dict(labels, report=document["title"]).items())
            series, keep = found[metric], METRICS[metric][1]
            series[key] = keep(series[key], value) if key in series else value

    put_whole(put, document)
    for entry in document["endpoints"]:
        put_endpoint(put, entry)
    return "".join(block(name, series) for name, series in found.items() if series)


def put_whole(put, document):
    put("ok", int(document["ok"]))
    put("seen_timestamp_seconds", seconds(document["seen_at"]))
    put("elapsed_seconds", document["elapsed"])
    for status in ("ok", "violated", "unknown"):
        put("endpoints", document["summary"][status], status=status)
    for code, group in document["groups"].items():
        put("group_ok", outcome(group["status"]), code=code)
    if document["rollout"]:
        for change, count in document["rollout"]["counts"].items():
            put("rollout_endpoints", count, change=change)


def put_endpoint(put, entry):
    labels = dict(label=entry["label"], name=entry["name"], address=entry["address"], port=entry["port"])
    put("endpoint_ok", int(entry["status"] != "violated"), **labels)
    put("endpoint_unknown_checks", sum(status == "unknown" for status in entry["checks"].values()), **labels)
    for code, status in entry["checks"].items():
        put("check", outcome(status), code=code, **labels)
    put("verify_code", entry["verify_code"], **labels)
    put("not_before_timestamp_seconds", seconds(entry["not_before"]), **labels)
    put("not_after_timestamp_seconds", seconds(entry["not_after"]), **labels)
    for step in ("resolve", "connect", "handshake"):
        put(step + "_seconds", entry["times"][step] / 1000 if step in entry["times"] else None, **labels)
    if entry["fingerprint"]:
        said = dict((name, entry[name] or "") for name in ("fingerprint", "common_name", "issuer", "key_type", "tls_version", "cipher"))
        put("certificate_info", 1, **dict(labels, **said))


def outcome(status):
    return {"ok": 1, "violated": 0}.get(status)


def seconds(text):
    """Seconds since 1970 of one of tls_verify's times, or None."""
    return None if text is None else calendar.timegm(time.strptime(text, TIME))


def block(name, series):
    lines = ["# HELP %s%s %s" % (PREFIX, name, METRICS[name][0]), "# TYPE %s%s gauge" % (PREFIX, name)]
    lines += ["%s%s{%s} %s" % (PREFIX, name, ",".join('%s="%s"' % (label, escape(value)) for label, value in key), shown(value))
              for key, value in series.items()]
    return "\n".join(lines) + "\n"


def escape(value):
    """The format knows these three escapes, and no others; a file in it is UTF-8, which has no lone surrogates."""
    return _FORBIDDEN.sub("\ufffd", str(value)).replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def shown(value):
    return str(value) if isinstance(value, int) else ("%.6f" % value).rstrip("0").rstrip(".")
