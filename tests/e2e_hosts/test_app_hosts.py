# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three hosts with ssh and nginx get a certificate; what goes wrong on one of them leaves it with the old one, and the others alone."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.e2e_hosts.site import BROKEN, CHAIN, KEY, message

# Stops before the second rename of a swap, until somebody opens /run/mv/go.
STOPPING_MV = """#!/bin/sh
case "$*" in
  *.daas-new*)
    if [ -e /run/mv/first ]; then echo "$PPID $$" >/run/mv/stopped; read -r _ </run/mv/go; fi
    : >/run/mv/first ;;
esac
exec /usr/bin/mv "$@"
"""


def test_three_hosts_get_the_certificate_and_a_second_run_changes_nothing(site):
    first = site.play()
    assert first.code == 0, first.output
    assert site.all_served() == [site.new.fingerprint] * 3
    for number in (1, 2, 3):
        host = site[number]
        assert site.on_disk(host) == ("new", "new")
        assert (host.attributes(CHAIN), host.attributes(KEY)) == ("644 root root", "600 root root")
        assert sorted(site.left(host)) == [".fullchain.pem.daas-previous", ".privkey.pem.daas-previous", "fullchain.pem", "privkey.pem"]
        assert host.attributes("/etc/nginx/tls/.privkey.pem.daas-previous") == "600 root root"
        assert first.recap[host.name]["changed"] > 0
    second = site.play()
    assert second.code == 0, second.output
    assert second.changed() == 0


def test_check_mode_says_what_would_change_and_changes_nothing(site):
    run = site.play("--check", "--diff", "--limit", "ecs-app1")
    assert run.code == 0, run.output
    assert run.recap["ecs-app1"]["changed"]
    assert "+" + site.new.chain_pem.splitlines()[1] in run.output and "PRIVATE KEY" not in run.output
    assert site.served(site[1]) == site.old.fingerprint
    assert sorted(site.left(site[1])) == ["fullchain.pem", "privkey.pem"]


def test_a_broken_configuration_leaves_one_host_with_the_old_certificate(site):
    site[2].write(BROKEN, "this_is_no_directive on;\n")
    run = site.play()
    assert run.code != 0
    assert site.all_served() == [site.new.fingerprint, site.old.fingerprint, site.new.fingerprint]
    assert site.on_disk(site[2]) == ("old", "old")
    assert (site[2].attributes(CHAIN), site[2].attributes(KEY)) == ("644 root root", "600 root root")
    assert sorted(site.left(site[2])) == ["fullchain.pem", "privkey.pem"]
    said = message(run, "ecs-app2")
    assert 'unknown directive "this_is_no_directive"' in said and "The old pair is back" in said
    assert "the configuration is at fault, not the pair" in said and "Handshakes prove that the old certificate is served" in said
    assert [run.recap[site[number].name]["failures"] for number in (1, 2, 3)] == [0, 1, 0]
    assert site[2].try_run("rm {0}; nginx -t -q".format(BROKEN)).returncode == 0
    again = site.play()
    assert again.code == 0, again.output
    assert site.all_served() == [site.new.fingerprint] * 3
    assert [bool(again.recap[site[number].name]["changed"]) for number in (1, 2, 3)] == [False, True, False]


def test_a_reload_that_fails_and_one_that_does_nothing(site):
    """The second says that all is well: only the handshake shows that it is not."""
    run = site.play(app_host_verify_timeout=3, app_host_reload_command={1: "false", 2: "true", 3: "service nginx reload"})
    assert run.code != 0
    assert site.all_served() == [site.old.fingerprint, site.old.fingerprint, site.new.fingerprint]
    assert [site.on_disk(site[number]) for number in (1, 2, 3)] == [("old", "old"), ("old", "old"), ("new", "new")]
    assert 'The task "Let the web server read the pair" failed' in message(run, "ecs-app1")
    assert "could NOT be reloaded with the old pair. The command was: false" in message(run, "ecs-app1")
    assert 'The task "Prove that the new certificate is served" failed' in message(run, "ecs-app2")
    assert "Handshakes prove that the old certificate is served" in message(run, "ecs-app2")
    assert [run.recap[site[number].name]["failures"] for number in (1, 2, 3)] == [1, 1, 0]


