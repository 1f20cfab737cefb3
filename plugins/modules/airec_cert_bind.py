#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: airec_cert_bind
short_description: Bind certificates to the custom domains of an AIRec instance, and enforce HTTPS
version_added: 0.1.0
description:
  - Fills or makes the mapping sheet C(certificate_info.xlsx), sends it with the certificate and its private key, follows the validation
    of the domains until AIRec has carried it out, and then enforces HTTPS.
  - What is right already is left alone. A domain is bound only if AIRec does not have it, has another certificate for it, or failed to
    validate it. With another certificate the ownership that was proved stays proved.
  - Sheet, chain and key are checked before anything is sent. All that is wrong with a sheet is reported at once, by cell.
  - The calls are not part of the vendor's public API. See O(contract) for what is specified and what is assumed.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.airec
  - daas.https.certificate
  - daas.https.wait
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Only reads are made. What only AIRec can tell, the challenges and the outcome of a validation, is not predicted.
  diff_mode:
    support: full
    details: The domains with their certificate ids, whether HTTPS is enforced, and the digest of O(mapping_file_dest).
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) binds the domains.
      - V(absent) unbinds them. Certificate and key are not needed then.
    type: str
    choices: [present, absent]
    default: present
  domains:
    description: Domains that all get the certificate O(certificate_id). Exactly one of this, O(mapping) and O(mapping_file_path) is needed.
    type: list
    elements: str
  mapping:
    description: The rows of the mapping sheet.
    type: list
    elements: dict
    suboptions:
      domain:
        description: The domain; the certificate has to cover it.
        type: str
        required: true
      certificate_id:
        description: CAS's id of the certificate. The default is O(certificate_id).
        type: str
      cert_type:
        description: The default is O(cert_type).
        type: str
  mapping_file_path:
    description:
      - A mapping sheet, on the machine that runs the module. This very file is sent, once it has been checked.
      - Its first row holds the headers C(domain), C(certificate_id) and C(cert_type), in any order; further columns may stand between.
    type: path
  certificate_id:
    description:
      - CAS's id of the given certificate, as M(daas.https.cas_certificate) returns it.
      - With O(mapping_file_path) it is not needed. If it is given, every row has to have it.
      - In check mode it may be empty, because a certificate that is not in CAS yet has no id.
    type: str
  cert_type:
    description: What stands in the column C(cert_type). That V(CAS) is expected there is an assumption.
    type: str
    default: CAS
  template_path:
    description:
      - The console's template, an xlsx file with the three headers and no rows of its own. It is filled with the rows of O(domains) or
        O(mapping), and everything else in it stays as it is. Without it a sheet is made that has nothing but these rows.
    type: path
  mapping_file_dest:
    description:
      - Where to keep the sheet with all rows, mode 0644, on the machine that runs the module. It is rewritten only when its content
        changes. Used with O(state=present).
    type: path
  https_enforced:
    description:
      - Whether the instance enforces HTTPS. If not set, that is neither read nor changed.
      - V(true) is set only when all given domains are validated. With O(wait=false) that may need another run, see
        RV(binding.https_pending).
      - The setting is the instance's and so applies to all of its domains.
    type: bool
notes:
  - The validation begins with the bind. Call this module with O(wait=false), publish the challenges that it returns, and wait with
    M(daas.https.airec_cert_bind_info); or let the role C(daas.https.airec) do all that.
  - "RAM actions with O(auth=signature), their names assumed: C(airec:GetCertificatesStatus), C(airec:BindCertificates),
    C(airec:GetSettings), C(airec:PutSettings), and for O(state=absent) C(airec:UnbindCertificates). With O(auth=bearer) the token decides."
  - Today's public cloud does not offer these calls. The module says so then, and the role C(daas.https.airec) has
    C(airec_method=endpoint) for it.
requirements:
  - openpyxl >= 3.1
seealso:
  - module: daas.https.airec_cert_bind_info
  - module: daas.https.alidns_record
"""

EXAMPLES = r"""
- name: Upload the certificate of the shop
  daas.https.cas_certificate:
    name: shop
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem
  register: shop

- name: Bind it to the recommendation service, and see how to prove the domain
  daas.https.airec_cert_bind:
    instance_id: airec-cn-demo01
    region: cn-hangzhou
    access_token: "{{ airec_access_token }}"
    domains: [rec.example.com]
    certificate_id: "{{ shop.certificate.id }}"
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem
    wait: false
  register: bound

