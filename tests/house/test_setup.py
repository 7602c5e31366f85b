"""The set-up script installs what is missing and nothing else, on machines that only pretend."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DPKG_QUERY = """#!/usr/bin/env bash
for name in "$@"; do
    grep -qx -- "$name" "$PRETEND/installed" && echo "installed $name"
done
exit 1  # as the real one does when a name is unknown
"""
APT_GET = """#!/usr/bin/env bash
echo "apt-get $*" >>"$PRETEND/calls"
[[ " $* " == *" update "* ]] && { touch "$PRETEND/updated"; exit 0; }
[[ -e $PRETEND/needs-update && ! -e $PRETEND/updated ]] && exit 100
[[ -e $PRETEND/offline ]] && exit 100
exit 0
"""


class Machine:
    """A Debian that exists only as two commands on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET)):
            script = folder / "bin" / name
            script.write_text(text, encoding="utf-8")
            script.chmod(0o755)
        self.installed()

    def installed(self, *names: str) -> None:
        (self.folder / "installed").write_text("".join(f"{n}\n" for n in names), encoding="utf-8")

    def has(self, fact: str) -> None:
        (self.folder / fact).touch()

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"PRETEND": str(self.folder), "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "-c", f"set -euo pipefail; source '{ROOT}/packaging/setup.sh'; {script}"],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root installs without sudo")


def test_nothing_is_missing(machine: Machine) -> None:
    machine.installed("libegl1", "libglib2.0-0t64")
    done = machine.run("need_packages libegl1 libglib2.0-0")
    assert (done.returncode, done.stdout) == (0, "")
    assert machine.calls == []


@as_root
def test_only_what_is_missing(machine: Machine) -> None:
    machine.installed("libegl1")
    done = machine.run("need_packages libegl1 libgl1 xvfb")
    assert done.returncode == 0
    assert "libgl1 xvfb" in done.stdout  # says what it does
    (call,) = machine.calls
    assert call.endswith("install --no-install-recommends libgl1 xvfb")


@as_root
def test_fresh_machine_has_no_lists(machine: Machine) -> None:
    machine.has("needs-update")
    assert machine.run("need_packages libgl1").returncode == 0
    assert [c.split()[-1] for c in machine.calls] == ["libgl1", "update", "libgl1"]


@as_root
def test_remedy_when_it_cannot_be_installed(machine: Machine) -> None:
    machine.has("offline")
    done = machine.run("need_packages libgl1 libegl1")
    assert done.returncode == 1
    assert "apt-get install libgl1 libegl1" in done.stderr.splitlines()[-1]


def test_works_from_any_folder(machine: Machine) -> None:
    assert machine.run('echo "$root"; echo "$venv"').stdout.splitlines() == [str(ROOT), str(ROOT / ".venv")]


def test_python_that_fits(machine: Machine) -> None:
    found = machine.run('find_python; "$python" -c "import sys; print(sys.version_info[:2])"').stdout
    assert found.strip() in ("(3, 11)", "(3, 12)")


def test_unfitting_python_is_told(machine: Machine) -> None:
    machine.installed("python3")
    for name in ("python3", "python3.11", "python3.12"):
        fake = machine.folder / "bin" / name
        fake.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        fake.chmod(0o755)
    done = machine.run("find_python")
    assert done.returncode == 1
    assert "Python 3.11 or 3.12 is needed" in done.stderr


@pytest.mark.parametrize(("words", "code"), [("--help", 0), ("nonsense", 2)])
def test_usage_of_the_tests(words: str, code: int) -> None:
    done = subprocess.run(
        [ROOT / "packaging" / "test", words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    assert "stories" in done.stdout + done.stderr
