# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of HTTPS options: what is merged, what is lost (nothing), and what is refused before anybody loses something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.daas.https.plugins.module_utils._api.https_options import Accelerated, Function, Plain
from ansible_collections.daas.https.plugins.module_utils._domain import https_options as rules
from ansible_collections.daas.https.plugins.module_utils._errors import InputError

NOTHING = rules.Wanted(*[None] * len(rules.Wanted._fields))
SWITCH = st.sampled_from(["on", "off"])
SECONDS = st.integers(0, 63072000).map(str)
# Arguments that the functions have, and some that nobody here has heard of.
FURTHER = st.dictionaries(st.sampled_from(["client_verify", "x_new", "scope"]), st.text("abc", max_size=3), max_size=2)


def arguments(needed, more):
    return st.builds(lambda known, further: {**further, **known}, st.fixed_dictionaries(needed, optional=more), FURTHER)


PRESENT = st.fixed_dictionaries({}, optional={
    "https_force": arguments({"enable": SWITCH}, {"https_rewrite": st.sampled_from(["301", "308"])}),
    "http_force": arguments({"enable": st.just("off")}, {}),
    "HSTS": arguments({"enabled": SWITCH, "https_hsts_max_age": SECONDS}, {"https_hsts_include_subdomains": SWITCH}),
    "https_tls_version": arguments({}, {**dict.fromkeys(rules.VERSIONS.values(), SWITCH), "ciphersuite": st.just("AES128-SHA"),
                                        "ciphersuitegroup": st.sampled_from(["all", "strict", "custom"])}),
    "https_option": arguments({}, {"http2": SWITCH, "ocsp_stapling": SWITCH}),
})
WANTED = st.builds(
    rules.Wanted, st.sampled_from([None, "on", "301", "308", "off"]),
    st.none() | st.fixed_dictionaries({"enabled": st.booleans(), "max_age": st.integers(0, 63072000),
                                       "include_subdomains": st.none() | st.booleans()}),
    st.sampled_from([None, *rules.VERSIONS]), st.sampled_from([None, *rules.GROUPS]), st.none() | st.booleans(), st.none() | st.booleans())
# option -> the arguments that it may change
CHANGES = {
    "redirect": {("https_force", "enable"), ("https_force", "https_rewrite")},
    "hsts": {("HSTS", "enabled"), ("HSTS", "https_hsts_max_age"), ("HSTS", "https_hsts_include_subdomains")},
    "tls_minimum": {("https_tls_version", name) for name in rules.VERSIONS.values()},
    "cipher_policy": {("https_tls_version", "ciphersuitegroup"), ("https_tls_version", "ciphersuite")},
    "http2": {("https_option", "http2")}, "ocsp_stapling": {("https_option", "ocsp_stapling")},
}


def flat(functions):
    return {(name, key): value for name, values in functions.items() for key, value in values.items()}


def changed(present, **options):
    return rules.functions_to_set(present, NOTHING._replace(**options))


# -- accelerated domains -------------------------------------------------------------------------------------------------------------

@given(PRESENT, WANTED)
def test_nothing_is_lost(present, wanted):
    """Every argument that no option is about is there afterwards as it was before, in what is set and in what is left alone."""
    after = {**present, **rules.functions_to_set(present, wanted)}
    free = set().union(*(CHANGES[name] for name in wanted._fields if getattr(wanted, name) is not None), set())
    assert {key: value for key, value in flat(after).items() if key not in free} == {
        key: value for key, value in flat(present).items() if key not in free}


@given(PRESENT, WANTED)
def test_what_was_asked_for_is_there_afterwards_and_a_second_run_sets_nothing(present, wanted):
    after = {**present, **rules.functions_to_set(present, wanted)}
    assert rules.functions_to_set(after, wanted) == {}
    view = rules.view_of_domain(after)
    if wanted.redirect:
        assert view["redirect"] == wanted.redirect or (wanted.redirect == "on" and view["redirect"] in ("on", "301", "308"))
    if wanted.hsts:
        assert view["hsts"]["enabled"] == wanted.hsts["enabled"]
        if wanted.hsts["enabled"]:
            assert view["hsts"]["max_age"] == wanted.hsts["max_age"]
            assert view["hsts"]["include_subdomains"] in (True, False) and wanted.hsts["include_subdomains"] in (
                None, view["hsts"]["include_subdomains"])
    for name in ("tls_minimum", "cipher_policy", "http2", "ocsp_stapling"):
        assert getattr(wanted, name) in (None, view[name]), name


