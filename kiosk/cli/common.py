"""What all subcommands share: the data folder, asking the core, printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from kiosk.model.errors import KioskError, LinkClosed, UsageError
from kiosk.model.paths import default_data_dir

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from kiosk.link.messages import Params
    from kiosk.model.snapshot import Snapshot

R = TypeVar("R", bound="Params")

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data folder of the station.",
        envvar="KIOSK_DATA",
        default_factory=default_data_dir,
        show_default="~/.local/share/kiosk",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON for programs instead of a table for people.")]
Connector = Annotated[int, typer.Argument(metavar="N", help="Connector, from 1.")]


def exit_code(error: KioskError) -> int:
    """2 when the words were wrong, 1 for everything else."""
    return 2 if isinstance(error, UsageError) else 1


def complain(error: KioskError | str) -> None:
    """One line on standard error."""
    text = " ".join(str(error).split())
    if isinstance(error, LinkClosed):
        text += "; look at the log of `kiosk run`"
    sys.stderr.write(f"kiosk: {text}\n")


def fail(text: str, code: int = 1) -> NoReturn:
    complain(text)
    raise typer.Exit(code)


def ask(data: Path, method: str, params: Params | None, result: type[R], *, timeout_s: float = 60.0) -> R:
    """One question to the core. Raises KioskError."""
    import asyncio

    from kiosk.link.client import one_shot

    answer = asyncio.run(one_shot(data.expanduser(), method, params, timeout_s=timeout_s))
    assert isinstance(answer, result)  # the link has checked it against the contract
    return answer


def snapshot(data: Path) -> Snapshot:
    import asyncio

    from kiosk.link.client import fetch_snapshot

    return asyncio.run(fetch_snapshot(data.expanduser()))


def print_json(value: Any, *, indent: bool = True) -> None:
    import msgspec

    encoded = msgspec.json.encode(value)
    if indent:
        encoded = msgspec.json.format(encoded, indent=2)
    try:
        sys.stdout.write(encoded.decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever reads has enough (`| head`): nothing is left to tell, and nothing to tidy up
        os._exit(0)


def console() -> Console:
    """For tables. Where no terminal gives a width, wide enough for all of ours."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 120)


def table(*titles: str, right: Collection[str] = (), words: Collection[str] = ()) -> Table:
    """An empty table; the columns named in ``right`` hold figures, those in ``words`` may take several lines."""
    from rich.table import Table

    found = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for title in titles:
        found.add_column(title, justify="right" if title in right else "left", no_wrap=title not in words)
    return found


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 message``, ``2 messages``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
