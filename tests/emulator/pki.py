# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's certificate authority, and the certificates (good and broken) that it hands out.

A root and one intermediate, EC keys, nothing on disk unless save() is asked. Leaves follow the web PKI profile
closely enough for OpenSSL and for cryptography's strict verifier.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import os
import pathlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Union

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey]

PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----", re.DOTALL)
BACKDATE = timedelta(hours=1)  # a client whose clock is a little behind still accepts a fresh certificate
CA_KEEPS_FOR = timedelta(days=3650)


@dataclasses.dataclass(frozen=True)
class Material:
    """A certificate chain and its private key, as an operator has them in two files.

    chain_pem   leaf first, then the intermediates
    key_pem     unencrypted private key; "" when only the chain is known
    fingerprint SHA-256 of the leaf, lower hex; sha1 likewise
    names       the leaf's DNS names and IP addresses, in its order
    """

    chain_pem: str
    key_pem: str = dataclasses.field(repr=False)
    fingerprint: str
    sha1: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    serial: int
    common_name: str
    issuer_common_name: str

    @property
    def leaf_pem(self) -> str:
        return split_pem(self.chain_pem)[0]


class Authority:
    """A root and an intermediate that issue leaves. `now` is a function, so that a virtual clock can drive it."""

    def __init__(self, root: x509.Certificate, root_key: Key, intermediate: x509.Certificate, intermediate_key: Key,
                 now: Callable[[], datetime]) -> None:
        self.now = now
        self._root, self._root_key = root, root_key
        self._intermediate, self._intermediate_key = intermediate, intermediate_key

    @classmethod
    def create(cls, now: datetime | Callable[[], datetime] | None = None) -> Authority:
        """A new authority; `now` is a moment, a function giving it, or None for the real clock."""
        clock = _as_clock(now)
        root_key = _new_key("ec")
        root = _ca_certificate("Emulated Cloud Root CA", root_key, None, root_key, clock(), path_length=1)
        key = _new_key("ec")
        intermediate = _ca_certificate("Emulated Cloud Issuing CA", key, root, root_key, clock(), path_length=0)
        return cls(root, root_key, intermediate, key, clock)

    def sibling(self) -> Authority:
        """Another intermediate under the same root: certificates of both verify, but not by the same chain."""
        key = _new_key("ec")
        intermediate = _ca_certificate("Emulated Cloud Issuing CA 2", key, self._root, self._root_key, self.now(), path_length=0)
        return Authority(self._root, self._root_key, intermediate, key, self.now)

    @property
    def root_pem(self) -> str:
        return _cert_pem(self._root)

    @property
    def intermediate_pem(self) -> str:
        return _cert_pem(self._intermediate)

    def save(self, directory: str | os.PathLike[str]) -> pathlib.Path:
        """Write ca.pem and what load() needs into `directory`; the path of ca.pem."""
        folder = pathlib.Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_text(self.root_pem, encoding="utf-8")
        (folder / "intermediate.pem").write_text(self.intermediate_pem, encoding="utf-8")
        write_private(folder / "ca_key.pem", _key_pem(self._root_key))
        write_private(folder / "intermediate_key.pem", _key_pem(self._intermediate_key))
        return folder / "ca.pem"

    @classmethod
    def load(cls, directory: str | os.PathLike[str], now: datetime | Callable[[], datetime] | None = None) -> Authority:
        """What save() wrote. FileNotFoundError or ValueError when it is not there or not readable."""
        folder = pathlib.Path(directory)
        certs = [x509.load_pem_x509_certificate((folder / name).read_bytes()) for name in ("ca.pem", "intermediate.pem")]
        keys = [serialization.load_pem_private_key((folder / name).read_bytes(), None)
                for name in ("ca_key.pem", "intermediate_key.pem")]
        return cls(certs[0], keys[0], certs[1], keys[1], _as_clock(now))

    def issue(self, names: list[str], *, days: float = 90, not_before: datetime | None = None, key: str = "rsa",
              serial: int | None = None, with_intermediate: bool = True) -> Material:
        """A leaf for `names` (DNS names, wildcards, IP addresses) that is valid for `days`.

        Without `not_before` it is valid already and the days count from now. `key` is "rsa" (2048 bits) or "ec" (P-256).
        """
        starts = not_before or self.now() - BACKDATE
        ends = (not_before or self.now()) + timedelta(days=days)
        leaf_key = _new_key(key)
        leaf = _leaf(names, leaf_key.public_key(), (starts, ends), serial, self._intermediate, self._intermediate_key)
        chain = _cert_pem(leaf) + (self.intermediate_pem if with_intermediate else "")
        return _describe(leaf, chain, _key_pem(leaf_key))

    def sign_request(self, csr_pem: str, names: list[str], *, days: float = 90) -> Material:
        """A leaf for the key of a certificate request, whose private part is not known here; of the request nothing else counts."""
        validity = (self.now() - BACKDATE, self.now() + timedelta(days=days))
        public = x509.load_pem_x509_csr(csr_pem.encode()).public_key()
        leaf = _leaf(names, public, validity, None, self._intermediate, self._intermediate_key)
        return _describe(leaf, _cert_pem(leaf) + self.intermediate_pem, "")

    # Broken on purpose. Each differs from a good one in exactly the way its name says.

    def expired(self, names: list[str], *, key: str = "rsa") -> Material:
        return self.issue(names, days=30, not_before=self.now() - timedelta(days=60), key=key)

    def not_yet_valid(self, names: list[str], *, key: str = "rsa") -> Material:
        return self.issue(names, days=30, not_before=self.now() + timedelta(days=30), key=key)

    def self_signed(self, names: list[str], *, days: float = 90, key: str = "rsa") -> Material:
        """A leaf that signed itself, as `openssl req -x509` makes it; no authority vouches for it."""
        leaf_key = _new_key(key)
        leaf = _leaf(names, leaf_key.public_key(), (self.now() - BACKDATE, self.now() + timedelta(days=days)), None, None, leaf_key)
        return _describe(leaf, _cert_pem(leaf), _key_pem(leaf_key))


