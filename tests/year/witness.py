# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process on the moved clock that looks at endpoints, with Python's ssl alone: a line of JSON in, a line of JSON out.

Argument: the file with the root to trust. In: a list of {"label", "name", "address", "port"}.
Out: label -> [SHA-256 of the leaf or "", what OpenSSL objects to (trust, host name, dates by this clock) or ""]
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import sys
from typing import Any


def look(context: ssl.SSLContext, endpoint: dict[str, Any]) -> tuple[str, str]:
    try:
        with socket.create_connection((endpoint["address"], endpoint["port"]), timeout=20) as raw:
            with context.wrap_socket(raw, server_hostname=endpoint["name"]) as tls:
                return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest(), ""
    except OSError as exc:  # ssl.SSLError is one
        return "", str(exc)


def main() -> None:
    context = ssl.create_default_context(cafile=sys.argv[1])
    for line in sys.stdin:
        print(json.dumps({endpoint["label"]: look(context, endpoint) for endpoint in json.loads(line)}), flush=True)


if __name__ == "__main__":
    main()
