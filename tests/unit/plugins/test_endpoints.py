# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each product answers: a table, never a guess."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import endpoints
from ansible_collections.daas.https.plugins.module_utils._errors import InputError


@pytest.mark.parametrize("product, site, region, url", [
    ("cas", "china", None, "https://cas.aliyuncs.com"), ("cas", "international", None, "https://cas.ap-southeast-1.aliyuncs.com"),
    ("cas", "china", "cn-shanghai", "https://cas.aliyuncs.com"),  # there is no cas.cn-shanghai
    ("slb", "china", "cn-hangzhou", "https://slb.aliyuncs.com"), ("slb", "china", "cn-chengdu", "https://slb.cn-chengdu.aliyuncs.com"),
    ("slb", "international", "ap-southeast-1", "https://slb.aliyuncs.com"),
    ("slb", "international", "eu-central-1", "https://slb.eu-central-1.aliyuncs.com"),
    ("cdn", "china", None, "https://cdn.aliyuncs.com"), ("cdn", "international", None, "https://cdn.ap-southeast-1.aliyuncs.com"),
    ("alidns", "china", None, "https://alidns.aliyuncs.com"), ("alidns", "international", None, "https://alidns.aliyuncs.com"),
    ("airec", "china", "cn-hangzhou", "https://airec.cn-hangzhou.aliyuncs.com"),
    ("airec", "international", "ap-southeast-1", "https://airec.ap-southeast-1.aliyuncs.com"),
])
def test_endpoint(product, site, region, url):
    assert endpoints.endpoint(product, site, region) == url


@pytest.mark.parametrize("product", ["cas", "slb", "airec"])
def test_an_override_wins_and_knows_no_regions(product):
    assert endpoints.endpoint(product, "china", "cn-moon-1", {product: "https://127.0.0.1:1", "cdn": "x"}) == "https://127.0.0.1:1"


@pytest.mark.parametrize("product, region, words", [
    ("slb", "cn-hangzou", ["Unknown region 'cn-hangzou'", "Did you mean 'cn-hangzhou'?", "endpoints"]),
    ("slb", "moon", ["Unknown region 'moon'", "cn-shanghai"]), ("slb", None, ["Unknown region 'None'"]), ("slb", "", ["Unknown region ''"]),
    ("airec", "cn-chengdu", ["Unknown region 'cn-chengdu'"]),  # AIRec is in fewer regions
])
def test_unknown_regions(product, region, words):
    with pytest.raises(InputError) as caught:
        endpoints.endpoint(product, "china", region)
    assert all(word in str(caught.value) for word in words)


def test_an_empty_override_is_none():
    assert endpoints.endpoint("cas", "china", None, dict(cas="")) == "https://cas.aliyuncs.com"


def test_every_region_is_listed_once():
    assert len(set(endpoints.REGIONS)) == len(endpoints.REGIONS) >= 25
    assert set(endpoints.AIREC) <= set(endpoints.REGIONS) and set(endpoints.SITES.values()) <= set(endpoints.REGIONS)
