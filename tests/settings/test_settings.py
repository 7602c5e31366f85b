"""The settings of one station: changes, resets, provenance, rules between keys, clamps, views."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.link.messages import KeyInfo
from kiosk.model.enums import ConnectorType, Provenance
from kiosk.model.errors import BadValue, ReadOnlyKey, UnknownKey, UserFacing
from kiosk.settings import Certificates, Change, Installation, Settings, StoredKey, valuetypes
from kiosk.settings.derived import DERIVED
from kiosk.settings.installation import connector
from kiosk.settings.table import KEYS
from kiosk.settings.values import DOTS

BACKEND, FILE, OPERATOR = Provenance.BACKEND, Provenance.FILE, Provenance.OPERATOR
SECRET = "correct horse 123"


def station(*overrides: str) -> Settings:
    return Settings(Installation.load(None, overrides))


def put(settings: Settings, name: str, typed: str, by: Provenance = OPERATOR) -> Change:
    change = settings.check(name, typed, by)
    settings.apply(change)
    return change


def row(name: str, text: str, by: Provenance = OPERATOR) -> StoredKey:
    return StoredKey(name=name, text=text, provenance=by, changed_at=datetime(2026, 11, 22, tzinfo=UTC))


# --- changes ------------------------------------------------------------------------------------------------


def test_a_new_station_has_the_defaults() -> None:
    settings = station()
    for name, key in KEYS.items():
        assert settings.text(name) == settings.stored_text(name) == key.default
        assert settings.provenance(name) is Provenance.DEFAULT


def test_check_changes_nothing_and_apply_does() -> None:
    settings = station()
    change = settings.check("heartbeatinterval", " 60 ", BACKEND)
    assert change == Change(name="HeartbeatInterval", text="60", provenance=BACKEND, reboot_required=False)
    assert settings.int("HeartbeatInterval") == 1800
    settings.apply(change)
    assert settings.int("HeartbeatInterval") == 60
    assert settings.provenance("HeartbeatInterval") is BACKEND


def test_a_key_that_needs_a_reset_waits_for_it() -> None:
    settings = station()
    assert put(settings, "GUIslideTime", "20", BACKEND).reboot_required
    assert settings.int("GUIslideTime") == 10
    assert settings.stored_text("GUIslideTime") == "20"
    view = settings.view("GUIslideTime")
    assert (view.value, view.in_force, view.pending_reboot, view.reboot_required) == ("20", "10", True, True)
    settings.restart()
    assert settings.int("GUIslideTime") == 20
    assert not settings.view("GUIslideTime").pending_reboot


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if key.writable])
def test_reboot_rule_of_every_row(name: str) -> None:
    settings = station()
    heard: list[str] = []
    settings.subscribe(heard.append)
    other = {
        "boolean": "true" if settings.text(name) == "false" else "false",
        "integer": "7",
        "integers": "7,7,7",
        "language": "Suomi",
        "url": "ws://example.com",
        "address": "192.0.2.1",
        "pin": "0042",
        "authorization_key": SECRET,
        "measurands": "Voltage",
        "phase_rotation": "0.TSR",
        "colours": ",,,,",
        "enum": "FAIR",
    }
    if name == "SecurityProfile":
        settings.certificates_are(Certificates(root=True, client=True))
        put(settings, "AuthorizationKey", SECRET)
        heard.clear()
        typed = "1"
    else:
        typed = other.get(KEYS[name].type, "other")
    change = put(settings, name, typed)
    assert change.reboot_required is KEYS[name].reboot
    assert heard == ([] if KEYS[name].reboot else [name])
    settings.restart()
    assert heard[:1] == [name]
    assert heard[1:] == (["GridFallbackPower"] if name == "MaxGridPower" else [])  # its clamp hangs on this one
    assert settings.text(name) == change.text


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if not key.writable])
def test_read_only_keys_refuse_everybody(name: str) -> None:
    settings = station()
    for by in (BACKEND, OPERATOR):
        with pytest.raises(ReadOnlyKey, match=f"{name} cannot be changed"):
            settings.check(name, settings.text(name), by)


def test_a_refusal_names_key_value_reason_and_what_is_allowed() -> None:
    with pytest.raises(BadValue) as error:
        station().check("lightintensity", "101", BACKEND)
    assert str(error.value) == (
        "LightIntensity: '101' refused: it is above 100; allowed: whole number, 0 to 100 (%)"
    )


def test_a_long_value_is_cut_in_the_refusal() -> None:
    with pytest.raises(BadValue) as error:
        station().check("APN", "x" * 10_000, OPERATOR)
    assert len(str(error.value)) < 200


def test_several_changes_are_checked_as_if_one_followed_the_other() -> None:
    settings = station()
    wishes = [("MaxGridPower", "100000"), ("GridFallbackPower", "90000")]
    with pytest.raises(BadValue):
        settings.check(*wishes[1], OPERATOR)
    changes = settings.check_all(wishes, OPERATOR)
    assert [change.text for change in changes] == ["100000", "90000"]
    assert settings.stored_text("MaxGridPower") == "75000"
    with pytest.raises(UnknownKey):
        settings.check_all([("MaxGridPower", "1"), ("Foo", "1")], OPERATOR)
    assert settings.stored_text("MaxGridPower") == "75000"


@given(
    name=st.one_of(st.sampled_from(list(KEYS)), st.text(max_size=20)),
    typed=st.text(max_size=40),
    by=st.sampled_from(Provenance),
)
def test_check_raises_for_people_or_gives_what_it_would_accept_again(
    name: str, typed: str, by: Provenance
) -> None:
    settings = station()
    try:
        change = settings.check(name, typed, by)
    except UserFacing:
        return
    assert settings.check(change.name, change.text, by) == change
    settings.apply(change)
    settings.restart()
    assert settings.view(change.name).pending_reboot is False


# --- the store ----------------------------------------------------------------------------------------------


def test_rows_of_the_store_come_into_force_at_once() -> None:
    settings = station()
    assert settings.load([row("GUIslideTime", "33"), row("AutoCharge", "true", BACKEND)]) == []
    assert settings.int("GUIslideTime") == 33
    assert settings.bool("AutochargeEnabled")
    assert settings.provenance("AutochargeEnabled") is BACKEND


def test_bad_rows_are_skipped_and_told() -> None:
    settings = station()
    troubles = settings.load(
        [
            row("Gone", "1"),
            row("LightIntensity", "101"),
            row("NumberOfConnectors", "9"),
            row("AuthorizationKey", "short"),
            row("HeartbeatInterval", "60"),
        ]
    )
    assert len(troubles) == 4
    assert "'Gone' does not exist" in troubles[0]
    assert "LightIntensity: '101' refused" in troubles[1]
    assert "NumberOfConnectors cannot be changed" in troubles[2]
    assert "short" not in troubles[3]
    assert settings.int("HeartbeatInterval") == 60
    assert settings.int("LightIntensity") == 50
    assert settings.int("NumberOfConnectors") == 3


def test_the_installation_gives_first_values_and_the_store_beats_them() -> None:
    settings = station("keys.GUIslideTime=15", "keys.autocharge=true", "keys.AdditionalRootCertificateCheck=true")
    assert settings.int("GUIslideTime") == 15
    assert settings.bool("AdditionalRootCertificateCheck")
    assert settings.provenance("AutochargeEnabled") is FILE
    settings.load([row("GUIslideTime", "20")])
    assert settings.int("GUIslideTime") == 20
    assert settings.provenance("GUIslideTime") is OPERATOR


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ("keys.Foo=1", BadValue),
        ("keys.LightIntensity=101", BadValue),
        ("keys.NumberOfConnectors=2", ReadOnlyKey),
        ("keys.LocalAuthListMaxLength=2", ReadOnlyKey),
    ],
)
def test_wrong_first_values_are_refused(override: str, error: type[UserFacing]) -> None:
    with pytest.raises(error):
        station(override)


# --- listeners ----------------------------------------------------------------------------------------------


def test_listeners_hear_of_changes_in_force_only() -> None:
    settings = station()
    heard: list[str] = []
    leave = settings.subscribe(heard.append)
    put(settings, "LightIntensity", "50")  # as it was
    put(settings, "GUIslideTime", "20")  # waits
    assert heard == []
    put(settings, "lightintensity", "60")
    assert heard == ["LightIntensity"]
    settings.restart()
    assert heard == ["LightIntensity", "GUIslideTime"]
    leave()
    leave()
    put(settings, "LightIntensity", "70")
    assert heard == ["LightIntensity", "GUIslideTime"]


def test_listeners_hear_of_a_clamp_that_moves() -> None:
    settings = station("keys.GridFallbackPower=27500")
    heard: list[tuple[str, int]] = []
    settings.subscribe(lambda name: heard.append((name, settings.int(name))))
    put(settings, "MaxGridPower", "20000")
    settings.restart()
    assert heard == [("MaxGridPower", 20_000), ("GridFallbackPower", 20_000)]
    assert settings.text("GridFallbackPower") == "27500"
    heard.clear()
    put(settings, "MaxGridPower", "60000")
    settings.restart()
    assert heard == [("MaxGridPower", 60_000), ("GridFallbackPower", 27_500)]
    heard.clear()
    put(settings, "MaxGridPower", "50000")  # above the fallback: its clamp does not move
    settings.restart()
    assert heard == [("MaxGridPower", 50_000)]


def test_a_listener_sees_the_whole_restart() -> None:
    settings = station()
    seen: list[tuple[int, bool]] = []
    settings.subscribe(lambda _: seen.append((settings.int("GUIslideTime"), settings.bool("AutochargeEnabled"))))
    put(settings, "GUIslideTime", "20")
    put(settings, "AutochargeEnabled", "true")
    settings.restart()
    assert seen == [(20, True), (20, True)]


# --- derived and reported -----------------------------------------------------------------------------------


def test_derived_values_follow_the_installation() -> None:
    settings = station(
        "connectors=GBT,CCS_AC", "connectors.0.label=A", "hardware.stacks=1", "station.serial=22BZ00055"
    )
    assert settings.int("NumberOfConnectors") == 2
    assert settings.text("Connectors") == (
        "{'connectors':[{'max_current':125,'pos':1,'type':'GBT'},{'max_current':32,'pos':2,'type':'CCS_AC'}]}"
    )
    assert settings.ints("ConnectorsPowerLimit") == (25000, 22000)
    assert settings.text("ConnectorPhaseRotation") == "0.RST,1.NotApplicable,2.RST"
    assert settings.csl("GUIconnectorLabels") == ("A", "2")
    assert settings.str("chargePointIdentity") == "22BZ00055"
    assert settings.view("chargePointIdentity").default == "22BZ00055"


@given(
    kinds=st.lists(st.sampled_from(ConnectorType), min_size=1, max_size=4),
    current_a=st.floats(0.1, 999.9),
    power_w=st.integers(1, 1_000_000),
    label=st.text("ABC äöü-", max_size=20),
)
def test_derived_values_are_canonical_for_any_station(
    kinds: list[ConnectorType], current_a: float, power_w: int, label: str
) -> None:
    fitted = [
        connector(kind, max_current_a=round(current_a, 1), max_power_w=power_w, label=label) for kind in kinds
    ]
    settings = Settings(msgspec.structs.replace(Installation(), connectors=tuple(fitted)))
    for name in DERIVED:
        assert valuetypes.stored(KEYS[name], settings.text(name), len(kinds)) == settings.text(name)
    assert all(view.clamped is None for view in settings.views())


def test_the_machine_reports_its_keys_and_no_others() -> None:
    settings = station()
    heard: list[str] = []
    settings.subscribe(heard.append)
    settings.report("MobileRSSI", "-71")
    settings.report("MobileConnectionStandard", "4g")
    assert settings.str("MobileRSSI") == "-71"
    assert settings.str("MobileConnectionStandard") == "4G"
    assert heard == ["MobileRSSI", "MobileConnectionStandard"]
    with pytest.raises(BadValue):
        settings.report("MobileConnectionStandard", "5G")
    with pytest.raises(ReadOnlyKey):
        settings.report("LightIntensity", "1")


# --- views --------------------------------------------------------------------------------------------------


def test_secrets_are_never_shown() -> None:
    settings = station("keys.SimPin=0042")
    put(settings, "AuthorizationKey", SECRET)
    put(settings, "ApnPassword", SECRET)
    settings.restart()
    shown = repr(settings.views()) + repr(settings)
    assert SECRET not in shown
    assert "0042" not in shown
    for name in ("AuthorizationKey", "ApnPassword", "SimPin"):
        view = settings.view(name)
        assert (view.value, view.in_force, view.default, view.clamped) == (None, None, "", None)
    with pytest.raises(BadValue, match=DOTS) as error:
        settings.check("AuthorizationKey", SECRET + SECRET, OPERATOR)
    assert SECRET not in str(error.value)


def test_views_carry_the_whole_row_in_the_order_of_the_table() -> None:
    views = station().views()
    assert [view.name for view in views] == list(KEYS)
    view = next(view for view in views if view.name == "MaxGridPower")
    assert (view.profile, view.type, view.unit, view.access) == ("hypercharger", "integer", "W", "RW")
    assert view.allowed == "whole number, 0 or more (W)"
    assert view.aliases == ("GridMaxPower",)
    assert view.help.startswith("Most power")


def test_views_fit_the_contract_of_the_link() -> None:
    fields: dict[str, Any] = msgspec.structs.asdict(station().view("chargepointidentity"))
    assert KeyInfo(**fields).name == "chargePointIdentity"


def test_changes_of_secrets_keep_them_out_of_their_repr() -> None:
    settings = station()
    assert SECRET not in repr(settings.check("AuthorizationKey", SECRET, OPERATOR))
    assert SECRET not in repr(row("AuthorizationKey", SECRET))
    assert repr(settings.check("HeartbeatInterval", "60", OPERATOR)) == "Change(HeartbeatInterval='60', operator)"
