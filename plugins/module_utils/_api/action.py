# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the files of this folder declare a product's calls. PRIVATE to the collection."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """What one cloud action does.

    writes: it changes something. repeat: sending it twice is the same as once. token: it takes a ClientToken, which makes it so.
    standing: "documented" (the vendor's SDK or API reference), "specified" (only this project's specification) or "assumed" (left open
    there, and chosen by us).
    """

    writes: bool = False
    repeat: bool = False
    token: bool = False
    standing: str = "documented"
    ram: str = ""


READ = Action()
WRITE = Action(writes=True)
SET = Action(writes=True, repeat=True)
CREATE = Action(writes=True, repeat=True, token=True)


class Product(namedtuple("Product", "name version ram actions")):
    """name as in endpoints, API version, prefix of its RAM actions, and its Actions by name.

    call(cloud, action, params, region, target): how a product makes its calls whose API is not RPC.
    """

    call = None

    def ram_action(self, action):
        return self.actions[action].ram or "%s:%s" % (self.ram, action)
