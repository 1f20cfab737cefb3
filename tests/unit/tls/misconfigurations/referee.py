# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenSSL's own client says about a server, and what any other Python client says about its name."""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import socket
import ssl
import subprocess
from dataclasses import dataclass

from tests.unit.tls import zoo

STRICT = ("-verify_return_error",)
MISMATCHES = (62, 64)  # host name, IP address
RETURN_CODE = re.compile(r"Verify return code: (\d+) \((.*)\)")
ERROR = re.compile(r"^verify error:num=(\d+):(.*)$", re.MULTILINE)
ELSEWHERE = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # roots that the machine's owner prefers


@dataclass(frozen=True)
class Said:
    """One run of `openssl s_client`. errors: codes in the order in which it met them. A run that does not end says nothing.

    code, text   what it prints as "Verify return code". When it was to stop at the first error, that one: it prints it as "verify error"
                 and "Verification error", but in TLS 1.2 the code of a session that never came about, which is 0, beside it
    certificate  whether it got a certificate that it took; succeeded: whether the handshake came about
    """

    code: int = 0
    text: str = ""
    errors: tuple = ()
    certificate: bool = False
    succeeded: bool = False


def s_client(port, name, roots, *options, patience=30):
    """Said by s_client about the server at this port. patience: seconds after which it is ended."""
    command = [zoo.OPENSSL, "s_client", "-connect", "127.0.0.1:{0}".format(port), "-CAfile", str(roots)]
    command += ["-noservername"] if is_address(name) else ["-servername", name]
    try:
        done = subprocess.run(command + list(options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=patience, env=environment(), check=False)
    except subprocess.TimeoutExpired:
        return Said()
    output = done.stdout.decode("utf-8", "replace")
    errors = ERROR.findall(output)
    code, text = ((STRICT == options[:1] and errors) or RETURN_CODE.findall(output) or [("0", "")])[0]
    certificate = "BEGIN CERTIFICATE" in output
    return Said(int(code), text, tuple(int(number) for number, words in errors), certificate, certificate and done.returncode == 0)


def asking_for(name):
    """The options that make s_client check the name as well."""
    return ("-verify_ip" if is_address(name) else "-verify_hostname", name)


def python_takes_the_name(port, name, roots):
    """Whether a client like urllib3, which has OpenSSL check the name within the handshake, takes a certificate that is trusted."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock, checking(roots).wrap_socket(sock, server_hostname=name):
            return True
    except ssl.SSLCertVerificationError as error:
        if error.verify_code not in MISMATCHES:
            raise
        return False


@functools.cache
def checking(roots):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("DEFAULT")
    context.hostname_checks_common_name = False
    context.load_verify_locations(str(roots))
    return context


@functools.cache
def library():
    """The version of the library behind the command, as Python's ssl shows its own."""
    said = subprocess.run([zoo.OPENSSL, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.sub(r".*\(Library: (.*)\)", r"\1", said.strip())


@functools.cache
def environment():
    return {key: value for key, value in os.environ.items() if key not in ELSEWHERE}


def is_address(name):
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False
