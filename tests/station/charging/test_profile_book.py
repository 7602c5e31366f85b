"""Which charging profiles are installed, for whom, and what is left of them after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import StopReason
from kiosk.model.errors import BadValue, NotPossible, UnknownConnector
from kiosk.station.commands.profiles import SetOutcome
from kiosk.station.power.profile_model import Purpose, Unit
from tests.fakes.charging_profiles import bounded, charge, ids, profile, put, rows, seconds
from tests.fakes.core import START, core_on

Run = Callable[..., Any]
STEP_S = 0.25


# --- whose profile ----------------------------------------------------------------------------------------------


def test_a_session_s_profile_ends_with_it(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, profile((0, 9_000), profile_id=1))
            await charge(station)
            await put(station, 1, profile((0, 15_000), profile_id=2, purpose="TxProfile"))
            await seconds(2)
            assert station.connector(1).limit_w == 15_000, "it beats the default"
            assert ids(station) == [1, 2]
            await station.core.commands.stop(1)
            await seconds(1)
            assert ids(station) == [1]
            assert rows(tmp_path) == [(1, 0, 0)]

    aio(story())


def test_a_session_s_profile_needs_that_session(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            profiles = station.core.commands.profiles
            mine = profile((0, 9_000), purpose="TxProfile")
            assert await profiles.set(1, mine) is SetOutcome.REJECTED, "no transaction"
            await charge(station)
            assert await profiles.set(2, mine) is SetOutcome.REJECTED, "no transaction there"
            assert await profiles.set(0, mine) is SetOutcome.REJECTED
            # without a backend's answer no transactionId is the right one
            assert await profiles.set(1, mine | {"transactionId": 1}) is SetOutcome.REJECTED
            session = station.core.sessions.bay(1).session
            assert session is not None
            session.transaction_id = 0
            assert await profiles.set(1, mine | {"transactionId": 1}) is SetOutcome.REJECTED
            assert ids(station) == []
            assert await profiles.set(1, mine | {"transactionId": 0}) is SetOutcome.ACCEPTED
            assert await profiles.set(1, mine) is SetOutcome.ACCEPTED
            with pytest.raises(UnknownConnector):
                await profiles.set(4, mine)

    aio(story())


def test_a_profile_takes_the_place_of_its_like_on_the_disk_too(aio: Run, tmp_path: Path) -> None:
    """Lesson 29: what was replaced does not come back with a restart."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 1, profile((0, 9_000), profile_id=1, level=2))
            await put(station, 1, profile((0, 8_000), profile_id=2, level=2))  # same place
            await put(station, 2, profile((0, 7_000), profile_id=3, level=2))  # another connector
            await put(station, 1, profile((0, 6_000), profile_id=4, level=3))  # another level
            await put(station, 1, profile((0, 5_000), profile_id=3, level=5))  # same id, elsewhere
            await put(station, 1, profile((0, 5_500), profile_id=4, level=2))  # one by its id, one by its place
            assert sorted(ids(station)) == [3, 4]
        assert rows(tmp_path) == [(3, 1, 5), (4, 1, 2)]
        async with core_on(tmp_path) as station:
            assert [view.limit for view in station.core.commands.profiles.list()] == [5_000, 5_500]

    aio(story())


