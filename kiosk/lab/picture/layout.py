"""Where everything stands: from a recording to boxes, lines and texts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.lab.picture import axes, charts
from kiosk.lab.picture.charts import Frame
from kiosk.lab.picture.labels import MARK_SIZE, MARK_WEIGHT, Flag, Measure, grave, place_marks, text
from kiosk.lab.picture.palette import ALARM, HAIRLINE, INK, INK_SOFT, LINE, PAGE, SHARES, STYLES, SURFACE
from kiosk.lab.picture.series import Column, Stay, of_connector, of_station, shares, span_s, stays
from kiosk.lab.picture.shapes import Area, Box, Picture, Shape, Stroke, rectangle
from kiosk.lab.scenario.recording import Recording
from kiosk.model.enums import ConnectorType

LEFT, RIGHT = 148.0, 132.0
HEADER, MARK_ROWS, MARK_PITCH = 92.0, 4, 20.0
FOOTER = 88.0
GAP, RIBBON = 26.0, 9.0
LEAST_GAP = 8.0
STATION_SHARE = 0.34
STATION_MARGIN, LANE_MARGIN = 34.0, 21.0
HOW_TO_READ = "Line: what was allowed; filled: what flowed, in the colour of what bound it"
LABELS = frozenset({"plate", "letter", "energy", "limit name"})
ALL_ROOMS_W = 1000.0
"""A scale never ends below this, so that an empty lane has one too."""


def picture(recording: Recording, measure: Measure, size: tuple[int, int] = (1600, 900)) -> Picture:
    """The whole picture. ``measure``: width of a text, so that nothing is guessed."""
    width, height = size
    whole_s = span_s(recording)
    ends = (LEFT, width - 20.0)
    run_w = width - RIGHT - LEFT

    def x_of(at_s: float) -> float:
        return LEFT + min(max(at_s / whole_s, 0.0), 1.0) * run_w

    flags, small = place_marks(recording.marks, measure, x_of, ends, MARK_ROWS)
    used = max((flag.row + 1 for flag in flags), default=0)
    plot = Box(LEFT, HEADER + used * MARK_PITCH + 8, width - RIGHT, height - FOOTER)
    count = max(1, round(plot.width))
    columns = shares(recording, count)
    lanes = [of_connector(columns, place) for place in range(len(recording.types))]
    tops = of_station(columns, recording.types)

    frames = _frames(plot, recording.types, lanes)
    station = Frame(box=_station_box(plot), most_w=charts.station_most(tops), margin=STATION_MARGIN)
    shapes: list[Shape] = [*_time(recording, measure, plot, [station, *frames], x_of)]
    shapes += charts.station(measure, station, tops)
    everybody = stays(recording)
    for place, (frame, lane) in enumerate(zip(frames, lanes, strict=True)):
        mine = [stay for stay in everybody if stay.connector == place]
        shapes += charts.lane(measure, frame, lane, mine, x_of, RIBBON)
        shapes += _lane_names(measure, frame, place, recording.types[place], mine)
    shapes += _station_names(measure, station, sum(stay.energy_wh for stay in everybody))
    labels = [shape for shape in shapes if shape.what in LABELS]
    shapes = [shape for shape in shapes if shape.what not in LABELS]
    shapes += _marks(flags, [(x_of(mark.at_s), grave(mark)) for mark in small], measure, plot)
    shapes += labels  # no line runs through them
    shapes += _header(recording, measure, size, whole_s, len(everybody))
    shapes += _legend(measure, size)
    if not recording.moments:
        middle = ((plot.left + plot.right) / 2, (station.box.top + station.box.bottom) / 2)
        shapes.append(
            text(measure, middle, "Nothing was recorded", size=20, colour=INK_SOFT, align="centre", what="empty")
        )
    return Picture(size=size, ground=PAGE, shapes=tuple(shapes))


def _station_box(plot: Box) -> Box:
    return Box(plot.left, plot.top, plot.right, plot.top + plot.height * STATION_SHARE)


def _frames(plot: Box, types: Sequence[str], lanes: Sequence[Sequence[Column]]) -> list[Frame]:
    """Lanes of equal height; DC and AC have each a scale in common, so that they can be compared."""
    tops: dict[bool, float] = {}
    for kind, lane in zip(types, lanes, strict=True):
        ac = kind == ConnectorType.CCS_AC
        most_w = max((max(c.power_w, c.limit_w or 0.0) for c in lane), default=0.0)
        tops[ac] = max(tops.get(ac, ALL_ROOMS_W), most_w)
    begins = _station_box(plot).bottom + GAP
    pitch = (plot.bottom - begins) / max(1, len(types))
    frames = []
    for place, kind in enumerate(types):
        top = begins + place * pitch
        box = Box(plot.left, top, plot.right, top + pitch - GAP + RIBBON / 2)
        frames.append(Frame(box=box, most_w=tops[kind == ConnectorType.CCS_AC], margin=LANE_MARGIN))
    return frames


def _time(
    recording: Recording,
    measure: Measure,
    plot: Box,
    frames: Sequence[Frame],
    x_of: Callable[[float], float],
) -> list[Shape]:
    """Grounds, round hours down through all charts, their labels below."""
    shapes: list[Shape] = [Area(outline=rectangle(frame.box), colour=SURFACE, what="ground") for frame in frames]
    ticks = axes.hours(recording.starts_at, span_s(recording), max(2, round(plot.width / 78)))
    bottom = frames[-1].box.bottom + RIBBON + 2
    for tick in ticks:
        x = x_of(tick.at)
        colour, width = (LINE, 1.4) if tick.strong else (HAIRLINE, 1.0)
        for frame in frames:
            spots = ((x, frame.box.top), (x, frame.box.bottom))
            shapes.append(Stroke(spots=spots, colour=colour, width=width, what="hour"))
        shapes.append(
            text(
                measure,
                (x, bottom + 14),
                tick.label,
                size=14,
                weight="Bold" if tick.strong else "Medium",
                colour=INK if tick.strong else INK_SOFT,
                align="centre",
                what="time",
            )
        )
    return shapes


def _lane_names(measure: Measure, frame: Frame, place: int, kind: str, mine: Sequence[Stay]) -> list[Shape]:
    """Left: who it is; right: what it did."""
    middle = (frame.box.top + frame.box.bottom) / 2
    chip = Box(20, middle - 15, 26, middle + 15)
    energy_wh = sum(stay.energy_wh for stay in mine)
    right = frame.box.right + 14
    sessions = _count(len(mine), "session")
    return [
        Area(outline=rectangle(chip), colour=SHARES[place % len(SHARES)], what="chip"),
        text(measure, (34, middle - 9), str(place + 1), size=17, weight="ExtraBold", what="name"),
        text(measure, (34, middle + 10), kind, size=13, colour=INK_SOFT, what="name"),
        text(measure, (right, middle - 9), charts.energy(energy_wh), size=15, weight="Bold", what="sum"),
        text(measure, (right, middle + 10), sessions, size=13, colour=INK_SOFT, what="sum"),
    ]


def _title(name: str) -> str:
    """A scenario's name as a person would write it: busy-day, Busy day."""
    return name[:1].upper() + name[1:].replace("-", " ")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _station_names(measure: Measure, frame: Frame, energy_wh: float) -> list[Shape]:
    middle = (frame.box.top + frame.box.bottom) / 2
    right = frame.box.right + 14
    return [
        text(measure, (20, middle - 10), "Station", size=17, weight="ExtraBold", what="name"),
        text(measure, (20, middle + 10), "at the grid", size=13, colour=INK_SOFT, what="name"),
        text(measure, (right, middle - 9), charts.energy(energy_wh), size=15, weight="Bold", what="sum"),
        text(measure, (right, middle + 10), "into cars", size=13, colour=INK_SOFT, what="sum"),
    ]


