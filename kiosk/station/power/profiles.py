"""Composite schedules: what profiles allow a connector, or the station, over time (OCPP 1.6 sections 3.13, 5.7).

Decisions where the text leaves room
- While a TxProfile says nothing (not valid yet, its duration over), the default profiles count: a session without
  a word about it is not a session without a limit.
- ``validTo`` itself is outside, so profiles that follow each other do not overlap.
- A recurring schedule does not run before its first start; it recurs every 24 hours or 7 days of UTC. A calendar
  that follows local summer time is the backend's to send.
- A DC connector's amperes are those of the battery, by its measured voltage, else by a nominal one. The station's
  own amperes are those of its three-phase connection at 230 V.
- Connector 0 is what the station expects to take from the grid (section 5.7), as its own limits are counted: what
  the connectors may take, DC divided by its efficiency and never more than the stacks have, and what the station
  uses itself; not above what the station may.
- A connector's schedule is the lowest of its limits as they were sent: losses are not taken off a limit of the
  station there, so that a backend finds its own figures again.
- A connector without a session is reckoned as if one began now. Local limits (hardware, keys) cap every schedule,
  so there is always one to tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from kiosk.station.power.model import EFFICIENCY, OWN_USE_W
from kiosk.station.power.profile_model import EPOCH, GRID, Circuit, Profile, Unit, amperes, to_ms
from kiosk.station.power.timeline import (
    UNLIMITED,
    Timeline,
    Value,
    lower,
    of_session,
    of_station,
    prevailing,
    shown_value,
    stacked,
    total,
)

LONGEST_S: Final = 7 * 24 * 3600
"""Of a composite schedule: longer ones repeat themselves, or will have changed by then."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A running session, as far as profiles are concerned."""

    local_id: str
    begin_ms: int


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """One connector: what is built there, and who is at it. ``ceiling_w``: the lowest of its local limits."""

    connector_id: int
    circuit: Circuit
    ceiling_w: int
    session: Held | None = None


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One period of a composite schedule. ``start_s``: from its begin; ``limit``: in its unit, one digit."""

    start_s: int
    limit: float
    phases: int | None = None


class Composite(msgspec.Struct, frozen=True, kw_only=True):
    """A composite schedule: neighbouring spans differ. ``least``: minChargingRate where it is one and the same."""

    start: datetime
    duration_s: int
    unit: Unit
    spans: tuple[Span, ...]
    least: float | None = None


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What profiles allow at one moment. ``limit_w`` None: nothing is said; ``until`` None: no change in sight."""

    limit_w: int | None = None
    min_w: int = 0  # less is of no use to the car
    profile_id: int | None = None
    until: datetime | None = None


def bound_of_session(profiles: Sequence[Profile], outlook: Outlook, now: datetime) -> Bound:
    """The limit of a connector's session now, W at the plug. Without a session: as if one began now."""
    held = outlook.session
    ranked = of_session(profiles, outlook.connector_id, held.local_id if held else None)
    now_ms = to_ms(now)
    return _bound(ranked, held.begin_ms if held else now_ms, now_ms, outlook.circuit)


def limit_alone(profile: Profile, session: Held | None, now: datetime) -> tuple[float | None, datetime | None]:
    """What one profile says now, in its own unit, whatever others say; None: nothing. And until when."""
    found = prevailing([profile], session.begin_ms if session else None, to_ms(now))
    limit = None if found.profile is None else profile.limits[found.period] / 10
    return limit, _date(found.until_ms)


def bound_of_station(profiles: Sequence[Profile], now: datetime) -> Bound:
    """The limit of the whole station now, W at the grid."""
    return _bound(of_station(profiles), None, to_ms(now), GRID)


def composite(
    profiles: Sequence[Profile],
    outlook: Outlook,
    now: datetime,
    duration_s: int,
    unit: Unit | None = None,
    *,
    most_spans: int | None = None,
) -> Composite:
    """The schedule of one connector. ``unit`` None: the one its profiles are in, watts where they differ.

    ``most_spans``: a longer one is cut, and its duration with it.
    """
    start_ms, end_ms = _frame(now, duration_s)
    held = outlook.session
    ranked = of_session(profiles, outlook.connector_id, held.local_id if held else None)
    unit = unit or _unit_of([*ranked, *of_station(profiles)])
    line = _connector_line(profiles, outlook, unit, start_ms, end_ms)
    steps = [(at_ms, value[1], value[2]) for at_ms, value in line]
    least = {value[3] for _, value in line}
    return _told(start_ms, duration_s, unit, steps, most_spans, least.pop() if len(least) == 1 else 0)


