"""Truth tables of the value types, and laws that hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.i18n import languages as spoken
from kiosk.model import languages
from kiosk.settings import measurands, valuetypes
from kiosk.settings.table import KEYS, KeyType, find
from kiosk.settings.unfit import Unfit

IDENTITY = "chargePointIdentity"
GOOD = [
    # key, typed, stored, used
    ("AutoCharge", "true", "true", True),
    ("AutoCharge", " FALSE\n", "false", False),
    ("BlinkRepeat", "0", "0", 0),
    ("BlinkRepeat", "+007", "7", 7),
    ("BlinkRepeat", "2147483647", "2147483647", 2147483647),
    ("LightIntensity", "100", "100", 100),
    ("ConnectorsPowerLimit", "300000, 0,1", "300000,0,1", (300000, 0, 1)),
    ("CpoName", "  Stadtwerke Müller & Söhne ", "Stadtwerke Müller & Söhne", "Stadtwerke Müller & Söhne"),
    ("CpoName", "", "", ""),
    (IDENTITY, "DE*ABC*E1 / 2", "DE*ABC*E1 / 2", "DE*ABC*E1 / 2"),
    ("ApnPassword", " a b ", " a b ", " a b "),
    ("SimPin", "0042", "0042", "0042"),
    ("SimPin", "", "", ""),
    ("SupportedFeatureProfiles", "core, REMOTETRIGGER", "Core,RemoteTrigger", ("Core", "RemoteTrigger")),
    ("GUIconnectorLabels", "A,,links vorn", "A,,links vorn", ("A", "", "links vorn")),
    ("GUIconnectorLabels", "", "", ()),
    ("HycKioskModeTagIds", "8000000000000009, x:1", "8000000000000009,x:1", ("8000000000000009", "x:1")),
    ("MeterValuesSampledData", "", "", ()),
    ("MeterValuesSampledData", "soc , voltage.l1-n", "SoC,Voltage.L1-N", ("SoC", "Voltage.L1-N")),
    ("ConnectorPhaseRotation", "0.rst, 3.NOTAPPLICABLE", "0.RST,3.NotApplicable", ("0.RST", "3.NotApplicable")),
    (
        "GUIConnectorHolderColors",
        ",#00ff00,0000ff,FFFFFF,#FF0000",
        ",00FF00,0000FF,FFFFFF,FF0000",
        ("", "00FF00", "0000FF", "FFFFFF", "FF0000"),
    ),
    ("ChargingStrategy", "fair", "FAIR", "FAIR"),
    ("ChargingStrategy", "First Come First Served", "FCFS", "FCFS"),
    ("ChargingStrategy", "FAIR SHARE", "FAIR", "FAIR"),
    ("GUIprimaryLanguage", "deutsch", "Deutsch", "de"),
    ("GUIprimaryLanguage", "sv", "Svenska", "sv"),
    ("GUIprimaryLanguage", "Română", "Romana", "ro"),
    ("GUIprimaryLanguage", "Romana", "Romana", "ro"),
    ("GUIprimaryLanguage", "РУССКИЙ", "русский", "ru"),
    ("WebSocketUrl", "", "", ""),
    ("WebSocketUrl", "WSS://Example.COM:443/Steve/", "wss://example.com:443/Steve", "wss://example.com:443/Steve"),
    ("WebSocketUrl", "ws://[2001:DB8::0001]:80", "ws://[2001:db8::1]:80", "ws://[2001:db8::1]:80"),
    ("WebSocketUrl", "ws://10.0.0.1/a%20b//", "ws://10.0.0.1/a%20b", "ws://10.0.0.1/a%20b"),
    ("DnsServer", "192.168.1.1", "192.168.1.1", "192.168.1.1"),
    ("DnsServer", "2001:0DB8::1", "2001:db8::1", "2001:db8::1"),
    ("DnsServer", " ", "", ""),
    ("Connectors", "{'b': [1, 2], 'a': true}", "{'a':true,'b':[1,2]}", {"a": True, "b": [1, 2]}),
    ("Connectors", '{"a": null}', "{'a':null}", {"a": None}),
    ("TariffText", "0,49 €/kWh | no fee", "0,49 €/kWh | no fee", {"": "0,49 €/kWh | no fee"}),
    ("TariffText", "de = A|en=B | C", "de=A | en=B | C", {"de": "A", "en": "B", "": "C"}),
    ("TariffText", "", "", {}),
    ("AuthorizationKey", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef"),
    ("AuthorizationKey", "0123456789ABCDEFfedcba9876543210", *["0123456789ABCDEFfedcba9876543210"] * 2),
]
BAD = [
    ("AutoCharge", "", "neither true nor false"),
    ("AutoCharge", "1", "neither true nor false"),
    ("AutoCharge", "yes", "neither true nor false"),
    ("BlinkRepeat", "", "no whole number"),
    ("BlinkRepeat", "1.0", "no whole number"),
    ("BlinkRepeat", "1e3", "no whole number"),
    ("BlinkRepeat", "0x10", "no whole number"),
    ("BlinkRepeat", "1_000", "no whole number"),
    ("BlinkRepeat", "٣", "no whole number"),
    ("BlinkRepeat", "true", "no whole number"),
    ("BlinkRepeat", "-1", "below 0"),
    ("BlinkRepeat", "2147483648", "above 2147483647"),
    ("LightIntensity", "101", "above 100"),
    ("SecurityProfile", "4", "above 3"),
    ("ConnectorsPowerLimit", "1,2", "2 items instead of 3"),
    ("ConnectorsPowerLimit", "1,2,3,4", "4 items instead of 3"),
    ("ConnectorsPowerLimit", "1,,3", "no whole number"),
    ("ConnectorsPowerLimit", "1,2,-3", "below 0"),
    ("CpoName", "x" * 65, "65 characters"),
    ("CpoName", "a\x00b", "control character"),
    ("CpoName", "a\u202eb", "control character"),
    ("CpoName", "a\udc80b", "control character"),
    ("CpoName", "x" * 501, "501 characters"),
    (IDENTITY, "", "empty"),
    (IDENTITY, "  ", "empty"),
    (IDENTITY, "a:b", "colon"),
    (IDENTITY, "x" * 49, "49 characters"),
    ("SimPin", "123", "no PIN"),
    ("SimPin", "12a4", "no PIN"),
    ("SimPin", "123456789", "no PIN"),
    ("SupportedFeatureProfiles", "Core,Kitchen", "'Kitchen' is none of them"),
    ("SupportedFeatureProfiles", "Core,core", "'Core' stands there twice"),
    ("GUIconnectorLabels", "1,2,3,4,5", "5 items"),
    ("GUIconnectorLabels", "x" * 21, "21 characters"),
    ("HycKioskModeTagIds", "a,,b", "'' is no tag"),
    ("HycKioskModeTagIds", "x" * 21, "is no tag"),
    ("HycKioskModeTagIds", "Abc,aBC", "twice"),
    ("MeterValuesSampledData", "SoC,Speed", "'Speed' is no measurand"),
    ("MeterValuesSampledData", "Voltage.L4", "is no measurand"),
    ("MeterValuesSampledData", "SoC,soc", "twice"),
    ("MeterValuesSampledData", "SoC,Voltage,RPM,Frequency,Temperature,Power.Factor,Power.Offered", "7 items"),
    ("StopTxnSampledData", "SoC,Voltage,RPM", "3 items"),
    ("ConnectorPhaseRotation", "0.RST.", "is no connector"),
    ("ConnectorPhaseRotation", "4.RST", "no connector 4"),
    ("ConnectorPhaseRotation", "0.RST,0.TSR", "connector 0 stands there twice"),
    ("ConnectorPhaseRotation", "0.ABC", "is no connector with its phase order"),
    ("GUIConnectorHolderColors", "00FF00", "1 items instead of 5"),
    ("GUIConnectorHolderColors", ",,,,green", "'GREEN' is no colour"),
    ("GUIConnectorHolderColors", ",,,,F00", "'F00' is no colour"),
    ("ChargingStrategy", "", "empty"),
    ("ChargingStrategy", "LIFO", "'LIFO' is none of them"),
    ("GUIprimaryLanguage", "", "does not speak it"),
    ("GUIprimaryLanguage", "Klingon", "does not speak it"),
    ("WebSocketUrl", "http://example.com", "does not begin with ws://"),
    ("WebSocketUrl", "example.com", "does not begin with ws://"),
    ("WebSocketUrl", "ws://", "host is missing"),
    ("WebSocketUrl", "ws:///path", "host is missing"),
    ("WebSocketUrl", "ws://exa mple.com", "space"),
    ("WebSocketUrl", "ws://exämple.com", "beyond ASCII"),
    ("WebSocketUrl", "ws://-example.com", "host is missing or malformed"),
    ("WebSocketUrl", "ws://user:pass@example.com", "AuthorizationKey"),
    ("WebSocketUrl", "ws://example.com?token=1", "'?'"),
    ("WebSocketUrl", "ws://example.com/#", "'#'"),
    ("WebSocketUrl", "ws://example.com:0", "port"),
    ("WebSocketUrl", "ws://example.com:", "port"),
    ("WebSocketUrl", "ws://example.com:65536", "port"),
    ("WebSocketUrl", "ws://example.com:x", "port"),
    ("WebSocketUrl", "ws://[::1", "malformed"),
    ("WebSocketUrl", "ws://[::1]x:80", "malformed"),
    ("WebSocketUrl", "ws://[fe80::1%25eth0]", "malformed"),
    ("WebSocketUrl", "ws://10.0.0.256", "IP address is malformed"),
    ("WebSocketUrl", "ws://exa..mple.com", "host is missing or malformed"),
    ("WebSocketUrl", "ws://[::g]", "malformed"),
    ("WebSocketUrl", "ws://example.com/a%2", "percent-encoded"),
    ("DnsServer", "192.168.1", "no IP address"),
    ("DnsServer", "dns.example.com", "no IP address"),
    ("DnsServer", "0.0.0.0", "no server"),
    ("DnsServer", "224.0.0.1", "no server"),
    ("Connectors", "{", "no JSON"),
    ("Connectors", "NaN", "NaN"),
    ("Connectors", '["it\'s"]', "holds a quote"),
    ("TariffText", "xx=1", "'xx' is no language"),
    ("TariffText", "de=", "empty"),
    ("TariffText", "de=1 | ", "empty"),
    ("TariffText", "de=1 | DE=2", "two texts for de"),
    ("TariffText", "de=1 | 2 | 3", "two texts for all other languages"),
    ("TariffText", "|".join(["de=1", "x" * 494]), "written out it has 501 characters"),
    ("AuthorizationKey", "x" * 15, "right length"),
    ("AuthorizationKey", "x" * 21, "right length"),
    ("AuthorizationKey", "0" * 31, "right length"),
    ("AuthorizationKey", "0" * 33, "right length"),
    ("AuthorizationKey", "0" * 42, "right length"),
    ("AuthorizationKey", "pässwörd-pässwörd", "printable"),
]


@pytest.mark.parametrize(("name", "typed", "stored", "used"), GOOD)
def test_three_representations(name: str, typed: str, stored: str, used: object) -> None:
    key = find(name)
    assert valuetypes.stored(key, typed, 3) == stored
    assert valuetypes.used(key, stored, 3) == used
    assert type(valuetypes.used(key, stored, 3)) is type(used)
    assert valuetypes.written(key, valuetypes.used(key, stored, 3)) == stored


@pytest.mark.parametrize(("name", "typed", "reason"), BAD)
def test_refused(name: str, typed: str, reason: str) -> None:
    with pytest.raises(Unfit) as error:
        valuetypes.stored(find(name), typed, 3)
    assert reason in str(error.value)


def test_every_type_has_a_row_good_examples_and_bad_ones() -> None:
    assert set(valuetypes.TYPES) == set(KeyType)
    assert {find(name).type for name, *_ in GOOD} == set(KeyType)
    assert {find(name).type for name, *_ in BAD} == set(KeyType) - {KeyType.PASSWORD}


def test_deeply_nested_json_is_refused_and_does_not_exhaust_the_stack() -> None:
    with pytest.raises(Unfit):
        valuetypes.stored(find("Connectors"), "[" * 499, 3)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("0123456789abcdef", b"0123456789abcdef"),  # 16 characters: as they are, though all are hexadecimal digits
        ("00" * 16, bytes(16)),
        ("fF" * 20, b"\xff" * 20),
        ("correct horse 123", b"correct horse 123"),
    ],
)
def test_authorization_key_as_bytes(text: str, secret: bytes) -> None:
    assert valuetypes.authorization_key_bytes(valuetypes.stored(find("AuthorizationKey"), text, 3)) == secret


TYPED = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=" ,.|=:/'\"{}[]#-+0123456789truefalsewsRSTAF", max_size=80),
    st.sampled_from([case[1] for case in GOOD]),
)


@given(key=st.sampled_from(list(KEYS.values())), typed=TYPED, connectors=st.integers(1, 4))
def test_stored_form_of_a_stored_form_is_itself(key: object, typed: str, connectors: int) -> None:
    assert isinstance(key, type(find("APN")))
    try:
        stored = valuetypes.stored(key, typed, connectors)
    except Unfit:
        return
    assert valuetypes.stored(key, stored, connectors) == stored
    used = valuetypes.used(key, stored, connectors)
    assert valuetypes.written(key, used) == stored
    assert len(stored) <= 500


@given(st.integers(0, 2**31 - 1))
def test_integers_come_back(value: int) -> None:
    key = find("HeartbeatInterval")
    assert valuetypes.used(key, valuetypes.stored(key, str(value), 3), 3) == value


@given(st.dictionaries(st.sampled_from([row.code for row in languages.LANGUAGES]), st.just("1 €"), min_size=1))
def test_tariffs_come_back(texts: dict[str, str]) -> None:
    key = find("TariffText")
    assert valuetypes.used(key, valuetypes.written(key, texts), 3) == texts


@pytest.mark.parametrize("item", [*measurands.MEASURANDS, *(f"Voltage.{phase}" for phase in measurands.PHASES)])
def test_measurands(item: str) -> None:
    assert measurands.canonical(item.upper()) == item
    measurand, phase = measurands.split(item)
    assert measurand in measurands.MEASURANDS
    assert item == (f"{measurand}.{phase}" if phase else measurand)


def test_language_names_are_those_that_the_screen_speaks() -> None:
    assert [(row.code, row.native) for row in languages.LANGUAGES] == [
        (row.code, row.name) for row in spoken.LANGUAGES
    ]
    for row in languages.LANGUAGES:
        for word in row:
            assert languages.find(f" {word.upper()} ") == row
            assert spoken.by_name(word).code == row.code


def test_options_are_valid_values() -> None:
    offered = {key.name: valuetypes.options(key) for key in KEYS.values() if valuetypes.options(key)}
    assert [text for text, _ in offered["ChargingStrategy"]] == ["FCFS", "FAIR"]
    assert offered["ChargingStrategy"][1] == ("FAIR", "Fair Share")
    assert ("Romana", "Română") in offered["GUIprimaryLanguage"]
    for name, pairs in offered.items():
        for text, _ in pairs:
            assert valuetypes.stored(find(name), text, 3) == text
    assert not valuetypes.options(find("BlinkRepeat"))
