"""The core as a whole on virtual time, without a backend: sessions as drivers know them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from kiosk.model.enums import Page, RefusalReason, StopReason, Tap
from tests.fakes.core import core_on

CARD = "04AE179C4F6181"


def test_card_first_on_the_whitelist(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            core = station.core
            await core.commands.whitelist_add(CARD)
            core.host.tap(Tap.BEGIN, None)
            core.host.tap(Tap.SELECT, 1)
            assert station.page == Page.CARD
            station.sim.card(CARD)
            await station.until(lambda: station.page == Page.PLUG_IN)
            assert station.connector(1).status == "Preparing"
            station.sim.plug(1, soc_percent=40)
            await station.until(lambda: station.page == Page.PREPARING)
            await station.until(lambda: station.page == Page.CHARGING)
            await station.until(lambda: (station.connector(1).power_w or 0) > 40_000)
            session = station.connector(1).session
            assert session is not None
            await asyncio.sleep(120)
            assert (station.connector(1).energy_wh or 0) > 1000
            station.sim.card(CARD)
            await station.until(lambda: station.page == Page.FINISHED)
            assert station.connector(1).status == "Finishing"
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            [record] = await core.commands.sessions(10)
            assert record.reason is StopReason.LOCAL
            assert record.id_tag == CARD
            assert record.meter_stop_wh == station.connector(1).meter_wh
            assert [s for c, s in station.statuses if c == 1] == [
                "Preparing",
                "Charging",
                "Finishing",
                "Available",
            ]

    aio(story())


def test_an_unknown_card_is_refused_and_draws_nothing(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.sim.plug(1)
            await station.until(lambda: station.page == Page.CARD)
            station.sim.card("E36432E5")
            await station.until(lambda: station.page == Page.CARD_REFUSED)
            assert station.core.state.snapshot.dialogue.reason is RefusalReason.CARD_INVALID
            await asyncio.sleep(30)
            assert station.connector(1).session is None
            assert not station.connector(1).power_w
            assert await station.core.commands.sessions(10) == []

    aio(story())


def test_kiosk_mode_begins_with_the_plug(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(2)
            await station.until(lambda: station.page == Page.CHARGING)
            session = station.connector(2).session
            assert session is not None
            assert session.kiosk
            assert session.id_tag == "HycKioskTag2"
            station.core.host.tap(Tap.STOP, None)
            assert station.page == Page.STOP_CONFIRM
            station.core.host.tap(Tap.CONFIRM_STOP, None)
            await station.until(lambda: station.page == Page.FINISHED)

    aio(story())


def test_plug_in_time_out_returns_to_available_or_finishing(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "20")]) as station:
            await station.core.commands.whitelist_add(CARD)
            outcome = await station.core.commands.start(1, CARD)
            assert outcome.authorized
            station.sim.plug(2)
            await station.until(lambda: station.connector(2).status == "Preparing")
            await asyncio.sleep(21)
            assert station.connector(1).status == "Available"
            assert station.connector(2).status == "Finishing"
            again = await station.core.commands.start(2, CARD)  # a card is still accepted from there
            assert again.authorized
            await station.until(lambda: station.connector(2).status == "Charging")

    aio(story())


def test_two_cars_share_and_a_third_is_told(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        keys = [("HycKioskModeEnabled", "true"), ("ChargingStrategy", "FAIR")]
        async with core_on(tmp_path, keys=keys) as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: (station.connector(1).power_w or 0) > 40_000)
            station.sim.plug(2, soc_percent=30)
            await station.until(lambda: (station.connector(2).power_w or 0) > 20_000)
            assert (station.connector(1).power_w or 0) <= 25_000
            assert station.connector(1).shared_with == (2,)
            assert not station.connector(3).can_start
            outcome = await station.core.commands.start(3, None)
            assert outcome.reason is RefusalReason.NO_POWER_FREE

    aio(story())


def test_a_fault_stops_the_session_and_says_so(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging", "fault_raised 18")
    expected_log("kiosk.station.charging", "fault_cleared 18")

    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.fault(1, 18)
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Faulted")
            assert station.page == Page.FAULT
            assert station.connector(1).vendor_error_code == 18
            assert station.connector(1).error_code == "GroundFailure"
            await station.until(lambda: station.connector(1).session is not None and _over(station))
            station.sim.unplug(1)  # an isolation fault is latched till then
            await station.until(lambda: station.connector(1).status == "Available")
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.OTHER

    aio(story())


def _over(station: Any) -> bool:
    session = station.connector(1).session
    return session is not None and session.ended_at is not None


def test_a_reset_ends_the_session_and_leaves(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    """Lesson 21: the session first, under its own reason."""
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        from kiosk.model.enums import ResetKind

        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert station.core.commands.request_reset(ResetKind.SOFT)
            assert not station.core.commands.request_reset(ResetKind.SOFT)
            assert await station.running is ResetKind.SOFT
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.SOFT_RESET

    aio(story())


def test_a_session_goes_on_after_a_restart(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    """Lesson 5: what the hardware can go on with goes on."""
    expected_log("kiosk.station.charging", "goes on after a restart")

    async def before() -> str:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: (station.connector(1).energy_wh or 0) > 100)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            return session.local_id

    async def after(local_id: str) -> None:
        async with core_on(tmp_path) as station:
            assert station.page == Page.PREPARING
            await station.until(lambda: station.page == Page.CHARGING)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id == local_id
            energy = session.energy_wh or 0
            assert energy > 100
            await station.until(lambda: (station.connector(1).energy_wh or 0) > energy + 100)

    local_id = aio(before())
    aio(after(local_id))


def test_a_session_whose_car_left_meanwhile_is_closed(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    """Lesson 3: at the start of the program, whether a backend is there or not."""
    expected_log("kiosk.station.charging", "closed after power loss")

    async def before() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: (station.connector(1).energy_wh or 0) > 100)

    async def after() -> None:
        async with core_on(tmp_path) as station:
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.POWER_LOSS
            assert record.meter_stop_wh == station.connector(1).meter_wh
            assert station.connector(1).session is None

    aio(before())
    next(tmp_path.glob("simulator/*.json")).unlink()  # the car drove away while the core was down
    aio(after())
