"""One conversation of an evil backend with a whole core on virtual time, and what must hold whatever was said."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from kiosk.lab.fuzz.evil import GOOD, Evil
from kiosk.lab.fuzz.grammar import ELSEWHERE, Drive, Hang, Manners, Send, Step, Wait
from kiosk.model.clock import LoopClock
from kiosk.model.enums import Provenance
from kiosk.model.errors import KioskError
from kiosk.settings import Installation, Settings, table
from kiosk.station.hardware import simulator
from kiosk.station.hardware.simulator import Simulator
from kiosk.station.service import Core

START: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
IDENTITY: Final = "FUZZ-1"
CONNECTORS: Final = "CCS,CCS,CHAdeMO,CCS_AC"
INSTALL: Final = (
    "hardware.speed=10",
    "backend.retry_min_s=0.5",
    "backend.retry_max_s=2",
    "backend.retry_random_s=0",
    "backend.boot_retry_s=5",
)
FAULT: Final = 51
AWAIT_S: Final = 900.0


class Played(msgspec.Struct, kw_only=True):
    """What came of it."""

    findings: list[str]
    codes: dict[str, int]
    words: dict[str, int]
    frames: int
    calls: int
    answers: int
    sessions: int
    restarts: int


class Complaints(logging.Handler):
    """Records of ERROR and above from anywhere."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        told = f"{record.name}: {record.getMessage()}"
        self.lines.append(told if cause is None else f"{told} ({type(cause).__name__}: {str(cause)[:200]})")


