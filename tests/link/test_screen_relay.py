"""What the core asks of the driver's screen, for whoever stands at the operator's door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.link.client import one_shot, one_shot_grab
from kiosk.link.messages import (
    Grabbed,
    Nothing,
    ScreenReport,
    TapAt,
    Texts,
)
from kiosk.model.enums import Page
from kiosk.model.errors import (
    NotPermitted,
    NotPossible,
)
from kiosk.model.snapshot import Dialogue, Station
from kiosk.station import link_server
from tests.conftest import Run
from tests.fakes.faces import connected, core
from tests.fakes.pictures import snapshot


class Screen:
    """Answers what the core asks of a screen."""

    def __init__(self, name: str = "standby", png: bytes = b"a picture") -> None:
        self.name, self.png = name, png
        self.taps: list[TapAt] = []
        self.silent = asyncio.Event()

    def handlers(self) -> dict[str, Any]:
        return {"screen.grab": self.grab, "screen.tap": self.tap, "screen.texts": self.texts}

    async def grab(self, _: Nothing) -> tuple[Grabbed, bytes]:
        return Grabbed(bytes=len(self.png), width=1366, height=768), self.png

    async def tap(self, params: TapAt) -> Nothing:
        self.taps.append(params)
        return Nothing()

    async def texts(self, _: Nothing) -> Texts:
        await self.silent.wait()
        return Texts(name=self.name, language="de", texts=("Hallo",))


def report(name: str) -> ScreenReport:
    return ScreenReport(name=name, language="de", locked=False, frame_age_ms=5)


def test_a_screen_that_falls_silent_shows_nobody_knows_what(
    tmp_path: Path, real_aio: Run, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.link_server", "the screen is silent")

    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path, handlers=Screen().handlers()) as face:
            await face.client.call("screen.report", report("charging"))
            running.clock.advance(12)
            running.server.tick()
            assert running.state.snapshot.screen.name == "charging"
            running.clock.advance(1)
            running.server.tick()
            assert running.state.snapshot.screen.name is None
            await face.client.call("screen.report", report("charging"))
            assert running.state.snapshot.screen.name == "charging"

    real_aio(story())


def test_screen_reports_and_is_relayed(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        screen = Screen(png=bytes(range(256)) * 12_000)  # 3 MB
        async with core(tmp_path) as running:
            async with connected(tmp_path, handlers=screen.handlers()) as face:
                await face.client.call("screen.report", report("selection"))
                assert running.state.snapshot.screen.name == "selection"
                assert await one_shot_grab(tmp_path) == (
                    Grabbed(bytes=len(screen.png), width=1366, height=768),
                    screen.png,
                )
                await one_shot(tmp_path, "screen.tap", TapAt(x=1, y=2))
                assert screen.taps == [TapAt(x=1, y=2)]
                screen.silent.set()
                texts = await one_shot(tmp_path, "screen.texts")
                assert texts == Texts(name="standby", language="de", texts=("Hallo",))
            gone = asyncio.Event()
            running.state.subscribe(lambda _: gone.set())
            if running.state.snapshot.screen.name is not None:
                await gone.wait()
            assert running.state.snapshot.screen.name is None
            with pytest.raises(NotPossible, match="kiosk screen"):
                await one_shot_grab(tmp_path)

    real_aio(story())


def test_newest_screen_wins(tmp_path: Path, real_aio: Run, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.link_server", "second screen")

    async def story() -> None:
        old, new = Screen(png=b"old"), Screen(png=b"new")
        async with core(tmp_path) as running, connected(tmp_path, handlers=old.handlers()) as first:
            await first.client.call("screen.report", report("old"))
            async with connected(tmp_path, handlers=new.handlers()) as second:
                await second.client.call("screen.report", report("new"))
                await first.client.call("screen.report", report("old again"))
                assert running.state.snapshot.screen.name == "new"
                assert (await one_shot_grab(tmp_path))[1] == b"new"

    real_aio(story())


def test_a_silent_screen_is_told_apart(tmp_path: Path, real_aio: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_server, "SCREEN_TIMEOUT_S", 0.05)

    async def story() -> None:
        async with core(tmp_path), connected(tmp_path, handlers=Screen().handlers()):
            with pytest.raises(NotPossible, match=r"did not answer screen\.texts"):
                await one_shot(tmp_path, "screen.texts")

    real_aio(story())


def test_no_picture_while_a_card_is_read(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path, handlers=Screen().handlers()):
            running.state.set(dialogue=Dialogue(page=Page.CARD_CHECKING))
            with pytest.raises(NotPossible, match="card"):
                await one_shot_grab(tmp_path)

    real_aio(story())


def test_nobody_touches_a_real_station(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        real = snapshot(station=Station(simulated=False))
        screen = Screen()
        async with core(tmp_path, real), connected(tmp_path, handlers=screen.handlers()):
            for method, params in (("screen.tap", TapAt(x=1, y=2)), ("screen.texts", Nothing())):
                with pytest.raises(NotPermitted, match="simulated"):
                    await one_shot(tmp_path, method, params)
            assert (await one_shot_grab(tmp_path))[1] == screen.png
            assert screen.taps == []

    real_aio(story())


def test_only_a_screen_reports(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path), connected(tmp_path, "cli") as face:
            with pytest.raises(NotPermitted, match="screen"):
                await face.client.call("screen.report", report("x"))

    real_aio(story())
