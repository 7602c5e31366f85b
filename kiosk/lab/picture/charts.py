"""The charts themselves: the station under its limit, and one lane for each connector. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from kiosk.lab.picture import axes
from kiosk.lab.picture.labels import Measure, Room, text
from kiosk.lab.picture.palette import FORBIDDEN, HAIRLINE, INK, INK_SOFT, PAGE, SHARES, SURFACE, Style, mix, style
from kiosk.lab.picture.series import Column, Run, Stay, Top, limit_runs, runs
from kiosk.lab.picture.shapes import Area, Box, Shape, Spot, Stroke, rectangle

LETTER_SIZE = 12.0
LETTER_ROOM = (15.0, 17.0)
"""Width and height that a run needs to bear its letter."""

LIMIT_SIZE = 13.0
LEAST_TOP_W = 10_000.0


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One chart's place and scale."""

    box: Box
    most_w: float  # that has to be shown
    margin: float  # points above that, for labels

    def y(self, watts: float) -> float:
        """Watts beyond the scale lie on its upper edge."""
        up = max(watts, 0.0) / self.most_w * (self.box.height - self.margin)
        return self.box.bottom - min(up, self.box.height)

    def x(self, column: float) -> float:
        """Left edge of a column; one is one point wide, whatever the width of the whole."""
        return min(self.box.left + column, self.box.right)


LABEL_PITCH: Final = 18.0
"""Between the middles of two labels of a scale, so that neither touches the other."""


def energy(energy_wh: float) -> str:
    """Three digits at least, as far as there are any."""
    if energy_wh < 1:
        return "0 kWh"
    return f"{energy_wh / 1000:.0f} kWh" if energy_wh >= 99_950 else f"{energy_wh / 1000:.1f} kWh"


def station_most(tops: Sequence[Top]) -> float:
    """The most that was drawn or allowed."""
    most_w = max((max(top.grid_w, top.limit_w or 0.0) for top in tops), default=0.0)
    return max(most_w, LEAST_TOP_W)


def letter(measure: Measure, middle: Spot, look: Style) -> list[Shape]:
    """A reason's letter on a plate of its colour, so that no pattern runs through it."""
    made = text(
        measure,
        middle,
        look.letter,
        size=LETTER_SIZE,
        weight="ExtraBold",
        colour=look.ink,
        align="centre",
        what="letter",
    )
    plate = Box(middle[0] - 6.5, middle[1] - 7.5, middle[0] + 6.5, middle[1] + 7.5)
    return [Area(outline=rectangle(plate), colour=look.colour, what="plate"), made]


def scale(measure: Measure, frame: Frame, room: int, *, unit: bool = True) -> list[Shape]:
    """Lines at round powers, with their labels at the left."""
    shapes: list[Shape] = []
    height = frame.y(0.0) - frame.y(frame.most_w)
    ticks = axes.watts(frame.most_w, max(1, min(room, int(height / LABEL_PITCH))))
    if frame.y(0.0) - frame.y(ticks[-1].at) < LABEL_PITCH:
        ticks = ticks[-1:]  # there is room for one
    for tick in ticks:
        y = frame.y(tick.at)
        if tick.at:
            across = ((frame.box.left, y), (frame.box.right, y))
            shapes.append(Stroke(spots=across, colour=HAIRLINE, width=1.0, what="power"))
        label = f"{tick.label} kW" if unit and tick is ticks[-1] else tick.label
        at = (frame.box.left - 8, y)
        shapes.append(text(measure, at, label, size=12.5, colour=INK_SOFT, align="right", what="power"))
    return shapes


# --- the station -----------------------------------------------------------------------------------------------


def station(measure: Measure, frame: Frame, tops: Sequence[Top]) -> list[Shape]:
    """Who drew how much, one upon the other, and above it what nobody may draw."""
    limits = limit_runs(tops)
    shapes: list[Shape] = []
    for run in limits:
        box = Box(frame.x(run.first), frame.box.top, frame.x(run.end), frame.y(run.watts))
        shapes.append(Area(outline=rectangle(box), colour=FORBIDDEN, pattern="hatch", what="forbidden"))
    shapes += scale(measure, frame, 4)
    shapes += _stacked(frame, tops)
    for run in limits:
        y, look = frame.y(run.watts), style(run.reason)
        spots = ((frame.x(run.first), y), (frame.x(run.end), y))
        shapes.append(Stroke(spots=spots, colour=mix(look.colour, INK, 0.15), width=3.2, what="station limit"))
    shapes += _limit_names(measure, frame, limits)
    return shapes


def _stacked(frame: Frame, tops: Sequence[Top]) -> list[Shape]:
    shapes: list[Shape] = []
    below = [0.0] * len(tops)
    parts = max((len(top.parts_w) for top in tops), default=0)
    for place in range(parts):
        above = [
            b + (t.parts_w[place] if place < len(t.parts_w) else 0.0) for b, t in zip(below, tops, strict=True)
        ]
        for first, end in _stretches([a - b > 1.0 for a, b in zip(above, below, strict=True)]):
            upper = _steps(frame, above[first:end], first)
            lower = _steps(frame, below[first:end], first)
            colour = SHARES[place % len(SHARES)]
            shapes.append(Area(outline=(*upper, *reversed(lower)), colour=colour, what="share"))
        below = above
    return shapes


