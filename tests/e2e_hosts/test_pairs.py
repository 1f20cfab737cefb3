# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx and HAProxy with an RSA and an ECDSA certificate: both are replaced in one step, proved each, and go back together."""

from __future__ import annotations

import hashlib
import shlex
import ssl
import subprocess

import pytest

from tests.e2e.openssl import LEAF, s_client_command
from tests.e2e_hosts.site import CHAIN, FOLDER, HTTPS, KEY, NAME, message
from tests.e2e_hosts.test_app_hosts import HAPROXY

EC_CHAIN, EC_KEY = FOLDER + "/fullchain.ecdsa.pem", FOLDER + "/privkey.ecdsa.pem"
SECOND = "    ssl_certificate tls/fullchain.ecdsa.pem;\n    ssl_certificate_key tls/privkey.ecdsa.pem;\n"
BOTH = HTTPS.replace("    return", SECOND + "    return")
OFFERS = (["-tls1_2", "-cipher", "aRSA"], ["-tls1_3", "-sigalgs", "ECDSA+SHA256"])


@pytest.fixture
def pairs(site):
    """On the first host nginx serves an old pair of each kind, and a new one of each lies ready."""
    made = {name: site.authority.issue([NAME], days=days, key=key)
            for name, days, key in (("old rsa", 5, "rsa"), ("old ec", 5, "ec"), ("new rsa", 90, "rsa"), ("new ec", 90, "ec"))}
    host = site[1]
    for path, text in ((CHAIN, made["old rsa"].chain_pem), (EC_CHAIN, made["old ec"].chain_pem)):
        host.write(path, text)
    for path, text in ((KEY, made["old rsa"].key_pem), (EC_KEY, made["old ec"].key_pem)):
        host.write(path, text, "0600")
    host.write("/etc/nginx/sites-enabled/default", BOTH)
    host.run("service nginx reload")
    for _try in range(200):
        if served(site) == prints(made, "old rsa", "old ec"):
            break
    yield made
    host.run("rm -f -- {0} {1}".format(EC_CHAIN, EC_KEY))


def prints(made, *names):
    return tuple(made[name].fingerprint for name in names)


def served(site, port=443):
    """What the first host shows to a client that can use RSA only, and to one that can use ECDSA only; "" for nothing."""
    found = []
    for offer in OFFERS:
        command = [*shlex.split(s_client_command(dict(name=NAME, address=site[1].address, port=port), str(site.ca))), *offer]
        done = subprocess.run(site.hosts.inside(*command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              check=False)
        leaf = LEAF.search(done.stdout)
        found.append(hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.group(0))).hexdigest() if leaf else "")
    return tuple(found)


def variables(site, made, rsa="new rsa", ec="new ec", **more):
    files = {kind: site.save(kind.replace(" ", "_"), made[kind]) for kind in (rsa, ec)}
    given = dict(
        certificate_path=files[rsa][0], certificate_private_key_path=files[rsa][1], app_host_fingerprint=made[rsa].fingerprint,
        app_host_alternative_certificate_path=files[ec][0], app_host_alternative_private_key_path=files[ec][1],
        app_host_alternative_fingerprint=made[ec].fingerprint, app_host_alternative_certificate_dest=EC_CHAIN,
        app_host_alternative_private_key_dest=EC_KEY)
    return dict(given, **more)


def play(site, made, *arguments, **more):
    return site.play("--limit", "ecs-app1", *arguments, **variables(site, made, **more))


def test_both_are_replaced_and_a_second_run_changes_nothing(site, pairs):
    run = play(site, pairs)
    assert run.code == 0, run.output
    assert served(site) == prints(pairs, "new rsa", "new ec")
    assert site[1].attributes(EC_KEY) == "600 root root" and "PRIVATE KEY" not in run.output
    assert [name for name in site.left(site[1]) if "ecdsa" in name] == [
        ".fullchain.ecdsa.pem.daas-previous", ".privkey.ecdsa.pem.daas-previous", "fullchain.ecdsa.pem", "privkey.ecdsa.pem"]
    again = play(site, pairs)
    assert again.code == 0 and again.changed() == 0, again.output

    # one of the two is renewed: the other one stays
    pairs["newer ec"] = site.authority.issue([NAME], key="ec")
    renewed = play(site, pairs, ec="newer ec")
    assert renewed.code == 0, renewed.output
    assert served(site) == prints(pairs, "new rsa", "newer ec")

    # one replacement back
    back = play(site, pairs, app_host_generation="previous")
    assert back.code == 0, back.output
    assert served(site) == prints(pairs, "new rsa", "new ec")


def test_if_one_of_the_two_is_not_served_both_go_back(site, pairs):
    """The web server reads the files of the first one only."""
    site[1].write("/etc/nginx/sites-enabled/default", HTTPS)
    run = play(site, pairs, app_host_verify_timeout=3)
    assert run.code != 0
    said = message(run, "ecs-app1")
    assert 'The task "Prove that the new certificate is served" failed' in said and "(ecdsa)" in said, said
    assert "put back: {0}".format(CHAIN) in said and "put back: {0}".format(EC_CHAIN) in said
    assert site[1].read(EC_CHAIN) == pairs["old ec"].chain_pem and served(site)[0] == pairs["old rsa"].fingerprint


def test_haproxy_bundles_two_files_by_their_names(site, pairs):
    host, stem = site[1], "/etc/haproxy/certs/site.pem"
    host.write("/etc/haproxy/haproxy.cfg", HAPROXY.replace("/etc/haproxy/certs/", stem))
    for kind, name in (("rsa", "old rsa"), ("ecdsa", "old ec")):
        host.write("{0}.{1}".format(stem, kind), pairs[name].chain_pem + pairs[name].key_pem, "0600")
    host.run("service haproxy start")
    try:
        assert served(site, 9443) == prints(pairs, "old rsa", "old ec")
        given = variables(
            site, pairs, app_host_server="haproxy", app_host_combined_dest=stem + ".rsa", app_host_certificate_dest="",
            app_host_private_key_dest="", app_host_alternative_combined_dest=stem + ".ecdsa", app_host_alternative_certificate_dest="",
            app_host_alternative_private_key_dest="", app_host_reload_command="service haproxy reload",
            https_endpoints=[dict(name=NAME, address=host.address, port=9443, label="haproxy")])
        run = site.play("--limit", "ecs-app1", **given)
        assert run.code == 0, run.output
        assert served(site, 9443) == prints(pairs, "new rsa", "new ec")
        back = site.play("--limit", "ecs-app1", **dict(
            given, app_host_generation="previous", app_host_fingerprint=pairs["old rsa"].fingerprint,
            app_host_alternative_fingerprint=pairs["old ec"].fingerprint))
        assert back.code == 0, back.output
        assert served(site, 9443) == prints(pairs, "old rsa", "old ec")
    finally:
        host.run("service haproxy stop; rm -rf /etc/haproxy/certs")
