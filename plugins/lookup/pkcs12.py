# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pkcs12
short_description: Certificate, chain and private key out of a PKCS#12 file
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Opens PKCS#12 files (C(.p12), C(.pfx)) on the machine that Ansible runs on, and gives what they hold in PEM form.
  - A file may be encrypted with Ansible Vault, too.
  - What it gives holds a private key. Hand it to options that hide what they are given, such as those of M(daas.https.cas_certificate) and
    of the role P(daas.https.certificate#role), and print it nowhere.
options:
  _terms:
    description: Paths of the files. Relative ones are looked for as other lookups do, beginning with the folder C(files).
    type: list
    elements: path
    required: true
  passphrase:
    description: The files' passphrase. Not needed if it is empty.
    type: str
requirements:
  - cryptography >= 42.0 on the machine that Ansible runs on
seealso:
  - plugin: ansible.builtin.unvault
    plugin_type: lookup
"""

EXAMPLES = r"""
# In group_vars/all.yml the variables certificate_content and certificate_private_key make the playbooks of this collection use it.
- name: Bring the certificate of a PKCS#12 file to CAS by the role
  hosts: localhost
  roles:
    - role: daas.https.certificate
      vars:
        shop: "{{ lookup('daas.https.pkcs12', '/etc/ssl/shop.p12', passphrase=vault_shop_passphrase) }}"
        certificate_content: "{{ shop.certificate }}"
        certificate_private_key: "{{ shop.private_key }}"

- name: Upload it alone
  hosts: localhost
  tasks:
    - name: Upload the certificate of a PKCS#12 file
      daas.https.cas_certificate:
        name: shop
        certificate: "{{ shop.certificate }}"
        private_key: "{{ shop.private_key }}"
      vars:
        shop: "{{ lookup('daas.https.pkcs12', 'shop.p12', passphrase=vault_shop_passphrase) }}"
"""

RETURN = r"""
_list:
  description: What each of the files holds.
  type: list
  elements: dict
  contains:
    certificate:
      description: The certificate that the key belongs to, and after it each one's issuer, as far as the file has them. PEM.
      type: str
    private_key:
      description: The private key, not encrypted. PEM, as PKCS#1 or SEC1.
      type: str
"""

import os

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.daas.https.plugins.module_utils._domain.pkcs12 import read_pkcs12
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError

LARGEST = 1024 * 1024  # as for PEM files


class LookupModule(LookupBase):
    """lookup('daas.https.pkcs12', path, passphrase=…)"""

    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        passphrase = self.get_option("passphrase")
        return [self._content(str(term), passphrase, variables) for term in terms]

    def _content(self, term, passphrase, variables):
        path = self.find_file_in_search_path(variables, "files", term, ignore_missing=True)
        if not path:
            raise AnsibleLookupError("pkcs12: there is no file '%s' on the machine that Ansible runs on." % term)
        try:
            content = read_pkcs12(self._read(path), passphrase, "pkcs12: the file '%s'" % path)
        except CollectionError as error:
            raise AnsibleLookupError(str(error)) from None
        return {"certificate": content.certificates, "private_key": content.key.reveal()}

    def _read(self, path):
        """The file's bytes. Of one that Ansible Vault has encrypted the loader makes a plain copy that only we can read."""
        try:
            if os.path.getsize(path) > LARGEST:
                raise AnsibleLookupError("pkcs12: the file '%s' is larger than 1 MB, so it is no certificate." % path)
            plain = self._loader.get_real_file(path, decrypt=True)
            try:
                with open(plain, "rb") as file:
                    return file.read()
            finally:
                self._loader.cleanup_tmp_file(plain)  # of what was not encrypted there is no copy
        except OSError as error:
            raise AnsibleLookupError("pkcs12: the file '%s' cannot be read: %s." % (path, error.strerror)) from error
