# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many connections in one thread: how long the dead ones take, how many are open, and that none is left."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import loop
from ansible_collections.daas.https.plugins.module_utils._tls.loop import READ, WRITE, Loop

ROOT = loop.__file__.partition("/ansible_collections/")[0]
TIMEOUT = 0.4
# Run with other limits of open files than those of the tests: soft and hard limit, number of connections, timeout
LIMITED = """
import resource, socket, sys, time
soft, hard, count, timeout = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from ansible_collections.daas.https.plugins.module_utils._tls.loop import READ, Loop
listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
def work(number):
    sock = yield (socket.AF_INET,)
    try:
        sock.connect_ex(listener.getsockname())
        yield READ
    except socket.timeout:
        return number
    finally:
        sock.close()
begin = time.monotonic()
print(Loop(timeout, 1024).run(work, list(range(count))) == list(range(count)), time.monotonic() - begin)
"""


def open_files():
    return sorted(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = len(open_files())
    yield
    assert len(open_files()) == before


@pytest.fixture
def silent():
    """The address of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        yield listener.getsockname()


@pytest.fixture
def deaf():
    """The address of a server that is too busy even to take connections: SYNs are lost."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _number in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield listener.getsockname()


@contextlib.contextmanager
def echoing(seconds=0.0):
    """The address of a server that answers one connection after the other, each after so many seconds."""
    listener, over = socket.create_server(("127.0.0.1", 0), backlog=1024), threading.Event()

    def serve():
        while True:
            connection = listener.accept()[0]
            with contextlib.suppress(OSError), connection:
                if over.is_set():
                    return
                time.sleep(seconds)
                connection.sendall(connection.recv(100))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        over.set()
        socket.create_connection(listener.getsockname(), timeout=5).close()
        thread.join(timeout=10)
        listener.close()


class Work:
    """Work of a Loop: says a word, returns what is said back, or the class of what went wrong. Counts what is open."""

    def __init__(self):
        self.open = self.most = 0

    def __call__(self, item):
        where, word = item
        sock = yield (socket.AF_INET,)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if sock.connect_ex(where) == errno.EINPROGRESS:
                yield WRITE
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
            sock.send(word)
            yield READ
            return sock.recv(100)
        except OSError as error:
            return type(error)
        finally:
            self.open -= 1
            sock.close()


def spent(run, *args):
    begin = time.monotonic()
    result = run(*args)
    return result, time.monotonic() - begin


def test_results_come_in_order():
    words = [b"%d" % number for number in range(200)]
    with echoing() as where:
        assert Loop(20.0, 16).run(Work(), [(where, word) for word in words]) == words


def test_no_work_is_no_time():
    assert Loop(20.0, 16).run(Work(), []) == []


def test_work_that_needs_no_socket():
    def work(item):
        return item * 2
        yield

    assert Loop(20.0, 2).run(work, [1, 2, 3]) == [2, 4, 6]


def test_work_may_need_several_sockets_one_after_the_other():
    def work(item):
        one = yield from Work()((item, b"one"))
        return one, (yield from Work()((item, b"two")))

    with echoing() as where:
        assert Loop(20.0, 2).run(work, [where] * 5) == [(b"one", b"two")] * 5


def test_what_is_refused_does_not_wait():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        where = gone.getsockname()
    found, seconds = spent(Loop(20.0, 4).run, Work(), [(where, b"x")] * 50)
    assert found == [ConnectionRefusedError] * 50 and seconds < 5


@pytest.mark.parametrize("which", ["silent", "deaf"])
def test_dead_addresses_cost_one_timeout(which, request):
    """60, of which 4 at a time would take 15 timeouts."""
    work = Work()
    found, seconds = spent(Loop(TIMEOUT, 4).run, work, [(request.getfixturevalue(which), b"x")] * 60)
    assert found == [socket.timeout] * 60
    assert seconds < 4 * TIMEOUT + 60 / 4 * loop.PATIENCE and work.most > 8


def test_dead_addresses_do_not_stop_the_others(silent):
    with echoing() as where:
        begin, moments = time.monotonic(), []

        def work(item):
            result = yield from Work()(item)
            if result == b"x":
                moments.append(time.monotonic() - begin)
            return result

        found = Loop(2.0, 4).run(work, [(silent, b"x")] * 20 + [(where, b"x")] * 20)
    assert found == [socket.timeout] * 20 + [b"x"] * 20
    assert max(moments) < 1.9  # before the first of the dead is given up


def test_a_slow_server_is_not_asked_faster_than_it_answers():
    """Those that wait for it would be thought to be dead, and so many would be opened that the last ones run into the timeout."""
    work = Work()
    with echoing(0.01) as where:
        assert Loop(30.0, 8).run(work, [(where, b"x")] * 150) == [b"x"] * 150
    assert work.most <= 24


def test_no_more_than_parallel_are_under_way():
    work = Work()
    with echoing(0.002) as where:
        Loop(20.0, 3).run(work, [(where, b"x")] * 30)
    assert work.most <= 3 + 2  # a busy machine may let some look silent


def test_the_timeout_begins_with_each_connection(silent):
    def work(item):
        first = yield from Work()((silent, b"x"))
        return first, (yield from Work()((silent, b"x")))

    found, seconds = spent(Loop(0.2, 4).run, work, [1, 2])
    assert found == [(socket.timeout, socket.timeout)] * 2 and 0.4 <= seconds < 2


def test_a_family_that_the_system_does_not_have():
    def work(item):
        try:
            yield (item,)
        except OSError as error:
            return error.errno
        return 0

    assert Loop(1.0, 4).run(work, [9999])[0] in (errno.EAFNOSUPPORT, errno.EINVAL)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_whatever_ends_it_leaves_no_socket(error, silent):
    """The fixture counts them."""
    closed = []

    def work(item):
        try:
            if item == 20:
                raise error
            yield from Work()((silent, b"x"))
        finally:
            closed.append(item)

    with pytest.raises(error):
        Loop(20.0, 64).run(work, list(range(30)))
    assert sorted(closed) == list(range(21))


def test_an_interrupt_while_it_waits_leaves_no_socket(silent):
    waits = threading.Event()

    class Selector(loop.selectors.DefaultSelector):
        def select(self, timeout=None):
            if timeout:
                waits.set()
                raise KeyboardInterrupt
            return super().select(timeout)

    original, loop.selectors.DefaultSelector = loop.selectors.DefaultSelector, Selector
    try:
        with pytest.raises(KeyboardInterrupt):
            Loop(20.0, 64).run(Work(), [(silent, b"x")] * 10)
    finally:
        loop.selectors.DefaultSelector = original
    assert waits.is_set()


def limited(soft, hard, count, timeout):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, (soft, hard, count, timeout))], env=dict(os.environ, PYTHONPATH=ROOT),
        capture_output=True, text=True, timeout=60, check=True)
    right, seconds = done.stdout.split()
    return right == "True", float(seconds)


def test_the_limit_of_open_files_is_raised():
    right, seconds = limited(30, 400, 100, TIMEOUT)
    assert right and seconds < 2 * TIMEOUT + 0.5


def test_where_it_cannot_be_raised_they_take_turns():
    right, seconds = limited(30, 30, 60, 0.2)
    assert right and seconds >= 2 * 0.2


def test_one_that_gets_no_file_at_all_says_so(monkeypatch):
    def none_left(family):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(loop, "_socket", none_left)

    def work(item):
        try:
            yield (socket.AF_INET,)
        except OSError as error:
            return error.errno

    assert Loop(1.0, 4).run(work, [1, 2]) == [errno.EMFILE] * 2
