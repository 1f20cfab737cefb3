# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How to reach one account of Alibaba Cloud."""

    DOCUMENTATION = r"""
options:
  access_key_id:
    description:
      - The account's AccessKey id.
      - If not set, the environment variables E(ALIBABA_CLOUD_ACCESS_KEY_ID) and E(ALICLOUD_ACCESS_KEY) are used.
    type: str
    aliases: [alicloud_access_key]
  access_key_secret:
    description:
      - The secret of O(access_key_id).
      - If not set, the environment variables E(ALIBABA_CLOUD_ACCESS_KEY_SECRET) and E(ALICLOUD_SECRET_KEY) are used.
    type: str
    aliases: [alicloud_secret_key]
  security_token:
    description:
      - The token that belongs to temporary (STS) keys.
      - If not set, the environment variables E(ALIBABA_CLOUD_SECURITY_TOKEN) and E(ALICLOUD_SECURITY_TOKEN) are used.
    type: str
    aliases: [alicloud_security_token]
  profile:
    description:
      - Name of a profile of the vendor's command line C(aliyun) whose keys to use, instead of O(access_key_id).
      - Its mode can be C(AK), C(StsToken), C(RamRoleArn), C(ChainableRamRoleArn) or C(EcsRamRole). Of its settings only those that say
        whose keys to use count; O(site) and regions are options here.
      - If neither this nor O(access_key_id) nor O(ecs_ram_role) is set, the environment variable E(ALIBABA_CLOUD_PROFILE) is used, before
        E(ALIBABA_CLOUD_ACCESS_KEY_ID). A profile is never used without being named.
    type: str
  config_path:
    description:
      - File with the profiles, where the module runs.
      - If not set, C(~/.aliyun/config.json) is read.
    type: path
  ecs_ram_role:
    description:
      - Name of the RAM role of the ECS instance where the module runs, whose keys to use instead of O(access_key_id).
      - They come from the instance's metadata service (IMDSv2).
      - If nothing else says whose keys to use, the environment variable E(ALIBABA_CLOUD_ECS_METADATA) is used.
    type: str
  assume_role:
    description:
      - A RAM role to take, in the same account or in another one. Who has the keys that the other options give asks STS for temporary
        keys of the role, and all calls are made with these. They are renewed before they expire.
      - It needs the RAM action C(sts:AssumeRole).
    type: dict
    suboptions:
      role_arn:
        description: The role, as C(acs:ram::<account id>:role/<name>).
        type: str
        required: true
      session_name:
        description: Under which name the role's acts are logged in ActionTrail.
        type: str
        default: daas-https
      duration:
        description: Seconds that the temporary keys are to last, from 900 to 43200, and not longer than the role allows.
        type: int
        default: 3600
      external_id:
        description: The external id that the role's trust policy asks for, if it asks for one.
        type: str
  site:
    description:
      - Which site the account is of, and so in which of CAS's two stores its certificates are. This is not the region of a load
        balancer.
    type: str
    choices: [china, international]
    default: china
  endpoints:
    description:
      - Other addresses for single products, for instance a VPC endpoint or the embedded cloud of the tests.
      - A dictionary from product to C(https://host[:port]); plain http is refused. Products are V(airec), V(alb), V(alidns), V(cas),
        V(cdn), V(dcdn), V(ecs), V(esa), V(ga), V(live), V(nlb), V(oss), V(slb), V(sts) and V(waf).
      - Of a product that has an endpoint in each region (V(airec), V(alb), V(ecs), V(nlb), V(oss), V(slb), V(waf)) a key such as
        V(alb/cn-hangzhou) means one region only, and goes before the one without a region.
      - OSS is given without a bucket; the bucket's name is put before the host, or if that is an IP address or localhost into the path.
      - A product without an entry uses the vendor's endpoint for site and region.
    type: dict
    default: {}
  api_ca_path:
    description:
      - File with the CA certificates that the API's own certificate is checked against. Checking cannot be turned off.
      - If not set, the bundle of the Python package C(requests) is used.
    type: path
  connect_timeout:
    description: Seconds to wait for a connection.
    type: float
    default: 10.0
  read_timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 30.0
  api_timeout:
    description: Seconds after which one call is given up, its repetitions included.
    type: float
    default: 90.0
  parameters_in:
    description:
      - Where a call's parameters travel.
      - V(body) keeps private keys out of URLs, and so out of the access logs of proxies on the way.
      - V(query) is what the vendor's own SDK does. Use it only if a gateway refuses V(body); private keys are then part of the URL.
    type: str
    choices: [body, query]
    default: body
requirements:
  - python >= 3.9
  - requests >= 2.28
seealso:
  - module: daas.https.cas_certificate
  - module: daas.https.cas_deploy
  - module: daas.https.tls_verify
"""
