#!/usr/bin/python
# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_certificate
short_description: Install certificates on ECS instances through Cloud Assistant, without SSH
version_added: 0.1.0
description:
  - Puts certificate and private key where the web server of ECS instances reads them, has it check its configuration and reload, and puts
    the old pair back if it refuses. The instances need neither SSH nor Python, but Cloud Assistant, C(sh) and C(openssl).
  - Cloud Assistant keeps commands, files and their output, and shows them to everyone who may read its history. B(The private key is never
    there in the clear.) Each instance first makes a key pair of its own in a folder that only root can enter, and tells the public half.
    Certificate and key are sent encrypted for that, with AES-256-CBC, an HMAC-SHA-256, and RSA-OAEP for the keys of both. The instance
    opens them and removes its key pair, so that nobody can open what the history keeps.
  - On the instance only what OpenSSL 1.0.2 to 3.x have in common is used; it is tested with 3.0. No secret is ever an argument or an
    environment variable there.
  - That protects the key from those who can read the history. Those who may run commands on an instance are root there anyway.
author:
  - daas.https contributors (@daas)
extends_documentation_fragment:
  - daas.https.connection
  - daas.https.certificate
  - daas.https.attributes
  - daas.https.attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - Only C(DescribeInstances) and C(DescribeCloudAssistantStatus) are called, so that instances which cannot take commands are found.
      - To look at the files on an instance takes a command, and every command is a writing call. So a change is predicted for every
        instance, also where the run will find that there is nothing to do; RV(instances[].skipped_reason) says so.
  diff_mode:
    support: full
    details: Fingerprints, by instance; never a key.
  idempotent:
    support: full
    details: A command that only reads looks at the files first. If all is right, no other command is run.
options:
  instances:
    description: The instances. Needed, unless O(restore) is given. May be empty.
    type: list
    elements: dict
    suboptions:
      instance:
        description: Id of the instance, for instance V(i-bp1web).
        type: str
        required: true
      region:
        description: The region that it is in.
        type: str
        required: true
  certificate_dest:
    description: Absolute path of the file where the web server reads the certificate and its intermediates. The folder must exist.
    type: str
    default: /etc/nginx/tls/fullchain.pem
  private_key_dest:
    description: Absolute path of the file where the web server reads the private key. The folder must exist.
    type: str
    default: /etc/nginx/tls/privkey.pem
  owner:
    description: Owner of both files, a name or a number.
    type: str
    default: root
  group:
    description: Group of both files, a name or a number.
    type: str
    default: root
  certificate_mode:
    description: Octal mode of the certificate.
    type: str
    default: "0644"
  private_key_mode:
    description: Octal mode of the private key.
    type: str
    default: "0600"
  validate_command:
    description:
      - Command that checks the web server's configuration with the new pair in place. If it fails, the old pair is put back.
      - It is run without a shell, as root. Empty means none.
      - Its output becomes part of Cloud Assistant's history, less the lines of the private key, should it print them.
    type: str
    default: nginx -t -q
  reload_command:
    description: Command that makes the web server read the pair. If it fails, the old pair is put back and it is run again.
    type: str
    default: systemctl reload nginx
  reload:
    description:
      - V(changed) runs the commands when the pair was replaced.
      - V(always) runs them also where the pair is right already, for a web server that serves something else all the same.
    type: str
    choices: [changed, always]
    default: changed
  keep_backup:
    description:
      - Whether the old pair stays beside the new one, as for instance C(.fullchain.pem.daas-previous). It is what O(restore) puts back.
      - With V(false) there is none afterwards, also if the pair was right already.
    type: bool
    default: true
  work_folder:
    description: Folder on the instance in which the key pair is made, in a folder of its own. Best one that is in memory only.
    type: str
    default: /run
  restore:
    description:
      - Puts back what an earlier call replaced. The list is RV(instances) of that call, or a part of it. Files that were not there before
        are removed.
      - Instances that it did not change are left alone, and so are those where something else has been installed since.
    type: list
    elements: dict
  parallel:
    description: How many instances are worked on at a time.
    type: int
    default: 8
  wait_timeout:
    description: Seconds to wait at most for each command and each file. The error then says what was seen last.
    type: float
    default: 300.0
  wait_interval:
    description: Seconds between the first two looks; later ones are further apart.
    type: float
    default: 2.0
notes:
  - "RAM actions: C(ecs:DescribeInstances), C(ecs:DescribeCloudAssistantStatus), C(ecs:RunCommand), C(ecs:DescribeInvocationResults),
    C(ecs:SendFile), C(ecs:DescribeSendFileResults)."
  - Certificate and key together may have 24 KB, which is more than four certificates with RSA keys of 4096 bits.
seealso:
  - module: daas.https.cas_deploy
    description: For load balancers, CDN and the like.
"""

EXAMPLES = r"""
- name: Install the certificate on two instances
  daas.https.ecs_certificate:
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem
    instances:
      - {instance: i-bp1app01, region: cn-hangzhou}
      - {instance: i-uf6app01, region: cn-shanghai}
    certificate_dest: /etc/nginx/tls/fullchain.pem
    private_key_dest: /etc/nginx/tls/privkey.pem
  register: installed

