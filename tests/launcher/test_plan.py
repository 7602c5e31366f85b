"""What is started, how, and what an exit means."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.launcher import plan
from kiosk.launcher.plan import RESTART_S, EndAll, Program, Restart, RunOptions
from kiosk.station.__main__ import parser

PROGRAM = Program(name="x", command=lambda: ["x"])
VITAL = Program(name="core", command=lambda: ["x"], must_start=True, ends_all=True)
DATA = Path("/data")


@pytest.mark.parametrize(
    ("program", "code", "was_ready", "alive_s", "failures", "expected"),
    [
        (PROGRAM, 0, True, 5, 0, Restart(RESTART_S[0], 1)),
        (PROGRAM, 1, True, 5, 1, Restart(RESTART_S[1], 2)),
        (PROGRAM, -9, True, 5, 99, Restart(RESTART_S[-1], 100)),
        (PROGRAM, -9, True, 31, 5, Restart(RESTART_S[0], 1)),  # it had been steady
        (PROGRAM, 2, False, 0.1, 0, Restart(RESTART_S[0], 1)),  # a screen alone never ends the station
        (VITAL, 0, True, 5, 0, EndAll(0)),
        (VITAL, 0, False, 5, 3, EndAll(0)),
        (VITAL, 2, False, 0.5, 0, EndAll(2)),  # options are off
        (VITAL, 1, False, 0.5, 0, EndAll(1)),  # another core holds the folder
        (VITAL, 1, False, 0.5, 1, Restart(RESTART_S[1], 2)),  # it did run before
        (VITAL, 1, True, 5, 0, Restart(RESTART_S[0], 1)),
        (VITAL, -9, True, 5, 0, Restart(RESTART_S[0], 1)),  # power cut
        (VITAL, -11, False, 0.5, 0, Restart(RESTART_S[0], 1)),  # crashed while starting
    ],
)
def test_verdict(
    program: Program, code: int, was_ready: bool, alive_s: float, failures: int, expected: Restart | EndAll
) -> None:
    assert plan.verdict(program, code, was_ready=was_ready, alive_s=alive_s, failures=failures) == expected


@pytest.mark.parametrize(
    ("options", "env", "platform", "where"),
    [
        ({}, {}, "offscreen", "there is no display"),
        ({}, {"DISPLAY": ":0"}, None, ":0"),
        ({}, {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, None, "wayland-0"),
        ({}, {"DISPLAY": ""}, "offscreen", "there is no display"),
        ({}, {"QT_QPA_PLATFORM": "eglfs"}, None, "eglfs"),
        ({"headless": True}, {"DISPLAY": ":0"}, "offscreen", "--headless"),
        ({"vnc_port": 5901}, {"DISPLAY": ":0"}, "vnc:size=1366x768:port=5901", "VNC, port 5901"),
    ],
)
def test_display(options: dict[str, object], env: dict[str, str], platform: str | None, where: str) -> None:
    given, told = plan.display(RunOptions(data_dir=DATA, **options), env)  # type: ignore[arg-type]
    assert given == ({} if platform is None else {"QT_QPA_PLATFORM": platform})
    assert where in told


def test_core_understands_what_it_is_given() -> None:
    options = RunOptions(
        data_dir=DATA,
        backend="ws://backend/ocpp",
        identity="CP 7",
        password="0123456789abcdef",
        password_file=Path("/key"),
        keys=("HeartbeatInterval=60", "GUIslideTime=5"),
        speed=20,
        connectors="CCS,CHAdeMO",
        install=("backend.retry_min_s=1",),
        installation=Path("/site.toml"),
    )
    command = plan.core_command("python", options, "ws://127.0.0.1:9/ocpp")
    assert command[:4] == ["python", "-P", "-m", "kiosk.station"]
    read = parser().parse_args(command[4:])
    assert (read.data, read.backend, read.identity, read.embedded_url) == (
        DATA,
        "ws://backend/ocpp",
        "CP 7",
        "ws://127.0.0.1:9/ocpp",
    )
    assert (read.speed, read.connectors, read.installation) == (20.0, "CCS,CHAdeMO", Path("/site.toml"))
    assert read.set == ["HeartbeatInterval=60", "GUIslideTime=5"]
    assert read.install == ["backend.retry_min_s=1"]
    assert read.password_file == Path("/key")
    assert not any("0123456789abcdef" in word for word in command)


def test_core_with_nothing_special() -> None:
    assert plan.core_command("python", RunOptions(data_dir=DATA), None)[4:] == ["--data", "/data"]


@pytest.mark.parametrize(
    ("backend", "embedded"), [(None, True), ("embedded", True), ("none", False), ("ws://x/", False)]
)
def test_embedded_backend_unless_another(backend: str | None, embedded: bool) -> None:
    assert RunOptions(data_dir=DATA, backend=backend).wants_embedded is embedded


def test_summary_helps() -> None:
    def told(options: RunOptions, url: str | None = None) -> str:
        _, where = plan.display(options, {})
        return "\n".join(
            plan.summary(options, kiosk="k", where=where, embedded_url=url, default_data=Path("/default"))
        )

    plain = told(RunOptions(data_dir=Path("/default")), "ws://127.0.0.1:9/ocpp")
    assert "k sim plug 1 " in plain
    assert "--data" not in plain
    assert "k screenshot screen.png" in plain
    assert "ws://127.0.0.1:9/ocpp" in plain
    assert "k status --data /elsewhere" in told(RunOptions(data_dir=Path("/elsewhere")))
    vnc = told(RunOptions(data_dir=DATA, vnc_port=5900))
    assert "WARNING" in vnc
    assert "without a password" in vnc
    assert "none" in told(RunOptions(data_dir=DATA, backend="none"))
