# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for the same names with an RSA and an ECDSA key: a product that takes both lets the client's offer decide."""

from __future__ import annotations

from collections.abc import Iterable

from .. import pki
from ..dataplane import match_name

ByName = dict[str, pki.Material]


def by_name(materials: Iterable[pki.Material], default: pki.Material | None = None) -> tuple[ByName, ByName]:
    """(name -> what is served for it, name -> the one with the other kind of key). Of one kind, what came last counts.

    default: what is served for all other names; where it has one of the names, too, it counts as what came first.
    """
    found: dict[str, dict[str, pki.Material]] = {}
    for material in materials:
        for name in material.names:
            known = found.setdefault(name, {})
            known.pop(pki.kind_of(material), None)
            known[pki.kind_of(material)] = material  # at the end
    for name, known in found.items():
        if default and match_name(default.names, name):
            found[name] = {pki.kind_of(default): default, **known}
    held = {name: list(known.values()) for name, known in found.items()}
    return {name: same[-1] for name, same in held.items()}, {name: same[-2] for name, same in held.items() if len(same) > 1}
