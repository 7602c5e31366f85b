"""The whole torture: set up, kill and kill again, let it settle, audit, keep the evidence."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from ocpp.v16.enums import ResetType

from kiosk.backend.central import CentralSystem, Options
from kiosk.backend.recording import Frame, Recorder
from kiosk.lab.torture.asking import Asking
from kiosk.lab.torture.audit import Audit, Figures
from kiosk.lab.torture.core import CoreDead, CoreProcess
from kiosk.lab.torture.drivers import Drivers
from kiosk.lab.torture.evidence import Evidence, keep
from kiosk.lab.torture.killing import Killer
from kiosk.lab.torture.weather import Weather
from kiosk.model.errors import KioskError
from kiosk.model.snapshot import Snapshot
from kiosk.station.storage.reading import read_facts

IDENTITY: Final = "TORTURE-1"
CONNECTORS: Final = ("CCS", "CCS", "CHAdeMO", "CCS_AC")
SPARED: Final = 3
SPEED: Final = 60
SETTLE_S: Final = 90.0
KEYS: Final = (
    "MeterValueSampleInterval=1",
    "ClockAlignedDataInterval=5",
    "MeterValuesAlignedData=Energy.Active.Import.Register,Power.Active.Import",
    "MinimumStatusDuration=0",
    "ConnectionTimeOut=5",
    "TransactionMessageAttempts=1000",
    "TransactionMessageRetryInterval=0",
    "AuthorizeRemoteTxRequests=true",
    "LocalAuthListEnabled=true",
)
INSTALL: Final = (
    "backend.retry_min_s=0.05",
    "backend.retry_max_s=0.3",
    "backend.retry_random_s=0.05",
    "backend.call_timeout_s=1.5",
    "backend.boot_retry_s=0.5",
)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Ends after ``kills`` or ``minutes``. ``chaos``: the wire fails too. ``folder``: for data and evidence."""

    folder: Path
    seed: int
    kills: int = 30
    minutes: float | None = None
    chaos: bool = False


class Outcome(msgspec.Struct, kw_only=True):
    figures: Figures
    evidence: str
    kills_by_moment: dict[str, int]
    visits: dict[str, int]
    asked: dict[str, int]
    weather: dict[str, int]


class _Witness(Recorder):
    """Shows every frame as it passes."""

    def __init__(self, saw: Callable[[Frame], None]) -> None:
        super().__init__()
        self._saw = saw

    def record(self, station: str, raw: str, *, to_station: bool) -> Frame:
        frame = super().record(station, raw, to_station=to_station)
        self._saw(frame)
        return frame


