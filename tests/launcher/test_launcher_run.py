"""How a whole station is put together: what the programs are given, what they are not, who is ready when."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from kiosk.launcher import run as launcher
from kiosk.launcher.plan import Program, RunOptions
from kiosk.model.errors import AlreadyRunning, BadFile


def built(data_dir: Path, environ: dict[str, str] | None = None, **options: object) -> dict[str, Program]:
    given = RunOptions(data_dir=data_dir, **options)  # type: ignore[arg-type]
    return {p.name: p for p in launcher.programs(given, environ or {}, {"QT_QPA_PLATFORM": "offscreen"})}


def backend_is_up(data_dir: Path, port: int, pid: int) -> str:
    url = f"ws://127.0.0.1:{port}/ocpp"
    (data_dir / "backend.json").write_text(json.dumps({"pid": pid, "port": port, "url": url}), encoding="utf-8")
    return url


def test_programs_of_a_station(tmp_path: Path) -> None:
    programs = built(tmp_path)
    assert list(programs) == ["backend", "core", "screen"]
    assert programs["core"].after == "backend"
    assert programs["screen"].env == {"QT_QPA_PLATFORM": "offscreen"}
    assert (programs["screen"].must_start, programs["screen"].ends_all) == (False, False)
    without = built(tmp_path, backend="none")
    assert list(without) == ["core", "screen"]
    assert without["core"].after is None


def test_core_gets_the_address_and_the_backend_keeps_its_port(tmp_path: Path) -> None:
    backend_is_up(tmp_path, 1, 999)  # of an earlier run: means nothing
    programs = built(tmp_path)
    backend, core = programs["backend"], programs["core"]
    assert backend.command()[-2:] == ["--port", "0"]
    assert not backend.ready(77)
    url = backend_is_up(tmp_path, 4711, 77)
    assert backend.ready(77)
    assert not backend.ready(78)  # a restarted one is only ready when it says so itself
    assert url in core.command()
    assert backend.command()[-2:] == ["--port", "4711"]
    (tmp_path / "backend.json").unlink()
    assert backend.command()[-2:] == ["--port", "4711"]


def test_core_is_ready_when_it_says_so(tmp_path: Path) -> None:
    core = built(tmp_path)["core"]
    assert not core.ready(5)
    (tmp_path / "run.json").write_text('{"pid": 4}', encoding="utf-8")  # left by a killed one
    assert not core.ready(5)
    (tmp_path / "run.json").write_text('{"pid": 5}', encoding="utf-8")
    assert core.ready(5)


@pytest.mark.parametrize(
    ("option", "environ", "expected"),
    [
        (None, {}, None),
        ("from option", {}, "from option"),
        (None, {"KIOSK_PASSWORD": "from environment"}, "from environment"),
        ("from option", {"KIOSK_PASSWORD": "from environment"}, "from option"),
    ],
)
def test_password_reaches_the_core_alone(
    tmp_path: Path, option: str | None, environ: dict[str, str], expected: str | None
) -> None:
    programs = built(tmp_path, environ, password=option)
    assert programs["core"].env.get("KIOSK_PASSWORD") == expected
    for program in programs.values():
        assert not any("from" in word for word in program.command())
    assert "KIOSK_PASSWORD" not in {**programs["screen"].env, **programs["backend"].env}
    assert "KIOSK_PASSWORD" not in launcher.inherited(environ)


def test_every_run_has_a_name_of_its_own(tmp_path: Path) -> None:
    """A restart of the core within a run has the same one: that is how options are stored once."""
    first, second = built(tmp_path)["core"], built(tmp_path)["core"]
    assert first.env["KIOSK_LAUNCH"] != second.env["KIOSK_LAUNCH"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '"x"', "\x00"])
def test_half_written_files_are_not_there(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    assert launcher.read_json(tmp_path / "x.json") == {}


def test_second_run_is_refused(tmp_path: Path) -> None:
    held = os.open(tmp_path / "run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    (tmp_path / "backend.json").write_text("of the first", encoding="utf-8")
    with pytest.raises(AlreadyRunning, match="--data"):
        launcher.run(RunOptions(data_dir=tmp_path))
    assert (tmp_path / "backend.json").exists()  # the first one's file is not touched
    os.close(held)


def test_data_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadFile, match="--data"):
        launcher.run(RunOptions(data_dir=tmp_path / "file" / "data"))


def test_how_the_command_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "checkout" / ".venv" / "bin" / "kiosk"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path / "checkout")
    assert launcher.command_name(str(script)) == ".venv/bin/kiosk"
    assert launcher.command_name("/elsewhere/__main__.py") == "kiosk"
    monkeypatch.setenv("PATH", str(script.parent))
    assert launcher.command_name(str(script)) == "kiosk"
