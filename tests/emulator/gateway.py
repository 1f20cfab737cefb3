# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a call: who asks, is it a proper call, may they, not too often, trouble on demand, the work itself, the journal.

The order of the checks is the vendor's. Faults come after them, so that one never goes to waste on a call that is refused anyway.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import nuisances
from .auth import Key, Keyring
from .faults import Fault, Faults
from .journal import Entry, Journal, shown
from .products import BEARER, Operation, Product, refusal, reply
from .server import CUT_NOW, Reply, Request
from .state import CloudError


class Gateway:
    """All products of one account. `cloud` may be replaced while calls are answered: see reset()."""

    def __init__(self, products: Mapping[str, Product], clock: Any) -> None:
        self.products, self.journal = products, Journal()
        self.faults = Faults(self.known)
        self.cloud: Any = None
        self.keys = Keyring(clock)
        self._clock = clock
        self._closing = threading.Event()
        self._lock = threading.RLock()  # held while a call is carried out, over the cloud's own
        self._rng, self._throttle, self._replicas = random.Random(), nuisances.Throttle(), nuisances.Replicas()

    def reset(self, cloud: Callable[[], Any], keys: Keyring, seed: int) -> None:
        """Begin anew with the cloud that the function makes, once no call is under way; nothing of before is remembered."""
        with self._lock:
            self.keys, self._rng = keys, random.Random(seed)
            self._throttle, self._replicas = nuisances.Throttle(), nuisances.Replicas()
            self.faults.clear()
            self.cloud = cloud()
            self.journal.clear()

    @contextlib.contextmanager
    def hold(self) -> Iterator[Any]:
        """The cloud, while no call is carried out."""
        with self._lock, self.cloud.lock:
            yield self.cloud

    def answerer(self, product: str, region: str = "") -> Callable[[Request], Reply]:
        """What a server of that product's endpoint is given; region: of a product that has an endpoint in each."""
        return functools.partial(self.answer, dataclasses.replace(self.products[product], region=region))

    def close(self) -> None:
        """Let calls that wait go on at once."""
        self._closing.set()

    def answer(self, product: Product, request: Request) -> Reply:
        visit = _Visit(product, request, self._clock.now(), self._request_id())
        try:
            reply = self._answer(visit)
        except CloudError as refused:
            reply = visit.refuse(refused)
        except Exception as exc:  # a bug in a handler: the client sees what a broken cloud shows, the console says where
            print("emulator: bug in {0} {1}: {2}".format(product.name, visit.entry.action, type(exc).__name__), file=sys.stderr)
            traceback.print_tb(exc.__traceback__)  # without the exception's text, which may hold what the call brought
            reply = visit.refuse(CloudError("InternalError", "The request processing has failed due to some unknown error ({0}).".format(
                type(exc).__name__), 500))
        reply = visit.fault.distort(reply) if visit.fault else reply
        visit.entry.status = None if reply.cut == CUT_NOW else reply.status
        if not visit.entry.seq:
            self.journal.add(visit.entry)
        return reply

    def _answer(self, visit: _Visit) -> Reply:
        operation = visit.understand()
        key = self._admit(operation, visit)
        operation.check()
        if key and not key.may(operation.ram_action):
            raise CloudError("Forbidden.RAM", "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
                             403, denied=operation.ram_action)
        with self._lock:
            self._throttle.check(self.cloud.setting("throttle_every"), visit.entry.principal, operation.throttled)
        fault = visit.fault = self.faults.take(operation.product.name, operation.name)
        visit.entry.fault = fault.kind if fault else None
        instead = fault.before(self._closing.wait) if fault else None
        return instead or self._carry_out(operation, visit)

    def _admit(self, operation: Operation, visit: _Visit) -> Key | None:
        """Who asks. Calls with an access token, or without anything, are their product's to judge."""
        if operation.bearer is not None:
            visit.entry.principal = BEARER
            return None
        protocol = operation.product.protocol
        if not protocol and operation.product.routes and "authorization" not in visit.request.headers:
            return None
        key = protocol.verify(self.keys, visit.request) if protocol else self.keys.verify(visit.request, operation.signed_headers)
        visit.entry.principal = key.access_key_id
        return key

    def _carry_out(self, operation: Operation, visit: _Visit) -> Reply:
        with self.hold() as cloud:
            self.journal.add(visit.entry)  # here, so that the journal's order is the order in which things were done
            body = self._replicas.old(operation, cloud.clock.now())
            status, visit.entry.stale = 200, body is not None
            if body is None:
                status, body = operation.run(cloud, visit.entry.principal)
                visit.entry.committed = True
                self._replicas.done(operation, body, cloud.setting("stale_reads"), cloud.clock.now())
            answer = operation.success(body, visit.entry.request_id)
            if cloud.setting("shuffle"):
                answer = nuisances.shuffled(answer, self._rng)
        return reply(operation.product, status, answer, visit.entry.request_id)

    def _request_id(self) -> str:
        with self._lock:
            return str(uuid.UUID(int=self._rng.getrandbits(128), version=4)).upper()

    def known(self, product: str, action: str) -> bool:
        """Whether there is such a call; "*" stands for any."""
        chosen = self.products.values() if product == "*" else filter(None, [self.products.get(product)])
        return any(action in ("*", operation.name) for item in chosen for operation in item.operations)


class _Visit:
    """One call on its way through the gateway."""

    def __init__(self, product: Product, request: Request, now: Any, request_id: str) -> None:
        self.product, self.request = product, request
        self.fault: Fault | None = None
        action = request.headers.get("x-acs-action") or "{0} {1}".format(request.method, request.path)
        self.entry = Entry(now.isoformat(timespec="milliseconds"), product.name, shown("", action[:200]), request_id=request_id)

    def understand(self) -> Operation:
        operation = self.product.find(self.request)
        self.entry.action, self.entry.writes, self.entry.provenance = operation.name, operation.writes, operation.provenance
        self.entry.params = operation.shown()
        return operation

    def refuse(self, refused: CloudError) -> Reply:
        refused = self.product.protocol.translated(refused) if self.product.protocol else refused
        self.entry.code = refused.code
        host = self.request.headers.get("host", "")
        body = refusal(self.product, refused, self.entry.request_id, host, self.entry.principal)
        headers = {"x_acs_retry_after": str(refused.retry_after)} if refused.retry_after else {}
        return reply(self.product, refused.status, body, self.entry.request_id, **headers)
