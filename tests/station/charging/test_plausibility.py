"""Registers that can be believed and those that cannot: every lie is found, no honest meter is accused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.station.charging.plausibility import (
    MOST_STRIKES,
    PATIENCE_S,
    SETTLED_S,
    SILENCE_S,
    SPAN_S,
    Doubt,
    Watch,
)

RATED_W = 50_000
START_WH = 1_000_000


class Trial:
    """A meter under watch on a clock of its own. ``tells`` turns the true register into what is told."""

    def __init__(self, rated_w: int = RATED_W, pace: float = 1.0, step_s: float = 0.25) -> None:
        self.watch = Watch(rated_w, pace)
        self.pace, self.step_s = pace, step_s
        self.now_s, self.true_wh = 1000.0, float(START_WH)
        self.tells: Callable[[int], int | None] = lambda wh: wh
        self.counts = self.plugged = True

    def begin(self) -> Trial:
        self.look(0)
        self.watch.begin(START_WH, self.now_s)
        return self

    def look(self, power_w: int | None) -> None:
        told_wh = self.tells(int(self.true_wh))
        self.watch.look(told_wh, power_w, self.now_s, counts=self.counts, plugged=self.plugged)

    def run(self, seconds: float, power_w: int, measured: bool = True) -> None:
        """Charge at a steady power, or wait without one."""
        for _ in range(round(seconds / self.step_s)):
            self.now_s += self.step_s
            self.true_wh += power_w * self.step_s * self.pace / 3600
            self.look(power_w if measured else None)

    def found_after_s(self, power_w: int, within_s: float = 600) -> float:
        """How long a lie that begins now stays undetected."""
        began_s = self.now_s
        while self.watch.doubt is None:
            assert self.now_s - began_s < within_s, "it was never found"
            self.run(self.step_s, power_w)
        return self.now_s - began_s


def frozen_at(wh: int) -> Callable[[int], int]:
    return lambda _: wh


def off_by(wh: int) -> Callable[[int], int]:
    return lambda true_wh: true_wh + wh


LIES: dict[str, tuple[Callable[[int], Callable[[int], int | None]], Doubt]] = {
    "stands still": (frozen_at, Doubt.STUCK),
    "went back a lot": (lambda _: off_by(-5000), Doubt.BACKWARDS),
    "went back a little": (lambda _: off_by(-150), Doubt.BACKWARDS),
    "another meter": (lambda _: frozen_at(17), Doubt.BACKWARDS),
    "jumped": (lambda _: off_by(5000), Doubt.JUMP),
    "all bits set": (lambda _: frozen_at(2**32 - 1), Doubt.JUMP),
    "silent": (lambda _: lambda _wh: None, Doubt.SILENT),
}


@pytest.mark.parametrize("pace", [1.0, 20.0, 600.0])
@pytest.mark.parametrize("step_s", [0.1, 0.25, 1.0])
@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_found_and_nothing_of_it_counts(lie: str, step_s: float, pace: float) -> None:
    tell, doubt = LIES[lie]
    trial = Trial(pace=pace, step_s=step_s).begin()
    trial.run(90, 50_000)
    assert trial.watch.doubt is None
    believed_wh = trial.watch.register_wh
    assert believed_wh == int(trial.true_wh)
    trial.tells = tell(int(trial.true_wh))
    if lie == "jumped":  # at a high pace 5 kWh are nothing
        trial.tells = off_by(round(5000 * pace))
    elif lie.startswith("went back"):
        trial.tells = off_by(-round((5000 if lie.endswith("lot") else 150) * pace))
    taken_s = trial.found_after_s(50_000)
    assert trial.watch.doubt is doubt
    limit_s = {
        Doubt.STUCK: trial.watch.found_within_s(50_000),
        Doubt.SILENT: SILENCE_S + 2 * step_s,
    }.get(doubt, PATIENCE_S + 2 * step_s)
    assert taken_s <= limit_s
    assert trial.watch.register_wh == believed_wh
    assert len(trial.watch.news) == 1
    trial.run(60, 50_000)
    assert trial.watch.register_wh == believed_wh, "what is told later counts no more"
    assert len(trial.watch.news) == 1


@pytest.mark.parametrize(("power_w", "seconds"), [(50_000, 12), (22_000, 22), (7_000, 60), (1_000, 600)])
def test_standing_still_is_found_the_sooner_the_more_flows(power_w: int, seconds: int) -> None:
    trial = Trial().begin()
    trial.run(60, 50_000)
    trial.tells = frozen_at(int(trial.true_wh))
    taken_s = trial.found_after_s(power_w, 700)
    assert taken_s <= seconds
    assert taken_s <= trial.watch.found_within_s(power_w)


@pytest.mark.parametrize(
    ("factor", "found"), [(0.7, True), (0.83, True), (0.95, False), (1.05, False), (1.18, True), (1.3, True)]
)
def test_a_meter_that_runs_at_another_pace(factor: float, found: bool) -> None:
    """Within the tolerance of two instruments it is nobody's business, beyond it does not count right."""
    trial = Trial().begin()
    trial.tells = lambda wh: START_WH + int((wh - START_WH) * factor)
    trial.run(600, 50_000)
    assert (trial.watch.doubt is not None) is found


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_power_that_swings_between_two_looks_may_have_been_anything(share: float) -> None:
    """All and nothing by turns: for how much of the time it was all, nobody has seen."""
    trial = Trial(step_s=0.5).begin()
    for turn in range(600):
        trial.now_s += trial.step_s
        trial.true_wh += share * RATED_W * trial.step_s / 3600
        trial.look(RATED_W if turn % 2 else 0)
    assert trial.watch.doubt is None


