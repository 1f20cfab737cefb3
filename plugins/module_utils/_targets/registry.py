# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every deployment target, by name. PRIVATE to the collection.

A target is one file: NAME, CAS_PRODUCT, PRODUCT, NEEDS (options that a resource must have), read(cloud, request, once) -> state,
and, pure, find -> places, at -> Bound, own -> (id, steps), bind -> Step, unbind -> Step, settled; and confirm, which looks
whether a write whose answer was lost has happened. Imports are static, because only those travel to the machine that runs the
module: a new target is one file and one line here.
"""

from __future__ import annotations

from . import cdn, slb

TARGETS = dict((target.NAME, target) for target in (slb, cdn))
