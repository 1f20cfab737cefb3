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
WAF = "cn-hangzhou ap-southeast-1".split()
AIREC = "cn-hangzhou cn-beijing cn-shanghai cn-shenzhen ap-southeast-1 us-east-1".split()


def check_region(region, known=REGIONS):
    if region not in known:
        close = ["Did you mean '%s'? " % name for name in difflib.get_close_matches(region or "", known, 1)]
        raise InputError("Unknown region '%s'. %sKnown here: %s. For another one, set its endpoint in the option endpoints." % (
            region, "".join(close), ", ".join(known)))


# Regional products: their regions, and those of them that share one address without a region in it
REGIONAL = {
    "slb": (REGIONS, CENTRAL),
    "alb": (REGIONS, ()),
    "nlb": (REGIONS, ()),
    "ecs": (REGIONS, ()),
    "oss": (REGIONS, ()),
    "airec": (AIREC, ()),
    "waf": (WAF, ()),
}
# Regional addresses that are not formed as the others of their product
ODD_HOSTS = {
    "ecs/cn-hangzhou": "ecs-cn-hangzhou.aliyuncs.com",
    "waf/cn-hangzhou": "wafopenapi.cn-hangzhou.aliyuncs.com",
    "waf/ap-southeast-1": "wafopenapi.ap-southeast-1.aliyuncs.com",
}
ODD_HOSTS.update(("oss/" + region, "oss-%s.aliyuncs.com" % region) for region in REGIONS)
# One address for the whole world
CENTRAL_HOSTS = {
    "alidns": "alidns.aliyuncs.com",
    "dcdn": "dcdn.aliyuncs.com",
    "ga": "ga.cn-hangzhou.aliyuncs.com",
    "live": "live.aliyuncs.com",
    "sts": "sts.aliyuncs.com",
}
# One address for each site
SITE_HOSTS = {
    "cas": {"china": "cas.aliyuncs.com", "international": "cas.ap-southeast-1.aliyuncs.com"},
    "cdn": {"china": "cdn.aliyuncs.com", "international": "cdn.ap-southeast-1.aliyuncs.com"},
    "esa": {"china": "esa.cn-hangzhou.aliyuncs.com", "international": "esa.ap-southeast-1.aliyuncs.com"},
}


def check_overrides(names):
    """Raises InputError for a key of the option endpoints that is neither a product nor product/region."""
    known = sorted(set(REGIONAL) | set(CENTRAL_HOSTS) | set(SITE_HOSTS))
    for name in names:
        product, slash, region = name.partition("/")
        if product not in known or (slash and not (region and product in REGIONAL)):
            raise InputError("endpoints: '%s' is no product. Known are %s, and for one region of a regional product for instance "
                             "alb/cn-hangzhou." % (name, ", ".join(known)))


def endpoint(product, site, region=None, overrides=None):
    """https URL of a product; region matters for regional products only. Raises InputError for an unknown region."""
    given = overrides or {}
    chosen = given.get("%s/%s" % (product, region)) or given.get(product)
    if chosen:
        return chosen
    if product in REGIONAL:
        regions, central = REGIONAL[product]
        check_region(region, regions)
        odd = ODD_HOSTS.get("%s/%s" % (product, region))
        return "https://" + odd if odd else "https://%s%s.aliyuncs.com" % (product, "" if region in central else "." + region)
    return "https://" + (SITE_HOSTS[product][site] if product in SITE_HOSTS else CENTRAL_HOSTS[product])
