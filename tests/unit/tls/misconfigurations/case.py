# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One animal of the zoo, and what is known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

from tests.unit.tls.misconfigurations.mint import NAME


@dataclass(frozen=True)
class Case:
    """A way to serve something.

    title    what it is, in words
    code     verify code that a client which stops at the first error prints; None when it gets no certificate to verify
    make     function of the Mint that gives the answer() for zoo.Server, or None when nobody shall listen
    ask      the name that we ask for, as an operator may write it
    host     whether the certificate is for that name; None when it cannot be decoded
    last     code that `openssl s_client` prints without -verify_return_error, because it goes on to the last error; None: the same
    lax      why OpenSSL's own command takes the name although we do not; "" if it does not
    failure  kind of the Failure in which the handshake ends; "" when it succeeds, at least if nothing is verified
    """

    title: str
    code: Optional[int]
    make: Callable
    ask: str = NAME
    host: Optional[bool] = True
    last: Optional[int] = None
    lax: str = ""
    failure: str = ""


def failing(title, failure, make, code=None, **more):
    """A handshake that fails for another reason than the certificate. code: 0 if that was taken before."""
    return Case(title, code, make, failure=failure, **more)
