"""The installation file: defaults, short forms, overrides, and everything that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.enums import ConnectorType
from kiosk.model.errors import BadFile, BadValue, UserFacing
from kiosk.settings import Installation, docs, reading
from kiosk.settings.sections import CONNECTOR_DEFAULTS, connector


def load(tmp_path: Path, text: str, *overrides: str) -> Installation:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return Installation.load(path, overrides)


def misfit(tmp_path: Path, text: str) -> str:
    with pytest.raises(BadFile) as error:
        load(tmp_path, text)
    assert "\n" not in str(error.value)
    assert str(tmp_path / "station.toml") in str(error.value)
    return error.value.problem


# --- defaults -----------------------------------------------------------------------------------------------


def test_nothing_given_is_the_default_station() -> None:
    station = Installation.load(None)
    assert station == Installation()
    assert [c.type for c in station.connectors] == ["CCS", "CCS", "CHAdeMO"]
    assert (station.hardware.stacks, station.hardware.stack_power_w) == (2, 25000)
    assert station.system.kind == "simulated"
    assert not station.system.set_clock
    assert station.modbus.host == station.web.host == "127.0.0.1"
    assert station.storage.keep_days == 400


@pytest.mark.parametrize(
    ("kind", "current_a", "low_v", "high_v", "power_w", "lock"),
    [
        ("CCS", 150, 150, 1000, 50000, True),
        ("CHAdeMO", 125, 50, 500, 50000, True),
        ("GBT", 125, 200, 750, 50000, True),
        ("CCS_AC", 32, 230, 400, 22000, False),
    ],
)
def test_values_that_follow_from_the_type(
    kind: str, current_a: float, low_v: float, high_v: float, power_w: int, lock: bool
) -> None:
    (fitted,) = Installation.load(None, [f"connectors={kind}"]).connectors
    assert fitted == connector(ConnectorType(kind))
    assert (fitted.max_current_a, fitted.min_voltage_v, fitted.max_voltage_v) == (current_a, low_v, high_v)
    assert (fitted.max_power_w, fitted.lock, fitted.label) == (power_w, lock, "")
    assert set(CONNECTOR_DEFAULTS) == set(ConnectorType)


def test_the_documented_default_file_is_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, docs.default_file()) == Installation()


def test_every_field_has_its_comment() -> None:
    tables = [Installation]
    while tables:
        table = tables.pop()
        for field in reading.fields(table):
            inner = field.kind if reading.is_table(field.kind) else reading.item_table(field.kind)
            if inner:
                assert inner.__doc__
                tables.append(inner)
            else:
                assert field.about, f"{table.__name__}.{field.name}"
                assert reading.allowed(field.kind, field.meta)


# --- reading ------------------------------------------------------------------------------------------------


def test_what_the_file_says_counts_and_the_rest_stays(tmp_path: Path) -> None:
    station = load(
        tmp_path,
        """
        hotline = "0800 000 0000"
        energy_is_free = true
        connectors = ["CCS", "ccs_ac"]
        [tariff]
        de = "0,49 €/kWh"
        "" = "€0.49/kWh"
        [keys]
        GUIslideTime = 15
        AutoCharge = true
        [backend]
        retry_min_s = 1
        [site]
        latitude = 46.5
        longitude = 11.35
        """,
    )
    assert station.hotline == "0800 000 0000"
    assert station.energy_is_free
    assert [c.type for c in station.connectors] == ["CCS", "CCS_AC"]
    assert station.tariff == {"de": "0,49 €/kWh", "": "€0.49/kWh"}
    assert station.keys == {"GUIslideTime": 15, "AutoCharge": True}
    assert station.backend.retry_min_s == 1.0
    assert station.backend.retry_max_s == Installation().backend.retry_max_s
    assert (station.site.latitude, station.site.longitude) == (46.5, 11.35)


def test_a_connector_needs_only_what_differs_from_its_type(tmp_path: Path) -> None:
    station = load(tmp_path, '[[connectors]]\ntype = "CCS_AC"\nlock = true\n[[connectors]]\ntype = "GBT"\n')
    assert station.connectors == (connector(ConnectorType.CCS_AC, lock=True), connector(ConnectorType.GBT))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bakend = 1", "bakend is unknown (did you mean backend?)"),
        ("[backend]\nretry_mins = 1", "backend.retry_mins is unknown (did you mean retry_min_s?)"),
        ("[backend]\nretry_min_s = 0", "backend.retry_min_s = 0 does not fit (number above 0 to 3600)"),
        ('[backend]\nretry_min_s = "1"', "backend.retry_min_s = '1' does not fit"),
        ("[backend]\nretry_min_s = nan", "backend.retry_min_s = nan does not fit"),
        ("[backend]\nretry_max_s = inf", "backend.retry_max_s = inf does not fit"),
        ("backend = 1", "backend = 1 does not fit (table)"),
        ("backend = 2026-02-20T08:00:00", "backend = 2026-02-20T08:00:00 does not fit (table)"),
        ("[web]\nport = 65536", "web.port = 65536 does not fit (whole number from 0 to 65535)"),
        ("[web]\nport = 80.5", "web.port = 80.5 does not fit"),
        ("[web]\nenabled = 1", "web.enabled = 1 does not fit (true or false)"),
        ('[screen]\npalette = "red"', "screen.palette = 'red' does not fit (one of auto, day, night)"),
        ('[hardware]\nkind = "real"', "hardware.kind = 'real' does not fit (only simulator)"),
        ("[site]\nlatitude = 91\nlongitude = 0", "site.latitude = 91 does not fit (number from -90 to 90)"),
        ("[site]\nlatitude = 46.5", "site.latitude and site.longitude need each other"),
        ("[backend]\nretry_min_s = 200", "backend.retry_min_s is above backend.retry_max_s"),
        ('[modbus]\nallow = ["10.0.0"]', "modbus.allow: '10.0.0' is no address or network"),
        ("[modbus]\nallow = [1]", "modbus.allow = [1] does not fit (list of texts)"),
        ('[tariff]\nxx = "1"', "tariff.xx is no language code"),
        ('[tariff]\n"\\n" = "1"', "tariff.'\\n' is no language code"),
        ('"a\\nb" = 1', "'a\\nb' is unknown"),
        ("[tariff]\nde = 1", "tariff.de = 1 does not fit"),
        ("[keys]\nGUIslideTime = 1.5", "keys.GUIslideTime = 1.5 does not fit"),
        ('[station]\nserial = "a:b"', "station.serial = 'a:b' does not fit"),
        ('[station]\nmodel = ""', "station.model = '' does not fit (text, not empty, at most 20 letters)"),
        ("connectors = []", "connectors has 0 entries, allowed are 1 to 4"),
        ('connectors = "CCS,CCS,CCS,CCS,CCS"', "connectors has 5 entries, allowed are 1 to 4"),
        ("connectors = 3", "connectors = 3 does not fit (list)"),
        ("connectors = [1]", "connectors = [1] does not fit (list)"),
        ('connectors = ["CCX"]', "connectors.0.type = 'CCX' does not fit (one of CCS, CHAdeMO, GBT, CCS_AC)"),
        ("[[connectors]]\nlock = true", "connectors.0.type is missing"),
        ('[[connectors]]\ntype = "CCS"\nmin_voltage_v = 1000', "connectors.0.min_voltage_v is not below"),
        ('[[connectors]]\ntype = "CCS"\nlabel = "A,B"', "connectors.0.label = 'A,B' does not fit"),
        ("[hardware]\nstacks = 0", "hardware.stacks is 0, but connectors.0 (CCS) needs one"),
    ],
)
def test_misfits_name_field_value_and_what_is_allowed(tmp_path: Path, text: str, says: str) -> None:
    assert says in misfit(tmp_path, text)


def test_all_misfits_are_reported_together(tmp_path: Path) -> None:
    problem = misfit(
        tmp_path,
        'hotlin = ""\n[backend]\nretry_min_s = 0\ncall_timeout_s = "x"\n'
        '[[connectors]]\ntype = "CCX"\n[[connectors]]\ntype = "CCS"\nlock = 1\n',
    )
    assert problem.split("; ") == [
        "hotlin is unknown (did you mean hotline?)",
        "connectors.0.type = 'CCX' does not fit (one of CCS, CHAdeMO, GBT, CCS_AC)",
        "connectors.1.lock = 1 does not fit (true or false)",
        "backend.retry_min_s = 0 does not fit (number above 0 to 3600)",
        "backend.call_timeout_s = 'x' does not fit (number above 0 to 600)",
    ]


def test_several_contradictions_are_reported_together(tmp_path: Path) -> None:
    problem = misfit(tmp_path, "[site]\nlatitude = 1\n[backend]\nretry_min_s = 200\n")
    assert len(problem.split("; ")) == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"none.toml: there is no such file; give the path"):
        Installation.load(tmp_path / "none.toml")
    with pytest.raises(BadFile, match="cannot be read"):
        Installation.load(tmp_path)
    assert "is not valid TOML" in misfit(tmp_path, "[backend\n")
    (tmp_path / "latin.toml").write_bytes(b'hotline = "\xfc"')
    with pytest.raises(BadFile, match="byte 11 is not UTF-8; save it as UTF-8"):
        Installation.load(tmp_path / "latin.toml")


# --- overrides ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("backend.retry_min_s=1", "backend.retry_min_s", 1.0),
        (" backend.retry_min_s = 1.5 ", "backend.retry_min_s", 1.5),
        ("energy_is_free=true", "energy_is_free", True),
        ("hotline=0800", "hotline", "0800"),
        ("hotline=0800 123 = 456", "hotline", "0800 123 = 456"),
        ('hotline="quoted"', "hotline", "quoted"),
        ("hotline=", "hotline", ""),
        ("station.serial=12345", "station.serial", "12345"),
        ("station.model=true", "station.model", "true"),
        ("reader.position=below", "reader.position", "below"),
        ("connectors.2.lock=false", "connectors.2.lock", False),
        ("connectors.0.label=links", "connectors.0.label", "links"),
        ("modbus.allow=10.0.0.0/8, ::1", "modbus.allow", ("10.0.0.0/8", "::1")),
        ('modbus.allow=["10.0.0.1"]', "modbus.allow", ("10.0.0.1",)),
        ("modbus.allow=", "modbus.allow", ()),
        ("tariff.de=0,49 €/kWh", "tariff.de", "0,49 €/kWh"),
        ("keys.SimPin=0042", "keys.SimPin", "0042"),
        ("keys.AutoCharge=true", "keys.AutoCharge", "true"),
    ],
)
def test_override(override: str, path: str, value: object) -> None:
    found: object = Installation.load(None, [override])
    for step in path.split("."):
        if isinstance(found, tuple):
            found = found[int(step)]
        else:
            found = found[step] if isinstance(found, dict) else getattr(found, step)
    assert found == value
    assert type(found) is type(value)


def test_overrides_beat_the_file_and_the_later_one_wins(tmp_path: Path) -> None:
    text = 'connectors = ["GBT"]\n[backend]\nretry_min_s = 7\n'
    station = load(tmp_path, text, "backend.retry_min_s=8", "backend.retry_min_s=9", "connectors.0.lock=false")
    assert station.backend.retry_min_s == 9.0
    assert station.connectors == (connector(ConnectorType.GBT, lock=False),)


def test_new_connectors_can_be_refined_at_once() -> None:
    station = Installation.load(None, ["connectors=CCS, gbt", "connectors.1.label=B", "connectors.0.type=CCS_AC"])
    assert station.connectors == (connector(ConnectorType.CCS_AC), connector(ConnectorType.GBT, label="B"))


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("hotline", "there is no '='"),
        ("bakend.retry_min_s=1", "no such field; did you mean backend.retry_min_s?"),
        ("backend.retry_min=1", "no such field; did you mean backend.retry_min_s?"),
        ("connectors.0.lok=1", "no such field; did you mean connectors.0.lock?"),
        ("a\nb=1", "'a\\nb': '1' refused: the installation has no such field"),
        ("a\nb", "'a\\nb': '' refused: there is no '='"),
        ("qqq=1", "no such field; allowed: hotline"),
        ("backend=1", "this is a table; allowed: one of its fields: retry_min_s"),
        ("connectors.0=1", "this is a table"),
        ("tariff=1", "this is a table; allowed: tariff.NAME=value"),
        ("connectors.3.lock=true", "there is no entry '3'; allowed: 0 to 2"),
        ("connectors.-1.lock=true", "there is no entry '-1'"),
        ("connectors.².lock=true", "there is no entry '²'"),
        ("hotline.x=1", "hotline has no fields of its own"),
        ("backend.retry_min_s=abc", "'abc' refused: it does not fit; allowed: number above 0 to 3600"),
        ("hardware.speed=0", "'0' refused"),
        ("hardware.speed=nan", "'nan' refused"),
        ("web.port=1\nhotline='x'", "does not fit"),
    ],
)
def test_wrong_override(override: str, says: str) -> None:
    with pytest.raises(BadValue) as error:
        Installation.load(None, [override])
    assert says in str(error.value)


def test_overrides_that_contradict_each_other_are_told() -> None:
    with pytest.raises(BadValue, match=r"site\.latitude and site.longitude need each other"):
        Installation.load(None, ["site.latitude=1"])
    with pytest.raises(BadValue, match=r"connectors\.0\.type = 'CCX' does not fit"):
        Installation.load(None, ["connectors=CCX"])


@given(
    path=st.one_of(st.sampled_from(reading.paths(Installation)), st.text(max_size=12)), value=st.text(max_size=30)
)
def test_any_override_gives_an_installation_or_a_line_for_a_person(path: str, value: str) -> None:
    outcome = attempt(f"{path}={value}")
    if isinstance(outcome, Installation):
        assert 1 <= len(outcome.connectors) <= 4
    else:
        assert "\n" not in outcome


def attempt(override: str) -> Installation | str:
    try:
        return Installation.load(None, [override])
    except UserFacing as error:
        return str(error)


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 100_000), st.floats(), st.text(max_size=8), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([f.name for f in reading.fields(Installation)]), VALUES, max_size=4))
def test_any_tree_gives_a_struct_or_problems(raw: dict[str, object]) -> None:
    problems: list[str] = []
    built = reading.convert(Installation, raw, problems)
    assert (built is None) is bool(problems)
    assert built is None or isinstance(built, Installation)
    assert all("\n" not in problem for problem in problems)


# --- what the installation tells others ---------------------------------------------------------------------


def test_with_connectors_keeps_the_details_where_the_type_stays(tmp_path: Path) -> None:
    station = load(
        tmp_path, '[[connectors]]\ntype = "CCS"\nlabel = "A"\n[[connectors]]\ntype = "GBT"\nlabel = "B"\n'
    )
    changed = station.with_connectors("ccs, CHAdeMO,CCS_AC")
    assert [(c.type.value, c.label) for c in changed.connectors] == [("CCS", "A"), ("CHAdeMO", ""), ("CCS_AC", "")]
    assert changed.backend is station.backend


@pytest.mark.parametrize(
    ("types", "says"),
    [
        ("", "'' is no connector type"),
        ("CCS,Typ2", "'Typ2' is no connector type"),
        ("CCS," * 4 + "CCS", "5 connectors"),
    ],
)
def test_with_connectors_refuses(types: str, says: str) -> None:
    with pytest.raises(BadValue) as error:
        Installation().with_connectors(types)
    assert says in str(error.value)
    assert "1 to 4 of CCS, CHAdeMO, GBT, CCS_AC" in str(error.value)


def test_powers_of_the_hardware() -> None:
    station = Installation.load(None, ["connectors=CCS,CCS_AC,CHAdeMO", "connectors.2.max_power_w=20000"])
    assert [station.connector_limit_w(i) for i in (1, 2, 3)] == [50000, 22000, 20000]
    assert station.ac_power_w == 22000
    small = Installation.load(None, ["hardware.stacks=1"])
    assert small.connector_limit_w(1) == 25000


def test_folders_start_in_the_data_folder_unless_absolute(tmp_path: Path) -> None:
    station = Installation.load(None, [f"folders.slides={tmp_path}/shared"])
    assert station.welcome_dir(Path("data")) == Path("data/welcome")
    assert station.slides_dir(Path("data")) == tmp_path / "shared"


def test_installations_are_immutable() -> None:
    with pytest.raises(AttributeError):
        Installation().hotline = "x"  # type: ignore[misc]
    assert msgspec.structs.replace(Installation(), hotline="x").hotline == "x"


def test_misfit_keys_of_a_file_are_told_with_everything_else(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text('hotlin = "1"\n[keys]\nHeartbeatInterval = 60\n', encoding="utf-8")
    with pytest.raises(BadFile, match="hotlin is unknown"):
        Installation.load(file)
    file.write_text(
        '[keys]\nNope = 1\nHeartbeatInterval = -4\nAuthorizationKey = "hush"\n[site]\nlatitude = 1\n',
        encoding="utf-8",
    )
    with pytest.raises(BadFile) as caught:
        Installation.load(file)
    told = str(caught.value)
    for word in (
        "'Nope' does not exist",
        "keys.HeartbeatInterval: -4 refused",
        "keys.AuthorizationKey",
        "latitude",
    ):
        assert word in told
    assert "hush" not in told
