# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """One AIRec instance, and the calls of the specified contract."""

    DOCUMENTATION = r"""
options:
  instance_id:
    description: The instance, for instance V(airec-cn-demo01).
    type: str
    required: true
  region:
    description:
      - The instance's region. It decides the endpoint, C(https://airec.<region>.aliyuncs.com).
      - Another endpoint is set with the key C(airec) of O(endpoints).
    type: str
    required: true
  auth:
    description:
      - V(bearer) sends O(access_token), as specified. Account keys are not needed then.
      - V(signature) signs with O(access_key_id) and O(access_key_secret), as all other calls of AIRec. That the certificate calls take
        it is an assumption.
    type: str
    choices: [bearer, signature]
    default: bearer
  access_token:
    description:
      - The bearer token. It is sent to the AIRec endpoint only, and redirects are never followed.
      - If not set, the environment variable E(AIREC_ACCESS_TOKEN) is used.
    type: str
  contract:
    description:
      - Paths and field names of the calls, for an endpoint that differs from what the collection knows.
      - Nothing of this is in the vendor's public API. B(Specified) is what this collection's specification gives. B(Assumed) is what the
        specification leaves open, and then the default is this collection's choice.
      - In paths C({instance_id}) stands for O(instance_id).
    type: dict
    suboptions:
      bind_path:
        description: Path of the C(POST) that binds, with a form of three files. Specified.
        type: str
        default: /v2/openapi/instances/{instance_id}/certificates/bind
      status_path:
        description: Path of the C(GET) that tells the state of each domain. Specified; the body's fields are assumed.
        type: str
        default: /v2/openapi/instances/{instance_id}/certificates/status
      unbind_path:
        description: Path of the C(POST) that unbinds domains. Assumed.
        type: str
        default: /v2/openapi/instances/{instance_id}/certificates/unbind
      settings_path:
        description: Path of the C(GET) and C(PUT) of the instance's settings. Assumed.
        type: str
        default: /v2/openapi/instances/{instance_id}/settings
      mapping_field:
        description: Form field of C(certificate_info.xlsx). Specified.
        type: str
        default: mapping_file
      certificate_field:
        description: Form field of the certificate file, leaf first, PEM. Assumed.
        type: str
        default: certificate
      key_field:
        description: Form field of the private key, unencrypted PEM. Specified.
        type: str
        default: key
      domains_field:
        description: JSON field with the list of domains to unbind. Assumed.
        type: str
        default: domains
      https_field:
        description: JSON field of the settings with V(true) or V(false) for whether HTTPS is enforced. Assumed.
        type: str
        default: httpsEnforced
"""
