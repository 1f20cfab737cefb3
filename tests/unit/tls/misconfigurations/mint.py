# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of any shape, also of those that no decent authority and no decent library would make.

cryptography builds what it is willing to build; what it refuses (MD5, a negative serial number, a name with a NUL in it) is done to
the DER afterwards, and signed again.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import math
import pathlib
import ssl
import subprocess
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.unit.tls import zoo

NAME = "www.example.com"
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, PUBLIC_KEY, EXTENSIONS = range(8)  # fields of a TBSCertificate
LEGACY = {  # algorithms that cryptography does not sign certificates with: AlgorithmIdentifier and hash
    "sha1": (bytes.fromhex("300d06092a864886f70d0101050500"), hashes.SHA1()),
    "md5": (bytes.fromhex("300d06092a864886f70d0101040500"), hashes.MD5()),
}
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
          "encipher_only", "decipher_only")
MAKERS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()), "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()), "p192": lambda: ec.generate_private_key(ec.SECP192R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()), "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate, "dsa": lambda: dsa.generate_private_key(1024),
    "rsa": lambda: rsa.generate_private_key(65537, 2048), "rsa 1024": lambda: rsa.generate_private_key(65537, 1024),
}
COMMANDS = {  # keys that cryptography does not make; of more primes than two, a large one is made in no time
    "rsa 512": ("genrsa", "512"), "rsa 4096": ("genrsa", "-primes", "4", "4096"),
    "rsa pss": ("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"),
}


@dataclass(frozen=True)
class Holder:
    """A certificate (DER) and its private key (PEM); `key` is the same as an object, None if cryptography does not take it."""

    der: bytes = field(repr=False)
    subject: x509.Name
    key_pem: str = field(repr=False)
    key: object = field(default=None, repr=False)


