# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates on instances that Cloud Assistant reaches: what is wanted, what was seen, what to do. Pure. PRIVATE to the collection."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
import shlex
from dataclasses import dataclass, field
from typing import Mapping, Tuple

from .._errors import CollectionError, InputError

_MODE = re.compile(r"0?[0-7]{3,4}\Z")
_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\$?\Z")
_LINE = re.compile(r"([a-z_0-9]+)=(.*)\Z")
NOT_LOOKED = "check mode cannot look into the instance: every command, also one that only reads, is a writing call"


@dataclass(frozen=True)
class Place:
    """One instance in its region."""

    instance: str
    region: str

    def __str__(self):
        return "%s in %s" % (self.instance, self.region)


@dataclass(frozen=True)
class Pair:
    """Where certificate and key are on an instance, and what is done about them there. Commands are lists of words."""

    certificate: str
    private_key: str
    owner: str
    group: str
    certificate_mode: str
    private_key_mode: str
    keep_backup: bool
    validate_command: Tuple[str, ...]
    reload_command: Tuple[str, ...]
    work_folder: str


@dataclass
class Row:
    """One instance's part of the result. previous, current: fingerprints, None for no certificate or unknown.

    back: "yes" or "no" when a failed script has tried to put the old pair back. left: it may have left its folder behind.
    """

    place: Place
    changed: bool = False
    previous: object = None
    current: object = None
    verified: bool = False
    invocations: dict = field(default_factory=dict)
    skipped_reason: object = None
    error: object = None
    back: str = ""
    left: bool = False

    def fail(self, error):
        """The first error counts."""
        self.error = self.error or str(error)
        self.verified = False

    def result(self):
        return dict(
            instance=self.place.instance, region=self.place.region, target=str(self.place), changed=self.changed, previous=self.previous,
            current=self.current, verified=self.verified, invocations=dict(self.invocations), skipped_reason=self.skipped_reason,
            error=self.error)


def places_of(instances):
    """The Places that dicts with instance and region name. Raises InputError for what cannot be an instance, or is named twice."""
    places = []
    for item in instances:
        place = Place(item["instance"], item["region"])
        if not _INSTANCE.match(place.instance):
            raise InputError("instances: '%s' is no instance id, such as i-bp1web." % place.instance)
        if place in places:
            raise InputError("instances: %s is there twice." % place)
        places.append(place)
    return places


def pair_of(params):
    """The Pair that a module's options describe. Raises InputError, naming the option."""
    for option in ("certificate_dest", "private_key_dest", "work_folder"):
        path = params[option]
        if not posixpath.isabs(path) or posixpath.normpath(path) != path or "\n" in path or (path == "/"):
            raise InputError("%s: '%s' is not an absolute path without '..' and double slashes." % (option, path))
    if params["certificate_dest"] == params["private_key_dest"]:
        raise InputError("certificate_dest and private_key_dest are the same file.")
    for option in ("owner", "group"):
        if not _ACCOUNT.match(params[option]):
            raise InputError("%s: '%s' is neither a name nor a number." % (option, params[option]))
    for option in ("certificate_mode", "private_key_mode"):
        if not _MODE.match(params[option]):
            raise InputError("%s: '%s' is not an octal mode such as '0644'. Write it in quotes." % (option, params[option]))
    return Pair(
        params["certificate_dest"], params["private_key_dest"], params["owner"], params["group"], params["certificate_mode"],
        params["private_key_mode"], params["keep_backup"], _words(params, "validate_command"), _words(params, "reload_command"),
        params["work_folder"])


def _words(params, option):
    try:
        return tuple(shlex.split(params[option] or ""))
    except ValueError as error:
        raise InputError("%s cannot be taken apart into words: %s." % (option, error)) from error


def unready(status, assistant):
    """Why an instance cannot take a command now, or ''. status: its Status or None; assistant: (runs, system) or None."""
    if status is None:
        return "The account has no such instance in this region. Check instance, region, and which account the keys are of."
    if status != "Running":
        return "The instance is %s, not Running. Start it and run again." % (status or "in an unknown state")
    if assistant is None or not assistant[0]:
        return EXPLAINED["ClientNotRunning"]
    if assistant[1] not in ("", "Linux"):
        return "The instance runs %s; Linux with sh and openssl is needed." % assistant[1]
    return ""


