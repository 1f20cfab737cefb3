# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for private keys where none may be: raw, without line breaks, and as DER, in every form a key can be written in."""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PIECE = 40  # characters or bytes of a key that nothing else has by chance


def needles(key_pem: str) -> set[bytes]:
    """Pieces of a private key, one for each line and form of it."""
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    found = set()
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
        # the beginning is the same for every key of a kind, so it is left out
        found.add(der[64:64 + PIECE] if len(der) > 400 else der[36:36 + 32])
        body = base64.b64encode(der).decode()
        lines = [body[start:start + 64] for start in range(0, len(body), 64)][1:]
        found |= {line[:PIECE].encode() for line in lines if len(line) >= PIECE}
        # a text that holds the key may be encoded once more, from any of three offsets
        pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        for shift in range(3):
            again = base64.b64encode(pem[shift:]).decode()
            found.add(again[120:120 + PIECE].encode())
    for number in secret(key):
        found |= set(forms(number, PIECE))
    # certificates and requests hold the public half, which each form of the private key has, too
    known = public(key)
    return {needle for needle in found if not any(needle in text for text in known)}


def forms(number: bytes, length: int | None = None) -> list[bytes]:
    """Bytes as they are, and in base64 from any of three offsets; of each the first so many."""
    texts = [base64.b64encode(number[shift:len(number) - (len(number) - shift) % 3]) for shift in range(3)]
    return [text[:length] for text in (number, *texts)]


def secret(key: Any) -> list[bytes]:
    """The numbers that nobody may know."""
    numbers = key.private_numbers() if isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)) else None
    if isinstance(numbers, rsa.RSAPrivateNumbers):
        return [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (numbers.d, numbers.p, numbers.q)]
    return [numbers.private_value.to_bytes((key.key_size + 7) // 8, "big")] if numbers else []


def public(key: Any) -> list[bytes]:
    return forms(key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def leaks(folder: pathlib.Path, wanted: Iterable[bytes], allowed: Iterable[pathlib.Path] = ()) -> Iterator[str]:
    """Every file below folder, other than the allowed ones, that holds a needle."""
    wanted, fine = list(wanted), {path.resolve() for path in allowed}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.resolve() in fine:
            continue
        data = path.read_bytes()
        if any(needle in data for needle in wanted):
            yield str(path.relative_to(folder))
