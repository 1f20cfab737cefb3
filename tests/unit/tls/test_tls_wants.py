# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options into what is wanted; each bad one is named, with the endpoint that it is of."""

from __future__ import annotations

import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._tls.model import STARTTLS_PORTS, Endpoint, Policy
from ansible_collections.daas.https.plugins.module_utils._tls.wants import proxy_of, read_wants, stores_of
from ansible_collections.daas.https.plugins.modules import tls_verify

NEW, OLD = "aa" * 32, "bb" * 32


def params(**more):
    """As Ansible hands them over: all options, with their defaults."""
    common = {name: spec.get("default") for name, spec in tls_verify.ARGUMENT_SPEC.items()}
    plain = {name: spec.get("default") for name, spec in tls_verify.ARGUMENT_SPEC["endpoints"]["options"].items()}
    endpoints = [dict(plain, **dict({"name": "www.example.com"}, **item)) for item in more.pop("endpoints", [{}])]
    return dict(common, endpoints=endpoints, **dict({"min_days_left": 7}, **more))


def test_options_become_wants():
    wants = read_wants(params(expected_fingerprint=["AA:" * 31 + "AA"], endpoints=[
        {}, dict(address="LB.example.com", port=8443, label="lb", expected_fingerprint=[OLD, ""], previous_fingerprint=[NEW])]))
    assert wants[0].endpoint == Endpoint("www.example.com", "www.example.com", 443, "www.example.com:443")
    assert wants[0].policy == Policy((NEW,), (), 7, True)
    assert wants[1].endpoint == Endpoint("www.example.com", "lb.example.com", 8443, "lb")
    assert wants[1].policy == Policy((OLD,), (NEW,), 7, True)


def test_nothing_is_asked_for_unless_the_playbook_says_so():
    want, = read_wants(params())
    assert want.policy == Policy(min_days_left=7)


def test_every_expectation_reaches_the_policy():
    want, = read_wants(params(
        min_tls_version="TLSv1.2", forbidden_tls_versions=["TLSv1", "TLSv1"], key_types=["rsa", "ecdsa"], min_rsa_bits=2048,
        min_ec_bits=256, allow_weak_signatures=False, check_chain=True, trust_stores=[dict(name="phones", path="/p.pem")],
        ocsp_staple=True, revocation="any", https_redirect=True, hsts_min_age=0, http_port=8080, public_key=[OLD], check_hostname=False))
    assert want.policy == Policy(
        min_days_left=7, check_hostname=False, public_keys=(OLD,), min_version="TLSv1.2", forbidden_versions=("TLSv1",),
        key_types=("rsa", "ecdsa"), min_rsa=2048, min_ec=256, weak_signatures=False, chain=True, stores=("phones",), staple=True,
        revocation="any", redirect=True, hsts=0, http_port=8080)


def test_several_addresses_are_as_many_endpoints():
    wants = read_wants(params(endpoints=[dict(addresses=["192.0.2.1", "192.0.2.2", "192.0.2.1"], label="lb"), {}]))
    assert [(want.number, want.endpoint.address, want.endpoint.label) for want in wants] == [
        (0, "192.0.2.1", "lb"), (1, "192.0.2.2", "lb"), (2, "www.example.com", "www.example.com:443")]


@pytest.mark.parametrize(("protocol", "port"), STARTTLS_PORTS.items())
def test_starttls_has_a_port_of_its_own_and_no_web_pages(protocol, port):
    want, = read_wants(params(endpoints=[dict(starttls=protocol)], https_redirect=True, hsts_min_age=1))
    assert (want.endpoint.port, want.endpoint.starttls, want.policy.redirect, want.policy.hsts) == (port, protocol, False, None)
    assert read_wants(params(endpoints=[dict(starttls=protocol, port=1234)]))[0].endpoint.port == 1234


