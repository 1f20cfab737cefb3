# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NLB's rules and storage: what it has over services.listeners. Only TCPSSL listeners have certificates and endpoints."""

from __future__ import annotations

from .. import listeners
from ..listeners import Listener
from . import errors

SECURE = "TCPSSL"


class Nlb(listeners.Balancers):
    _product = "nlb"
    _errors = errors
    _tls = (SECURE,)

    def publish(self, listener: Listener) -> None:
        if listener.protocol == SECURE:
            super().publish(listener)

    def _listener_id(self, port: int) -> str:
        return "{0}@{1}".format(super()._listener_id(port), port)
