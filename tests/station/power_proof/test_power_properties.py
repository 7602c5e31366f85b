"""Any cars, limits and failures, in any order, on the whole core in virtual time: what may never be otherwise.

The counts of a run stand at its end. ``--long`` plays many more stories.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import async_solipsism
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kiosk.model.enums import RefusalReason
from tests.conftest import LogWatch
from tests.station.power_proof.deeds import CARS, CHARGES, Arrive, Deed, change, deeds
from tests.station.power_proof.judge import Judge
from tests.station.power_proof.known import KNOWN, PREPARED_S, Story
from tests.station.power_proof.plant import Plant, meant_warnings

BUILDS = ("CCS,CCS,CHAdeMO,CCS_AC", "CCS,CCS,CHAdeMO", "CCS,CHAdeMO,GBT", "CCS,CCS_AC")
SETTLED_S = 20.0
LOOKS, LOOK_S = 40, 0.3
BACK_S = 45.0
"""By then who can charge does: the longest preparation takes 30 s, a session that was ended begins again."""


@st.composite
def stories(draw: st.DrawFn) -> Story:
    connectors = draw(st.sampled_from(BUILDS))
    stacks = draw(st.sampled_from([2, 2, 2, 1, 3]))
    keys = {
        "ChargingStrategy": draw(st.sampled_from(["FCFS", "FAIR"])),
        "ModbusLoadManagementEnabled": draw(st.sampled_from(["false", "true"])),
    }
    pause = st.sampled_from([0.1, 0.3, 1.0, 2.0, 10.0, 35.0])
    count = connectors.count(",") + 1
    first = draw(st.lists(st.builds(Arrive, st.integers(1, count), CARS, CHARGES), max_size=4))
    begun: list[tuple[float, Deed]] = [(PREPARED_S if arrival is first[-1] else 0.5, arrival) for arrival in first]
    happens = draw(st.lists(st.tuples(pause, deeds(count)), min_size=3, max_size=20))
    return connectors, stacks, keys, begun + happens


class Tally(Counter[str]):
    """What was gone through, over all stories of this module."""

    def line(self) -> str:
        return (
            f"{self['stories']} stories, {self['seconds']} simulated seconds, {self['deeds']} deeds, "
            f"{self['control steps']} control steps, {self['looks']} looks at what flows; "
            f"limits seen to bind: {', '.join(sorted(k[6:] for k in self if k.startswith('named ')))}"
        )


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    counted = Tally()
    yield counted
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\npower properties: {counted.line()}")


def play(story: Story, folder: Path, watch: LogWatch, tally: Tally) -> None:
    """The story, then its happy end."""
    with meant_warnings(watch.records), asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        runner.run(_play(story, folder, tally))


async def _play(story: Story, folder: Path, tally: Tally) -> None:
    connectors, stacks, keys, happens = story
    plant = Plant(folder, connectors, stacks, keys)
    await plant.start()
    judge = Judge(plant)
    try:
        for n in range(1, connectors.count(",") + 2):
            await plant.core.commands.whitelist_add(f"04AE179C4F618{n}")
        for pause_s, deed in happens:
            await deed.do(plant, judge)
            judge.note_law()
            await plant.live(pause_s)
            assert not judge.broken, judge.broken[:3]
        await _nobody_is_left_behind(plant, judge)
        await _it_comes_to_rest(plant, judge)
        assert not judge.broken, judge.broken[:3]
    finally:
        await plant.stop()
    tally.update({"stories": 1, "deeds": len(happens), "seconds": round(plant.now_s)})
    tally.update({"control steps": judge.control_steps, "looks": judge.ticks})
    tally.update(f"named {reason}" for reason in judge.named)


async def _nobody_is_left_behind(plant: Plant, judge: Judge) -> None:
    """Every limit, fault and whim is gone: who can get power gets it again."""
    for name, text in plant.usual_keys.items():
        if name != "ChargingStrategy":
            await change(plant, name, text)
    await plant.core.commands.profiles.clear()
    plant.law.plans.clear()
    judge.note_law()
    plant.sim.heat(None)
    plant.sim.emergency_stop(False)
    for port in plant.hardware.connectors:
        for code in port.faults | port.armed:
            plant.sim.clear(port.id, code)
        if port.plugged:
            plant.sim.disobey(port.id, False)
            plant.sim.request(port.id, None)
    await plant.live(BACK_S)
    bays = plant.core.sessions.bays
    begun = False
    for bay in bays.values():
        if bay.port.plugged and not bay.running and not bay.faulted:
            refused = await plant.core.sessions.start(bay.id, f"04AE179C4F618{bay.id}")
            assert refused in (None, RefusalReason.NO_POWER_FREE), (bay.id, refused)
            begun = begun or refused is None
            await plant.live(1.0)
    await plant.live(BACK_S if begun else 1.0)
    for bay in bays.values():
        port = plant.hardware.connector(bay.id)
        if bay.running and port.vehicle is not None and port.vehicle.wanted_w > 0:
            share = plant.core.supply.allocation.share(bay.id) if plant.core.supply.allocation else None
            assert plant.draw_w(port) > 0, f"connector {bay.id} gets nothing: {share}, {bay.stage}"


async def _it_comes_to_rest(plant: Plant, judge: Judge) -> None:
    """With the same wishes and the same limits nothing swings.

    A battery's voltage rises while it charges, so watts that hang on amperes may go one way, never back.
    """
    for port in plant.hardware.connectors:
        if port.vehicle is not None:
            plant.sim.request(port.id, int(port.vehicle.wanted_w / 2))
    await plant.live(SETTLED_S)
    counted = [c.id for c in plant.hardware.connectors if c.vehicle is None or c.vehicle.draw.soc_percent < 90]
    seen = []
    for _ in range(LOOKS):
        await plant.live(LOOK_S)
        seen.append([plant.core.state.connector(n) for n in counted])
    for of_one in zip(*seen, strict=True):
        kinds = [kind for kind, _ in groupby((c.limit_reason, c.shared_with, c.status) for c in of_one)]
        assert len(kinds) == len(set(kinds)), f"connector {of_one[0].id} goes back and forth: {kinds}"
        watts = [c.limit_w or 0 for c in of_one]
        assert watts in (sorted(watts), sorted(watts, reverse=True)), f"connector {of_one[0].id} swings: {watts}"


QUICK = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # the same stories each time: nothing to shrink without --long
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, derandomize=False, phases=(Phase.reuse, Phase.generate, Phase.shrink))
ROUNDS = 50
"""Of ``--long``, each with stories of its own: one test that lasts for minutes would look like one that hangs."""


@pytest.mark.parametrize("name", KNOWN)
def test_known_edges(name: str, tmp_path: Path, log_watch: LogWatch, tally: Tally) -> None:
    play(KNOWN[name], tmp_path, log_watch, tally)


@given(story=stories())
@QUICK
def test_whatever_happens_the_limits_hold_and_everybody_is_served(
    story: Story, tmp_path_factory: pytest.TempPathFactory, log_watch: LogWatch, tally: Tally
) -> None:
    play(story, tmp_path_factory.mktemp("plant"), log_watch, tally)


@pytest.mark.long
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_the_same_with_many_more_stories(
    turn: int, tmp_path_factory: pytest.TempPathFactory, log_watch: LogWatch, tally: Tally
) -> None:
    @given(story=stories())
    @LONG
    def new_ones(story: Story) -> None:
        play(story, tmp_path_factory.mktemp("plant"), log_watch, tally)

    new_ones()
