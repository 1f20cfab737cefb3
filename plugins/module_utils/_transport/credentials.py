# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is calling, as far as options, environment and profiles say it. PRIVATE to the collection."""

from __future__ import annotations

import datetime
import re
from collections import namedtuple

from .._errors import InputError, TransportError
from .._secret import Secret
from . import profiles

# access_key_secret and security_token are Secrets; security_token and expires (UTC) are None unless the keys are temporary (STS)
Credentials = namedtuple("Credentials", "access_key_id access_key_secret security_token expires", defaults=(None,))
# keys: Credentials, or None for those of the RAM role instance_role ('' for whichever it has) of the ECS instance that this runs on;
# with them the roles are taken, one after another
Origin = namedtuple("Origin", "keys instance_role roles")
Role = namedtuple("Role", "arn session_name duration external_id")  # duration in seconds

ENVIRONMENT = {
    "access_key_id": ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"),
    "access_key_secret": ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"),
    "security_token": ("ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN"),
    "profile": ("ALIBABA_CLOUD_PROFILE",),
    "ecs_ram_role": ("ALIBABA_CLOUD_ECS_METADATA",),
}


def choose(params, environ):
    """The Origin that the connection options mean. Raises InputError if there is none, or if options contradict each other.

    Options win over the environment, and there a profile's name wins over keys.
    """
    origin = _of_options(params, environ) or _of_environment(params, environ)
    if origin is None:
        raise InputError(
            "No credentials: none of access_key_id and access_key_secret, profile, and ecs_ram_role is given, as an option or in "
            "module_defaults for group/daas.https.alicloud, and where the module runs the environment has none of ALIBABA_CLOUD_PROFILE, "
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, and ALIBABA_CLOUD_ECS_METADATA. A profile of %s counts only "
            "if it is named." % (params.get("config_path") or profiles.CONFIG))
    wanted = params.get("assume_role")
    return origin._replace(roles=origin.roles + (_role(wanted, "assume_role"),)) if wanted else origin


def _of_options(params, environ):
    kinds = {"access_key_id": any(params.get(name) for name in ("access_key_id", "access_key_secret", "security_token")),
             "profile": params.get("profile"), "ecs_ram_role": params.get("ecs_ram_role")}
    given = [name for name, there in kinds.items() if there]
    if len(given) > 1:
        raise InputError("%s are given, and each says by itself whose keys to use. Leave only one of them." % " and ".join(given))
    if given == ["access_key_id"]:
        return Origin(_keys(params, environ), None, ())
    if given == ["profile"]:
        return _of_profile(params["profile"], "option profile", params)
    return Origin(None, params["ecs_ram_role"], ()) if given else None


def _of_environment(params, environ):
    if _found(environ, "profile"):
        return _of_profile(_found(environ, "profile"), "environment variable ALIBABA_CLOUD_PROFILE", params)
    if _found(environ, "access_key_id") or _found(environ, "access_key_secret"):
        return Origin(_keys({}, environ), None, ())
    role = _found(environ, "ecs_ram_role")
    return Origin(None, role, ()) if role else None


def _found(environ, option):
    return next((environ[name] for name in ENVIRONMENT[option] if environ.get(name)), None)


def _keys(params, environ):
    """Keys whose parts come from the options or else from the environment; a token is only for the secret that it came with."""
    pair = dict((name, params.get(name) or _found(environ, name)) for name in ("access_key_id", "access_key_secret"))
    missing = [name for name, value in pair.items() if not value]
    if missing:
        raise InputError("No credentials: %s not given, neither as an option nor in the environment variable %s where the module runs." % (
            " and ".join(missing), " and ".join(ENVIRONMENT[name][0] for name in missing)))
    token = params.get("security_token") or (None if params.get("access_key_secret") else _found(environ, "security_token"))
    return _credentials(pair["access_key_id"], pair["access_key_secret"], token)


def _credentials(key_id, secret, token=None, expires=None):
    return Credentials(str(key_id), Secret(str(secret)), Secret(str(token)) if token else None, expires)


def _of_profile(name, said, params):
    profile, taken = profiles.chain(name, said, params.get("config_path") or profiles.CONFIG)
    roles = tuple(_role(words, where) for where, words in taken)
    if profile["mode"] == "EcsRamRole":
        return Origin(None, profile.get("ram_role_name") or "", roles)
    token = profile["sts_token"] if profile["mode"] == "StsToken" else None
    return Origin(_credentials(profile["access_key_id"], profile["access_key_secret"], token), None, roles)


def _role(words, where):
    """The Role that a dictionary like the option assume_role describes."""
    arn, session, duration, external_id = (str(words.get(name) or default) for name, default in (
        ("role_arn", ""), ("session_name", "daas-https"), ("duration", 3600), ("external_id", "")))
    role = Role(arn, session, int(duration) if duration.isdigit() else 0, external_id)
    if not re.match(r"acs:ram::[0-9]+:role/[A-Za-z0-9._/-]+\Z", role.arn):
        raise InputError("%s: role_arn '%s' is not of the form acs:ram::<account id>:role/<name>." % (where, role.arn))
    if not re.match(r"[A-Za-z0-9.@_-]{2,64}\Z", role.session_name):
        raise InputError("%s: session_name '%s' is not 2 to 64 letters, digits, '.', '@', '_' and '-'." % (where, role.session_name))
    if not 900 <= role.duration <= 43200:
        raise InputError("%s: duration is '%s'; 900 to 43200 seconds are possible." % (where, duration))
    return role


def temporary(what, fields):
    """Credentials out of an answer with AccessKeyId, AccessKeySecret, SecurityToken and Expiration. Raises TransportError."""
    names = ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration")
    missing = [name for name in names if not isinstance((fields or {}).get(name), str)]
    if missing:
        raise TransportError("%s: the answer has no %s." % (what, ", ".join(missing)), final=True)
    try:
        until = datetime.datetime.strptime(fields["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise TransportError("%s: the answer's Expiration is not a time like 2026-01-31T23:59:59Z." % what, final=True) from None
    return _credentials(fields["AccessKeyId"], fields["AccessKeySecret"], fields["SecurityToken"], until)
