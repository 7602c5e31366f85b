"""Drawing tools of the images: colours of the design tokens, dithered skies, ridges, ticks, set text, a car.

Lengths are pixels of the screen, 1366 by 768; shares and alpha run from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath

W, H = 1366, 768
INK, PAGE, ACCENT, MINT, SOFT = "#10201D", "#F4F3EE", "#005046", "#66DDBC", "#E0F1EB"
CREAM, SAND = "#FFF5E3", "#F5C79D"
BAYER = (0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5)

Stops = Sequence[tuple[float, str]]
Line = Callable[[float], float]


def mix(a: str, b: str, share: float) -> QColor:
    x, y = QColor(a), QColor(b)
    return QColor(*(round(m + (n - m) * share) for m, n in zip(x.getRgb()[:3], y.getRgb()[:3], strict=True)))


def sky(p: QPainter, stops: Stops, top: float = 0, bottom: float = H) -> None:
    """Vertical gradient between heights, dithered with a fixed pattern: no bands, and still small as PNG."""
    tile = QImage(4, H, QImage.Format.Format_RGB32)
    for y in range(H):
        at = min(1.0, max(0.0, (y - top) / (bottom - top)))
        after = next((i for i, s in enumerate(stops) if s[0] >= at), len(stops) - 1)
        (a, low), (b, high) = stops[max(0, after - 1)], stops[after]
        share = 0.0 if b == a else (at - a) / (b - a)
        exact = [
            m + (n - m) * share for m, n in zip(QColor(low).getRgb()[:3], QColor(high).getRgb()[:3], strict=True)
        ]
        for x in range(4):
            limit = (BAYER[(y % 4) * 4 + x] + 0.5) / 16
            tile.setPixelColor(x, y, QColor(*(min(255, int(v) + (v - int(v) > limit)) for v in exact)))
    p.fillRect(QRectF(0, top, W, bottom - top), QBrush(tile))


def waves(base: float, *parts: tuple[float, float, float]) -> Line:
    """A ridge: ``base`` plus sines given as (height, length, shift) in pixels."""
    return lambda x: base + sum(h * math.sin((x + s) * 2 * math.pi / length) for h, length, s in parts)


def below(p: QPainter, line: Line, colour: str | QColor, bottom: float = H) -> None:
    path = QPainterPath(QPointF(0, bottom))
    for x in range(0, W + 9, 8):
        path.lineTo(x, line(x))
    path.lineTo(W + 8, bottom)
    p.fillPath(path, QColor(colour))


def tick(p: QPainter, x: float, y: float, h: float, w: float, colour: str | QColor, alpha: float = 1.0) -> None:
    """An upright tick standing on ``y``."""
    c = QColor(colour)
    c.setAlphaF(alpha)
    p.setBrush(c)
    p.drawRoundedRect(QRectF(x - w / 2, y - h, w, h), w / 2, w / 2)


def disc(p: QPainter, x: float, y: float, r: float, colour: str | QColor, alpha: float = 1.0) -> None:
    c = QColor(colour)
    c.setAlphaF(alpha)
    p.setBrush(c)
    p.drawEllipse(QPointF(x, y), r, r)


def mark(p: QPainter, x: float, y: float, size: float, colour: str) -> None:
    """The station mark: five ticks, three of them charged."""
    for i, share in enumerate((1, 1, 1, 0.5, 0.2)):
        tick(p, x + size * (0.08 + i * 0.21), y + size, size * share, size * 0.105, colour)


def words(p: QPainter, text: str, place: QRectF, px: int, weight: QFont.Weight, colour: str) -> None:
    """Text set as large as fits into ``place`` (at most ``px``), wrapped, top left."""
    flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
    while True:
        font = QFont("Manrope")
        font.setPixelSize(px)
        font.setWeight(weight)
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 98)
        metrics = QFontMetricsF(font)
        box = metrics.boundingRect(place, flags, text)
        longest = max(metrics.horizontalAdvance(word) for word in text.split())
        if (box.height() <= place.height() and longest <= place.width()) or px <= 34:
            break
        px -= 2
    p.setFont(font)
    p.setPen(QColor(colour))
    p.drawText(place, flags, text)
    p.setPen(Qt.PenStyle.NoPen)


def car(p: QPainter, x: float, y: float, scale: float, colour: str, glass: str) -> None:
    """A small car seen from the side, standing on ``y``, heading right."""
    p.save()
    p.translate(x, y)
    p.scale(scale, scale)
    body = QPainterPath(QPointF(2, -12))
    body.cubicTo(2, -26, 8, -28, 20, -30)
    body.cubicTo(32, -46, 44, -50, 64, -50)
    body.cubicTo(84, -50, 94, -42, 104, -31)
    body.cubicTo(124, -28, 134, -26, 136, -14)
    body.lineTo(136, -10)
    body.lineTo(2, -10)
    p.fillPath(body, QColor(colour))
    window = QPainterPath(QPointF(34, -31))
    window.cubicTo(42, -42, 48, -44, 62, -44)
    window.lineTo(62, -31)
    p.fillPath(window, QColor(glass))
    window = QPainterPath(QPointF(67, -44))
    window.cubicTo(82, -44, 88, -39, 96, -31)
    window.lineTo(67, -31)
    p.fillPath(window, QColor(glass))
    for at in (30, 108):
        disc(p, at, -11, 11, colour)
        disc(p, at, -11, 5, glass)
    p.restore()
