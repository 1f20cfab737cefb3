# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many connections in one thread, with a timeout for each. PRIVATE to the collection.

The work on one item is a generator. It yields a family (AF_INET, AF_INET6) in a tuple to be sent a new socket, which does not block, and
READ or WRITE to wait for that on its newest socket; it closes what it was given and returns a result.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import resource
import selectors
import socket
import time

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
PATIENCE = 0.05  # seconds of silence after which a connection gives its place to another
MOST_OPEN = 4096  # sockets at once, whatever the system allows: each holds some 25 KB while its server keeps silent
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class _Task:
    """The work on one item. begun: when its socket was opened, 0.0 without one; heard: when that first had something to tell."""

    __slots__ = ("number", "steps", "family", "fd", "waits_for", "begun", "heard", "lively")

    def __init__(self, number, steps):
        self.number, self.steps, self.family, self.fd, self.waits_for = number, steps, None, -1, 0
        self.begun, self.heard, self.lively = 0.0, 0.0, False


class Loop:
    """timeout: seconds for each connection from its start; parallel: how many may be under way that were not silent yet.

    A silent connection stays open until its timeout but gives its place away, so that a thousand dead addresses cost one timeout. How long
    silence lasts follows the time that servers need beyond the round trips, so that one that is slow is not asked faster than it answers.
    Another connection is begun only when no open one has anything to tell.
    """

    def __init__(self, timeout, parallel):
        self._timeout, self._parallel = timeout, parallel
        self._delay, self._patience = 0.0, min(PATIENCE, timeout)
        self._limit = MOST_OPEN

    def run(self, work, items):
        """[what the generator work(item) returns for item in items]; no socket is open when it is left, however that comes about."""
        self._results, self._tasks, self._left, self._open, self._lively = [None] * len(items), set(), len(items), 0, 0
        self._fresh, self._wishing = (_Task(number, work(item)) for number, item in enumerate(items)), collections.deque()
        self._young, self._old = collections.deque(), collections.deque()  # (begun, task), the longest open first
        with selectors.DefaultSelector() as self._selector:
            try:
                while self._left:
                    self._turn()
            finally:
                for task in self._tasks:
                    task.steps.close()
        return self._results

    def _turn(self):
        room = self._left > self._open and self._lively < self._parallel and self._open < self._limit
        events = self._selector.select(0 if room else self._rest())
        self._now = now = time.perf_counter()
        for key, _mask in events:
            task = key.data
            if not task.heard:
                task.heard = now
            self._advance(task)
        if room and not events:
            self._begin()
        if self._young and self._young[0][0] + self._patience <= now:
            self._give_places()
        if self._old and self._old[0][0] + self._timeout <= now:
            self._expire()

    def _rest(self):
        """Seconds until silence has consequences."""
        moments = [queue[0][0] + span for queue, span in ((self._young, self._patience), (self._old, self._timeout)) if queue]
        return max(min(moments) - time.perf_counter(), 0)

    def _give_places(self):
        horizon = self._now - self._patience
        while self._young and self._young[0][0] <= horizon:
            entry = self._young.popleft()
            if entry[1].begun == entry[0]:
                entry[1].lively = False
                self._lively -= 1
                self._old.append(entry)

    def _expire(self):
        horizon = self._now - self._timeout
        while self._old and self._old[0][0] <= horizon:
            begun, task = self._old.popleft()
            if task.begun == begun:
                self._advance(task, error=socket.timeout("timed out"))

    def _begin(self):
        """Give a socket to the next one that wishes for it."""
        while not self._wishing:
            task = next(self._fresh, None)
            if task is None:
                return
            self._tasks.add(task)
            self._advance(task)  # to its first wish, if it has any
        task = self._wishing.popleft()
        try:
            sock = _socket(task.family)
        except OSError as error:
            if error.errno in _FULL and self._open:
                self._limit = self._open
                self._wishing.appendleft(task)
            else:
                self._advance(task, error=error)
            return
        task.fd, task.begun, task.heard, task.lively = sock.fileno(), self._now, 0.0, True
        self._open, self._lively = self._open + 1, self._lively + 1
        self._young.append((task.begun, task))
        self._advance(task, sock)

    def _advance(self, task, value=None, error=None):
        """Let the work go on until it has to wait again, or ends."""
        try:
            wanted = task.steps.throw(error) if error else task.steps.send(value)
        except StopIteration as end:
            if not error and self._now > task.heard > 0:
                self._learn(self._now - task.begun, task.heard - task.begun)
            self._close(task)
            self._tasks.discard(task)
            self._results[task.number] = end.value
            self._left -= 1
            return
        if wanted.__class__ is tuple:
            self._close(task)
            task.family, = wanted
            self._wishing.append(task)
        elif not task.waits_for:
            self._selector.register(task.fd, wanted, task)
            task.waits_for = wanted
        elif wanted != task.waits_for:
            self._selector.modify(task.fd, wanted, task)
            task.waits_for = wanted

    def _learn(self, took, trip):
        """The mean time beyond four round trips, as many as a handshake may need; the last connections count most."""
        self._delay += (max(took - 4 * trip, 0) - self._delay) / 4
        self._patience = min(PATIENCE + 2 * self._delay, self._timeout)

    def _close(self, task):
        """Forget the socket, which the work has closed."""
        if task.waits_for:
            self._selector.unregister(task.fd)
            task.waits_for = 0
        if task.begun:
            self._open -= 1
            self._lively -= task.lively
            task.begun = 0.0


def _socket(family):
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno != errno.EMFILE or not _more_files():
            raise
        sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def _more_files():
    """Whether this process may now open more files than before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS says "no limit", and has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] != soft
