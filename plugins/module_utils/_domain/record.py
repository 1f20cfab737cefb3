# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has changed, in words for people, out of the facts that the roles have left. PRIVATE to the collection.

A row is what one place had, and has: target, before and after (fingerprints, '' for none or unknown), verdict, request_id, error.
"""

from __future__ import annotations

from .._tls.model import usual_port
from .names import covers, normalise

SHORT = 8  # digits of a fingerprint in a table; all of them are said once
CHANGED, PLANNED, SAME, FAILED, BACK, NOT_BACK, GONE = (
    "changed", "planned", "already so", "failed", "put back", "NOT put back", "taken away")


def record_of(hosts, stored=(), alive=(), check_mode=False):
    """What the change record says, as a dict.

    hosts: their variables. stored: certificates of CAS as cas_certificate_info returns them. alive: names of hosts that have not failed.
    """
    hosts, verified = list(hosts), _verified(hosts)
    known = _Known(hosts, stored, verified)
    targets = _edge(hosts, known, check_mode)
    app_hosts = [_app_host(host, known, verified, alive, check_mode) for host in hosts if host.get("app_host_served") is not None]
    airec = [row for host in hosts for row in _airec(host, known, verified, alive, check_mode)]
    rows = targets + app_hosts + airec
    endpoints = [_endpoint(item) for item in verified]
    return dict(
        certificates=known.certificates(rows), targets=targets, app_hosts=app_hosts, airec=airec, endpoints=endpoints,
        counts=dict((verdict, sum(row["verdict"] == verdict for row in rows))
                    for verdict in (CHANGED, PLANNED, SAME, GONE, FAILED, BACK, NOT_BACK)),
        failures=[dict(target=row["target"], error=row["error"]) for row in rows if row["error"]] + _restore_errors(hosts) + [
            dict(target="rotation", error=text) for text in _texts(hosts, "rotation_failure")],
        undone=_texts(hosts, "rotation_back"),
        passed_over=_passed_over(hosts),
        tables=dict(
            targets=table(["target", "before", "after", "verdict"], [_cells(row) for row in targets]),
            app_hosts=table(["application host", "before", "after", "verdict"], [_cells(row) for row in app_hosts]),
            airec=table(["AIRec domain", "before", "after", "verdict"], [_cells(row) for row in airec]),
            endpoints=table(["endpoint", "serves", "verify return code", "verdict"], [
                [row["label"], row["fingerprint"][:SHORT] or "-", row["verify_return_code"] or "-", "ok" if row["ok"] else "NOT ok"]
                for row in endpoints])))


def table(head, rows):
    """Lines of a Markdown table, padded so that it is one to the eye as well."""
    widths = [max(len(str(row[column])) for row in [head] + rows) for column in range(len(head))]

    def line(cells):
        return "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)) + " |"

    return [line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|"] + [line(row) for row in rows] if rows else []


def _cells(row):
    return [row["target"], row["before"][:SHORT] or "-", row["after"][:SHORT] or "-", row["verdict"]]


def _row(target, before="", after="", verdict=SAME, request_id="", error=""):
    return dict(target=target, before=before, after=after, verdict=verdict, request_id=request_id or "", error=error or "")


def _yes(value):
    return str(value).lower() in ("true", "yes", "1")


# -- certificates --------------------------------------------------------------------------------------------------------------------

class _Known:
    """All that is known of certificates, by SHA-256."""

    def __init__(self, hosts, stored, verified):
        self._by_digest, self._longer, self._new = {}, {}, []
        seen = verified + [item for host in hosts for name in ("app_host_served", "airec_served") for item in _looked_at(host, name)]
        # what is known best comes first
        for item in self._results(hosts):
            self._add(item, new=True)
        for item in list(stored) + seen:
            if item.get("sha1") and item.get("fingerprint"):
                self._longer[item["sha1"]] = item["fingerprint"]
            self._add(item)

    def _results(self, hosts):
        for host in hosts:
            for name in ("certificate_result", "certificate_alternative_result"):
                certificate = (host.get(name) or {}).get("certificate")
                if certificate:
                    yield certificate

    def digest(self, fingerprint):
        """The SHA-256 where only a SHA-1 was shown, as far as it is known."""
        return self._longer.get(fingerprint or "", fingerprint or "")

    def _add(self, item, new=False):
        digest = self.digest(item.get("fingerprint"))
        if not digest:
            return
        entry = self._by_digest.setdefault(
            digest, dict(fingerprint=digest, name="", ids=[], not_before="", not_after="", domains=[], new=False))
        number = item["cas_id"] if "cas_id" in item else item.get("id")
        if number and number not in entry["ids"]:
            entry["ids"].append(number)
        for key in ("name", "not_before", "not_after", "domains"):
            # of what was seen at an endpoint, "name" is that of the endpoint
            if not (key == "name" and "address" in item):
                entry[key] = entry[key] or item.get(key) or entry[key]
        entry["not_after"] = entry["not_after"] or item.get("end_date") or ""
        if new and digest not in self._new:
            self._new.append(digest)
            entry["new"] = True

    def new(self, host):
        """The SHA-256 of the new certificate that is for a name, or else of any; '' if there is none."""
        fit = [digest for digest in self._new if covers(self._by_digest[digest]["domains"], host)]
        return next(iter(fit + self._new), "")

    def see(self, bound):
        """The SHA-256 of what a slot has or had ('' for none), which is remembered."""
        if not bound:
            return ""
        self._add(bound)
        return self.digest(bound.get("fingerprint")) or "unknown"

    def certificates(self, rows):
        """The new ones first, then what was there before, by the names in CAS."""
        before = set(row["before"] for row in rows) - set(self._new)
        old = [self._by_digest[digest] for digest in before if digest in self._by_digest]
        return [self._by_digest[digest] for digest in self._new] + sorted(old, key=lambda item: (item["name"], item["fingerprint"]))


# -- places --------------------------------------------------------------------------------------------------------------------------

def _edge(hosts, known, check_mode):
    """Rows of all slots, each once, in their order."""
    found, seen = {}, []
    for host in hosts:
        accounts = host.get("edge_targets_by_account")
        if not accounts or accounts in seen:
            continue  # hosts of a batch have the same
        seen.append(accounts)
        for target in [target for targets in accounts.values() for target in targets]:
            earlier = found.get(target["target"])
            if earlier is None or _yes(target["changed"]) or earlier["verdict"] == SAME:
                found[target["target"]] = _slot(target, host, known, check_mode)
    return list(found.values())


def _slot(target, host, known, check_mode):
    before, after = known.see(target.get("previous")), known.see(target.get("current"))
    for old in target.get("supersedes") or ():
        known.see(old)
    verdict = FAILED if target.get("error") else SAME
    if _yes(target["changed"]):
        verdict = PLANNED if check_mode else CHANGED if target.get("current") or target.get("error") else GONE
        if host.get("edge_restored") is not None:
            verdict = NOT_BACK if any(target["target"] in text for text in host.get("edge_restore_errors") or ()) else BACK
            after = after if verdict == NOT_BACK else before
    return _row(target["target"], before, after, verdict, target.get("request_id"), target.get("error"))


def _restore_errors(hosts):
    texts = dict.fromkeys(text for host in hosts for text in host.get("edge_restore_errors") or ())
    return [dict(target="putting back", error=text) for text in texts]


def _texts(hosts, name):
    """What the role rotation has said of its hosts, each once."""
    return list(dict.fromkeys(str(host[name]) for host in hosts if host.get(name)))


def _rotated_back(host, row, before):
    """The row of a place that a rotation has changed and taken back, or could not take back."""
    if not host.get("rotation_back") or row["verdict"] not in (CHANGED, SAME):
        return row
    if str(host["rotation_back"]).startswith("NOT"):
        return dict(row, before=before, verdict=NOT_BACK)
    return dict(row, before=before, after=before, verdict=BACK)


def _passed_over(hosts):
    return sorted(set(item["target"] for host in hosts for item in host.get("edge_passed_over") or ()))


def _app_host(host, known, verified, alive, check_mode):
    name, labels = host["inventory_hostname"], _labels(host)
    before, after = _first(_looked_at(host, "app_host_served"), labels), _first(verified, labels)
    assistant = next(iter((host.get("app_host_assistant") or {}).get("instances") or ()), {})
    changed = _yes(assistant.get("changed", False)) or _yes(host.get("app_host_differs", False))
    before, after = known.digest(assistant.get("previous") or before), known.digest(assistant.get("current") or after)
    request = (assistant.get("invocations") or {}).get("install")
    verdict = _verdict_of_app_host(host, changed, name in alive, check_mode)
    if check_mode and changed:
        after = known.digest(assistant.get("current")) or known.new(name)
    row = _row(name, before, after, verdict, request, assistant.get("error"))
    return _rotated_back(host, row, known.digest(_first(host.get("rotation_due") or (), labels)))


def _verdict_of_app_host(host, changed, alive, check_mode):
    back, assistant_back = host.get("app_host_put_back"), host.get("app_host_assistant_back")
    if back is not None:
        return NOT_BACK if back.get("rc", 0) else BACK if back.get("stdout") else FAILED
    if assistant_back is not None:
        return NOT_BACK if assistant_back.get("msg") else BACK if _yes(assistant_back.get("changed", False)) else FAILED
    if not alive:
        return FAILED
    return SAME if not changed else PLANNED if check_mode else CHANGED


def _airec(host, known, verified, alive, check_mode):
    """Rows of the custom domains of an instance; one for the instance if nothing came of it."""
    binding, bound = host.get("airec_binding"), host.get("airec_bound") or {}
    if binding is None and not bound:
        return []
    if binding is None or host["inventory_hostname"] not in alive:
        return [_row(str(host.get("airec_instance_id") or host["inventory_hostname"]), verdict=FAILED, error=bound.get("msg"))]
    changed = _yes(host.get("airec_changed", False))
    rows = []
    for domain in binding.get("domains") or ():
        before = after = _first(verified, [], domain["domain"])
        if changed:
            after = known.new(domain["domain"]) if check_mode else after
            before = before if check_mode else _first(_looked_at(host, "airec_served"), [], domain["domain"])
        verdict = SAME if not changed else PLANNED if check_mode else CHANGED
        row = _row("%s/%s" % (binding["instance_id"], domain["domain"]), known.digest(before), known.digest(after), verdict,
                   error=domain.get("failure_reason"))
        if ((host.get("rotation_previous") or {}).get("stat") or {}).get("exists"):
            # without the pair from before it keeps the new certificate
            row = _rotated_back(host, row, known.digest(_first(host.get("rotation_due") or (), (), domain["domain"])))
        rows.append(row)
    return rows


# -- endpoints -----------------------------------------------------------------------------------------------------------------------

def _looked_at(host, name):
    return list(((host.get(name) or {}).get("tls") or {}).get("endpoints") or ())


def _verified(hosts):
    """What the role verify has seen, each endpoint once."""
    found = {}
    for host in hosts:
        for item in _looked_at(host, "verify_result"):
            found.setdefault((item["label"], item["address"], item["port"]), item)
    return list(found.values())


def _labels(host):
    """The labels of a host's endpoints, also where tls_verify has made them."""
    return [endpoint.get("label") or "%s:%d" % (normalise(endpoint["name"]), _port(endpoint))
            for endpoint in host.get("https_endpoints") or ()]


def _port(endpoint):
    return int(endpoint.get("port") or usual_port(endpoint.get("starttls")))


def _first(items, labels, name=""):
    """The fingerprint that the first of these endpoints serves, or ''."""
    return next((item.get("fingerprint") or "" for item in items
                 if item.get("label") in labels or (name and item.get("name") == name)), "")


def _endpoint(item):
    return dict(label=item["label"], fingerprint=item.get("fingerprint") or "", verify_return_code=item.get("verify_return_code") or "",
                ok=bool(item.get("ok")), findings=list(dict.fromkeys(finding["message"] for finding in item.get("findings") or ())))
