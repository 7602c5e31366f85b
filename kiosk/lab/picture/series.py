"""A recording cut into the columns of a picture, and into sessions. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import msgspec

from kiosk.lab.scenario.recording import Moment, Point, Recording
from kiosk.model.enums import ConnectorType, LimitReason
from kiosk.station.power.model import EFFICIENCY


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """What one column of the picture shows of one connector, W; ``limit_w`` None: nobody charges."""

    power_w: float = 0.0
    limit_w: float | None = None
    reason: LimitReason | None = None


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """What one column shows of the station, W at the grid. ``parts_w``: of each connector, in order."""

    grid_w: float = 0.0
    limit_w: float | None = None
    reason: LimitReason | None = None
    parts_w: tuple[float, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Columns ``first`` up to but without ``end`` that have something in common."""

    first: int
    end: int
    reason: LimitReason | None
    watts: float = 0.0


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A session as far as a recording tells: seconds from the beginning, Wh into the car."""

    connector: int  # place in the row, from 0
    begin_s: float
    end_s: float
    energy_wh: float


def span_s(recording: Recording) -> float:
    """How long the recording is; an empty one counts as one step, so that it can be drawn."""
    if not recording.moments:
        return max(recording.step_s, 1.0)
    marks = [mark.at_s for mark in recording.marks]
    return max(recording.moments[-1].at_s + recording.step_s, *marks, 1.0)


def shares(recording: Recording, count: int) -> list[list[Moment]]:
    """The moments by column; a column without one of its own repeats the one before."""
    whole_s = span_s(recording)
    columns: list[list[Moment]] = [[] for _ in range(count)]
    for moment in recording.moments:
        columns[min(count - 1, max(0, int(moment.at_s / whole_s * count)))].append(moment)
    for before, column in pairwise(columns):
        if not column and before:
            column.append(before[-1])
    return columns


def of_connector(columns: Sequence[Sequence[Moment]], place: int) -> list[Column]:
    """``place``: of the connector in the row, from 0."""
    return [_column([m.connectors[place] for m in column if place < len(m.connectors)]) for column in columns]


def _column(points: Sequence[Point]) -> Column:
    busy = [point for point in points if point.limit_w is not None]
    if not busy:
        return Column(power_w=_mean(p.power_w for p in points))
    return Column(
        power_w=_mean(p.power_w for p in points),
        limit_w=_mean(p.limit_w for p in busy if p.limit_w is not None),
        reason=_longest(p.reason for p in busy),
    )


def of_station(columns: Sequence[Sequence[Moment]], types: Sequence[str]) -> list[Top]:
    tops = []
    for column in columns:
        limited = [m for m in column if m.grid_limit_w is not None]
        tops.append(
            Top(
                grid_w=_mean(m.grid_w for m in column),
                limit_w=min((m.grid_limit_w for m in limited if m.grid_limit_w is not None), default=None),
                reason=_longest(m.grid_reason for m in limited),
                parts_w=tuple(_mean(_grid_w(m, place, kind) for m in column) for place, kind in enumerate(types)),
            )
        )
    return tops


def _grid_w(moment: Moment, place: int, kind: str) -> float:
    watts = moment.connectors[place].power_w if place < len(moment.connectors) else 0
    return float(watts) if kind == ConnectorType.CCS_AC else watts / EFFICIENCY


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0


def _longest(reasons: Iterable[LimitReason | None]) -> LimitReason | None:
    """The one that held longest; of equals the first."""
    counted = Counter(reason for reason in reasons if reason is not None)
    return counted.most_common(1)[0][0] if counted else None


def runs(columns: Sequence[Column]) -> list[Run]:
    """Neighbours with a session and the same reason."""
    found, at = [], 0
    for (busy, reason), group in groupby(columns, key=lambda c: (c.limit_w is not None, c.reason)):
        length = len(list(group))
        if busy:
            found.append(Run(first=at, end=at + length, reason=reason))
        at += length
    return found


def limit_runs(tops: Sequence[Top]) -> list[Run]:
    """Neighbours under the same limit of the station for the same reason."""
    found, at = [], 0
    for (watts, reason), group in groupby(tops, key=lambda t: (t.limit_w, t.reason)):
        length = len(list(group))
        if watts is not None:
            found.append(Run(first=at, end=at + length, reason=reason, watts=watts))
        at += length
    return found


def stays(recording: Recording) -> list[Stay]:
    """The sessions, by connector and time: as long as a connector has a setpoint."""
    found = []
    for place in range(len(recording.types)):
        open_stay: Stay | None = None
        for moment in recording.moments:
            point = moment.connectors[place] if place < len(moment.connectors) else None
            until_s = moment.at_s + recording.step_s
            if point is not None and point.limit_w is not None:
                begun = open_stay or Stay(connector=place, begin_s=moment.at_s, end_s=until_s, energy_wh=0.0)
                open_stay = msgspec.structs.replace(
                    begun, end_s=until_s, energy_wh=begun.energy_wh + point.power_w * recording.step_s / 3600
                )
            elif open_stay is not None:
                found.append(open_stay)
                open_stay = None
        if open_stay is not None:
            found.append(open_stay)
    return found
