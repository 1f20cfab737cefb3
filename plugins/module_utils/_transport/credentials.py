# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is calling. PRIVATE to the collection."""

from __future__ import annotations

from collections import namedtuple

from .._errors import InputError
from .._secret import Secret

# access_key_secret and security_token are Secrets; security_token is None unless the keys are temporary (STS)
Credentials = namedtuple("Credentials", "access_key_id access_key_secret security_token")


def from_params(params):
    """Credentials out of the connection options, whose defaults come from the vendor's environment variables."""
    missing = [name for name in ("access_key_id", "access_key_secret") if not params.get(name)]
    if missing:
        raise InputError(
            "No credentials: %s not given. Set them as options, in module_defaults for group/daas.https.alicloud, or in the environment "
            "variables ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET." % " and ".join(missing))
    token = params.get("security_token")
    return Credentials(params["access_key_id"], Secret(params["access_key_secret"]), Secret(token) if token else None)
