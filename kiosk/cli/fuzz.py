"""``kiosk fuzz``: say to a station what no sane backend would, and see whether it lives."""

from __future__ import annotations

from typing import Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Json, count


def fuzz(
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, metavar="M", help="How long.")] = 5.0,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Repeat another run; else a new one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Talk nonsense, nearly sense and sense to a station core, in any order, and judge what it does.

    The core runs in this process on virtual time. Exit code 1: something was found; the shortest conversation that
    shows it is printed.
    """
    import random
    import sys

    try:
        from kiosk.lab.fuzz.run import Fuzz
    except ImportError as error:
        from kiosk.lab.missing import LabMissing

        raise LabMissing(error.name) from error

    number = random.randrange(10_000) if seed is None else seed
    sys.stderr.write(f"seed {number}\n")
    found = Fuzz(number, lambda line: print(line, file=sys.stderr)).run(minutes=minutes)
    if as_json:
        common.print_json(found)
    else:
        common.say(
            f"{count(found.conversations, 'conversation')} in {found.seconds:.0f} s, {count(found.steps, 'step')}"
        )
        calls = f"{count(found.calls, 'call')}, {found.answers} answered"
        common.say(f"{count(found.frames, 'frame')} to the station, {calls}")
        common.say(f"{count(found.sessions, 'session')}, {count(found.restarts, 'restart')}")
        for code, times in found.codes.items():
            common.say(f"  {code:<30} {times}")
    if found.findings:
        common.fail(f"{count(len(found.findings), 'finding')} (shown above), seed {number}")
