"""What the core may ask of the screen: a picture, a touch, the texts. Served on the GUI thread, encoded off it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from PySide6.QtCore import QBuffer, QCoreApplication, QEvent, QIODevice, QPointF, QRectF
from PySide6.QtGui import QImage
from PySide6.QtQuick import QQuickItem, QQuickWindow

from kiosk.link.channel import Handler
from kiosk.link.messages import MAX_BINARY_BYTES, Grabbed, Nothing, TapAt, Texts
from kiosk.model.enums import Page
from kiosk.model.errors import BadValue, NotPermitted, NotPossible

PRIVATE_PAGES: Final = frozenset({Page.CARD, Page.CARD_CHECKING, Page.STOP_CARD})
"""A card may be held to the reader: no picture of a real driver's screen leaves the station then."""
PRESS_S: Final = 0.08
"""How long a finger stays down; shorter than a long press, longer than a frame."""
FIGURE: Final = "Value"
TOGETHER: Final = frozenset(
    {FIGURE, "ConnectorCard", "SessionCard", "Reading", "Fact", "StepRow", "Notice", "Hotline", "Panel", "TopBar"}
)
"""Our controls whose texts belong together, by the name of their file."""


class Remote:
    """Answers for one window. ``page`` tells what the driver sees, ``language`` in which language, ``simulated``
    whether the hardware is simulated (then there is no driver to protect, and touches are allowed)."""

    def __init__(
        self,
        window: QQuickWindow,
        page: Callable[[], str],
        language: Callable[[], str],
        simulated: Callable[[], bool],
    ) -> None:
        self._window, self._page, self._language, self._simulated = window, page, language, simulated
        self._tapping = asyncio.Lock()

    async def grab(self, _: Nothing) -> tuple[Grabbed, bytes]:
        """A picture of the window. Raises NotPossible while a card is being read (real hardware), or when there
        is no picture, or when it has more than 4 MB."""
        if self._page() in PRIVATE_PAGES and not self._simulated():
            raise NotPossible("no picture is taken while a card is being read; try again when the driver is done")
        image = self._window.grabWindow()
        if image.isNull():
            raise NotPossible("the screen has drawn nothing yet; try again in a moment")
        png = await asyncio.get_running_loop().run_in_executor(None, encode_png, image)
        if len(png) > MAX_BINARY_BYTES:
            raise NotPossible(
                f"the picture has {len(png)} bytes, more than {MAX_BINARY_BYTES}; show a plainer slide"
            )
        return Grabbed(bytes=len(png), width=image.width(), height=image.height()), png

    async def tap(self, at: TapAt) -> Nothing:
        """A press and a release at ``at`` (pixels of the window). Raises NotPermitted on real hardware, BadValue
        outside the window."""
        if not self._simulated():
            raise NotPermitted("the screen of a station with real hardware is touched by its driver only")
        width, height = self._window.width(), self._window.height()
        if not (0 <= at.x < width and 0 <= at.y < height):
            raise BadValue("touch", f"{at.x},{at.y}", "outside the screen", f"0,0 to {width - 1},{height - 1}")
        async with self._tapping:
            self._send(QEvent.Type.MouseButtonPress, at)
            try:
                await asyncio.sleep(PRESS_S)
            finally:
                self._send(QEvent.Type.MouseButtonRelease, at)
        return Nothing()

    async def texts(self, _: Nothing) -> Texts:
        """All visible texts, in reading order."""
        return Texts(name=self._page(), language=self._language(), texts=tuple(visible_texts(self._window)))

    def handlers(self) -> Mapping[str, Handler]:
        """Rows of ``link.messages.SCREEN_METHODS``."""
        return {"screen.grab": self.grab, "screen.tap": self.tap, "screen.texts": self.texts}

    def _send(self, kind: QEvent.Type, at: TapAt) -> None:
        from PySide6.QtCore import Qt  # here, because it costs 35 ms and 1 MB, and most screens are never asked
        from PySide6.QtGui import QMouseEvent, QPointingDevice

        pressed = kind == QEvent.Type.MouseButtonPress
        position = QPointF(at.x, at.y)
        event = QMouseEvent(
            kind,
            position,
            position,
            self._window.mapToGlobal(position),
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            QPointingDevice.primaryPointingDevice(),
        )
        QCoreApplication.sendEvent(self._window, event)


def encode_png(image: QImage) -> bytes:
    """``image`` as PNG; safe on any thread. Raises NotPossible when Qt cannot encode it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.convertToFormat(QImage.Format.Format_RGB888).save(buffer, "PNG"):  # type: ignore[call-overload]
        raise NotPossible("the picture of the screen could not be encoded")
    return bytes(buffer.data().data())


class _Block(NamedTuple):
    place: QRectF
    texts: list[str]


def visible_texts(window: QQuickWindow) -> list[str]:
    """The texts that can be seen in ``window`` now, in reading order: by lines from the top, each line from the
    left, a card before the one beside it. A figure and its unit are one text.

    Seen: visible, not fully transparent, not empty, and at least partly inside the window.
    """
    root = window.contentItem()
    frame = QRectF(0, 0, window.width(), window.height())
    return _read(_blocks(root, root, frame))


def _blocks(item: QQuickItem, root: QQuickItem, frame: QRectF) -> list[_Block]:
    place = item.mapRectToItem(root, QRectF(0, 0, max(1.0, item.width()), max(1.0, item.height())))
    if item.inherits("QQuickText"):
        text = str(item.property("text") or "").strip()
        return [_Block(place, [text])] if text and place.intersects(frame) else []
    inside = [
        block
        for child in item.childItems()
        if child.isVisible() and child.opacity() > 0.01
        for block in _blocks(child, root, frame)
    ]
    name = item.metaObject().className().partition("_QMLTYPE_")[0]
    if not inside or name not in TOGETHER:
        return inside
    texts = _read(inside)
    if name == FIGURE:
        unit = str(item.property("unit") or "")
        number = "".join(texts[:-1] if unit and texts[-1] == unit else texts)
        texts = [f"{number}\u00a0{unit}" if unit else number]
    return [_Block(place, texts)]


def _read(blocks: list[_Block]) -> list[str]:
    """Blocks of different height are one line where the middle of the smaller lies within the taller."""
    lines: list[list[_Block]] = []
    for block in sorted(blocks, key=lambda b: (-b.place.height(), b.place.top())):
        middle = block.place.center().y()
        line = next((row for row in lines if row[0].place.top() <= middle <= row[0].place.bottom()), None)
        if line is None:
            lines.append([block])
        else:
            line.append(block)
    lines.sort(key=lambda row: row[0].place.center().y())
    return [text for line in lines for block in sorted(line, key=lambda b: b.place.left()) for text in block.texts]