- name: Wait until the domain is validated, then enforce HTTPS
  daas.https.airec_cert_bind:
    instance_id: airec-cn-demo01
    region: cn-hangzhou
    domains: [rec.example.com]
    certificate_id: "{{ shop.certificate.id }}"
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem
    https_enforced: true
    wait_timeout: 1800

- name: Fill the console's template and keep it
  daas.https.airec_cert_bind:
    instance_id: airec-cn-demo01
    region: cn-hangzhou
    mapping:
      - domain: rec.example.com
        certificate_id: "12345678"
      - domain: rec.shop.example.com
        certificate_id: "12345678"
    template_path: /srv/airec/certificate_info_template.xlsx
    mapping_file_dest: /srv/airec/certificate_info.xlsx
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem

- name: Unbind a domain
  daas.https.airec_cert_bind:
    instance_id: airec-cn-demo01
    region: cn-hangzhou
    domains: [old.example.com]
    state: absent
"""

RETURN = r"""
binding:
  description: The asked domains and how the instance serves them.
  returned: success, and failed after the instance was read
  type: dict
  contains:
    instance_id:
      description: The instance.
      type: str
      sample: airec-cn-demo01
    region:
      description: Its region.
      type: str
      sample: cn-hangzhou
    status:
      description:
        - V(SUCCESS) when all asked domains are validated, V(FAILED) when one of them has failed, V(VALIDATING) otherwise. Null when none
          of them is bound.
      type: str
      sample: SUCCESS
    https_enforced:
      description: Whether the instance enforces HTTPS. Null when it was not asked for.
      type: bool
      sample: true
    https_pending:
      description: Whether HTTPS was wanted and was not enforced yet, because the domains are not validated and O(wait=false). Run again.
      type: bool
      sample: false
    base_url:
      description: What clients use from now on. Null unless RV(binding.status) is V(SUCCESS) and HTTPS is known to be enforced.
      type: str
      sample: https://rec.example.com
    domains:
      description: The asked domains that are bound, in the given order.
      type: list
      elements: dict
      contains:
        domain:
          description: The domain.
          type: str
          sample: rec.example.com
        certificate_id:
          description: CAS's id of its certificate. Null in check mode while the certificate is not in CAS.
          type: str
          sample: "12345678"
        cert_type:
          description: The type that the mapping sheet gave.
          type: str
          sample: CAS
        status:
          description: V(PENDING), V(VALIDATING), V(SUCCESS) or V(FAILED). In check mode a domain that would be bound
            shows V(PENDING), because only AIRec can tell what comes after.
          type: str
          sample: VALIDATING
        failure_reason:
          description: What AIRec says about a validation that did not succeed, or null.
          type: str
          sample: CNAME _airec-challenge.rec.example.com not found
        cname:
          description: What the domain itself has to point to, so that clients reach the instance.
          type: str
          sample: airec-cn-demo01.cn-hangzhou.airec-edge.example
        validations:
          description:
            - The challenges; meeting one of them proves that one owns the domain. Empty once that is proved, and in check mode
              for a domain that is not bound yet, because AIRec chooses them.
          type: list
          elements: dict
          contains:
            type:
              description: V(DNS_CNAME) or V(HTTP_FILE).
              type: str
              sample: DNS_CNAME
            record_name:
              description: With V(DNS_CNAME), name of the record to publish, see M(daas.https.alidns_record).
              type: str
              sample: _airec-challenge.rec.example.com
            record_value:
              description: With V(DNS_CNAME), its value.
              type: str
              sample: 3f9a1c7e.validate.airec-edge.example
            path:
              description: With V(HTTP_FILE), the path at which the domain has to serve a file over plain http.
              type: str
              sample: /.well-known/airec-validation/3f9a1c7e.txt
            content:
              description: With V(HTTP_FILE), the content of the file.
              type: str
              sample: 3f9a1c7e
actions:
  description: The writing calls that were made, or in check mode would be.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The name of the call.
      type: str
      sample: BindCertificates
    product:
      description: The product that was called.
      type: str
      sample: airec
    target:
      description: The domains or the setting that it was called for.
      type: str
      sample: rec.example.com
mapping_file:
  description: Path of the kept sheet, O(mapping_file_dest).
  returned: when it was asked for
  type: str
  sample: /srv/airec/certificate_info.xlsx
