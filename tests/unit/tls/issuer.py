# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA that says what it has revoked, by OCSP responses and CRLs, honestly or not, and small HTTP servers that hand them out."""

from __future__ import annotations

import dataclasses
import functools
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.emulator.pki import Material
from tests.unit.tls import zoo

NAME = "www.example.com"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEYS = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()), "rsa": functools.partial(rsa.generate_private_key, 65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate, "ed448": ed448.Ed448PrivateKey.generate,
}


def der(thing):
    return thing.public_bytes(serialization.Encoding.DER)


def hash_for(key):
    """None where the algorithm has a hash of its own."""
    return None if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)) else hashes.SHA256()


@dataclasses.dataclass(frozen=True)
class Leaf:
    cert: x509.Certificate
    key: object = dataclasses.field(repr=False)
    chain: tuple[bytes, ...] = dataclasses.field(repr=False)

    @property
    def material(self):
        """As the servers of the zoo take it."""
        chain_pem = "".join(x509.load_der_x509_certificate(part).public_bytes(serialization.Encoding.PEM).decode() for part in self.chain)
        key_pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()).decode()
        return Material(chain_pem, key_pem, self.cert.fingerprint(hashes.SHA256()).hex(), self.cert.fingerprint(hashes.SHA1()).hex(),
                        (NAME,), self.cert.not_valid_before_utc, self.cert.not_valid_after_utc, self.cert.serial_number, NAME, "")


class Issuer:
    """A CA below no other; kind: of its key. Its certificate is for signing CRLs unless told otherwise."""

    def __init__(self, name="Example Issuing CA", kind="ec", crl_sign=True, key=None):
        self.key = key or KEYS[kind]()
        self.cert = self.certificate(name, self.key, x509.BasicConstraints(ca=True, path_length=None), x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=crl_sign, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False), issuer=_name(name))

    def certificate(self, name, key, *extensions, issuer=None, begin=NOW - 30 * DAY, end=NOW + 30000 * DAY):
        builder = (x509.CertificateBuilder().subject_name(_name(name)).issuer_name(issuer or self.cert.subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hash_for(self.key))

    def leaf(self, responders=(), lists=(), points=None):
        """A leaf that names these URLs; points: DistributionPoints instead of lists."""
        key, extensions = KEYS["ec"](), [x509.SubjectAlternativeName([x509.DNSName(NAME)])]
        if responders:
            extensions.append(x509.AuthorityInformationAccess([
                x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)) for url in responders]))
        points = points or [point(url) for url in lists]
        if points:
            extensions.append(x509.CRLDistributionPoints(points))
        cert = self.certificate(NAME, key, *extensions)
        return Leaf(cert, key, (der(cert), der(self.cert)))

    def responder(self, purposes=(ExtendedKeyUsageOID.OCSP_SIGNING,), kind="ec", **validity):
        """(certificate, key) of one who may answer for the CA."""
        key = KEYS[kind]()
        usage = [x509.ExtendedKeyUsage(purposes)] if purposes else []
        return self.certificate("Example OCSP Responder", key, *usage, **validity), key

    def answer(self, leaf, status=ocsp.OCSPCertStatus.GOOD, since=None, reason=None, begin=NOW - HOUR, end=NOW + DAY, signer=None,
               issuer=None, algorithm=None):
        """OCSP response in DER. signer: (certificate, key) that signs and comes along, None for the CA itself; issuer: named in it."""
        cert, key = signer or (self.cert, self.key)
        builder = ocsp.OCSPResponseBuilder().add_response(
            leaf.cert, (issuer or self).cert, algorithm or hashes.SHA1(), status, begin, end, since, reason)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, cert)
        if signer:
            builder = builder.certificates([cert])
        return der(builder.sign(key, hash_for(key)))

    def revoked(self, leaf, **more):
        return self.answer(leaf, ocsp.OCSPCertStatus.REVOKED, NOW - DAY, x509.ReasonFlags.key_compromise, **more)

    def crl(self, *entries, begin=NOW - HOUR, end=NOW + DAY, key=None, name=None, extensions=()):
        """CertificateRevocationList. entries: leaves, or (leaf, reason); extensions: (extension, critical)."""
        builder = (x509.CertificateRevocationListBuilder().issuer_name(_name(name) if name else self.cert.subject)
                   .last_update(begin).next_update(end))
        for extension, critical in ((x509.CRLNumber(7), False), *extensions):
            builder = builder.add_extension(extension, critical=critical)
        for entry in entries:
            leaf, reason = entry if isinstance(entry, tuple) else (entry, None)
            revoked = x509.RevokedCertificateBuilder().serial_number(leaf.cert.serial_number).revocation_date(NOW - DAY)
            if reason:
                revoked = revoked.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(revoked.build())
        key = key or self.key
        return builder.sign(key, hash_for(key))


def point(url, reasons=None, crl_issuer=None):
    names = [x509.UniformResourceIdentifier(url)] if url else None
    return x509.DistributionPoint(names, None, reasons, [x509.DirectoryName(_name(crl_issuer))] if crl_issuer else None)


def scope(url=None, **more):
    """(IssuingDistributionPoint, critical)"""
    settings = dict(relative_name=None, only_contains_user_certs=False, only_contains_ca_certs=False, only_some_reasons=None,
                    indirect_crl=False, only_contains_attribute_certs=False)
    names = [x509.UniformResourceIdentifier(url)] if url else None
    return x509.IssuingDistributionPoint(full_name=names, **dict(settings, **more)), True


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Http(zoo.Server):
    """An HTTP server; reply: function(method, target, headers, body) -> bytes of the whole answer. requests: what was asked."""

    def __init__(self, reply, wrap=None, host="127.0.0.1"):
        super().__init__(self._converse, host)
        self.reply, self.requests, self._wrap = reply, [], wrap

    def url(self, path="/"):
        return "http://{0}:{1}{2}".format("[{0}]".format(self.host) if ":" in self.host else self.host, self.port, path)

    def _converse(self, connection):
        if self._wrap:
            connection = self._wrap(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            line = stream.readline()
            if not line:  # whoever connected wanted a handshake only
                return
            method, target, _version = line.decode("ascii").split()
            headers = dict(line.decode("ascii").strip().lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
            body = stream.read(int(headers.get("content-length", 0)))
            self.requests.append((method, target, headers, body))
            connection.sendall(self.reply(method, target, headers, body))


def http_answer(body=b"", status="200 OK", **headers):
    lines = ["HTTP/1.1 " + status, "Content-Length: {0}".format(len(body))]
    lines += ["{0}: {1}".format(key.replace("_", "-"), value) for key, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def serving(body):
    """Reply that is always the same."""
    return lambda *unused: http_answer(body)
