"""Help, and the subcommands that start programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.cli import programs
from kiosk.cli.app import app
from tests.cli.conftest import FakeCore

Capture = pytest.CaptureFixture[str]


def test_keys_are_explained_without_a_station(tmp_path: Path, capsys: Capture) -> None:
    assert cli.main(["keys", "docs", "--data", str(tmp_path)]) == 0
    assert "GUIslideTime" in capsys.readouterr().out
    assert cli.main(["keys", "docs", "--json"]) == 0
    assert any("GUIslideTime" in str(row) for row in json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "line",
    ["--help", "run --help", "keys --help", "keys set --help", "sim --help", "start --help", "backend --help"],
)
def test_help_teaches(capsys: Capture, line: str) -> None:
    assert cli.main(line.split()) == 0
    out = capsys.readouterr().out
    assert len(out.split()) > 30
    assert "Usage" in out


def test_bare_command_shows_help(capsys: Capture) -> None:
    assert cli.main([]) == 0
    assert "kiosk run" in capsys.readouterr().out


def test_everything_has_a_help_text() -> None:
    def commands(group: Any) -> list[Any]:
        found = list(group.registered_commands)
        for sub in group.registered_groups:
            found += commands(sub.typer_instance)
        return found

    for command in commands(app):
        assert command.callback.__doc__, command.name


# --- programs of their own


@pytest.mark.parametrize(
    ("line", "is_program"),
    [
        ("core", True),
        ("core --data x", True),
        ("screen --help", True),
        ("backend", True),
        ("backend --port 0", True),
        ("backend --help", False),
        ("backend log", False),
        ("run", False),
        ("", False),
    ],
)
def test_programs_start_without_the_command_line(line: str, is_program: bool) -> None:
    assert (programs.direct(line.split()) is not None) is is_program


@pytest.mark.parametrize(
    ("given", "kept", "password"),
    [
        (["--data", "x"], ["--data", "x"], None),
        (["--password", "k", "--data", "x"], ["--data", "x"], "k"),
        (["--data", "x", "--password=k=k"], ["--data", "x"], "k=k"),
        (["--password-file", "f"], ["--password-file", "f"], None),
    ],
)
def test_password_leaves_the_command_line(given: list[str], kept: list[str], password: str | None) -> None:
    assert programs.without_password(given) == (kept, password)


@pytest.mark.parametrize(
    ("given", "kept", "ignored"),
    [
        (["--headless", "--speed", "5"], ["--speed", "5"], ["--headless"]),
        (["--vnc", "5900", "--speed", "5"], ["--speed", "5"], ["--vnc"]),
        (["--vnc=5900"], [], ["--vnc"]),
    ],
)
def test_core_has_no_screen(given: list[str], kept: list[str], ignored: list[str]) -> None:
    assert programs.without_meaning("core", given) == (kept, ignored)
    assert programs.without_meaning("screen", given) == (given, [])


@pytest.mark.parametrize("name", ["core", "screen"])
def test_programs_explain_themselves(name: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", name, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "--data" in told.stdout


def test_options_that_a_program_does_not_know() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "core", "--frob"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 2
    assert "--frob" in told.stderr


def test_start_up_is_not_paid_by_programs() -> None:
    """``kiosk core`` and ``kiosk screen`` never load typer and rich."""
    code = "import sys; from kiosk.cli import programs; import kiosk.cli; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "'typer'" not in loaded.stdout
    assert "'rich'" not in loaded.stdout
    assert "'websockets'" not in loaded.stdout


def test_remote_commands_without_a_backend(tmp_path: Path, capsys: Capture) -> None:
    assert cli.main(["backend", "remote-start", "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("kiosk: no embedded backend is running")


def test_run_hands_its_options_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.launcher import run as launcher
    from kiosk.launcher.plan import RunOptions

    started: list[RunOptions] = []
    monkeypatch.setattr(launcher, "run", lambda options: started.append(options) or 7)
    line = "run --headless --vnc 5900 --backend none --identity CP --password 0123456789abcdef --speed 3"
    line += " --set HeartbeatInterval=1 --set ConnectionTimeOut=2 --connectors CCS --install stop.button=true"
    line += f" --data {tmp_path}"
    assert cli.main(line.split()) == 7
    assert started == [
        RunOptions(
            data_dir=tmp_path,
            headless=True,
            vnc_port=5900,
            backend="none",
            identity="CP",
            password="0123456789abcdef",
            keys=("HeartbeatInterval=1", "ConnectionTimeOut=2"),
            speed=3.0,
            connectors="CCS",
            install=("stop.button=true",),
        )
    ]


def test_screenshot(tmp_path: Path, fake_core: FakeCore, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.link import client
    from kiosk.link.messages import Grabbed

    async def grabbed(data_dir: Path) -> tuple[Grabbed, bytes]:
        assert data_dir == tmp_path
        return Grabbed(bytes=3, width=1366, height=768), b"png"

    assert cli.main(["screenshot", str(tmp_path / "x.png")]) == 1
    assert "kiosk screen" in capsys.readouterr().err
    monkeypatch.setattr(client, "one_shot_grab", grabbed)
    assert cli.main(["screenshot", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").read_bytes() == b"png"
    assert "1366x768" in capsys.readouterr().out
    assert cli.main(["screenshot", str(tmp_path / "none" / "x.png")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_interrupted(fake_core: FakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.cli import common

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(common, "snapshot", interrupt)
    assert cli.main(["status"]) == 130
