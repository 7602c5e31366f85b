"""Where everything of a picture stands: nothing over anything else, all inside, every watt at its height."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from kiosk.lab.picture.layout import picture
from kiosk.lab.picture.palette import STYLES
from kiosk.lab.picture.shapes import Area, Box, Picture, Stroke
from kiosk.lab.scenario.recording import Mark, Moment, Point, Recording
from kiosk.model.enums import LimitReason

SITE = timezone(timedelta(hours=2))
TYPES = ("CCS", "CCS", "CHAdeMO", "CCS_AC")


def measure(words: str, size: float, weight: str) -> float:
    """A plain font: every letter equally wide."""
    return len(words) * size * (0.62 if weight in ("Bold", "ExtraBold") else 0.58)


def point(connector_id: int, power_w: int = 0, limit_w: int | None = None, reason: str | None = None) -> Point:
    return Point(
        id=connector_id,
        status="Charging" if limit_w else "Available",
        power_w=power_w,
        limit_w=limit_w,
        reason=LimitReason(reason) if reason else None,
    )


def recording(
    *rows: tuple[Point, ...],
    step_s: float = 60.0,
    limits: tuple[tuple[int, str], ...] = (),
    marks: tuple[Mark, ...] = (),
) -> Recording:
    """One row of points a moment; ``limits``: of the station by moment, the last one holds on."""
    moments = []
    for number, row in enumerate(rows):
        watts, reason = limits[min(number, len(limits) - 1)] if limits else (75_000, "grid")
        moments.append(
            Moment(
                at_s=number * step_s,
                connectors=row,
                grid_w=100 + sum(p.power_w for p in row),
                grid_limit_w=watts,
                grid_reason=LimitReason(reason),
            )
        )
    return Recording(
        name="A day",
        seed=3,
        starts_at=datetime(2026, 7, 14, 6, tzinfo=SITE),
        step_s=step_s,
        types=TYPES[: len(rows[0])] if rows else TYPES,
        moments=tuple(moments),
        marks=marks,
    )


def overlapping(made: Picture) -> list[tuple[str, str]]:
    texts = made.texts
    return [
        (one.text, other.text)
        for at, one in enumerate(texts)
        for other in texts[at + 1 :]
        if one.box.meets(other.box, -0.5)
    ]


def outside(made: Picture) -> list[str]:
    return [
        t.text
        for t in made.texts
        if t.box.left < 0 or t.box.top < 0 or t.box.right > made.size[0] or t.box.bottom > made.size[1]
    ]


def areas(made: Picture, what: str) -> list[Area]:
    return [s for s in made.shapes if isinstance(s, Area) and s.what == what]


def strokes(made: Picture, what: str) -> list[Stroke]:
    return [s for s in made.shapes if isinstance(s, Stroke) and s.what == what]


def words(made: Picture, what: str) -> list[str]:
    return [t.text for t in made.texts if t.what == what]


marks = st.lists(
    st.builds(
        Mark,
        at_s=st.floats(0, 14_400),
        text=st.sampled_from(
            ["car at 1", "car at 2", "Fault 18 at 2", "Backend gone", "Emergency stop", "MaxGridPower 40 kW"]
        ),
    ),
    max_size=40,
).map(tuple)
CROWD = tuple(
    Mark(at_s=at_s, text=text)
    for at_s, text in (
        (0.0, "Backend gone"),
        (13362.1, "MaxGridPower 40 kW"),
        (4620.3, "Backend gone"),
        (14331.5, "Backend gone"),
        (0.3, "Fault 18 at 2"),
        (0.0, "MaxGridPower 40 kW"),
        (158.3, "Emergency stop"),
        (0.0, "Backend gone"),
    )
)
"""So many rows of words that the lanes are low."""
points = st.tuples(
    st.sampled_from(list(LimitReason)), st.integers(0, 50_000), st.integers(0, 50_000), st.booleans()
)
rows = st.lists(st.tuples(points, points, st.integers(1, 60)), max_size=12)


@given(rows=rows, marks=marks, limit=st.tuples(st.integers(0, 90_000), st.sampled_from(["grid", "modbus"])),
       size=st.sampled_from([(1600, 900), (1280, 720), (2400, 1000)]))  # fmt: skip
@example(rows=[], marks=CROWD, limit=(1084, "grid"), size=(1280, 720))
@settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.generate),
)
def test_no_label_covers_another_and_all_are_inside(
    rows: list[tuple[tuple[LimitReason, int, int, bool], ...]],
    marks: tuple[Mark, ...],
    limit: tuple[int, str],
    size: tuple[int, int],
) -> None:
    lines: list[tuple[Point, ...]] = []
    for *both, times in rows:
        line = tuple(
            point(n, min(power, most), most, reason) if busy else point(n)
            for n, (reason, power, most, busy) in enumerate(both, start=1)  # type: ignore[misc]
        )
        lines += [line] * times  # type: ignore[operator]
    made = picture(recording(*lines, limits=(limit,), marks=marks), measure, size)
    assert overlapping(made) == []
    assert outside(made) == []


def test_power_stands_in_the_colour_of_what_binds_it() -> None:
    row = [(point(1, 20_000, 25_000, "stack"), point(2)), (point(1, 9_000, 9_000, "grid"), point(2))]
    made = picture(recording(*row), measure)
    assert [a.colour for a in areas(made, "power")] == [
        STYLES[LimitReason.STACK].colour,
        STYLES[LimitReason.GRID].colour,
    ]
    assert [a.pattern for a in areas(made, "ribbon")] == ["up", "down"]
    stack, grid = areas(made, "power")
    assert max(x for x, _ in stack.outline) == min(x for x, _ in grid.outline)


def test_watts_and_limits_stand_at_their_height() -> None:
    made = picture(recording((point(1, 25_000, 50_000, "car"),)), measure)
    (area,) = areas(made, "power")
    (limit,) = strokes(made, "limit")
    bottom = max(y for _, y in area.outline)
    power_y, limit_y = min(y for _, y in area.outline), limit.spots[0][1]
    assert (bottom - power_y) * 2 == pytest.approx(bottom - limit_y)


def test_a_session_that_is_given_nothing_is_seen() -> None:
    made = picture(recording((point(1, 0, 0, "fallback"),), (point(1),)), measure)
    assert areas(made, "power") == []
    (ribbon,) = areas(made, "ribbon")
    assert ribbon.colour == STYLES[LimitReason.FALLBACK].colour


def test_the_station_s_limit_is_named_where_it_holds() -> None:
    row = (point(1, 9_000, 25_000, "stack"),)
    made = picture(recording(*[row] * 60, limits=(*[(75_000, "grid")] * 30, (27_500, "fallback"))), measure)
    assert words(made, "limit name") == ["75 kW grid", "27.5 kW fallback"]
    first, second = strokes(made, "station limit")
    assert first.spots[0][1] < second.spots[0][1]
    assert first.spots[1][0] == second.spots[0][0]


def test_energy_of_sessions_and_of_all() -> None:
    hour = [(point(1, 30_000, 50_000, "car"), point(2))] * 60
    pause = [(point(1), point(2))] * 60
    short = [(point(1, 11_000, 11_000, "profile"), point(2))] * 60
    made = picture(recording(*hour, *pause, *short), measure)
    assert sorted(words(made, "energy")) == ["11.0 kWh", "30.0 kWh"]
    assert words(made, "sum") == ["41.0 kWh", "2 sessions", "0 kWh", "0 sessions", "41.0 kWh", "into cars"]


def test_hours_are_those_of_the_site() -> None:
    made = picture(recording(*[(point(1),)] * 180), measure)
    times = words(made, "time")
    assert times[0] == "06:00"
    assert times[-1] == "09:00"


def test_a_week_has_days_and_a_short_time_minutes() -> None:
    week = picture(recording(*[(point(1),)] * 168, step_s=3600.0), measure)
    assert "Wed 15" in words(week, "time")
    assert "Tue 14 July 2026 to Tue 21 July 2026" in words(week, "subtitle")[0]
    short = picture(recording(*[(point(1),)] * 30, step_s=10.0), measure)
    assert "06:03" in words(short, "time")


def test_what_should_not_happen_is_told_before_what_always_does() -> None:
    cars = tuple(Mark(at_s=60.0 * n, text=f"visitor {n}: comes") for n in range(60))
    made = picture(
        recording(*[(point(1),)] * 60, marks=(*cars, Mark(at_s=1800.0, text="Emergency stop"))), measure
    )
    assert words(made, "mark") == ["Emergency stop"]
    assert len(strokes(made, "small mark")) == 60
    few = picture(recording(*[(point(1),)] * 60, marks=(cars[1], cars[30])), measure)
    assert words(few, "mark") == ["visitor 1: comes", "visitor 30: comes"]


def test_no_line_of_a_mark_runs_through_the_words_of_another() -> None:
    several = tuple(Mark(at_s=60.0 * n, text=f"Fault {n} of many at connector 1") for n in range(0, 60, 4))
    made = picture(recording(*[(point(1),)] * 60, marks=several), measure)
    texts = [t for t in made.texts if t.what == "mark"]
    assert len(texts) >= 8
    for pole in strokes(made, "mark"):
        (x, top), (_, bottom) = pole.spots
        assert not any(t.box.meets(Box(x, top, x, bottom)) for t in texts)


def test_nothing_recorded_is_said() -> None:
    made = picture(recording(), measure)
    assert words(made, "empty") == ["Nothing was recorded"]
    assert overlapping(made) == []


def test_the_same_recording_gives_the_same_picture() -> None:
    made = recording(*[(point(1, 9_000, 25_000, "stack"),)] * 60)
    assert picture(made, measure) == picture(made, measure)


def test_letters_stand_only_where_they_have_room() -> None:
    wide = picture(recording(*[(point(1, 40_000, 50_000, "car"),)] * 60), measure)
    assert [t.text for t in wide.texts if t.what == "letter"].count("C") == 2  # in the chart and in the legend
    rows = [(point(1, 40_000, 50_000, "car" if n % 2 else "stack"),) for n in range(600)]
    narrow = picture(recording(*rows), measure)
    assert [t.text for t in narrow.texts if t.what == "letter"] == [s.letter for s in STYLES.values()]