problems:
  description: All that is wrong with the mapping, up to 20.
  returned: failed because of it
  type: list
  elements: str
  sample: ["cell A3: domain 'rec.example.com' stands in cell A2 already"]
"""

import hashlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _argspec_airec, _exit, _inputs, _runner, _sheet
from ansible_collections.daas.https.plugins.module_utils._api import airec
from ansible_collections.daas.https.plugins.module_utils._domain import binding, mapping
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError, InputError
from ansible_collections.daas.https.plugins.module_utils._wait import poll

LAG = 30  # seconds within which AIRec has to show what was written

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _argspec_airec.AIREC, _inputs.CERTIFICATE, _argspec.WAIT,
    state=dict(type="str", default="present", choices=["present", "absent"]),
    domains=dict(type="list", elements="str"),
    mapping=dict(type="list", elements="dict", options=dict(
        domain=dict(type="str", required=True),
        certificate_id=dict(type="str"),
        cert_type=dict(type="str"),
    )),
    mapping_file_path=dict(type="path"),
    certificate_id=dict(type="str"),
    cert_type=dict(type="str", default="CAS"),
    template_path=dict(type="path"),
    mapping_file_dest=dict(type="path"),
    https_enforced=dict(type="bool"),
)


def work(params, check_mode):
    return absent(params, check_mode) if params["state"] == "absent" else present(params, check_mode)


def present(params, check_mode):
    bundle = _inputs.bundle_from(params)
    rows, build = mapping_of(params, bundle.facts.names, check_mode)
    sheet = build(rows) if all(row.certificate_id for row in rows) else None  # only in check mode an id may lack
    with airec.Airec(params, read_only=check_mode) as cloud:
        now, https = cloud.domains(), params["https_enforced"]
        enforced = None if https is None else cloud.https_enforced()
        need = binding.to_bind(now, rows)
        files = dict(mapping=build(need) if sheet and need else b"", certificate=bundle.chain_pem, key=bundle.key)
        plan = binding.plan_present(now, rows, enforced, https, params["wait"], files)
        waits = binding.pending(now, rows, enforced, https, params["wait"])
        kept = keep(params["mapping_file_dest"], sheet, check_mode)
        now = binding.predicted(now, rows) if check_mode else carry_out(cloud, params, plan, rows, now, kept)
    names = [row.domain for row in rows]
    shown = binding.view(params["instance_id"], params["region"], now, names, plan.after["https_enforced"], waits)
    warnings = ["HTTPS is not enforced yet: %s. Run again when the domains are validated." % binding.told(now, names)] if waits else []
    return dict(with_sheet(plan.result(), kept), binding=shown, warnings=warnings)


def mapping_of(params, names, id_may_lack):
    """(rows, build): the checked Rows, and build(rows) that makes the sheet's bytes for some of them. Raises InputError."""
    path, template = params["mapping_file_path"], params["template_path"]
    if path:
        data = _sheet.load(path, "mapping_file_path")
        cells = mapping.from_table(_sheet.read(data, "mapping_file_path: the file '%s'" % path))
        return mapping.check(cells, names, params["certificate_id"] or "", params["state"] == "absent"), lambda rows: data
    given = mapping.from_options(params["domains"], params["mapping"], params["certificate_id"], params["cert_type"])
    rows = mapping.check(given, names, id_may_lack=id_may_lack)
    if not template:
        return rows, _sheet.make
    if os.path.realpath(template) == os.path.realpath(params["mapping_file_dest"] or os.devnull):
        raise InputError("template_path and mapping_file_dest are the same file; the template would be lost.")
    data = _sheet.load(template, "template_path")
    return rows, lambda rows: _sheet.fill(data, rows, "template_path: the file '%s'" % template)


def keep(path, sheet, check_mode):
    """(path, digest before, digest after) of mapping_file_dest, or None. sheet is None while an id is not known."""
    if not path:
        return None
    before, after = _sheet.digest_of(path, "mapping_file_dest"), sheet and hashlib.sha256(sheet).hexdigest()
    if before != after and not check_mode:
        _sheet.save(path, sheet, "mapping_file_dest")
    return path, before, after or "not known before the certificate is in CAS"


