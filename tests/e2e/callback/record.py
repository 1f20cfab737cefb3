# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task's result as a line of JSON, as a callback sees it: what no_log hides is hidden here, too."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: notification
short_description: Results as JSON lines for the tests
description: Appends one line a task and host to the file that the environment variable DAAS_RECORD names.
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._play, self._file = "", open(os.environ["DAAS_RECORD"], "a", encoding="utf-8")

    def v2_playbook_on_play_start(self, play):
        self._play = play.get_name()

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_playbook_on_stats(self, stats):
        summary = dict((host, stats.summarize(host)) for host in stats.processed)
        self._file.write(json.dumps(dict(play="", task="", host="", status="stats", action="", result=summary)) + "\n")
        self._file.close()

    def _write(self, status, result):
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        data = result.result if hasattr(result, "result") else result._result
        row = dict(play=self._play, task=task.get_name(), host=host.get_name(), status=status, action=task.action, once=bool(task.run_once),
                   result=data)
        self._file.write(json.dumps(row, default=str) + "\n")
        self._file.flush()
