"""Times and durations of a scenario file."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.lab.scenario import times, words
from kiosk.lab.scenario.words import Leaving

DAY_S = 86_400.0
THURSDAY = datetime.fromisoformat("2026-11-12T06:00:00+01:00")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("15min", 900.0),
        ("2h 30min", 9000.0),
        ("2h30min", 9000.0),
        ("7d", 7 * DAY_S),
        ("0.5h", 1800.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert times.duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "1 hour", "2m", "-5s", "5s later", "1h,2min", "min"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        times.duration_s(text)


@given(st.integers(0, 30), st.integers(0, 23), st.integers(0, 59), st.integers(1, 59))
def test_every_duration_that_is_written_is_read(d: int, h: int, m: int, s: int) -> None:
    assert times.duration_s(f"{d}d {h}h {m}min {s}s") == d * DAY_S + h * 3600 + m * 60 + s


@pytest.mark.parametrize(
    ("text", "repeat", "found"),
    [
        ("07:30", (), (5400.0,)),
        ("06:00", (), (0.0,)),
        ("05:59", (), (DAY_S - 60,)),  # it was before the start: the next one
        ("7:30:15", (), (5415.0,)),
        ("+90s", (), (90.0,)),
        ("day 1 07:30", (), (5400.0,)),
        ("day 2 07:30", (), (DAY_S + 5400,)),
        ("07:30", ("daily",), tuple(n * DAY_S + 5400 for n in range(4))),
        ("05:00", ("daily",), tuple(n * DAY_S - 3600 for n in range(1, 5))),
        ("07:30", ("weekdays",), (5400.0, DAY_S + 5400)),
        ("07:30", ("weekend",), (2 * DAY_S + 5400, 3 * DAY_S + 5400)),
        ("07:30", ("thursday", "sunday"), (5400.0, 3 * DAY_S + 5400)),
    ],
)
def test_moments(text: str, repeat: tuple[str, ...], found: tuple[float, ...]) -> None:
    assert times.moments_s(text, repeat, THURSDAY, 4 * DAY_S) == found


@pytest.mark.parametrize(
    ("text", "repeat", "problem"),
    [
        ("soon", (), "a time such as"),
        ("25:00", (), "a time such as"),
        ("+soon", (), "a duration such as"),
        ("+4d", (), "within the scenario, which lasts 4 d"),
        ("day 1 05:00", (), "within the scenario"),
        ("day 5 06:00", (), "within the scenario"),
        ("+90s", ("daily",), "a clock time"),
        ("day 2 07:30", ("daily",), "without a day"),
        ("07:30", ("someday",), "days out of daily, weekdays, weekend, monday"),
        ("07:30", ("monday",), "within the scenario, which lasts 4 d from Thu 06:00 on"),
    ],
)
def test_moments_that_do_not_fit(text: str, repeat: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        times.moments_s(text, repeat, THURSDAY, 4 * DAY_S)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (90, "1 min 30 s"),
        (9000, "2 h 30 min"),
        (7 * DAY_S, "7 d"),
        (DAY_S + 5, "1 d 5 s"),
    ],
)
def test_spoken(seconds: float, text: str) -> None:
    assert times.spoken(seconds) == text


def test_on_the_site_s_clock() -> None:
    assert times.on_clock(THURSDAY, DAY_S + 61) == "Fri 06:01:01"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("full", Leaving()),
        ("80 %", Leaving(soc_percent=80)),
        ("80%", Leaving(soc_percent=80)),
        ("45min", Leaving(after_s=2700.0)),
        ("80 % or 45min", Leaving(soc_percent=80, after_s=2700.0)),
        ("full or 45min", Leaving(after_s=2700.0)),
    ],
)
def test_leaving(text: str, found: Leaving) -> None:
    assert words.leaving(text) == found


@pytest.mark.parametrize("text", ["", "at 80", "0 %", "101 %", "80 % and 45min", "never"])
def test_what_is_no_leaving(text: str) -> None:
    with pytest.raises(ValueError, match="80 % or 45min"):
        words.leaving(text)


@pytest.mark.parametrize(("text", "found"), [("-90s", -90.0), ("+2min", 120.0)])
def test_offsets(text: str, found: float) -> None:
    assert words.offset_s(text) == found


@pytest.mark.parametrize("text", ["", "90s", "+", "-soon"])
def test_what_is_no_offset(text: str) -> None:
    with pytest.raises(ValueError, match="a sign and a duration"):
        words.offset_s(text)
