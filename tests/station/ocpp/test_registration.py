"""Who we are, where we dial, how long we wait."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.messages import Call, _validate_payload

from kiosk.model.enums import ConnectorType, Provenance
from kiosk.settings import Installation, Settings
from kiosk.station.ocpp import registration

CCS, CHA, GBT, AC = ConnectorType.CCS, ConnectorType.CHADEMO, ConnectorType.GBT, ConnectorType.CCS_AC


@pytest.mark.parametrize(
    ("base", "identity", "expected"),
    [
        ("ws://h/ocpp", "HYC-1", "ws://h/ocpp/HYC-1"),
        ("ws://h/ocpp/", "HYC-1", "ws://h/ocpp/HYC-1"),
        ("ws://h", "HYC-1", "ws://h/HYC-1"),
        ("wss://h:8443/a/b", "HYC 1/é", "wss://h:8443/a/b/HYC%201%2F%C3%A9"),
        ("ws://h/ocpp?key=v", "A", "ws://h/ocpp/A?key=v"),
        ("ws://h/ocpp/HYC-1", "HYC-1", "ws://h/ocpp/HYC-1/HYC-1"),  # always appended (decision 23)
    ],
)
def test_address(base: str, identity: str, expected: str) -> None:
    assert registration.address(base, identity) == expected


def test_the_shown_address_has_no_credentials() -> None:
    assert registration.without_credentials("ws://u:secret@h:1/x/A?token=secret") == "ws://h:1/x/A"


@pytest.mark.parametrize(
    ("key", "password"),
    [
        ("0123456789abcdefABCDEF9876543210", bytes.fromhex("0123456789abcdefABCDEF9876543210")),
        ("00" * 20, b"\x00" * 20),
        ("sixteen letters!", b"sixteen letters!"),
        ("0123456789abcdef", b"0123456789abcdef"),  # 16 characters are taken as they are, hex or not
    ],
)
def test_basic_auth(key: str, password: bytes) -> None:
    """Lesson 30: hex digits are bytes by their number, not by what they look like."""
    header = registration.basic_auth("HYC:1", key)
    assert header is not None
    assert header.startswith("Basic ")
    assert base64.b64decode(header[6:]) == b"HYC:1:" + password


def test_no_key_no_header() -> None:
    assert registration.basic_auth("HYC-1", "") is None


@pytest.mark.parametrize(
    ("general", "connectors", "legacy", "expected"),
    [
        ("HYC_50", (CCS, CCS, CHA), False, "HYC_50"),
        ("HYC_50", (CHA, CCS, AC), True, "HYC_50_CHA_CCS_AC"),
        ("HYC_50", (CCS, CCS, CHA, GBT), True, "HYC_50_CCS_CCS_CHA_G"),  # CiString20
        ("A model name of more than 20", (), False, "A model name of more"),
    ],
)
def test_model(general: str, connectors: tuple[ConnectorType, ...], legacy: bool, expected: str) -> None:
    assert registration.model(general, connectors, legacy=legacy) == expected
    assert len(expected) <= 20


def test_boot_names_what_is_known_and_fits_the_schema() -> None:
    installation = Installation.load(None, ["station.serial=SN-1"])
    settings = Settings(installation)
    payload = registration.boot_payload(settings, installation, "0.1.0")
    _validate_payload(Call("1", "BootNotification", payload), "1.6")
    assert payload == {
        "chargePointVendor": "alpitronic GmbH",
        "chargePointModel": "HYC_50",
        "chargePointSerialNumber": "SN-1",
        "firmwareVersion": "0.1.0",
    }
    settings.apply(settings.check("ChargePointModelLegacyMode", "true", Provenance.OPERATOR))
    settings.restart()
    legacy = registration.boot_payload(settings, installation, "0.1.0")
    assert legacy["chargePointModel"] == "HYC_50_CCS_CCS_CHA"


def test_boot_tells_all_that_the_installation_names() -> None:
    named = {"charge_box_serial": "BOX-1", "meter_serial": "M-77", "meter_type": "three-phase"}
    installation = Installation.load(None, [f"station.{name}={value}" for name, value in named.items()])
    payload = registration.boot_payload(Settings(installation), installation, "0.1.0")
    _validate_payload(Call("1", "BootNotification", payload), "1.6")
    told = {name: payload[name] for name in ("chargeBoxSerialNumber", "meterSerialNumber", "meterType")}
    assert list(told.values()) == list(named.values())


@given(
    st.floats(0.01, 100),
    st.floats(0.01, 1000),
    st.floats(0, 100),
    st.integers(1, 200),
    st.randoms(use_true_random=False),
)
def test_waits_grow_to_the_longest_and_never_vanish(
    first_s: float, longest_s: float, random_s: float, tries: int, chance: random.Random
) -> None:
    backoff = registration.Backoff(first_s, longest_s, random_s, chance)
    waits = [backoff.next_s() for _ in range(tries)]
    top = max(first_s, longest_s)
    for n, wait in enumerate(waits):
        base = min(first_s * 2.0**n, top)
        assert base <= wait <= base + min(random_s, base)
    backoff.reset()
    assert backoff.next_s() <= min(first_s, top) + min(random_s, first_s)
