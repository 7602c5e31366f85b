"""The slide show as it is drawn: no gap, no black, the operator's folder followed while it runs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import shiboken6
from PIL import Image
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine
from PySide6.QtQuick import QQuickItem, QQuickWindow

from kiosk.model.clock import SystemClock
from kiosk.screen.engine import QML_DIR, prepare
from kiosk.screen.slideshow import Slides
from tests.fakes.screens import qt_runner, until

pytestmark = pytest.mark.screen

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FADE_MS = 120
COLOURS = {"red": (220, 0, 0), "green": (0, 220, 0), "blue": (0, 0, 220), "white": (220, 220, 220)}

PAGE = f"""
import QtQuick
import "{QML_DIR.as_uri()}"

Window {{
    id: window

    property bool there: true
    property bool seen: true

    width: 1366
    height: 768
    visible: true
    color: "black"

    Loader {{
        active: window.there
        visible: window.seen
        sourceComponent: SlideShow {{
            objectName: "show"
            fadeMs: {FADE_MS}
        }}
    }}
}}
"""


def put(folder: Path, name: str, colour: str, noise: bool = False) -> Path:
    """Written beside and moved in, as uploads are."""
    part = folder / f".{name}"
    image = (
        Image.effect_noise((1366, 768), 90).convert("RGB")
        if noise
        else Image.new("RGB", (1366, 768), COLOURS[colour])
    )
    image.save(part, "PNG")
    os.replace(part, folder / name)
    return folder / name


class Stage:
    def __init__(self, window: QQuickWindow, slides: Slides, folder: Path) -> None:
        self.window, self.slides, self.folder = window, slides, folder

    @property
    def shown(self) -> str | None:
        return self.slides.shown.item.name if self.slides.shown else None

    @property
    def path(self) -> str | None:
        return self.slides.shown.stamp.path if self.slides.shown else None

    def colour(self) -> QColor:
        return self.window.grabWindow().pixelColor(683, 384)

    def layers(self) -> list[QQuickItem]:
        show = cast(QQuickItem, self.window.findChild(QObject, "show"))
        return [item for item in show.childItems() if item.inherits("QQuickImage")]

    def is_colour(self, name: str) -> bool:
        return self.colour().getRgb()[:3] == COLOURS[name]

    def configure(self, time_s: float, welcome: Path | None = None) -> None:
        self.slides.configure(
            welcome_dir=str(welcome or self.folder),
            slides_dir=str(self.folder),
            slide_time_s=time_s,
            language="en",
        )


@pytest.fixture
def run(qapp: QGuiApplication) -> Iterator[Run]:
    with qt_runner(qapp) as runner:
        yield runner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    put(made, "Logo.png", "red")
    put(made, "Authenticate.png", "blue")
    return made


@asynccontextmanager
async def stage_on(folder: Path, time_s: float) -> AsyncIterator[Stage]:
    engine = QQmlApplicationEngine()
    prepare(engine)
    slides = cast(Slides, engine.singletonInstance("Kiosk", "Slides"))
    stage_dir = folder.parent / "Stage.qml"
    stage_dir.write_text(PAGE)
    engine.load(QUrl.fromLocalFile(str(stage_dir)))
    window = engine.rootObjects()[0]
    assert isinstance(window, QQuickWindow)
    stage = Stage(window, slides, folder)
    stage.configure(time_s)
    running = asyncio.create_task(slides.run(SystemClock()))
    try:
        yield stage
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        shiboken6.delete(engine)


def test_a_crossfade_has_no_gap(run: Run, folder: Path) -> None:
    async def story() -> None:
        async with stage_on(folder, 0.3) as stage:
            await until(lambda: stage.is_colour("red"))
            mixed = 0
            for _ in range(4):
                old = stage.shown
                while stage.shown == old:
                    red, green, blue, _alpha = stage.colour().getRgb()
                    # the new picture covers the old one: never darker than both together, never anything else
                    assert abs(red + blue - 220) <= 2
                    assert green == 0
                    mixed += 0 < red < 220
                    await asyncio.sleep(0.005)
            assert mixed >= 4, "it fades, it does not jump"

    run(story())


def test_pictures_decode_off_the_gui_thread_and_are_not_kept(run: Run, folder: Path) -> None:
    async def story() -> None:
        for number in range(6):
            put(folder, f"{number}.png", "green")
        async with stage_on(folder, 0.05) as stage:
            seen: set[str | None] = set()
            await until(lambda: stage.shown is not None)
            assert len(stage.layers()) == 2
            for layer in stage.layers():
                assert layer.property("asynchronous") is True
                assert layer.property("cache") is False
                assert layer.property("sourceSize").toTuple() == (1366, 768)

            def all_seen() -> bool:
                seen.add(stage.shown)
                assert sum(not layer.property("source").isEmpty() for layer in stage.layers()) <= 2
                return len(seen) >= 8

            await until(all_seen)

    run(story())


def test_the_first_picture_comes_without_waiting_for_its_time(run: Run, folder: Path) -> None:
    async def story() -> None:
        async with stage_on(folder, 600) as stage:
            await until(lambda: stage.is_colour("red"), timeout_s=3)
            assert stage.shown == "Logo.png"

    run(story())


def test_no_own_welcome_images_give_ours(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        async with stage_on(empty, 0) as stage:
            await until(lambda: stage.shown)
            assert stage.path is not None
            assert stage.path.endswith("welcome/en/Logo.png")

    run(story())


@pytest.mark.parametrize("change", ["replaced", "removed", "broken"])
def test_the_picture_shown_follows_its_file_within_a_second(
    run: Run, folder: Path, change: str, expected_log: Any
) -> None:
    if change == "broken":
        expected_log("kiosk.screen.slideshow", "Logo.png is not shown: it is 10 x 10 pixels")

    async def story() -> None:
        async with stage_on(folder, 600) as stage:
            await until(lambda: stage.is_colour("red"))
            began_s = time.monotonic()
            if change == "replaced":
                put(folder, "Logo.png", "white")
                await until(lambda: stage.is_colour("white"))
            else:
                if change == "removed":
                    (folder / "Logo.png").unlink()
                else:
                    Image.new("RGB", (10, 10)).save(folder / "Logo.png")
                await until(lambda: stage.path and stage.path.endswith("welcome/en/Logo.png"))
            assert time.monotonic() - began_s < 1.0 + FADE_MS / 1000 + 0.8, "a second, the fade, a slow machine"

    run(story())


def test_an_added_slide_comes_in_its_turn(run: Run, folder: Path) -> None:
    async def story() -> None:
        async with stage_on(folder, 0.7) as stage:
            await until(lambda: stage.is_colour("blue"))
            put(folder, "new.png", "green")
            await until(lambda: stage.shown == "new.png", timeout_s=5)
            await until(lambda: stage.is_colour("green"))

    run(story())


@pytest.mark.qt_log_ignore("Error decoding", "libpng")
def test_damaged_slides_are_skipped_and_told_once(
    run: Run, folder: Path, expected_log: Any, log_watch: Any
) -> None:
    expected_log("kiosk.screen.slideshow", r"a\.png is not shown: it cannot be decoded")
    expected_log("kiosk.screen.slideshow", r"b\.png is not shown: its colours are RGB with alpha")

    async def story() -> None:
        good = put(folder, "c.png", "green", noise=True)
        (folder / "a.png").write_bytes(good.read_bytes()[:3000])
        Image.new("RGBA", (1366, 768)).save(folder / "b.png")
        async with stage_on(folder, 0.05) as stage:
            rounds = []

            def three_rounds() -> bool:
                if not rounds or rounds[-1] != stage.shown:
                    rounds.append(stage.shown)
                return rounds.count("c.png") >= 3

            await until(three_rounds)
            assert "a.png" not in rounds
            assert "b.png" not in rounds
        assert len(log_watch.records) == 2

    run(story())


@pytest.mark.qt_log_ignore("Error decoding", "libpng")
def test_a_damaged_own_welcome_image_gives_ours(run: Run, folder: Path, expected_log: Any) -> None:
    expected_log("kiosk.screen.slideshow", r"Logo\.png is not shown: it cannot be decoded")

    async def story() -> None:
        good = put(folder, "noise.png", "green", noise=True)
        (folder / "Logo.png").write_bytes(good.read_bytes()[:3000])
        async with stage_on(folder, 0) as stage:
            await until(
                lambda: stage.shown == "Logo.png" and stage.path and "/welcome/en/" in stage.path, timeout_s=3
            )

    run(story())


def test_a_page_built_again_shows_at_once(run: Run, folder: Path) -> None:
    async def story() -> None:
        async with stage_on(folder, 600) as stage:
            await until(lambda: stage.is_colour("red"))
            stage.window.setProperty("there", False)
            assert stage.shown is None
            await asyncio.sleep(0.05)
            stage.window.setProperty("there", True)
            await until(lambda: stage.is_colour("red"), timeout_s=3)

    run(story())


def test_nothing_moves_while_nobody_looks(run: Run, folder: Path) -> None:
    async def story() -> None:
        async with stage_on(folder, 0.2) as stage:
            await until(lambda: stage.is_colour("red"))
            stage.window.setProperty("seen", False)
            await until(lambda: not stage.slides._running)
            stood = stage.shown
            await asyncio.sleep(0.5)
            assert stage.shown == stood
            stage.window.setProperty("seen", True)
            await until(lambda: stage.shown not in (None, stood))

    run(story())


def test_ten_thousand_slides_start_like_two(run: Run, folder: Path) -> None:
    first = put(folder, "0.png", "green")
    for number in range(1, 10_000):
        os.link(first, folder / f"{number}.png")

    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with stage_on(folder, 0.3) as stage:
            longest_s, last_s = 0.0, loop.time()

            def first_slide() -> bool:
                nonlocal longest_s, last_s
                longest_s, last_s = max(longest_s, loop.time() - last_s), loop.time()
                return stage.shown == "0.png"

            await until(first_slide)
            assert longest_s < 0.25, "the GUI thread is never kept waiting by the folder"

    run(story())
