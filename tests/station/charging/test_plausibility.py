"""Registers that can be believed and those that cannot: every lie is found, no honest meter is accused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.enums import ConnectorType, Phase
from kiosk.station.charging.plausibility import (
    LONGEST_STEP_S,
    MOST_STRIKES,
    PATIENCE_S,
    SETTLED_S,
    SILENCE_S,
    SPAN_S,
    Doubt,
    Watch,
)
from kiosk.station.hardware.simulator import cars
from kiosk.station.hardware.simulator.registers import MeterLie
from tests.fakes.bench import ALL_TYPES, Bench

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


@pytest.mark.parametrize(("factor", "found"), [(0.7, True), (0.95, False), (1.05, False), (1.3, True)])
def test_a_meter_that_runs_at_another_pace(factor: float, found: bool) -> None:
    """Within the tolerance of two instruments it is nobody's business, beyond it does not count right."""
    trial = Trial().begin()
    trial.tells = lambda wh: START_WH + int((wh - START_WH) * factor)
    trial.run(600, 50_000)
    assert (trial.watch.doubt is not None) is found


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


# --- honest meters ----------------------------------------------------------------------------------------------

POWERS = st.one_of(st.just(0), st.integers(0, RATED_W), st.just(RATED_W))
STRETCHES = st.lists(st.tuples(POWERS, st.floats(0.1, 90)), min_size=1, max_size=12)


@given(
    stretches=STRETCHES,
    every_s=st.sampled_from([0.1, 0.25, 0.9, 1.0]),
    power_every_s=st.sampled_from([0.1, 0.5, 1.0]),
    pace=st.sampled_from([0.5, 1.0, 20.0, 600.0]),
    lag_s=st.floats(0, 1.0),
    error=st.floats(-0.05, 0.05),
    ramp_w_per_s=st.sampled_from([500.0, 8000.0, 1e9]),
)
@settings(max_examples=150, deadline=None)
def test_no_honest_meter_is_accused(
    stretches: list[tuple[int, float]],
    every_s: float,
    power_every_s: float,
    pace: float,
    lag_s: float,
    error: float,
    ramp_w_per_s: float,
) -> None:
    """Whatever the power does, however often and however late it is read, with instruments that differ by 5 %."""
    watch = Watch(RATED_W, pace)
    tick_s = 0.05
    now_s, true_wh, power_w = 0.0, 0.0, 0.0
    told: list[float] = [0.0] * (round(lag_s / tick_s) + 1)  # the meter is late
    measured_w, measured_s, looked_s = 0, 0.0, 0.0
    watch.begin(0, 0.0)
    for goal_w, seconds in stretches:
        for _ in range(round(seconds / tick_s)):
            step_w = ramp_w_per_s * tick_s
            before_w = power_w
            power_w = min(goal_w, power_w + step_w) if goal_w > power_w else max(goal_w, power_w - step_w)
            now_s += tick_s
            true_wh += (before_w + power_w) / 2 * (1 + error) * tick_s * pace / 3600
            told.append(true_wh)
            told.pop(0)
            if now_s - measured_s >= power_every_s - 1e-9:
                measured_w, measured_s = int(power_w), now_s
            if now_s - looked_s >= every_s - 1e-9:
                looked_s = now_s
                watch.look(int(told[0]), measured_w, now_s, counts=True)
                assert watch.doubt is None, watch.news
                assert watch.register_wh == int(told[0])
    assert watch.news == []


FITTING = [
    (number, car.name)
    for number, kind in enumerate(ALL_TYPES, start=1)
    for car in cars.catalogue()
    if kind in car.inlets
]
LOOK = st.sampled_from([0.1, 0.25, 1.0])


@contextmanager
def no_watchdog_news() -> Iterator[None]:
    """Whether the contactor was closed then or not, both are right."""
    hardware = logging.getLogger("kiosk.station.hardware.simulator.connector")
    hardware.setLevel(logging.ERROR)
    yield
    hardware.setLevel(logging.NOTSET)