def test_a_host_that_cannot_be_reached_fails_alone(site):
    site[1].unplug()
    run = site.play()
    assert run.code != 0
    assert [run.recap[site[number].name]["unreachable"] for number in (1, 2, 3)] == [1, 0, 0]
    assert [run.recap[site[number].name]["failures"] for number in (1, 2, 3)] == [0, 0, 0]
    site[1].plug()
    assert site.all_served() == [site.old.fingerprint, site.new.fingerprint, site.new.fingerprint]


def wait_until_stopped(site, numbers):
    end = time.monotonic() + 120
    while not all(site[number].exists("/run/mv/stopped") for number in numbers):
        assert time.monotonic() < end, "the runs never came to the second rename"
        time.sleep(0.1)


def test_a_run_killed_between_the_two_files_is_finished_by_the_next(site):
    """On the first host the renames end without the playbook; the second host stops at the same moment, as if its power had failed."""
    for number in (1, 2):
        site[number].run("mkdir /run/mv; mkfifo /run/mv/go")
        site[number].write("/usr/local/bin/mv", STOPPING_MV, "0755")
    run = site.start()
    try:
        wait_until_stopped(site, (1, 2))
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert [site.on_disk(site[number]) for number in (1, 2)] == [("new", "old")] * 2, "that is the moment that is meant"
    assert [site.served(site[number]) for number in (1, 2)] == [site.old.fingerprint] * 2
    site[2].run("kill -KILL $(cat /run/mv/stopped); rm /usr/local/bin/mv")
    site[1].run("echo go >/run/mv/go; rm /usr/local/bin/mv; while [ -e /etc/nginx/tls/.privkey.pem.daas-new ]; do sleep 0.05; done")
    assert [site.on_disk(site[number]) for number in (1, 2)] == [("new", "new"), ("new", "old")]

    # The pair to go back to is the one that was proved, not the mixture that is there now.
    failing = site.play("--limit", "ecs-app2", app_host_reload_command="false")
    assert failing.code != 0 and site.on_disk(site[2]) == ("old", "old"), failing.output

    again = site.play()
    assert again.code == 0, again.output
    assert site.all_served() == [site.new.fingerprint] * 3
    for number in (1, 2, 3):
        assert site.on_disk(site[number]) == ("new", "new")
        assert sorted(site.left(site[number])) == [
            ".fullchain.pem.daas-previous", ".privkey.pem.daas-previous", "fullchain.pem", "privkey.pem"]
        assert site[number].read("/etc/nginx/tls/.privkey.pem.daas-previous") == site.old.key_pem


def test_the_whole_chain_reaches_the_hosts(site):
    """daas.https.deploy --tags app_host: the certificate goes to CAS, and from there its fingerprint to the hosts."""
    cloud = site.emulator()
    try:
        known = site.wait_for_emulator(cloud)
        variables = dict(
            certificate_name="shop", app_host_keep_backup=False,
            app_host_fingerprint="{{ certificate_result.certificate.fingerprint }}",
            daas_https_connection=dict(access_key_id=known["access_key_id"], access_key_secret=known["access_key_secret"],
                                       endpoints=known["endpoints"], api_ca_path=known["ca_path"]))
        run = site.play("--tags", "app_host", playbook="daas.https.deploy", **variables)
    finally:
        cloud.terminate()
        cloud.wait()
    assert run.code == 0, run.output
    assert site.all_served() == [site.new.fingerprint] * 3
    assert run.results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"] == site.new.fingerprint
    assert all(sorted(site.left(site[number])) == ["fullchain.pem", "privkey.pem"] for number in (1, 2, 3)), "no old pair was to be kept"


# -- one generation back -------------------------------------------------------------------------------------------------------------

def rollback(site, *arguments, **variables):
    """The new pair is installed; it was the old one before."""
    return site.play(*arguments, app_host_generation="previous", app_host_fingerprint=site.old.fingerprint, **variables)


def kept(site, number):
    """Whose key the host has kept."""
    text = site[number].read("/etc/nginx/tls/.privkey.pem.daas-previous")
    return {site.old.key_pem: "old", site.new.key_pem: "new"}[text]