def with_other_key(material: Material) -> Material:
    """The same chain beside a private key of the same kind that does not belong to it."""
    return dataclasses.replace(material, key_pem=_key_pem(_new_key(kind_of(material))))


@functools.lru_cache(maxsize=4096)
def kind_of(material: Material) -> str:
    """"rsa", "ec", or "" for a key of another kind."""
    try:
        public = x509.load_pem_x509_certificate(material.leaf_pem.encode()).public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ""
    return "rsa" if isinstance(public, rsa.RSAPublicKey) else "ec" if isinstance(public, ec.EllipticCurvePublicKey) else ""


def without_intermediate(material: Material) -> Material:
    return dataclasses.replace(material, chain_pem=material.leaf_pem)


def in_wrong_order(material: Material) -> Material:
    """Intermediates first, leaf last: what `cat chain.pem leaf.pem` gives."""
    return dataclasses.replace(material, chain_pem="".join(reversed(split_pem(material.chain_pem))))


def encrypt_key(key_pem: str, passphrase: str) -> str:
    """The same private key as encrypted PKCS#8 PEM."""
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.BestAvailableEncryption(passphrase.encode())).decode()


def parse_material(chain_pem: str, key_pem: str | None) -> Material:
    """What the PEM texts hold; the first certificate counts as the leaf. ValueError says what cannot be read.

    That the key belongs to the leaf is not required here: see key_matches().
    """
    blocks = split_pem(chain_pem)
    if not blocks:
        raise ValueError("no certificate in PEM form")
    certificates = [_load_certificate(block, number) for number, block in enumerate(blocks, 1)]
    if key_pem and _load_key(key_pem) is None:
        raise ValueError("the private key is not an unencrypted PEM private key")
    return _describe(certificates[0], "".join(blocks), key_pem or "")


def key_matches(material: Material) -> bool:
    """True when the private key belongs to the first certificate of the chain."""
    key = _load_key(material.key_pem)
    if key is None:
        return False
    leaf = x509.load_pem_x509_certificate(material.leaf_pem.encode())
    return _public_der(key.public_key()) == _public_der(leaf.public_key())


