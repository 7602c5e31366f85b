"""The summary: figures, and the lines a person reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from kiosk.lab.scenario import summary
from kiosk.lab.scenario.observer import Figures
from kiosk.lab.scenario.traffic import Driver
from kiosk.lab.scenario.visit import Outcome, Report
from kiosk.lab.scenario.words import Leaving

DRIVER = Driver(
    at_s=100.0,
    name="driver 1",
    car=None,
    soc_percent=20,
    pays="card",
    card="04",
    plug_first=True,
    connector=None,
    leaving=Leaving(),
    stops="screen",
    gives_up_s=None,
    patience_s=600.0,
    lingers_s=0.0,
)


def report(outcome: Outcome = Outcome.CHARGED, **more: Any) -> Report:
    return Report(driver=DRIVER, outcome=outcome, **more)


def of(*reports: Report, figures: Figures | None = None, **more: Any) -> summary.Summary:
    given = {
        "name": "day",
        "seed": 1,
        "starts_at": datetime.fromisoformat("2026-11-12T06:00:00+01:00"),
        "lasted_s": 3600.0,
        "took_s": 2.5,
        "sessions": None,
        "energy_wh": None,
        "starts": None,
        "told_codes": (),
        "breaches": [],
        "failed": [],
    } | more
    return summary.of(reports=reports, figures=figures or Figures(), **given)


FULL = of(
    report(charging_s=130.0, energy_wh=12_000),
    report(charging_s=190.0, energy_wh=3_000),
    report(Outcome.REFUSED, why="card_invalid"),
    report(Outcome.REFUSED, why="card_invalid"),
    report(Outcome.NO_PLACE),
    figures=Figures(
        bound_s={"car": 60.0, "stack": 600.0},
        faults={18: 2, 4: 1},
        most_grid_w=51_647,
        most_grid_limit_w=75_000,
        most_grid_at_s=1800.0,
        over=["60000 W from the grid at 7.0 s, the limit is 40000 W"],
        down_s=63.0,
    ),
    sessions=2,
    energy_wh=15_002,
    starts=2,
    breaches=["[status] a rule"],
    failed=["a deed: why not"],
)


def test_figures() -> None:
    assert (FULL.drivers, FULL.charged, FULL.energy_wh) == (5, 2, 15_002)
    assert FULL.refused == {"card_invalid": 2}
    assert (FULL.waited_mean_s, FULL.waited_most_s) == (60.0, 90.0)
    assert list(FULL.bound_min.items()) == [("stack", 10.0), ("car", 1.0)]
    assert FULL.breaches == ("[status] a rule", "[grid] 60000 W from the grid at 7.0 s, the limit is 40000 W")


def test_lines() -> None:
    assert list(summary.lines(FULL)) == [
        "day, seed 1: 1 h in 2.5 s",
        "drivers      5, of whom 2 charged, 2 sessions billed, 15.0 kWh",
        "others       refused (2), no free connector (1)",
        "refused      card_invalid (2)",
        "waiting      60 s on average from arrival to energy, 1 min 30 s at most",
        "faults       4 LinkTimeout (1), 18 IsolationFault (2)",
        "power bound  stack 10 min, car 1 min",
        "grid         at most 51.6 kW of 75.0 kW allowed then, Thu 06:30:00",
        "programs     started 2 times, down for 1 min 3 s",
        "not done     a deed: why not",
        "BREACH       [status] a rule",
        "BREACH       [grid] 60000 W from the grid at 7.0 s, the limit is 40000 W",
    ]


def test_what_nobody_can_tell_is_not_told() -> None:
    live = of(report(charging_s=130.0, energy_wh=12_000))
    assert live.energy_wh == 12_000
    assert list(summary.lines(live)) == [
        "day, seed 1: 1 h in 2.5 s",
        "drivers      1, of whom 1 charged, 12.0 kWh",
        "waiting      30 s on average from arrival to energy, 30 s at most",
        "grid         at most 0.0 kW, Thu 06:00:00",
        "no rule was broken",
    ]


def test_an_empty_day() -> None:
    found = of()
    assert (found.drivers, found.waited_mean_s, found.bound_min) == (0, None, {})
    assert msgspec.json.decode(msgspec.json.encode(found))["waited_most_s"] is None
