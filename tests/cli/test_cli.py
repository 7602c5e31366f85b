"""What a person types, what comes out, what the core was asked, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.cli import programs
from kiosk.cli.app import app
from kiosk.link.messages import (
    METHODS,
    ConnectorParams,
    KeyChanged,
    KeyInfo,
    KeyList,
    KeyName,
    KeySet,
    Nothing,
    Params,
    SessionList,
    SessionQuery,
    SessionRow,
    SimCar,
    SimCard,
    SimCars,
    SimDoor,
    SimFault,
    SimPlug,
    StartResult,
    StartSession,
    StopResult,
    TagList,
    TagParams,
)
from kiosk.model import errors
from kiosk.model.enums import ChargePointStatus, Provenance, RefusalReason
from kiosk.model.snapshot import Listen
from tests.cli.conftest import FakeCore
from tests.fakes.pictures import charging, connector

KEY = KeyInfo(
    name="GUIslideTime",
    value="10",
    in_force="10",
    default="10",
    provenance=Provenance.DEFAULT,
    profile="GUI",
    type="integer",
    unit="s",
    allowed="0 to 3600",
    access="RW",
    reboot_required=False,
    pending_reboot=False,
    help="Seconds per slide.",
)
SECRET = KeyInfo(
    name="AuthorizationKey",
    value=None,
    in_force=None,
    default="",
    provenance=Provenance.OPERATOR,
    profile="Security",
    type="text",
    unit="",
    allowed="16 to 40 characters",
    access="W",
    reboot_required=True,
    pending_reboot=True,
    help="Password at the central system.",
)
SESSION = SessionRow(
    local_id="s-1",
    connector_id=1,
    transaction_id=None,
    id_tag="04A1B2C3",
    started_at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    ended_at=datetime(2026, 11, 22, 12, 30, tzinfo=UTC),
    meter_start_wh=1000,
    meter_stop_wh=21500,
    stop_reason="Local",
)
CAR = SimCar(
    name="mini",
    description="small",
    inlets=("CCS",),
    battery_wh=36_000,
    max_power_w=50_000,
    vehicle_id="0011223344AA",
)
TAGS = TagList(id_tags=("04A1B2C3", "04FFEE"))
Capture = pytest.CaptureFixture[str]

COMMANDS: list[tuple[str, str, Params, Params | None, str]] = [
    (
        "start 1 --tag X",
        "session.start",
        StartSession(connector_id=1, id_tag="X"),
        StartResult(authorized=True),
        "auth",
    ),
    (
        "stop 2",
        "session.stop",
        ConnectorParams(connector_id=2),
        StopResult(local_id="s", energy_wh=1500),
        "1.50 kWh",
    ),
    (
        "stop 2",
        "session.stop",
        ConnectorParams(connector_id=2),
        StopResult(local_id=None, energy_wh=None),
        "unknown",
    ),
    ("sessions", "session.list", SessionQuery(limit=20), SessionList(sessions=(SESSION,)), "20.50 kWh"),
    ("sessions --limit 3", "session.list", SessionQuery(limit=3), SessionList(sessions=()), "Card"),
    ("keys list", "keys.list", Nothing(), KeyList(keys=(KEY, SECRET)), "GUIslideTime"),
    ("keys get guislidetime", "keys.get", KeyName(name="guislidetime"), KEY, "10"),
    ("keys get AuthorizationKey", "keys.get", KeyName(name="AuthorizationKey"), SECRET, "•••"),
    (
        "keys set GUIslideTime 15",
        "keys.set",
        KeySet(name="GUIslideTime", value="15"),
        KeyChanged(name="GUIslideTime", value="15", reboot_required=False),
        "GUIslideTime = 15",
    ),
    (
        "keys set AuthorizationKey secret",
        "keys.set",
        KeySet(name="AuthorizationKey", value="secret"),
        KeyChanged(name="AuthorizationKey", value=None, reboot_required=True),
        "AuthorizationKey = ••• (from the next restart on)",
    ),
    ("whitelist list", "whitelist.list", Nothing(), TAGS, "04FFEE"),
    ("whitelist add 04FFEE", "whitelist.add", TagParams(id_tag="04FFEE"), TAGS, "2 cards"),
    (
        "whitelist remove 04FFEE",
        "whitelist.remove",
        TagParams(id_tag="04FFEE"),
        TagList(id_tags=("A",)),
        "1 card ",
    ),
    ("whitelist clear", "whitelist.clear", Nothing(), TagList(id_tags=()), "0 cards"),
    ("sim plug 1", "sim.plug", SimPlug(connector_id=1), None, ""),
    ("sim plug 1 --car mini --soc 5", "sim.plug", SimPlug(connector_id=1, car="mini", soc_percent=5), None, ""),
    ("sim unplug 1", "sim.unplug", ConnectorParams(connector_id=1), None, ""),
    ("sim card 04A1B2C3", "sim.card", SimCard(uid="04A1B2C3"), None, ""),
    ("sim fault 1 18", "sim.fault", SimFault(connector_id=1, code=18), None, ""),
    ("sim clear 0 1001", "sim.clear", SimFault(connector_id=0, code=1001), None, ""),
    ("sim door open", "sim.door", SimDoor(open=True), None, ""),
    ("sim door closed", "sim.door", SimDoor(open=False), None, ""),
    ("sim powercut", "sim.powercut", Nothing(), None, "power is gone"),
    ("sim cars", "sim.cars", Nothing(), SimCars(cars=(CAR,)), "36 kWh"),
]


@pytest.mark.parametrize(("line", "method", "params", "answer", "words"), COMMANDS, ids=[c[0] for c in COMMANDS])
def test_command(
    fake_core: FakeCore, capsys: Capture, line: str, method: str, params: Params, answer: Params | None, words: str
) -> None:
    if answer is not None:
        fake_core.answers[method] = answer
    assert cli.main(line.split()) == 0
    assert fake_core.asked == [(method, params)]
    out, err = capsys.readouterr()
    assert words in out
    assert "secret" not in out
    assert err == ""


def test_every_command_of_the_operator_is_reachable() -> None:
    """What the link offers and the command line does not: known and meant."""
    used = {method for _, method, *_ in COMMANDS}
    others = {"hello", "driver.tap", "screen.report", "screen.grab", "screen.tap", "screen.texts"}
    for_the_web = {"connector.unlock", "connector.availability", "station.reset", "sim.state"}
    assert used == set(METHODS) - others - for_the_web


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UnknownConnector(9, 3), 2),
        (errors.UnknownFault(99, "1 to 26"), 2),
        (errors.UnknownCar("tank", "mini"), 2),
        (errors.UnfittingCar("the mini has no CHAdeMO inlet"), 2),
        (errors.NotPossible("no car is plugged in\nat all"), 1),
        (errors.NotPermitted("not with real hardware"), 1),
        (errors.Refused(RefusalReason.CARD_BLOCKED, "the card is blocked"), 1),
    ],
    ids=lambda e: type(e).__name__,
)
def test_errors_are_one_line(fake_core: FakeCore, capsys: Capture, error: errors.UserFacing, code: int) -> None:
    fake_core.answers["sim.plug"] = error
    assert cli.main(["sim", "plug", "9"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"kiosk: {' '.join(str(error).split())}\n"


def test_refused_start(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["session.start"] = StartResult(
        authorized=False, reason=RefusalReason.CARD_BLOCKED, text="this card is blocked"
    )
    assert cli.main(["start", "1", "--tag", "X"]) == 1
    assert capsys.readouterr().err == "kiosk: connector 1: refused: this card is blocked\n"


def test_warning_of_the_whitelist(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["whitelist.add"] = TagList(id_tags=("A",), warning="08... is a random number")
    assert cli.main(["whitelist", "add", "08112233"]) == 0
    assert "warning: 08... is a random number" in capsys.readouterr().err


NEEDING_A_CORE = [
    *dict.fromkeys(c[0] for c in COMMANDS),
    "status",
    "status --json --follow",
    "screenshot x.png",
    "sim touch 1 2",
]


@pytest.mark.parametrize("line", NEEDING_A_CORE)
def test_no_core(tmp_path: Path, capsys: Capture, line: str) -> None:
    assert cli.main([*line.split(), "--data", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"kiosk: no station core is running for {tmp_path}; start one with `kiosk run`\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("start", "kiosk start --help"),
        ("start one", "N"),
        ("start 1 --tga X", "--tga"),
        ("frobnicate", "frobnicate"),
        ("sim plug 1 --soc 101", "--soc"),
        ("sim door ajar", "ajar"),
        ("sim touch -1 5", ""),
        ("screenshot picture.jpg", "png"),
        ("run --set GUIslideTime", "KEY=VALUE"),
        ("run --vnc 99999", "--vnc"),
        ("run --password-file /does/not/exist", "--password-file"),
        ("run --password a --password-file pyproject.toml", "exclude"),
        ("sessions --limit 0", "--limit"),
    ],
)
def test_misused(capsys: Capture, line: str, words: str) -> None:
    assert cli.main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("kiosk: ")
    assert err.count("\n") == 1
    assert words in err


def test_power_is_gone_before_the_answer(fake_core: FakeCore, capsys: Capture) -> None:
    """The core dies with its answer unsent: that is success. For every other command it is not."""
    fake_core.dies_of = "sim.powercut"
    assert cli.main(["sim", "powercut"]) == 0
    assert "power is gone" in capsys.readouterr().out
    fake_core.dies_of = "sim.plug"
    assert cli.main(["sim", "plug", "1"]) == 1
    assert "lost" in capsys.readouterr().err


# --- status


def test_status_for_programs(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.change(lambda s: s.set_connector(charging(2)))
    assert cli.main(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    wanted = {
        "id": 2,
        "status": "Charging",
        "error_code": "NoError",
        "vendor_error_code": 0,
        "power_w": 48_500,
        "current_a": 121.7,
        "voltage_v": 398.4,
        "energy_wh": 1234,
        "meter_wh": 120_000,
        "soc_percent": 41,
        "transaction_id": 7,
        "local_id": "s-1",
        "id_tag": "04A1B2C3D4",
        "limit_reason": None,
    }
    busy, idle = status["connectors"][1], status["connectors"][0]
    assert {k: busy[k] for k in wanted} == wanted
    unknown = set(wanted) - {"id", "status", "error_code", "vendor_error_code"}
    assert {k: idle[k] for k in unknown} == dict.fromkeys(unknown)
    assert (status["backend"]["connected"], status["backend"]["boot"]) == (False, None)
    assert status["screen"]["name"] is None
    assert set(status["listen"]) == set(Listen.__struct_fields__)
    assert status["listen"]["operator_socket"].endswith("operator.sock")


def test_status_for_people(fake_core: FakeCore, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    faulted = connector(1, status=ChargePointStatus.FAULTED, vendor_error_code=18)
    fake_core.change(lambda s: s.set_connector(charging(2)))
    fake_core.change(lambda s: s.set_connector(faulted))
    assert cli.main(["status"]) == 0
    out = capsys.readouterr().out
    for words in ("Faulted (18)", "48.5 kW", "398 V", "41 %", "1.23 kWh", "04A1B2C3D4", "–"):
        assert words in out


def test_follow_is_one_picture_a_line(fake_core: FakeCore) -> None:
    """As a program would use it: its own process, a line per change, through a restart of nothing."""
    command = [sys.executable, "-m", "kiosk.cli", "status", "--json", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stderr is not None
        first = json.loads(following.stdout.readline())
        assert first["connectors"][1]["status"] == "Available"
        fake_core.change(lambda s: s.set_connector(charging(2)))
        second = json.loads(following.stdout.readline())
        assert second["connectors"][1]["status"] == "Charging"
        assert set(second) == set(first)
        fake_core.stop()
        assert "lost" in following.stderr.readline()
        following.terminate()


# --- keys docs, help


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
    line = "run --headless --vnc 5900 --backend none --identity CP --password k --set A=1 --set B=2 --speed 3"
    line += f" --connectors CCS --install x.y=1 --data {tmp_path}"
    assert cli.main(line.split()) == 7
    assert started == [
        RunOptions(
            data_dir=tmp_path,
            headless=True,
            vnc_port=5900,
            backend="none",
            identity="CP",
            password="k",
            keys=("A=1", "B=2"),
            speed=3.0,
            connectors="CCS",
            install=("x.y=1",),
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
