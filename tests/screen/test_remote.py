"""What the core may ask of the screen: picture, touch, texts."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtQml import QQmlApplicationEngine
from PySide6.QtQuick import QQuickWindow

from kiosk.link.messages import Grabbed, Nothing, TapAt, Texts
from kiosk.model.enums import Page
from kiosk.model.errors import BadValue, NotPermitted, NotPossible
from kiosk.screen import remote as remote_module
from kiosk.screen import samples
from kiosk.screen.remote import Remote, encode_png, visible_texts
from kiosk.screen.shots import Studio
from tests.fakes.screens import MadeUpCore, picture, qt_runner, screen_on, until

pytestmark = pytest.mark.screen

Run = Callable[[Coroutine[Any, Any, Any]], Any]

STAGE = b"""
import QtQuick

Window {
    id: window

    property list<string> happened: []

    width: 400
    height: 300
    visible: true
    color: "#204060"

    Rectangle {
        x: 200
        width: 200
        height: 150
        color: area.pressed ? "white" : "red"

        MouseArea {
            id: area

            anchors.fill: parent
            onPressed: window.happened.push("pressed")
            onClicked: window.happened.push("clicked")
        }
    }

    TapHandler {
        onTapped: window.happened.push("tapped")
    }

    Text { x: 210; y: 10; font.pixelSize: 40; text: "second" }
    Text { x: 10; y: 26; font.pixelSize: 16; text: "first" }
    Text { x: 10; y: 100; text: "third" }
    Text { x: 10; y: 120; text: "invisible"; visible: false }
    Text { x: 10; y: 140; text: "transparent"; opacity: 0 }
    Item { opacity: 0; Text { x: 10; y: 160; text: "in something transparent" } }
    Text { x: -500; y: 180; text: "beside the screen" }
    Text { x: 10; y: 200; text: "  " }
    Text { x: 10; y: 220; text: "last" }
}
"""


@pytest.fixture
def run(qapp: QGuiApplication) -> Iterator[Run]:
    with qt_runner(qapp) as runner:
        yield runner


@pytest.fixture
def window(qapp: QGuiApplication) -> Iterator[QQuickWindow]:
    import shiboken6

    engine = QQmlApplicationEngine()
    engine.loadData(STAGE, QUrl("file:///Stage.qml"))
    found = engine.rootObjects()[0]
    assert isinstance(found, QQuickWindow)
    yield found
    shiboken6.delete(engine)


def remote_of(window: QQuickWindow, page: str = "standby", simulated: bool = True) -> Remote:
    return Remote(window, lambda: page, lambda: "en", lambda: simulated)


def happened(window: QQuickWindow) -> list[str]:
    return list(window.property("happened"))


def test_a_picture_is_a_png_of_the_window(run: Run, window: QQuickWindow) -> None:
    grabbed, png = run(remote_of(window).grab(Nothing()))
    assert grabbed == Grabbed(bytes=len(png), width=400, height=300)
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (400, 300))
        assert image.getpixel((150, 250)) == (0x20, 0x40, 0x60)
        assert image.getpixel((390, 140)) == (255, 0, 0)


@pytest.mark.parametrize("page", list(Page))
@pytest.mark.parametrize("simulated", [True, False])
def test_no_picture_while_a_real_card_is_being_read(
    run: Run, window: QQuickWindow, page: Page, simulated: bool
) -> None:
    asked = remote_of(window, page, simulated).grab(Nothing())
    if not simulated and page in (Page.CARD, Page.CARD_CHECKING, Page.STOP_CARD):
        with pytest.raises(NotPossible, match="card is being read"):
            run(asked)
    else:
        assert run(asked)[1].startswith(b"\x89PNG")


def test_a_picture_beyond_the_limit_is_refused(
    run: Run, window: QQuickWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_module, "MAX_BINARY_BYTES", 100)
    with pytest.raises(NotPossible, match="more than 100"):
        run(remote_of(window).grab(Nothing()))


def test_what_cannot_be_encoded_says_so() -> None:
    with pytest.raises(NotPossible, match="encoded"):
        encode_png(QImage())


def test_a_touch_is_a_real_press_and_release(run: Run, window: QQuickWindow) -> None:
    async def story() -> None:
        remote = remote_of(window)
        touch = asyncio.create_task(remote.tap(TapAt(x=300, y=100)))
        await until(lambda: happened(window) == ["pressed"])
        _, png = await remote.grab(Nothing())
        with Image.open(io.BytesIO(png)) as image:
            assert image.getpixel((390, 140)) == (255, 255, 255), "pressed shows in the same frame"
        await touch
        await until(lambda: "clicked" in happened(window))
        await remote.tap(TapAt(x=50, y=280))
        assert happened(window)[-1] == "tapped"

    run(story())


def test_touches_come_one_after_the_other(run: Run, window: QQuickWindow) -> None:
    async def story() -> None:
        remote = remote_of(window)
        await asyncio.gather(*(remote.tap(TapAt(x=300, y=100)) for _ in range(2)))
        presses = [word for word in happened(window) if word != "tapped"]
        assert presses == ["pressed", "clicked", "pressed", "clicked"]

    run(story())


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (400, 0), (0, 300), (0, -5)])
def test_a_touch_beside_the_screen_is_refused(run: Run, window: QQuickWindow, x: int, y: int) -> None:
    with pytest.raises(BadValue, match="0,0 to 399,299"):
        run(remote_of(window).tap(TapAt(x=x, y=y)))


def test_a_real_screen_is_not_touched_from_afar(run: Run, window: QQuickWindow) -> None:
    with pytest.raises(NotPermitted):
        run(remote_of(window, simulated=False).tap(TapAt(x=300, y=100)))
    assert happened(window) == []


def test_texts_are_what_can_be_seen_in_reading_order(run: Run, window: QQuickWindow) -> None:
    assert visible_texts(window) == ["first", "second", "third", "last"]
    given = run(remote_of(window, "card").texts(Nothing()))
    assert given == Texts(name="card", language="en", texts=("first", "second", "third", "last"))


def test_through_the_core_to_the_real_screen(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        core = MadeUpCore(tmp_path, picture())
        async with core.open(), screen_on(tmp_path) as program:
            await until(lambda: core.shown == "standby")
            assert core.server is not None
            await until(lambda: program.slides.shown)
            answer = await core.server.relay("screen.grab", Nothing())
            assert isinstance(answer, tuple)
            with Image.open(io.BytesIO(answer[1])) as image:
                assert image.size == (1366, 768)
                assert len(image.getcolors(1366 * 768) or ()) > 20, "a slide stands there"
            texts = await core.server.relay("screen.texts", Nothing())
            assert isinstance(texts, Texts)
            assert texts.texts[:4] == ("CP-1", "English", "Deutsch", "Italiano")
            assert any("Touch" in text for text in texts.texts[4:])
            await core.server.relay("screen.tap", TapAt(x=1100, y=670))
            await until(lambda: "begin" in core.actions)

    run(story())


def test_texts_of_a_real_page_read_like_a_person_reads(qapp: QGuiApplication) -> None:
    with Studio() as studio:
        studio.show(samples.sample("selection-four"))
        texts = visible_texts(studio.window)
        assert texts[4:10] == ["Which plug fits your car?", "1", "CCS", "up to", "50\u00a0kW", "Available"]
        studio.show(samples.sample("charging"))
        texts = visible_texts(studio.window)
        assert "62\u00a0%" in texts
        assert "47.8\u00a0kW" in texts, "figure, decimal sign and unit are one text"
        assert texts[texts.index("Energy") + 1] == "18.4\u00a0kWh"
