# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's part of the walk that has SM2 pairs."""

from __future__ import annotations

import pathlib
import tempfile

from tests.support.sm2 import Sm2

STRICTER = {}


def walk(call, authority):
    del authority  # it knows no SM2
    with tempfile.TemporaryDirectory() as folder:
        pair = Sm2(pathlib.Path(folder)).pair("gm.example.com")
    made = call("cas", "UploadUserCertificate", {"Name": "gm", **pair.fields})
    call("cas", "GetUserCertificateDetail", {"CertId": made["CertId"], "CertFilter": False})
    call("cas", "ListUserCertificateOrder", {"OrderType": "UPLOAD", "Keyword": "gm.example.com"})
    call("cas", "ListCert", {"KeyWord": "gm.example.com"})
    call("cas", "DeleteUserCertificate", {"CertId": made["CertId"]})
