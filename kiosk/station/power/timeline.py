"""Step functions over time: which profile prevails when, the lower of two, the sum of many. Pure integers.

A timeline is a list of ``(start_ms, value)``, ascending, each value until the next start; a value is ``(watts,
shown, phases, min_rate)``: tenths of watts to compare by, the same limit in the unit that is shown, the phases it
is meant for, the least rate that is any use.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from kiosk.station.power.profile_model import FOREVER, Circuit, Profile, Purpose, Unit, amperes, watts

Value = tuple[int, int, int | None, int]
Timeline = list[tuple[int, Value]]

UNLIMITED: Final[Value] = (FOREVER, FOREVER, None, 0)


class Prevailing(msgspec.Struct, frozen=True):
    """The profile that counts at one moment, its period, and until when nothing changes (None: for ever)."""

    profile: Profile | None
    period: int
    until_ms: int | None


def of_session(profiles: Iterable[Profile], connector_id: int, local_id: str | None) -> list[Profile]:
    """The profiles for a session at a connector, those that go first first (OCPP 1.6 sections 3.13.1, 3.13.2).

    A TxProfile beats every TxDefaultProfile while its schedule says something; then the defaults count again. A
    connector's own default takes the place of the default of connector 0 with the same stack level, and does so
    also while it is not valid; defaults of different levels stack.
    """
    own: list[Profile] = []
    defaults: list[Profile] = []
    shared: list[Profile] = []
    for profile in profiles:
        there = profile.connector_id
        if there not in (connector_id, 0):
            continue
        if profile.purpose is Purpose.TX:
            if there == connector_id and profile.local_id == local_id and local_id is not None:
                own.append(profile)
        elif profile.purpose is Purpose.TX_DEFAULT:
            (defaults if there == connector_id else shared).append(profile)
    replaced = {profile.stack_level for profile in defaults}
    defaults += [profile for profile in shared if profile.stack_level not in replaced]
    return [*_by_level(own), *_by_level(defaults)]


def of_station(profiles: Iterable[Profile]) -> list[Profile]:
    """The profiles for the station as a whole, those that go first first."""
    return _by_level(profile for profile in profiles if profile.purpose is Purpose.STATION_MAX)


def _by_level(profiles: Iterable[Profile]) -> list[Profile]:
    return sorted(profiles, key=lambda profile: -profile.stack_level)


def prevailing(ranked: Sequence[Profile], begin_ms: int | None, at_ms: int) -> Prevailing:
    """Who counts at one moment. ``begin_ms``: of the session, None without one."""
    until_ms = FOREVER
    for profile in ranked:
        period, edge_ms = _at(profile, begin_ms, at_ms)
        until_ms = min(until_ms, edge_ms)
        if period is not None:
            return Prevailing(profile, period, _known(until_ms))
    return Prevailing(None, 0, _known(until_ms))


def _known(at_ms: int) -> int | None:
    return None if at_ms >= FOREVER else at_ms


def _at(profile: Profile, begin_ms: int | None, at_ms: int) -> tuple[int | None, int]:
    """The period that runs at a moment (None: none), and when this may change next."""
    origin_ms = profile.origin_ms if profile.origin_ms is not None else begin_ms
    if origin_ms is None or at_ms >= profile.valid_to_ms:
        return None, FOREVER
    opens_ms = max(profile.valid_from_ms, origin_ms)
    if at_ms < opens_ms:
        return None, opens_ms
    if profile.every_ms is not None:
        origin_ms += (at_ms - origin_ms) // profile.every_ms * profile.every_ms
    offset_ms = at_ms - origin_ms
    if offset_ms >= profile.length_ms:
        return None, FOREVER if profile.every_ms is None else origin_ms + profile.every_ms
    period = bisect_right(profile.starts_ms, offset_ms) - 1
    ends_ms = min(origin_ms + profile.length_ms, profile.valid_to_ms)
    if period + 1 < len(profile.starts_ms):
        ends_ms = min(ends_ms, origin_ms + profile.starts_ms[period + 1])
    return period, ends_ms


def windows(profile: Profile, begin_ms: int | None, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    """When the schedule says something between two moments: start, end, begin of that run of it."""
    origin_ms = profile.origin_ms if profile.origin_ms is not None else begin_ms
    if origin_ms is None:
        return
    low_ms, high_ms = max(from_ms, profile.valid_from_ms), min(to_ms, profile.valid_to_ms)
    if profile.every_ms is not None:
        origin_ms += max(0, (low_ms - origin_ms) // profile.every_ms) * profile.every_ms
    while origin_ms < high_ms:
        start_ms, end_ms = max(low_ms, origin_ms), min(high_ms, origin_ms + profile.length_ms)
        if start_ms < end_ms:
            yield start_ms, end_ms, origin_ms
        if profile.every_ms is None:
            return
        origin_ms += profile.every_ms


def stacked(
    ranked: Sequence[Profile], circuit: Circuit, unit: Unit, begin_ms: int | None, from_ms: int, to_ms: int
) -> Timeline:
    """What the profiles allow from ``from_ms`` to ``to_ms``: at any moment the first that says something."""
    steps: Timeline = []
    gaps = [(from_ms, to_ms)]
    for profile in ranked:
        if not gaps:
            break
        values: list[Value] = []
        left: list[tuple[int, int]] = []
        runs = windows(profile, begin_ms, from_ms, to_ms)
        run = next(runs, None)
        for low_ms, high_ms in gaps:
            while run is not None and run[0] < high_ms:
                start_ms, end_ms, origin_ms = run
                start_ms, end_ms = max(start_ms, low_ms), min(end_ms, high_ms)
                if start_ms < end_ms:
                    values = values or shown_values(profile, circuit, unit)
                    if low_ms < start_ms:
                        left.append((low_ms, start_ms))
                    _run(steps, profile, values, start_ms, end_ms, origin_ms)
                    low_ms = end_ms
                if run[1] > high_ms:
                    break  # the rest of this run meets the next gap
                run = next(runs, None)
            if low_ms < high_ms:
                left.append((low_ms, high_ms))
        gaps = left
    steps += [(low_ms, UNLIMITED) for low_ms, _ in gaps]
    steps.sort(key=_start)
    return steps


def _start(step: tuple[int, Value]) -> int:
    return step[0]


def _run(
    steps: Timeline, profile: Profile, values: Sequence[Value], start_ms: int, end_ms: int, origin_ms: int
) -> None:
    """The periods of one run that fall between two moments."""
    starts_ms = profile.starts_ms
    first = bisect_right(starts_ms, start_ms - origin_ms)
    last = bisect_left(starts_ms, end_ms - origin_ms)
    steps.append((start_ms, values[first - 1]))
    for offset_ms, value in zip(starts_ms[first:last], values[first:last], strict=True):
        steps.append((origin_ms + offset_ms, value))


def shown_values(profile: Profile, circuit: Circuit, unit: Unit) -> list[Value]:
    """The limits of all periods on that circuit, in that unit."""
    if profile.unit is unit is Unit.WATT:  # nothing to reckon: the usual case on DC
        least = profile.min_rate
        if circuit.dc:
            return [(limit, limit, None, least) for limit in profile.limits]
        return [
            (limit, limit, phases, least) for limit, phases in zip(profile.limits, profile.phases, strict=True)
        ]
    return [shown_value(profile, period, circuit, unit) for period in range(len(profile.limits))]


def shown_value(profile: Profile, period: int, circuit: Circuit, unit: Unit) -> Value:
    """The limit of one period."""
    limit, phases = profile.limits[period], profile.phases[period]
    watts_10 = watts(limit, profile.unit, phases, circuit)
    if profile.unit is unit:
        shown, least = limit, profile.min_rate
    elif unit is Unit.WATT:
        shown, least = watts_10, watts(profile.min_rate, profile.unit, phases, circuit)
    else:
        shown, least = amperes(limit, phases, circuit), amperes(profile.min_rate, phases, circuit)
    return watts_10, shown, None if circuit.dc else phases, least


def lower(one: Timeline, other: Timeline) -> Timeline:
    """At any moment the lower of two, by watts; of equals the first. Both begin at the same moment."""
    if len(other) == 1:
        top = other[0][1]
        return one if top is UNLIMITED else [step if step[1][0] <= top[0] else (step[0], top) for step in one]
    if len(one) == 1:
        top = one[0][1]
        return other if top is UNLIMITED else [(at_ms, b if b[0] < top[0] else top) for at_ms, b in other]
    steps: Timeline = []
    i = j = 0
    a = b = UNLIMITED
    while i < len(one) or j < len(other):
        at_ms = min(one[i][0] if i < len(one) else FOREVER, other[j][0] if j < len(other) else FOREVER)
        if i < len(one) and one[i][0] == at_ms:
            a = one[i][1]
            i += 1
        if j < len(other) and other[j][0] == at_ms:
            b = other[j][1]
            j += 1
        steps.append((at_ms, a if a[0] <= b[0] else b))
    return steps


def total(timelines: Iterable[Timeline]) -> list[tuple[int, int]]:
    """The sum of the watts, tenths, over time; it begins where they do, also with nothing."""
    changes: list[tuple[int, int]] = []
    for timeline in timelines:
        before = None
        for at_ms, value in timeline:
            if before is None:
                changes.append((at_ms, value[0]))
            elif value[0] != before:
                changes.append((at_ms, value[0] - before))
            before = value[0]
    changes.sort()
    steps: list[tuple[int, int]] = []
    sum_10 = 0
    for at_ms, change in changes:
        sum_10 += change
        if steps and steps[-1][0] == at_ms:
            steps[-1] = (at_ms, sum_10)
        else:
            steps.append((at_ms, sum_10))
    return steps
