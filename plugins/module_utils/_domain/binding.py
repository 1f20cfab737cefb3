# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which domains of an AIRec instance need which call, and what results show of them. Pure. PRIVATE to the collection.

present is {domain: dict as results show it}; rows are mapping.Row.
"""

from __future__ import annotations

from .._plan import Plan, Step

SUCCESS, FAILED, PENDING, VALIDATING = "SUCCESS", "FAILED", "PENDING", "VALIDATING"
RELAX, BIND, UNBIND, ENFORCE = "relax", "bind", "unbind", "enforce"  # keys of steps


def has(present, row):
    """Whether AIRec has this certificate for the domain, validated or not."""
    there = present.get(row.domain)
    return bool(there) and (there["certificate_id"], there["cert_type"]) == (row.certificate_id, row.cert_type)


def to_bind(present, rows):
    """The rows that AIRec does not have, and those whose validation failed: only a new bind starts it again."""
    return [row for row in rows if not has(present, row) or present[row.domain]["status"] == FAILED]


def listed(present, rows):
    return all(has(present, row) for row in rows)


def done(present, rows):
    return all(has(present, row) and present[row.domain]["status"] == SUCCESS for row in rows)


def failed(present, rows):
    """The domains whose validation failed for the very certificate that was bound."""
    return [present[row.domain] for row in rows if has(present, row) and present[row.domain]["status"] == FAILED]


def plan_present(present, rows, enforced, https, wait, files):
    """files: the params of the bind. HTTPS is enforced only on validated domains, so without wait perhaps not in this run."""
    need = to_bind(present, rows)
    bind = [Step(BIND, "airec", "BindCertificates", ", ".join(row.domain for row in need), files, stage=1)] if need else []
    waits = pending(present, rows, enforced, https, wait)
    after = dict((row.domain, dict(certificate_id=row.certificate_id, cert_type=row.cert_type)) for row in rows)
    return Plan(
        _short(present, after, enforced), dict(domains=after, https_enforced=enforced if https is None or waits else https),
        tuple(_relax(enforced, https) + bind + (_settings(ENFORCE, True, 2) if https and not enforced and not waits else [])))


def pending(present, rows, enforced, https, wait):
    """True when HTTPS is wanted and has to wait for the validation, and this run does not wait."""
    return bool(https and not enforced and not wait and (to_bind(present, rows) or not done(present, rows)))


def plan_absent(present, names, enforced, https):
    doomed = [name for name in names if name in present]
    unbind = [Step(UNBIND, "airec", "UnbindCertificates", ", ".join(doomed), dict(domains_field=doomed), stage=1)] if doomed else []
    return Plan(_short(present, names, enforced), dict(domains=dict.fromkeys(names), https_enforced=enforced if https is None else https),
                tuple(_relax(enforced, https) + unbind))


def _relax(enforced, https):
    # before anything else, because plain http may be what a failing domain needs now
    return _settings(RELAX, False, 0) if https is False and enforced else []


def _settings(key, value, stage):
    return [Step(key, "airec", "PutSettings", "https_enforced=%s" % str(value).lower(), dict(https_field=value), stage=stage)]


def _short(present, names, enforced):
    return dict(https_enforced=enforced, domains=dict(
        (name, dict((key, present[name][key]) for key in ("certificate_id", "cert_type")) if name in present else None) for name in names))


def predicted(present, rows):
    """The domains as a bind would leave them. The challenges of a domain that AIRec does not know yet are its secret."""
    need = set(row.domain for row in to_bind(present, rows))
    return dict(present, **dict((row.domain, dict(
        present.get(row.domain) or dict(cname=None, validations=[]), domain=row.domain, certificate_id=row.certificate_id or None,
        cert_type=row.cert_type, status=PENDING, failure_reason=None)) for row in rows if row.domain in need))


def view(instance, region, present, names, enforced, https_pending=False):
    """The result: the named domains in that order, those that are bound."""
    domains = [present[name] for name in names if name in present]
    states = set(domain["status"] for domain in domains) | set([VALIDATING] if domains and len(domains) < len(names) else ())
    # an instance without domains calls itself SUCCESS; here nothing bound has no status
    status = FAILED if FAILED in states else VALIDATING if states - {SUCCESS} else SUCCESS if states else None
    host = next((domain["domain"] for domain in domains if not domain["domain"].startswith("*.")), None)
    return dict(
        instance_id=instance, region=region, status=status, https_enforced=enforced, https_pending=https_pending,
        base_url="https://" + host if status == SUCCESS and enforced and host else None, domains=domains)


def told(present, names):
    """The state of the named domains in one line: what failed, and what has to be published."""
    return "; ".join(_told(name, present.get(name)) for name in names)


def _told(name, there):
    if there is None:
        return name + " is not bound"
    reason = " (%s)" % there["failure_reason"] if there["failure_reason"] else ""
    record = next((item for item in there["validations"] if item["type"] == "DNS_CNAME"), None)
    todo = ", to be proved by the CNAME %s -> %s" % (record["record_name"], record["record_value"]) if record else ""
    return "%s is %s%s%s" % (name, there["status"] or "without a status", reason, todo if there["status"] != SUCCESS else "")