def test_no_more_profiles_than_the_key_allows_but_replacing_goes_on(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            bounded(station, "MaxChargingProfilesInstalled", 2)
            profiles = station.core.commands.profiles
            soon = (START + timedelta(seconds=60)).isoformat()
            await put(station, 0, profile((0, 9_000), profile_id=1, level=1, validTo=soon))
            await put(station, 0, profile((0, 9_000), profile_id=2, level=2))
            third = profile((0, 9_000), profile_id=3, level=3)
            assert await profiles.set(0, third) is SetOutcome.REJECTED
            assert profiles.refusal_of_start(third | {"chargingProfilePurpose": "TxProfile"}) is not None
            await put(station, 0, profile((0, 9_500), profile_id=3, level=2))
            await seconds(61)
            await put(station, 0, third | {"chargingProfileId": 4})  # an expired one makes room
            assert sorted(ids(station)) == [3, 4]

    aio(story())


# --- clear ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({"profile_id": 2}, [1, 3, 4]),
        ({"profile_id": 9}, [1, 2, 3, 4]),
        ({"connector_id": 0}, [2, 3]),
        ({"connector_id": 3}, [1, 2, 3, 4]),
        ({"purpose": Purpose.TX_DEFAULT}, [4]),
        ({"stack_level": 1}, [1, 3]),
        ({"connector_id": 1, "purpose": Purpose.TX_DEFAULT}, [1, 4, 3]),
        ({"connector_id": 0, "stack_level": 1}, [1, 2, 3]),
        ({"profile_id": 1, "connector_id": 1}, [1, 2, 3, 4]),  # all that is given must match (errata 3.25)
        ({}, []),
    ],
)
def test_clear_takes_what_matches_everything_given(
    aio: Run, tmp_path: Path, criteria: dict[str, Any], left: list[int]
) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, profile((0, 9_000), profile_id=1, level=0))
            await put(station, 1, profile((0, 9_000), profile_id=2, level=1))
            await put(station, 2, profile((0, 9_000), profile_id=3, level=0))
            await put(station, 0, profile((0, 9_000), profile_id=4, level=1, purpose="ChargePointMaxProfile"))
            cleared = await station.core.commands.profiles.clear(**criteria)
            assert cleared == 4 - len(left)
            assert sorted(ids(station)) == sorted(left)
            assert [row[0] for row in rows(tmp_path)] == sorted(left)

    aio(story())


# --- restarts ---------------------------------------------------------------------------------------------------


def test_a_resumed_session_keeps_its_profile_and_its_schedules_begin(
    aio: Run, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.charging.acts", "goes on after a restart")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            session = station.core.sessions.bay(1).session
            assert session is not None
            began = session.started_at
            relative = profile((0, 20_000), (120, 7_000), purpose="TxProfile", chargingProfileKind="Relative")
            await put(station, 1, relative)
        loop_now = station.core.clock.now()
        async with core_on(tmp_path, start=loop_now - timedelta(seconds=station.core.clock.monotonic())) as again:
            assert ids(again) == [1]
            await again.until(lambda: again.connector(1).status == "Charging")
            assert again.connector(1).limit_w == 20_000
            due_s = 120 - (again.core.clock.now() - began).total_seconds()
            await seconds(due_s - 0.05)
            assert again.connector(1).limit_w == 20_000
            await seconds(0.05 + STEP_S)
            assert again.connector(1).limit_w == 7_000

    aio(story())


def test_a_profile_whose_session_was_lost_meanwhile_is_removed(
    aio: Run, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.charging.transactions", "closed after power loss")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, profile((0, 9_000), profile_id=1))
            await charge(station)
            await put(station, 1, profile((0, 15_000), profile_id=2, purpose="TxProfile"))
        async with core_on(tmp_path, start=START + timedelta(hours=5)) as again:
            assert ids(again) == [1]
            assert rows(tmp_path) == [(1, 0, 0)]

    aio(story())


def test_a_damaged_profile_is_skipped_told_and_can_be_cleared(
    aio: Run, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.charging.profiles", r"charging profile 7 cannot be read .*kiosk profiles clear 7")
    expected_log("kiosk.station.charging.profiles", "charging profile 8 cannot be read")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, profile((0, 9_000), profile_id=1))
        with sqlite3.connect(tmp_path / "station.sqlite3") as sql:
            for profile_id, payload, at in ((7, "{", START.isoformat()), (8, "{}", "yesterday")):
                sql.execute(
                    "INSERT INTO charging_profiles VALUES (?, 1, 'TxDefaultProfile', ?, NULL, ?, ?)",
                    (profile_id, profile_id, payload, at),
                )
        async with core_on(tmp_path) as station:
            profiles = station.core.commands.profiles
            assert ids(station) == [1, 7, 8]
            assert [view.problem is not None for view in profiles.list()] == [False, True, True]
            await charge(station)
            await seconds(1)
            assert station.connector(1).limit_w == 9_000, "the others are obeyed"
            assert await profiles.clear(profile_id=7) == 1
            await put(station, 1, profile((0, 8_000), profile_id=5, level=8))  # takes the place of 8
            assert sorted(ids(station)) == [1, 5]
            assert [row[0] for row in rows(tmp_path)] == [1, 5]

    aio(story())


# --- remote start -----------------------------------------------------------------------------------------------


def test_a_remote_start_s_profile_holds_from_the_first_watt(aio: Run, tmp_path: Path) -> None:
    mine = profile((0, 6_000), purpose="TxProfile", chargingProfileKind="Relative")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            commands = station.core.commands
            assert commands.profiles.refusal_of_start(mine) is None
            assert await commands.remote_start("E36432E5", 1, mine)
            await station.until(lambda: station.connector(1).status == "Preparing")
            assert ids(station) == [], "the transaction has not begun"
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Charging")
            session = station.core.sessions.bay(1).session
            assert session is not None
            assert [(v.profile_id, v.in_force, v.limit) for v in commands.profiles.list()] == [(1, True, 6_000)]
            await seconds(10)
            assert station.connector(1).limit_w == 6_000
            # the backend may give the session another one in its place
            session.transaction_id = 11
            await put(station, 1, mine | {"chargingProfileId": 2, "transactionId": 11})
            assert ids(station) == [2]
            await station.core.sessions.stop(1, StopReason.REMOTE)
            await seconds(1)
            assert ids(station) == []

    aio(story())


def test_a_remote_start_that_nobody_plugged_in_for_leaves_nothing(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "30")]) as station:
            mine = profile((0, 6_000), purpose="TxProfile")
            assert await station.core.commands.remote_start("E36432E5", 1, mine)
            await seconds(35)
            await charge(station)
            await seconds(2)
            assert ids(station) == []
            assert (station.connector(1).limit_w or 0) > 6_000

    aio(story())


