"""Every file of tests/cases/profiles is installed profiles and the composite schedules that must follow.

Add one without touching code; the folder's README tells the fields.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.station.power.profile_model import Circuit, SentProfile, Unit, profile_of, to_ms
from kiosk.station.power.profiles import Composite, Held, Outlook, composite, station_composite

FOLDER = Path(__file__).parents[2] / "cases" / "profiles"
FILES = sorted(FOLDER.glob("*.json"))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connector. ``session``: when its transaction began, absent: there is none."""

    dc: bool = True
    volts: float = 400.0
    phases: int = 1
    most_w: int = 50_000
    session: datetime | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    connector: int
    profile: SentProfile
    installed: datetime = NOON


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    connector: int
    duration: int
    periods: tuple[tuple[Any, ...], ...]  # startPeriod, limit, and numberPhases where it is told
    unit: Unit | None = None
    told_unit: Unit = Unit.WATT
    told_duration: int | None = None
    least: float | None = None
    most_periods: int | None = None
    note: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    clause: str
    profiles: tuple[Given, ...]
    asks: tuple[Asked, ...]
    now: datetime = NOON
    connectors: tuple[Place, ...] = (Place(),)
    stacks_w: int | None = None
    grid_w: int | None = None


def read(path: Path) -> Case:
    return msgspec.json.decode(path.read_bytes(), type=Case)


def told(case: Case, asked: Asked) -> Composite:
    profiles = [profile_of(g.profile, g.connector, g.installed, f"session {g.connector}") for g in case.profiles]
    outlooks = [
        Outlook(
            connector_id=number,
            circuit=Circuit(dc=place.dc, volts=place.volts, phases=place.phases),
            ceiling_w=place.most_w,
            session=Held(local_id=f"session {number}", begin_ms=to_ms(place.session)) if place.session else None,
        )
        for number, place in enumerate(case.connectors, start=1)
    ]
    if asked.connector == 0:
        return station_composite(
            profiles,
            outlooks,
            case.now,
            asked.duration,
            asked.unit,
            stacks_w=case.stacks_w,
            ceiling_w=case.grid_w,
            most_spans=asked.most_periods,
        )
    outlook = outlooks[asked.connector - 1]
    return composite(profiles, outlook, case.now, asked.duration, asked.unit, most_spans=asked.most_periods)


def test_there_are_cases_and_each_names_its_clause() -> None:
    assert len(FILES) >= 25
    assert all(read(path).clause.strip() for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """Lesson 29 among them: later periods, a duration of 0, equal neighbours."""
    case = read(path)
    for asked in case.asks:
        found = told(case, asked)
        periods = [
            [span.start_s, span.limit, *([] if span.phases is None else [span.phases])] for span in found.spans
        ]
        where = f"{case.title} ({asked.note or asked.connector})"
        assert periods == [list(period) for period in asked.periods], where
        assert found.unit is asked.told_unit, where
        expected_s = asked.duration if asked.told_duration is None else asked.told_duration
        assert found.duration_s == expected_s, where
        assert found.least == asked.least, where
