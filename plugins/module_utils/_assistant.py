# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates on many instances by way of Cloud Assistant, from the first read to the read-back. PRIVATE to the collection.

Cloud Assistant remembers commands, files and output, and shows them to everyone with a read permission. So each instance makes a
key pair of its own first, and what is sent is encrypted for that; see _domain/envelope.
"""

from __future__ import annotations

from . import _runner
from ._api import ecs
from ._domain import assistant_scripts as scripts
from ._domain import envelope
from ._domain.assistant import NOT_LOOKED, Row, failure, folder_of, present_of, refusal, restorable, said, todo, unready
from ._errors import ApiError, CollectionError, WaitTimeout
from ._wait import poll

SHORT = 60  # seconds for a command that has little to do
ENVELOPE = "envelope"


class Assistant:
    """One run over many instances. wait: (timeout, interval) in seconds, for each command and each file."""

    def __init__(self, cloud, pair, parallel, wait, check_mode):
        self.cloud, self.pair, self.parallel, self.wait, self.check_mode = cloud, pair, parallel, wait, check_mode
        self._long = max(int(wait[0]), 10)

    def deploy(self, places, bundle, always):
        """Put the bundle on every instance that does not have it; a Row each. always: have it used where it is right, too."""
        rows = dict((place, Row(place)) for place in places)
        ready = self._ready(rows)
        if self.check_mode:
            for row in ready:
                row.changed, row.current, row.skipped_reason = True, bundle.facts.fingerprint, NOT_LOOKED
            return list(rows.values())
        todos = dict((row.place, self._decide(row, values, bundle, always)) for row, values in self._command(
            ready, scripts.probe(self.pair), "probe", SHORT))
        self._install([rows[place] for place, work in todos.items() if work.install], bundle)
        for work in sorted(set(work for work in todos.values() if work and not work.install), key=repr):
            self._keep([rows[place] for place, item in todos.items() if item == work], work)
        return list(rows.values())

    def _decide(self, row, values, bundle, always):
        present = present_of(values, self.pair, bundle.chain_pem)
        work = todo(present, self.pair, always)
        row.previous = row.current = present.fingerprint or None
        row.verified = present.right
        row.skipped_reason = None if work else "already so"
        return work

    def _ready(self, rows):
        """The Rows whose instances can take a command; the others get their error. Reads only."""
        def look(region):
            names = [place.instance for place in rows if place.region == region]
            return ecs.statuses(self.cloud, region, names), ecs.assistants(self.cloud, region, names)

        regions = list(dict.fromkeys(place.region for place in rows))
        for region, found, error in _runner.each(regions, look, self.parallel):
            if error and len(regions) == 1:
                raise error
            for place, row in rows.items():
                if place.region == region:
                    reason = error or unready(found[0].get(place.instance), found[1].get(place.instance))
                    if reason:
                        row.fail(reason)
        return [row for row in rows.values() if not row.error]

    # -- the new pair ----------------------------------------------------------------------------------------------------------------

    def _install(self, rows, bundle):
        made = self._command(rows, scripts.key_pair(self.pair.work_folder), "key_pair", SHORT)
        for (row, _said), _done, error in _runner.each(made, lambda item: self._install_one(*item, bundle), self.parallel):
            if error:
                row.fail(error)

    def _install_one(self, row, values, bundle):
        folder = folder_of(values, self.pair)
        secret = (bundle.chain_pem + bundle.key.reveal()).encode("ascii")
        try:
            self._send(row, folder, envelope.seal(secret, envelope.public_key(values.get("public_key", ""))))
        except CollectionError as error:
            raise CollectionError("%s%s" % (error, self._remove(row, folder))) from error
        script = scripts.install(self.pair, folder, bundle.facts.fingerprint, bundle.chain_pem.count("\n"))
        for _row, answer in self._command([row], script, "install", self._long):
            self._note(row, answer, bundle.facts.fingerprint)
        if row.back == "no":
            row.changed, row.current = True, None
        if row.left:  # the script removes it itself, when it runs to its end
            row.error += self._remove(row, folder)

    def _send(self, row, folder, content):
        place = row.place
        invoke_id = row.invocations["file"] = ecs.send_file(
            self.cloud, place.region, place.instance, folder, ENVELOPE, content, self._long)
        [result] = self._await([place], lambda: ecs.file_results(self.cloud, place.region, invoke_id), "file %s" % invoke_id).values()
        if isinstance(result, CollectionError):
            raise result
        if result.status != "Success":
            raise failure(result)

    def _remove(self, row, folder):
        """Remove the fresh private key and what was sent for it. Returns what to add to the error that led here."""
        removal = Row(row.place)
        self._command([removal], scripts.remove(folder), "removal", SHORT)
        row.invocations.update(removal.invocations)
        return " The folder %s is left on the instance; remove it." % folder if removal.error else ""

    def _note(self, row, values, wanted):
        """What is on the instance after a command that has ended well."""
        row.changed, row.current = True, values.get("fingerprint") or None
        row.verified = row.current == wanted and values.get("pair") == "yes"
        if not row.verified:
            row.fail("The command ended well, but the instance shows another certificate now: %s." % (row.current or "none"))

    def _keep(self, rows, work):
        for row, values in self._command(rows, scripts.keep(self.pair, work.use, work.drop), "keep", self._long):
            self._note(row, values, row.previous)

    # -- the old pair ----------------------------------------------------------------------------------------------------------------

    def restore(self, earlier):
        """Put back what the rows of an earlier result had replaced. A Row each, of those that were changed."""
        wanted = dict((place, (installed, previous)) for place, installed, previous in restorable(earlier))
        rows = dict((place, Row(place)) for place in wanted)
        ready = self._ready(rows)
        for row in ready if self.check_mode else ():
            row.changed, row.current, row.skipped_reason = True, wanted[row.place][1] or None, NOT_LOOKED
        if not self.check_mode:
            for row, _nothing, error in _runner.each(ready, lambda row: self._restore_one(row, *wanted[row.place]), self.parallel):
                if error:
                    row.fail(error)
        return list(rows.values())

    def _restore_one(self, row, installed, previous):
        row.previous = row.current = installed or None
        for _row, values in self._command([row], scripts.restore(self.pair, installed, previous), "restore", self._long):
            row.current = values.get("fingerprint") or None
            row.changed = values.get("result") != "already"
            row.verified = (row.current or "") == previous
            row.skipped_reason = None if row.changed else "already so"
        if row.back:  # and then the web server did not take it
            row.changed, row.current = True, (previous or None) if row.back == "yes" else None

    # -- commands --------------------------------------------------------------------------------------------------------------------

    def _command(self, rows, script, name, timeout):
        """Run one script on the instances of many Rows. A list of (Row, what the script said) of those where it went well.

        The others get their error. name: of the invocation in the result; timeout: seconds.
        """
        batches = []
        for region in dict.fromkeys(row.place.region for row in rows):
            here = [row for row in rows if row.place.region == region]
            batches += [here[start:start + ecs.COMMAND_INSTANCES] for start in range(0, len(here), ecs.COMMAND_INSTANCES)]
        done = []
        for batch, found, error in _runner.each(batches, lambda batch: self._batch(batch, script, name, timeout), self.parallel):
            if isinstance(error, ApiError) and len(batch) > 1 and error.status != 403:
                # one that cannot take commands any more has the whole call refused
                for single in batch:
                    done += self._command([single], script, name, timeout)
            elif error:
                for row in batch:
                    row.fail(error)
                    row.left = isinstance(error, ApiError)
            else:
                done += found
        return done

    def _batch(self, rows, script, name, timeout):
        region, places = rows[0].place.region, [row.place for row in rows]
        invoke_id = ecs.run_command(
            self.cloud, region, [place.instance for place in places], script, "daas.https %s" % name.replace("_", " "), timeout)
        for row in rows:
            row.invocations[name] = invoke_id
        results = self._await(places, lambda: ecs.command_results(self.cloud, region, invoke_id), "command %s" % invoke_id)
        done = []
        for row in rows:
            values, error = self._said(results[row.place])
            if error:
                row.fail(error)
                row.back = values.get("put_back", "")
                row.left = not values.get("result") and not isinstance(error, WaitTimeout)
            else:
                done.append((row, values))
        return done

    def _said(self, result):
        """(what a script said, None or the error)."""
        if isinstance(result, CollectionError):
            return {}, result
        values = said(result.output)
        if result.status in ("Success", "Finished") and not result.exit_code:
            return values, None
        spoke = values and result.code in ("", "ExitCodeNonzero")
        return values, refusal(values, self.pair) if spoke else failure(result)

    def _await(self, places, read, what):
        """{place: its Result when it has ended there, or the WaitTimeout}."""
        last = {}

        def look():
            last.update(read())
            return dict((place.instance, last[place.instance].status if place.instance in last else "not listed") for place in places)

        def ended(states):
            return not [state for state in states.values() if state in ecs.UNDER_WAY + ("not listed", "")]

        try:
            poll(look, ended, self.wait[0], self.wait[1], what, lambda states: ", ".join(
                "%s %s" % item for item in states.items() if item[1] in ecs.UNDER_WAY + ("not listed", "")))
            late = None
        except WaitTimeout as error:
            late = error
        return dict((place, last[place.instance] if place.instance in last and last[place.instance].status not in ecs.UNDER_WAY + ("",)
                     else late) for place in places)
