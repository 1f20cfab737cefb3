# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at a thousand TLS endpoints costs, against what OpenSSL itself costs and against what operators use today.

A part of `make bench`; alone: `python -m tests.bench_tls [--quick]`. All that is compared is run in turn, and ratios are taken round by
round. Ratios of CPU hold on a busy machine, too; seconds and ratios of seconds are those of a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import link_collection  # noqa: E402  (the checkout must be on the path first, when this is run as a file)
from tests.e2e.stage import Child, StageError, environment  # noqa: E402
from tests.support import tls_rivals  # noqa: E402
from tests.support.measured import Cost, RunError, Verdicts, head, line, run  # noqa: E402
from tests.support.tls_farm import NGINX, OPENSSL, Farm, FarmError, address, write_endpoints  # noqa: E402
from tests.support.tls_relay import Dead  # noqa: E402

CLIENT_BARS = {1000: 1.25, 10000: 1.15}  # CPU of the prober against that of the C client
RIVAL_BARS = {"s_client": 12, "get_certificate": 100, "sslyze": 12}
ROUND_TRIP, FAR_BAR, FAR_THREADS = 0.03, 4.0, 128  # seconds; threads of the C client that shows what is possible
LINEAR_BAR, PEAK_BAR = 1.15, 200.0  # of 10,000 endpoints against 100; MiB
TIMEOUT, DEAD_BAR = 2.0, 1.5  # seconds; timeouts that all dead endpoints may cost together
PATIENT = 60.0  # seconds, where nothing is dead: nobody is to time out because the machine is busy


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is measured. rounds by what is measured; many: the most endpoints; dead: how many of them never answer."""

    client: dict[int, int]
    rivals: int
    far: int
    many: int
    small: int
    large: int
    dead: int


FULL = Size(client={1000: 7, 10000: 3}, rivals=3, far=5, many=10000, small=15, large=3, dead=1000)
QUICK = Size(client={1000: 3}, rivals=1, far=1, many=2000, small=3, large=1, dead=200)


def main() -> int:
    parser = argparse.ArgumentParser(description="What tls_verify costs.")
    parser.add_argument("--quick", action="store_true", help="fewer endpoints and rounds: minutes less, and less certain")
    parser.add_argument("--only", choices=sorted(PARTS), action="append", help="only this part; may be repeated")
    arguments = parser.parse_args()
    link_collection()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=cache))
    try:
        measure(folder, QUICK if arguments.quick else FULL, arguments.only or list(PARTS))
    except (FarmError, RunError, StageError) as error:
        print("bench: {0}".format(error), file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def measure(folder: pathlib.Path, size: Size = FULL, parts: Sequence[str] = ()) -> bool:
    """Print the ratios; True when all are within their bars."""
    verdicts = Verdicts()
    with Farm(folder / "farm", server_cpus()) as farm:
        print("\nTLS endpoints on loopback, served by {0}; the clients use {1}".format(farm.server, ssl.OPENSSL_VERSION))
        if not NGINX:
            print("without nginx they are served one at a time: seconds, and ratios of them, say little")
        bench = Bench(folder, farm, size, verdicts)
        for part in parts or list(PARTS):
            PARTS[part](bench)
    return verdicts.good


def server_cpus() -> set[int] | None:
    """The server and the clients have a processor each where there are two, so that they do not disturb each other's caches."""
    cpus = sorted(os.sched_getaffinity(0))
    return {cpus[0]} if len(cpus) > 1 else None


def client_cpus() -> set[int] | None:
    cpus = sorted(os.sched_getaffinity(0))
    return {cpus[-1]} if len(cpus) > 1 else None


