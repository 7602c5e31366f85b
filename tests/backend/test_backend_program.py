"""``python -m kiosk.backend`` as a process, with real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from kiosk.backend import control
from kiosk.backend.__main__ import main
from kiosk.model.errors import NotPossible

Run = Callable[..., Any]


async def started(data: Path, *options: str) -> asyncio.subprocess.Process:
    """Running and listening."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "kiosk.backend", "--data", str(data), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    first = (await process.stdout.readline()).decode()
    assert first.startswith("central system at ws://127.0.0.1:"), first
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_found_asked_and_stopped(real_aio: Run, tmp_path: Path, number: signal.Signals) -> None:
    async def story() -> None:
        process = await started(tmp_path)
        info = control.find(tmp_path)
        assert info.pid == process.pid
        assert info.port > 0
        assert info.url == f"ws://127.0.0.1:{info.port}/ocpp"
        assert await control.call(tmp_path, "stations") == []
        with pytest.raises(NotPossible, match="name a station; connected: none"):
            await control.call(tmp_path, "reset")
        process.send_signal(number)
        out, errors = await process.communicate()
        assert process.returncode == 0
        assert out.decode().endswith("central system stopped\n")
        assert errors == b""

    real_aio(story())
    assert list(tmp_path.iterdir()) == []


def test_a_strict_one_names_what_a_station_does_wrong(real_aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        process = await started(tmp_path, "--strict", "--quiet")
        url = f"{control.find(tmp_path).url}/HYC-1"
        async with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as station:
            for number, status in enumerate(("Available", "Charging", "Preparing")):
                payload = {"connectorId": 1, "errorCode": "NoError", "status": status}
                await station.send(json.dumps([2, f"s{number}", "StatusNotification", payload]))
                await station.recv()
        process.send_signal(signal.SIGTERM)
        out, errors = await process.communicate()
        said = out.decode().splitlines()
        assert process.returncode == 1, errors
        assert [line for line in said if "!!" in line] == [
            line for line in said if "HYC-1 !! [status] connector 1 went from Charging to Preparing" in line
        ]
        assert said[-2] == "strict: 1 breach"
        assert said[-1].startswith("  1 x [status] statuses move as the table")

    real_aio(story())


def test_a_strict_one_that_heard_nothing_wrong_says_so(real_aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        process = await started(tmp_path, "--strict")
        process.send_signal(signal.SIGTERM)
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert out.decode().splitlines()[-1] == "strict: no breach was seen"

    real_aio(story())


def test_asking_nobody_says_how_to_start_one(real_aio: Run, tmp_path: Path) -> None:
    with pytest.raises(control.BackendNotRunning, match=r"`kiosk backend --data .*` starts one"):
        real_aio(control.call(tmp_path, "stations"))
    gone = control.BackendInfo(pid=1, port=1, url="ws://127.0.0.1:1/ocpp", control="ws://127.0.0.1:1/control")
    control.write(tmp_path, gone)
    with pytest.raises(control.BackendNotRunning, match="does not answer"):
        real_aio(control.call(tmp_path, "stations"))
    (tmp_path / control.FILE).write_text("{")
    with pytest.raises(control.BackendNotRunning, match="cannot be read"):
        control.find(tmp_path)


def test_a_file_of_another_is_left_alone(tmp_path: Path) -> None:
    other = control.BackendInfo(pid=os.getpid() + 1, port=1, url="u", control="c")
    control.write(tmp_path, other)
    control.remove(tmp_path, os.getpid())
    assert control.find(tmp_path) == other
    control.remove(tmp_path, other.pid)
    control.remove(tmp_path, other.pid)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.model.logs.configure", lambda _program: None)
    monkeypatch.setattr(logging.getLogger("websockets"), "level", logging.INFO)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--data", str(tmp_path), "--port", str(port)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert errors[0].startswith(f"cannot listen on 127.0.0.1:{port}: ")


def test_a_wrong_boot_answer_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--boot", "Accepted,Perhaps"])
    assert ended.value.code == 2
    assert "'Perhaps' is not one of" in capsys.readouterr().err
