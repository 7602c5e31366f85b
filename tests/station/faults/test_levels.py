"""Levels as they count: raised, cleared, flapping, latched, again. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.faults import FAULTS
from kiosk.station.charging.levels import FLAPS, FLAPS_WITHIN_S, QUIET_S, Change, Levels


def test_a_level_rises_once_and_falls_once() -> None:
    levels = Levels()
    assert levels.rises(20, 1.0) is Change.RAISED
    assert levels.rises(20, 2.0) is None
    assert levels.codes == {20}
    assert levels.falls(20, 3.0, plugged=True) is Change.CLEARED
    assert levels.falls(20, 4.0, plugged=True) is None
    assert levels.codes == set()


def test_codes_that_the_table_does_not_hold_do_not_count() -> None:
    assert Levels([20, 13]).codes == {20}


def flap(levels: Levels, code: int, times: int, gap_s: float, now_s: float = 0.0) -> tuple[list[Change], float]:
    changes: list[Change | None] = []
    for _ in range(times):
        changes.append(levels.rises(code, now_s))
        changes.append(levels.falls(code, now_s + gap_s / 2, plugged=False))
        now_s += gap_s
    return [c for c in changes if c is not None], now_s - gap_s / 2


def test_a_level_that_flaps_counts_as_raised_until_it_was_quiet() -> None:
    levels = Levels()
    changes, last_s = flap(levels, 20, 100, 0.1)
    assert changes == [Change.RAISED, Change.CLEARED] * (FLAPS - 1) + [Change.RAISED, Change.FLAPPING]
    assert levels.codes == {20}
    assert levels.quiet(last_s + QUIET_S - 0.2) == []
    assert levels.quiet(last_s + QUIET_S + 0.2) == [20]
    assert levels.codes == set()
    assert levels.quiet(last_s + 1000) == []


def test_to_fall_again_does_not_lengthen_the_wait() -> None:
    levels = Levels()
    _, last_s = flap(levels, 20, FLAPS, 1.0)
    assert levels.falls(20, last_s + QUIET_S - 1, plugged=False) is None
    assert levels.quiet(last_s + QUIET_S) == [20]


def test_flapping_is_told_again_after_it_was_over() -> None:
    levels = Levels()
    _, now_s = flap(levels, 20, FLAPS, 1.0)
    assert levels.rises(20, now_s + 1) is None
    assert levels.falls(20, now_s + 600, plugged=False) is Change.CLEARED, "it stood still in between"
    changes, _ = flap(levels, 20, FLAPS, 1.0, now_s + 601)
    assert changes[-1] is Change.FLAPPING


def test_what_comes_now_and_then_does_not_flap() -> None:
    levels = Levels()
    changes, _ = flap(levels, 20, 50, FLAPS_WITHIN_S / (FLAPS - 1) + 1)
    assert Change.FLAPPING not in changes
    assert len(changes) == 100


def test_a_latched_level_counts_until_the_plug_was_out() -> None:
    levels = Levels()
    levels.rises(18, 1.0)
    assert levels.falls(18, 2.0, plugged=True) is None
    assert levels.codes == {18}
    assert levels.plug_out() == [18]
    assert levels.codes == set()
    assert levels.plug_out() == []


def test_the_hardware_may_clear_a_latched_level_after_the_plug_and_a_new_plug_is_in_by_then() -> None:
    levels = Levels()
    levels.rises(18, 1.0)
    assert levels.plug_out() == []
    assert levels.falls(18, 2.0, plugged=True) is Change.CLEARED


def test_a_latched_level_that_rises_anew_waits_for_the_next_replug() -> None:
    levels = Levels()
    levels.rises(18, 1.0)
    levels.falls(18, 2.0, plugged=True)
    assert levels.rises(18, 3.0) is None, "it never counted as cleared"
    assert levels.plug_out() == [], "the hardware still tells of it"
    assert levels.codes == {18}


def test_what_was_latched_before_a_restart_goes_with_the_plug() -> None:
    levels = Levels()
    levels.keep_until_replug(18)
    assert levels.codes == {18}
    assert levels.plug_out() == [18]


def test_the_second_time_in_a_row_is_again_until_something_went_well() -> None:
    levels = Levels()
    for now_s, again in ((1.0, False), (10.0, True), (20.0, True)):
        levels.rises(18, now_s)
        assert levels.again(18) is again
        levels.plug_out()
        levels.falls(18, now_s + 1, plugged=False)
    levels.went_well()
    levels.rises(18, 100.0)
    assert not levels.again(18)


def test_only_faults_with_other_words_are_counted() -> None:
    levels = Levels()
    for now_s in (1.0, 100.0, 200.0):
        levels.rises(20, now_s)
        levels.falls(20, now_s + 1, plugged=False)
    assert levels.streaks == {}


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["rise", "fall", "out"]),
        st.sampled_from([2, 18, 20, 1001]),
        st.floats(0.01, 40),
        st.booleans(),
    ),
    max_size=60,
)


@given(MOVES)
def test_whatever_the_hardware_does(moves: list[tuple[str, int, float, bool]]) -> None:
    """What the hardware holds raised counts as raised; the log alternates; when all is quiet nothing is left."""
    levels, now_s, real = Levels(), 0.0, set[int]()
    told: dict[int, list[Change]] = {code: [] for code in FAULTS}
    for what, code, gap_s, plugged in moves:
        now_s += gap_s
        for gone in levels.quiet(now_s):
            told[gone].append(Change.CLEARED)
        change: Change | None = None
        if what == "rise":
            real.add(code)
            change = levels.rises(code, now_s)
        elif what == "fall":
            real.discard(code)
            change = levels.falls(code, now_s, plugged=plugged)
        else:
            for gone in levels.plug_out():
                told[gone].append(Change.CLEARED)
        if change is not None:
            told[code].append(change)
        assert real <= levels.codes
    for code in sorted(real):
        change = levels.falls(code, now_s, plugged=False)
        if change is not None:
            told[code].append(change)
    told_gone = [*levels.plug_out(), *levels.quiet(now_s + QUIET_S)]
    for code in told_gone:
        told[code].append(Change.CLEARED)
    assert levels.codes == set()
    for changes in told.values():
        ends = [c for c in changes if c is not Change.FLAPPING]
        assert ends == [Change.RAISED, Change.CLEARED] * (len(ends) // 2)


@pytest.mark.parametrize("change", Change)
def test_the_kinds_of_the_event_log_are_kept_on_disk(change: Change) -> None:
    assert change.value in {"fault_raised", "fault_cleared", "fault_flapping"}
