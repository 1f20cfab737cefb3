# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles of the vendor's command line. PRIVATE to the collection.

No message holds anything that stands in their file but the names of profiles, modes and fields.
"""

from __future__ import annotations

import json
import os

from .._errors import InputError

CONFIG = "~/.aliyun/config.json"
MODES = {  # and the fields without which there is no profile of this mode
    "AK": ("access_key_id", "access_key_secret"),
    "StsToken": ("access_key_id", "access_key_secret", "sts_token"),
    "RamRoleArn": ("access_key_id", "access_key_secret", "ram_role_arn"),
    "ChainableRamRoleArn": ("source_profile", "ram_role_arn"),
    "EcsRamRole": (),
}
ROLE = {"role_arn": "ram_role_arn", "session_name": "ram_session_name", "duration": "expired_seconds", "external_id": "external_id"}


def chain(name, said, path):
    """(the profile that has keys, [(where it stands, role in the words of the option assume_role)] in the order they are taken).

    said: what names the profile. Raises InputError.
    """
    known, roles, seen = _read(name, said, path), [], []
    while True:
        where = "The profile '%s' in %s" % (name, path)
        profile = _checked(known, name, where, "source_profile of '%s'" % seen[-1] if seen else said)
        if "ram_role_arn" in MODES[profile["mode"]]:
            roles.insert(0, (where, dict((word, profile.get(field)) for word, field in ROLE.items())))
        if profile["mode"] != "ChainableRamRoleArn":
            return profile, roles
        seen.append(name)
        name = profile["source_profile"]
        if name in seen:
            raise InputError("%s and its source_profile lead in a circle: %s." % (where, " -> ".join(seen + [name])))


def _checked(known, name, where, said):
    if name not in known:
        raise InputError("%s does not exist (%s). There are: %s." % (where, said, ", ".join(sorted(known)) or "none"))
    mode = known[name].get("mode")
    if mode not in MODES:
        raise InputError("%s is of the mode '%s'. Possible here are %s." % (where, mode, ", ".join(MODES)))
    lacking = [field for field in MODES[mode] if not known[name].get(field)]
    if lacking:
        raise InputError("%s is of the mode %s and lacks %s." % (where, mode, " and ".join(lacking)))
    return known[name]


def _read(name, said, path):
    """Profile name -> its fields."""
    start = "The profile '%s' (%s) was looked for in %s where the module runs, " % (name, said, path)
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return dict((row["name"], dict(row)) for row in json.load(file)["profiles"])
    except OSError as error:
        raise InputError(start + "which cannot be read: %s. Give another file as config_path." % error.strerror) from error
    except (ValueError, KeyError, TypeError):
        # without the cause: it may show what is in the file
        raise InputError(start + "which is not a configuration file of the vendor's command line (JSON with profiles).") from None
