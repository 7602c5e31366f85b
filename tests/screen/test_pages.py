"""Every page loads in both palettes without a warning, is drawn, and leads where it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPointingDevice
from PySide6.QtQuick import QQuickItem

from kiosk.model import faults
from kiosk.model.enums import Page
from kiosk.screen import samples, shots
from kiosk.screen.art import ART_DIR, DRAWN, dial, recoloured
from kiosk.screen.engine import QML_DIR
from kiosk.screen.sample_parts import NOW_S, charging, free, snapshot, tick_for
from kiosk.screen.shots import PALETTES, Studio

pytestmark = pytest.mark.screen


@pytest.fixture(scope="module")
def studio(qapp: object) -> Iterator[Studio]:
    with Studio() as one:
        yield one


def test_every_page_has_a_sample_and_a_file() -> None:
    assert {name.split("-")[0] for name in samples.NAMES} == {page.value for page in Page}
    for page in Page:
        name = "".join(part.title() for part in page.value.split("_"))
        assert (QML_DIR / "pages" / f"{name}.qml").is_file()


def colours(image: QImage) -> int:
    return len({image.pixel(x, y) for x in range(0, 1366, 13) for y in range(0, 768, 11)})


@pytest.mark.parametrize("palette", PALETTES)
def test_every_state_is_drawn_without_a_warning(studio: Studio, palette: str) -> None:
    for name in samples.NAMES:
        wanted = samples.sample(name)
        studio.show(wanted, "en", palette)
        image = studio.grab()
        assert (image.width(), image.height()) == (1366, 768), name
        assert colours(image) > 3, f"{name} is empty"
        assert studio.view.page == name.split("-")[0]
        assert studio.warnings == []
    ground = studio.theme.property("page")
    assert image.pixelColor(2, 400) == ground


def apart(one: QImage, two: QImage) -> int:
    """The largest difference of any channel of any pixel, 0 to 255."""
    pictures = [
        Image.frombuffer("RGBX", (i.width(), i.height()), bytes(i.constBits()), "raw", "BGRX", i.bytesPerLine(), 1)
        for i in (one, two)
    ]
    bands = ImageChops.difference(*(picture.convert("RGB") for picture in pictures)).getextrema()
    return max(high for _, high in bands)


def test_pictures_do_not_depend_on_what_was_shown_before(studio: Studio) -> None:
    studio.show(samples.sample("charging"))
    first = studio.grab()
    studio.show(samples.sample("fault"), "ru", "night")
    assert apart(studio.grab(), first) > 100
    studio.show(samples.sample("charging"))
    # edges of large glyphs differ by a few shades once Qt has them in its cache
    assert apart(studio.grab(), first) < 16


def said(studio: Studio) -> list[str]:
    return [text for item in studio.items() if item.metaObject().className() and (text := item.property("text"))]


@pytest.mark.parametrize("code", [code for code in faults.FAULTS if code not in (0, 1000, 1001, 1002)])
def test_every_fault_says_what_it_is_and_what_to_do(studio: Studio, code: int) -> None:
    (wanted,) = samples.all_faults((code,))
    studio.show(wanted)
    row = faults.fault(code)
    shown = said(studio)
    assert {row.title, row.cause, row.advice, str(code), "0800 000 0000"} <= set(shown)


def test_languages_change_on_the_page_that_stands(studio: Studio) -> None:
    studio.show(samples.sample("charging"), "en")
    assert "Stop charging" in said(studio)
    studio.show(samples.sample("charging"), "de")
    assert "Ladevorgang beenden" in said(studio)
    assert "47" in said(studio)


# --- touches ----------------------------------------------------------------------------------------------


def touch(studio: Studio, name: str) -> list[tuple[str, int]]:
    """Press and release the middle of the first touch area called ``name``; what the core hears of it."""
    heard: list[tuple[str, int]] = []

    def hear(action: str, connector_id: int) -> None:
        heard.append((action, connector_id))

    studio.grab()
    area = next(item for item in reversed([*studio.items()]) if item.property("name") == name and is_area(item))
    middle = area.mapToScene(QPointF(area.width() / 2, area.height() / 2))
    studio.view.tapped.connect(hear)
    for kind, buttons in (
        (QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton),
        (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
    ):
        event = QMouseEvent(
            kind,
            middle,
            middle,
            middle,
            Qt.MouseButton.LeftButton,
            buttons,
            Qt.KeyboardModifier.NoModifier,
            QPointingDevice.primaryPointingDevice(),
        )
        shots.application().sendEvent(studio.window, event)
    studio.view.tapped.disconnect(hear)
    return heard


def is_area(item: QQuickItem) -> bool:
    return item.property("containsPress") is not None and item.property("pressedButtons") is not None


@pytest.mark.parametrize(
    ("sample", "name", "tap"),
    [
        ("standby", "Touch the screen to begin", ("begin", 0)),
        ("selection-four", "Back", ("done", 0)),
        ("card", "Back", ("back", 0)),
        ("card_refused", "Back", ("back", 0)),
        ("free", "Start with connector 1", ("start", 0)),
        ("plug_in", "Cancel", ("cancel", 0)),
        ("preparing", "Cancel", ("cancel", 0)),
        ("preparing", "All connectors", ("overview", 0)),
        ("charging", "All connectors", ("overview", 0)),
        ("charging", "Stop charging", ("stop", 0)),
        ("stop_confirm", "Keep charging", ("keep", 0)),
        ("stop_confirm", "Stop now", ("confirm_stop", 0)),
        ("stop_refused", "Back", ("back", 0)),
        ("stop_card", "Keep charging", ("keep", 0)),
        ("stopping", "All connectors", ("overview", 0)),
        ("finished", "Done", ("done", 0)),
        ("fault", "To the start", ("done", 0)),
        ("which_session", "Keep charging", ("done", 0)),
    ],
)
def test_buttons_say_what_they_mean(studio: Studio, sample: str, name: str, tap: tuple[str, int]) -> None:
    studio.show(samples.sample(sample))
    assert touch(studio, name) == [tap]


@pytest.mark.parametrize(
    ("sample", "number"),
    [("selection-four", 1), ("selection-four", 3), ("standby-one_session", 2), ("which_session", 2)],
)
def test_cards_select_their_connector(studio: Studio, sample: str, number: int) -> None:
    """Also a card that cannot be used: the core answers why."""
    studio.show(samples.sample(sample))
    studio.grab()
    name = next(
        item.property("name")
        for item in studio.items()
        if item.property("connectorId") == number and item.property("name")
    )
    assert touch(studio, name) == [("select", number)]


def test_a_language_is_two_touches_away(studio: Studio) -> None:
    studio.show(samples.sample("charging"))
    assert touch(studio, "All languages") == []
    assert studio.view.page == "languages"
    assert touch(studio, "Suomi") == []
    assert (studio.view.page, studio.view.language) == ("charging", "fi")


def test_a_session_that_may_not_be_stopped_here_has_no_button(studio: Studio) -> None:
    studio.show(samples.sample("charging-remote"))
    names = {item.property("name") for item in studio.items()}
    assert "Stop charging" not in names


def test_pages_follow_live_values(studio: Studio) -> None:
    """One page, new figures: it stays and shows them."""
    studio.show(samples.sample("charging"))
    before = studio.grab()
    picture = snapshot(Page.CHARGING, (free(1), charging(2, soc_percent=63)), connector_id=2, until_s=NOW_S + 40)
    studio.view.apply(picture)
    studio.view.tick(tick_for(picture))
    assert "63" in said(studio)
    assert studio.grab() != before


# --- drawings ---------------------------------------------------------------------------------------------


def test_palette_of_the_drawings_is_the_day_palette(studio: Studio) -> None:
    studio.theme.setProperty("night", False)
    token = {"ink": "ink", "surface": "surface", "accent": "accent", "soft": "accentSoft"}
    for role, drawn in DRAWN.items():
        assert studio.theme.property(token[role]).name().upper() == drawn


@pytest.mark.parametrize("path", sorted(ART_DIR.glob("*.svg")), ids=lambda path: path.stem)
def test_drawings_use_no_colour_of_their_own(path: Path) -> None:
    svg = recoloured(path.read_text(), dict.fromkeys(DRAWN, "none"))
    assert "#" not in svg


def test_a_new_colour_is_never_taken_for_another_role() -> None:
    svg = f'<path stroke="{DRAWN["ink"]}" fill="{DRAWN["surface"]}"/>'
    swapped = recoloured(svg, {"ink": DRAWN["surface"], "surface": DRAWN["ink"]})
    assert swapped == f'<path stroke="{DRAWN["surface"]}" fill="{DRAWN["ink"]}"/>'


@pytest.mark.parametrize(("ticks", "left"), [(60, 60), (60, 45), (60, 0), (20, 18)])
def test_dial(ticks: int, left: int) -> None:
    assert dial(ticks, left).count(DRAWN["accent"]) == left
    assert dial(ticks, left).count("<line") == ticks