# -- what a script says --------------------------------------------------------------------------------------------------------------

def said(output):
    """The lines "name=value" of a script's output."""
    found = (_LINE.match(line) for line in output.splitlines())
    return dict((match.group(1), match.group(2)) for match in found if match)


def text(values, name):
    """Free text that a script has said, '' when it did not."""
    try:
        return base64.b64decode(values.get(name, "")).decode("utf-8", "replace").strip()
    except ValueError:
        return ""


@dataclass(frozen=True)
class Present:
    """What is on an instance. right: certificates, key, owner and modes are the wanted ones."""

    fingerprint: str
    right: bool
    backup: bool


def present_of(values, pair, chain_pem):
    """What the probe has seen, beside the wanted chain (PEM text)."""
    right = (values.get("chain") == hashlib.sha256(chain_pem.encode("ascii")).hexdigest() and values.get("pair") == "yes"
             and _attributes(values.get("certificate_attributes"), pair, pair.certificate_mode)
             and _attributes(values.get("key_attributes"), pair, pair.private_key_mode))
    return Present(values.get("fingerprint", ""), right, values.get("backup") == "yes")


def _attributes(seen, pair, mode):
    """Whether "mode user group uid gid" is as wanted; names and numbers both count."""
    words = (seen or "").split()
    if len(words) != 5:
        return False
    return int(words[0], 8) == int(mode, 8) and pair.owner in (words[1], words[3]) and pair.group in (words[2], words[4])


@dataclass(frozen=True)
class Todo:
    """install: replace the pair, with all that follows; else use: validate and reload; drop: remove the old pair."""

    install: bool = False
    use: bool = False
    drop: bool = False

    def __bool__(self):
        return self.install or self.use or self.drop


def todo(present, pair, always):
    """always: have the pair used even if it is right already."""
    if not present.right:
        return Todo(install=True)
    return Todo(use=always and bool(pair.validate_command or pair.reload_command), drop=present.backup and not pair.keep_backup)


def folder_of(values, pair):
    """The folder that was made on the instance. Raises CollectionError for any other: it goes into commands that remove it."""
    folder = values.get("folder", "")
    if not re.match(re.escape(pair.work_folder) + r"/daas-https\.[A-Za-z0-9]+\Z", folder):
        raise CollectionError("The instance answered with a folder that is not below %s; nothing was sent to it." % pair.work_folder)
    return folder


# -- what went wrong -----------------------------------------------------------------------------------------------------------------

# the vendor's codes for a command or a file on one instance
EXPLAINED: Mapping[str, str] = {
    "InstanceNotExists": "The instance does not exist, or not in this region.",
    "InstanceReleased": "The instance was released.",
    "InstanceNotRunning": "The instance is not Running. Start it and run again.",
    "ClientNotRunning": "Cloud Assistant does not run on the instance. Start or install its client there, and run again.",
    "ClientNotResponse": "Cloud Assistant on the instance does not answer. Look at its client and the instance's network, and run again.",
    "ClientNetworkBlocked": "Cloud Assistant on the instance has no network. Look at its security group and routes, and run again.",
    "ClientIsUpgrading": "Cloud Assistant on the instance is being upgraded. Run again in a few minutes.",
    "ClientNeedUpgrade": "Cloud Assistant on the instance is too old. Upgrade its client.",
    "DeliveryTimeout": "The command did not reach the instance in time. Run again.",
    "ExecutionTimeout": "The command took too long and was ended. Raise wait_timeout, or look at what its validate or reload command does.",
    "ExecutionException": "The instance could not start the command.",
    "ExecutionInterrupted": "The command was interrupted. Run again.",
    "CommandNotApplicable": "The instance's system cannot run shell scripts; Linux is needed.",
    "AccountNotExists": "The instance has no user root.",
    "UserGroupNotExists": "The instance has no such user or group.",
    "FileCreateFail": "The file could not be written; is the disk full, or work_folder read-only?",
    "FilePathInvalid": "work_folder cannot be used on the instance.",
}
# what a script says in the end, when it is not well
REASONS: Mapping[str, str] = {
    "no_openssl": "The program openssl is not installed on the instance. Install it, version 1.0.2 or newer.",
    "no_folder": "The folder of certificate_dest or private_key_dest does not exist on the instance.",
    "no_work_folder": "No folder can be made in work_folder on the instance. Choose another work_folder.",
    "no_key_pair": "openssl on the instance could not make a key pair.",
    "no_envelope": "What was sent did not arrive on the instance. Run again.",
    "tampered": "What arrived on the instance is not what was sent to it. Nothing was replaced. Find out why, before you run again.",
    "no_pair": "What arrived on the instance is not a certificate with its key. Nothing was replaced.",
    "no_owner": "Owner, group or mode could not be set on the instance. Does it have this user and group?",
    "no_backup": "The old pair cannot be kept, or is not there any more. Nothing was replaced.",
    "no_space": "A file could not be written on the instance; is the disk full or read-only?",
    "changed_since": "Something else than what the earlier run installed is there now, so that nothing was put back.",
}


