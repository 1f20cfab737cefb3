# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each product answers. PRIVATE to the collection.

A table, not a rule: host names built from regions may not exist (there is no cas.<any region>). Source: the vendor's SDKs.
"""

from __future__ import annotations

import difflib

from .._errors import InputError

# CAS has two certificate stores; their names are also the only values of CertRegion
SITES = {"china": "cn-hangzhou", "international": "ap-southeast-1"}
CENTRAL = "cn-qingdao cn-beijing cn-hangzhou cn-shanghai cn-shenzhen cn-hongkong ap-southeast-1 us-east-1 us-west-1".split()
REGIONS = CENTRAL + (
    "cn-chengdu cn-fuzhou cn-guangzhou cn-heyuan cn-huhehaote cn-nanjing cn-wuhan-lr cn-wulanchabu cn-zhangjiakou ap-northeast-1 "
    "ap-northeast-2 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 eu-central-1 eu-west-1 me-central-1 me-east-1 na-south-1"
).split()
AIREC = "cn-hangzhou cn-beijing cn-shanghai cn-shenzhen ap-southeast-1 us-east-1".split()


def check_region(region, known=REGIONS):
    if region not in known:
        close = ["Did you mean '%s'? " % name for name in difflib.get_close_matches(region or "", known, 1)]
        raise InputError("Unknown region '%s'. %sKnown here: %s. For another one, set its endpoint in the option endpoints." % (
            region, "".join(close), ", ".join(known)))


def endpoint(product, site, region=None, overrides=None):
    """https URL of a product; region matters for regional products only. Raises InputError for an unknown region."""
    if overrides and overrides.get(product):
        return overrides[product]
    abroad = "" if site == "china" else ".ap-southeast-1"
    if product in ("slb", "airec"):
        check_region(region, AIREC if product == "airec" else REGIONS)
        abroad = "" if product == "slb" and region in CENTRAL else "." + region
    return "https://%s%s.aliyuncs.com" % (product, "" if product == "alidns" else abroad)