@given(PRESENT)
def test_no_option_sets_nothing(present):
    assert rules.functions_to_set(present, NOTHING) == {}


@given(PRESENT, st.sampled_from(list(rules.VERSIONS)))
def test_a_lower_floor_leaves_no_gap_and_a_higher_one_switches_nothing_on_but_itself(present, minimum):
    old = present.get("https_tls_version") or {}
    new = {**present, **changed(present, tls_minimum=minimum)}["https_tls_version"]
    on = [version for version, name in rules.VERSIONS.items() if new.get(name) == "on"]
    had = [version for version, name in rules.VERSIONS.items() if old.get(name) == "on"]
    assert on[0] == minimum and set(had) - set(on) == {version for version in had if version < minimum}
    below = {version for version in rules.VERSIONS if minimum <= version < min(had, default="9")}
    unsaid = {version for version, name in rules.VERSIONS.items() if name not in old}
    assert set(on) <= set(had) | below | unsaid | {minimum}


def test_the_other_argument_of_a_function_survives():
    present = {"https_option": {"http2": "on", "ocsp_stapling": "on"}}
    assert changed(present, http2=False) == {"https_option": {"http2": "off", "ocsp_stapling": "on"}}
    assert changed(present, http2=True, ocsp_stapling=True) == {}


def test_a_redirect():
    assert changed({}, redirect="on") == changed({}, redirect="301") == {"https_force": {"enable": "on", "https_rewrite": "301"}}
    old = {"https_force": {"enable": "off", "https_rewrite": "308"}}
    assert changed(old, redirect="on") == {"https_force": {"enable": "on", "https_rewrite": "308"}}
    assert changed({"https_force": {"enable": "on"}}, redirect="on") == changed({}, redirect="off") == changed(old, redirect="off") == {}


def test_hsts_is_new_only_with_an_age():
    with pytest.raises(InputError) as caught:
        changed({}, hsts={"enabled": True})
    assert "max_age is needed" in str(caught.value)
    assert changed({}, hsts={"enabled": False}) == {}
    there = {"HSTS": {"enabled": "off", "https_hsts_max_age": "600", "https_hsts_include_subdomains": "on"}}
    assert changed(there, hsts={"enabled": True}) == {"HSTS": dict(there["HSTS"], enabled="on")}


def test_the_list_of_ciphers_goes_only_when_another_group_is_asked_for():
    custom = {"https_tls_version": {"tls12": "on", "ciphersuitegroup": "custom", "ciphersuite": "AES128-SHA"}}
    assert changed(custom, cipher_policy="strict") == {"https_tls_version": {"tls12": "on", "ciphersuitegroup": "strict"}}
    assert changed(custom, tls_minimum="1.2")["https_tls_version"]["ciphersuite"] == "AES128-SHA"


def test_functions_under_a_condition_are_left_alone():
    present = Accelerated((Function("1", "HSTS", {"enabled": "on", "https_hsts_max_age": "5"}, parent="77"),))
    assert present.always() == {}


def force(enable, parent=""):
    return Accelerated((Function("7", "http_force", {"enable": enable}, parent),))


def test_the_opposite_redirect_is_removed_only_if_it_is_off():
    on = NOTHING._replace(redirect="on")
    assert rules.in_the_way(force("off"), on).id == "7"
    assert rules.in_the_way(Accelerated(), on) is rules.in_the_way(force("on"), NOTHING) is None
    assert rules.in_the_way(force("on"), NOTHING._replace(redirect="off")) is None
    for present in (force("on"), force("off", parent="77")):
        with pytest.raises(InputError):
            rules.in_the_way(present, on)


# -- load balancers ------------------------------------------------------------------------------------------------------------------

@given(st.sampled_from(["", *rules.POLICIES]), st.sampled_from(sorted(set(rules.POLICIES.values()))))
def test_a_policy_is_changed_only_if_its_floor_is_another_one(present, minimum):
    policy = rules.policy_to_set(present, NOTHING._replace(tls_minimum=minimum))
    assert rules.POLICIES[policy or present] == minimum and (policy is None) == (rules.POLICIES.get(present) == minimum)