def failure(result):
    """A CollectionError for an instance on which a command or a file failed (an _api.ecs.Result)."""
    code = result.code or result.status
    if result.code == "ExitCodeNonzero":
        return CollectionError("The command ended with exit code %d and said nothing that is known." % result.exit_code)
    explained = EXPLAINED.get(code, "Cloud Assistant's own words: %s" % (result.info or "none"))
    return CollectionError("%s (%s)" % (explained, code))


def refusal(values, pair):
    """A CollectionError for what a script said when it was not well; it tells which pair is there now."""
    reason = values.get("result", "")
    if reason == "refused":
        message = _command(values, "validate", pair.validate_command, "The web server refused its configuration")
    elif reason == "not_reloaded":
        message = _command(values, "reload", pair.reload_command, "The web server could not be reloaded")
        if values.get("reload_old") == "no":
            message += " With the old pair it could not be reloaded either: look at it first."
    else:
        message = REASONS.get(reason, "The command on the instance was ended before it was done.")
    back = {"yes": " The old pair was put back.", "no": " The old pair could NOT be put back: look at the instance first."}
    return CollectionError(message + back.get(values.get("put_back"), ""))


def _command(values, name, words, what):
    output = text(values, name + "_output")
    return "%s: '%s' ended with exit code %s%s" % (
        what, " ".join(words), values.get(name, "?"), ", and said: %s" % output if output else ".")


def summary(rows):
    """The message of a failed run, or None."""
    failed = ["%s: %s" % (row.place, row.error) for row in rows if row.error]
    if not failed:
        return None
    head = "%d of %d instances failed; each is reported in instances." % (len(failed), len(rows))
    return "\n".join([head] + failed + ["Correct this and run again; what is right already is left alone."])


def diff(rows):
    """Fingerprints before and after, by target; what cannot be known in check mode is called so."""
    def known(row):
        return "unknown" if row.skipped_reason == NOT_LOOKED else row.previous

    before = dict((str(row.place), known(row)) for row in rows if not row.error or row.previous)
    return dict(before=before, after=dict((str(row.place), row.current) for row in rows if str(row.place) in before))


def restorable(rows):
    """(Place, installed, previous) of the rows of an earlier result that were changed. Raises InputError for what is no such result."""
    found = []
    for row in rows:
        lacking = [key for key in ("instance", "region", "changed", "previous", "current") if key not in row]
        if lacking:
            raise InputError("restore takes instances of an earlier ecs_certificate; an entry lacks %s." % ", ".join(lacking))
        if str(row["changed"]).lower() == "true":
            found.append((row, row["current"] or "", row["previous"] or ""))
    return [(place, installed, previous) for place, (_row, installed, previous) in zip(places_of([item[0] for item in found]), found)]
