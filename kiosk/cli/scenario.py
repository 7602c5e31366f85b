"""``kiosk sim scenario``: plays hours and days, on the running station or, in a blink, on virtual time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

if TYPE_CHECKING:
    from kiosk.lab.scenario.kinds import Scenario
    from kiosk.lab.scenario.recording import Recording
    from kiosk.lab.scenario.summary import Summary

SEED: Final = 1
"""Without --seed: everybody sees the same day."""
BAR: Final = 30


def scenario(
    data: Data,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A scenario file, or the name of a built-in one.")
    ] = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="In this process, on virtual time, judged; needs no station.")
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="X", min=0.01, max=10_000, help="As fast as the station's own --speed."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Another day of the same kind: other drivers.")
    ] = SEED,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="FILE.json", help="Write what was seen there.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.png", help="Draw what was seen there.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the built-in scenarios and play none.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Read the file, tell what is wrong with it, play nothing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the timetable and play nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Play a scenario: cars, cards, faults, limits and outages over hours or days.

    On the running station it goes at the station's own speed (`kiosk run --speed X`, told again here with
    --speed X). With --virtual a whole station with a backend that judges every message is built in this process,
    and a day takes less than a minute. Exit code 1: a rule was broken.

    Ctrl-C ends it: on a running station cars stay plugged in and sessions go on, what was broken stays broken.

    Example: kiosk sim scenario busy-day --virtual --picture day.png
    """
    from kiosk.lab.scenario import file as files
    from kiosk.lab.scenario import timetable
    from kiosk.model.errors import UsageError

    if listing:
        _list(as_json=as_json)
        return
    if file is None:
        raise UsageError("name a scenario: a file, or a built-in one; `kiosk sim scenario --list` shows those")
    found = files.load(file)
    if check:
        events = common.count(len(found.at), "event")
        common.say(f"{found.name}: {events}, {common.count(len(found.traffic), 'stream')} of drivers, no mistake")
        return
    if dry_run:
        for line in timetable.lines(found, timetable.build(found, seed)):
            common.say(line)
        return
    if virtual and speed is not None:
        raise UsageError("--speed is for a running station: --virtual is as fast as it can be")
    recording, summary = _virtually(found, seed) if virtual else _live(found, seed, data, speed)
    _keep(recording, record, picture)
    _tell(summary, as_json=as_json)
    if summary.breaches:
        raise typer.Exit(1)


def _list(*, as_json: bool) -> None:
    from kiosk.lab.scenario import file as files

    found = [files.load(name) for name in files.built_in()]
    if as_json:
        common.print_json([{"name": s.name, "duration": s.duration, "description": s.description} for s in found])
        return
    table = common.table("Name", "Lasts", "What happens", words=("What happens",))
    for each in found:
        table.add_row(each.name, each.duration, each.description.strip())
    common.console().print(table)


def _virtually(found: Scenario, seed: int) -> tuple[Recording, Summary]:
    from kiosk.lab.scenario import virtual

    try:
        played = virtual.play(found, seed, told=_progress)
    finally:
        _clear()
    return played.recording, played.summary


def _live(found: Scenario, seed: int, data: Path, speed: float | None) -> tuple[Recording, Summary]:
    import asyncio

    from kiosk.lab.scenario import live

    try:
        played = asyncio.run(live.play(found, seed, data.expanduser(), speed or 1.0, told=_progress))
    finally:
        _clear()
    return played.recording, played.summary


def _keep(recording: Recording, record: Path | None, picture: Path | None) -> None:
    from kiosk.lab.scenario import recording as recordings

    if record is not None:
        recordings.write(recording, record.expanduser())
    if picture is not None:
        from kiosk.lab import picture as pictures

        pictures.draw(recording, picture.expanduser())


def _tell(summary: Summary, *, as_json: bool) -> None:
    from kiosk.lab.scenario import summary as summaries

    if as_json:
        common.print_json(summary)
        return
    for line in summaries.lines(summary):
        common.say(line)


def _progress(at_s: float, lasts_s: float) -> None:
    """A bar where somebody looks; nothing in a pipe."""
    if not sys.stderr.isatty():
        return
    share = min(1.0, at_s / lasts_s)
    done = round(share * BAR)
    sys.stderr.write(f"\r[{'#' * done}{'.' * (BAR - done)}] {share:4.0%}")
    sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * (BAR + 8) + "\r")
