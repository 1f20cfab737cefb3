# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, twice, on the embedded cloud: what `make demo` runs.

KEEP=1 leaves the cloud's endpoints open afterwards, until Ctrl-C, for openssl or a browser.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import sys
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import link_collection  # noqa: E402  (the checkout must be on the path first, when this is run as a file)
from tests.e2e.openssl import OPENSSL, OpenSSL, s_client, s_client_command  # noqa: E402
from tests.e2e.stage import Run, Stage, StageError  # noqa: E402

FOLDER = ROOT / ".cache" / "demo"
PLAYBOOK = "daas.https.deploy"
WIDTH, LEFT = 79, 30


def main() -> int:
    link_collection()
    shutil.rmtree(FOLDER, ignore_errors=True)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        with Stage(FOLDER) as stage:
            return demonstrate(stage)
    except StageError as error:
        print("demo: {0}".format(error), file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; the embedded cloud has been stopped.", file=sys.stderr)
    return 1


def demonstrate(stage: Stage) -> int:
    say("1  The embedded cloud runs; {0} endpoints serve old certificates or none.".format(len(stage.endpoints())))
    say("2  ansible-playbook {0}: what it changes".format(PLAYBOOK))
    first = play(stage)
    if first.code:
        return failed(stage, "The first run failed")
    stage.forget()
    say("3  The same command again: nothing is left to change")
    second = play(stage)
    writes = [entry["action"] for entry in stage.journal() if entry["writes"]]
    if second.code:
        return failed(stage, "The second run failed")
    print_deployed(first)
    healthy = print_served(stage, second)
    quiet = not second.changed() and not writes
    say("Verdict")
    print("  first run    {0} changes in {1:.0f} s".format(first.changed(), first.seconds))
    print("  second run   changed={0}, {1} writing API calls, in {2:.0f} s".format(second.changed(), len(writes), second.seconds))
    print("  endpoints    {0}".format("all return code 0 (ok)" if healthy else "NOT all return code 0 (ok)"))
    if os.environ.get("KEEP", "") not in ("", "0"):
        keep_open(stage)
    return 0 if healthy and quiet else 1


def play(stage: Stage) -> Run:
    # Tasks that found nothing to do are not shown: what is left on the screen is what happened.
    variables = dict(ANSIBLE_DISPLAY_OK_HOSTS="false", ANSIBLE_DISPLAY_SKIPPED_HOSTS="false")
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        variables["ANSIBLE_FORCE_COLOR"] = "true"
    sys.stdout.flush()
    return stage.play(PLAYBOOK, show=True, variables=variables)


def print_deployed(run: Run) -> None:
    say("What was deployed where")
    for result in run.results("daas.https.cas_certificate"):
        certificate = result["certificate"]
        row("CAS", "{0} (id {1}), until {2}".format(certificate["name"], certificate["id"], certificate["not_after"][:10]))
    for result in run.results("daas.https.cas_deploy"):
        for target in result["deployment"]["targets"]:
            before = target["previous"]["name"] if target["previous"] else "no certificate"
            row(target["target"], "{0} instead of {1}".format(target["current"]["name"], before))
    replaced = [task["host"] for task in run.rows if task["action"] == "ansible.builtin.copy" and task["result"].get("changed")]
    for host in dict.fromkeys(replaced):
        row("app host " + host, "certificate and private key replaced")
    # bound first, enforced when validated: the last result of each instance counts
    bindings = {result["binding"]["instance_id"]: result["binding"] for result in run.results("daas.https.airec_cert_bind")}
    for binding in bindings.values():
        for domain in binding["domains"]:
            row("airec/" + binding["region"], "{0}: {1}, HTTPS {2}".format(
                domain["domain"], domain["status"], "enforced" if binding["https_enforced"] else "not enforced"))


def print_served(stage: Stage, run: Run) -> bool:
    """What each endpoint serves now, as OpenSSL sees it, else as tls_verify saw it. True when all are ok."""
    say("What each endpoint serves now ({0})".format("openssl s_client" if OPENSSL else "tls_verify; no openssl here"))
    seen = [s_client(endpoint, stage.files["ca"]) for endpoint in stage.endpoints()] if OPENSSL else from_tls_verify(run)
    for answer in seen:
        row(answer.label, "{0}  Verify return code: {1}".format(answer.fingerprint[:8], answer.verdict))
    return len(seen) == len(stage.endpoints()) and all(answer.verdict == "0 (ok)" for answer in seen)


def from_tls_verify(run: Run) -> list[OpenSSL]:
    rows: list[dict[str, Any]] = run.results("daas.https.tls_verify")[-1]["tls"]["endpoints"]
    return [OpenSSL(item["label"], item["fingerprint"] or "", item["verify_return_code"]) for item in rows]


def keep_open(stage: Stage) -> None:
    say("The endpoints stay open until Ctrl-C. Ready to paste:")
    for endpoint in stage.endpoints():
        print("  " + s_client_command(endpoint, os.path.relpath(stage.files["ca"])).replace(" -servername", " \\\n    -servername"))
    print("  control port: {0}/journal".format(stage.cloud["control"]))
    sys.stdout.flush()
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def failed(stage: Stage, what: str) -> int:
    print("\ndemo: {0}; see above. The cloud's log is {1}.".format(what, os.path.relpath(stage.folder / "emulator.log")), file=sys.stderr)
    return 1


def say(text: str) -> None:
    print("\n{0}\n{1}".format(text, "-" * min(len(text), WIDTH)))


def row(left: str, right: str) -> None:
    if len(left) <= LEFT and len(right) <= WIDTH - LEFT - 3:
        print("  {0:<{1}} {2}".format(left, LEFT, right))
    else:
        print("  {0}\n  {1:<4}{2}".format(left, "", right))


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
