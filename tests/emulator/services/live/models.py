# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live's rules and storage: CDN's, for domains of two kinds. Its functions are not emulated."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..domains import Domain, Domains


@dataclasses.dataclass(frozen=True)
class Kind:
    """kind: liveVideo (streaming) or liveEdge (ingest). region: where the live centre is."""

    kind: str = "liveVideo"
    region: str = "cn-shanghai"


class Live(Domains):
    NAME = "live"

    def __init__(self, cloud: Any) -> None:
        super().__init__(cloud)
        self.kinds: dict[str, Kind] = {}

    def add_domain(self, name: str, *, kind: Kind = Kind(), **more: Any) -> Domain:
        """A domain of the account, with or without a certificate. For scenarios."""
        self.kinds[name] = kind
        return super().add_domain(name, **more)
