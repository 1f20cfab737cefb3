# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """A certificate, its chain and its private key."""

    DOCUMENTATION = r"""
options:
  certificate:
    description:
      - The certificate in PEM form, and after it, if wanted, its intermediates. Exactly one of O(certificate) and O(certificate_path)
        is needed where a certificate is.
    type: str
  certificate_path:
    description: File with what O(certificate) would hold, on the machine that runs the module.
    type: path
  chain:
    description: The intermediates in PEM form, if they are not part of O(certificate).
    type: str
  chain_path:
    description: File with what O(chain) would hold.
    type: path
  private_key:
    description: The private key in PEM form (PKCS#1, PKCS#8 or SEC1). RSA from 2048 bits, or ECDSA on P-256 or P-384.
    type: str
  private_key_path:
    description: File with what O(private_key) would hold.
    type: path
  private_key_passphrase:
    description: Passphrase of an encrypted private key.
    type: str
  ca_path:
    description:
      - File with the root certificates that the chain must end at.
      - If not set, the system's store is used. A root that was given with the chain counts, too.
    type: path
  normalize_chain:
    description:
      - Whether to put right what can be put right without loss. The certificates' order, blank lines, duplicates, and a root that
        need not be sent.
      - With V(false) each of these is an error.
    type: bool
    default: true
  allow_incomplete_chain:
    description: Whether to accept a chain that does not end at a known root.
    type: bool
    default: false
requirements:
  - cryptography >= 42.0
"""
