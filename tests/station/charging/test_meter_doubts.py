"""Meters that lie, at a whole station with its central system: what is billed, told, lit and written down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import StopReason
from kiosk.model.faults import METER_ERROR
from kiosk.station.hardware.simulator.registers import OFF_BY_WH, MeterLie, Registers
from kiosk.station.hardware.simulator.simulator import FOLDER
from tests.fakes.core import START, RunningCore, core_on
from tests.fakes.site import CARD, Site, site_on

LIES = [lie for lie in MeterLie if lie is not MeterLie.OK]
RED, GREEN = "FF0000", "00FF00"
KEYS = (("MeterValueSampleInterval", "5"), ("MeterValuesSampledData", "Energy.Active.Import.Register"))


def words(lie: MeterLie) -> str:
    return {
        MeterLie.STUCK: "did not rise with the energy that flowed",
        MeterLie.JUMP: "rose by more than can have flowed",
        MeterLie.BACK: "went backwards",
        MeterLie.SILENT: "cannot be read",
    }[lie]


def allow_fault(site: Site, lie: MeterLie) -> None:
    site.allow("kiosk.station.charging", words(lie))
    site.allow("kiosk.station.charging", "fault_raised 22")


def registers_told(site: Site, after: int = 0) -> list[int]:
    """Energy registers of all MeterValues."""
    return [
        round(float(sampled["value"]))
        for frame in site.calls("MeterValues", after)
        for value in frame.payload["meterValue"]
        for sampled in value["sampledValue"]
        if sampled.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
    ]


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_ends_the_session_with_the_last_true_register(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None], lie: MeterLie
) -> None:
    async def story() -> None:
        async with site_on(tmp_path, expected_log, *KEYS) as site:
            await site.charge(1)
            await site.settle(60)
            allow_fault(site, lie)
            mark, true_wh = site.mark, site.ring(1).meter_wh
            site.station.sim.meter(1, lie)
            await site.status_is(1, "Faulted", 20)
            await site.until(lambda: bool(site.calls("StopTransaction", mark)), 5)
            [stop] = site.calls("StopTransaction", mark)
            assert stop.payload["reason"] == "Other"
            assert true_wh - 1 <= stop.payload["meterStop"] <= true_wh + 5
            told = registers_told(site)
            assert told == sorted(told)
            assert max(told) <= stop.payload["meterStop"]
            assert site.transaction.meter_stop_wh == stop.payload["meterStop"]
            # and whoever looks is told
            await site.settle()
            [notice] = [
                f.payload for f in site.calls("StatusNotification", mark) if f.payload["status"] == "Faulted"
            ]
            assert (notice["errorCode"], notice["vendorErrorCode"]) == ("PowerMeterFailure", "22")
            assert notice["info"] == "MeterError"
            await site.settle(4)
            assert site.ring(1).led_seen == RED
            assert not site.ring(1).contactor_closed
            assert site.snapshot.connectors[0].faults == (METER_ERROR,)
            log = await site.station.core.events.list()
            [event] = [e for e in log if e.kind == "meter_doubted"]
            assert words(lie) in event.text
            assert (event.connector_id, event.code) == (1, METER_ERROR)
            # nobody begins there, the neighbour does
            assert not (await site.card(1)).authorized
            await site.charge(2)

    aio(story())


def test_the_next_car_is_a_new_trial(aio: Any, tmp_path: Path, expected_log: Callable[..., None]) -> None:
    """A meter that was mended meanwhile charges on; the fault is a level and is told as gone."""

    async def story() -> None:
        async with site_on(tmp_path, expected_log, *KEYS) as site:
            await site.charge(1)
            allow_fault(site, MeterLie.STUCK)
            site.station.sim.meter(1, MeterLie.STUCK)
            await site.status_is(1, "Faulted", 60)
            site.station.sim.meter(1, MeterLie.OK)
            await site.settle(60)
            assert site.station.connector(1).status == "Faulted"
            expected_log("kiosk.station.charging", "fault_cleared 22")
            mark = site.mark
            site.station.sim.unplug(1)
            await site.status_is(1, "Available", 20)
            await site.settle()
            last = [f.payload for f in site.calls("StatusNotification", mark) if f.payload["connectorId"] == 1][-1]
            assert (last["status"], last["errorCode"]) == ("Available", "NoError")
            assert site.ring(1).led_seen == GREEN
            before_wh = site.ring(1).meter_wh
            await site.charge(1)
            await site.settle(60)
            await site.leave(1)
            assert site.transaction.meter_start_wh == before_wh
            assert site.transaction.meter_stop_wh == site.ring(1).meter_wh

    aio(story())


def test_a_meter_that_stays_broken_is_given_up(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    """Three cars find it standing still; then nobody tries again till the core starts anew."""

    async def story() -> None:
        async with site_on(tmp_path, expected_log, *KEYS) as site:
            allow_fault(site, MeterLie.STUCK)
            expected_log("kiosk.station.charging", "fault_cleared 22")
            site.station.sim.meter(1, MeterLie.STUCK)
            for trial in range(1, 4):
                await site.charge(1, soc_percent=20)
                await site.status_is(1, "Faulted", 60)
                await site.settle()
                assert site.transaction.meter_start_wh == site.transaction.meter_stop_wh
                site.station.sim.unplug(1)
                if trial < 3:
                    await site.status_is(1, "Available", 20)
            await site.settle(300)
            assert site.station.connector(1).status == "Faulted"
            site.station.sim.meter(1, MeterLie.OK)
            await site.reset()
            assert site.station.connector(1).status == "Available"

    aio(story())


def test_a_meter_that_is_silent_while_nobody_charges_is_a_fault_too(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.charging", "cannot be read")
    expected_log("kiosk.station.charging", "fault_raised 22")
    expected_log("kiosk.station.charging", "fault_cleared 22")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.sim.meter(2, MeterLie.SILENT)
            await asyncio.sleep(9)
            assert station.connector(2).status == "Available"
            await station.until(lambda: station.connector(2).status == "Faulted", 3)
            assert station.connector(2).meter_wh is None
            station.sim.meter(2, MeterLie.OK)
            await station.until(lambda: station.connector(2).status == "Available", 12)

    aio(story())


def test_the_hardwares_own_word_is_told_once(aio: Any, tmp_path: Path, expected_log: Callable[..., None]) -> None:
    """It says that its meter failed and is well again; the core's doubts add nothing and take nothing away."""
    expected_log("kiosk.station.charging", "fault_raised 22")
    expected_log("kiosk.station.charging", "fault_cleared 22")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.sim.fault(1, METER_ERROR)
            await asyncio.sleep(120)
            station.sim.clear(1, METER_ERROR)
            await asyncio.sleep(60)
            events = await station.core.events.list()
            assert [e.kind for e in events if e.connector_id == 1] == ["fault_cleared", "fault_raised"]

    aio(story())


