"""What a person types, what comes out, what the core was asked, and the exit code."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk import cli
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
    SimEmergency,
    SimFault,
    SimHeat,
    SimMains,
    SimMeter,
    SimPlug,
    SimState,
    StartResult,
    StartSession,
    StopResult,
    TagList,
    TagParams,
)
from kiosk.model import errors
from kiosk.model.enums import Provenance, RefusalReason
from tests.cli.conftest import FakeCore

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
WORLD = SimState(
    connectors=(
        {
            "id": 1,
            "type": "CCS",
            "car": None,
            "soc_percent": None,
            "phase": "unplugged",
            "power_w": None,
            "limit_w": 0,
            "stacks": 0,
            "led_rgb": "00FF00",
            "led_percent": 50,
            "led_flashes": 3,
            "faults": [],
        },
    ),
    door_open=False,
    cabinet_c=41.3,
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
    ("sim plug 1 --halfway", "sim.plug", SimPlug(connector_id=1, seated=False), None, ""),
    ("sim plug 1 --car mini --soc 5", "sim.plug", SimPlug(connector_id=1, car="mini", soc_percent=5), None, ""),
    ("unlock 2", "connector.unlock", ConnectorParams(connector_id=2), None, "connector 2: unlocked"),
    ("sim unplug 1", "sim.unplug", ConnectorParams(connector_id=1), None, ""),
    ("sim card 04A1B2C3", "sim.card", SimCard(uid="04A1B2C3"), None, ""),
    ("sim fault 1 18", "sim.fault", SimFault(connector_id=1, code=18), None, ""),
    ("sim clear 0 1001", "sim.clear", SimFault(connector_id=0, code=1001), None, ""),
    ("sim door open", "sim.door", SimDoor(open=True), None, ""),
    ("sim door closed", "sim.door", SimDoor(open=False), None, ""),
    ("sim emergency pressed", "sim.emergency", SimEmergency(pressed=True), None, ""),
    ("sim emergency released", "sim.emergency", SimEmergency(pressed=False), None, ""),
    ("sim fault 1 15 --frees-after 2", "sim.fault", SimFault(connector_id=1, code=15, frees_after=2), None, ""),
    ("sim heat 61.5", "sim.heat", SimHeat(celsius=61.5), None, ""),
    ("sim heat -20", "sim.heat", SimHeat(celsius=-20), None, ""),
    ("sim heat", "sim.heat", SimHeat(celsius=None), None, ""),
    ("sim mains off", "sim.mains", SimMains(on=False), None, ""),
    ("sim meter 2 stuck", "sim.meter", SimMeter(connector_id=2, lie="stuck"), None, ""),
    ("sim meter 2 ok", "sim.meter", SimMeter(connector_id=2, lie="ok"), None, ""),
    ("sim mains on", "sim.mains", SimMains(on=True), None, ""),
    ("sim powercut", "sim.powercut", Nothing(), None, "power is gone"),
    ("sim cars", "sim.cars", Nothing(), SimCars(cars=(CAR,)), "36 kWh"),
    ("sim state", "sim.state", Nothing(), WORLD, "green 50 %, flashes 3 more times"),
    ("sim state", "sim.state", Nothing(), WORLD, "41.3 degrees Celsius inside the cabinet"),
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
    sources = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(cli.__file__).parent.glob("*.py")]
    words = {n.value for tree in sources for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    used = words & set(METHODS)
    others = {"hello", "driver.tap", "screen.report", "screen.grab", "screen.tap", "screen.texts"}
    for_the_web = {"connector.availability", "station.reset"}
    assert used - others == set(METHODS) - others - for_the_web


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
    assert capsys.readouterr().err == "kiosk: this card is blocked\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "Nope=1"], "'Nope' does not exist"),
        (["--connectors", "CCS,Foo"], "'Foo' is no connector type"),
        (["--connectors", ""], "no connector type"),
        (["--install", "backend.retry=1"], "did you mean backend.retry_min_s"),
        (["--install", "backend.retry_min_s=200"], "above backend.retry_max_s"),
        (["--backend", "foo"], "does not begin with ws://"),
        (["--password", "short"], "AuthorizationKey"),
    ],
)
def test_run_starts_nothing_with_wrong_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, words: list[str], said: str
) -> None:
    started: list[object] = []
    monkeypatch.setattr("kiosk.launcher.run.run", started.append)
    assert cli.main(["run", "--data", str(tmp_path), *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert "short" not in err.replace("--password", "") or "--password" not in words  # a secret is never repeated
    assert not started


def test_a_reader_that_has_enough_ends_it_quietly(fake_core: FakeCore, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "kiosk.cli",
        "status",
        "--follow",
        "--json",
        "--data",
        str(fake_core.data_dir),
    ]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


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
        ("sim emergency maybe", "maybe"),
        ("sim fault 1 15 --frees-after 0", "--frees-after"),
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
