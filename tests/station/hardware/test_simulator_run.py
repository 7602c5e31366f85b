"""The simulator's own life on an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.model.clock import LoopClock
from kiosk.model.enums import Phase
from kiosk.station.hardware.ports import ConnectorEvent, PhaseChanged
from kiosk.station.hardware.simulator import build
from kiosk.station.hardware.simulator.simulator import STEP_S
from tests.fakes.bench import Bench, installation

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def loop_clock() -> LoopClock:
    return LoopClock(asyncio.get_running_loop().time, datetime(2026, 11, 22, 12, tzinfo=UTC))


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_a_session_runs_by_itself_on_virtual_time(tmp_path: Path, aio: Run) -> None:
    async def session() -> list[tuple[float, Phase]]:
        clock = loop_clock()
        sim = build(installation(), tmp_path, clock)
        seen: list[tuple[float, Phase]] = []

        def listen(event: ConnectorEvent) -> None:
            if isinstance(event, PhaseChanged):
                seen.append((clock.monotonic() - began, event.phase))

        port = sim.connectors[0]
        port.subscribe(listen)
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.05)
        began = clock.monotonic()
        sim.control.plug(1)
        port.start()
        await asyncio.sleep(30)
        await stopped(running)
        return seen

    seen = aio(session())
    assert [phase for _, phase in seen][-1] is Phase.SUSPENDED_EVSE
    times = {phase: at_s for at_s, phase in seen}
    expected = {
        Phase.SLAC: 0,
        Phase.LINK: 1.5,
        Phase.V2G: 4.5,
        Phase.LOCK: 9.5,
        Phase.CABLE_CHECK: 11,
        Phase.ENERGY: 27.5,
    }
    for phase, at_s in expected.items():
        assert at_s <= times[phase] <= at_s + 2 * STEP_S


def test_events_come_at_once_but_never_inside_the_call(tmp_path: Path, aio: Run) -> None:
    async def plugged() -> tuple[int, int]:
        sim = build(installation(), tmp_path, loop_clock())
        heard: list[ConnectorEvent] = []
        sim.connectors[0].subscribe(heard.append)
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.05)
        sim.control.plug(1)
        inside = len(heard)
        await asyncio.sleep(0)
        after = len(heard)
        await stopped(running)
        return inside, after

    assert aio(plugged()) == (0, 2)


def test_readings_come_ten_times_a_second(tmp_path: Path, aio: Run) -> None:
    async def ages() -> list[float]:
        clock = loop_clock()
        sim = build(installation(), tmp_path, clock)
        assert sim.connectors[0].reading() is None
        running = asyncio.create_task(sim.run())
        seen = []
        for _ in range(50):
            await asyncio.sleep(0.033)
            seen.append(max(clock.monotonic() - c.reading().at_s for c in sim.connectors))  # type: ignore[union-attr]
        await stopped(running)
        return seen

    assert max(aio(ages())) <= STEP_S + 0.001


def test_the_world_is_stored_on_the_way_out(tmp_path: Path, aio: Run) -> None:
    async def charge() -> float:
        sim = build(installation(stacks=2), tmp_path, loop_clock(), speed=60)
        port = sim.connectors[0]
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0)
        sim.control.plug(1)
        sim.stacks.assign(1, 2)
        port.start()
        for _ in range(53):
            port.set_limit_w(50_000)
            await asyncio.sleep(0.1)
        await stopped(running)
        soc = sim.control.state().connectors[0].soc_percent
        assert soc is not None
        return soc

    soc = aio(charge())
    assert soc > 22
    assert Bench(tmp_path).sim.control.state().connectors[0].soc_percent == soc


def test_a_listener_that_fails_does_not_stop_the_world(tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.hardware", "a listener of the hardware failed")
    bench = Bench(tmp_path)

    def broken(_: ConnectorEvent) -> None:
        raise RuntimeError("bug")

    bench[1].subscribe(broken)
    bench.sim.control.plug(1)
    bench.sim.control.plug(2)
    bench.sim.step()
    assert bench.phases(2) == [Phase.PLUGGED]


def test_four_charging_connectors_are_cheap(tmp_path: Path) -> None:
    """Budget: the core with four connectors at ten readings a second takes 3 % of a processor."""
    bench = Bench(tmp_path)
    for number in (1, 2, 3, 4):
        bench.begin(number, soc_percent=10, stacks=1, limit_w=20_000)
    best = 1.0
    for _ in range(3):
        began_s = time.process_time()
        bench.wait(20)
        best = min(best, (time.process_time() - began_s) / 20)
    assert all(bench[n].contactor_closed for n in (1, 2, 3, 4))
    assert best < 0.02, f"{best:.2%} of a processor"
