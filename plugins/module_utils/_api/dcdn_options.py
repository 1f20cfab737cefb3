# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DCDN's calls for the functions of a domain. PRIVATE to the collection."""

from __future__ import annotations

from . import dcdn
from .https_options import functions_of
from .rpc import READ, SET, WRITE

PRODUCT = dcdn.PRODUCT._replace(actions=dict(dcdn.PRODUCT.actions, **{
    "DescribeDcdnDomainConfigs": READ,
    "BatchSetDcdnDomainConfigs": SET,
    "DeleteDcdnSpecificConfig": WRITE,
}))
SET_FUNCTIONS, DELETE_FUNCTION = "BatchSetDcdnDomainConfigs", "DeleteDcdnSpecificConfig"


def read(cloud, domain, names):
    """What the domain has of the functions of these names, as Accelerated."""
    return functions_of(cloud, "dcdn", "DescribeDcdnDomainConfigs", domain, names, dcdn.binding(cloud, domain).https)
