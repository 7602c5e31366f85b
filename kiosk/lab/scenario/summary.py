"""What came of a scenario, in figures and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from statistics import mean

import msgspec

from kiosk.lab.scenario import times
from kiosk.lab.scenario.observer import Figures
from kiosk.lab.scenario.visit import Outcome, Report
from kiosk.model.faults import FAULTS


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """``None``: nobody could tell. ``refused``: reason to how often. ``bound_min``: limit to connector minutes.

    ``breaches``: rules that the station broke; ``failed``: events that could not be done.
    """

    name: str
    seed: int
    starts_at: datetime
    lasted_s: float
    took_s: float  # real time
    drivers: int
    charged: int
    sessions: int | None
    energy_wh: int
    outcomes: dict[str, int]
    refused: dict[str, int]
    waited_mean_s: float | None  # from arrival to energy
    waited_most_s: float | None
    bound_min: dict[str, float]
    faults: dict[int, int]  # code to how often it was seen raised
    told_codes: tuple[int, ...]  # vendor error codes that the backend was told
    most_grid_w: int
    most_grid_limit_w: int | None
    most_grid_at_s: float
    down_s: float
    starts: int | None
    breaches: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def of(
    *,
    name: str,
    seed: int,
    starts_at: datetime,
    lasted_s: float,
    took_s: float,
    reports: Sequence[Report],
    figures: Figures,
    sessions: int | None,
    energy_wh: int | None,
    starts: int | None,
    told_codes: Collection[int],
    breaches: Sequence[str],
    failed: Sequence[str],
) -> Summary:
    """``energy_wh`` None: what the drivers saw is added up."""
    waits = [waited for report in reports if (waited := report.waited_s) is not None]
    seen_wh = sum(report.energy_wh for report in reports)
    return Summary(
        name=name,
        seed=seed,
        starts_at=starts_at,
        lasted_s=round(lasted_s, 1),
        took_s=round(took_s, 1),
        drivers=len(reports),
        charged=sum(report.outcome is Outcome.CHARGED for report in reports),
        sessions=sessions,
        energy_wh=seen_wh if energy_wh is None else energy_wh,
        outcomes=_counted(report.outcome.value for report in reports),
        refused=_counted(report.why for report in reports if report.outcome is Outcome.REFUSED),
        waited_mean_s=round(mean(waits), 1) if waits else None,
        waited_most_s=round(max(waits), 1) if waits else None,
        bound_min={
            reason: round(seconds / 60, 1)
            for reason, seconds in sorted(figures.bound_s.items(), key=lambda item: (-item[1], item[0]))
        },
        faults=dict(sorted(figures.faults.items())),
        told_codes=tuple(sorted(told_codes)),
        most_grid_w=figures.most_grid_w,
        most_grid_limit_w=figures.most_grid_limit_w,
        most_grid_at_s=round(figures.most_grid_at_s, 1),
        down_s=round(figures.down_s, 1),
        starts=starts,
        breaches=(*breaches, *(f"[grid] {text}" for text in figures.over)),
        failed=tuple(failed),
    )


def _counted(texts: Iterator[str]) -> dict[str, int]:
    return dict(Counter(texts).most_common())


def lines(found: Summary) -> Iterator[str]:
    """For people."""
    lasted = times.spoken(found.lasted_s)
    yield f"{found.name}, seed {found.seed}: {lasted} in {found.took_s:.1f} s"
    sessions = "" if found.sessions is None else f", {_number(found.sessions, 'session')} billed"
    energy = f"{found.energy_wh / 1000:.1f} kWh"
    yield f"drivers      {found.drivers}, of whom {found.charged} charged{sessions}, {energy}"
    others = {what: count for what, count in found.outcomes.items() if what != Outcome.CHARGED}
    if others:
        yield f"others       {_list(others)}"
    if found.refused:
        yield f"refused      {_list(found.refused)}"
    if found.waited_mean_s is not None and found.waited_most_s is not None:
        yield (
            f"waiting      {found.waited_mean_s:.0f} s on average from arrival to energy, "
            f"{times.spoken(found.waited_most_s)} at most"
        )
    if found.faults:
        raised = {f"{code} {FAULTS[code].name}": count for code, count in found.faults.items()}
        yield f"faults       {_list(raised)}"
    if found.bound_min:
        bound = [f"{reason} {minutes:.0f} min" for reason, minutes in found.bound_min.items()]
        yield f"power bound  {', '.join(bound)}"
    limit = "" if found.most_grid_limit_w is None else f" of {found.most_grid_limit_w / 1000:.1f} kW allowed then"
    at = times.on_clock(found.starts_at, found.most_grid_at_s)
    yield f"grid         at most {found.most_grid_w / 1000:.1f} kW{limit}, {at}"
    if found.starts is not None and found.starts > 1:
        yield f"programs     started {found.starts} times, down for {times.spoken(found.down_s)}"
    for text in found.failed:
        yield f"not done     {text}"
    for text in found.breaches:
        yield f"BREACH       {text}"
    if not found.breaches:
        yield "no rule was broken"


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _list(counted: dict[str, int]) -> str:
    return ", ".join(f"{what} ({count})" for what, count in counted.items())
