"""The watchdog over an external load-management controller."""

from __future__ import annotations

import pytest

from kiosk.settings import Installation, Settings
from kiosk.station.power.load_management import Watchdog


def settings(enabled: bool = True, timeout_s: int = 5) -> Settings:
    return Settings(
        Installation.load(
            None,
            [
                f"keys.ModbusLoadManagementEnabled={str(enabled).lower()}",
                f"keys.GridFallbackTimeout={timeout_s}",
                "keys.GridFallbackPower=20000",
            ],
        )
    )


@pytest.mark.parametrize(
    ("timeout_s", "heard_at_s", "asked_at_s", "limit_w"),
    [
        (5, None, 100.0, None),  # the first question starts the time
        (5, None, 104.9, None),
        (5, None, 105.0, 20_000),
        (5, 104.0, 108.9, None),
        (5, 104.0, 109.0, 20_000),
        (5, 107.0, 107.0, None),  # silent for long, then a word: back at once
        (0, 107.0, 107.0, 20_000),  # no patience at all: the fallback always holds
    ],
)
def test_silence(timeout_s: int, heard_at_s: float | None, asked_at_s: float, limit_w: int | None) -> None:
    keys, watchdog = settings(timeout_s=timeout_s), Watchdog()
    watchdog.fallback_w(keys, 100.0)
    if heard_at_s is not None:
        watchdog.heard(heard_at_s)
    assert watchdog.fallback_w(keys, asked_at_s) == limit_w


def test_without_load_management_there_is_no_fallback() -> None:
    watchdog = Watchdog()
    assert [watchdog.fallback_w(settings(enabled=False), now_s) for now_s in (100.0, 999.0)] == [None, None]
    assert watchdog.fallback_w(settings(), 1000.0) is None  # switched on: the time begins
    assert watchdog.fallback_w(settings(), 1005.0) == 20_000
