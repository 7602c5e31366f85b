"""Honest meters and cars of all kinds: never accused; and the lies of the simulated meter, found in time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.enums import ConnectorType, Phase
from kiosk.station.charging.plausibility import LONGEST_STEP_S, SILENCE_S, Doubt, Watch
from kiosk.station.hardware.simulator import cars
from kiosk.station.hardware.simulator.registers import MeterLie
from tests.fakes.bench import ALL_TYPES, Bench

RATED_W = 50_000
W_S = RATED_W / 3600
"""What flows in a second, Wh."""


def test_a_meter_that_was_late_and_a_surge_that_nobody_measured() -> None:
    """All that honest instruments may be off by, at once and in one direction: more than was measured."""
    watch = Watch(RATED_W)
    watch.begin(0, 0.0)
    for step in range(121):  # a span begins at 30 s, with a register that is a second old
        now_s = step / 4
        watch.look(max(0, int((now_s - 1) * W_S)), RATED_W, now_s, counts=True)
    for step in range(122, 200):  # it falls to nothing and surges between two readings that are 1.4 s apart
        now_s = step / 4
        surge_s = min(max(0.0, now_s - 31), 1.4)
        watch.look(int((30 + surge_s) * W_S), 0, now_s, counts=True)
    assert watch.doubt is None


def test_a_meter_that_is_late_and_a_dip_that_nobody_measured() -> None:
    """The same in the other direction: less than was measured."""
    watch = Watch(RATED_W)
    watch.begin(0, 0.0)
    for step in range(1, 200):
        now_s = step / 4
        late_s = 1.0 if now_s > 31 else 0.0
        dip_s = min(max(0.0, now_s - late_s - 31), 1.4)
        watch.look(int((now_s - late_s - dip_s) * W_S), RATED_W, now_s, counts=True)
    assert watch.doubt is None


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
@settings(max_examples=80)
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
@settings(max_examples=40)
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
