"""When meter values are taken, and what stands in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.settings.measurands import SUPPORTED
from kiosk.station.charging import metering
from kiosk.station.charging.metering import INTERVAL, REGISTER, Slot
from kiosk.station.hardware.ports import Reading

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)


def test_unknown_values_are_left_out_and_zero_is_a_value() -> None:
    known = metering.quantities(Reading(at_s=1.0, power_w=0, voltage_v=396.25), 50000)
    asked = (REGISTER, "Power.Active.Import", "Voltage", "SoC", "Voltage.L1-N")
    assert metering.wanted(asked, known, 1099330) == {
        REGISTER: 1099330.0,
        "Power.Active.Import": 0.0,
        "Voltage": 396.25,
    }
    assert metering.wanted(asked, {}, None) == {}
    assert metering.wanted(("Power.Offered",), metering.quantities(None, 0), None) == {"Power.Offered": 0.0}


def test_every_supported_measurand_can_be_told() -> None:
    reading = Reading(at_s=0, power_w=1, current_a=2.0, voltage_v=3.0, soc_percent=4, temperature_c=5.0)
    known = metering.quantities(reading, 6, 7.0)
    assert set(metering.wanted(SUPPORTED, known, 1000, 900)) == set(SUPPORTED)


def test_energy_of_an_interval_needs_its_begin() -> None:
    assert metering.wanted((INTERVAL,), {}, 1000, 900) == {INTERVAL: 100.0}
    assert metering.wanted((INTERVAL,), {}, 1000, None) == {}
    assert metering.wanted((INTERVAL,), {}, 900, 1000) == {INTERVAL: 0.0}, "a meter that was changed"


def test_only_the_first_phase_of_ac_is_known() -> None:
    reading = Reading(at_s=0, voltage_v=230.0, current_a=16.0)
    asked = ("Voltage.L1-N", "Voltage.L2-N", "Current.Import.L1", "Current.Import.L3")
    ac = metering.quantities(reading, None, ac=True)
    assert metering.wanted(asked, ac, None) == {"Voltage.L1-N": 230.0, "Current.Import.L1": 16.0}
    assert metering.wanted(asked, metering.quantities(reading, None), None) == {}, "DC has no phases"


# --- when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after_s", "interval_s", "expected_s"),
    [(0, 30, 30), (29.9, 30, 30), (30, 30, 60), (31, 30, 60), (100, 30, 120), (5, 0, None), (5, -1, None)],
)
def test_the_next_sample_is_on_the_sessions_grid(after_s: float, interval_s: int, expected_s: int | None) -> None:
    due_s = metering.next_sample_s(1000.0, interval_s, 1000.0 + after_s)
    assert due_s == (None if expected_s is None else 1000.0 + expected_s)


@given(st.integers(1, 86400), st.integers(0, 86_399_999))
def test_slots_divide_the_day(interval_s: int, milliseconds: int) -> None:
    """Lesson 15: aligned really means the grid of the day, which begins anew at midnight."""
    at = MIDNIGHT + timedelta(milliseconds=milliseconds)
    begin, end = metering.slot_at(interval_s, at)
    assert begin <= at < end
    assert (begin - MIDNIGHT).total_seconds() % interval_s == 0
    assert end == min(begin + timedelta(seconds=interval_s), MIDNIGHT + timedelta(days=1))
    assert metering.slot_at(interval_s, end)[0] == end, "no gap and no overlap"


# --- a slot ---------------------------------------------------------------------------------------------------


def test_means_are_weighted_by_time() -> None:
    slot = Slot()
    slot.add({"Power.Active.Import": 10_000.0}, 100, 0.0)
    slot.add({"Power.Active.Import": 40_000.0}, 110, 3.0)
    slot.add({"Power.Active.Import": 0.0}, 120, 4.0)
    assert slot.means() == {"Power.Active.Import": 17_500.0}
    assert slot.since_wh == 100


def test_a_quantity_counts_only_while_it_is_known() -> None:
    slot = Slot()
    slot.add({"Voltage": 400.0}, None, 0.0)
    slot.add({"Voltage": 400.0, "SoC": 50.0}, 7, 2.0)
    slot.add({"SoC": 52.0}, 8, 4.0)
    assert slot.means() == {"Voltage": 400.0, "SoC": 50.0 * 1.0}
    assert slot.since_wh == 7, "from when the meter could be read"


def test_a_core_that_stood_still_does_not_stretch_a_reading() -> None:
    slot = Slot()
    slot.add({"Power.Active.Import": 50_000.0}, 0, 0.0)
    slot.add({"Power.Active.Import": 0.0}, 0, 600.0)
    slot.add({"Power.Active.Import": 0.0}, 0, 605.0)
    assert slot.means()["Power.Active.Import"] == 25_000.0


def test_an_empty_slot_and_one_of_a_moment() -> None:
    assert Slot().means() == {}
    slot = Slot()
    slot.add({"SoC": 3.0}, 1, 5.0)
    assert slot.means() == {"SoC": 3.0}


@given(st.lists(st.tuples(st.floats(0.01, 4.9), st.floats(0, 1e5)), min_size=2, max_size=40))
def test_a_mean_lies_between_the_extremes(steps: list[tuple[float, float]]) -> None:
    slot, now_s = Slot(), 0.0
    for span_s, value in steps:
        slot.add({"Voltage": value}, None, now_s)
        now_s += span_s
    told = [value for _, value in steps[:-1]]
    assert min(told) - 1e-6 <= slot.means()["Voltage"] <= max(told) + 1e-6