def test_every_protocol_that_the_module_offers_has_a_port():
    assert set(STARTTLS_PORTS) == set(tls_verify.ARGUMENT_SPEC["endpoints"]["options"]["starttls"]["choices"])


@pytest.mark.parametrize(("given", "sent"), [(None, None), ("", ""), ("OLD.example.com", "old.example.com")])
def test_server_name(given, sent):
    assert read_wants(params(endpoints=[dict(sni=given)]))[0].endpoint.sni == sent


def test_what_asks_for_one_kind_of_key_is_not_asked_for_both():
    wants = read_wants(params(key_types=["rsa", "ecdsa"], endpoints=[dict(key_type="rsa"), {}]))
    assert [want.policy.key_types for want in wants] == [(), ("rsa", "ecdsa")]


@pytest.mark.parametrize(("given", "place"), [
    (None, None), ("proxy.example.com", ("proxy.example.com", 8080)), ("http://proxy.example.com:3128/", ("proxy.example.com", 3128)),
    ("[2001:db8::1]:3128", ("2001:db8::1", 3128)),
])
def test_proxy(given, place):
    assert proxy_of(dict(proxy=given)) == place


def test_a_wrong_proxy_is_shown_without_its_password():
    with pytest.raises(InputError, match="proxy 'http://[*]{3}@proxy.example.com' is not") as caught:
        proxy_of(dict(proxy="http://ops:hidden@proxy.example.com"))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("names", [["a", "a"], [" "]])
def test_stores_have_names_of_their_own(names):
    with pytest.raises(InputError, match="a name of its own"):
        stores_of(dict(trust_stores=[dict(name=name, path="/x") for name in names]))


@pytest.mark.parametrize(("options", "words"), [
    (dict(endpoints=[]), "endpoints is empty"),
    (dict(endpoints=[{}, dict(name="*.example.com")]), r"endpoints\[1\]: '\*.example.com' is not a host name .* that the wildcard covers"),
    (dict(endpoints=[dict(address="https://example.com")]), r"endpoints\[0\]: 'https://example.com' is not"),
    (dict(endpoints=[dict(address="192.0.2.1", addresses=["192.0.2.2"])]), r"endpoints\[0\]: give either address or addresses"),
    (dict(endpoints=[dict(port=70000)]), r"endpoints\[0\] \(www.example.com\): port 70000"),
    (dict(endpoints=[dict(port=0)]), r"endpoints\[0\] \(www.example.com\): port 0"),
    (dict(endpoints=[dict(sni="192.0.2.1")]), r"endpoints\[0\]: sni '192.0.2.1' is an IP address"),
    (dict(endpoints=[dict(expected_fingerprint=["abc"])]),
     r"endpoints\[0\] \(www.example.com\): expected_fingerprint: 'abc' is not a fing"),
    (dict(endpoints=[dict(public_key=["ab" * 20])]), r"endpoints\[0\] \(www.example.com\): public_key: a public key is given by 64"),
    (dict(previous_fingerprint=["abc"]), "previous_fingerprint: 'abc' is not a fingerprint"),
    (dict(timeout=0), "timeout is 0"), (dict(parallel=0), "parallel is 0"), (dict(successes=0), "successes"),
    (dict(wait_interval=-1), "wait_i"), (dict(min_rsa_bits=-1), "min_rsa_bits is -1"), (dict(http_port=0), "http_port 0"),
    (dict(proxy="p.example.com:8080", https_redirect=True, ocsp_staple=True), "https_redirect, ocsp_staple cannot be combined with proxy"),
    (dict(proxy="p.example.com:99999"), None),
    (dict(https_redirect=True, plain_http_refused=True), "Choose one of them"),
    (dict(min_tls_version="TLSv1.2", forbidden_tls_versions=["TLSv1.2"]), "min_tls_version TLSv1.2 is among"),
])
def test_bad_options_are_named(options, words):
    given = params(**options)
    with pytest.raises(InputError, match=words or "is not host:port"):
        read_wants(given)
        proxy_of(given)
