"""Keys of the driver's screen: from the backend's word through the core to what the screen writes.

What the screen makes of a snapshot is shown by the functions of its own that fill the pages; that the pages draw
these is shown on the real screen in tests/screen (test_pages, test_view_cards, test_slideshow).
"""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

from kiosk.model.enums import Page, Tap
from kiosk.model.languages import LANGUAGES
from kiosk.screen.view import StationView
from kiosk.screen.view_ask import ask_of
from kiosk.screen.view_cards import connector_row, session_rows
from kiosk.screen.view_focus import focus_of, lists_of
from kiosk.slides.playlist import playlist
from tests.fakes.keys import key
from tests.fakes.site import Site

EN = "en"


def charging_page(here: Site) -> set[str]:
    """Labels of the values that stand on the charging screen of connector 1."""
    connector, gui = here.station.connector(1), here.snapshot.gui
    focus = focus_of(EN, gui, connector, fresh=True)
    readings = lists_of(EN, gui, connector, fresh=True, elapsed_s=60.0).readings
    labels = {focus.main_label, *(row.label for row in readings)}
    return labels | ({"Time"} if focus.time_number else set())


@key(
    "GUIchargingCurrentVisible", "GUIchargingVoltageVisible", "GUIchargingPowerVisible", "GUItimeRemainingVisible"
)
@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("GUIchargingCurrentVisible", "Current"),
        ("GUIchargingVoltageVisible", "Voltage"),
        ("GUIchargingPowerVisible", "Power"),
        ("GUItimeRemainingVisible", "Time"),
    ],
)
def test_visibility_on_the_charging_screen(aio: Any, site: Any, name: str, label: str) -> None:
    """On the real screen: tests/screen/test_view_cards.py, test_switches_of_the_charging_screen."""

    async def story() -> None:
        async with site() as here:
            await here.charge(1)
            await here.settle(10)
            everything = charging_page(here)
            assert everything == {"Power", "Energy", "Current", "Voltage", "Time"}
            await here.stop(1)
            await here.set_after_reset((name, "false"))
            assert (await here.card(1)).authorized
            await here.status_is(1, "Charging")
            await here.settle(10)
            assert charging_page(here) == everything - {label}

    aio(story())


@key("GUIchargeParameterOverlayVisible")
def test_GUIchargeParameterOverlayVisible(aio: Any, site: Any) -> None:
    """On the real screen: tests/screen/test_view_cards.py, test_overlay_of_running_sessions."""

    async def story() -> None:
        async with site() as here:
            for visible in ("true", "false"):
                await here.set_after_reset(("GUIchargeParameterOverlayVisible", visible))
                await here.charge(1)
                rows = session_rows(EN, here.snapshot.gui, here.snapshot.connectors, frozenset({1}))
                assert [row.connectorId for row in rows] == ([1] if visible == "true" else [])
                await here.leave(1)

    aio(story())


@key("GUIprimaryLanguage", "GUIsecondaryLanguage", "GUItertiaryLanguage")
def test_GUIprimaryLanguage_GUIsecondaryLanguage_and_GUItertiaryLanguage(
    aio: Any, site: Any, qapp: QGuiApplication
) -> None:
    """The name of the table, its native spelling or its code; the first greets, the three stand on the buttons.

    On the real screen: tests/screen/test_pages.py, test_a_language_is_two_touches_away.
    """

    async def story() -> None:
        async with site() as here:
            view = StationView()
            view.apply(here.snapshot)
            assert (view.language, bar(view)) == ("de", ["Deutsch", "English", "Italiano"])
            await here.set_after_reset(
                ("GUIprimaryLanguage", "Suomi"), ("GUIsecondaryLanguage", "fr"), ("GUItertiaryLanguage", "русский")
            )
            view = StationView()
            view.apply(here.snapshot)
            assert (view.language, bar(view)) == ("fi", ["Suomi", "Français", "Русский"])
            assert await here.change("GUIprimaryLanguage", "Klingon") == "Rejected"
            for language in LANGUAGES:
                for spelling in (language.native, language.spelling, language.code):
                    assert await here.change("GUItertiaryLanguage", spelling) == "RebootRequired"
                assert await here.value("GUItertiaryLanguage") == language.spelling

    aio(story())


def bar(view: StationView) -> list[str]:
    """The language buttons."""
    return [row.title for row in view.bar.rows]


@key("GUIslideTime")
def test_GUIslideTime(aio: Any, site: Any) -> None:
    """On the real screen: tests/screen/test_slideshow.py."""

    async def story() -> None:
        async with site() as here:
            show = playlist(["a.png", "b.png"], here.snapshot.gui.slide_time_s)
            assert (show.time_s, len(show.items)) == (10.0, 4)
            await here.set_after_reset(("GUIslideTime", "25"))
            assert playlist(["a.png", "b.png"], here.snapshot.gui.slide_time_s).time_s == 25.0
            await here.set_after_reset(("GUIslideTime", "0"))
            show = playlist(["a.png", "b.png"], here.snapshot.gui.slide_time_s)
            assert (show.time_s, len(show.items)) == (10.0, 2)  # welcome images only

    aio(story())


