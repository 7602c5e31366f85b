"""A hot cable carries less, and never more for being hotter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.power.derating import derated_w


@pytest.mark.parametrize(
    ("temperature_c", "watts"),
    [
        (None, None),
        (-30.0, None),
        (70.0, None),
        (70.1, 49_750),
        (80.0, 25_000),
        (89.99, 25),
        (90.0, 0),
        (200.0, 0),
    ],
)
def test_the_line(temperature_c: float | None, watts: int | None) -> None:
    assert derated_w(50_000, temperature_c) == watts


@given(st.integers(0, 400_000), st.floats(-40, 150), st.floats(0, 50))
def test_hotter_is_never_more(power_w: int, temperature_c: float, more_k: float) -> None:
    cooler, hotter = derated_w(power_w, temperature_c), derated_w(power_w, temperature_c + more_k)
    assert (hotter if hotter is not None else power_w) <= (cooler if cooler is not None else power_w)
    assert cooler is None or 0 <= cooler <= power_w
