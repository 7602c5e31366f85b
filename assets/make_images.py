"""Draws the standard welcome images and the demo slides: ``python assets/make_images.py [NAME ...]``.

Everything is ours: colours of the design tokens, the tick as the only ornament, words of ``welcome/words.toml``.
Words and drawings keep to the areas that the standby screen leaves free (x 43 to 1323, y 112 to 592).
Needs PySide6, Pillow and font-manrope.
"""

from __future__ import annotations

import math
import os
import random
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import font_manrope
from drawing import ACCENT, CREAM, INK, MINT, SOFT, H, W, below, car, disc, mark, mix, sky, tick, waves, words
from PIL import Image
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
)

HERE = Path(__file__).resolve().parent


def main() -> None:
    app = QGuiApplication([])
    for weight in ("Medium", "Bold", "ExtraBold"):
        QFontDatabase.addApplicationFont(
            str(Path(font_manrope.__file__).parent / "files" / f"Manrope-{weight}.ttf")
        )
    wanted = sys.argv[1:]
    for name, draw in SLIDES.items():
        if not wanted or name in wanted:
            save(draw, HERE / "slides" / f"{name}.png")
    words = tomllib.loads((HERE / "welcome" / "words.toml").read_text(encoding="utf-8"))
    for code, (welcome, hold) in words.items():
        if not wanted or code in wanted:
            folder = HERE / "welcome" / code
            folder.mkdir(exist_ok=True)
            save(lambda p, w=welcome: logo(p, w), folder / "Logo.png")
            save(lambda p, w=hold: authenticate(p, w), folder / "Authenticate.png")
    del app


def save(draw: Callable[[QPainter], None], path: Path) -> None:
    image = QImage(W, H, QImage.Format.Format_RGB32)
    p = QPainter(image)
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(Qt.PenStyle.NoPen)
    draw(p)
    p.end()
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    row = rgb.bytesPerLine()
    picture = Image.frombuffer("RGB", (W, H), bytes(rgb.constBits()), "raw", "RGB", row, 1)
    picture.save(path, optimize=True)
    sys.stdout.write(f"{path.relative_to(HERE)}  {path.stat().st_size / 1000:.0f} kB\n")


# --- slides ------------------------------------------------------------------------------------------------


def sunrise(p: QPainter) -> None:
    sky(p, ((0, "#F9E6C9"), (0.6, "#F6D3A8"), (1, "#F2B98C")), 0, 460)
    for r, a in ((250, 0.10), (200, 0.14), (154, 0.20)):
        disc(p, 940, 306, r, CREAM, a)
    disc(p, 940, 306, 112, CREAM)
    below(p, waves(372, (26, 900, 480), (10, 410, 90)), "#D2B295")
    below(p, waves(440, (34, 760, 640), (9, 330, 0)), "#86A693")
    below(p, waves(516, (24, 980, 120), (7, 420, 60)), "#3F7C6D")
    ground = waves(560, (20, 1240, 200))
    below(p, ground, "#0E5A4D")
    for i in range(64):
        x = 163 + i * 16.55
        share = i / 63
        tick(p, x, ground(x) - 14, 12 + 150 * share**1.5, 7, CREAM, 0.35 + 0.65 * share)


