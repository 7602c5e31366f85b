"""``kiosk status``: for people, for programs, once and all the time."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from kiosk import cli
from kiosk.cli.status import row
from kiosk.model.enums import ChargePointStatus, LimitReason, RegistrationStatus
from kiosk.model.snapshot import Backend, Listen, Session
from tests.cli.conftest import FakeCore
from tests.fakes.pictures import charging, connector

AT = datetime.now().astimezone().replace(hour=23, minute=59)
Capture = pytest.CaptureFixture[str]


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


def test_a_narrow_terminal_shortens_no_heading(
    fake_core: FakeCore, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.now().astimezone() + timedelta(days=2)
    reserved = msgspec.structs.replace(connector(2), status=ChargePointStatus.RESERVED, reserved_until=at)
    fake_core.change(lambda s: s.set_connector(reserved))
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["status"]) == 0
    told = capsys.readouterr().out
    assert "…" not in told
    assert all(len(line.rstrip()) <= 80 for line in told.splitlines())
    assert f"{at:%H:%M}" in told


@pytest.mark.parametrize("pressed", [True, False])
def test_the_emergency_stop_is_noted(fake_core: FakeCore, capsys: Capture, pressed: bool) -> None:
    fake_core.change(
        lambda s: s.set(station=msgspec.structs.replace(s.snapshot.station, emergency_stop=pressed, kiosk=True))
    )
    assert cli.main(["status"]) == 0
    told = capsys.readouterr().out
    assert "kiosk mode" in told
    assert ("emergency stop pressed" in told) is pressed


@pytest.mark.parametrize(("days", "form"), [(0, "%H:%M"), (2, "%Y-%m-%d %H:%M")])
def test_a_reservation_says_how_long(fake_core: FakeCore, capsys: Capture, days: int, form: str) -> None:
    at = datetime.now().astimezone().replace(hour=23, minute=59) + timedelta(days=days)
    reserved = msgspec.structs.replace(connector(2), status=ChargePointStatus.RESERVED, reserved_until=at)
    fake_core.change(lambda s: s.set_connector(reserved))
    assert cli.main(["status"]) == 0
    assert f"Reserved until {at:{form}}" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["connectors"][1]
    assert datetime.fromisoformat(told["reserved_until"]) == at


@pytest.mark.parametrize("plugged", [True, False])
def test_a_session_that_is_over_is_told_until_the_plug_is_out(
    fake_core: FakeCore, capsys: Capture, monkeypatch: pytest.MonkeyPatch, plugged: bool
) -> None:
    running = charging(2)
    assert running.session is not None
    over = msgspec.structs.replace(running.session, ended_at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    status = ChargePointStatus.FINISHING if plugged else ChargePointStatus.AVAILABLE
    fake_core.change(
        lambda s: s.set_connector(msgspec.structs.replace(running, session=over, plugged=plugged, status=status))
    )
    assert cli.main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["connectors"][1]
    expected = (1234, 7, "s-1", "04A1B2C3D4") if plugged else (None,) * 4
    assert (told["energy_wh"], told["transaction_id"], told["local_id"], told["id_tag"]) == expected
    assert told["session"]["energy_wh"] == 1234  # the driver's screen still tells it
    monkeypatch.setenv("COLUMNS", "140")
    assert cli.main(["status"]) == 0
    shown = capsys.readouterr().out
    assert [words in shown for words in ("1.23 kWh", "04A1B2C3D4")] == [plugged] * 2


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


@pytest.mark.parametrize(
    ("waiting", "undelivered", "words"),
    [
        (1, 0, "1 message waits"),
        (2, 0, "2 messages wait"),
        (0, 1, "1 message undelivered"),
        (3, 2, "3 messages wait, 2 messages undelivered"),
    ],
)
def test_what_the_backend_has_not_taken_is_counted_in_good_english(
    fake_core: FakeCore, capsys: Capture, waiting: int, undelivered: int, words: str
) -> None:
    backend = Backend(configured=True, waiting_messages=waiting, undelivered_messages=undelivered)
    fake_core.change(lambda s: s.set(backend=backend))
    assert cli.main(["status"]) == 0
    [notes] = [text for text in capsys.readouterr().out.splitlines() if text.startswith("Notes")]
    assert notes.split(None, 1)[1].strip() == words


def test_a_station_that_is_being_updated_says_so(fake_core: FakeCore, capsys: Capture) -> None:
    assert cli.main(["status"]) == 0
    assert "updated" not in capsys.readouterr().out
    station = msgspec.structs.replace(fake_core.state.snapshot.station, updating=True)
    fake_core.change(lambda s: s.set(station=station))
    assert cli.main(["status"]) == 0
    assert "firmware is being updated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"status": ChargePointStatus.PREPARING, "plugged": True}, ""),
        ({"can_start": False}, "no power free"),
        ({"status": ChargePointStatus.PREPARING, "plugged": True, "can_start": False}, "no power free"),
        ({"status": ChargePointStatus.PREPARING, "plugged": True, "reserved_until": AT}, "reserved until 23:59"),
        ({"status": ChargePointStatus.FINISHING, "plugged": True, "can_start": False}, "no power free"),
        ({"status": ChargePointStatus.FAULTED, "can_start": False}, ""),
        ({"status": ChargePointStatus.RESERVED, "reserved_until": AT, "can_start": False}, ""),
        ({"status": ChargePointStatus.PREPARING, "session": Session(id_tag="A"), "reserved_until": AT}, ""),
        ({"limit_reason": LimitReason.AUTHORIZATION, "can_start": False}, "authorization"),
    ],
)
def test_the_limit_says_why_nothing_can_begin(fields: dict[str, object], expected: str) -> None:
    assert row(connector(2, **fields))[-1] == expected


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        (Backend(), "none"),
        (Backend(configured=True, url="ws://x/y"), "ws://x/y (not connected)"),
        (
            Backend(configured=True, url="ws://x/y", connected=True, boot=RegistrationStatus.ACCEPTED),
            "ws://x/y (connected, Accepted)",
        ),
        (
            Backend(configured=True, url="ws://x/y", problem="[the host] is gone", next_try_s=1011.2),
            "ws://x/y (not connected: [the host] is gone; next try in 12 s)",
        ),
        (
            Backend(configured=True, url="ws://x/y", problem="it is gone", next_try_s=1000.0),
            "ws://x/y (not connected: it is gone; trying now)",
        ),
    ],
)
def test_the_backend_says_why_it_is_not_there(
    fake_core: FakeCore, capsys: Capture, monkeypatch: pytest.MonkeyPatch, backend: Backend, expected: str
) -> None:
    monkeypatch.setattr("kiosk.cli.status.time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setenv("COLUMNS", "140")
    fake_core.change(lambda s: s.set(backend=backend))
    assert cli.main(["status"]) == 0
    (line,) = [each for each in capsys.readouterr().out.splitlines() if each.startswith("Backend")]
    assert line.removeprefix("Backend").strip() == expected