def test_a_register_that_runs_without_power_is_found() -> None:
    trial = Trial().begin()
    trial.tells = lambda wh: wh + int((trial.now_s - 1000) * 10)
    taken_s = trial.found_after_s(0)
    assert trial.watch.doubt is Doubt.JUMP
    assert taken_s < 12


def test_without_a_measured_power_only_the_impossible_is_found() -> None:
    trial = Trial().begin()
    trial.run(60, 30_000, measured=False)
    assert trial.watch.doubt is None
    trial.tells = off_by(2000)
    trial.run(PATIENCE_S + 1, 30_000, measured=False)
    assert trial.watch.doubt is Doubt.JUMP


@pytest.mark.parametrize("bad", [None, 0, START_WH + 10**6])
def test_one_bad_telegram_is_none(bad: int | None) -> None:
    """Seen every few seconds, for an hour."""
    trial = Trial().begin()
    for _ in range(360):
        trial.run(9.5, 40_000)
        good = trial.tells
        trial.tells = lambda _: bad
        trial.run(0.5, 40_000)
        trial.tells = good
        trial.run(0.25, 40_000)
        assert trial.watch.register_wh == int(trial.true_wh)
    assert trial.watch.doubt is None
    assert trial.watch.news == []


def test_a_frozen_core_accuses_nobody() -> None:
    """It was stopped for a minute; the contactor was open after 5 s of it, or was not."""
    for flowed_s in (0, 5, 60):
        trial = Trial().begin()
        trial.run(30, 50_000)
        trial.now_s += 60
        trial.true_wh += 50_000 * flowed_s / 3600
        trial.run(120, 50_000)
        assert trial.watch.doubt is None
        assert trial.watch.register_wh == int(trial.true_wh)


# --- while nobody charges, and after ------------------------------------------------------------------------


def test_a_meter_may_be_replaced_while_nobody_charges() -> None:
    trial = Trial().begin()
    trial.counts = False
    trial.run(5, 0)
    trial.tells = frozen_at(12)
    trial.run(60, 0)
    assert (trial.watch.doubt, trial.watch.register_wh) == (None, 12)
    [note] = trial.watch.news
    assert f"{START_WH} Wh, now 12 Wh" in note


def test_a_meter_that_speaks_again_is_believed_again() -> None:
    trial = Trial().begin()
    trial.tells = lambda _: None
    trial.run(SILENCE_S + 1, 30_000)
    assert trial.watch.doubt is Doubt.SILENT
    trial.counts = False  # the session was ended; the plug is still in
    trial.tells = lambda wh: wh
    trial.run(SETTLED_S - 1, 0)
    assert trial.watch.doubt is Doubt.SILENT
    trial.run(2, 0)
    assert trial.watch.doubt is None
    assert trial.watch.strikes == 0
    assert trial.watch.register_wh == int(trial.true_wh)


def test_a_liar_gets_a_trial_with_each_new_car_but_not_for_ever() -> None:
    trial = Trial().begin()
    stuck_wh = START_WH
    for strike in range(1, MOST_STRIKES + 1):
        trial.tells = frozen_at(stuck_wh)
        trial.counts = trial.plugged = True
        trial.watch.begin(stuck_wh, trial.now_s)
        trial.found_after_s(50_000)
        assert (trial.watch.doubt, trial.watch.strikes) == (Doubt.STUCK, strike)
        trial.counts = False
        trial.run(60, 0)
        assert trial.watch.doubt is Doubt.STUCK, "the car that saw it is still there"
        trial.plugged = False
        trial.run(SETTLED_S + 1, 0)
        assert (trial.watch.doubt is None) is (strike < MOST_STRIKES)
    trial.run(3600, 0)
    assert trial.watch.doubt is Doubt.STUCK, "till somebody comes"


def test_a_meter_that_counted_well_between_begins_with_a_clean_slate() -> None:
    trial = Trial().begin()
    trial.tells = frozen_at(START_WH)
    trial.found_after_s(50_000)
    trial.counts = trial.plugged = False
    trial.run(SETTLED_S + 1, 0)
    trial.tells = lambda wh: wh
    trial.counts = trial.plugged = True
    trial.watch.begin(int(trial.true_wh), trial.now_s)
    assert trial.watch.strikes == 1
    trial.run(SPAN_S + 1, 50_000)
    assert trial.watch.strikes == 0


@pytest.mark.parametrize(
    ("found_wh", "same"),
    [
        (START_WH, True),
        (START_WH + 200, True),  # what flowed since the last checkpoint
        (START_WH - 1, True),
        (None, True),
        (START_WH - 50, False),
        (0, False),
        (START_WH + 5000, False),
    ],
)
def test_a_register_found_after_a_restart(found_wh: int | None, same: bool) -> None:
    watch = Watch(RATED_W)
    assert watch.resume(START_WH, found_wh, 15.0, 1000.0) is same
    assert (watch.news == []) is same


def test_what_flowed_unseen_before_a_restart_is_no_jump() -> None:
    """Also where the meter is heard only some seconds after the start."""
    trial = Trial()
    assert trial.watch.resume(START_WH, None, 15.0, trial.now_s)
    trial.true_wh += 200
    trial.tells = lambda _: None
    trial.run(3, 0)
    trial.tells = lambda wh: wh
    trial.run(120, 50_000)
    assert trial.watch.doubt is None
    assert trial.watch.register_wh == int(trial.true_wh)