def avenue(p: QPainter) -> None:
    """A straight road to the horizon; the trees beside it are ticks."""
    sky(p, ((0, "#CFE9EA"), (0.7, "#E9F3E6"), (1, "#F8EFD8")), 0, 440)
    disc(p, 330, 250, 70, "#FFFDF4")
    below(p, waves(408, (14, 1100, 300), (6, 370, 40)), "#A9CDB8")
    below(p, waves(430, (8, 900, 0)), "#78B094")
    p.fillRect(QRectF(0, 440, W, H - 440), QColor("#4F9277"))
    far, horizon = 740.0, 436.0
    for near, colour in ((1640, "#458569"), (1180, "#3C7A60")):
        field = QPainterPath(QPointF(far, horizon))
        field.lineTo(far + near, H)
        field.lineTo(far - near, H)
        p.fillPath(field, QColor(colour))
    road = QPainterPath(QPointF(far - 3, horizon))
    road.lineTo(far + 3, horizon)
    road.lineTo(far + 560, H)
    road.lineTo(far - 560, H)
    p.fillPath(road, QColor("#1E3B36"))
    for i in range(14):
        near, end = 1 / (1 + i * 0.9), 1 / (1 + i * 0.9 + 0.42)
        y1, y2 = horizon + 400 * near, horizon + 400 * end
        half1, half2 = 9 * near, 9 * end
        dash = QPainterPath(QPointF(far - half1, y1))
        dash.lineTo(far + half1, y1)
        dash.lineTo(far + half2, y2)
        dash.lineTo(far - half2, y2)
        p.fillPath(dash, QColor(CREAM))
    for i in reversed(range(1, 26)):
        near = 1 / (1 + i * 0.34)
        for side in (-1, 1):
            x, y = far + side * 760 * near, horizon + 250 * near
            colour = mix("#0C4A3F", "#8DBFA4", min(1.0, i / 22))
            tick(p, x, y, 96 * near, 8 * near, mix(INK, "#8DBFA4", min(1.0, i / 22)))
            tick(p, x, y - 62 * near, 350 * near, 44 * near, colour)


def lake(p: QPainter) -> None:
    """Mountains over still water; what the water gives back is made of ticks."""
    sky(p, ((0, "#2E6F7E"), (0.55, "#8FC3BD"), (1, "#F3E3C3")), 0, 430)
    disc(p, 268, 300, 62, CREAM)
    shore = 430.0
    ridges = (
        (
            ((-40, 430), (150, 300), (260, 350), (430, 214), (560, 330), (700, 270), (860, 430)),
            "#5C949A",
            "#DCEBE6",
        ),
        (
            ((520, 430), (690, 320), (800, 352), (1010, 168), (1130, 292), (1230, 250), (1420, 430)),
            "#2F6C74",
            "#EFF6F1",
        ),
        (((-60, 430), (90, 372), (230, 400), (420, 430)), "#1D5455", ""),
        (((900, 430), (1090, 384), (1240, 352), (1420, 430)), "#17494A", ""),
    )
    for points, colour, snow in ridges:
        shape = QPainterPath(QPointF(*points[0]))
        for point in points[1:]:
            shape.lineTo(*point)
        p.fillPath(shape, QColor(colour))
        if snow:
            top = min(points, key=lambda q: q[1])
            cap = QPainterPath(QPointF(top[0], top[1]))
            cap.lineTo(top[0] + 46, top[1] + 48)
            cap.lineTo(top[0] + 20, top[1] + 38)
            cap.lineTo(top[0] + 4, top[1] + 66)
            cap.lineTo(top[0] - 18, top[1] + 40)
            cap.lineTo(top[0] - 44, top[1] + 50)
            inside = cap.intersected(shape)
            p.fillPath(inside, QColor(snow))
    sky(p, ((0, "#79AFAE"), (0.35, "#2F7377"), (1, "#0A3A3C")), shore, H)
    rng = random.Random(7)
    p.save()
    p.setClipRect(QRectF(0, shore, W, H - shore))
    for row in range(15):
        y = shore + 12 + row * 15 + row * row * 0.62
        for _ in range(26 - row):
            x = rng.gauss(268, 26 + row * 13) if rng.random() < 0.42 else rng.uniform(-40, W + 40)
            long = rng.uniform(18, 60) * (1 + row * 0.16)
            bright = math.exp(-(((x - 268) / (60 + row * 16)) ** 2))
            c = mix("#A7D2CB", CREAM, bright)
            c.setAlphaF(min(1.0, 0.16 + 0.72 * bright))
            p.setBrush(c)
            p.drawRoundedRect(QRectF(x - long / 2, y, long, 4 + row * 0.35), 3, 3)
    p.restore()
    for i in range(40):
        x = 1040 + i * 8.6 + rng.uniform(-2, 2)
        tick(p, x, 452 + 6 * math.sin(i), 18 + 56 * (i / 39) ** 1.4 + rng.uniform(0, 18), 4.5, "#0A3A3C")


