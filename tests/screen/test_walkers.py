"""Walks over the live item tree of every screen and state: nothing clipped, nothing small, everything named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtQml import QQmlExpression, QQmlProperty, qmlContext
from PySide6.QtQuick import QQuickItem

from kiosk.i18n import LANGUAGES, PLUS50
from kiosk.screen import samples
from kiosk.screen.shots import PALETTES, Studio

SCREEN = QRectF(0, 0, 1366, 768)
CHECKED = ("en", "de", "ru", "fi", "hu", PLUS50)
SIZES = {24, 34, 48, 96, 200}
TOUCH_MIN_PX, TOUCH_GAP_PX = 79, 12

pytestmark = pytest.mark.screen


@pytest.fixture(scope="module")
def studio(qapp: object) -> Iterator[Studio]:
    with Studio() as one:
        yield one


_kinds: dict[str, tuple[str, ...]] = {}


def kinds(item: QQuickItem) -> tuple[str, ...]:
    """Classes of Qt Quick and names of our controls that ``item`` is one of."""
    meta = item.metaObject()
    own = str(meta.className())
    if own not in _kinds:
        names: list[str] = []
        while meta is not None:
            names.append(str(meta.className()).split("_QML")[0])
            meta = meta.superClass()
        _kinds[own] = tuple(names)
    return _kinds[own]


def is_a(item: QQuickItem, kind: str) -> bool:
    return kind in kinds(item)


def items(studio: Studio, kind: str) -> list[QQuickItem]:
    return [item for item in studio.items() if is_a(item, kind) and item.opacity() > 0]


def texts(studio: Studio) -> list[QQuickItem]:
    return [item for item in items(studio, "QQuickText") if item.property("text")]


def number(item: QQuickItem, name: str) -> int:
    """An enum of Qt Quick, which Python cannot convert."""
    value = QQmlExpression(qmlContext(item), item, f"{name} | 0").evaluate()
    return int(value[0] if isinstance(value, tuple) else value)


def written(item: QQuickItem) -> QRectF:
    """Where the letters of a Text stand on the screen."""
    width, height = item.property("contentWidth"), item.property("contentHeight")
    x, y = item.width() - width, item.height() - height
    if abs(x) > 1:
        x *= {4: 0.5, 2: 1.0}.get(number(item, "horizontalAlignment"), 0.0)
    if abs(y) > 1:
        y *= {0x80: 0.5, 0x40: 1.0}.get(number(item, "verticalAlignment"), 0.0)
    return item.mapRectToScene(QRectF(x, y, width, height))


def box_of(item: QQuickItem) -> QQuickItem | None:
    """The nearest panel, card or button that a text stands in."""
    parent = item.parentItem()
    while parent is not None:
        if is_a(parent, "QQuickRectangle") and parent.property("radius") >= 12 and parent.width() > 100:
            return parent
        parent = parent.parentItem()
    return None


def on_screen(item: QQuickItem) -> QRectF:
    return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


def grown(rect: QRectF, by: float) -> QRectF:
    return rect.adjusted(-by, -by, by, by)


def show(studio: Studio, name: str, language: str, palette: str = "day") -> None:
    studio.show(samples.sample(name), language, palette)
    studio.grab()  # lays out and draws; positioners have no place before


class Said(NamedTuple):
    """One visible text as it stands."""

    text: str
    item: QQuickItem
    px: int
    family: str
    place: QRectF


def said(studio: Studio) -> list[Said]:
    found = []
    for item in texts(studio):
        font = item.property("font")
        found.append(Said(item.property("text"), item, font.pixelSize(), font.family(), written(item)))
    return found


def overflowing(rows: list[Said]) -> list[str]:
    found = []
    for row in rows:
        large = row.px >= 96  # the line of large digits is higher than they are
        width, height = row.item.property("contentWidth"), row.item.property("contentHeight")
        if width > row.item.width() + 1:
            found.append(f"too wide: {row.text!r} {width:.0f} > {row.item.width():.0f}")
        if height > row.item.height() + 1:
            found.append(f"too high: {row.text!r} {height:.0f} > {row.item.height():.0f}")
        if not large and not grown(SCREEN, 1).contains(row.place):
            found.append(f"off the screen: {row.text!r}")
        box = box_of(row.item)
        if box is None:
            continue
        ground = on_screen(box)
        inside = row.place.right() <= ground.right() - 8 if large else grown(ground, 1).contains(row.place)
        if not inside:
            found.append(f"out of its box: {row.text!r}")
    return found


def overlapping(rows: list[Said]) -> list[str]:
    small = [row for row in rows if row.px < 96]
    found = []
    for at, one in enumerate(small):
        for two in small[at + 1 :]:
            both = one.place.intersected(two.place)
            if both.width() > 2 and both.height() > 10:
                found.append(f"{one.text!r} over {two.text!r}")
    return found


def shrunk(studio: Studio, rows: list[Said]) -> list[str]:
    """Only notes are set in 24 px; nothing else may have shrunk to that to fit."""
    found = [
        f"{row.text!r} in {row.family} {row.px} px"
        for row in rows
        if row.px not in SIZES or row.family != "Manrope"
    ]
    for item in studio.items():
        if is_a(item, "FitLabel") and item.property("role") != "note" and item.property("chosen") == "note":
            found.append(f"{item.property('text')!r} shrank to a note")
        elif is_a(item, "Notice") and item.property("small"):
            found.append(f"notice {item.property('text')!r} shrank to a note")
    return found


def walk(studio: Studio, language: str) -> list[str]:
    problems = []
    for name in samples.NAMES:
        show(studio, name, language)
        rows = said(studio)
        found = [] if rows else ["says nothing"]
        found += overflowing(rows) + overlapping(rows)
        if language != PLUS50:  # half as long again may cost size, never words
            found += shrunk(studio, rows)
        problems += [f"{name}.{language}: {one}" for one in found]
    return problems


@pytest.mark.parametrize("language", CHECKED)
def test_no_text_is_clipped_covered_or_small(studio: Studio, language: str) -> None:
    problems = walk(studio, language)
    assert not problems, "\n".join(problems)


@pytest.mark.long
@pytest.mark.parametrize("language", [row.code for row in LANGUAGES if row.code not in CHECKED])
def test_nor_in_the_other_languages(studio: Studio, language: str) -> None:
    problems = walk(studio, language)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("language", ["en", PLUS50])
def test_touch_targets_are_large_and_apart(studio: Studio, language: str) -> None:
    problems = []
    for name in samples.NAMES:
        show(studio, name, language)
        areas = [(item, on_screen(item)) for item in items(studio, "QQuickMouseArea") if item.isEnabled()]
        for at, (item, rect) in enumerate(areas):
            label = item.property("name")
            if rect.width() < TOUCH_MIN_PX or rect.height() < TOUCH_MIN_PX:
                problems.append(f"{name}: {label!r} is {rect.width():.0f} x {rect.height():.0f}")
            if not SCREEN.contains(rect):
                problems.append(f"{name}: {label!r} is partly off the screen")
            for other, second in areas[at + 1 :]:
                near = grown(rect, TOUCH_GAP_PX - 1).intersects(second)
                if near and not rect.contains(second):
                    problems.append(f"{name}: {label!r} is too near {other.property('name')!r}")
    assert not problems, "\n".join(problems)


def test_everything_that_can_be_touched_has_a_name(studio: Studio) -> None:
    problems = []
    for name in samples.NAMES:
        show(studio, name, "en")
        for item in items(studio, "QQuickMouseArea"):
            label = QQmlProperty(item, "Accessible.name", qmlContext(item)).read()
            if not label or number(item, "Accessible.role") == 0:
                problems.append(f"{name}: a touch area at {on_screen(item)} has no name or role")
    assert not problems, "\n".join(problems)


def luminance(colour: object) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))  # type: ignore[attr-defined]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: object, two: object) -> float:
    """WCAG 2: 1 to 21."""
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT_PAIRS = [
    "ink/page",
    "ink/surface",
    "ink/sunk",
    "ink/accentSoft",
    "ink/faultSoft",
    "ink/cautionSoft",
    "inkSoft/page",
    "inkSoft/surface",
    "inkSoft/sunk",
    "accent/page",
    "accent/surface",
    "accent/accentSoft",
    "accentInk/accent",
    "pressedInk/pressed",
    "fault/page",
    "fault/surface",
    "fault/faultSoft",
    "faultInk/fault",
    "caution/page",
    "caution/cautionSoft",
    "page/ink",
]
EDGE_PAIRS = ("line/page", "line/surface", "tickOff/page", "tickOff/surface", "accent/page", "fault/page")


@pytest.mark.parametrize("palette", PALETTES)
def test_contrast(studio: Studio, palette: str) -> None:
    studio.theme.setProperty("night", palette == "night")

    def of(pair: str) -> float:
        one, two = pair.split("/")
        return contrast(studio.theme.property(one), studio.theme.property(two))

    assert {pair: round(of(pair), 2) for pair in TEXT_PAIRS if of(pair) < 7} == {}
    assert {pair: round(of(pair), 2) for pair in EDGE_PAIRS if of(pair) < 3} == {}


def test_a_pair_that_is_too_pale_would_be_found(studio: Studio) -> None:
    studio.theme.setProperty("night", False)
    assert contrast(studio.theme.property("hairline"), studio.theme.property("page")) < 3
