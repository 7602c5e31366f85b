"""Plays a scenario in this process on virtual time: core, central system, judge, drivers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from kiosk.lab.scenario import books, summary, times, timetable
from kiosk.lab.scenario.house import House, house_for
from kiosk.lab.scenario.kinds import Scenario
from kiosk.lab.scenario.observer import Observer
from kiosk.lab.scenario.pace import Pace
from kiosk.lab.scenario.play import Play
from kiosk.lab.scenario.played import Played
from kiosk.lab.scenario.recording import Recording
from kiosk.link import messages as m

log = logging.getLogger(__name__)

SETTLED_S: Final = 3600.0
"""So long what is owed to the backend may take to be delivered after the last car has left."""
LOOK_S: Final = 5.0


def play(
    scenario: Scenario,
    seed: int,
    folder: Path | None = None,
    told: Callable[[float, float], None] = lambda _at_s, _lasts_s: None,
) -> Played:
    """On a loop of its own, in ``folder`` (else one that is thrown away).

    ``told`` hears now and then how far it is. Raises LabMissing, and KeyboardInterrupt with nothing left behind.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="kiosk-scenario-", dir=_memory()) as temporary:
            return play(scenario, seed, Path(temporary), told)
    pace = Pace()
    with _complaints() as complaints, asyncio.Runner(loop_factory=pace.loop) as runner:
        played = runner.run(_played(scenario, seed, folder, pace, told))
    if not complaints:
        return played
    breaches = (*played.summary.breaches, *(f"[log] {text}" for text in complaints))
    return msgspec.structs.replace(played, summary=msgspec.structs.replace(played.summary, breaches=breaches))


def play_virtual(scenario: Scenario, seed: int) -> Recording:
    """What was seen of it."""
    return play(scenario, seed).recording


class _Ear(logging.Handler):
    """Hears of every exception that nobody expected, and keeps the rest from a person who asked for a summary."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.complaints: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.complaints.append(f"{record.name}: {record.getMessage()}: {record.exc_info[1]!r}")
        elif record.name == "asyncio":
            self.complaints.append(f"asyncio: {record.getMessage()}")


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    ear, root = _Ear(), logging.getLogger()
    root.addHandler(ear)
    try:
        yield ear.complaints
    finally:
        root.removeHandler(ear)


def _memory() -> str | None:
    """Where files cost no disk; what is thrown away needs to survive nothing."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


async def _played(
    scenario: Scenario, seed: int, folder: Path, pace: Pace, told: Callable[[float, float], None]
) -> Played:
    began_s = time.perf_counter()
    plan = timetable.build(scenario, seed)
    ledger = books.Books()
    async with house_for(scenario, folder, pace) as (house, csms):
        csms.central.recorder.listeners.append(ledger.hear)
        for id_tag, status in timetable.cards(scenario, plan):
            csms.tag(id_tag, status)
        observer = Observer(house)
        show = Play(plan, scenario.starts_at, house, observer.mark)
        house.power_on()
        watching = asyncio.create_task(observer.watch(), name="observer")
        recording = asyncio.create_task(_record(scenario, house, observer, told), name="recording")
        try:
            await show.run()
            recording.cancel()
            await show.wind_down()
            owed = await _settle(house)
        finally:
            await show.abandon()
            for task in (watching, recording):
                task.cancel()
            show.broke_off(await asyncio.gather(watching, recording, return_exceptions=True))
        breaches = [str(breach) for breach in csms.judge.breaches]
        if house.snapshot is None:
            breaches.append("[books] the station stayed off, so nobody can tell")
        else:
            audit = books.mismatches(ledger, await _own_book(house), house.counted_wh())
            breaches += [f"[books] {text}" for text in audit]
        breaches += [f"[books] {text}" for text in owed]
        breaches += [f"[core] {text}" for text in house.failed]
        lasted_s = house.now_s
    return Played(
        recording=observer.recording(scenario, seed, until_s=plan.lasts_s),
        summary=summary.of(
            name=scenario.name,
            seed=seed,
            starts_at=scenario.starts_at,
            lasted_s=lasted_s,
            took_s=time.perf_counter() - began_s,
            reports=show.reports,
            figures=observer.figures,
            sessions=len(ledger.billed),
            energy_wh=ledger.energy_wh,
            starts=house.starts,
            told_codes=ledger.codes - {0},
            breaches=breaches,
            failed=show.failed,
        ),
    )


async def _record(
    scenario: Scenario, house: House, observer: Observer, told: Callable[[float, float], None]
) -> None:
    every_s, lasts_s = times.duration_s(scenario.recorded_every), times.duration_s(scenario.duration)
    for number in range(int(lasts_s / every_s) + 1):
        await house.until(number * every_s)
        observer.moment()
        told(house.now_s, lasts_s)


async def _settle(house: House) -> list[str]:
    """The backend is there, and what is owed to it is delivered. What is still owed then."""
    await house.line("back", ())
    if house.snapshot is None:
        await house.mains(True)
    until_s = house.now_s + SETTLED_S
    while house.now_s < until_s:
        snapshot = house.snapshot
        if snapshot is not None and snapshot.backend.online and not snapshot.backend.waiting_messages:
            await house.sleep(LOOK_S)
            return (
                [f"{snapshot.backend.undelivered_messages} messages were given up"]
                if snapshot.backend.undelivered_messages
                else []
            )
        await house.sleep(LOOK_S)
    return ["the backend was not told everything within an hour after the last car had left"]


async def _own_book(house: House) -> list[m.SessionRow]:
    answer = await house.ask("session.list", m.SessionQuery(limit=10_000))
    assert isinstance(answer, m.SessionList)
    return list(answer.sessions)