def coast(p: QPainter) -> None:
    """Evening at the sea: the sun's path is a scale of ticks, wind turbines stand on the horizon."""
    sky(p, ((0, "#21405B"), (0.45, "#B8695F"), (0.8, "#F0A36B"), (1, "#F8CF8E")), 0, 420)
    disc(p, 520, 400, 92, "#FFF0CC")
    for r, a in ((150, 0.16), (220, 0.10)):
        disc(p, 520, 400, r, "#FFF0CC", a)
    sky(p, ((0, "#B5705F"), (0.25, "#5A4A5C"), (1, "#14283C")), 420, H)
    for i in range(21):
        share = i / 20
        y = 430 + i * 13 + i * i * 0.32
        long = 170 - 60 * math.sin(share * math.pi) + 70 * share
        c = mix("#FFF0CC", "#F0A36B", share)
        c.setAlphaF(0.95 - 0.55 * share)
        p.setBrush(c)
        p.drawRoundedRect(QRectF(520 - long / 2 + 14 * math.sin(i * 1.9), y, long, 6), 3, 3)
    for x, h, turn in ((860, 150, 10), (990, 190, 47), (1130, 168, 80), (1255, 210, 25)):
        c = QColor("#FBE9D2")
        p.setPen(QPen(c, 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        hub = QPointF(x, 424 - h)
        p.drawLine(QLineF(hub, QPointF(x, 424)))
        for blade in range(3):
            a = math.radians(turn + blade * 120)
            p.drawLine(QLineF(hub, hub + QPointF(math.sin(a), -math.cos(a)) * h * 0.46))
        p.setPen(Qt.PenStyle.NoPen)
        disc(p, hub.x(), hub.y(), 6, c)
    below(p, lambda x: 768 - 190 * max(0.0, (330 - x) / 330) ** 0.8, "#0D1E2D")


def city(p: QPainter) -> None:
    """A town at dusk; every house is a tick with lit windows, the road before it carries one car."""
    sky(p, ((0, "#123B4A"), (0.6, "#3F7F86"), (1, "#F1C79A")), 0, 560)
    disc(p, 1090, 210, 54, CREAM)
    rng = random.Random(11)
    for layer, (base, colour, width, low, high) in enumerate(
        ((556, "#5E9A98", 34, 70, 220), (568, "#2C6A70", 46, 60, 270), (584, "#0E3E45", 60, 50, 230))
    ):
        x = -20.0 + layer * 13
        while x < W + 40:
            wide = width * rng.uniform(0.7, 1.25)
            swell = 0.45 + 0.55 * math.exp(-(((x - 560 - layer * 90) / 360) ** 2))
            high_px = (low + (high - low) * rng.random()) * swell + 30
            p.setBrush(QColor(colour))
            p.drawRoundedRect(QRectF(x, base - high_px, wide, high_px + 40), wide / 2, wide / 2)
            if layer:
                for row in range(int((high_px - 40) / 22)):
                    for column in (0.36, 0.64):
                        if rng.random() < 0.34 + 0.12 * layer:
                            lit = rng.choice(("#FFE3A3", "#FFF5E3", MINT))
                            tick(p, x + wide * column, base - high_px + 50 + row * 22, 12, 4.5, lit, 0.9)
            x += wide + rng.uniform(5, 14)
    p.fillRect(QRectF(0, 580, W, H - 580), QColor("#082B31"))
    for i in range(30):
        tick(p, 20 + i * 48, 676, 5, 26, CREAM, 0.55)
    car(p, 690, 664, 1.0, MINT, "#082B31")
    for i in range(7):
        tick(p, 664 - i * 17, 652, 30 - i * 3.4, 6, MINT, 0.85 - i * 0.11)


def aurora(p: QPainter) -> None:
    """Northern lights made of ticks over a quiet valley at night."""
    sky(p, ((0, "#06121A"), (0.6, "#0C2A33"), (1, "#1C4C4C")), 0, 560)
    rng = random.Random(3)
    for _ in range(120):
        disc(p, rng.uniform(0, W), rng.uniform(0, 420), rng.choice((1.0, 1.3, 1.8)), CREAM, rng.uniform(0.25, 0.9))
    for band, (y, lift, colour) in enumerate(((210, 58, "#2FA58C"), (292, 70, MINT))):
        foot = waves(y + 110, (lift, 880, 140 + band * 210), (22, 310, band * 90))
        for i in range(172):
            x = 4 + i * 8
            strong = 0.5 + 0.5 * math.sin(i * 0.11 + band * 2.1) * math.sin(i * 0.037 + 1)
            long = 60 + 130 * strong
            c = mix(colour, "#C9F5E4", 0.35 * strong)
            light = QLinearGradient(0, foot(x) - long, 0, foot(x))
            for at, alpha in ((0.0, 0.0), (0.7, 0.25 + 0.3 * strong), (1.0, 0.4 + 0.5 * strong)):
                c.setAlphaF(alpha)
                light.setColorAt(at, c)
            p.setBrush(light)
            p.drawRoundedRect(QRectF(x - 2.25, foot(x) - long, 4.5, long), 2.25, 2.25)
    below(p, waves(486, (34, 820, 420), (12, 300, 30)), "#123A3C")
    below(p, waves(548, (24, 960, 90), (8, 380, 0)), "#0B2728")
    below(p, waves(618, (16, 1300, 700)), "#06181A")
    for i in range(5):
        tick(p, 236 + i * 15, 556, (46, 46, 46, 24, 10)[i], 6, "#FFE3A3")


# --- welcome images ----------------------------------------------------------------------------------------


def logo(p: QPainter, welcome: str) -> None:
    """What an operator replaces by the own logo: our mark and a greeting over the morning landscape."""
    sky(p, ((0, "#FBF3E2"), (0.7, "#F9E3C2"), (1, "#F5CDA0")), 0, 560)
    for r, a in ((236, 0.30), (190, 0.45)):
        disc(p, 1096, 436, r, CREAM, a)
    disc(p, 1096, 436, 144, "#FFFBF2")
    below(p, waves(486, (22, 940, 520), (8, 400, 90)), "#D9BC9C")
    below(p, waves(540, (26, 800, 640), (8, 330, 0)), "#86A693")
    below(p, waves(600, (18, 1020, 120)), "#2F7161")
    below(p, waves(652, (12, 1300, 240)), ACCENT)
    mark(p, 43, 152, 176, ACCENT)
    words(p, welcome, QRectF(267, 148, 1040, 200), 152, QFont.Weight.ExtraBold, INK)


def authenticate(p: QPainter, hold: str) -> None:
    """How to begin: a card at the reader, drawn like the card page."""
    p.fillRect(QRectF(0, 0, W, H), QColor(SOFT))
    below(p, waves(640, (16, 1200, 300)), "#C9E6DC")
    below(p, waves(694, (12, 1400, 800)), "#A9D5C6")
    words(p, hold, QRectF(43, 136, 660, 400), 96, QFont.Weight.ExtraBold, INK)
    pen = QPen(QColor(INK), 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    p.save()
    p.translate(1120, 336)
    p.rotate(-8)
    p.setPen(pen)
    p.setBrush(QColor("#FFFFFF"))
    p.drawRoundedRect(QRectF(-190, -122, 380, 244), 28, 28)
    p.setBrush(QColor(SOFT))
    p.drawRoundedRect(QRectF(-146, -74, 72, 56), 11, 11)
    p.drawLine(QLineF(-146, 44, 54, 44))
    p.drawLine(QLineF(-146, 78, -22, 78))
    p.setPen(Qt.PenStyle.NoPen)
    mark(p, 62, -76, 84, ACCENT)
    p.restore()
    for i in range(5):
        high = 168 - i * 24
        tick(p, 748 + i * 36, 366 + high / 2, high, 16, ACCENT, 1 - i * 0.15)


SLIDES: dict[str, Callable[[QPainter], None]] = {
    "01-sunrise": sunrise,
    "02-avenue": avenue,
    "03-lake": lake,
    "04-coast": coast,
    "05-city": city,
    "06-aurora": aurora,
}

if __name__ == "__main__":
    main()
