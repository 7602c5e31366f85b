"""``kiosk whitelist``: cards that may always charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

if TYPE_CHECKING:
    from kiosk.link.messages import TagList

app = typer.Typer(no_args_is_help=True, help="NFC whitelist: cards that may charge without asking the backend.")
Tag = Annotated[str, typer.Argument(metavar="ID", help="The card's id, for example 04A1B2C3.")]


@app.command("list")
def list_tags(data: Data, as_json: Json = False) -> None:
    """All whitelisted cards, one a line."""
    from kiosk.link.messages import TagList

    tags = common.ask(data, "whitelist.list", None, TagList)
    if as_json:
        common.print_json(tags.id_tags)
        return
    for tag in tags.id_tags:
        common.say(tag)


@app.command("add")
def add(data: Data, tag: Tag) -> None:
    """Let a card charge."""
    _report(_change(data, "whitelist.add", tag))


@app.command("remove")
def remove(data: Data, tag: Tag) -> None:
    """Take a card off the list."""
    _report(_change(data, "whitelist.remove", tag))


@app.command("clear")
def clear(data: Data) -> None:
    """Empty the list."""
    from kiosk.link.messages import TagList

    _report(common.ask(data, "whitelist.clear", None, TagList))


def _change(data: Data, method: str, tag: str) -> TagList:
    from kiosk.link.messages import TagList, TagParams

    return common.ask(data, method, TagParams(id_tag=tag), TagList)


def _report(tags: TagList) -> None:
    if tags.warning:
        common.complain(f"warning: {tags.warning}")
    count = len(tags.id_tags)
    common.say(f"{count} {'card' if count == 1 else 'cards'} on the whitelist")
