"""What is hot carries less, never more for being hotter, and comes back only once it has clearly cooled down."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.power.derating import CABINET, CABLE, Derating, Marks, share_at

PLACES = st.sampled_from([CABINET, CABLE])
DEGREES = st.floats(-60, 150)


def after(marks: Marks, *temperatures_c: float | None) -> int | None:
    place = Derating(marks)
    for temperature_c in temperatures_c:
        place.feel(temperature_c)
    return place.limit_w(50_000)


@pytest.mark.parametrize(
    ("temperature_c", "watts"),
    [
        (-30.0, None),
        (50.0, None),
        (50.4, 49_500),
        (60.0, 37_500),
        (69.96, 25_050),
        (70.0, 25_000),
        (74.9, 25_000),
        (75.0, 0),
        (120.0, 0),
    ],
)
def test_the_line_of_the_cabinet(temperature_c: float, watts: int | None) -> None:
    assert after(CABINET, temperature_c) == watts


@pytest.mark.parametrize(
    ("temperature_c", "watts"),
    [(25.0, None), (70.0, None), (70.1, 49_750), (80.0, 25_000), (89.99, 25), (90.0, 0), (200.0, 0)],
)
def test_the_line_of_a_cable(temperature_c: float, watts: int | None) -> None:
    assert after(CABLE, temperature_c) == watts


@pytest.mark.parametrize(
    ("marks", "story", "watts"),
    [
        (CABINET, (75.0, 74.0), 0),
        (CABINET, (75.0, 70.1, 74.9), 0),
        (CABINET, (75.0, 70.0), 25_000),
        (CABINET, (75.0, 70.0, 74.9), 25_000),  # back is back, until the stop is reached again
        (CABINET, (75.0, 40.0), None),
        (CABLE, (90.0, 85.1), 0),
        (CABLE, (90.0, 85.0), 12_500),
        (CABINET, (None,), None),  # nothing measures it
        (CABINET, (60.0, None), 37_500),  # the sensor fell silent: what was known last holds
        (CABINET, (80.0, None), 0),
        (CABINET, (80.0, None, 25.0), None),
    ],
)
def test_after_a_stop_and_without_a_word(marks: Marks, story: tuple[float | None, ...], watts: int | None) -> None:
    assert after(marks, *story) == watts


@given(PLACES, DEGREES, st.floats(0, 50))
def test_hotter_is_never_more(marks: Marks, temperature_c: float, more_k: float) -> None:
    assert 0.0 <= share_at(marks, temperature_c + more_k) <= share_at(marks, temperature_c) <= 1.0


@given(PLACES, st.lists(DEGREES), DEGREES)
def test_what_was_before_never_gives_more(marks: Marks, before: list[float], now_c: float) -> None:
    place = Derating(marks)
    for temperature_c in before:
        place.feel(temperature_c)
    place.feel(now_c)
    assert place.share in (0.0, share_at(marks, now_c))
    if now_c <= marks.back_at_c:
        assert place.share == share_at(marks, now_c), "cool enough: whatever was is forgotten"


@given(PLACES, st.lists(st.booleans(), max_size=60), st.floats(0, 4.9), st.floats(-10, 10))
def test_a_temperature_that_wavers_stops_it_once(
    marks: Marks, ups: list[bool], width_k: float, around_k: float
) -> None:
    """Within less than the distance between stop and return it is switched at most once."""
    place, seen = Derating(marks), []
    for up in ups:
        place.feel(marks.stop_at_c + around_k + (width_k / 2 if up else -width_k / 2))
        seen.append(place.share > 0)
    assert sum(a != b for a, b in itertools.pairwise(seen)) <= 1
