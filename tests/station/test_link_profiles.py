"""Charging profiles through the operator's door of a whole core."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.link.messages import METHODS
from kiosk.link.params import Nothing
from kiosk.link.profile_messages import (
    ProfileFilter,
    ProfileId,
    ProfileList,
    ProfilesCleared,
    ProfileSent,
    Schedule,
    ScheduleQuery,
)
from kiosk.model.errors import BadValue, NotPossible, UnknownConnector
from tests.fakes.charging_profiles import charge, profile, put
from tests.fakes.core import START, RunningCore, core_on

Run = Callable[..., Any]


async def ask(station: RunningCore, method: str, params: Any) -> Any:
    answer = await station.core.handlers[method](params)
    assert isinstance(answer, METHODS[method].result)
    return answer


def test_every_row_is_told_with_what_it_says_now(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, profile((0, 60_000), purpose="ChargePointMaxProfile"))
            soon = (START + timedelta(hours=1)).isoformat()
            daily = profile(
                (0, 9_000),
                profile_id=2,
                level=3,
                chargingProfileKind="Recurring",
                recurrencyKind="Daily",
                validFrom=soon,
            )
            await put(station, 1, daily)
            await put(station, 2, profile((0, 9_000), profile_id=4))
            await charge(station, 2)
            await put(station, 2, profile((0, 20), profile_id=3, purpose="TxProfile", chargingRateUnit="A"))
            listed: ProfileList = await ask(station, "profiles.list", Nothing())
            rows = [(r.profile_id, r.connector_id, r.kind, r.limit, r.unit, r.in_force) for r in listed.profiles]
            assert rows == [
                (1, 0, "Absolute", 60_000, "W", True),
                (2, 1, "Daily", None, "W", False),
                (4, 2, "Absolute", 9_000, "W", False),
                (3, 2, "Absolute", 20, "A", True),
            ]
            assert listed.profiles[1].valid_from == listed.profiles[1].until == START + timedelta(hours=1)
            assert listed.profiles[0].until is None
            assert listed.profiles[1].stack_level == 3

    aio(story())


def test_show_clear_and_schedule(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            sent = profile((0, 9_000.5), (600, 10), profile_id=5)
            await put(station, 1, sent)
            shown: ProfileSent = await ask(station, "profiles.show", ProfileId(profile_id=5))
            assert shown == ProfileSent(connector_id=1, profile=sent), "as it was sent"
            told: Schedule = await ask(station, "profiles.schedule", ScheduleQuery(connector_id=1, duration_s=900))
            assert [(span.start_s, span.limit) for span in told.spans] == [(0, 9_000.5), (600, 10)]
            assert (told.start, told.duration_s, told.unit) == (START, 900, "W")
            amperes: Schedule = await ask(
                station, "profiles.schedule", ScheduleQuery(connector_id=0, duration_s=1, unit="a")
            )
            assert amperes.unit == "A"
            purpose = ProfileFilter(purpose="txdefaultprofile", connector_id=1)
            assert await ask(station, "profiles.clear", purpose) == ProfilesCleared(count=1)
            assert await ask(station, "profiles.clear", ProfileFilter()) == ProfilesCleared(count=0)
            with pytest.raises(NotPossible, match="5 is not installed"):
                await ask(station, "profiles.show", ProfileId(profile_id=5))

    aio(story())


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("profiles.clear", ProfileFilter(purpose="Any"), BadValue),
        ("profiles.schedule", ScheduleQuery(connector_id=1, unit="kW"), BadValue),
        ("profiles.schedule", ScheduleQuery(connector_id=9), UnknownConnector),
        ("profiles.schedule", ScheduleQuery(connector_id=1, duration_s=-1), NotPossible),
    ],
)
def test_wrong_words(aio: Run, tmp_path: Path, method: str, params: Any, error: type[Exception]) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            with pytest.raises(error):
                await ask(station, method, params)

    aio(story())
