"""Minutes to 80 % and to 100 % stand on the screen only while energy flows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import Page, Phase
from kiosk.station.charging.connector import Stage
from kiosk.station.hardware.ports import Reading
from tests.fakes.bench import Bench
from tests.fakes.core import RunningCore, charge, core_on

CARD = "04AE179C4F6181"
KEYS = [("ModbusLoadManagementEnabled", "true"), ("GridFallbackTimeout", "600")]


def left(station: RunningCore) -> tuple[int | None, int | None]:
    shown = station.connector(1)
    return shown.time_to_80_s, shown.time_to_100_s


@pytest.mark.parametrize("pause", ["car", "station"])
def test_a_paused_session_promises_nothing(aio: Any, tmp_path: Path, pause: str) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=KEYS) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station)
            await station.until(lambda: left(station)[0] is not None, 10)
            assert all(left(station))
            if pause == "car":
                station.sim.request(1, 0)
            else:
                station.core.supply.controller.limit_station(0, station.core.clock.monotonic())
            await station.until(lambda: station.connector(1).status.startswith("Suspended"), 10)
            await asyncio.sleep(0.5)
            for _ in range(5):
                assert station.connector(1).power_w == 0
                assert left(station) == (None, None)
                assert station.page == Page.CHARGING
                await asyncio.sleep(0.2)
            if pause == "car":
                station.sim.request(1, None)
                await station.until(lambda: station.connector(1).status == "Charging", 10)
                await station.until(lambda: all(left(station)), 10)

    aio(story())


@pytest.mark.parametrize(
    ("stage", "power_w", "told"),
    [
        (Stage.CHARGING, 40_000, True),
        (Stage.CHARGING, None, True),  # the car tells its time, the meter nothing: both may be so
        (Stage.CHARGING, 0, False),
        (Stage.SUSPENDED_EV, 0, False),
        (Stage.SUSPENDED_EV, 200, False),  # the climate control of a full car
        (Stage.SUSPENDED_EVSE, 0, False),
        (Stage.STOPPING, 20_000, False),
        (Stage.FINISHED, 0, False),
    ],
)
def test_whatever_the_car_goes_on_telling(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage, power_w: int | None, told: bool
) -> None:
    """Real cars repeat their last estimate for ever."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            bay = station.core.sessions.bays[1]
            at_s = station.core.clock.monotonic()
            reading = Reading(at_s=at_s, power_w=power_w, time_to_80_s=600, time_to_100_s=1800)
            monkeypatch.setattr(bay.port, "reading", lambda: reading)
            bay.stage = stage
            station.core.sessions.publish(bay)
            assert left(station) == ((600, 1800) if told else (None, None))
            bay.stage = Stage.IDLE

    aio(story())


def test_the_simulated_car_estimates_by_what_it_asks_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1, soc_percent=30)
    bench.wait(5)

    def told() -> int | None:
        reading = port.reading()
        assert reading is not None
        return reading.time_to_80_s

    fast_s = told()
    bench.sim.control.request(1, 10_000)
    bench.wait(5)
    slow_s = told()
    assert fast_s is not None
    assert slow_s is not None
    assert slow_s > 2 * fast_s
    bench.sim.control.request(1, 0)
    bench.wait(5)
    assert port.phase is Phase.SUSPENDED_EV
    assert told() is None