def test_a_meter_changed_between_two_cars_is_written_down_and_works(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.charging", "went backwards while nobody charged")

    async def story() -> None:
        async with site_on(tmp_path, expected_log, *KEYS) as site:
            site.station.sim.meter(1, MeterLie.BACK)
            await site.settle(60)
            assert site.station.connector(1).status == "Available"
            await site.charge(1)
            await site.settle(30)
            await site.leave(1)
            assert site.transaction.meter_start_wh < site.transaction.meter_stop_wh == site.ring(1).meter_wh
            [event] = [e for e in await site.station.core.events.list() if e.kind == "meter_doubted"]
            assert "while nobody charged" in event.text

    aio(story())


async def leave_charging(data_dir: Path, seconds: float = 25.0, **hardware: Any) -> int:
    """A core dies in the middle of a session; the register that it knew last."""
    async with core_on(data_dir, **hardware) as station:
        await station.core.commands.whitelist_add(CARD)
        station.sim.plug(1, soc_percent=30)
        assert (await station.core.commands.start(1, CARD)).authorized
        await station.until(lambda: station.connector(1).status == "Charging")
        await asyncio.sleep(seconds)
        [left] = await station.core.journal.open_transactions()
        station.running.cancel()  # as a power cut: no last checkpoint is taken
    return left.last_meter_wh


def cut(aio: Any, story: Any) -> Any:
    with contextlib.suppress(asyncio.CancelledError):
        return aio(story)
    return None


def replaced_meter(data_dir: Path, wh: int) -> None:
    """Another meter at connector 1."""
    path = data_dir / FOLDER / "registers.bin"
    path.unlink()
    registers = Registers(path, 3)
    registers.add(1, (wh - registers.wh(1)) * 1000)


@pytest.mark.parametrize("found", ["lower", "higher"])
def test_another_meter_after_a_restart_ends_the_session_where_it_was(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None], found: str
) -> None:
    """The difference of two meters is no energy."""
    expected_log("kiosk.station.charging", "Wh after a restart")
    expected_log("kiosk.station.charging", "closed after power loss")
    cut(aio, leave_charging(tmp_path))
    known_wh = 1_099_330
    if found == "higher":
        replaced_meter(tmp_path, known_wh + 500_000)
    else:
        (tmp_path / FOLDER / "registers.bin").unlink()  # a new one begins as it left its factory

    async def after() -> None:
        async with core_on(tmp_path, start=START + timedelta(minutes=2)) as station:
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.POWER_LOSS
            assert record.meter_stop_wh is not None
            assert 100 < record.meter_stop_wh - record.meter_start_wh < 600
            await asyncio.sleep(1)
            [event] = [e for e in await station.core.events.list() if e.kind == "meter_doubted"]
            assert f"stood at {record.meter_stop_wh} Wh" in event.text
            # the new meter is as good as the old one
            assert station.connector(1).status != "Faulted"
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            station.sim.plug(1, soc_percent=30)
            assert (await station.core.commands.start(1, CARD)).authorized
            await station.until(lambda: station.connector(1).status == "Charging")

    aio(after())


