"""Meter values of a whole core at its central system: grids, means, clocks that are moved or unset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend.central import CentralSystem, Options
from kiosk.model.enums import Provenance, StopReason
from tests.fakes.core import START, core_on
from tests.fakes.site import CARD, PORT, Site, site_on

Expected = Callable[..., None]
ENERGY = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"


def told(here: Site, context: str, connector_id: int = 1) -> list[tuple[datetime, dict[str, float]]]:
    """(time, values) of that context in MeterValues, in the order of arrival."""
    found = []
    for frame in here.calls("MeterValues"):
        if frame.payload["connectorId"] != connector_id:
            continue
        for value in frame.payload["meterValue"]:
            if value["sampledValue"][0]["context"] == context:
                values = {s["measurand"]: float(s["value"]) for s in value["sampledValue"]}
                found.append((datetime.fromisoformat(value["timestamp"]), values))
    return found


def stop_data(here: Site, context: str) -> list[tuple[datetime, dict[str, float]]]:
    """The same out of the newest StopTransaction."""
    return [
        (
            datetime.fromisoformat(value["timestamp"]),
            {s["measurand"]: float(s["value"]) for s in value["sampledValue"]},
        )
        for value in here.calls("StopTransaction")[-1].payload.get("transactionData", [])
        if value["sampledValue"][0]["context"] == context
    ]


def seconds(times: list[tuple[datetime, Any]]) -> list[float]:
    return [(b - a).total_seconds() for (a, _), (b, _) in pairwise(times)]


def test_a_slot_is_told_at_its_end_with_its_begin_and_means(
    aio: Any, tmp_path: Path, expected_log: Expected
) -> None:
    """Lesson 15: on the grid of the day, to the millisecond, whenever the station began."""

    async def story() -> None:
        aligned = f"{ENERGY},{INTERVAL},Power.Active.Import"
        keys = [
            ("ClockAlignedDataInterval", "60"),
            ("MeterValuesAlignedData", aligned),
            ("MeterValueSampleInterval", "10"),
        ]
        await asyncio.sleep(23.4)
        async with site_on(tmp_path, expected_log, *keys) as here:
            await here.charge(1)
            await here.settle(300)
            slots = told(here, "Sample.Clock")
            assert all((at - START).total_seconds() % 60 == 0 for at, _ in slots)
            assert set(seconds(slots)) == {60.0}
            arrivals = [
                f.at
                for f in here.calls("MeterValues")
                if f.payload["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Clock"
                and f.payload["connectorId"] == 1
            ]
            for arrived, (begin, _) in zip(arrivals, slots, strict=True):
                assert 60 <= (arrived - begin).total_seconds() < 62, "told at the end, stamped with the begin"
            steady = slots[-2:]
            for _, values in steady:
                mean_w = values["Power.Active.Import"]
                assert values[INTERVAL] == pytest.approx(mean_w / 60, rel=0.02), "the mean explains the energy"
            assert steady[1][1][ENERGY] - steady[0][1][ENERGY] == steady[0][1][INTERVAL]
            assert ENERGY not in slots[0][1], "the session began in it, so its register is not the slot's"
            by_time = sorted([*slots, *told(here, "Sample.Periodic")], key=lambda reading: reading[0])
            registers = [values[ENERGY] for _, values in by_time if ENERGY in values]
            assert registers == sorted(registers)

    aio(story())


def test_a_session_has_its_own_part_of_a_slot(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    """The cut slot at its end stands in StopTransaction, not in a message of its own."""

    async def story() -> None:
        keys = [
            ("ClockAlignedDataInterval", "900"),
            ("MeterValuesAlignedData", INTERVAL),
            ("StopTxnAlignedData", f"{INTERVAL},Power.Active.Import"),
            ("MeterValueSampleInterval", "0"),
            ("StopTxnSampledData", ENERGY),
        ]
        async with site_on(tmp_path, expected_log, *keys) as here:
            await here.settle(800)
            await here.charge(1)
            await here.settle(400)
            await here.stop(1)
            transaction = here.transaction
            in_stop = stop_data(here, "Sample.Clock")
            assert [at for at, _ in in_stop] == [START, START + timedelta(seconds=900)]
            energy = sum(values[INTERVAL] for _, values in in_stop)
            assert transaction.meter_stop_wh is not None
            assert energy == transaction.meter_stop_wh - transaction.meter_start_wh, "the parts are the whole"
            [(at, values)] = told(here, "Sample.Clock")
            assert (at, values) == (START, {INTERVAL: in_stop[0][1][INTERVAL]})

    aio(story())


def test_an_interval_that_is_changed_while_a_session_runs(
    aio: Any, tmp_path: Path, expected_log: Expected
) -> None:
    async def story() -> None:
        keys = [("MeterValueSampleInterval", "30"), ("ClockAlignedDataInterval", "0")]
        async with site_on(tmp_path, expected_log, *keys) as here:
            await here.charge(1)
            began = here.station.connector(1).session
            assert began is not None
            assert began.started_at is not None
            await here.settle(100)
            for interval_s in (7, 60, 0, 10):
                await here.set("MeterValueSampleInterval", str(interval_s))
                mark, since = len(told(here, "Sample.Periodic")), here.now
                await here.settle(125)
                new = told(here, "Sample.Periodic")[mark:]
                if interval_s == 0:
                    assert not new
                    continue
                assert set(seconds(new)) == {interval_s}
                assert all((at - began.started_at).total_seconds() % interval_s == 0 for at, _ in new)
                assert (new[0][0] - since).total_seconds() <= interval_s, "at once, not after the old interval"

    aio(story())


@pytest.mark.parametrize("jump_s", [-3600, -5, 5, 3600])
def test_a_clock_that_jumps_moves_no_sample_and_no_duration(
    aio: Any, tmp_path: Path, expected_log: Expected, jump_s: int
) -> None:
    """Lesson 14: distances and durations are the monotonic clock's; stamps are the best time there is."""

    async def story() -> None:
        keys = [
            ("MeterValueSampleInterval", "10"),
            ("ClockAlignedDataInterval", "60"),
            ("HeartbeatInterval", "86400"),
        ]
        async with site_on(tmp_path, expected_log, *keys) as here:
            await here.charge(1)
            await here.settle(60)
            core, session = here.station.core, here.station.connector(1).session
            assert session is not None
            before = len(here.calls("MeterValues"))
            core.clock.correct(core.clock.now() + timedelta(seconds=jump_s))  # type: ignore[attr-defined]
            await here.settle(100)
            arrivals = [
                f.at
                for f in here.calls("MeterValues")[before:]
                if f.payload["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Periodic"
            ]
            gaps = [round((b - a).total_seconds()) for a, b in pairwise(arrivals)]
            assert set(gaps) <= {9, 10, 11}, gaps
            assert len(arrivals) >= 9
            stamps = told(here, "Sample.Periodic")
            assert abs((stamps[-1][0] - core.clock.now()).total_seconds()) < 12, "true again at once"
            aligned = told(here, "Sample.Clock")
            assert all((at - START).total_seconds() % 60 == 0 for at, _ in aligned)
            assert aligned[-1][0] <= core.clock.now()
            await here.stop(1)
            over = here.station.connector(1).session
            assert over is not None
            assert over.started_s is not None
            assert over.duration_s == pytest.approx(asyncio.get_running_loop().time() - over.started_s, abs=4)
            [stop] = here.calls("StopTransaction")
            [start] = here.calls("StartTransaction")
            assert stop.payload["timestamp"] >= start.payload["timestamp"]

    aio(story())


def test_nothing_is_told_before_the_time_is_known(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    """Lesson 14: a machine that wakes up in 1970 charges at once; all the same every stamp told is true."""
    expected_log("kiosk.station.ocpp", "backend: ")

    async def story() -> None:
        loop = asyncio.get_running_loop()
        central = CentralSystem(Options(), now=lambda: START + timedelta(seconds=loop.time()))
        await central.start("127.0.0.1", PORT)
        url = central.url
        await central.stop()
        keys = [
            ("WebSocketUrl", url),
            ("HycKioskModeEnabled", "true"),
            ("MeterValueSampleInterval", "20"),
            ("ClockAlignedDataInterval", "30"),
        ]
        async with core_on(tmp_path, keys=keys, start=datetime(1970, 1, 1, 0, 0, 40, tzinfo=UTC)) as station:
            station.sim.plug(1, soc_percent=20)
            await station.until(lambda: station.connector(1).status == "Charging")
            await asyncio.sleep(100)
            began_s = station.connector(1).session.started_s  # type: ignore[union-attr]
            await central.start("127.0.0.1", PORT)
            await station.until(lambda: station.core.backend.online, 300)
            online_s = loop.time()
            await asyncio.sleep(90)
            await station.core.commands.stop(1, StopReason.LOCAL)
            await asyncio.sleep(10)
            frames = list(central.recorder.calls())
            assert frames[0].action == "BootNotification"
            stamps = [
                datetime.fromisoformat(at)
                for f in frames
                for at in (
                    f.payload.get("timestamp"),
                    *(v["timestamp"] for v in f.payload.get("meterValue", ())),
                    *(v["timestamp"] for v in f.payload.get("transactionData", ())),
                )
                if at is not None
            ]
            assert len(stamps) > 15
            assert all(
                START - timedelta(seconds=60) <= at <= START + timedelta(seconds=loop.time()) for at in stamps
            )
            (transaction,) = central.transactions.values()
            truly = START + timedelta(seconds=began_s)
            assert abs((datetime.fromisoformat(transaction.started_at) - truly).total_seconds()) < 0.5
            aligned = [
                datetime.fromisoformat(v["timestamp"])
                for f in frames
                if f.action == "MeterValues"
                for v in f.payload["meterValue"]
                if v["sampledValue"][0]["context"] == "Sample.Clock"
            ]
            assert aligned, "the grid is found once the time is known"
            assert min(aligned) >= START + timedelta(seconds=online_s - 31), "and not before"
            [record] = await station.core.commands.sessions(1)
            assert abs((record.started_at - truly).total_seconds()) < 0.5
            shown = station.connector(1).session
            assert shown is not None
            assert shown.started_at == record.started_at, "the driver's screen is right too"
        await central.stop()

    aio(story())


def test_a_heartbeat_corrects_the_clock(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    """Lesson 14: not only BootNotification.conf does; and it is a security event when it is much."""

    async def story() -> None:
        async with site_on(tmp_path, expected_log, ("HeartbeatInterval", "60")) as here:
            core = here.station.core
            await core.commands.change_key("HeartbeatInterval", "60", Provenance.OPERATOR)
            core.clock.correct(core.clock.now() - timedelta(minutes=5))  # type: ignore[attr-defined]
            await here.settle(150)
            assert abs((core.clock.now() - here.now).total_seconds()) < 1
            kinds = [event.type.value for event in await core.security.events(None, None)]
            assert "SettingSystemTime" in kinds

    aio(story())


def test_of_ac_the_first_phase_is_told(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    async def story() -> None:
        keys = [
            ("MeterValueSampleInterval", "10"),
            ("MeterValuesSampledData", "Voltage.L1-N,Current.Import.L1,Current.Offered,SoC,Temperature"),
        ]
        async with site_on(tmp_path, expected_log, *keys, connectors="CCS,CCS_AC") as here:
            await here.charge(2, CARD)
            await here.settle(60)
            _, values = told(here, "Sample.Periodic", 2)[-1]
            assert values["Voltage.L1-N" if "Voltage.L1-N" in values else "Voltage"] == 230.0
            [frame] = [f for f in here.calls("MeterValues") if f.payload["connectorId"] == 2][-1:]
            phases = {s["measurand"]: s.get("phase") for s in frame.payload["meterValue"][0]["sampledValue"]}
            assert phases["Voltage"] == "L1-N"
            assert phases["Current.Import"] == "L1"
            assert phases["Current.Offered"] is None

    aio(story())


def test_only_the_battery_has_a_location(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    """TC_070: a location is told where it is not the outlet, which is the default."""

    async def story() -> None:
        keys = [
            ("MeterValueSampleInterval", "10"),
            ("MeterValuesSampledData", f"{ENERGY},{INTERVAL},SoC,Power.Offered,Temperature,Current.Offered"),
        ]
        async with site_on(tmp_path, expected_log, *keys) as here:
            await here.charge(1)
            await here.settle(60)
            [frame] = here.calls("MeterValues")[-1:]
            sampled = frame.payload["meterValue"][0]["sampledValue"]
            assert {s["measurand"]: s.get("location") for s in sampled} == {
                ENERGY: None,
                INTERVAL: None,
                "SoC": "EV",
                "Power.Offered": None,
                "Temperature": None,
                "Current.Offered": None,
            }
            energy = [values for _, values in told(here, "Sample.Periodic")]
            for before, after in pairwise(energy):
                assert after[INTERVAL] == after[ENERGY] - before[ENERGY]

    aio(story())
