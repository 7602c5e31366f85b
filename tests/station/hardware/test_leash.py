"""Limit, watchdog and obedience, second by second."""

from __future__ import annotations

import pytest

from kiosk.station.hardware.simulator.leash import Leash


def test_the_watchdog_runs_from_the_contactor_and_from_every_word() -> None:
    leash = Leash(2.5, 100.0)
    leash.closed(200.0)
    assert not leash.silent(202.4)
    assert leash.silent(202.5)
    leash.feed(0, 202.4, obedient=True)
    assert not leash.silent(204.8)
    assert leash.horizon_s(204.4) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("words", "limit_w", "obeyed_w"),
    [
        ([(5_000, True)], 5_000, 5_000),
        ([(5_000, True), (2_000, True)], 2_000, 2_000),
        ([(5_000, True), (2_000, False)], 2_000, 5_000),
        ([(5_000, True), (2_000, False), (9_000, False)], 9_000, 9_000),
        ([(-7, True)], 0, 0),
    ],
)
def test_what_is_allowed_and_what_is_obeyed(words: list[tuple[int, bool]], limit_w: int, obeyed_w: int) -> None:
    leash = Leash(2.5, 0.0)
    for watts, obedient in words:
        leash.feed(watts, 0.0, obedient=obedient)
    assert (leash.limit_w, leash.obeyed_w) == (limit_w, obeyed_w)
    leash.come_to_heel()
    assert leash.obeyed_w == limit_w
    leash.cut()
    assert (leash.limit_w, leash.obeyed_w) == (0, 0)


def test_a_second_above_the_limit_is_too_long() -> None:
    leash = Leash(2.5, 0.0)
    leash.feed(5_000, 0.0, obedient=True)
    assert not leash.slipped(5_001, 0.6)
    assert leash.horizon_s(0.0) == pytest.approx(0.4)
    assert not leash.slipped(5_000, 0.1), "within the limit: the time begins anew"
    assert not leash.slipped(5_001, 0.6)
    assert leash.slipped(5_001, 0.4)


def test_who_draws_nothing_yet_has_no_power_to_keep() -> None:
    leash = Leash(2.5, 0.0)
    leash.feed(5_000, 0.0, obedient=False)
    leash.feed(0, 1.0, obedient=False)
    assert leash.obeyed_w == 5_000
    leash.closed(2.0)
    assert leash.obeyed_w == 0