class Station:
    """A core that is started again after every reset, on one data folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self.installation = Installation.load(None, list(INSTALL)).with_connectors(CONNECTORS)
        self._loop = asyncio.get_running_loop()
        self.core: Core | None = None
        self.hardware: Simulator | None = None
        self.starts = 0
        self._leaving = False

    async def live(self) -> None:
        """Until ``leave``. Raises what ends a core."""
        while not self._leaving:
            clock = LoopClock(self._loop.time, START + timedelta(seconds=self._loop.time()))
            hardware = simulator.build(self.installation, self._folder, clock, self.installation.hardware.speed)
            core = Core(
                data_dir=self._folder,
                installation=self.installation,
                clock=clock,
                hardware=hardware,
                start_options=[("WebSocketUrl", self._url), ("chargePointIdentity", IDENTITY)],
                launch="fuzz",
                doors=False,
            )
            self.starts += 1
            try:
                async with core:
                    running = asyncio.create_task(core.run())
                    await asyncio.sleep(0)
                    self.core, self.hardware = core, hardware
                    try:
                        await running
                    finally:
                        self.core = self.hardware = None
                        running.cancel()
                        await asyncio.gather(running, return_exceptions=True)
            finally:
                hardware.close()
            await asyncio.sleep(0.5)

    def leave(self) -> None:
        self._leaving = True
        if self.core is not None:
            self.core.stop()

    def restart(self) -> None:
        if self.core is not None:
            self.core.stop()

    async def drive(self, deed: Drive) -> None:
        """What people and cars do; a refusal is fine."""
        core, hardware = self.core, self.hardware
        if core is None or hardware is None:
            return
        sim, number = hardware.control, deed.connector_id
        with suppress(KioskError):
            match deed.deed:
                case "plug":
                    sim.plug(number, soc_percent=40)
                case "unplug":
                    sim.unplug(number)
                case "card":
                    sim.card("04AE179C4F6181")
                case "start":
                    async with asyncio.timeout(60):
                        await core.commands.start(number, f"TAG-{number}")
                case "stop":
                    async with asyncio.timeout(60):
                        await core.commands.stop(number)
                case "fault":
                    sim.fault(number, FAULT)
                case "clear":
                    sim.clear(number, FAULT)


async def play(steps: Sequence[Step], folder: Path) -> Played:
    """Play the conversation on the running (virtual) loop; findings say what went wrong, none is good."""
    loop = asyncio.get_running_loop()
    evil = Evil(lambda: START + timedelta(seconds=loop.time()))
    await evil.start()
    station = Station(folder, evil.url)
    complaints = Complaints()
    root = logging.getLogger()
    root.addHandler(complaints)
    try:
        return await _play(steps, station, evil, complaints)
    finally:
        root.removeHandler(complaints)
        await evil.stop()


async def _play(steps: Sequence[Step], station: Station, evil: Evil, complaints: Complaints) -> Played:
    living = asyncio.create_task(station.live(), name="station")
    findings = evil.findings
    if not await _until(lambda: evil.line is not None, 30.0):
        findings.append("the station did not dial")
    await asyncio.sleep(1)
    for step in steps:
        await _do(step, station, evil)
        for connector in () if station.core is None else station.core.state.snapshot.connectors:
            if connector.status == "Charging" and connector.session is None:
                findings.append(f"connector {connector.id} charges without a session")
        if living.done():
            break
    await _conclude(station, evil, living)
    sessions = await _books(station, findings)
    if living.done() and not living.cancelled() and living.exception() is not None:
        findings.append(f"the core ended: {living.exception()!r}")
    station.leave()
    with suppress(Exception):
        await living  # its failure stands in the findings
    findings.extend(complaints.lines)
    return Played(
        findings=findings,
        codes=dict(evil.codes),
        words=dict(evil.words),
        frames=evil.frames,
        calls=evil.calls,
        answers=evil.answers,
        sessions=sessions,
        restarts=station.starts - 1,
    )


async def _do(step: Step, station: Station, evil: Evil) -> None:
    match step:
        case Send(data):
            await evil.send(data)
            await asyncio.sleep(0.01)
        case Wait(seconds):
            await asyncio.sleep(seconds)
        case Drive():
            await station.drive(step)
        case Manners():
            evil.manners = step
        case Hang():
            evil.hang_up()


async def _conclude(station: Station, evil: Evil, living: asyncio.Task[None]) -> None:
    """Good manners from here on: every call is answered in the end, and the station comes back."""
    evil.manners = GOOD
    await _until(lambda: living.done() or not evil.unanswered(), 120.0)
    evil.findings.extend(f"not answered exactly once: {line}" for line in evil.unanswered())
    if living.done() or _elsewhere(station):
        return
    if not await _until(lambda: _online(station) or living.done(), AWAIT_S):
        station.restart()  # it may have been told to wait for years
        await asyncio.sleep(5)
        if not await _until(lambda: _online(station) or living.done(), AWAIT_S):
            evil.findings.append("the station does not come back, even after a restart")
            return
    for _ in range(5):
        before = evil.answers
        await evil.send('[2,"last","GetConfiguration",{"key":["HeartbeatInterval"]}]')
        if await _until(partial(_more, evil, before), 30.0):
            return
    evil.findings.append("the station is online and does not answer")


def _more(evil: Evil, before: int) -> bool:
    return evil.answers > before


def _online(station: Station) -> bool:
    return station.core is not None and station.core.ocpp is not None and station.core.ocpp.online


def _elsewhere(station: Station) -> bool:
    """It was told to go to another backend, or to be somebody else."""
    core = station.core
    if core is None:
        return False
    return any(core.settings.view(name).provenance is Provenance.BACKEND for name in ELSEWHERE)


async def _books(station: Station, findings: list[str]) -> int:
    """The journal and the settings hold together; the number of sessions."""
    core = station.core
    if core is None:
        return 0
    running = Counter(left.connector_id for left in await core.journal.open_transactions())
    findings.extend(f"{n} open transactions at connector {c}" for c, n in running.items() if n > 1)
    sessions = await core.journal.sessions(10_000)
    for session in sessions:
        if session.ended_at is not None and session.ended_at < session.started_at:
            findings.append(f"session {session.local_id} ended before it began")
        if session.meter_stop_wh is not None and session.meter_stop_wh < session.meter_start_wh:
            findings.append(f"session {session.local_id} gave energy back")
    fresh = Settings(station.installation)
    for name, key in table.KEYS.items():
        value = core.settings.view(name).value
        if value is None or key.access == "R" or key.source is not table.Source.STORED:
            continue
        try:
            fresh.check(name, value, Provenance.OPERATOR)
        except KioskError as error:
            findings.append(f"{name} holds what it may not: {error}")
    return len(sessions)


async def _until(condition: object, within_s: float) -> bool:
    assert callable(condition)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True
