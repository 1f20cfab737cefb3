# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the emulated cloud until SIGTERM or Ctrl-C.

    python -m tests.emulator [--scenario demo|empty] [--calm] [--set NAME=VALUE …] [--state-dir DIR] [--port N] [--control-port N]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import queue
import signal
import sys
import tempfile
from typing import Any

from . import pki, scenarios
from .emulator import PORTS, Emulator, EmulatorError, check_settings
from .state import NUISANCES


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # Before anything is made: whoever asks us to stop while we start is heard, too.
    wishes: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: wishes.put(received))
    try:
        with contextlib.ExitStack() as stack:
            folder = options.state_dir or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-")))
            settings = dict(pair for pairs in options.set for pair in pairs)
            check_settings(settings)
            emulator = Emulator(folder.resolve(), scenario=options.scenario, seed=options.seed, calm=options.calm, site=options.site,
                                settings=settings, port=options.port, control_port=options.control_port)
            stack.callback(emulator.close)
            print(introduction(emulator), flush=True)
            if options.ready_file:
                announce(options.ready_file, emulator)
            wishes.get()
    except (EmulatorError, ValueError) as exc:
        print("emulator: {0}".format(exc), file=sys.stderr)
        return 1
    except OSError as exc:
        print("emulator: cannot write {0}: {1}".format(exc.filename, exc.strerror), file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description="An emulated Alibaba Cloud on loopback.")
    parser.add_argument("--scenario", choices=sorted(scenarios.SCENARIOS), default="demo", help="what the account holds (demo)")
    parser.add_argument("--state-dir", type=pathlib.Path, help="keeps CA, credentials and files; without it they go when the emulator ends")
    parser.add_argument("--port", type=_port, default=0, help="of the first of {0}, which follow each other; 0 takes free ones".format(
        ", ".join(PORTS)))
    parser.add_argument("--control-port", type=_port, default=0, help="0 takes a free one")
    parser.add_argument("--calm", action="store_true", help="without nuisances")
    parser.add_argument("--set", type=_setting, nargs="+", action="append", default=[], metavar="NAME=VALUE", help="a nuisance: {0}".format(
        ", ".join(NUISANCES)))
    parser.add_argument("--seed", type=int, default=1, help="of everything that is left to chance (1)")
    parser.add_argument("--site", choices=("china", "international"), default="china", help="whose certificate store it is (china)")
    parser.add_argument("--ready-file", type=pathlib.Path, help="JSON with all of this, written when everything listens")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535 - len(PORTS):
        raise argparse.ArgumentTypeError("a port is a number from 0 to {0}".format(65535 - len(PORTS)))
    return int(text)


def _setting(text: str) -> tuple[str, Any]:
    """name=value, the value of the type that the setting has."""
    name, equals, value = text.partition("=")
    if not equals or name not in NUISANCES:
        raise argparse.ArgumentTypeError("a setting is NAME=VALUE, NAME one of {0}".format(", ".join(NUISANCES)))
    if isinstance(NUISANCES[name][0], bool):
        if value.lower() not in ("true", "false"):
            raise argparse.ArgumentTypeError("{0} is true or false".format(name))
        return name, value.lower() == "true"
    if not value.isdigit():
        raise argparse.ArgumentTypeError("{0} is a whole number from 0 on".format(name))
    return name, int(value)


def description(emulator: Emulator) -> dict[str, Any]:
    """What the ready file holds."""
    return {"endpoints": emulator.endpoints, "control": emulator.control_url, "ca_path": emulator.ca_path,
            "access_key_id": emulator.access_key_id, "access_key_secret": emulator.access_key_secret, "airec_token": emulator.airec_token,
            "data_plane": emulator.data_plane, "files": emulator.files, "pid": os.getpid()}


def announce(path: pathlib.Path, emulator: Emulator) -> None:
    # Written beside and renamed: whoever waits for the file never reads half of it.
    draft = path.with_name(path.name + ".part")
    pki.write_private(draft, json.dumps(description(emulator)) + "\n")
    draft.replace(path)


def introduction(emulator: Emulator) -> str:
    """Where everything is, and what an operator pastes into group_vars."""
    settings = ", ".join("{0}={1}".format(name, json.dumps(value)) for name, value in emulator.cloud.setting.all().items())
    lines = ["The emulated cloud runs (scenario {0}, site {1}, {2}).".format(emulator.scenario, emulator.site, settings), ""]
    lines += ["  {0:<12} {1}".format("control", emulator.control_url + "/ lists what it can do"),
              "  {0:<12} {1}".format("CA", emulator.ca_path), "", "Endpoints of the data plane:"]
    for key, at in emulator.data_plane.items():
        plain = ", plain HTTP {0}".format(at["http_port"]) if at["http_port"] else ""
        lines.append("  {0:<22} {1}:{2}{3}".format(key, at["host"], at["port"], plain))
    lines += ["", "Files:", *("  {0:<16} {1}".format(name, value) for name, value in emulator.files.items())]
    lines += ["", "To reach it, for instance in group_vars/all.yml:", "", "daas_https_connection:"]
    lines += ["  {0}: {1}".format(name, json.dumps(getattr(emulator, name))) for name in ("access_key_id", "access_key_secret")]
    lines += ["  endpoints:", *("    {0}: {1}".format(name, url) for name, url in emulator.endpoints.items())]
    lines += ["  api_ca_path: {0}".format(json.dumps(emulator.ca_path)), "airec_access_token: {0}".format(json.dumps(emulator.airec_token)),
              "", "Ctrl-C ends it."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
