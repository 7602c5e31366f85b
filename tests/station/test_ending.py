"""The mains fail while a back-up supply keeps the core alive."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.model.enums import RefusalReason, ResetKind, StopReason
from kiosk.model.errors import NotPossible
from tests.fakes.core import charge, core_on

CARD = "04AE179C4F6181"
BACKUP = ["hardware.backup_supply_s=30"]


def test_the_mains_fail_and_come_back(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.ending", "the mains failed, the back-up supply lasts 30 s")
    expected_log("kiosk.station.ending", "the mains are back")

    async def story() -> None:
        async with core_on(tmp_path, install=BACKUP) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station)
            await station.until(lambda: (station.connector(1).power_w or 0) > 0)
            station.sim.mains(False)
            await station.until(lambda: station.connector(1).status == "Finishing")
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.POWER_LOSS
            assert record.meter_stop_wh == station.connector(1).meter_wh
            again = await station.core.commands.start(1, CARD)
            assert again.reason is RefusalReason.STATION_STOPPING
            station.sim.mains(True)
            await asyncio.sleep(1)
            again = await station.core.commands.start(1, CARD)
            assert again.authorized
            await station.until(lambda: station.connector(1).status == "Charging")

    aio(story())


def test_without_mains_nothing_flows(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.ending", "the mains failed")

    async def story() -> None:
        async with core_on(tmp_path, install=BACKUP) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station)
            await station.until(lambda: (station.connector(1).power_w or 0) > 20_000)
            station.sim.mains(False)
            await asyncio.sleep(0.3)
            before = station.connector(1).meter_wh
            await asyncio.sleep(5)
            assert not station.connector(1).power_w
            assert before is not None
            assert (station.connector(1).meter_wh or 0) - before <= 5

    aio(story())


def test_mains_that_come_back_do_not_undo_a_reset(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.ending", "the mains")
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        async with core_on(tmp_path, install=BACKUP) as station:
            station.sim.mains(False)
            await asyncio.sleep(1)
            assert station.core.commands.request_reset(ResetKind.SOFT)
            station.sim.mains(True)
            await asyncio.sleep(0.5)
            assert station.core.sessions.stopping
            assert await station.running is ResetKind.SOFT

    aio(story())


def test_whoever_is_about_to_plug_in_when_the_mains_fail_does_not_begin(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.ending", "the mains failed")

    async def story() -> None:
        async with core_on(tmp_path, install=BACKUP) as station:
            await station.core.commands.whitelist_add(CARD)
            assert (await station.core.commands.start(1, CARD)).authorized
            station.sim.mains(False)
            await asyncio.sleep(1)
            station.sim.plug(1, soc_percent=30)
            await asyncio.sleep(10)
            assert station.connector(1).session is None
            assert await station.core.commands.sessions(10) == []

    aio(story())


def test_a_session_that_ends_by_itself_meanwhile_does_not_hold_up_a_reset(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station)
            stop = station.core.sessions.stop

            async def driver_is_quicker(connector_id: int, reason: StopReason) -> None:
                await stop(connector_id, StopReason.LOCAL)
                await stop(connector_id, reason)

            station.core.sessions.stop = driver_is_quicker  # type: ignore[method-assign, assignment]
            assert station.core.commands.request_reset(ResetKind.SOFT)
            assert await station.running is ResetKind.SOFT
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.LOCAL

    aio(story())


def test_a_reset_that_was_promised_happens_whatever_goes_wrong(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.service", "Soft reset")
    expected_log("kiosk.station.tasks", "reset failed")

    async def story() -> None:
        async with core_on(tmp_path) as station:

            async def fails(*_: Any) -> None:
                raise RuntimeError("nobody foresaw this")

            station.core.ending = SimpleNamespace(end_all=fails)  # type: ignore[assignment]
            assert station.core.commands.request_reset(ResetKind.SOFT)
            assert await station.running is ResetKind.SOFT

    aio(story())


def test_a_station_without_back_up_supply_has_no_such_moment(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            with pytest.raises(NotPossible, match="no back-up supply"):
                station.sim.mains(False)

    aio(story())