def test_a_policy_of_the_account_is_not_replaced_by_guess():
    with pytest.raises(InputError) as caught:
        rules.policy_to_set("spy-1", NOTHING._replace(tls_minimum="1.2"))
    assert "spy-1" in str(caught.value)
    assert rules.policy_to_set("spy-1", NOTHING._replace(cipher_policy="tls_cipher_policy_1_2")) == "tls_cipher_policy_1_2"
    assert rules.policy_to_set("spy-1", NOTHING._replace(cipher_policy="spy-1")) is rules.policy_to_set("spy-1", NOTHING) is None


HTTP, OURS = Plain(protocol="http", running=True), Plain(protocol="http", running=True, code="301", to=443, name="r")


@pytest.mark.parametrize("plain, redirect, creates, todo", [
    (Plain(), None, "", None), (Plain(), "off", "", None), (Plain(), "on", "", "create"), (HTTP, "on", "http", "create"),
    (OURS, "on", "", None), (OURS, "301", "http", None), (HTTP, "off", "", None),
    (Plain(protocol="http", code="302", to=443), "on", "", "start"), (Plain(protocol="http", code="302", to=443), "off", "", None),
])
def test_what_a_redirect_takes(plain, redirect, creates, todo):
    assert rules.redirect_to_make(plain, NOTHING._replace(redirect=redirect), 443, creates) == todo


@pytest.mark.parametrize("plain, redirect, creates, words", [
    (HTTP, "on", "", "does not redirect"), (Plain(protocol="tcp"), "on", "", "listener for tcp"), (OURS, "off", "", "Delete the rule r"),
    (Plain(), "on", "http", "no listener"), (Plain(protocol="tcp"), "on", "http", "listener for tcp"), (OURS, "308", "http", "with 301"),
    (Plain(protocol="http", running=True, code="302", to=8443), "on", "", "to 8443, not to 443"),
])
def test_what_a_redirect_would_take_away(plain, redirect, creates, words):
    with pytest.raises(InputError) as caught:
        rules.redirect_to_make(plain, NOTHING._replace(redirect=redirect), 443, creates)
    assert words in str(caught.value)


@pytest.mark.parametrize("service, options, words", [
    ("nlb", {"redirect": "on"}, "alb, cdn, dcdn, slb"), ("nlb", {"http2": True}, "alb, cdn, dcdn, slb"),
    ("slb", {"hsts": {"enabled": False}}, "it can be on cdn, dcdn"), ("alb", {"ocsp_stapling": True}, "it can be on cdn, dcdn"),
    ("slb", {"redirect": "301"}, "say redirect: on"), ("slb", {"cipher_policy": "spy-1"}, "no policy"),
    ("slb", {"cipher_policy": "strict"}, "no policy"), ("nlb", {"cipher_policy": "all"}, "no policy"),
    ("alb", {"tls_minimum": "1.3"}, "cdn and dcdn can"), ("cdn", {"cipher_policy": "tls_cipher_policy_1_2"}, "all and strict"),
    ("alb", {"tls_minimum": "1.2", "cipher_policy": "tls_cipher_policy_1_0"}, "is 1.0, not 1.2"),
    ("alb", {"tls_minimum": "1.2", "cipher_policy": "spy-1"}, "its own matter"), ("cdn", {"hsts": {"enabled": True, "max_age": -1}}, "-1"),
])
def test_what_a_service_cannot_do(service, options, words):
    with pytest.raises(InputError) as caught:
        rules.check(service, NOTHING._replace(**options))
    assert words in str(caught.value)


@pytest.mark.parametrize("service, options", [
    ("alb", {"redirect": "308", "cipher_policy": "spy-1", "http2": True}), ("slb", {"redirect": "on", "tls_minimum": "1.2"}),
    ("nlb", {"cipher_policy": "tls_cipher_policy_1_2_strict", "tls_minimum": "1.2"}),
    ("dcdn", {"redirect": "off", "tls_minimum": "1.3", "cipher_policy": "all", "hsts": {"enabled": True, "max_age": 0}}),
])
def test_what_a_service_can_do(service, options):
    assert rules.check(service, NOTHING._replace(**options)) is None
