"""The station's clock beside a machine's clock that somebody else sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from kiosk.model.clock import SystemClock, is_set

Expected = Callable[..., None]
MACHINE = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A wall clock that can be stepped, and a monotonic one that cannot."""

    def __init__(self, at: datetime = MACHINE) -> None:
        self.at, self.steady_s = at, 100.0

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.steady_s += seconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.at, lambda: self.steady_s)


def test_runs_with_the_machine_and_can_be_corrected() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wait(10)
    assert clock.now() == MACHINE + timedelta(seconds=10)
    assert clock.correct(clock.now() + HOUR) == HOUR
    machine.wait(5)
    assert clock.now() == MACHINE + HOUR + timedelta(seconds=15)
    assert clock.offset == HOUR
    assert clock.monotonic() == 115.0


def test_a_step_of_the_machine_does_not_move_a_time_that_a_backend_told(expected_log: Expected) -> None:
    """Lesson 14: NTP may set the machine's clock back at any moment."""
    expected_log("kiosk.model.clock", "moved by -3600.0 s; the station's stays")
    expected_log("kiosk.model.clock", "moved by 7200.0 s; the station's stays")
    machine = Machine()
    clock = machine.clock()
    clock.correct(MACHINE + timedelta(minutes=3))
    for step in (-HOUR, 2 * HOUR):
        machine.at += step
        machine.wait(1)
        clock.now()
    assert clock.now() == MACHINE + timedelta(minutes=3, seconds=2)
    assert clock.offset == timedelta(minutes=3) - HOUR


def test_without_a_backend_the_machine_is_followed(expected_log: Expected) -> None:
    expected_log("kiosk.model.clock", "the station's follows")
    machine = Machine(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    clock = machine.clock()
    assert not is_set(clock.now())
    machine.at = MACHINE
    assert clock.now() == MACHINE
    assert is_set(clock.now())


def test_slow_drift_is_no_step() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(1000):
        machine.wait(1)
        machine.at += timedelta(microseconds=500)
        clock.now()
    assert clock.now() == machine.at