@pytest.mark.parametrize(
    "change",
    [
        {"chargingProfilePurpose": "TxDefaultProfile"},
        {"chargingProfilePurpose": "ChargePointMaxProfile"},
        {"transactionId": 0},
        {"stackLevel": 11},
        {"chargingProfileKind": "Recurring"},
    ],
)
def test_a_remote_start_with_a_wrong_profile(aio: Run, tmp_path: Path, change: dict[str, Any]) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            wrong = profile((0, 6_000), purpose="TxProfile") | change
            assert station.core.commands.profiles.refusal_of_start(wrong) is not None

    aio(story())


# --- look -------------------------------------------------------------------------------------------------------


def test_the_schedule_that_is_told(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            bounded(station, "ChargingScheduleMaxPeriods", 3)
            profiles = station.core.commands.profiles
            assert [span.limit for span in profiles.composite(0, 60).spans] == [51_646.3], "what the stacks have"
            assert [span.limit for span in profiles.composite(1, 60, Unit.AMPERE).spans] == [125.0]
            for level in range(4):
                until = (START + timedelta(hours=4 - level)).isoformat()
                await put(
                    station, 1, profile((0, 1_000 * (4 - level)), profile_id=level, level=level, validTo=until)
                )
            cut = profiles.composite(1, 5 * 3600)
            assert [span.limit for span in cut.spans] == [1_000, 2_000, 3_000]
            assert cut.duration_s == 3 * 3600
            with pytest.raises(NotPossible, match="-1 s"):
                profiles.composite(1, -1)
            with pytest.raises(UnknownConnector):
                profiles.composite(4, 60)

    aio(story())


def test_a_date_that_is_none_is_no_profile(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            with pytest.raises(BadValue, match="validTo"):
                await station.core.commands.profiles.set(1, profile((0, 1_000), validTo="tomorrow"))

    aio(story())