def test_rollback_puts_the_kept_pair_in_place_and_a_second_one_changes_nothing(site):
    assert site.play().code == 0
    check = rollback(site, "--check", "--limit", "ecs-app1")
    assert check.code == 0, check.output
    assert check.changed()
    assert site.all_served() == [site.new.fingerprint] * 3 and [kept(site, number) for number in (1, 2, 3)] == ["old"] * 3
    # nothing is copied: these files are not there
    back = rollback(site, certificate_path="/nowhere.pem", certificate_private_key_path="/nowhere.key")
    assert back.code == 0, back.output
    assert site.all_served() == [site.old.fingerprint] * 3
    for number in (1, 2, 3):
        assert site.on_disk(site[number]) == ("old", "old") and kept(site, number) == "new"
        assert (site[number].attributes(CHAIN), site[number].attributes(KEY)) == ("644 root root", "600 root root")
        assert len(site.left(site[number])) == 4
    again = rollback(site)
    assert again.code == 0, again.output
    assert again.changed() == 0 and [kept(site, number) for number in (1, 2, 3)] == ["new"] * 3
    forward = site.play("--limit", "ecs-app1")
    assert forward.code == 0, forward.output
    assert site.served(site[1]) == site.new.fingerprint and kept(site, 1) == "old", "there and back again"


def test_a_rollback_that_is_not_possible_fails_alone_and_changes_nothing(site):
    """The first host keeps a key that is not the certificate's own, the second has a broken configuration, the third keeps nothing."""
    assert site.play().code == 0
    site[1].write("/etc/nginx/tls/.privkey.pem.daas-previous", site.new.key_pem, "0600")
    site[2].write(BROKEN, "this_is_no_directive on;\n")
    site[3].run("rm /etc/nginx/tls/.*.daas-previous")
    before = {number: site.left(site[number]) for number in (1, 2, 3)}
    run = rollback(site)
    assert [run.recap[site[number].name]["failures"] for number in (1, 2, 3)] == [1, 1, 1], run.output
    assert [run.recap[site[number].name]["changed"] for number in (1, 3)] == [0, 0]
    assert site.all_served() == [site.new.fingerprint] * 3
    assert [site.on_disk(site[number]) for number in (1, 2, 3)] == [("new", "new")] * 3
    assert {number: site.left(site[number]) for number in (1, 2, 3)} == before and kept(site, 2) == "old"

    first, second, third = (message(run, site[number].name) for number in (1, 2, 3))
    assert "{0} with a private key that is not its own".format(site.old.fingerprint) in first
    assert "the earlier certificate was not taken into use" in second and 'unknown directive "this_is_no_directive"' in second
    assert "The replaced pair is back" in second and "Handshakes prove that the replaced certificate is served" in second
    assert "Wanted: {0}\nIn place: {1}\n".format(site.old.fingerprint, site.new.fingerprint) in third
    assert "(.fullchain.pem.daas-previous, .privkey.pem.daas-previous): nothing\n" in third
    assert "run daas.https.deploy with the files of that certificate" in third and "Nothing was changed" in third

    site[2].run("rm {0}".format(BROKEN))
    repaired = rollback(site, "--limit", "ecs-app2,ecs-app3")
    assert [repaired.recap[site[number].name]["failures"] for number in (2, 3)] == [0, 1]
    assert site.served(site[2]) == site.old.fingerprint


def test_a_rollback_killed_between_the_two_files_is_finished_by_the_next(site):
    assert site.play("--limit", "ecs-app1").code == 0
    site[1].run("mkdir /run/mv; mkfifo /run/mv/go")
    site[1].write("/usr/local/bin/mv", STOPPING_MV, "0755")
    run = site.start("--limit", "ecs-app1", "-e", "app_host_generation=previous", "-e", "app_host_fingerprint=" + site.old.fingerprint)
    try:
        wait_until_stopped(site, (1,))
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    site[1].run("kill -KILL $(cat /run/mv/stopped); rm /usr/local/bin/mv")
    assert site.on_disk(site[1]) == ("old", "new") and site.served(site[1]) == site.new.fingerprint
    failing = rollback(site, "--limit", "ecs-app1", app_host_reload_command="false")
    assert failing.code != 0 and site.on_disk(site[1]) == ("new", "new"), failing.output
    again = rollback(site, "--limit", "ecs-app1")
    assert again.code == 0, again.output
    assert site.on_disk(site[1]) == ("old", "old") and site.served(site[1]) == site.old.fingerprint
    assert kept(site, 1) == "new" and len(site.left(site[1])) == 4


