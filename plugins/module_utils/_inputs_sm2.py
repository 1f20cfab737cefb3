# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SM2 pair as users give it: two certificates and two keys, as text or as files. PRIVATE to the collection."""

from __future__ import annotations

import datetime

from . import _inputs
from ._domain.sm2 import read_sm2
from ._errors import InputError

# documented by cas_certificate, the only module that takes them
SM2 = dict(
    sign_certificate=dict(type="str"),
    sign_certificate_path=dict(type="path"),
    sign_private_key=dict(type="str", no_log=True),
    sign_private_key_path=dict(type="path", no_log=False),
    encrypt_certificate=dict(type="str"),
    encrypt_certificate_path=dict(type="path"),
    encrypt_private_key=dict(type="str", no_log=True),
    encrypt_private_key_path=dict(type="path", no_log=False),
)
PARTS = ("sign_certificate", "sign_private_key", "encrypt_certificate", "encrypt_private_key")
SM2_EXCLUSIVE = [(part, part + "_path") for part in PARTS]


def bundle_or_pair(params):
    """The Bundle or the Sm2Bundle that the options describe. Raises InputError when it is neither, or both."""
    if not any(params[option] is not None for option in SM2):
        return _inputs.bundle_from(params)
    others = [option for option in ("certificate", "chain", "private_key") if params[option] or params[option + "_path"]]
    if others:
        raise InputError("%s and the options of an SM2 pair (sign_…, encrypt_…) exclude each other; give one certificate or one pair."
                         % ", ".join(others))
    texts = dict((part, _inputs.text_of(params, part)) for part in PARTS)
    return read_sm2(texts, datetime.datetime.now(datetime.timezone.utc), params["allow_future"])
