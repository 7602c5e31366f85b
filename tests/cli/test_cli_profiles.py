"""``kiosk profiles``: what is typed, asked and told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from kiosk import cli
from kiosk.link.params import Nothing, Params
from kiosk.link.profile_messages import (
    ProfileFilter,
    ProfileId,
    ProfileList,
    ProfileRow,
    ProfilesCleared,
    ProfileSent,
    Schedule,
    ScheduleQuery,
    ScheduleSpan,
)
from tests.cli.conftest import FakeCore

Capture = pytest.CaptureFixture[str]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROWS = (
    ProfileRow(
        profile_id=1,
        connector_id=0,
        purpose="ChargePointMaxProfile",
        stack_level=0,
        kind="Absolute",
        unit="W",
        limit=60_000,
        until=NOON.replace(hour=13),
        in_force=True,
        installed_at=NOON,
    ),
    ProfileRow(
        profile_id=12,
        connector_id=2,
        purpose="TxDefaultProfile",
        stack_level=3,
        kind="Daily",
        valid_from=NOON,
        valid_to=NOON.replace(month=12),
        unit="A",
        installed_at=NOON,
    ),
    ProfileRow(profile_id=7, problem="Input data was truncated"),
)
SCHEDULE = Schedule(
    connector_id=1,
    start=NOON,
    duration_s=7200,
    unit="W",
    spans=(ScheduleSpan(start_s=0, limit=11_000), ScheduleSpan(start_s=600, limit=8.1, phases=3)),
)


@pytest.mark.parametrize("line", ["profiles", "profiles list"])
def test_list(fake_core: FakeCore, capsys: Capture, line: str) -> None:
    fake_core.answers["profiles.list"] = ProfileList(profiles=ROWS)
    assert cli.main(line.split()) == 0
    assert fake_core.asked == [("profiles.list", Nothing())]
    lines = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["*", "1", "0", "station", "0", "Absolute", "always", "60000", "W", "2026-11-22", "13:00"]
    assert lines[2][:5] == ["12", "2", "default", "3", "Daily"]
    assert lines[2][5:] == ["from", "2026-11-22", "12:00", "to", "2026-12-22", "12:00", "–"]
    assert lines[3][:3] == ["!", "7", "damaged"]


def test_list_for_programs(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["profiles.list"] = ProfileList(profiles=ROWS)
    assert cli.main(["profiles", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["profile_id"] for row in told] == [1, 12, 7]


def test_no_profiles(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["profiles.list"] = ProfileList(profiles=())
    assert cli.main(["profiles"]) == 0
    assert "no charging profile" in capsys.readouterr().out


def test_show(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["profiles.show"] = ProfileSent(connector_id=1, profile={"chargingProfileId": 7})
    assert cli.main(["profiles", "show", "7"]) == 0
    assert fake_core.asked == [("profiles.show", ProfileId(profile_id=7))]
    assert json.loads(capsys.readouterr().out) == {"connector_id": 1, "profile": {"chargingProfileId": 7}}


@pytest.mark.parametrize(
    ("line", "wanted", "count", "words"),
    [
        ("7", ProfileFilter(profile_id=7), 1, "1 profile removed"),
        ("0", ProfileFilter(profile_id=0), 1, "1 profile removed"),
        (
            "--connector 0 --purpose TxDefaultProfile --level 2",
            ProfileFilter(connector_id=0, purpose="TxDefaultProfile", stack_level=2),
            2,
            "2 profiles removed",
        ),
        ("--all", ProfileFilter(), 0, "0 profiles removed"),
    ],
)
def test_clear(fake_core: FakeCore, capsys: Capture, line: str, wanted: Params, count: int, words: str) -> None:
    fake_core.answers["profiles.clear"] = ProfilesCleared(count=count)
    assert cli.main(["profiles", "clear", *line.split()]) == 0
    assert fake_core.asked == [("profiles.clear", wanted)]
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("line", ["", "7 --all", "--level 1 --all"])
def test_clear_wants_to_know_which(fake_core: FakeCore, capsys: Capture, line: str) -> None:
    assert cli.main(["profiles", "clear", *line.split()]) == 2
    assert fake_core.asked == []
    assert "--all" in capsys.readouterr().err


def test_clear_of_nothing(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["profiles.clear"] = ProfilesCleared(count=0)
    assert cli.main(["profiles", "clear", "9"]) == 1
    assert "no such profile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("1", ScheduleQuery(connector_id=1)),
        ("0 --hours 0.5 --unit a", ScheduleQuery(connector_id=0, duration_s=1800, unit="a")),
    ],
)
def test_schedule(fake_core: FakeCore, capsys: Capture, line: str, query: Params) -> None:
    fake_core.answers["profiles.schedule"] = SCHEDULE
    assert cli.main(["profiles", "schedule", *line.split()]) == 0
    assert fake_core.asked == [("profiles.schedule", query)]
    lines = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        ["2026-11-22", "12:00:00", "11000", "W"],
        ["2026-11-22", "12:10:00", "8.1", "W", "3"],
        ["2026-11-22", "14:00:00", "end,", "after", "2:00:00"],
    ]
    assert cli.main(["profiles", "schedule", *line.split(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["duration_s"] == 7200


def test_a_schedule_of_days_is_told_in_hours(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["profiles.schedule"] = msgspec.structs.replace(SCHEDULE, duration_s=90_061)
    assert cli.main(["profiles", "schedule", "1"]) == 0
    assert "end, after 25:01:01" in capsys.readouterr().out
