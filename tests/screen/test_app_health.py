"""The screen's own health: the age of the newest frame, and when the core is told."""

from __future__ import annotations

import pytest

from kiosk.link.messages import ScreenReport
from kiosk.screen.health import REPORT_EVERY_S, FrameWatch, Reporter


def report(**fields: object) -> ScreenReport:
    given = {"name": "standby", "language": "en", "locked": False, "frame_age_ms": 10} | fields
    return ScreenReport(**given)  # type: ignore[arg-type]


def test_the_age_grows_until_the_next_frame() -> None:
    watch = FrameWatch(100.0)
    assert watch.age_ms(100.25) == 250
    watch.swapped(101.0)
    assert watch.age_ms(101.0) == 0
    assert watch.age_ms(111.5) == 10_500


def test_an_age_is_never_negative() -> None:
    watch = FrameWatch(0.0)
    watch.swapped(5.0)
    assert watch.age_ms(4.9) == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "card"}, True),
        ({"language": "de"}, True),
        ({"locked": True}, True),
        ({"frame_age_ms": 9_999}, False),
        ({}, False),
    ],
)
def test_a_change_is_told_at_once_the_age_alone_is_none(change: dict[str, object], told: bool) -> None:
    reporter = Reporter()
    assert reporter.due(report(), 0.0)
    assert reporter.due(report(**change), 0.1) is told


def test_every_five_seconds_in_any_case() -> None:
    reporter = Reporter()
    sent = [now for now in range(21) if reporter.due(report(frame_age_ms=now), float(now))]
    assert sent == [0, 5, 10, 15, 20]
    assert REPORT_EVERY_S == 5.0


def test_another_core_is_told_at_once() -> None:
    reporter = Reporter()
    assert reporter.due(report(), 0.0)
    reporter.forget()
    assert reporter.due(report(), 0.1)