@given(
    which=st.sampled_from(FITTING),
    soc=st.integers(0, 100),
    speed=st.sampled_from([1.0, 20.0, 600.0]),
    look_s=LOOK,
    acts=st.lists(
        st.one_of(
            st.tuples(st.just("limit"), st.sampled_from([0, 1_400, 7_000, 25_000, 50_000])),
            st.tuples(st.just("wish"), st.sampled_from([0, 3_000, 40_000])),
            st.tuples(st.just("stop"), st.just(0)),
            st.tuples(st.just("frozen"), st.sampled_from([3, 30, 600])),
            st.tuples(st.just("wait"), st.sampled_from([1, 20, 120])),
        ),
        max_size=10,
    ),
)
@settings(max_examples=60, deadline=None)
def test_no_car_of_the_catalogue_is_accused(
    which: tuple[int, str],
    soc: int,
    speed: float,
    look_s: float,
    acts: list[tuple[str, int]],
) -> None:
    """On the simulated hardware: ramps, limits, suspensions, new beginnings, a core that was stopped."""
    number, car = which
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), speed)
        port = bench[number]
        watch = Watch(port.max_power_w, bench.sim.pace)
        watch.begin(port.meter_wh() or 0, bench.clock.monotonic())

        def wait(seconds: float) -> None:
            for _ in range(max(1, round(seconds / look_s))):
                bench.wait(look_s, step_s=min(look_s, 0.1) if look_s != 0.25 else 0.125)
                reading, now_s = port.reading(), bench.clock.monotonic()
                assert reading is not None
                power_w = reading.power_w if now_s - reading.at_s <= 1.5 else None
                watch.look(port.meter_wh(), power_w, now_s, counts=True, plugged=port.plugged)
                assert watch.doubt is None, watch.news
                assert watch.register_wh == port.meter_wh()

        bench.sim.control.plug(number, car, soc)
        if port.type.is_dc:
            bench.sim.stacks.assign(number, 2)
        bench.limits_w[number] = 50_000
        port.start()
        wait(40 / min(speed, 20.0) + 3)
        for act, value in acts:
            match act:
                case "limit":
                    bench.limits_w[number] = value
                case "wish":
                    bench.sim.control.request(number, value)
                case "stop":
                    port.stop()
                    wait(5)
                    port.start()
                case "frozen":
                    with no_watchdog_news():
                        bench.clock.advance(value)
                        bench.sim.step()
                case _:
                    wait(value)
            wait(3)
        bench.sim.close()


@pytest.mark.parametrize("speed", [1.0, 20.0])
@pytest.mark.parametrize("lie", [lie for lie in MeterLie if lie is not MeterLie.OK])
@pytest.mark.parametrize("kind", ALL_TYPES)
def test_each_lie_of_the_simulated_meter_is_found(
    tmp_path: Path, kind: ConnectorType, lie: MeterLie, speed: float
) -> None:
    number = ALL_TYPES.index(kind) + 1
    bench = Bench(tmp_path, speed)
    port = bench.begin(number, soc_percent=15)
    watch = Watch(port.max_power_w, speed)
    watch.begin(port.meter_wh() or 0, bench.clock.monotonic())

    def look() -> None:
        bench.wait(0.25, step_s=0.125)
        reading = port.reading()
        assert reading is not None
        watch.look(port.meter_wh(), reading.power_w, bench.clock.monotonic(), counts=True)

    for _ in range(20):
        look()
    believed_wh = watch.register_wh
    assert believed_wh == port.meter_wh()
    bench.sim.control.meter(number, lie)
    began_s, power_w = bench.clock.monotonic(), bench.power_w(number)
    while watch.doubt is None and bench.clock.monotonic() - began_s < 60:
        look()
    assert port.phase is Phase.ENERGY
    found = {"stuck": Doubt.STUCK, "jump": Doubt.JUMP, "back": Doubt.BACKWARDS, "silent": Doubt.SILENT}
    assert watch.doubt is found[lie]
    limit_s = max(watch.found_within_s(power_w * 0.9), SILENCE_S + LONGEST_STEP_S)
    assert bench.clock.monotonic() - began_s <= limit_s
    assert watch.register_wh == believed_wh