class Mint:
    """Makes certificates and the servers for them, all in one folder, and remembers which roots are to be trusted."""

    def __init__(self, folder):
        self.folder, self.trusted = pathlib.Path(folder), []
        self.now = datetime.now(timezone.utc).replace(microsecond=0)
        self.root = self.trust(self.ca("Zoo Root CA"))
        self.intermediate = self.ca("Zoo Issuing CA", self.root, path_length=0)

    def trust(self, holder):
        """The same; its certificate will be in the file of trusted roots."""
        self.trusted.append(holder.der)
        return holder

    def save(self):
        """Write the file of trusted roots; its path."""
        path = self.folder / "roots.pem"
        path.write_text("".join(ssl.DER_cert_to_PEM_cert(der) for der in self.trusted), encoding="utf-8")
        return path

    def ca(self, name, issuer=None, key="p256", **shape):
        """A CA certificate; without an issuer, a root. Shape: see certificate()."""
        usual = dict(ca=True, usage=("digital_signature", "key_cert_sign", "crl_sign"), extended=(), days=(-3650, 3650))
        return self.certificate(name, issuer, key, **dict(usual, **shape))

    def leaf(self, names=(NAME,), issuer=None, key="p256", **shape):
        """A certificate of a server, issued by the zoo's own intermediate if nobody else is named. Shape: see certificate()."""
        usual = dict(san=[general_name(name) for name in names])
        return self.certificate(shape.pop("subject", "Zoo leaf"), issuer or self.intermediate, key, **dict(usual, **shape))

    def certificate(self, name, issuer=None, key="p256", *, san=None, days=(-1, 90), serial=None, ca=False, path_length=None,
                    usage=("digital_signature",), extended=(SERVER,), more=(), without=(), algorithm=None, tweak=None, moments=None,
                    pss=False):
        """Any certificate.

        name       common name, None for an empty subject
        issuer     Holder that signs; None: the certificate signs itself
        key        a word of MAKERS or COMMANDS, or a Holder whose key it has, too
        san, days  GeneralNames; first and last day of validity, from today (or `moments`: two datetimes)
        more       further (extension, critical); without: classes of extensions to leave out
        algorithm  "sha1" or "md5" instead of SHA-256; pss: signed by RSASSA-PSS
        tweak      function that changes the list of the TBSCertificate's fields (DER) before they are signed
        """
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
        key_pem, key_object, spki = (key.key_pem, key.key, None) if isinstance(key, Holder) else make_key(key, fresh=ca)
        signer = issuer.key if issuer else key_object
        start, end = moments or [self.now + timedelta(days=day) for day in days]
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
                   .public_key((key_object or signer).public_key()).serial_number(serial or x509.random_serial_number())
                   .not_valid_before(start).not_valid_after(end))
        usual = [(x509.BasicConstraints(ca, path_length), True), (x509.KeyUsage(**{item: item in usage for item in USAGES}), True),
                 (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)]
        usual += [(x509.SubjectKeyIdentifier.from_public_key(key_object.public_key()), False)] if key_object else []
        usual += [(x509.ExtendedKeyUsage(extended), False)] if extended else []
        usual += [(x509.SubjectAlternativeName(san), False)] if san else []
        for extension, critical in usual + list(more):
            if not isinstance(extension, tuple(without)):
                builder = builder.add_extension(extension, critical)
        der = sign(builder, signer, pss)
        if spki or tweak or algorithm:
            der = sign_again(der, signer, spki, tweak, algorithm)
        return Holder(der, subject, key_pem, key_object)

    def context(self, leaf, *above, **settings):
        """SSLContext of a server that sends these certificates and allows what is weak. settings: its attributes."""
        stem = self.folder / "{0:04d}".format(len(list(self.folder.glob("*.key"))))
        chain = "".join(ssl.DER_cert_to_PEM_cert(holder.der) for holder in (leaf, *above))
        stem.with_suffix(".pem").write_text(chain, encoding="utf-8")
        zoo.write_private(stem.with_suffix(".key"), leaf.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(settings.pop("ciphers", "ALL:@SECLEVEL=0"))
        context.set_alpn_protocols(settings.pop("alpn", ["h2", "http/1.1"]))
        context.load_cert_chain(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        with warnings.catch_warnings():  # the versions of old are what some animals are about
            warnings.simplefilter("ignore", DeprecationWarning)
            for key, value in settings.items():
                setattr(context, key, value)
        return context

    def serve_other(self, der):
        """Answer that serves, in TLS 1.2, a certificate which no server would load. The key is that of a good leaf."""
        return substituting(self.context(self.leaf(), self.intermediate, maximum_version=ssl.TLSVersion.TLSv1_2), der)

    def serve(self, leaf, *above, **settings):
        """Answer for zoo.Server. above: what is sent after the leaf, the zoo's own intermediate if nothing is named; None for nothing."""
        above = (self.intermediate,) if not above else tuple(holder for holder in above if holder)
        return answering(self.context(leaf, *above, **settings))


def answering(context):
    """Answer that completes the handshake and waits until the client has gone."""
    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            while secure.recv(1024):
                continue

    return answer


def tampering(context, tamper, ends=False):
    """Answer that sends tamper(what OpenSSL wanted to send); with `ends`, it closes the connection after the first such flight."""
    def answer(connection):
        arrived, leaves = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = context.wrap_bio(arrived, leaves, server_side=True)
        data = connection.recv(65536)
        while data:
            arrived.write(data)
            with contextlib.suppress(ssl.SSLWantReadError):  # the rest of the client's flight is still to come
                engine.do_handshake()
            flight = leaves.read()
            if flight:
                connection.sendall(tamper(flight))
                if ends:
                    return
            data = connection.recv(65536)

    return answer


def substituting(context, der):
    """Answer of a server that sends this certificate although it has the key of another one (or although OpenSSL would not load it)."""
    def tamper(flight):
        if flight[0] != 22 or flight[5] != 2:
            return flight  # not the one that begins with the ServerHello
        messages = b""
        while flight:
            size = int.from_bytes(flight[3:5], "big")
            messages, flight = messages + flight[5:5 + size], flight[5 + size:]
        changed = b"".join(message(kind, with_leaf(body, der) if kind == 11 else body) for kind, body in bodies(messages))
        return b"".join(b"\x16\x03\x03" + len(part).to_bytes(2, "big") + part
                        for part in (changed[start:start + 16384] for start in range(0, len(changed), 16384)))

    return tampering(context, tamper)


def bodies(messages):
    """(type, content) of TLS handshake messages."""
    while messages:
        size = int.from_bytes(messages[1:4], "big")
        yield messages[0], messages[4:4 + size]
        messages = messages[4 + size:]


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def with_leaf(body, der):
    """The content of a Certificate message of TLS 1.2 with another first certificate."""
    others = body[6 + int.from_bytes(body[3:6], "big"):]
    listed = len(der).to_bytes(3, "big") + der + others
    return len(listed).to_bytes(3, "big") + listed


def general_name(name):
    """A GeneralName as it is: a name, an address, or any other one that was made already."""
    if not isinstance(name, str):
        return name
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def make_key(kind, fresh=False):
    """(PEM, key object or None, SubjectPublicKeyInfo or None): the one or the other, as cryptography can or cannot make it.

    fresh: a key of its own for each CA, if it takes no time to make.
    """
    if kind in MAKERS:
        key = MAKERS[kind]() if fresh and kind == "p256" else made(kind)
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption()).decode(), key, None
    return made(kind)


@functools.cache
def made(kind):
    """One key of each kind is enough for all certificates that do not sign others."""
    if kind in MAKERS:
        return MAKERS[kind]()
    pem = openssl(*COMMANDS[kind])
    return pem.decode(), None, openssl("pkey", "-pubout", "-outform", "DER", stdin=pem)


def from_known_primes():
    """A valid RSA key of 8192 bits without the seconds that finding primes takes; its primes are those of RFC 3526 and of RFC 7919."""
    one = 1 << 4200  # fixed point

    def arctan(divisor):
        return sum((-1) ** step * one // ((2 * step + 1) * divisor ** (2 * step + 1)) for step in range(1000))

    def prime(constant, summand):
        return (1 << 4096) - (1 << 4032) - 1 + ((constant >> 4200 - 3966) + summand << 64)

    euler = sum(one // math.factorial(number) for number in range(700))
    p, q = prime(4 * (4 * arctan(5) - arctan(239)), 240904), prime(euler, 5736041)
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key(unsafe_skip_rsa_key_validation=True)


MAKERS["rsa 8192"] = from_known_primes


def openssl(*arguments, stdin=b""):
    return subprocess.run([zoo.OPENSSL, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
                          check=True).stdout


def sign(builder, key, pss):
    digest = None if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)) else hashes.SHA256()
    scheme = dict(rsa_padding=padding.PSS(padding.MGF1(digest), digest.digest_size)) if pss else {}
    return builder.sign(key, digest, **scheme).public_bytes(serialization.Encoding.DER)


def sign_again(der, key, spki=None, tweak=None, algorithm=None):
    """The certificate with another public key, with changed fields, or signed by an algorithm of LEGACY (the key is RSA)."""
    tbs, identifier, _signature = children(der)
    fields, digest = children(tbs), hashes.SHA256()
    if algorithm:
        identifier, digest = LEGACY[algorithm]
        fields[ALGORITHM] = identifier
    if spki:
        fields[PUBLIC_KEY] = spki
    tbs = pack(0x30, b"".join(tweak(fields) if tweak else fields))
    signature = key.sign(tbs, padding.PKCS1v15(), digest) if isinstance(key, rsa.RSAPrivateKey) else key.sign(tbs, ec.ECDSA(digest))
    return pack(0x30, tbs + identifier + pack(0x03, b"\0" + signature))


def children(der):
    """The elements (tag, length and content) of a constructed DER value."""
    content, found = der[header(der):], []
    while content:
        size = header(content) + length(content)
        found.append(content[:size])
        content = content[size:]
    return found


def header(der):
    return 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)


def length(der):
    return int.from_bytes(der[2:header(der)], "big") if der[1] & 0x80 else der[1]


def pack(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def replaced(number, old, new):
    """Tweak that replaces bytes, which must be there once, in one field; the lengths must be equal."""
    def tweak(fields):
        if fields[number].count(old) != 1 or len(old) != len(new):
            raise ValueError("{0!r} is not once in field {1}".format(old, number))
        fields[number] = fields[number].replace(old, new)
        return fields

    return tweak


def version_1(fields):
    """Tweak that leaves out what version 1 does not have."""
    del fields[EXTENSIONS], fields[VERSION]
    return fields
