# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's calls for the functions of a domain. PRIVATE to the collection."""

from __future__ import annotations

from . import cdn
from .https_options import functions_of
from .rpc import READ, SET, WRITE

PRODUCT = cdn.PRODUCT._replace(actions=dict(cdn.PRODUCT.actions, **{
    "DescribeCdnDomainConfigs": READ,
    "BatchSetCdnDomainConfig": SET,
    "DeleteSpecificConfig": WRITE,
}))
SET_FUNCTIONS, DELETE_FUNCTION = "BatchSetCdnDomainConfig", "DeleteSpecificConfig"


def read(cloud, domain, names):
    """What the domain has of the functions of these names, as Accelerated."""
    return functions_of(cloud, "cdn", "DescribeCdnDomainConfigs", domain, names, cdn.binding(cloud, domain).https)