def with_sheet(result, kept):
    if kept:
        path, before, after = kept
        result["changed"] = result["changed"] or before != after
        result["diff"]["before"]["mapping_file"], result["diff"]["after"]["mapping_file"] = before, after
        result["mapping_file"] = path
    return result


def carry_out(cloud, params, plan, rows, now, kept=None):
    """Make the calls, each once the one before has come about; return the domains as AIRec then has them.

    A failure says what was done, what was not, and how the domains are.
    """
    done, trying, seen = [], None, [now]

    def look():
        seen.append(cloud.domains())
        return seen[-1]

    try:
        for step in plan.steps:
            if step.key == binding.ENFORCE:
                validated(look, seen[-1], rows, params)
            trying = step
            make(cloud, step, rows)
            done.append(step)
            trying = None
            settle(cloud, step, rows, look)
        if params["wait"] and params["state"] == "present":
            validated(look, seen[-1], rows, params)
    except CollectionError as error:
        raise CollectionError(str(error), **dict(
            error.extras, changed=bool(done) or bool(kept and kept[1] != kept[2]), actions=[step.summary() for step in done],
            failed_action=trying.summary() if trying else None, pending=[step.summary() for step in plan.steps if step not in done],
            binding=binding.view(params["instance_id"], params["region"], seen[-1], [row.domain for row in rows], None))) from error
    return seen[-1]


def make(cloud, step, rows):
    applied = _runner.apply(cloud, [step], confirm=lambda step: confirm(cloud, step, rows))
    if applied.errors:
        raise applied.errors[step.key]


def confirm(cloud, step, rows):
    """Whether a call whose answer was lost has come about: {} or None."""
    if "https_field" in step.params:
        return {} if cloud.https_enforced() == step.params["https_field"] else None
    now = cloud.domains()
    if step.key == binding.UNBIND:
        return None if any(name in now for name in step.params["domains_field"]) else {}
    return None if binding.to_bind(now, rows) else {}


def settle(cloud, step, rows, look):
    """Wait until AIRec's own answers show a write; they may lag behind it."""
    if "https_field" in step.params:
        poll(cloud.https_enforced, lambda value: value == step.params["https_field"], LAG, 0.2, "AIRec to show the setting", repr)
    elif step.key == binding.UNBIND:
        poll(look, lambda now: not any(name in now for name in step.params["domains_field"]), LAG, 0.2, "AIRec to unbind " + step.target,
             lambda now: binding.told(now, step.params["domains_field"]))
    else:
        poll(look, lambda now: binding.listed(now, rows), LAG, 0.2, "AIRec to list " + step.target,
             lambda now: binding.told(now, [row.domain for row in rows]))


def validated(look, now, rows, params):
    """Wait until all domains are validated. Raises CollectionError for one that failed, WaitTimeout."""
    names = [row.domain for row in rows]
    if not binding.done(now, rows):
        now = poll(look, lambda now: binding.done(now, rows) or binding.failed(now, rows), params["wait_timeout"], params["wait_interval"],
                   "AIRec to validate " + ", ".join(names), lambda now: binding.told(now, names))
    failed = [domain["domain"] for domain in binding.failed(now, rows)]
    if failed:
        raise CollectionError("AIRec could not validate %s: %s. Correct the record or the file and run again; that starts the validation "
                              "anew." % (", ".join(failed), binding.told(now, failed)))


def absent(params, check_mode):
    if params["https_enforced"]:
        raise InputError("https_enforced: true goes with state: present; HTTPS is enforced only on domains that have a certificate.")
    rows, _build = mapping_of(params, None, True)
    names = [row.domain for row in rows]
    with airec.Airec(params, read_only=check_mode) as cloud:
        now, https = cloud.domains(), params["https_enforced"]
        plan = binding.plan_absent(now, names, None if https is None else cloud.https_enforced(), https)
        if check_mode:
            now = dict((name, domain) for name, domain in now.items() if name not in names)
        else:
            now = carry_out(cloud, params, plan, rows, now)
    return dict(plan.result(), binding=binding.view(params["instance_id"], params["region"], now, names, plan.after["https_enforced"]))


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True,
        mutually_exclusive=_inputs.CERTIFICATE_EXCLUSIVE + [
            ("domains", "mapping", "mapping_file_path"), ("template_path", "mapping_file_path")],
        required_one_of=[("domains", "mapping", "mapping_file_path")],
        required_if=[("state", "present", ["certificate", "certificate_path"], True)])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