def _limit_names(measure: Measure, frame: Frame, limits: Sequence[Run]) -> list[Shape]:
    """The limit's power and whose it is, where it begins, as far as there is room."""
    room, shapes = Room(), list[Shape]()
    for run in sorted(limits, key=lambda run: run.first - run.end):
        x, y = frame.x(run.first), frame.y(run.watts)
        look = style(run.reason)
        short = f"{axes.kilowatts(run.watts)} kW"
        for words in (f"{short} {look.name}", short):
            at = (x + 6, y - 11)
            label = text(measure, at, words, size=LIMIT_SIZE, weight="Bold", colour=INK, what="limit name")
            if label.box.right <= frame.x(run.end) + 1 and label.box.top >= frame.box.top and room.take(label):
                plate = Area(outline=rectangle(label.box.grown(1.5)), colour=FORBIDDEN, what="plate")
                shapes += [plate, label]
                break
    return shapes


# --- a connector -----------------------------------------------------------------------------------------------


def lane(
    measure: Measure,
    frame: Frame,
    columns: Sequence[Column],
    mine: Sequence[Stay],
    x_of: Callable[[float], float],
    ribbon: float,
) -> list[Shape]:
    """Power in the colour of what bound it, under the limit's line; below a ribbon that also tells of 0 W."""
    shapes = scale(measure, frame, 2)
    letters: list[Shape] = []
    for run in runs(columns):
        look = style(run.reason)
        watts = [column.power_w for column in columns[run.first : run.end]]
        upper = _steps(frame, watts, run.first)
        left, right = frame.x(run.first), frame.x(run.end)
        if max(watts) > 0:
            outline = (*upper, (right, frame.box.bottom), (left, frame.box.bottom))
            shapes.append(Area(outline=outline, colour=look.colour, pattern=look.pattern, what="power"))
        strip = Box(left, frame.box.bottom + 1.5, right, frame.box.bottom + ribbon)
        shapes.append(Area(outline=rectangle(strip), colour=look.colour, pattern=look.pattern, what="ribbon"))
        least_h = min(frame.box.bottom - y for _, y in upper[len(upper) // 4 : -len(upper) // 4 or None])
        if right - left >= LETTER_ROOM[0] and least_h >= LETTER_ROOM[1]:
            letters += letter(measure, ((left + right) / 2, frame.box.bottom - least_h / 2), look)
    base = ((frame.box.left, frame.box.bottom), (frame.box.right, frame.box.bottom))
    shapes.append(Stroke(spots=base, colour=INK, width=1.0, what="base"))
    for first, end in _stretches([column.limit_w is not None for column in columns]):
        spots = _steps(frame, [column.limit_w or 0.0 for column in columns[first:end]], first)
        shapes.append(Stroke(spots=spots, colour=PAGE, width=3.6, what="limit edge"))
        shapes.append(Stroke(spots=spots, colour=INK, width=1.7, what="limit"))
    return shapes + letters + _energies(measure, frame, mine, x_of)


def _energies(measure: Measure, frame: Frame, mine: Sequence[Stay], x_of: Callable[[float], float]) -> list[Shape]:
    """What each session brought, above it; the largest first where they crowd."""
    room, shapes = Room(), list[Shape]()
    for stay in sorted(mine, key=lambda stay: -stay.energy_wh):
        middle = (x_of(stay.begin_s) + x_of(stay.end_s)) / 2
        for words in (energy(stay.energy_wh), f"{stay.energy_wh / 1000:.0f}"):
            at = (middle, frame.box.top + 9.5)
            label = text(measure, at, words, size=12.5, weight="Bold", colour=INK, align="centre", what="energy")
            inside = frame.box.left <= label.box.left and label.box.right <= frame.box.right
            if inside and room.take(label, gap=3.0):
                shapes += [Area(outline=rectangle(label.box), colour=SURFACE, what="plate"), label]
                break
    return shapes


# --- columns ---------------------------------------------------------------------------------------------------


def _steps(frame: Frame, watts: Sequence[float], first: int) -> tuple[Spot, ...]:
    """A line that is level over each column."""
    spots: list[Spot] = []
    for at, value in enumerate(watts, start=first):
        y = frame.y(value)
        if len(spots) >= 2 and spots[-1][1] == y == spots[-2][1]:
            spots[-1] = (frame.x(at + 1), y)
        else:
            spots += [(frame.x(at), y), (frame.x(at + 1), y)]
    return tuple(spots)


def _stretches(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Where it is true without a gap: first, and the one after the last."""
    found, begun = [], None
    for at, flag in enumerate([*flags, False]):
        if flag and begun is None:
            begun = at
        elif not flag and begun is not None:
            found.append((begun, at))
            begun = None
    return found
