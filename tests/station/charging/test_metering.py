"""When meter values are taken, and what stands in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.charging import metering
from kiosk.station.hardware.ports import Reading

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_unknown_values_are_left_out_and_zero_is_a_value() -> None:
    reading = Reading(at_s=1.0, power_w=0, voltage_v=396.25)
    wanted = ("Energy.Active.Import.Register", "Power.Active.Import", "Voltage", "SoC", "Power.Factor")
    assert metering.values(wanted, reading, 1099330, 50000) == {
        "Energy.Active.Import.Register": 1099330.0,
        "Power.Active.Import": 0.0,
        "Voltage": 396.25,
    }
    assert metering.values(wanted, None, None, None) == {}
    assert metering.values(("Power.Offered",), None, None, 0) == {"Power.Offered": 0.0}


@pytest.mark.parametrize(
    ("after_s", "interval_s", "expected_s"),
    [(0, 30, 30), (29.9, 30, 30), (30, 30, 60), (31, 30, 60), (100, 30, 120), (5, 0, None), (5, -1, None)],
)
def test_the_next_sample_is_on_the_sessions_grid(after_s: float, interval_s: int, expected_s: int | None) -> None:
    due = metering.next_sample(NOON, interval_s, NOON + timedelta(seconds=after_s))
    assert due == (None if expected_s is None else NOON + timedelta(seconds=expected_s))


def test_a_clock_that_jumped_back_does_not_stop_sampling() -> None:
    assert metering.next_sample(NOON, 30, NOON - timedelta(hours=1)) == NOON + timedelta(seconds=30)


@given(st.integers(1, 86400), st.integers(0, 86399))
def test_aligned_points_divide_the_day(interval_s: int, second: int) -> None:
    midnight = NOON.replace(hour=0)
    now = midnight + timedelta(seconds=second)
    due = metering.next_aligned(interval_s, now)
    assert due is not None
    assert now < due <= midnight + timedelta(days=1)
    offset_s = (due - midnight).total_seconds()
    assert offset_s % interval_s == 0 or offset_s == 86400  # every day begins anew at midnight


def test_no_interval_no_aligned_data() -> None:
    assert metering.next_aligned(0, NOON) is None
