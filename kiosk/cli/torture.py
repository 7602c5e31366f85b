"""``kiosk torture``: kill a core hundreds of times and audit the books."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Json


def torture(
    kills: Annotated[int, typer.Option("--kills", min=1, metavar="N", help="How often the core is killed.")] = 30,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Repeat the choices of another run; else a new one.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.1, metavar="M", help="End after that time at the latest.")
    ] = None,
    chaos: Annotated[bool, typer.Option("--chaos", help="The line to the backend fails as well.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Where data and evidence go; else a new folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Kill a real core at bad moments while cars charge, then audit its books against the backend's.

    Needs no running station: it starts its own, with a backend of its own. Exit code 1: the books do not agree;
    the evidence stays in the folder that is named.
    """
    import asyncio
    import random
    import sys
    import tempfile

    from kiosk.lab.torture import report
    from kiosk.lab.torture.run import Plan, torture

    here = Path(tempfile.mkdtemp(prefix="kiosk-torture-")) if folder is None else _writable(folder)
    plan = Plan(
        folder=here,
        seed=random.randrange(1_000_000) if seed is None else seed,
        kills=kills,
        minutes=minutes,
        chaos=chaos,
    )
    sys.stderr.write(f"seed {plan.seed}, everything is kept in {here}\n")
    outcome = asyncio.run(torture(plan, lambda line: print(line, file=sys.stderr)))
    if as_json:
        common.print_json(outcome)
    else:
        for line in report.lines(outcome):
            common.say(line)
    for line in report.breaches(outcome):
        common.complain(line)
    if outcome.figures.breaches:
        raise typer.Exit(1)


def _writable(folder: Path) -> Path:
    """Absolute; made where it is not there. Exit code 2 where nothing can be kept in it."""
    import tempfile

    found = folder.expanduser().absolute()
    try:
        found.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(
            dir=found
        ):  # only writing shows it: the superuser may everything, /proc nothing
            return found
    except OSError as error:
        common.fail(f"--keep {found}: {error.strerror or error}; give a folder that can be written", 2)