class Bench:
    """The parts. Each prints its lines."""

    def __init__(self, folder: pathlib.Path, farm: Farm, size: Size, verdicts: Verdicts) -> None:
        self.folder, self.farm, self.size, self.verdicts = folder, farm, size, verdicts

    def looker(self, what: str, file: pathlib.Path, count: int, timeout: float = PATIENT, trusted: int | None = None) -> Cost:
        """The collection's own code in a process of its own, and what that process cost as a whole."""
        return run([sys.executable, "-m", "tests.support.tls_looker", what, str(self.farm.ca_path), str(file), str(count), str(timeout),
                    str(count if trusted is None else trusted)], cwd=ROOT, env=environment(), cpus=client_cpus())

    def client(self) -> None:
        """CPU of the prober against that of a C client which does the same."""
        program = self._compile()
        if isinstance(program, str):
            print("\nleft out: the comparison with OpenSSL's own library. {0}".format(program))
            return
        for count, rounds in self.size.client.items():
            file = self.farm.write(count)

            def bare(number: int, path: pathlib.Path = file) -> float:
                return run([str(program), str(self.farm.ca_path), str(path), str(number)], cpus=client_cpus()).cpu

            pairs = [(bare(count) - bare(0), self.looker("prober", file, count).cpu - self.looker("prober", file, 0).cpu)
                     for _round in range(rounds)]
            print(head("CPU of {0:,} endpoints, {1} rounds in turn, the start of the programs taken off".format(count, rounds)))
            print(line("C and OpenSSL, one SSL_CTX", [pair[0] / count * 1e6 for pair in pairs], "us"))
            print(line("the prober of tls_verify", [pair[1] / count * 1e6 for pair in pairs], "us"))
            self.verdicts.at_most("the prober against C", [ours / least for least, ours in pairs], CLIENT_BARS[count])

    def _compile(self) -> pathlib.Path | str:
        compiler, folder = shutil.which("cc"), ROOT / ".cache" / "tlsclient"
        if compiler is None:
            return "It needs a C compiler."
        folder.mkdir(exist_ok=True)
        done = subprocess.run([compiler, "-O2", "-pthread", "-o", str(folder / "tlsclient"), str(ROOT / "tests/support/tlsclient.c"),
                               "-lssl", "-lcrypto"], capture_output=True, text=True, check=False)
        if done.returncode:
            return "It needs OpenSSL's headers and libraries (Debian package libssl-dev): {0}".format(
                (done.stderr.strip().splitlines() or ["the compiler failed"])[0])
        return folder / "tlsclient"

    def rivals(self) -> None:
        """Seconds of a playbook against those of what operators use today, carried on to as many endpoints."""
        plays, count, env = tls_rivals.Plays(self.folder / "plays", self.farm), 1000, environment(self.folder)
        ways = self._ways(plays)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ("tls_verify", *ways)}
        for _round in range(self.size.rivals):
            cost = run(plays.tls_verify(count), env=env)
            found["tls_verify"].append((cost.wall, cost.cpu))
            for name, (commands, numbers) in ways.items():
                found[name].append(carried_on([run(command, env=env) for command in commands], numbers, count))
                if name == "sslyze" and not tls_rivals.scanned(self.folder, numbers[1]):
                    raise RunError("sslyze did not get the certificate of every endpoint")
        print(head("{0:,} endpoints, seconds of all, {1} rounds in turn".format(count, self.size.rivals)))
        print(line("a playbook with one tls_verify task, as a whole", [pair[0] for pair in found["tls_verify"]], "s"))
        for name, (_commands, numbers) in ways.items():
            title = "{0} ({1}, carried on)".format(name, " - ".join(str(number) for number in reversed(numbers)))
            print(line(title, [pair[0] for pair in found[name]], "s"))
        for name in ways:
            walls, cpus = ([theirs[at] / ours[at] for ours, theirs in zip(found["tls_verify"], found[name])] for at in (0, 1))
            self.verdicts.at_least("{0} against the playbook".format(name), walls, RIVAL_BARS[name])
            print(line("  the same in CPU seconds", cpus, "x"))

    def _ways(self, plays: tls_rivals.Plays) -> dict[str, tuple[list[list[str]], tuple[int, ...]]]:
        """name -> (commands, the endpoints of each). Of two commands the difference counts, so that no start-up does."""
        ways: dict[str, tuple[list[list[str]], tuple[int, ...]]] = {}
        if OPENSSL:
            ways["s_client"] = ([tls_rivals.s_client(self.folder, self.farm, 100)], (100,))
        else:
            print("\nleft out: the loop of s_client. There is no openssl.")
        if tls_rivals.has_get_certificate():
            ways["get_certificate"] = ([plays.get_certificate(2), plays.get_certificate(22)], (2, 22))
        else:
            print("\nleft out: community.crypto.get_certificate. The collection is not below .cache; `make bench` puts it there.")
        program = tls_rivals.install_sslyze()
        if isinstance(program, pathlib.Path):
            ways["sslyze"] = ([tls_rivals.sslyze(program, self.folder, self.farm, number) for number in (20, 200)], (20, 200))
        else:
            print("\nleft out: sslyze. It cannot be installed: {0}".format(program))
        return ways

    def far(self) -> None:
        """Seconds when the servers are 30 ms away."""
        count = 1000
        relay = Child("relay", self.folder, "tests.support.tls_relay", str(ROUND_TRIP), *(str(port) for port in self.farm.ports))
        program, found = self._compile(), []
        try:
            ports = dict(zip(self.farm.ports, relay.ready["ports"]))
            file = write_endpoints(self.folder / "far.txt", [
                (host, ports[port], name) for host, port, name in self.farm.endpoints(count)])
            command = [] if isinstance(program, str) else [str(program), str(self.farm.ca_path), str(file), str(count), str(FAR_THREADS)]
            for _round in range(self.size.far):
                least = run(command, cpus=client_cpus()).wall if command else 0.0
                found.append((least, looked(self.looker("prober", file, count))["wall"]))
        finally:
            relay.stop()
        print(head("{0:,} endpoints at a round trip of {1:.0f} ms, {2} rounds".format(count, ROUND_TRIP * 1000, len(found))))
        if command:
            print(line("C and OpenSSL with {0} threads: what relay and server allow".format(FAR_THREADS), [pair[0] for pair in found], "s"))
        self.verdicts.at_most("the prober", [pair[1] for pair in found], FAR_BAR, "s")

    def linear(self) -> None:
        """Cost of one endpoint among many against that of one among a hundred, and memory."""
        many = self.size.many
        file, counts = self.farm.write(many), [100, 1000, many]
        for what in ("prober", "module"):
            found: dict[int, list[dict[str, float]]] = {count: [] for count in counts}
            for number in range(self.size.small):
                for count in counts[:2 if number >= self.size.large else 3]:
                    found[count].append(looked(self.looker(what, file, count)))
            print(head("{0}, without the start of Python".format("the prober" if what == "prober" else "tls_verify as a whole")))
            for count, items in found.items():
                print(line("CPU of one among {0:,} endpoints".format(count), [item["cpu"] / count * 1e6 for item in items], "us"))
            base = statistics.median(item["cpu"] / 100 for item in found[100])
            self.verdicts.at_most("one among {0:,} against one among 100".format(many),
                                  [item["cpu"] / many / base for item in found[many]], LINEAR_BAR)
            self.verdicts.at_most("peak memory with {0:,} endpoints".format(many), [item["peak"] for item in found[many]], PEAK_BAR, "MiB")
        plays = tls_rivals.Plays(self.folder / "many", self.farm)
        cost = run(plays.tls_verify(many), env=environment(self.folder))
        self.verdicts.at_most("peak memory of a playbook with {0:,}, largest process".format(many), [cost.peak], PEAK_BAR, "MiB")

    def dead(self) -> None:
        """Seconds that endpoints cost which never answer: half of them accept connections, half are black holes."""
        many, dead = self.size.many, self.size.dead
        alive, every = self.farm.endpoints(many - dead), many // dead
        pairs = []
        for _round in range(self.size.large):
            with Dead() as silent:
                mixed = list(alive)
                for place in range(dead):
                    port = silent.silent if place % 2 else silent.black_hole
                    mixed.insert(place * every, (address(9, place), port, "dead{0}.example.com".format(place)))
                without = looked(self.looker("prober", write_endpoints(self.folder / "alive.txt", alive), many - dead))
                with_dead = looked(self.looker("prober", write_endpoints(self.folder / "mixed.txt", mixed), many, TIMEOUT, many - dead))
            pairs.append((without["wall"], with_dead["wall"]))
        print(head("{0:,} dead among {1:,} endpoints, timeout {2:g} s, {3} rounds".format(dead, many, TIMEOUT, len(pairs))))
        print(line("without the dead ones", [pair[0] for pair in pairs], "s"))
        print(line("with them", [pair[1] for pair in pairs], "s"))
        self.verdicts.at_most("timeouts that they cost", [(late - early) / TIMEOUT for early, late in pairs], DEAD_BAR)


def carried_on(costs: list[Cost], numbers: tuple[int, ...], count: int) -> tuple[float, float]:
    """(seconds, CPU seconds) of count endpoints, from what one number of them took, or from the difference between two numbers."""
    least, span = (costs[0], numbers[1] - numbers[0]) if len(costs) > 1 else (Cost(0.0, 0.0, 0.0, ""), numbers[0])
    return (costs[-1].wall - least.wall) / span * count, (costs[-1].cpu - least.cpu) / span * count


def looked(cost: Cost) -> dict[str, float]:
    """What the process says of its looking alone."""
    return json.loads(cost.output.splitlines()[-1])


PARTS = {"client": Bench.client, "rivals": Bench.rivals, "far": Bench.far, "linear": Bench.linear, "dead": Bench.dead}


if __name__ == "__main__":
    sys.exit(main())
