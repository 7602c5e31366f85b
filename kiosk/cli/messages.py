"""``kiosk messages``: what the backend has not taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

if TYPE_CHECKING:
    from kiosk.link.messages import MessageRow

app = typer.Typer(
    invoke_without_command=True,
    help="Messages that wait for the backend, or that it did not take. Alone: a list of them.",
)
MOST: Final = 50
Most = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many of each sort.")]


@app.callback()
def messages(context: typer.Context, data: Data, as_json: Json = False, limit: Most = MOST) -> None:
    """Messages that wait for the backend, or that it did not take. Alone: a list of them."""
    if context.invoked_subcommand is None:
        show(data, as_json=as_json, limit=limit)


@app.command("list")
def list_messages(data: Data, as_json: Json = False, limit: Most = MOST) -> None:
    """Undelivered messages, then those that wait, oldest first.

    Example: kiosk messages list --json | jq '.[] | select(.undelivered)'
    """
    show(data, as_json=as_json, limit=limit)


def show(data: Path, *, as_json: bool, limit: int) -> None:
    """The table of what was not taken."""
    from kiosk.link.messages import MessageList, MessageQuery

    rows = common.ask(data, "messages.list", MessageQuery(limit=limit), MessageList).messages
    if as_json:
        common.print_json(rows)
        return
    if not rows:
        common.say("nothing waits for the backend")
        return
    table = common.table(
        "No.", "Message", "N", "Transaction", "Age", "Attempts", "", right=("No.", "Age", "Attempts")
    )
    for row in rows:
        table.add_row(*_cells(row))
    common.console().print(table)


@app.command("send-again")
def send_again(
    data: Data,
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NO]...", help="Only these. Without one: all undelivered.")
    ] = None,
) -> None:
    """Send undelivered messages again, with fresh attempts.

    A StartTransaction brings back all that was told of its session meanwhile, because the backend could not
    attribute it.

    Example: kiosk messages send-again
    """
    from kiosk.link.messages import MessageNumbers, SentAgain

    params = MessageNumbers(numbers=tuple(numbers or ()))
    count = common.ask(data, "messages.send_again", params, SentAgain).messages
    common.say("nothing is undelivered" if not count else f"{common.count(count, 'message')} to send")


def _cells(row: MessageRow) -> tuple[str, ...]:
    return (
        str(row.seq),
        row.action,
        str(row.connector_id),
        "–" if row.transaction_id is None else str(row.transaction_id),
        age(row.age_s),
        str(row.attempts),
        "undelivered" if row.undelivered else "waits",
    )


def age(seconds: float) -> str:
    """The two largest units: ``3 d 4 h``, ``12 min 5 s``."""
    left = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
