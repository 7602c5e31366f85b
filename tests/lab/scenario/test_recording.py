"""Recordings: written as they are read, and never half."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.lab.scenario import recording
from kiosk.lab.scenario.recording import Mark, Moment, Point, Recording
from kiosk.model.enums import LimitReason
from kiosk.model.errors import BadFile

CHARGING = Point(
    id=1,
    status="Charging",
    power_w=24_900,
    limit_w=25_000,
    reason=LimitReason.STACK,
    requested_w=50_000,
    soc_percent=31,
)
FREE = Point(id=2, status="Available", power_w=0)


def example(*moments: Moment, marks: tuple[Mark, ...] = ()) -> Recording:
    return Recording(
        name="two-cars",
        seed=7,
        starts_at=datetime(2026, 11, 22, 7, 30, tzinfo=UTC),
        step_s=10.0,
        types=("CCS", "CCS"),
        moments=moments,
        marks=marks,
    )


FULL = example(
    Moment(at_s=0.0, connectors=(FREE,), grid_w=100),
    Moment(
        at_s=10.0, connectors=(CHARGING, FREE), grid_w=25_870, grid_limit_w=75_000, grid_reason=LimitReason.GRID
    ),
    marks=(Mark(at_s=3.5, text="a car comes"),),
)


@pytest.mark.parametrize("given", [FULL, example(), example(marks=FULL.marks), example(*FULL.moments)])
def test_what_is_written_is_read_again(given: Recording, tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    recording.write(given, path)
    assert recording.read(path) == given
    assert [p.name for p in tmp_path.iterdir()] == ["day.json"]


def test_one_moment_is_one_line() -> None:
    lines = recording.encode(FULL).decode().splitlines()
    assert sum('"at_s":10.0' in line for line in lines) == 1
    assert len(lines) == 6


def test_a_name_cannot_spoil_the_file() -> None:
    odd = example(FULL.moments[0], marks=(Mark(at_s=1.0, text='"moments":[],"marks":[] \n'),))
    assert recording.decode(recording.encode(odd)) == odd


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"day\.json: cannot be written .*choose another place"):
        recording.write(FULL, tmp_path / "missing" / "day.json")


def test_what_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        recording.read(tmp_path / "nothing.json")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"name": 3}')
    with pytest.raises(BadFile, match=r"is no recording: .*--record"):
        recording.read(wrong)
