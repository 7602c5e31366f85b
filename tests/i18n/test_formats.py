"""How each of the 19 languages writes numbers, units and times, as a truth table."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from kiosk.i18n import LANGUAGES, PLUS50, by_code, formats
from kiosk.i18n.formats import Figure

N = "\u00a0"
# code: power, energy, state of charge, 9:05 in the morning, 5 March 2027, 1 h 25 min, 14 min
TABLE = {
    "cs": ("47,8~kW", "18,4~kWh", "62~%", "9:05", "05.03.27", "1:25~h", "14~min"),
    "da": ("47,8~kW", "18,4~kWh", "62~%", "09.05", "05.03.2027", "1:25~t", "14~min"),
    "de": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "05.03.27", "1:25~h", "14~min"),
    "en": ("47.8~kW", "18.4~kWh", "62%", "09:05", "05/03/2027", "1:25~h", "14~min"),
    "es": ("47,8~kW", "18,4~kWh", "62~%", "9:05", "5/3/27", "1:25~h", "14~min"),
    "fr": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "05/03/2027", "1:25~h", "14~min"),
    "hr": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "05.~03.~2027.", "1:25~h", "14~min"),
    "it": ("47,8~kW", "18,4~kWh", "62%", "09:05", "05/03/27", "1:25~h", "14~min"),
    "hu": ("47,8~kW", "18,4~kWh", "62%", "9:05", "2027.~03.~05.", "1:25~óra", "14~perc"),
    "nl": ("47,8~kW", "18,4~kWh", "62%", "09:05", "05-03-2027", "1:25~u", "14~min"),
    "nb": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "05.03.2027", "1:25~t", "14~min"),
    "pl": ("47,8~kW", "18,4~kWh", "62%", "09:05", "5.03.2027", "1:25~godz.", "14~min"),
    "pt": ("47,8~kW", "18,4~kWh", "62%", "09:05", "05/03/27", "1:25~h", "14~min"),
    "ro": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "05.03.2027", "1:25~h", "14~min"),
    "ru": ("47,8~кВт", "18,4~кВт·ч", "62~%", "09:05", "05.03.2027", "1:25~ч", "14~мин"),
    "sk": ("47,8~kW", "18,4~kWh", "62~%", "9:05", "5.~3.~2027", "1:25~h", "14~min"),
    "sl": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "5.~3.~27", "1:25~h", "14~min"),
    "fi": ("47,8~kW", "18,4~kWh", "62~%", "9.05", "5.3.2027", "1:25~h", "14~min"),
    "sv": ("47,8~kW", "18,4~kWh", "62~%", "09:05", "2027-03-05", "1:25~h", "14~min"),
}
CODES = [row.code for row in LANGUAGES]


def written(code: str) -> tuple[str, ...]:
    return (
        str(formats.kw(code, 47_812)),
        str(formats.kwh(code, 18_390)),
        str(formats.percent(code, 62)),
        formats.clock(code, time(9, 5)),
        formats.day(code, date(2027, 3, 5)),
        str(formats.duration(code, 5_159)),
        str(formats.time_left(code, 781)),
    )


def test_the_table_holds_every_language() -> None:
    assert list(TABLE) == CODES


@pytest.mark.parametrize("code", CODES)
def test_as_the_language_writes_it(code: str) -> None:
    assert written(code) == tuple(text.replace("~", N) for text in TABLE[code])


@pytest.mark.parametrize("machine", ["C", "de_DE.UTF-8", "tr_TR.UTF-8", "xx_YY"])
def test_the_machines_own_locale_changes_nothing(machine: str) -> None:
    program = (
        "import sys; from datetime import date, time; from kiosk.i18n import LANGUAGES, formats, texts\n"
        "for row in LANGUAGES:\n"
        "    c = row.code\n"
        "    line = [str(formats.kw(c, 47812)), str(formats.kwh(c, 18390)), str(formats.percent(c, 62)),\n"
        "            formats.clock(c, time(9, 5)), formats.day(c, date(2027, 3, 5)),\n"
        "            str(formats.duration(c, 5159)), str(formats.time_left(c, 781))]\n"
        "    sys.stdout.buffer.write(('|'.join(line) + '\\n').encode())\n"
    )
    env = {**os.environ, "LC_ALL": machine, "LANG": machine, "LANGUAGE": machine, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True, timeout=60)
    rows = [tuple(line.split("|")) for line in done.stdout.decode().splitlines()]
    assert rows == [written(code) for code in CODES]


POWER = [
    (0, "0.0"),
    (49, "0.0"),
    (50, "0.1"),
    (99_949, "99.9"),
    (99_950, "100"),
    (150_400, "150"),
    (None, "–"),
    (float("nan"), "–"),
    (float("inf"), "–"),
    (-1_200, "\u22121.2"),
    (-3, "0.0"),
]


@pytest.mark.parametrize(("power_w", "expected"), POWER)
def test_power_has_one_decimal_under_100_kw(power_w: float | None, expected: str) -> None:
    assert formats.kw("en", power_w) == Figure(expected, "kW")


@pytest.mark.parametrize(
    ("power_w", "expected"), [(50_000, "50"), (7_400, "7.4"), (22_000, "22"), (11_040, "11"), (None, "–")]
)
def test_rated_power_has_a_decimal_only_where_it_needs_one(power_w: float | None, expected: str) -> None:
    assert formats.kw_round("en", power_w).number == expected


@pytest.mark.parametrize(
    ("energy_wh", "expected"), [(0, "0.0"), (18_449, "18.4"), (999_949, "999.9"), (999_950, "1000"), (None, "–")]
)
def test_energy_has_one_decimal_under_1000_kwh(energy_wh: int | None, expected: str) -> None:
    assert formats.kwh("en", energy_wh).number == expected


def test_current_and_voltage_are_whole_and_carry_no_separators() -> None:
    assert str(formats.amps("ru", 120.5)) == f"121{N}А"
    assert str(formats.volts("ru", 1000.2)) == f"1000{N}В"
    assert str(formats.volts("de", None)) == f"–{N}V"


SPANS = [
    # seconds: passed, left, countdown
    (None, "–min", "–min", "–s"),
    (-3, "0s", "0min", "0s"),
    (0, "0s", "0min", "0s"),
    (0.2, "0s", "1min", "1s"),
    (59.9, "59s", "1min", "60s"),
    (60, "1min", "1min", "60s"),
    (61, "1min", "2min", "61s"),
    (3_540, "59min", "59min", "3540s"),
    (3_541, "59min", "1:00h", "3541s"),
    (3_600, "1:00h", "1:00h", "3600s"),
    (36_061, "10:01h", "10:02h", "36061s"),
]


@pytest.mark.parametrize(("span_s", "passed", "left", "countdown"), SPANS)
def test_spans_of_time(span_s: float | None, passed: str, left: str, countdown: str) -> None:
    functions = (formats.duration, formats.time_left, formats.seconds)
    assert [str(f("en", span_s)).replace(N, "") for f in functions] == [passed, left, countdown]


@given(st.sampled_from(CODES), st.integers(0, 99_949))
def test_numbers_agree_with_cldr(code: str, power_w: int) -> None:
    tenths = (power_w + 50) // 100  # CLDR rounds half to even, we as people do
    expected = format_decimal(tenths / 10, format="0.0", locale=by_code(code).locale)
    assert formats.kw(code, power_w).number == expected


@pytest.mark.parametrize("code", [*CODES, PLUS50])
def test_the_font_gets_no_narrow_space_and_unit_words_never_break(code: str) -> None:
    texts = [str(formats.kw(code, 1)), formats.clock(code, time(23, 59)), formats.day(code, date(2027, 12, 31))]
    assert "\u202f" not in "".join(texts)
    assert " " not in texts[0]


def test_clock_keeps_the_zone_it_is_given() -> None:
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert formats.clock("de", at) == "23:30"
    assert formats.clock("de", at.astimezone(timezone(timedelta(hours=1)))) == "00:30"


def test_an_unknown_unit_is_an_error() -> None:
    with pytest.raises(KeyError):
        formats.unit("de", "furlong")