def _marks(flags: Sequence[Flag], small: Sequence[tuple[float, bool]], measure: Measure, plot: Box) -> list[Shape]:
    """What happened: a line down through all charts with words above, or a tick where those have no room."""
    shapes: list[Shape] = []
    for x, alarming in sorted(small, key=lambda tick: tick[1]):
        colour, top = (ALARM, plot.top - 9) if alarming else (LINE, plot.top - 6)
        shapes.append(Stroke(spots=((x, top), (x, plot.top)), colour=colour, width=1.4, what="small mark"))
    for flag in flags:
        y = plot.top - 8 - (flag.row + 0.5) * MARK_PITCH
        pole = ((flag.x, y - 7), (flag.x, plot.top))
        shapes.append(Stroke(spots=pole, colour=flag.colour, width=1.4, what="mark"))
        down = ((flag.x, plot.top), (flag.x, plot.bottom - GAP + RIBBON / 2))
        shapes.append(Stroke(spots=down, colour=flag.colour, width=1.0, dash=3.0, what="mark"))
        at = (flag.left, y)
        shapes.append(
            text(
                measure,
                at,
                flag.mark.text,
                size=MARK_SIZE,
                weight=MARK_WEIGHT,
                colour=flag.colour,
                what="mark",
            )
        )
    return shapes


def _header(
    recording: Recording, measure: Measure, size: tuple[int, int], whole_s: float, sessions: int
) -> list[Shape]:
    title = text(measure, (20, 36), _title(recording.name), size=30, weight="ExtraBold", what="title")
    when = axes.day(recording.starts_at, whole_s)
    parts = [when, _count(len(recording.types), "connector"), _count(sessions, "session")]
    below = " · ".join([*parts, f"simulated, seed {recording.seed}"])
    made = [title, text(measure, (20, 67), below, size=15, colour=INK_SOFT, what="subtitle")]
    for words in (HOW_TO_READ, HOW_TO_READ.split(";")[0]):
        key = text(measure, (size[0] - 20, 36), words, size=14, colour=INK_SOFT, align="right", what="key")
        if not any(key.box.meets(other.box, 24) for other in made):
            return [*made, key]
    return list[Shape](made)


def _legend(measure: Measure, size: tuple[int, int]) -> list[Shape]:
    """One line: each reason with its colour, pattern and letter."""
    width, height = size
    y = height - 30.0
    chip_w, chip_h, pad = 26.0, 20.0, 7.0
    for font in (14.0, 13.0, 12.0, 11.0, 10.0):
        lead = text(measure, (20, y), "Bound by", size=font, weight="Bold", what="legend")
        names = [measure(each.name, font, "Medium") for each in STYLES.values()]
        free = width - 40 - lead.box.width - sum(names) - len(names) * (chip_w + pad)
        if (gap := free / len(names)) >= LEAST_GAP:
            break
    gap = min(26.0, gap)
    shapes: list[Shape] = [lead]
    x = lead.box.right + gap
    for each, name_w in zip(STYLES.values(), names, strict=True):
        box = Box(x, y - chip_h / 2, x + chip_w, y + chip_h / 2)
        shapes.append(Area(outline=rectangle(box), colour=each.colour, pattern=each.pattern, what="legend"))
        shapes += charts.letter(measure, ((box.left + box.right) / 2, y), each)
        shapes.append(text(measure, (box.right + pad, y), each.name, size=font, what="legend"))
        x += chip_w + pad + name_w + gap
    return shapes
