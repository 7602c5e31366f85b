"""A whole station under a load-management controller, on virtual time: limits, silence, 0 W, restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from kiosk.model.enums import LimitReason, Page, RefusalReason
from tests.fakes.controller import CARD, FALLBACK_W, GRID_W, PORT, dc_w, load, managed
from tests.fakes.core import RunningCore, charge, core_on

pytestmark = pytest.mark.filterwarnings("ignore:Ignoring socket option")


def statuses(station: RunningCore) -> list[str]:
    return [connector.status.value for connector in station.core.state.snapshot.connectors]


def test_the_controllers_limit_holds_at_once_and_is_named(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(GRID_W)
            await charge(station, 1, CARD)
            await station.until(lambda: (station.connector(1).power_w or 0) > 45_000)
            await controller.keep(20_000)
            assert station.connector(1).limit_w == dc_w(20_000)  # before the answer has left
            assert station.connector(1).limit_reason is LimitReason.MODBUS
            await asyncio.sleep(1.0)
            assert (station.connector(1).power_w or 0) <= dc_w(20_000)
            assert await controller.reads(110, 2) == dc_w(20_000)
            await controller.keep(60_000)
            await station.until(lambda: (station.connector(1).power_w or 0) > 45_000, 60)
            await controller.keep(12_345, n=1)
            assert station.connector(1).limit_w == 12_345
            assert station.connector(1).limit_reason is LimitReason.MODBUS
            assert await controller.reads(100, 2, holding=True) == 12_345
            assert await controller.reads(0, 2, holding=True) == 60_000

    aio(story())


def test_more_than_there_is_is_taken_as_what_there_is(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.limit(2**32 - 1)
            await controller.limit(2**32 - 1, n=2)
            assert controller.fault == 0
            assert load(station).available_w == GRID_W
            assert await controller.reads(0, 2, holding=True) == GRID_W
            assert await controller.reads(200, 2, holding=True) == 50_000

    aio(story())


def test_silence_falls_back_and_the_next_write_takes_it_back_at_once(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.commands.load_management", "the controller is silent")

    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.limit(40_000)
            await controller.limit(10_000, n=2)
            assert await controller.reads(18) == 1
            await asyncio.sleep(4.9)
            assert load(station).connected
            assert load(station).available_w == 40_000
            await asyncio.sleep(0.4)  # the timeout is 5 s, the control step 0.25 s
            assert not load(station).connected
            assert load(station).available_w == FALLBACK_W
            assert load(station).connectors[1].limit_w is None  # released
            assert await controller.reads(18) == 0
            assert await controller.reads(200, 2, holding=True) == 50_000
            assert await controller.reads(0, 2, holding=True) == 40_000  # holds again with its next word
            await controller.limit(9_000, n=1)
            assert await controller.reads(18) == 1
            assert load(station).available_w == 40_000
            assert [each.limit_w for each in load(station).connectors] == [9_000, None, None]

    aio(story())


def test_a_running_session_follows_into_the_fallback_and_back(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.commands.load_management", "the controller is silent")

    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(60_000)
            await charge(station, 1, CARD)
            await station.until(lambda: (station.connector(1).power_w or 0) > 45_000)
            await controller.rest()
            await asyncio.sleep(6.5)
            assert station.connector(1).limit_reason is LimitReason.FALLBACK
            assert station.connector(1).limit_w == dc_w(FALLBACK_W)
            assert (station.connector(1).power_w or 0) <= dc_w(FALLBACK_W)
            await controller.keep(60_000)
            assert station.connector(1).limit_reason is not LimitReason.FALLBACK
            await station.until(lambda: (station.connector(1).power_w or 0) > 45_000, 30)

    aio(story())


def test_nobody_who_speaks_after_a_start_means_the_fallback(
    aio: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "kiosk.station.commands.load_management")

    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            assert (load(station).connected, load(station).available_w) == (False, FALLBACK_W)
            assert await controller.reads(0, 2, holding=True) == GRID_W
            await asyncio.sleep(60)
            assert (load(station).connected, load(station).available_w) == (False, FALLBACK_W)
            assert not load(station).heard
            assert load(station).fallback

    aio(story())
    assert "no controller has written since the start" in caplog.text


def test_a_new_core_remembers_no_limit(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.limit(0)
            await controller.limit(0, n=1)
            assert load(station).available_w == 0
        async with managed(tmp_path) as (station, controller):
            assert (load(station).available_w, load(station).written_w) == (FALLBACK_W, None)
            assert [each.limit_w for each in load(station).connectors] == [None] * 3

    aio(story())


@pytest.mark.parametrize("reads_feed", [False, True])
def test_reads_are_a_sign_of_life_only_where_the_installation_says_so(
    aio: Any, tmp_path: Path, reads_feed: bool, expected_log: Any
) -> None:
    if not reads_feed:
        expected_log("kiosk.station.commands.load_management", "the controller is silent")

    async def story() -> None:
        install = f"modbus.reads_feed_watchdog={str(reads_feed).lower()}"
        async with managed(tmp_path, install) as (station, controller):
            await controller.limit(40_000)
            for _ in range(10):
                await asyncio.sleep(1)
                await controller.reads(0)
            assert load(station).connected is reads_feed
            assert load(station).available_w == (40_000 if reads_feed else FALLBACK_W)

    aio(story())


@pytest.mark.parametrize("words", [[0], [0, 1, 2], []])
def test_a_write_that_was_refused_is_no_sign_of_life(aio: Any, tmp_path: Path, words: list[int]) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            for _ in range(7):
                await asyncio.sleep(1)
                if words:
                    await controller.write(0, words)
                else:
                    await controller.write(2, [0, 77])  # reactive power alone
            assert not load(station).connected
            assert load(station).available_w == FALLBACK_W
            assert load(station).reactive_var == (0 if words else 77)

    aio(story())


def test_without_power_nothing_starts_and_idle_connectors_are_unavailable(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(0)
            await asyncio.sleep(0.5)
            assert statuses(station) == ["Unavailable"] * 3
            assert all(connector.withheld for connector in station.core.state.snapshot.connectors)
            assert [await controller.reads(address) for address in (3, 100, 200, 300)] == [8, 8, 8, 8]
            assert station.page == Page.STANDBY  # a pause is not out of service
            outcome = await station.core.commands.start(1, CARD)
            assert outcome.reason is RefusalReason.NO_POWER_FREE
            assert not await station.core.commands.remote_start(CARD, None)
            station.sim.plug(2, soc_percent=30)
            await asyncio.sleep(1)
            assert statuses(station) == ["Unavailable", "Preparing", "Unavailable"]
            outcome = await station.core.commands.start(2, CARD)
            assert outcome.reason is RefusalReason.NO_POWER_FREE
            await controller.keep(30_000)
            await asyncio.sleep(0.5)
            assert statuses(station) == ["Available", "Preparing", "Available"]
            assert not any(connector.withheld for connector in station.core.state.snapshot.connectors)
            assert (await station.core.commands.start(2, CARD)).authorized

    aio(story())


def test_a_connector_without_power_is_alone_in_that(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(0, n=2)
            await asyncio.sleep(0.5)
            assert statuses(station) == ["Available", "Unavailable", "Available"]
            assert [await controller.reads(address) for address in (3, 100, 200)] == [0, 0, 8]
            assert [await controller.reads(address, 2) for address in (110, 210)] == [50_000, 0]
            await charge(station, 1, CARD)
            await controller.keep(999, n=2)  # below what it needs: the same
            await asyncio.sleep(0.5)
            assert statuses(station) == ["Charging", "Unavailable", "Available"]

    aio(story())


@pytest.mark.parametrize("n", [0, 1])
def test_a_session_without_power_waits_and_goes_on(aio: Any, tmp_path: Path, n: int) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(GRID_W, n)
            await charge(station, 1, CARD)
            await asyncio.sleep(20)
            await controller.keep(0, n)
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE", 5)
            assert station.connector(1).limit_reason is LimitReason.MODBUS
            assert await controller.reads(100) == 5
            await asyncio.sleep(1.0)
            assert station.connector(1).power_w == 0
            assert statuses(station)[1:] == (["Unavailable"] * 2 if n == 0 else ["Available"] * 2)
            await asyncio.sleep(300)
            session = station.connector(1).session
            assert station.connector(1).status == "SuspendedEVSE"
            assert session is not None
            assert session.ended_at is None
            before_wh = session.energy_wh
            await controller.keep(40_000, n)
            await station.until(lambda: station.connector(1).status == "Charging", 60)
            await asyncio.sleep(60)
            assert station.connector(1).session is not None
            assert station.connector(1).energy_wh > before_wh
            assert station.connector(1).session.local_id == session.local_id

    aio(story())


def test_a_trickle_keeps_a_session_charging(aio: Any, tmp_path: Path) -> None:
    """1547 W is what a well-known controller writes to pause."""

    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(GRID_W)
            await charge(station, 1, CARD)
            await controller.keep(1_547, n=1)
            await asyncio.sleep(30)
            assert station.connector(1).status == "Charging"
            assert 0 < (station.connector(1).power_w or 0) <= 1_547
            assert await controller.reads(100) == 3

    aio(story())


def test_a_fallback_of_nothing_withholds_as_well(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path, keys=(("GridFallbackPower", "0"),)) as (station, controller):
            await asyncio.sleep(5.5)
            assert statuses(station) == ["Unavailable"] * 3
            await controller.limit(30_000)
            await asyncio.sleep(0.5)
            assert statuses(station) == ["Available"] * 3

    aio(story())


def test_an_operators_word_outlives_the_release(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            await controller.keep(0)
            await station.core.commands.change_availability(1, operative=False)
            await asyncio.sleep(0.5)
            assert [c.withheld for c in station.core.state.snapshot.connectors] == [False, True, True]
            await controller.keep(30_000)
            await asyncio.sleep(0.5)
            assert statuses(station) == ["Unavailable", "Available", "Available"]

    aio(story())


def test_who_was_let_in_before_waits_at_the_plug_without_power(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path, keys=(("ConnectionTimeOut", "300"),)) as (station, controller):
            await controller.keep(GRID_W)
            assert (await station.core.commands.start(1, CARD)).authorized
            await controller.keep(0)
            await asyncio.sleep(1)
            assert statuses(station) == ["Preparing", "Unavailable", "Unavailable"]
            assert await controller.reads(100) == 1
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE", 90)
            assert station.connector(1).energy_wh == 0
            await controller.keep(40_000)
            await station.until(lambda: station.connector(1).status == "Charging", 60)

    aio(story())


def test_two_controllers_the_last_word_counts(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with managed(tmp_path) as (station, controller):
            async with AsyncModbusTcpClient("127.0.0.1", port=PORT) as other:
                await controller.limit(40_000)
                assert not (await other.write_registers(0, [0, 15_000])).isError()
                assert load(station).available_w == 15_000
                await controller.limit(16_000)
                assert load(station).available_w == 16_000
            await asyncio.sleep(0.2)

    aio(story())


def test_without_the_key_nobody_listens(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, install=[f"modbus.port={PORT}"]) as station:
            await asyncio.sleep(10)
            assert station.core.state.snapshot.listen.modbus is None
            assert not load(station).enabled
            assert load(station).available_w == GRID_W
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", PORT)

    aio(story())