def covers(names: tuple[str, ...], host: str) -> bool:
    """True when one of the certificate's names is `host`; a wildcard stands for exactly one label.

    A host that is itself a wildcard ("*.shop.example.com") is covered by that same name only.
    """
    wanted = host.lower().rstrip(".")
    return any(name.lower() == wanted or (name.startswith("*.") and not wanted.startswith("*.")
                                          and wanted.partition(".")[2] == name[2:].lower()) for name in names)


def split_pem(text: str) -> list[str]:
    """The certificate blocks of a text, each ending in a newline; other PEM blocks and remarks are left out."""
    return [match.group(0).replace("\r\n", "\n") + "\n" for match in PEM_BLOCK.finditer(text) if match.group(1) == "CERTIFICATE"]


def write_private(path: str | os.PathLike[str], text: str) -> None:
    """Write a file that nobody else could read at any moment."""
    target = pathlib.Path(path)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _as_clock(now: datetime | Callable[[], datetime] | None) -> Callable[[], datetime]:
    if now is None:
        return lambda: datetime.now(timezone.utc)
    if callable(now):
        return now
    moment = now
    return lambda: moment


def _new_key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    raise ValueError("key is 'rsa' or 'ec', not {0!r}".format(kind))


def _load_certificate(block: str, number: int) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError as exc:
        raise ValueError("certificate {0} of the chain is not readable".format(number)) from exc


def _load_key(key_pem: str) -> Key | None:
    try:
        return serialization.load_pem_private_key(key_pem.encode(), None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        return None


def _key_pem(key: Key) -> str:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def _cert_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _public_der(key: object) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _name(common_name: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Emulated Cloud"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),  # the upper bound of X.520
    ])


def _usage(**wanted: bool) -> x509.KeyUsage:
    known = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in known})


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _start(common_name: str, public_key: object, issuer: x509.Name | None, validity: tuple[datetime, datetime],
           serial: int | None) -> x509.CertificateBuilder:
    whole_seconds = [moment.astimezone(timezone.utc).replace(microsecond=0) for moment in validity]
    subject = _name(common_name)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject).public_key(public_key)
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(whole_seconds[0]).not_valid_after(whole_seconds[1])
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False))


def _ca_certificate(common_name: str, key: Key, issuer: x509.Certificate | None, issuer_key: Key, now: datetime, *,
                    path_length: int) -> x509.Certificate:
    # Issued years ago, so that certificates that expired last month still had a valid issuer.
    validity = (now - CA_KEEPS_FOR, now + CA_KEEPS_FOR)
    return (_start(common_name, key.public_key(), issuer.subject if issuer else None, validity, None)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(_usage(digital_signature=True, key_cert_sign=True, crl_sign=True), critical=True)
            .sign(issuer_key, hashes.SHA256()))


def _leaf(names: list[str], public: object, validity: tuple[datetime, datetime], serial: int | None,
          issuer: x509.Certificate | None, issuer_key: Key) -> x509.Certificate:
    if not names:
        raise ValueError("a certificate needs at least one name")
    usage = _usage(digital_signature=True, key_encipherment=isinstance(public, rsa.RSAPublicKey))
    return (_start(names[0], public, issuer.subject if issuer else None, validity, serial)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(issuer_key, hashes.SHA256()))


def _describe(leaf: x509.Certificate, chain_pem: str, key_pem: str) -> Material:
    return Material(
        chain_pem=chain_pem, key_pem=key_pem,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(), sha1=leaf.fingerprint(hashes.SHA1()).hex(),
        names=_alternative_names(leaf), not_before=leaf.not_valid_before_utc, not_after=leaf.not_valid_after_utc,
        serial=leaf.serial_number, common_name=_common_name(leaf.subject), issuer_common_name=_common_name(leaf.issuer))


def _alternative_names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names if isinstance(name, (x509.DNSName, x509.IPAddress)))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
