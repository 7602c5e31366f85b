"""Files in the current folder never stand in for the library's or for the station's own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from kiosk.lab.torture.core import CoreProcess
from kiosk.lab.torture.evidence import Evidence
from kiosk.launcher import plan
from kiosk.launcher.plan import RunOptions
from kiosk.station import __main__ as core_program

ROOT = Path(__file__).resolve().parents[2]
POISON = "raise SystemExit('poisoned')\n"


@pytest.fixture
def poisoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder; the package is found as an installed one is, by the search path."""
    folder = tmp_path / "here"
    (folder / "kiosk").mkdir(parents=True)
    for name in ("select.py", "kiosk/__init__.py"):
        (folder / name).write_text(POISON, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    return folder


def ended(command: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(
        [*command, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.usefixtures("poisoned")
def test_programs_of_the_launcher(tmp_path: Path) -> None:
    options = RunOptions(data_dir=tmp_path / "data")
    for command in (
        plan.core_command(sys.executable, options, None),
        plan.screen_command(sys.executable, options),
        plan.backend_command(sys.executable, options, 0),
    ):
        code, said = ended(command)
        assert (code, "poisoned" in said) == (0, False), said
        assert "usage:" in said.casefold()
    unsafe, said = ended([sys.executable, "-m", "kiosk.station"])
    assert (unsafe, said.strip()) == (1, "poisoned"), "the poison works where nothing is done against it"


@pytest.mark.usefixtures("poisoned")
def test_a_core_that_restarts_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Gone(Exception):
        """Nothing comes back from the real one."""

    def execv(_path: str, words: list[str]) -> None:
        started.append(words)
        raise Gone

    async def reset(*_: object) -> str:
        return "Soft"

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(core_program, "serve", reset)
    with pytest.raises(Gone):
        core_program.main(["--data", str(tmp_path / "data")])
    [command] = started
    assert command[-2:] == ["--data", str(tmp_path / "data")]
    code, said = ended(command)
    assert (code, "poisoned" in said) == (0, False), said


@pytest.mark.usefixtures("poisoned")
def test_the_core_of_a_kill_run(tmp_path: Path) -> None:
    async def story() -> tuple[int | None, str]:
        core = CoreProcess(tmp_path / "data", tmp_path, Evidence(seed=1), [])
        await core.start("--help")
        assert core._process is not None
        async with asyncio.timeout(60):
            await core._process.wait()
            await core._reader
        return core.exit_code, core.said

    code, said = asyncio.run(story())
    assert (code, "poisoned" in said) == (0, False), said