@key("GUIChargingSessionScreenTimeout")
def test_GUIChargingSessionScreenTimeout(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.set("GUIChargingSessionScreenTimeout", "15")
            await here.charge(1)
            await here.until(lambda: here.page == "charging")
            await here.settle(10)
            here.tap(Tap.WAKE)  # a touch gives the whole time again
            await here.settle(10)
            assert here.page == "charging"
            await here.settle(6)
            assert here.page == "standby"
            assert here.station.connector(1).status == "Charging"
            await here.set("GUIChargingSessionScreenTimeout", "0")
            here.tap(Tap.BEGIN)
            here.tap(Tap.SELECT, 1)
            assert here.page == "charging"
            await here.settle(60)
            assert here.page == "charging"

    aio(story())


@key("GUIchargePointIdVisible")
def test_GUIchargePointIdVisible(aio: Any, site: Any, qapp: QGuiApplication) -> None:
    """On the real screen: tests/screen/test_view.py, test_identity_and_lock."""

    async def story() -> None:
        async with site() as here:
            view = StationView()
            view.apply(here.snapshot)
            assert view.identity == "HYC-7"
            await here.set_after_reset(("GUIchargePointIdVisible", "false"))
            view.apply(here.snapshot)
            assert view.identity == ""

    aio(story())


def headings(here: Site) -> list[tuple[str, str]]:
    """Heading and number (or plain text) of each card of the connector selection."""
    rows = [connector_row(EN, here.snapshot.gui, c, fresh=True) for c in here.snapshot.connectors]
    return [(row.heading, row.number1 or row.plain) for row in rows]


@key("GUIconnectorPowerVisible", "GUIconnectorLabelsVisible", "GUIconnectorLabels")
def test_GUIconnectorPowerVisible_GUIconnectorLabelsVisible_and_GUIconnectorLabels(aio: Any, site: Any) -> None:
    """Own labels, else the largest power, else AC or DC; a connector without a label falls back.

    On the real screen: tests/screen/test_view_cards.py, test_label_rule.
    """

    async def story() -> None:
        async with site(connectors="CCS,CHAdeMO,CCS_AC") as here:
            powers = [("CCS", "50"), ("CHAdeMO", "50"), ("Type 2", "22")]
            assert headings(here) == powers
            await here.set_after_reset(("GUIconnectorPowerVisible", "false"))
            assert headings(here) == [("DC", "CCS"), ("DC", "CHAdeMO"), ("AC", "Type 2")]
            await here.set_after_reset(("GUIconnectorLabelsVisible", "true"))
            assert [heading for heading, _ in headings(here)] == ["1", "2", "3"]
            await here.set_after_reset(("GUIconnectorPowerVisible", "true"), ("GUIconnectorLabels", "Left,,Rear"))
            assert [heading for heading, _ in headings(here)] == ["Left", "CHAdeMO", "Rear"]
            await here.set_after_reset(("GUIconnectorLabels", "Only"))
            assert [heading for heading, _ in headings(here)] == ["Only", "CHAdeMO", "Type 2"]
            await here.set_after_reset(("GUIconnectorLabelsVisible", "false"))
            assert headings(here) == powers
            assert await here.change("GUIconnectorLabels", "a,b,c,d,e") == "Rejected"

    aio(story())


@key("TariffText")
def test_TariffText(aio: Any, site: Any) -> None:
    """At once, per language, instead of the installation's."""

    async def story() -> None:
        async with site(install=['tariff.de="0,59 €/kWh"']) as here:
            here.tap(Tap.BEGIN)
            here.tap(Tap.SELECT, 1)
            assert tariff(here, "de") == "0,59 €/kWh"
            await here.set("TariffText", "de=0,49 €/kWh | en=€0.49/kWh")
            assert [tariff(here, code) for code in ("de", "en")] == ["0,49 €/kWh", "€0.49/kWh"]
            await here.set("TariffText", "49 ct")
            assert [tariff(here, code) for code in ("de", "fi")] == ["49 ct", "49 ct"]
            await here.set("TariffText", "")
            assert tariff(here, "de") == "0,59 €/kWh"
            assert await here.change("TariffText", "de=a | de=b") == "Rejected"

    aio(story())


def tariff(here: Site, code: str) -> str:
    """As the card page shows it."""
    return ask_of(code, Page.CARD, here.snapshot, 0.0).tariff
