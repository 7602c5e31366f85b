"""``kiosk conformance``: the public acceptance cases, played against a station in this process."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli import common


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def conformance(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which cases; else all.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the cases and run none.")] = False,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="ID", help="Run this one and print its conversation.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How the report is written.")] = Format.TEXT,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report there.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="In the random order that belongs to this number.")
    ] = None,
) -> None:
    """Run the public OCPP 1.6 acceptance cases for charging stations against this station's core.

    Needs no running station and disturbs none: each case builds a core with simulated hardware and a central
    system of its own, on virtual time. It runs the public case list; this is no certification. Exit code 1: a case
    failed.

    Example: kiosk conformance --trace 036
    """
    import random

    from kiosk.lab.conformance import report
    from kiosk.lab.conformance.registry import cases, find
    from kiosk.lab.conformance.runner import Outcome, Verdict, play

    if listing:
        common.say(report.catalogue(cases()).rstrip())
        return
    if trace is not None:
        outcome = play(find(trace))
        _write(report.trace(outcome), out)
        raise typer.Exit(1 if outcome.verdict is Verdict.FAILED else 0)
    chosen = [find(each) for each in ids] if ids else list(cases().values())
    if seed is not None:
        random.Random(seed).shuffle(chosen)
    outcomes: list[Outcome] = []
    for case in chosen:
        outcomes.append(play(case))
        if form is Format.TEXT and out is None:
            common.say(report.line(outcomes[-1]))
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r{len(outcomes)} of {len(chosen)} ")
    if form is Format.TEXT and out is None:
        common.say(f"\n{report.summary(outcomes)}")
    else:
        written = {Format.TEXT: report.text, Format.JSON: report.as_json, Format.JUNIT: report.junit}[form](
            outcomes
        )
        _write(written, out)
    if any(o.verdict is Verdict.FAILED for o in outcomes):
        raise typer.Exit(1)


def _write(text: str, out: Path | None) -> None:
    """To the file, or to standard output. Raises BadFile."""
    from kiosk.model.errors import BadFile

    if out is None:
        common.say(text.rstrip("\n"))
        return
    try:
        out.expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadFile(out, f"cannot be written ({error.strerror or error})", "choose another place") from error
