"""Cycles of a cable: into a car and out again is one, charged or not, whatever becomes of the core meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.cli.status import as_dict
from tests.fakes.bench import Bench
from tests.fakes.core import RunningCore, charge, core_on

CARD = "04AE179C4F6181"
Story = Callable[[RunningCore], Awaitable[None]]


def cycles(station: RunningCore) -> list[int]:
    return [c.cycles for c in station.core.state.snapshot.connectors]


async def out(station: RunningCore, connector_id: int = 1) -> None:
    station.sim.unplug(connector_id)
    await station.until(lambda: not station.connector(connector_id).plugged, 5)


async def nothing(station: RunningCore) -> None:
    """The driver plugs in, thinks again and leaves."""
    station.sim.plug(1)
    await asyncio.sleep(2)


async def finished(station: RunningCore) -> None:
    await station.core.commands.whitelist_add(CARD)
    await charge(station)
    await station.core.commands.stop(1)


async def pulled(station: RunningCore) -> None:
    """Out by force, in the middle of a session."""
    await station.core.commands.whitelist_add(CARD)
    await charge(station)


async def halfway(station: RunningCore) -> None:
    """Never locked: fault 15 ends the preparation, yet the plug was in."""
    await station.core.commands.whitelist_add(CARD)
    station.sim.plug(1, seated=False)
    await station.core.commands.start(1, CARD)
    await asyncio.sleep(2)


async def out_of_service(station: RunningCore) -> None:
    await station.core.commands.change_availability(1, operative=False)
    station.sim.plug(1)
    await asyncio.sleep(2)


@pytest.mark.parametrize("use", [nothing, finished, pulled, halfway, out_of_service])
def test_one_visit_is_one_cycle(aio: Any, tmp_path: Path, expected_log: Callable[..., None], use: Story) -> None:
    if use is halfway:
        expected_log("kiosk.station.charging", "fault_raised 15")
        expected_log("kiosk.station.charging", "fault_cleared 15")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            assert cycles(station) == [0, 0, 0]
            await use(station)
            assert cycles(station) == [0, 0, 0], "counted when the plug is out again"
            await out(station)
            assert cycles(station) == [1, 0, 0]
            await asyncio.sleep(60)
            assert cycles(station) == [1, 0, 0]
            assert station.sim.state().connectors[0].cycles == 1
            told = json.loads(msgspec.json.encode(as_dict(station.core.state.snapshot)))
            assert [c["cycles"] for c in told["connectors"]] == [1, 0, 0]

    aio(story())


@pytest.mark.parametrize("end", ["stopped", "reset", "killed"])
@pytest.mark.parametrize("when", ["before", "plugged", "after"])
def test_no_restart_counts_twice_and_none_loses_one(
    aio: Any, tmp_path: Path, expected_log: Callable[..., None], end: str, when: str
) -> None:
    """The core goes before the plug is in, while it is in, or right after it was pulled."""
    if end == "reset":
        expected_log("kiosk.station.service", "Soft reset")

    async def before() -> None:
        async with core_on(tmp_path) as station:
            station.sim.plug(2)
            await asyncio.sleep(1)
            await out(station, 2)
            if when != "before":
                station.sim.plug(1)
                await asyncio.sleep(1)
            if when == "after":
                station.sim.unplug(1)  # and not a moment later
            if end == "killed":
                station.running.cancel()  # nothing more is stored
            elif end == "reset":
                from kiosk.model.enums import ResetKind

                assert station.core.commands.request_reset(ResetKind.SOFT)
                await asyncio.wait_for(asyncio.shield(station.running), 60)

    async def after() -> None:
        async with core_on(tmp_path) as station:
            assert cycles(station) == [1 if when == "after" else 0, 1, 0]
            if when == "plugged":
                assert station.connector(1).plugged
                await out(station)
                assert cycles(station) == [1, 1, 0]

    with contextlib.suppress(asyncio.CancelledError):
        aio(before())
    aio(after())


@given(steps=st.lists(st.sampled_from(["plug", "unplug", "die"]), max_size=30))
@settings(max_examples=60)
def test_it_is_the_number_of_plugs_that_were_pulled(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("cycles")
    bench = Bench(folder)
    plugged, pulled_out = False, 0
    for step in steps:
        if step == "die":
            bench = Bench(folder, clock=bench.clock)  # the old one stores nothing more
        elif step == "plug" and not plugged:
            bench.sim.control.plug(2)
            plugged = True
        elif step == "unplug" and plugged:
            bench.sim.control.unplug(2)
            plugged, pulled_out = False, pulled_out + 1
        assert (bench[2].plugged, bench[2].cycles) == (plugged, pulled_out)
    assert [port.cycles for port in bench.sim.connectors] == [0, pulled_out, 0, 0]


PLUGGER = """
import sys
from pathlib import Path
from tests.fakes.bench import Bench

bench = Bench(Path(sys.argv[1]))
while True:
    if bench[1].plugged:
        bench.sim.control.unplug(1)
    bench.sim.control.plug(1)
    print(bench[1].cycles, flush=True)
"""


def test_sigkill_at_any_instant_loses_no_cycle_that_was_told(tmp_path: Path) -> None:
    """A program that plugs and pulls as fast as it can, killed over and over."""
    root = Path(__file__).resolve().parents[3]
    known = 0
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", PLUGGER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
        ) as program:
            assert program.stdout is not None
            told = [int(program.stdout.readline()) for _ in range(25)]
            program.send_signal(signal.SIGKILL)
            told += [int(line) for line in program.stdout if line.endswith("\n")]
        assert told == list(range(told[0], told[0] + len(told)))
        # the program begins by pulling the plug that the last one left in
        assert known <= told[0] <= known + 2
        after = Bench(tmp_path)[1]
        assert told[-1] <= after.cycles <= told[-1] + 1, "the one that was not told yet, at most"
        known = after.cycles
