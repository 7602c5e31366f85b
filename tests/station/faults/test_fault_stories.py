"""Any faults, plugs, cards, buttons and restarts in any order at one connector, watched all the time.

The counts of a run stand in its output (``-s``); ``packaging/test --long`` plays many more.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import async_solipsism
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocpp.v16 import call

from kiosk.model.enums import ChargePointErrorCode
from kiosk.model.errors import NotPossible
from kiosk.model.faults import EMERGENCY_STOP, FAULTS, FaultScope, blocks_start, gravest, stops_charging
from kiosk.station.charging.connector import LEGAL_STATUSES
from kiosk.station.ocpp import status as ocpp_status
from tests.conftest import LogWatch
from tests.fakes.site import CARD, Site
from tests.station.faults import stage

CODES = [code for code, row in FAULTS.items() if row.scope is FaultScope.CONNECTOR]
LOUD = (18, 19, 20, 22, 50)
"""Those that come in many phases, or stay."""
DEEDS: list[tuple[Any, ...]] = [
    *[("fault", code) for code in (*CODES, *LOUD, *LOUD)],
    *[("clear", code) for code in LOUD],
    *[("charge",)] * 16,
    *[("calm",)] * 8,
    *[("clear all",), ("plug",), ("unplug",), ("card",), ("remote",), ("stop",), ("unlock",)] * 2,
    *[("press", True), ("press", False)] * 2,
    *[("door", True), ("door", False)],
    *[("restart", meanwhile) for meanwhile in (None, 18, 20, "press")],
    *[("wait", seconds) for seconds in (0.3, 5, 40)],
]


class Story:
    """``watch`` looks at the hardware in every tenth of a second, ``check`` at the whole when it is at rest."""

    def __init__(self, site: Site, counts: Counter[str]) -> None:
        self.site = site
        self.counts = counts
        self.told_before = 0

    async def watch(self) -> None:
        """The contactor is never closed with a fault raised that stops charging, whatever the core is doing."""
        while True:
            port = stage.port(self.site)
            raised = set(port.faults)
            if self.site.station.core.hardware.station.emergency_stop:
                raised.add(EMERGENCY_STOP)
            assert not (port.contactor_closed and stops_charging(raised)), raised
            self.counts["looks at the contactor"] += 1
            await asyncio.sleep(0.1)

    async def do(self, what: str, *given: Any) -> None:
        site, sim = self.site, self.site.station.sim
        self.counts["steps"] += 1
        try:
            match what, given:
                case "charge", ():
                    if not site.station.connector(1).plugged:
                        sim.plug(1, soc_percent=30)
                    await self.card()
                    await asyncio.sleep(12)
                case "fault", (code,):
                    sim.fault(1, code)
                    self.counts["faults"] += 1
                case "clear", (code,):
                    sim.clear(1, code)
                case "clear all", ():
                    for code in CODES:
                        sim.clear(1, code)
                case "calm", ():
                    sim.emergency_stop(False)
                    for code in CODES:
                        sim.clear(1, code)
                    sim.unplug(1)
                case "plug", ():
                    sim.plug(1, soc_percent=30)
                case "unplug", ():
                    sim.unplug(1)
                case "card", ():
                    await self.card()
                case "remote", ():
                    blocked = self.blocked
                    answer = await site.ask(call.RemoteStartTransaction(id_tag=CARD, connector_id=1))
                    assert not (blocked and answer.status == "Accepted")
                case "stop", ():
                    await site.station.core.commands.stop(1)
                case "unlock", ():
                    answer = await site.ask(call.UnlockConnector(connector_id=1))
                    lock_fault = stage.port(site).faults & {15, 16, 17}
                    assert answer.status == ("UnlockFailed" if lock_fault else "Unlocked")
                case "press", (pressed,):
                    sim.emergency_stop(pressed)
                    self.counts["emergency stops"] += pressed
                case "door", (is_open,):
                    sim.door(is_open)
                case "restart", (meanwhile,):
                    await self.restart(meanwhile)
                case "wait", (seconds,):
                    await asyncio.sleep(seconds)
        except NotPossible:
            pass  # unplugging what is not plugged, and the like: the story goes on
        await asyncio.sleep(3)
        self.check()

    async def card(self) -> None:
        blocked = self.blocked
        outcome = await self.site.card(1)
        self.counts["sessions"] += outcome.authorized
        assert not (blocked and outcome.authorized), "a start was accepted while it was blocked"

    @property
    def blocked(self) -> bool:
        pressed = self.site.station.core.hardware.station.emergency_stop
        return pressed or blocks_start(stage.port(self.site).faults)

    async def restart(self, meanwhile: int | str | None) -> None:
        hardware: Any = self.site.station.core.hardware
        self.counts["restarts"] += 1
        await self.site.close()
        if meanwhile == "press":
            hardware.control.emergency_stop(True)
            hardware.control.emergency_stop(False)
        elif meanwhile is not None:
            hardware.control.fault(1, meanwhile)
        hardware.close()
        await self.site.boot()

    def check(self) -> None:
        core, connector = self.site.station.core, self.site.station.connector(1)
        bay = core.sessions.bays[1]
        raised = set(stage.port(self.site).faults)
        pressed = core.hardware.station.emergency_stop
        if pressed:
            raised.add(EMERGENCY_STOP)
        counted = set(connector.faults)
        assert raised <= counted, "what the hardware tells counts"
        for code in counted - raised:
            assert (
                FAULTS[code].latched_until_replug
                or code in bay.levels.codes | core.sessions.alarms._acts.station.codes
            )
        assert (connector.status == "Faulted") is blocks_start(counted)
        assert connector.vendor_error_code == gravest(counted).code
        assert (bay.session is not None and not bay.session.over) is bay.running
        if blocks_start(counted):
            assert not bay.running
        station = core.state.snapshot.station
        assert station.emergency_stop or not pressed
        for told, picture in (
            (stage.told_of(self.site, 1)[-1], ocpp_status.of_connector(connector)),
            (stage.told_of(self.site, 0)[-1], ocpp_status.of_station(station)),
        ):
            assert stage.brief(told) == (picture.status, picture.error_code, str(picture.vendor_error_code))
        told = stage.told_of(self.site, 1)[-1]
        assert told["errorCode"] == gravest(counted).error_code
        warned = told["errorCode"] == ChargePointErrorCode.EV_COMMUNICATION_ERROR
        assert (told["status"] == "Faulted") is (blocks_start(counted) and not warned)

    async def end(self) -> None:
        """All is taken away: the connector is as good as new, and every transaction has one end."""
        await self.do("press", False)
        await self.do("clear all")
        await self.do("unplug")
        await self.do("wait", 40)
        assert self.site.station.connector(1).status == "Available"
        await stage.replug_and_charge(self.site)
        starts = [f.payload for f in self.site.calls("StartTransaction")]
        stops = [f.payload for f in self.site.calls("StopTransaction")]
        assert len(stops) == len(starts) == len(self.site.central.transactions)
        assert len({s["transactionId"] for s in stops}) == len(stops)
        for start, stop in zip(starts, stops, strict=True):  # one connector: one after the other
            assert stop["meterStop"] >= start["meterStart"]
        self.counts["transactions"] += len(starts)
        self.counts["statuses told"] += len(stage.told_of(self.site, 1))
        levels = [e for e in await stage.events(self.site, 1) if e[0] != "fault_flapping"]
        for code in CODES:
            kinds = [kind for kind, each in levels if each == code]
            assert kinds == ["fault_raised", "fault_cleared"] * (len(kinds) // 2), (code, kinds)


def play(folder: Path, steps: list[Any], minimum_s: int, counts: Counter[str]) -> None:
    """One story on a virtual loop of its own."""

    async def story() -> None:
        keys = [("MinimumStatusDuration", str(minimum_s)), ("ConnectionTimeOut", "30")]
        fast = ["hardware.speed=4"]
        async with stage.theatre(folder, lambda *_: None, "CCS", *keys, install=fast) as site:
            told = Story(site, counts)
            watching = asyncio.create_task(told.watch())
            for step in steps:
                await told.do(*step)
                if watching.done():
                    break
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            if not watching.cancelled():
                watching.result()
            if minimum_s == 0:
                words = [word for n, word in site.station.statuses if n == 1]
                for old, new in itertools.pairwise(words):
                    assert (old, new) in {(o.value, n.value) for o, n in LEGAL_STATUSES}, f"{old} became {new}"
            await told.end()

    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        runner.run(story())


def _stories(many: int) -> Any:
    return settings(
        max_examples=many,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


STEPS = st.permutations(DEEDS).map(lambda deeds: deeds[:14])
"""Drawn like cards from a pack: a list of single draws comes out with little else but the same few."""


def _any_story(folder: Path, log_watch: LogWatch, steps: list[Any], counts: Counter[str]) -> None:
    counts["stories"] += 1
    play(folder, steps, 0, counts)
    errors = [r.getMessage() for r in log_watch.records if r.levelname in ("ERROR", "CRITICAL")]
    log_watch.records.clear()  # faults and restarts are warned of, and here they are what happens
    assert errors == []


def test_any_story(log_watch: LogWatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    counts: Counter[str] = Counter()

    @_stories(25)
    @given(steps=STEPS)
    def stories(steps: list[Any]) -> None:
        _any_story(tmp_path_factory.mktemp("story"), log_watch, steps, counts)

    stories()
    print(dict(counts))
    assert counts["faults"] > 50, counts
    assert counts["transactions"] > 35, counts
    assert min(counts["restarts"], counts["emergency stops"]) > 2, counts


@pytest.mark.long
def test_many_stories(log_watch: LogWatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    counts: Counter[str] = Counter()

    @_stories(600)
    @given(steps=STEPS)
    def stories(steps: list[Any]) -> None:
        _any_story(tmp_path_factory.mktemp("story"), log_watch, steps, counts)

    stories()
    print(dict(counts))
