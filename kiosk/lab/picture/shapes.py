"""What a picture is made of, in points of the finished picture. Later shapes lie over earlier ones."""

from __future__ import annotations

import msgspec

Spot = tuple[float, float]


class Box(msgspec.Struct, frozen=True):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def meets(self, other: Box, gap: float = 0.0) -> bool:
        """They overlap, or come closer than ``gap``."""
        across = self.left < other.right + gap and other.left < self.right + gap
        return across and self.top < other.bottom + gap and other.top < self.bottom + gap

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A filled outline; ``pattern`` is drawn over the colour."""

    outline: tuple[Spot, ...]
    colour: str
    pattern: str = "solid"
    what: str = ""  # for tests and for whoever looks for it


class Stroke(msgspec.Struct, frozen=True, kw_only=True):
    """A line through spots. ``dash``: points on and off, 0 = solid."""

    spots: tuple[Spot, ...]
    colour: str
    width: float
    dash: float = 0.0
    what: str = ""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One line of text; ``box`` is what it covers."""

    text: str
    box: Box
    size: float
    weight: str
    colour: str
    what: str = ""


Shape = Area | Stroke | Text


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    size: tuple[int, int]
    ground: str
    shapes: tuple[Shape, ...]

    @property
    def texts(self) -> list[Text]:
        return [shape for shape in self.shapes if isinstance(shape, Text)]


def rectangle(box: Box) -> tuple[Spot, ...]:
    return ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
