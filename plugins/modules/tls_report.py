#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_report
short_description: Write what TLS endpoints serve as JSON, JUnit XML, Prometheus metrics or a page for people
version_added: 0.1.0
description:
  - Writes the result of M(daas.https.tls_verify) into files, in as many formats as there are paths given.
  - The page is one HTML file that loads nothing from anywhere. It shows the verdict, what to do, every endpoint (to be filtered and
    sorted), when certificates expire, the trust chains, and, with O(before), what a rollout has changed. It works without JavaScript, in
    light and dark, with keyboard and screen reader, and on paper.
  - The same input gives the same bytes, because all times in a report are those of the handshakes. Files are written whole or not at all.
  - The formats are described in C(docs/tls_reports.md) of the collection.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - ansible.builtin.files
  - daas.https.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of files of more than 100 KB only that they differ.
  idempotent:
    support: full
    details: A file that has the right content, mode and owner already is not written.
  platform:
    description: Systems on which the module runs.
    support: full
    platforms: posix
requirements:
  - Python 3.9 or later
options:
  tls:
    description:
      - What M(daas.https.tls_verify) returned as RV(daas.https.tls_verify#module:tls), also when it failed.
      - Results of older versions of it lack some fields; the report then says less.
    type: dict
    required: true
  before:
    description:
      - The same from an earlier look, for instance before a rollout. The report then also says which endpoints serve another certificate.
      - Endpoints are the same ones if label, name, address and port are.
    type: dict
  title:
    description: What the report is called. In metrics it is the value of the label C(report), so that reports with different titles
      can lie side by side.
    type: str
    default: HTTPS endpoints
  json:
    description: Where to write the report in JSON, for programs. The folder has to exist, as for all paths.
    type: path
  junit:
    description: Where to write it in JUnit's XML, for CI servers. One test case for each check of each address.
    type: path
  prometheus:
    description: Where to write it as metrics. The textfile collector of node_exporter wants a name that ends in C(.prom).
    type: path
  html:
    description: Where to write the page.
    type: path
notes:
  - All files get the same O(mode), O(owner) and O(group).
  - A report names hosts, addresses and certificates, and never a private key.
seealso:
  - module: daas.https.tls_verify
    description: Makes the handshakes.
"""

EXAMPLES = r"""
- name: Look at the endpoints before the rollout
  daas.https.tls_verify:
    endpoints: "{{ https_endpoints }}"
    fail_on_violation: false
  register: earlier

# here the rollout takes place

- name: Look at them after it
  daas.https.tls_verify:
    endpoints: "{{ https_endpoints }}"
    min_days_left: 14
    fail_on_violation: false
  register: seen

- name: Write a page for people, and a file for the CI server
  daas.https.tls_report:
    tls: "{{ seen.tls }}"
    before: "{{ earlier.tls }}"
    title: Certificates of the shop
    html: /srv/reports/https.html
    junit: /srv/reports/https.xml
    mode: "0644"

- name: Let node_exporter have the metrics
  daas.https.tls_report:
    tls: "{{ seen.tls }}"
    prometheus: /var/lib/node_exporter/textfile/https.prom
    mode: "0644"
"""

RETURN = r"""
files:
  description: The files of the report, in the order C(json), C(junit), C(prometheus), C(html).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where it is.
      type: str
      sample: /srv/reports/https.html
    format:
      description: V(json), V(junit), V(prometheus) or V(html).
      type: str
      sample: html
    changed:
      description: Whether it was written, or got another mode or owner. In check mode, whether it would.
      type: bool
      sample: true
"""

import functools

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _exit
from ansible_collections.daas.https.plugins.module_utils._report import document, html, json_, junit, prometheus
from ansible_collections.daas.https.plugins.module_utils._report.files import check_paths, put

FORMATS = {"json": json_.render, "junit": junit.render, "prometheus": prometheus.render, "html": html.render}
ARGUMENT_SPEC = dict(
    tls=dict(type="dict", required=True),
    before=dict(type="dict"),
    title=dict(type="str", default="HTTPS endpoints"),
    json=dict(type="path"),
    junit=dict(type="path"),
    prometheus=dict(type="path"),
    html=dict(type="path"),
)


def work(module, params, check_mode):
    report = document.build(params["tls"], params["before"], params["title"])
    paths = check_paths(dict((name, params[name]) for name in FORMATS if params[name]))
    # all are rendered before the first is written
    texts = dict((name, FORMATS[name](report)) for name in paths)
    files, diffs = [], []
    for name, path in paths.items():
        changed, diff = put(module, name, path, texts[name].encode("utf-8"), check_mode)
        files.append(dict(path=path, format=name, changed=changed))
        diffs += diff
    return dict(changed=any(file["changed"] for file in files), files=files, diff=diffs)


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True, add_file_common_args=True, required_one_of=[tuple(FORMATS)])
    _exit.run(module, functools.partial(work, module))


if __name__ == "__main__":
    main()
