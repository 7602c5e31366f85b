"""Rules between keys, used forms, and what the hardware makes of values beyond it."""

from __future__ import annotations

import logging

import pytest

from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue
from kiosk.settings import Certificates, Change, Installation, Settings

BACKEND, OPERATOR = Provenance.BACKEND, Provenance.OPERATOR
SECRET = "correct horse 123"


def station(*overrides: str) -> Settings:
    return Settings(Installation.load(None, overrides))


def put(settings: Settings, name: str, typed: str, by: Provenance = OPERATOR) -> Change:
    change = settings.check(name, typed, by)
    settings.apply(change)
    return change


# --- rules between keys -------------------------------------------------------------------------------------


def test_fallback_power_stays_within_the_grid_limit() -> None:
    settings = station()
    with pytest.raises(BadValue, match="above MaxGridPower, which is 75000 W"):
        settings.check("GridFallbackPower", "75001", BACKEND)
    put(settings, "MaxGridPower", "20000")  # a lower limit is never refused
    assert settings.view("GridFallbackPower").clamped == "20000"
    settings.restart()
    assert settings.int("GridFallbackPower") == 20000
    assert settings.text("GridFallbackPower") == "27500"
    with pytest.raises(BadValue, match="which is 20000 W"):
        settings.check("GridFallbackPower", "20001", BACKEND)


@pytest.mark.parametrize(
    ("stored", "certificates", "wanted", "missing"),
    [
        ({}, Certificates(), "0", None),
        ({}, Certificates(), "1", "an AuthorizationKey"),
        ({"AuthorizationKey": SECRET}, Certificates(), "1", None),
        (
            {"AuthorizationKey": SECRET},
            Certificates(),
            "2",
            "a wss:// address in WebSocketUrl, a root certificate of the backend",
        ),
        (
            {"AuthorizationKey": SECRET, "WebSocketUrl": "wss://x"},
            Certificates(),
            "2",
            "a root certificate of the backend",
        ),
        ({"AuthorizationKey": SECRET, "WebSocketUrl": "wss://x"}, Certificates(root=True), "2", None),
        ({"WebSocketUrl": "wss://x"}, Certificates(root=True), "2", "an AuthorizationKey"),
        ({"WebSocketUrl": "wss://x"}, Certificates(root=True), "3", "a certificate of the station"),
        ({"WebSocketUrl": "wss://x"}, Certificates(root=True, client=True), "3", None),
        (
            {"WebSocketUrl": "ws://x"},
            Certificates(root=True, client=True),
            "3",
            "a wss:// address in WebSocketUrl",
        ),
    ],
)
def test_security_profile_needs_its_prerequisites(
    stored: dict[str, str], certificates: Certificates, wanted: str, missing: str | None
) -> None:
    settings = station()
    settings.certificates_are(certificates)
    for name, text in stored.items():
        put(settings, name, text)
    if missing is None:
        assert put(settings, "SecurityProfile", wanted, BACKEND).text == wanted
    else:
        with pytest.raises(BadValue, match=f"profile {wanted} needs {missing} first"):
            settings.check("SecurityProfile", wanted, BACKEND)


def test_security_profile_only_rises_and_keeps_what_it_needs() -> None:
    settings = station()
    settings.certificates_are(Certificates(root=True))
    put(settings, "AuthorizationKey", SECRET)
    put(settings, "WebSocketUrl", "wss://x")
    put(settings, "SecurityProfile", "2")
    for by in (BACKEND, OPERATOR):
        with pytest.raises(BadValue, match="is 2 and can only rise"):
            settings.check("SecurityProfile", "1", by)
    assert settings.check("SecurityProfile", "2", BACKEND).text == "2"
    with pytest.raises(BadValue, match="security profile 2 needs wss://"):
        settings.check("WebSocketUrl", "ws://x", BACKEND)
    with pytest.raises(BadValue, match="security profile 2 needs one"):
        settings.check("AuthorizationKey", "", OPERATOR)
    assert settings.check("WebSocketUrl", "wss://y", BACKEND).text == "wss://y"


def test_only_the_operator_can_take_the_password_away() -> None:
    settings = station()
    put(settings, "AuthorizationKey", SECRET)
    with pytest.raises(BadValue, match="only the operator"):
        settings.check("AuthorizationKey", "", BACKEND)
    assert put(settings, "AuthorizationKey", "").text == ""


# --- used forms, clamps -------------------------------------------------------------------------------------


def test_accessors_give_the_used_form() -> None:
    settings = station()
    assert settings.bool("LocalPreAuthorize") is True
    assert settings.int("MaxGridPower") == 75000
    assert settings.str("GUIprimaryLanguage") == "de"
    assert settings.csl("GUIConnectorHolderColors") == ("", "00FF00", "0000FF", "FFFFFF", "FF0000")
    assert settings.ints("ConnectorsPowerLimit") == (50000, 50000, 50000)
    assert settings.csl("HycKioskModeTagIds") == ()


@pytest.mark.parametrize(
    ("accessor", "name"),
    [("bool", "APN"), ("int", "LocalPreAuthorize"), ("str", "LightIntensity"), ("csl", "APN"), ("ints", "APN")],
)
def test_the_wrong_accessor_is_a_mistake_of_the_caller(accessor: str, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        getattr(station(), accessor)(name)


def test_lists_of_texts_and_of_integers_are_told_apart() -> None:
    with pytest.raises(TypeError):
        station().ints("GUIConnectorHolderColors")
    with pytest.raises(TypeError):
        station().csl("ConnectorsPowerLimit")


def test_values_beyond_the_hardware_are_kept_shown_and_clamped(caplog: pytest.LogCaptureFixture) -> None:
    settings = station("connectors=CCS,CCS_AC")
    with caplog.at_level(logging.INFO, "kiosk.settings"):
        put(settings, "ConnectorsPowerLimit", "300000,300000", BACKEND)
        put(settings, "MaxGridPower", "320000", BACKEND)
    assert (
        "ConnectorsPowerLimit = 300000,300000 is beyond what the station can do: 50000,22000 is used"
        in caplog.text
    )
    assert settings.view("ConnectorsPowerLimit").clamped == "50000,22000", "shown before the reset"
    assert settings.ints("ConnectorsPowerLimit") == (50000, 22000)
    settings.restart()
    assert settings.text("ConnectorsPowerLimit") == "300000,300000"
    assert settings.ints("ConnectorsPowerLimit") == (50000, 22000)
    assert settings.int("MaxGridPower") == 75000
    assert settings.view("MaxGridPower").clamped == "75000"
    put(settings, "ConnectorsPowerLimit", "10000,300")
    assert settings.view("ConnectorsPowerLimit").clamped is None


def test_nothing_of_the_default_station_is_clamped() -> None:
    assert [view.name for view in station().views() if view.clamped is not None] == []


def test_no_attempt_counts_as_one() -> None:
    settings = station()
    put(settings, "TransactionMessageAttempts", "0")
    assert settings.int("TransactionMessageAttempts") == 1
    assert settings.text("TransactionMessageAttempts") == "0"


def test_tariff_of_the_key_beats_the_installation() -> None:
    settings = station("tariff.de=0,49 €/kWh")
    assert settings.tariff() == {"de": "0,49 €/kWh"}
    put(settings, "TariffText", "en=€0.59/kWh | free on Sundays")
    assert settings.tariff() == {"en": "€0.59/kWh", "": "free on Sundays"}
