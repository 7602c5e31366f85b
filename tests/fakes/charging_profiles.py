"""Charging profiles for tests of a whole core, and the little they ask of it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from kiosk.station.commands.profiles import SetOutcome
from tests.fakes.core import START, RunningCore
from tests.fakes.core import charge as charge_with


def profile(
    *periods: tuple[int, float],
    profile_id: int = 1,
    level: int = 0,
    purpose: str = "TxDefaultProfile",
    **more: Any,
) -> dict[str, Any]:
    """A ChargingProfile that begins at the test's start; ``more``: fields of the profile or its schedule."""
    schedule: dict[str, Any] = {
        "startSchedule": START.isoformat(),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": s, "limit": limit} for s, limit in periods],
    }
    for name in ("chargingRateUnit", "duration", "minChargingRate", "startSchedule"):
        if name in more:
            schedule[name] = more.pop(name)
    return {
        "chargingProfileId": profile_id,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    } | more


async def charge(station: RunningCore, connector_id: int = 1) -> None:
    """A car that charges there, with a card that the operator knows."""
    tag = f"04AE179C4F618{connector_id}"
    await station.core.commands.whitelist_add(tag)
    await charge_with(station, connector_id, tag)


def bounded(station: RunningCore, name: str, value: int) -> None:
    """A station whose read-only key ``name`` says so."""
    settings, usual = station.core.settings, station.core.settings.int
    settings.int = lambda key: value if key == name else usual(key)  # type: ignore[method-assign]


def ids(station: RunningCore) -> list[int]:
    return [view.profile_id for view in station.core.commands.profiles.list()]


def rows(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "station.sqlite3") as sql:
        return sql.execute(
            "SELECT profile_id, connector_id, stack_level FROM charging_profiles ORDER BY profile_id"
        ).fetchall()


async def put(station: RunningCore, connector_id: int, payload: dict[str, Any]) -> None:
    assert await station.core.commands.profiles.set(connector_id, payload) is SetOutcome.ACCEPTED


async def seconds(s: float) -> None:
    """Let that much time pass."""
    await asyncio.sleep(s)


def elapsed_s(station: RunningCore) -> float:
    return (station.core.clock.now() - START).total_seconds()