# -- other web servers ---------------------------------------------------------------------------------------------------------------

APACHE = """ServerName app.example.com
PidFile ${APACHE_RUN_DIR}/apache2.pid
User ${APACHE_RUN_USER}
Group ${APACHE_RUN_GROUP}
ErrorLog /var/log/apache2/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
Listen 8443
<VirtualHost *:8443>
  ServerName app.example.com
  SSLEngine on
  SSLCertificateFile /etc/apache2/tls/fullchain.pem
  SSLCertificateKeyFile /etc/apache2/tls/privkey.pem
</VirtualHost>
"""
HAPROXY = """global
  daemon
  user haproxy
  group haproxy
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend https
  bind :9443 ssl crt /etc/haproxy/certs/
  http-request return status 200
"""


def apache(site, host):
    host.write("/etc/apache2/apache2.conf", APACHE)
    host.write("/etc/apache2/tls/fullchain.pem", site.old.chain_pem)
    host.write("/etc/apache2/tls/privkey.pem", site.old.key_pem, "0600")
    host.run("apachectl start")
    return dict(app_host_server="apache", app_host_reload_command="apachectl graceful")


def haproxy(site, host):
    host.write("/etc/haproxy/haproxy.cfg", HAPROXY)
    host.write("/etc/haproxy/certs/site.pem", site.old.chain_pem + site.old.key_pem, "0600")
    host.run("service haproxy start")
    return dict(app_host_server="haproxy", app_host_reload_command="service haproxy reload")


SERVERS = {
    "apache": (apache, 8443, "/etc/apache2/apache2.conf", "/etc/apache2/tls/privkey.pem", "Invalid command 'this_is_no_directive'"),
    "haproxy": (haproxy, 9443, "/etc/haproxy/haproxy.cfg", "/etc/haproxy/certs/site.pem", "unknown keyword 'this_is_no_directive'"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_other_web_servers(site, name):
    start, port, configuration, secret, complaint = SERVERS[name]
    host = site[1]
    variables = dict(start(site, host), https_endpoints=[dict(name="app.example.com", address=host.address, port=port, label=name)])
    site.wait_for(host, site.old, port)
    good = host.read(configuration)

    host.write(configuration, good + "this_is_no_directive on\n")
    broken = site.play("--limit", host.name, **variables)
    assert broken.code != 0 and complaint in message(broken, host.name), broken.output
    assert site.served(host, port) == site.old.fingerprint
    assert site.old.key_pem in host.read(secret)

    host.write(configuration, good)
    first = site.play("--limit", host.name, **variables)
    assert first.code == 0, first.output
    assert site.served(host, port) == site.new.fingerprint
    assert site.new.key_pem.strip() in host.read(secret) and host.attributes(secret) == "600 root root"
    second = site.play("--limit", host.name, **variables)
    assert second.code == 0 and second.changed() == 0, second.output
    assert site.served(host) == site.old.fingerprint, "nginx was not meant"

    back = rollback(site, "--limit", host.name, **variables)
    assert back.code == 0 and site.served(host, port) == site.old.fingerprint, back.output


def test_an_apache_that_ends_because_of_the_pair_serves_the_old_one_again(site):
    """Its own check does not look into the pair, and its reload says that all is well."""
    host = site[2]
    variables = dict(apache(site, host), https_endpoints=[dict(name="app.example.com", address=host.address, port=8443, label="apache")])
    site.wait_for(host, site.old, 8443)
    foreign_key = site.save("old", site.old)[1]
    run = site.play("--limit", host.name, app_host_private_key_path=foreign_key, app_host_verify_timeout=4, **variables)
    assert run.code != 0
    assert 'The task "Prove that the new certificate is served" failed' in message(run, host.name), run.output
    assert "Handshakes prove that the old certificate is served" in message(run, host.name)
    assert site.served(host, 8443) == site.old.fingerprint
