"""Where a label has room: text is measured, placed, and never put over another. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from kiosk.lab.picture.palette import ALARM, INK, INK_SOFT
from kiosk.lab.picture.shapes import Box, Text
from kiosk.lab.scenario.recording import Mark

Measure = Callable[[str, float, str], float]
"""Width in points of a text of that size and weight."""

LINE_HEIGHT = 1.3
MARK_SIZE, MARK_WEIGHT = 13.0, "Bold"
BESIDE, APART = 5.0, 4.0
"""Points between a line and its words, and between words and whatever else."""

MOST_MARKS = 16
"""With more marks than that, the everyday ones are not written out."""

GRAVE = re.compile(
    r"fault|emergency|outage|offline|mains|silent|refus|lost|kill|crash|fail|gone|unreachable", re.IGNORECASE
)
"""Words of what should not happen: drawn in the colour of alarm."""

OVER = ": over"
"""Ends a mark of what came to its end: less of a piece of news than that it began."""

VISIT = re.compile(r"^[^:]+ \d+: ")
"""What somebody did who is numbered: the everyday life of a site."""


def text(
    measure: Measure,
    at: tuple[float, float],
    words: str,
    *,
    size: float,
    weight: str = "Medium",
    colour: str = INK,
    align: str = "left",
    what: str = "",
) -> Text:
    """``at``: the middle of its height, and its left end, centre or right end as ``align`` says."""
    width, height = measure(words, size, weight), size * LINE_HEIGHT
    left = at[0] - {"left": 0.0, "centre": width / 2, "right": width}[align]
    box = Box(left, at[1] - height / 2, left + width, at[1] + height / 2)
    return Text(text=words, box=box, size=size, weight=weight, colour=colour, what=what)


class Room:
    """Boxes that are taken."""

    def __init__(self) -> None:
        self._taken: list[Box] = []

    def free(self, box: Box, gap: float) -> bool:
        return not any(box.meets(other, gap) for other in self._taken)

    def close(self, box: Box) -> None:
        self._taken.append(box)

    def take(self, label: Text, gap: float = 4.0) -> bool:
        """False when something is there already."""
        if not self.free(label.box, gap):
            return False
        self.close(label.box)
        return True


def ranked(marks: Sequence[Mark]) -> list[Mark]:
    """What should not happen first, then what happens rarely: who comes and goes is news only on a lonely day."""
    kinds = Counter(_kind(mark) for mark in marks)
    return sorted(
        marks,
        key=lambda m: (not grave(m), _everyday(m), m.text.endswith(OVER), kinds[_kind(m)], m.at_s),
    )


def _kind(mark: Mark) -> str:
    return re.sub(r"[\d.,]+", "#", mark.text.split(":")[0])


def grave(mark: Mark) -> bool:
    """It should not happen. What became of one driver is that driver's story."""
    return GRAVE.search(mark.text) is not None and not _everyday(mark)


def _everyday(mark: Mark) -> bool:
    return VISIT.match(mark.text) is not None


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A mark with its words beside the line that goes down from it. ``row``: 0 is the lowest."""

    mark: Mark
    x: float
    left: float
    right: float
    row: int = 0

    @property
    def colour(self) -> str:
        return ALARM if grave(self.mark) else INK_SOFT


def place_marks(
    marks: Sequence[Mark], measure: Measure, x_of: Callable[[float], float], ends: tuple[float, float], rows: int
) -> tuple[list[Flag], list[Mark]]:
    """Flags in rows, none crossed by the line of another; ``ends``: how far left and right words may reach.

    Everyday ones have none where there are many, and what finds no room in the rows has none either. Returns the
    flags and the marks without one, by time.
    """
    flags: list[Flag] = []
    rest = []
    for mark in ranked(marks):
        hidden = _everyday(mark) and len(marks) > MOST_MARKS
        tried = [] if hidden else _flags(mark, measure, x_of(mark.at_s), ends)
        stacked = next((found for flag in tried if (found := _stacked([*flags, flag], rows))), None)
        if stacked is None:
            rest.append(mark)
        else:
            flags = stacked
    return sorted(flags, key=lambda flag: flag.x), sorted(rest, key=lambda mark: mark.at_s)


def _flags(mark: Mark, measure: Measure, x: float, ends: tuple[float, float]) -> list[Flag]:
    """With its words to the right, else to the left, as far as they fit."""
    width = measure(mark.text, MARK_SIZE, MARK_WEIGHT)
    both = (
        Flag(mark=mark, x=x, left=x + BESIDE, right=x + BESIDE + width),
        Flag(mark=mark, x=x, left=x - BESIDE - width, right=x - BESIDE),
    )
    return [flag for flag in both if ends[0] <= flag.left and flag.right <= ends[1]]


def _stacked(flags: Sequence[Flag], rows: int) -> list[Flag] | None:
    """The flags in rows, later ones low, so that the lines of the earlier ones pass beside them; None: no room."""
    placed: list[Flag] = []
    for flag in sorted(flags, key=lambda flag: (-flag.x, flag.mark.text)):
        for row in range(rows):
            if all(_apart(flag, row, other) for other in placed):
                placed.append(msgspec.structs.replace(flag, row=row))
                break
        else:
            return None
    return placed


def _apart(flag: Flag, row: int, other: Flag) -> bool:
    if flag.left - APART <= other.x <= flag.right + APART and row <= other.row:
        return False
    if other.left - APART <= flag.x <= other.right + APART and row >= other.row:
        return False
    return row != other.row or flag.right + APART < other.left or other.right + APART < flag.left
