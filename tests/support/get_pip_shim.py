# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for get-pip.py: installs pip from PyPI with the pip that CPython bundles, where ansible-test would download a script."""

import ensurepip
import pathlib
import runpy
import sys
import sysconfig

# CPython keeps it beside ensurepip, Debian and Fedora in a folder of their own
folders = [pathlib.Path(ensurepip.__file__).parent / "_bundled", sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels"]
wheels = [wheel for folder in folders if folder for wheel in sorted(pathlib.Path(folder).glob("pip-*.whl"))]
if not wheels:
    sys.exit("This Python has no bundled pip; on Debian: apt-get install python3-venv")
sys.path.insert(0, str(wheels[0]))
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.argv = ["pip", "install", "--upgrade", "--force-reinstall"] + wanted
runpy.run_module("pip", run_name="__main__", alter_sys=True)
