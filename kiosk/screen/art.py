"""Own drawings for the screen: SVG files in ``qml/art``, given out in the colours that the palette asks for.

The files are drawn in the day palette, so that any viewer shows them; here each of those colours is replaced by
the one in the request. ``image://art/<name>?<role>=<colour>&stroke=<width>&turn=<degrees>``; the dial is drawn
from its numbers (``dial-<ticks>-<left>``).
"""

from __future__ import annotations

import logging
import math
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtQuick import QQuickImageProvider
from PySide6.QtSvg import QSvgRenderer

log = logging.getLogger(__name__)

ART_DIR: Final = Path(__file__).resolve().parent / "qml" / "art"
DRAWN: Final = {"ink": "#10201D", "surface": "#FFFFFF", "accent": "#005046", "soft": "#E0F1EB"}
"""Colours the files are drawn in, by the role a request names them with."""
_DIAL: Final = 256


@lru_cache(maxsize=64)
def _file(name: str) -> str:
    return (ART_DIR / f"{name}.svg").read_text(encoding="utf-8")


def dial(ticks: int, left: int) -> str:
    """SVG of a ring of ``ticks``, of which ``left`` are long and in the accent, the others short, in soft."""
    middle = _DIAL / 2
    wide = 1.0 if ticks >= 60 else 2.4
    rows = []
    for index in range(ticks):
        live = index < left
        outer, inner = (middle - 4, middle - 36) if live else (middle - 12, middle - 28)
        angle = math.radians(-index * 360 / ticks)
        dx, dy = math.sin(angle), -math.cos(angle)
        rows.append(
            f'<line x1="{middle + dx * outer:.2f}" y1="{middle + dy * outer:.2f}"'
            f' x2="{middle + dx * inner:.2f}" y2="{middle + dy * inner:.2f}"'
            f' stroke="{DRAWN["accent"] if live else DRAWN["soft"]}"'
            f' stroke-width="{(6 if live else 3) * wide:.1f}" stroke-linecap="round"/>'
        )
    size = f'width="{_DIAL}" height="{_DIAL}" viewBox="0 0 {_DIAL} {_DIAL}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(rows)}</svg>'


def recoloured(svg: str, wanted: dict[str, str]) -> str:
    """``svg`` with the drawn colours replaced, and the stroke width of an icon where ``stroke`` is given."""
    for role, drawn in DRAWN.items():
        if role in wanted:
            # a mark that no other role can match, because one palette's new colour may be another's drawn one
            svg = svg.replace(drawn, f"@{role}@")
    for role in DRAWN:
        if role in wanted:
            svg = svg.replace(f"@{role}@", wanted[role])
    if "stroke" in wanted:
        svg = svg.replace('stroke-width="4"', f'stroke-width="{wanted["stroke"]}"')
    return svg


class ArtProvider(QQuickImageProvider):
    """``image://art/...``: synchronous, because a page without its icons for a frame would flicker."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, request: str, size: QSize, wanted_size: QSize) -> QImage:
        name, _, query = request.partition("?")
        wanted = dict(parse_qsl(query))
        target = wanted_size if wanted_size.width() > 0 and wanted_size.height() > 0 else QSize(48, 48)
        image = QImage(target, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        try:
            if name.startswith("dial-"):
                ticks, left = (int(part) for part in name.split("-")[1:])
                svg = dial(ticks, left)
            else:
                svg = _file(name)
        except (OSError, ValueError):
            log.exception("no drawing is called %r", name)
            return image
        renderer = QSvgRenderer(QByteArray(recoloured(svg, wanted).encode()))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        turn = float(wanted.get("turn", "0"))
        if turn:
            painter.translate(target.width() / 2, target.height() / 2)
            painter.rotate(turn)
            across = turn % 180 != 0
            width, height = (target.height(), target.width()) if across else (target.width(), target.height())
            renderer.render(painter, _fitted(renderer, QRectF(-width / 2, -height / 2, width, height)))
        else:
            renderer.render(painter, _fitted(renderer, QRectF(0, 0, target.width(), target.height())))
        painter.end()
        return image


def _fitted(renderer: QSvgRenderer, place: QRectF) -> QRectF:
    """The largest rectangle in the middle of ``place`` with the drawing's proportions.

    Not by Qt's own aspect ratio mode: its enum brings the whole namespace Qt with it, 35 ms of the start.
    """
    size = renderer.viewBoxF().size()
    scale = min(place.width() / size.width(), place.height() / size.height())
    fitted = QRectF(0, 0, size.width() * scale, size.height() * scale)
    fitted.moveCenter(place.center())
    return fitted
