# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users give as text or as a file. PRIVATE to the collection."""

from __future__ import annotations

import datetime
import os
import ssl

from ._domain.certificate import read_bundle
from ._errors import InputError

# documented by the fragment certificate
CERTIFICATE = dict(
    certificate=dict(type="str"),
    certificate_path=dict(type="path"),
    chain=dict(type="str"),
    chain_path=dict(type="path"),
    private_key=dict(type="str", no_log=True),
    private_key_path=dict(type="path", no_log=False),
    private_key_passphrase=dict(type="str", no_log=True),
    ca_path=dict(type="path"),
    normalize_chain=dict(type="bool", default=True),
    allow_incomplete_chain=dict(type="bool", default=False),
)
CERTIFICATE_EXCLUSIVE = [("certificate", "certificate_path"), ("chain", "chain_path"), ("private_key", "private_key_path")]

LARGEST = 1024 * 1024  # a chain with its root has 10 KB; whatever is larger is the wrong file


def read_text(path, option):
    """The file's text. Raises InputError with option and path, never with content."""
    try:
        if os.path.getsize(path) > LARGEST:
            raise InputError("%s: the file '%s' is larger than 1 MB, so it is not a certificate or a key." % (option, path))
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise InputError("%s: the file '%s' cannot be read: %s." % (option, path, error.strerror)) from error
    except UnicodeDecodeError:
        raise InputError("%s: the file '%s' is not text; PEM is needed (DER and PKCS#12 are not)." % (option, path)) from None


def text_of(params, option):
    """The value of option, or the content of the file in option_path, or None."""
    if params.get(option):
        return params[option]
    path = params.get(option + "_path")
    return read_text(path, option + "_path") if path else None


def roots_text(params):
    """PEM of the trust anchors: ca_path, else the system's store."""
    if params.get("ca_path"):
        return read_text(params["ca_path"], "ca_path")
    found = ssl.get_default_verify_paths().cafile
    return read_text(found, "system store") if found and os.path.isfile(found) else ""


def bundle_from(params, require_key=True):
    """The Bundle that the certificate options describe, or None when no certificate is given. Raises InputError for an empty one."""
    certificate = text_of(params, "certificate")
    if certificate is None and params.get("certificate") is not None:
        raise InputError("certificate is given and empty; is what it is looked up from there?")
    if certificate is None:
        return None
    return read_bundle(
        certificate, text_of(params, "chain"), text_of(params, "private_key"), params.get("private_key_passphrase"),
        roots_text(params), datetime.datetime.now(datetime.timezone.utc), params.get("normalize_chain", True),
        params.get("allow_incomplete_chain", False), require_key, params.get("allow_future", False))
