"""Numbers, units, times as each language writes them (CLDR through Babel).

Where the glossary of the field differs from CLDR (unit words, no thousands separators, the plain ``h:mm``), the
glossary wins. Manrope has no U+202F, so U+00A0 stands everywhere. Unknown (None) is ``–``, never 0.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from kiosk.i18n.catalogues import PLUS50
from kiosk.i18n.languages import SOURCE, by_code

if TYPE_CHECKING:
    from babel import Locale

NBSP: Final = "\u00a0"
NARROW_NBSP: Final = "\u202f"
UNKNOWN: Final = "–"

_UNITS: Final[dict[str, dict[str, str]]] = {
    "": {"kW": "kW", "kWh": "kWh", "A": "A", "V": "V", "%": "%", "s": "s", "min": "min", "h": "h"},
    "da": {"h": "t"},
    "hu": {"s": "mp", "min": "perc", "h": "óra"},
    "nb": {"h": "t"},
    "nl": {"h": "u"},
    "pl": {"h": "godz."},
    "ru": {"kW": "кВт", "kWh": "кВт·ч", "A": "А", "V": "В", "s": "с", "min": "мин", "h": "ч"},
}


class Figure(NamedTuple):
    """A value as the screen sets it: number and unit may have two sizes. ``str()`` gives the whole."""

    number: str
    unit: str
    gap: str = NBSP

    def __str__(self) -> str:
        return f"{self.number}{self.gap}{self.unit}"


def unit(code: str, name: str) -> str:
    """The word of a unit: kW, kWh, A, V, %, s, min, h. Raises KeyError for another one."""
    return _UNITS.get(code, {}).get(name) or _UNITS[""][name]


def decimal_sign(code: str) -> str:
    """Comma or full stop."""
    return str(_locale(code).number_symbols["latn"]["decimal"])


def number(code: str, value: float | None, decimals: int = 0) -> str:
    """A plain number with that many decimals, without thousands separators. Half is rounded up."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    step: float = 10**decimals
    rounded = math.floor(abs(value) * step + 0.5 + 1e-9) / step
    text = f"{rounded:.{decimals}f}".replace(".", decimal_sign(code))
    return f"\u2212{text}" if value < 0 and rounded else text


def kw(code: str, power_w: float | None) -> Figure:
    """Power in kW: one decimal under 100 kW, none from there on."""
    return Figure(number(code, *_thousandths(power_w, 100)), unit(code, "kW"))


def kw_round(code: str, power_w: float | None) -> Figure:
    """A rated power in kW: a decimal only where it has one (50 kW, 7.4 kW)."""
    value = None if power_w is None else power_w / 1000
    whole = value is None or abs(value - round(value)) < 0.05
    return Figure(number(code, value, 0 if whole else 1), unit(code, "kW"))


def kwh(code: str, energy_wh: float | None) -> Figure:
    """Energy in kWh: one decimal under 1000 kWh, none from there on."""
    return Figure(number(code, *_thousandths(energy_wh, 1000)), unit(code, "kWh"))


def amps(code: str, current_a: float | None) -> Figure:
    return Figure(number(code, current_a), unit(code, "A"))


def volts(code: str, voltage_v: float | None) -> Figure:
    return Figure(number(code, voltage_v), unit(code, "V"))


def percent(code: str, value: float | None) -> Figure:
    """State of charge, 0-100. Some languages put a space before the sign."""
    return Figure(number(code, value), unit(code, "%"), _percent_gap(code))


def seconds(code: str, seconds_s: float | None) -> Figure:
    """A countdown: rounded up, never below 0."""
    return Figure(number(code, None if seconds_s is None else max(0, math.ceil(seconds_s))), unit(code, "s"))


def time_left(code: str, seconds_s: float | None) -> Figure:
    """Time to 80 % or 100 %: ``14 min``, from an hour on ``1:25 h``; rounded up."""
    return _hours_minutes(code, None if seconds_s is None else _minutes_up(seconds_s))


def duration(code: str, seconds_s: float | None) -> Figure:
    """Time that has passed: ``45 s``, ``38 min``, ``1:25 h``; rounded down."""
    if seconds_s is not None and seconds_s < 60:
        return Figure(number(code, max(0, math.floor(seconds_s))), unit(code, "s"))
    return _hours_minutes(code, None if seconds_s is None else int(seconds_s // 60))


def clock(code: str, at: datetime | time) -> str:
    """Time of day, 24 hours, in the zone ``at`` stands in (the caller converts to the station's)."""
    from babel.dates import format_time

    return _plain(format_time(at, format="short", locale=_locale(code)))


def day(code: str, at: date) -> str:
    """The date in figures."""
    from babel.dates import format_date

    return _plain(format_date(at, format="short", locale=_locale(code)))


def _thousandths(value: float | None, limit: int) -> tuple[float | None, int]:
    if value is None:
        return None, 1
    # 99.95 would be written 100.0 beside 100
    return value / 1000, 1 if abs(value) < (limit - 0.05) * 1000 else 0


def _minutes_up(seconds_s: float) -> int:
    return max(0, math.ceil(seconds_s / 60))


def _hours_minutes(code: str, whole_minutes: int | None) -> Figure:
    if whole_minutes is None or whole_minutes < 60:
        return Figure(number(code, whole_minutes), unit(code, "min"))
    return Figure(f"{whole_minutes // 60}:{whole_minutes % 60:02d}", unit(code, "h"))


def _plain(text: str) -> str:
    # a date must not break over two lines either
    return text.replace(NARROW_NBSP, NBSP).replace(" ", NBSP)


@lru_cache(maxsize=32)
def _percent_gap(code: str) -> str:
    pattern: str = _locale(code).percent_formats[None].pattern
    return NBSP if pattern[-2] in (NBSP, NARROW_NBSP) else ""


@lru_cache(maxsize=32)
def _locale(code: str) -> Locale:
    from babel import Locale

    return Locale.parse(by_code(SOURCE if code == PLUS50 else code).locale)
