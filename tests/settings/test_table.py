"""Every row of the table of keys: complete, sound, and as the vendor's list and our decisions say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.model.errors import UnknownKey
from kiosk.settings import Installation, valuetypes
from kiosk.settings.derived import DERIVED
from kiosk.settings.table import KEYS, Access, Key, KeyType, Source, find, max_items, read

VENDOR = json.loads((Path(__file__).parents[1] / "cases" / "configuration_keys.json").read_text(encoding="utf-8"))
"""The vendor's list: name → profile, access, type, unit, reboot, pictured value."""

OURS = {
    "AdditionalRootCertificateCheck",
    "CertificateSignedMaxChainSize",
    "SupportedFileTransferProtocols",
    "TariffText",
}
RENAMED = {"CertificateSignedMaxChain": "CertificateSignedMaxChainSize"}
DECIDED = {
    "CertificateSignedMaxChain": "10000",
    "CertificateStoreMaxLength": "20",
    "ChargeProfileMaxStackLevel": "10",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "100",
    "ConnectionTimeOut": "60",
    "ConnectorPhaseRotation": "0.RST,1.NotApplicable,2.NotApplicable,3.NotApplicable",
    "ConnectorSwitch3to1PhaseSupported": "false",
    "Connectors": "{'connectors':[{'max_current':150,'pos':1,'type':'CCS'},"
    "{'max_current':150,'pos':2,'type':'CCS'},{'max_current':125,'pos':3,'type':'CHAdeMO'}]}",
    "ConnectorsPowerLimit": "50000,50000,50000",
    "GUIChargingSessionScreenTimeout": "60",
    "GUIslideTime": "10",
    "GridFallbackPower": "27500",
    "HycKioskModeEnabled": "false",
    "LocalAuthListMaxLength": "10000",
    "MaxChargingProfilesInstalled": "100",
    "MaxGridPower": "75000",
    "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC",
    "ModbusLoadManagementEnabled": "false",
    "NumberOfConnectors": "3",
    "ReserveConnectorZeroSupported": "true",
    "SendLocalListMaxLength": "500",
    "SupportedFeatureProfiles": "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,"
    "RemoteTrigger",
    "SupportedFeatureProfilesMaxLength": "6",
    "TransactionMessageAttempts": "5",
    "TransactionMessageRetryInterval": "10",
    "WebSocketPingInterval": "30",
    "chargePointIdentity": "KIOSK-0001",
}
"""Defaults that differ from the pictured station's values (decisions 1 and 3)."""

LISTS = {
    KeyType.CSL,
    KeyType.INTEGERS,
    KeyType.LABELS,
    KeyType.TAGS,
    KeyType.MEASURANDS,
    KeyType.PHASE_ROTATION,
    KeyType.COLOURS,
}
NUMBERS = {KeyType.INTEGER, KeyType.INTEGERS}
ROWS = pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)


def test_every_key_of_the_vendor_is_there_and_ours_besides() -> None:
    assert len(VENDOR) == 88
    assert set(KEYS) == {RENAMED.get(name, name) for name in VENDOR} | OURS


@pytest.mark.parametrize("name", VENDOR)
def test_row_agrees_with_the_vendor_or_with_a_decision(name: str) -> None:
    key, given = find(name), VENDOR[name]
    assert key.name == RENAMED.get(name, name)
    assert (key.profile, key.access, key.reboot) == (given["profile"], given["access"], given["reboot"])
    assert key.default == DECIDED.get(name, given["pictured"])
    assert given["unit"] in ("", key.unit)
    match given["type"]:
        case "boolean":
            assert key.type is KeyType.BOOLEAN
        case "integer":
            assert key.type is KeyType.INTEGER
        case "CSL":
            assert key.type in LISTS
        case "json":
            assert key.type is KeyType.JSON
        case _:
            assert key.type not in {KeyType.BOOLEAN, *NUMBERS, *LISTS}


@ROWS
def test_default_is_canonical_for_its_own_type(key: Key) -> None:
    if key.type is KeyType.AUTHORIZATION_KEY:
        assert key.default == ""
    assert valuetypes.stored(key, key.default, 3) == key.default


@ROWS
def test_texts_are_fit_to_be_read(key: Key) -> None:
    assert key.help.endswith(".")
    assert key.help == key.help.strip()
    assert len(key.help) <= 180
    assert key.help[0].isupper()
    assert valuetypes.allowed(key)
    assert key.web_label


