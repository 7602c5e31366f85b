"""``kiosk keys``: the configuration keys of the station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

if TYPE_CHECKING:
    from kiosk.link.messages import KeyInfo

app = typer.Typer(no_args_is_help=True, help="Configuration keys: look, change, explain.")
Name = Annotated[str, typer.Argument(metavar="KEY", help="Name of the key; upper or lower case.")]


@app.command("list")
def list_keys(data: Data, as_json: Json = False) -> None:
    """All keys with value and origin (default, file, operator, backend)."""
    from kiosk.link.messages import KeyList

    keys = common.ask(data, "keys.list", None, KeyList).keys
    if as_json:
        common.print_json(keys)
        return
    table = common.table("Key", "Value", "Unit", "From", "")
    table.columns[1].no_wrap = False
    for key in keys:
        table.add_row(key.name, shown(key), key.unit, key.provenance, remark(key))
    common.console().print(table)


@app.command("get")
def get(data: Data, name: Name, as_json: Json = False) -> None:
    """One key: its value alone on standard output, or everything about it with --json."""
    from kiosk.link.messages import KeyInfo, KeyName

    key = common.ask(data, "keys.get", KeyName(name=name), KeyInfo)
    if as_json:
        common.print_json(key)
        return
    common.say(shown(key))


@app.command("set")
def set_key(
    data: Data,
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="New value, as the manual writes it.")],
) -> None:
    """Change one key. It is stored at once; some keys take effect at the next restart, which is then told.

    Example: kiosk keys set GUIslideTime 15
    """
    from kiosk.link.messages import KeyChanged, KeySet

    changed = common.ask(data, "keys.set", KeySet(name=name, value=value), KeyChanged)
    text = f"{changed.name} = {'•••' if changed.value is None else changed.value}"
    common.say(text + (" (from the next restart on)" if changed.reboot_required else ""))


@app.command("docs")
def docs(data: Data, as_json: Json = False) -> None:
    """Explain all keys: type, range, unit, default, meaning. Needs no running station, whatever --data says."""
    from kiosk.settings import docs as reference

    if as_json:
        common.print_json(reference.rows())
        return
    common.say(reference.page())


def shown(key: KeyInfo) -> str:
    if key.value is None:
        return "•••"
    return key.value


def remark(key: KeyInfo) -> str:
    notes: list[str] = []
    if key.pending_reboot:
        notes.append(f"in force: {key.in_force}, until the next restart")
    if key.clamped is not None:
        notes.append(f"limited to {key.clamped}")
    return "; ".join(notes)
