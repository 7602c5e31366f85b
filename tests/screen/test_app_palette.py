"""Day or night: sunrise and sunset of the site within minutes of the almanac, else seven to seven."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.screen.palette import is_night, sun_height_deg

BERLIN, LONDON, SYDNEY, TROMSO = (52.52, 13.405), (51.507, -0.128), (-33.869, 151.209), (69.649, 18.955)
MARGIN = timedelta(minutes=4)


@pytest.mark.parametrize(
    ("place", "rises", "sets"),
    [
        pytest.param(BERLIN, "2026-06-21T02:43", "2026-06-21T19:33", id="Berlin, midsummer"),
        pytest.param(LONDON, "2026-12-21T08:03", "2026-12-21T15:53", id="London, midwinter"),
        pytest.param(SYDNEY, "2026-12-20T18:41", "2026-12-21T09:05", id="Sydney, their midsummer"),
        pytest.param((0.0, 0.0), "2026-03-20T06:04", "2026-03-20T18:11", id="equator, equinox"),
    ],
)
def test_sunrise_and_sunset(place: tuple[float, float], rises: str, sets: str) -> None:
    sunrise, sunset = (datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (rises, sets))
    assert is_night(sunrise - MARGIN, *place)
    assert not is_night(sunrise + MARGIN, *place)
    assert not is_night(sunset - MARGIN, *place)
    assert is_night(sunset + MARGIN, *place)


@pytest.mark.parametrize("hour", range(24))
def test_polar_night_and_midnight_sun(hour: int) -> None:
    assert is_night(datetime(2026, 12, 21, hour, tzinfo=UTC), *TROMSO)
    assert not is_night(datetime(2026, 6, 21, hour, tzinfo=UTC), *TROMSO)


@pytest.mark.parametrize(
    ("clock", "night"), [("06:59", True), ("07:00", False), ("18:59", False), ("19:00", True), ("00:00", True)]
)
@pytest.mark.parametrize("place", [(None, None), (52.5, None), (None, 13.4)])
def test_without_coordinates_by_the_local_clock(
    clock: str, night: bool, place: tuple[float | None, float | None]
) -> None:
    local = datetime.fromisoformat(f"2026-06-21T{clock}").replace(tzinfo=timezone(timedelta(hours=9)))
    assert is_night(local, *place) is night


moments = st.integers(946_684_800, 4_102_444_799).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(moments, st.floats(-90, 90), st.floats(-180, 180))
def test_any_place_at_any_time_has_a_height(now: datetime, latitude: float, longitude: float) -> None:
    assert -90 <= sun_height_deg(now, latitude, longitude) <= 90


@given(moments, st.floats(-90, 90), st.floats(-180, 180))
def test_the_zone_of_the_clock_does_not_move_the_sun(now: datetime, latitude: float, longitude: float) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=-11)))
    assert is_night(now, latitude, longitude) is is_night(elsewhere, latitude, longitude)