def test_the_same_meter_after_a_restart_goes_on(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    """What flowed between the last checkpoint and the open contactor is billed."""
    expected_log("kiosk.station.charging", "goes on after a restart")
    cut(aio, leave_charging(tmp_path, 27))

    async def after() -> None:
        async with core_on(tmp_path, start=START + timedelta(minutes=2)) as station:
            [left] = await station.core.journal.open_transactions()
            at_start_wh = station.sim.state().connectors[0].meter_wh
            assert at_start_wh is not None
            await station.until(lambda: station.connector(1).status == "Charging")
            await asyncio.sleep(30)
            await station.core.commands.stop(1)
            [record] = await station.core.commands.sessions(1)
            assert record.local_id == left.local_id
            assert record.meter_stop_wh == station.sim.state().connectors[0].meter_wh
            assert record.meter_stop_wh > at_start_wh > left.meter_start_wh

    aio(after())


@pytest.mark.parametrize("speed", ["1", "20", "600"])
def test_an_honest_station_is_never_accused(aio: Any, tmp_path: Path, speed: str) -> None:
    """Cars to the end of their charge, limits up and down, a clock that is set; any doubt would be in the log."""

    async def story() -> None:
        install = [f"hardware.speed={speed}"]
        keys = [("ChargingStrategy", "FAIR")]  # so that all three charge at once
        async with core_on(tmp_path, keys=keys, install=install, connectors="CCS,CHAdeMO,CCS_AC") as station:
            await station.core.commands.whitelist_add(CARD)
            for number in (1, 2, 3):
                station.sim.plug(number, soc_percent=97 if speed == "1" else 75)
                await station.core.commands.whitelist_add(f"E36432E{number}")
                assert (await station.core.commands.start(number, f"E36432E{number}")).authorized
            for limit_w in ("10000", "75000", "3000", "75000"):
                await set_key(station, "MaxGridPower", limit_w)
                await asyncio.sleep(120)
                station.core.clock.correct(station.core.clock.now() + timedelta(hours=1))
            await station.until(
                lambda: all(s != "Charging" for s in (station.connector(n).status for n in (1, 2))), 9000
            )
            for number in (1, 2, 3):
                bay = station.core.sessions.bays[number]
                assert bay.meter.doubt is None
                assert bay.meter.news == []
                if bay.running:
                    await station.core.commands.stop(number)
            for record in await station.core.commands.sessions(3):
                assert record.meter_stop_wh is not None
                assert record.meter_stop_wh > record.meter_start_wh

    aio(story())


async def set_key(station: RunningCore, name: str, value: str) -> None:
    from kiosk.model.enums import Provenance

    await station.core.commands.change_key(name, value, Provenance.OPERATOR)


def test_the_lie_of_a_meter_outlives_the_program(aio: Any, tmp_path: Path) -> None:
    """Also a station that starts with it: it is only another register then."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            true_wh = station.sim.state().connectors[0].meter_wh
            station.sim.meter(1, MeterLie.JUMP)
        async with core_on(tmp_path) as station:
            assert station.sim.state().connectors[0].meter_wh == (true_wh or 0) + OFF_BY_WH
            assert station.connector(1).status == "Available"
            await asyncio.sleep(30)
            assert station.connector(1).faults == ()

    aio(story())