def station_composite(
    profiles: Sequence[Profile],
    outlooks: Sequence[Outlook],
    now: datetime,
    duration_s: int,
    unit: Unit | None = None,
    *,
    stacks_w: int | None = None,
    ceiling_w: int | None = None,
    most_spans: int | None = None,
) -> Composite:
    """The schedule of connector 0, W or A at the grid. ``stacks_w``: what all stacks have together, DC;
    ``ceiling_w``: the lowest local limit of the station; None: no such limit."""
    start_ms, end_ms = _frame(now, duration_s)
    unit = unit or _unit_of(of_station(profiles))
    plugs: dict[bool, list[Timeline]] = {True: [], False: []}  # DC, AC
    for outlook in outlooks:
        line = _connector_line(profiles, outlook, Unit.WATT, start_ms, end_ms, alone=True)
        plugs[outlook.circuit.dc].append(line)
    dc = _sum(plugs[True])
    if dc and stacks_w is not None:
        dc = lower(dc, _flat(start_ms, stacks_w * 10))
    at_grid: Timeline = [(at_ms, (_grid_10(value[0]), 0, None, 0)) for at_ms, value in dc]
    line = _sum([at_grid, *plugs[False], _flat(start_ms, OWN_USE_W * 10)])
    line = lower(stacked(of_station(profiles), GRID, Unit.WATT, None, start_ms, end_ms), line)
    if ceiling_w is not None:
        line = lower(line, _flat(start_ms, ceiling_w * 10))
    shown = unit is Unit.WATT
    steps: list[tuple[int, int, int | None]] = [
        (at_ms, value[0] if shown else amperes(value[0], None, GRID), None) for at_ms, value in line
    ]
    return _told(start_ms, duration_s, unit, steps, most_spans, 0)


def _sum(lines: Iterable[Timeline]) -> Timeline:
    return [(at_ms, (sum_10, sum_10, None, 0)) for at_ms, sum_10 in total(lines)]


def _grid_10(dc_10: int) -> int:
    """Tenths of watts from the grid for DC, rounded down as all that is told."""
    return math.floor(dc_10 / EFFICIENCY + 1e-6)


def _frame(now: datetime, duration_s: int) -> tuple[int, int]:
    """Whole seconds, because a schedule is told in them; at least the present moment."""
    start_ms = to_ms(now) // 1000 * 1000
    return start_ms, start_ms + max(1, min(duration_s, LONGEST_S)) * 1000


def _unit_of(profiles: Sequence[Profile]) -> Unit:
    units = {profile.unit for profile in profiles}
    return units.pop() if len(units) == 1 else Unit.WATT


def _flat(start_ms: int, watts_10: int, shown: int | None = None) -> Timeline:
    return [(start_ms, (watts_10, watts_10 if shown is None else shown, None, 0))]


def _connector_line(
    profiles: Sequence[Profile],
    outlook: Outlook,
    unit: Unit,
    start_ms: int,
    end_ms: int,
    *,
    alone: bool = False,
) -> Timeline:
    """What a connector may take; ``alone``: without regard to the station's limit."""
    held, circuit = outlook.session, outlook.circuit
    ranked = of_session(profiles, outlook.connector_id, held.local_id if held else None)
    begin_ms = held.begin_ms if held else start_ms
    line = stacked(ranked, circuit, unit, begin_ms, start_ms, end_ms)
    if not alone:
        station = stacked(of_station(profiles), GRID, Unit.WATT, None, start_ms, end_ms)
        line = lower(line, [(at_ms, _at_plug(value, circuit, unit)) for at_ms, value in station])
    top_10 = outlook.ceiling_w * 10
    return lower(line, _flat(start_ms, top_10, top_10 if unit is Unit.WATT else amperes(top_10, None, circuit)))


def _at_plug(value: Value, circuit: Circuit, unit: Unit) -> Value:
    """A limit of the station as one of a connector that has it alone."""
    if value is UNLIMITED:
        return UNLIMITED
    watts_10, _, phases, _ = value
    phases = None if circuit.dc else phases
    return watts_10, watts_10 if unit is Unit.WATT else amperes(watts_10, phases, circuit), phases, 0


def _told(
    start_ms: int,
    duration_s: int,
    unit: Unit,
    steps: Sequence[tuple[int, int, int | None]],
    most_spans: int | None,
    least: int,
) -> Composite:
    """Steps as spans: whole seconds, of a second's several the last; equal neighbours become one."""
    by_second: dict[int, tuple[int, int | None]] = {}
    for at_ms, limit, phases in steps:
        by_second[(at_ms - start_ms) // 1000] = (limit, phases)
    spans: list[Span] = []
    before: tuple[int, int | None] | None = None
    duration_s = max(0, min(duration_s, LONGEST_S))
    for start_s, step in by_second.items():
        if step == before:
            continue
        if most_spans is not None and len(spans) == most_spans:
            duration_s = start_s
            break
        spans.append(Span(start_s=start_s, limit=step[0] / 10, phases=step[1]))
        before = step
    return Composite(
        start=EPOCH + timedelta(milliseconds=start_ms),
        duration_s=duration_s,
        unit=unit,
        spans=tuple(spans),
        least=least / 10 if least else None,
    )


def _bound(ranked: Sequence[Profile], begin_ms: int | None, now_ms: int, circuit: Circuit) -> Bound:
    found = prevailing(ranked, begin_ms, now_ms)
    until = _date(found.until_ms)
    if found.profile is None:
        return Bound(until=until)
    watts_10, _, _, least_10 = shown_value(found.profile, found.period, circuit, Unit.WATT)
    return Bound(
        limit_w=watts_10 // 10, min_w=-(-least_10 // 10), profile_id=found.profile.profile_id, until=until
    )


LAST_MS: Final = 253_402_300_000_000
"""The last time that Python can write down."""


def _date(at_ms: int | None) -> datetime | None:
    return None if at_ms is None or at_ms > LAST_MS else EPOCH + timedelta(milliseconds=at_ms)
