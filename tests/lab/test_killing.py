"""When the kill run strikes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kiosk.lab.torture.evidence import Line
from kiosk.lab.torture.killing import AIMS, Aim, Killer


def line(action: str, kind: str = "call", *, to_station: bool = False) -> Line:
    return Line(
        seq=1, life=1, to_station=to_station, kind=kind, message_id="1", action=action, payload={}, connection=1
    )


def test_aims_cover_the_dangerous_instants() -> None:
    names = {aim.name for aim in AIMS}
    for action in ("StartTransaction", "StopTransaction"):
        assert {f"{action} unanswered", f"{action} being answered", f"{action} answered"} <= names
    for action in ("SendLocalList", "ChangeConfiguration", "ReserveNow", "SetChargingProfile"):
        assert {f"{action} sent", f"{action} in work", f"{action} answered"} <= names
    assert {"Reset answered", "Reset in work"} <= names


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (line("StartTransaction"), True),
        (line("StartTransaction", to_station=True), False),
        (line("StartTransaction", "result", to_station=True), False),
        (line("StopTransaction"), False),
    ],
)
def test_an_aim_meets_its_frame_alone(shown: Line, expected: bool) -> None:
    assert Aim(name="x", action="StartTransaction").meets(shown) is expected


def played(aio: Any, tmp_path: Path, seed: int, frames: list[Line]) -> tuple[str, int, list[str]]:
    """(why, number of strikes, deeds) of one kill."""
    strikes: list[float] = []
    deeds: list[str] = []

    async def story() -> str:
        loop = asyncio.get_running_loop()
        killer = Killer(lambda: strikes.append(loop.time()), tmp_path / "wal", seed)

        async def up() -> None:
            await asyncio.sleep(0.5)

        async def deed(name: str) -> None:
            deeds.append(name)
            for frame in frames:
                killer.saw(frame)
                await asyncio.sleep(0.1)

        async def traffic() -> None:
            while True:
                await asyncio.sleep(0.2)
                for frame in frames:
                    killer.saw(frame)

        noise = asyncio.create_task(traffic())
        why = await killer.next(up, lambda name: asyncio.create_task(deed(name)))
        await asyncio.sleep(10)
        noise.cancel()
        return why

    return aio(story()), len(strikes), deeds


FRAMES = [
    line(action, kind, to_station=to_station)
    for action in {aim.action for aim in AIMS}
    for kind, to_station in (("call", False), ("call", True), ("result", True), ("result", False))
]


@pytest.mark.parametrize("seed", range(25))
def test_every_choice_strikes_exactly_once(aio: Any, tmp_path: Path, seed: int) -> None:
    """Also when nothing comes that it waits for: and never in the next life."""
    why, strikes, _ = played(aio, tmp_path, seed, FRAMES)
    assert strikes == 1
    assert why
    assert "no target" not in why
    why, strikes, _ = played(aio, tmp_path, seed, [])
    assert strikes == 1


def test_a_seed_repeats_its_choices(aio: Any, tmp_path: Path) -> None:
    assert played(aio, tmp_path, 7, FRAMES) == played(aio, tmp_path, 7, FRAMES)