- name: Put the old pair back where that call replaced it
  daas.https.ecs_certificate:
    restore: "{{ installed.instances }}"
    certificate_dest: /etc/nginx/tls/fullchain.pem
    private_key_dest: /etc/nginx/tls/privkey.pem

- name: Another web server
  daas.https.ecs_certificate:
    certificate_path: /etc/ssl/shop/fullchain.pem
    private_key_path: /etc/ssl/shop/privkey.pem
    instances:
      - {instance: i-bp1app02, region: cn-hangzhou}
    certificate_dest: /etc/httpd/tls/fullchain.pem
    private_key_dest: /etc/httpd/tls/privkey.pem
    validate_command: apachectl configtest
    reload_command: systemctl reload httpd
"""

RETURN = r"""
instances:
  description: One entry for each instance. With O(restore) only those that were changed.
  returned: always
  type: list
  elements: dict
  contains:
    instance:
      description: Id of the instance.
      type: str
      sample: i-bp1app01
    region:
      description: Its region.
      type: str
      sample: cn-hangzhou
    target:
      description: Both of them.
      type: str
      sample: i-bp1app01 in cn-hangzhou
    changed:
      description: Whether the instance was changed. In check mode, whether it may be.
      type: bool
      sample: true
    previous:
      description: SHA-256 of the leaf that was there. Null for none, and in check mode.
      type: str
      sample: 1b0a09f8e7d6c5b4a39281706f5e4d3c9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c
    current:
      description: SHA-256 of the leaf that is there now, or in check mode would be. Null for none, and when it is not known.
      type: str
      sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
    verified:
      description: Whether the wanted pair was seen on the instance at the end.
      type: bool
      sample: true
    invocations:
      description:
        - Cloud Assistant's ids of the commands, C(probe), C(key_pair), C(install), C(keep), C(restore), C(removal), and of the C(file).
      type: dict
      sample: {probe: t-hz01, key_pair: t-hz02, file: f-hz03, install: t-hz04}
    skipped_reason:
      description: Why nothing was done, or in check mode why it was not looked at.
      type: str
      sample: already so
    error:
      description: What went wrong on this instance.
      type: str
      sample: The web server refused its configuration
certificate:
  description: The certificate to install. Not with O(restore).
  returned: when it is not restored
  type: dict
  contains:
    fingerprint:
      description: SHA-256 of the leaf, lower-case hex.
      type: str
      sample: 9f1c0a3f6d0b3b0e7a6a4a4b0f3d8e5c2b1a09f8e7d6c5b4a39281706f5e4d3c
    domains:
      description: The names that it covers.
      type: list
      elements: str
      sample: [www.example.com, api.example.com]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daas.https.plugins.module_utils import _argspec, _exit, _inputs
from ansible_collections.daas.https.plugins.module_utils._api import ecs
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._assistant import Assistant
from ansible_collections.daas.https.plugins.module_utils._domain.assistant import diff, pair_of, places_of, summary

ARGUMENT_SPEC = _argspec.spec(
    _argspec.CONNECTION, _inputs.CERTIFICATE,
    instances=dict(type="list", elements="dict", options=dict(
        instance=dict(type="str", required=True),
        region=dict(type="str", required=True),
    )),
    certificate_dest=dict(type="str", default="/etc/nginx/tls/fullchain.pem"),
    private_key_dest=dict(type="str", default="/etc/nginx/tls/privkey.pem", no_log=False),
    owner=dict(type="str", default="root"),
    group=dict(type="str", default="root"),
    certificate_mode=dict(type="str", default="0644"),
    private_key_mode=dict(type="str", default="0600", no_log=False),
    validate_command=dict(type="str", default="nginx -t -q"),
    reload_command=dict(type="str", default="systemctl reload nginx"),
    reload=dict(type="str", default="changed", choices=["changed", "always"]),
    keep_backup=dict(type="bool", default=True),
    work_folder=dict(type="str", default="/run"),
    restore=dict(type="list", elements="dict"),
    parallel=dict(type="int", default=8),
    wait_timeout=_argspec.WAIT["wait_timeout"],
    wait_interval=_argspec.WAIT["wait_interval"],
)


def work(params, check_mode):
    pair, shown = pair_of(params), {}
    wait = params["wait_timeout"], params["wait_interval"]
    if params["restore"] is None:
        places, bundle = places_of(params["instances"]), _inputs.bundle_from(params)
        shown = dict(certificate=dict(fingerprint=bundle.facts.fingerprint, domains=list(bundle.facts.names)))
    with Cloud(params, [ecs.PRODUCT], read_only=check_mode) as cloud:
        assistant = Assistant(cloud, pair, params["parallel"], wait, check_mode)
        if params["restore"] is None:
            rows = assistant.deploy(places, bundle, params["reload"] == "always")
        else:
            rows = assistant.restore(params["restore"])
    return dict(shown, changed=any(row.changed for row in rows), diff=diff(rows), instances=[row.result() for row in rows],
                failed=summary(rows))


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True,
        mutually_exclusive=_inputs.CERTIFICATE_EXCLUSIVE + [
            ("restore", "instances"), ("restore", "certificate"), ("restore", "certificate_path")],
        required_one_of=[("instances", "restore"), ("certificate", "certificate_path", "restore")])
    _exit.run(module, work)


if __name__ == "__main__":
    main()
