# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and tokens leave no trace in what is shown."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.daas.https.plugins.module_utils import _exit
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, CollectionError
from ansible_collections.daas.https.plugins.module_utils._secret import DOTS, Secret, scrub
from tests.emulator.pki import Authority, encrypt_key

KEY = Authority.create().issue(["www.example.com"], key="rsa").key_pem
BODY = KEY.splitlines()[5]
KINDS = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"]


def block(kind, end=True):
    return "-----BEGIN {0}-----\n{1}\n".format(kind, BODY) + ("-----END {0}-----\n".format(kind) if end else "")


def test_a_secret_shows_dots():
    secret = Secret(KEY)
    for shown in (repr(secret), str(secret), "{0} {0!r}".format(secret), "%s" % secret, repr([secret]), repr(dict(a=secret))):
        assert BODY not in shown and DOTS in shown
    assert secret.reveal() == KEY and bool(secret) and not Secret("")
    assert not hasattr(secret, "__dict__"), "vars() must show nothing"


def test_a_secret_is_no_json():
    with pytest.raises(TypeError):
        json.dumps(Secret(KEY))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [True, False])
def test_key_blocks_are_taken_out(kind, end):
    text = scrub("before " + block(kind, end) + ("after" if end else ""))
    assert BODY not in text and text.startswith("before " + DOTS) and text.endswith("after" if end else DOTS)


@pytest.mark.parametrize("wrap", [
    lambda text: dict(a=text), lambda text: [text], lambda text: (text,), lambda text: dict(a=[dict(b=(text, 1))]),
    lambda text: json.dumps(dict(Key=text)), lambda text: text.replace("\n", "\r\n"), repr, lambda text: text + text,
    Secret, lambda text: [Secret(text)],
])
def test_wherever_it_is(wrap):
    assert BODY not in json.dumps(scrub(wrap(KEY)))


def test_encrypted_keys_too():
    locked = encrypt_key(KEY, "correct horse battery staple")
    assert locked.splitlines()[3] not in scrub(locked)


@pytest.mark.parametrize("text, clean", [
    ("Authorization: Bearer abcdefghijklmnop.q-r", "Authorization: Bearer " + DOTS), ("Signature=" + "0" * 64, "Signature=" + DOTS),
    ("Credential=AK,Signature=" + "f" * 64 + " end", "Credential=AK,Signature=" + DOTS + " end"), ("Bearer short", "Bearer short"),
])
def test_tokens_are_taken_out(text, clean):
    assert scrub(text) == clean


@pytest.mark.parametrize("value", [
    "", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "the private key does not match", None, 1, True, 1.5,
    dict(a=[1, None, dict(b="x")]), "PRIVATE KEY", "a bearer of news",
])
def test_the_rest_stays(value):
    before = copy.deepcopy(value)
    assert scrub(value) == before == value


# -- the one exit --------------------------------------------------------------------------------------------------------------------

class Module:
    """As much of AnsibleModule as the exit needs."""

    def __init__(self):
        self.params, self.check_mode, self.warnings, self.ended = dict(a=1), True, [], []

    def warn(self, text):
        self.warnings.append(text)

    def exit_json(self, **result):
        self.ended.append(("exit", result))

    def fail_json(self, **result):
        self.ended.append(("fail", result))
        raise SystemExit(1)


def ended(work):
    module = Module()
    try:
        _exit.run(module, work)
    except SystemExit:
        assert module.ended
    (end,) = module.ended
    return end, module.warnings


def test_success_and_warnings():
    end, warnings = ended(lambda params, check: dict(params, check=check, key=KEY, warnings=["careful"]))
    assert end == ("exit", dict(a=1, check=True, key=DOTS + "\n")) and warnings == ["careful"]


def test_failures_keep_what_they_carry():
    def work(params, check):
        raise ApiError("cas Upload for shop", "NameRepeat", "taken " + KEY, 400, "R-1", "Do this.")

    (how, result), _warnings = ended(work)
    assert how == "fail" and BODY not in json.dumps(result)
    assert result["error"] == dict(action="cas Upload for shop", code="NameRepeat", http_status=400, request_id="R-1")
    assert result["msg"].startswith("cas Upload for shop was refused: taken") and result["msg"].endswith("Do this.")


def test_a_partial_failure_returns_what_was_done():
    (how, result), _warnings = ended(lambda params, check: dict(changed=True, deployment={}, failed="1 of 2 failed"))
    assert (how, result) == ("fail", dict(changed=True, deployment={}, msg="1 of 2 failed"))


def test_an_unknown_exception_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        _exit.run(Module(), lambda params, check: 1 / 0)


def test_extras_do_not_replace_the_message():
    error = CollectionError("what happened", changed=True)
    assert error.as_result() == dict(msg="what happened", changed=True)