async def torture(plan: Plan, say: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Do it all. Raises CoreDead when a core ends by itself, does not come up, or never comes to rest."""
    run = _Run(plan, say)
    try:
        return await run.all()
    except TimeoutError as error:
        raise CoreDead(f"nothing comes to rest; look into {plan.folder}") from error
    finally:
        await run.close()


class _Run:
    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._say = say
        self._chance = random.Random(f"{plan.seed} run")
        self.evidence = Evidence(seed=plan.seed)
        data = plan.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        self._central = CentralSystem(Options(heartbeat_interval_s=5, call_timeout_s=3.0, ping_interval_s=None))
        self._central.recorder = _Witness(self._frame)
        words: list[str] = ["--identity", IDENTITY, "--connectors", ",".join(CONNECTORS), "--speed", str(SPEED)]
        for key in KEYS:
            words += ["--set", key]
        for value in INSTALL:
            words += ["--install", value]
        self.core = CoreProcess(data, plan.folder, self.evidence, words)
        self._drivers = Drivers(self.core, self._central, IDENTITY, len(CONNECTORS), plan.seed)
        self._asking = Asking(self._central, IDENTITY, plan.seed, SPARED)
        self._weather = Weather(self._central, plan.seed)
        self._killer = Killer(self.core.strike, data / "station.sqlite3-wal", plan.seed)
        self._jobs: list[asyncio.Task[Any]] = []

    def _frame(self, frame: Frame) -> None:
        self._killer.saw(self.evidence.note(frame, self.core.life, self._central.connects))

    async def all(self) -> Outcome:
        begun_s = time.monotonic()
        await self._central.start()
        self.core.words += ["--backend", self._central.url]
        await self._begin()
        await self._kill(begun_s)
        await self._settle()
        self.evidence.seconds = time.monotonic() - begun_s
        return self._audit()

    async def close(self) -> None:
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        if self.core.running:
            self.core.strike()
            await self.core.bury("the torture ended")
        await self._central.stop()

    # --- acts ----------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        await self.core.start()
        self._say("the first core starts")
        picture = await self.core.up()
        for connector in picture.connectors:
            assert connector.meter_wh is not None
            self.evidence.registers[connector.id] = (connector.meter_wh, connector.meter_wh)
        self._jobs.append(asyncio.create_task(self._drivers.run(), name="drivers"))
        self._jobs.append(asyncio.create_task(self._asking.run(), name="asking"))
        if self._plan.chaos:
            self._jobs.append(asyncio.create_task(self._weather.run(), name="weather"))

    async def _kill(self, begun_s: float) -> None:
        deaths = self.evidence.deaths
        while len(deaths) < self._plan.kills:
            if self._plan.minutes is not None and time.monotonic() - begun_s > self._plan.minutes * 60:
                break
            self._failed_jobs()
            if self._chance.random() < 0.1:
                await self._reset()
            why = await self._killer.next(self.core.up, self._do)
            spoil = self._chance if self._chance.random() < 0.3 else None
            await self.core.bury(why, spoil)
            if len(deaths) % 10 == 0 or len(deaths) == self._plan.kills:
                heard = sum(1 for line in self.evidence.lines if line.action == "StopTransaction")
                self._say(f"{len(deaths)} kills, {len(self.evidence.lines)} frames, {heard} about ended sessions")
            await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.2)))
            # a core that may not resume closes what it finds: both ways are tried
            resumes = self._chance.random() < 0.7
            await self.core.start(*(() if resumes else ("--install", "session.resume_within_s=0")))
            self.evidence.seconds = time.monotonic() - begun_s

    def _do(self, deed: str) -> asyncio.Task[None]:
        if deed == "Reset":
            return asyncio.create_task(self._only_reset())
        return asyncio.create_task(self._asking.do(deed))

    async def _only_reset(self) -> None:
        await self._asking.reset(self._chance.choice((ResetType.soft, ResetType.hard)))

    async def _reset(self) -> None:
        """A reset that is carried out, with nobody killed meanwhile."""
        before = await self.core.up()
        if not await self._asking.reset(self._chance.choice((ResetType.soft, ResetType.hard))):
            return
        async with asyncio.timeout(30):
            began = before.station.started_at
            while (await self.core.up()).station.started_at == began:  # noqa: ASYNC110 another process
                await asyncio.sleep(0.05)
        self.evidence.resets += 1

    def _failed_jobs(self) -> None:
        for job in self._jobs:
            if job.done() and job.exception() is not None:
                raise CoreDead(f"{job.get_name()} failed") from job.exception()

    async def _settle(self) -> None:
        """Everybody goes home; what is owed is told; the core is stopped in peace."""
        self._say("settling")
        self._weather.over = self._asking.ended = self._drivers.leaving = True
        await self.core.up()
        async with asyncio.timeout(SETTLE_S):
            await asyncio.gather(*self._jobs)
            self._weather.clear()
            picture = await self._at_rest()
        for connector in picture.connectors:
            assert connector.meter_wh is not None
            self.evidence.registers[connector.id] = (self.evidence.registers[connector.id][0], connector.meter_wh)
        await self._asking.prove_all()
        name = f"availability {SPARED}"
        spared = picture.connector(SPARED)
        assert spared is not None
        self._asking.memory.found(name, spared.status != "Unavailable")
        self.evidence.doubts.extend(self._asking.memory.broken)
        async with asyncio.timeout(SETTLE_S):
            await self._at_rest()
        code = await self.core.stop()
        if code != 0:
            self.evidence.complaints.append(f"the last core left with {code}")
        self.evidence.facts = await asyncio.to_thread(lambda: read_facts(self.core.copy_store()))

    async def _at_rest(self) -> Snapshot:
        """Online, nothing owed, nobody charging."""
        while True:
            with suppress(KioskError):
                picture = await self.core.snapshot()
                busy = any(c.session is not None and c.session.ended_at is None for c in picture.connectors)
                if picture.backend.online and not picture.backend.waiting_messages and not busy:
                    return picture
            await asyncio.sleep(0.1)

    def _audit(self) -> Outcome:
        figures = Audit(self.evidence).judge()
        figures.promises = self._asking.memory.checks
        folder = self._plan.folder / "evidence"
        keep(self.evidence, folder)
        outcome = Outcome(
            figures=figures,
            evidence=str(folder),
            kills_by_moment=dict(sorted(self._killer.counts.items())),
            visits=dict(sorted(self._drivers.counts.items())),
            asked=dict(sorted(self._asking.counts.items())),
            weather=dict(sorted(self._weather.counts.items())),
        )
        (folder / "figures.json").write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
        return outcome