@ROWS
def test_numbers_have_a_unit_and_a_range_that_holds_the_default(key: Key) -> None:
    if key.type in NUMBERS:
        assert key.unit or key.name == "SecurityProfile"
        assert all(key.min <= int(item) <= key.max for item in key.default.split(","))
    else:
        assert not key.unit


@ROWS
def test_words_to_choose_from_stand_where_they_are_needed(key: Key) -> None:
    assert bool(key.choices) is (key.type in {KeyType.CSL, KeyType.ENUM})
    assert set(key.synonyms.values()) <= set(key.choices)


@ROWS
def test_lengths_of_lists_come_from_the_key_that_tells_them(key: Key) -> None:
    limit = f"{key.name}MaxLength"
    assert key.max_items == (limit if limit in KEYS else 4 if key.type is KeyType.LABELS else None)
    if limit in KEYS:
        assert max_items(key) == int(KEYS[limit].default)


@ROWS
def test_only_stored_keys_can_be_written(key: Key) -> None:
    assert key.writable is (key.source is Source.STORED and key.access is not Access.READ)
    if key.source is not Source.STORED:
        assert key.access is Access.READ
        assert not key.reboot


def test_secrets() -> None:
    assert {key.name for key in KEYS.values() if key.secret} == {"AuthorizationKey", "ApnPassword", "SimPin"}
    assert all(not key.default for key in KEYS.values() if key.secret)


@pytest.mark.parametrize("name", sorted(DERIVED))
def test_derived_values_of_the_default_installation_are_the_documented_ones(name: str) -> None:
    assert DERIVED[name](Installation()) == KEYS[name].default


def test_every_key_computed_from_the_installation_has_its_formula() -> None:
    assert {name for name, key in KEYS.items() if key.source is Source.INSTALLATION} <= set(DERIVED)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("AllowOfflineTxUnknownId", "AllowOfflineTxForUnknownId"),
        ("ConfigurationMaxKeys", "GetConfigurationMaxKeys"),
        ("ConnectorPowerLimit", "ConnectorsPowerLimit"),
        ("AutoCharge", "AutochargeEnabled"),
        ("autochargeenabled", "AutochargeEnabled"),
        ("GUltimeRemainingVisible", "GUItimeRemainingVisible"),  # small L for capital I
        ("CertificateSignedMaxChain", "CertificateSignedMaxChainSize"),
        ("GridMaxPower", "MaxGridPower"),
        ("HEARTBEATINTERVAL", "HeartbeatInterval"),
        (" chargepointidentity ", "chargePointIdentity"),
    ],
)
def test_other_spellings(name: str, canonical: str) -> None:
    assert find(name).name == canonical


@ROWS
def test_names_compare_in_any_case(key: Key) -> None:
    for name in (key.name, *key.aliases):
        assert find(name.upper()) is find(name.lower()) is key


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GUIslidetimes", "GUIslideTime"),
        ("Autocharg", "AutochargeEnabled"),
        ("ConnectionTimeout2", "ConnectionTimeOut"),
    ],
)
def test_a_slip_is_told_what_was_probably_meant(name: str, meant: str) -> None:
    with pytest.raises(UnknownKey, match=f"{name}' does not exist; did you mean {meant}"):
        find(name)


def test_nonsense_is_pointed_to_the_list() -> None:
    with pytest.raises(UnknownKey, match=r"'qqq' does not exist; `kiosk keys list` shows all keys"):
        find("qqq")


ROW = """
[[key]]
name = "A"
profile = "Core"
type = "boolean"
access = "RW"
default = "true"
help = "It."
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ROW.replace('"boolean"', '"bool"'), "key A: Invalid enum value 'bool'"),
        (ROW.replace('help = "It."', ""), "key A: Object missing required field `help`"),
        (ROW + "colour = 1", "key A: Object contains unknown field `colour`"),
        (ROW + ROW, "A of A is a name of A already"),
        (ROW + ROW.replace('"A"', '"B"') + 'aliases = ["a"]', "a of B is a name of A already"),
        (ROW + 'max_items = "C"', "key A: max_items names C, which is no key"),
    ],
)
def test_a_malformed_row_is_named(text: str, says: str) -> None:
    assert "A" in read(ROW)
    with pytest.raises(ValueError, match=r"^keys\.toml: ") as error:
        read(text)
    assert says in str(error.value)
