"""``kiosk modbus``: the load-management controller's side of the station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

if TYPE_CHECKING:
    from kiosk.model.snapshot import LoadManagement

app = typer.Typer(
    invoke_without_command=True,
    help="Load management over Modbus TCP. Alone: how it stands.",
)


@app.callback()
def modbus(context: typer.Context, data: Data, as_json: Json = False) -> None:
    """Load management over Modbus TCP. Alone: how it stands."""
    if context.invoked_subcommand is not None:
        return
    load = common.snapshot(data).load_management
    if as_json:
        common.print_json(load)
        return
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for word, text in rows(load):
        table.add_row(word, text)
    common.console().print(table)


@app.command("registers")
def registers(
    data: Data,
    connector_id: Annotated[
        int | None, typer.Option("--connector", metavar="N", help="Only those of connector N; 0: of the station.")
    ] = None,
    as_json: Json = False,
) -> None:
    """All registers with what they hold now, as a controller would read them.

    They are shown whether or not ModbusLoadManagementEnabled is true.

    Examples: kiosk modbus registers, kiosk modbus registers --connector 1 --json
    """
    from kiosk.link.modbus_messages import RegisterList

    found = common.ask(data, "modbus.registers", None, RegisterList).registers
    chosen = [row for row in found if connector_id in (None, row.connector_id)]
    if not chosen:
        last = max(row.connector_id for row in found)
        common.fail(f"there is no connector {connector_id}; 0 is the station, connectors are 1 to {last}", 2)
    if as_json:
        common.print_json(chosen)
        return
    table = common.table("Function", "Address", "Type", "Register", "Value", right=("Address",), words=("Value",))
    for row in chosen:
        last = row.address + len(row.words) - 1
        table.add_row(
            "3, 16" if row.access == "holding" else "4",
            str(row.address) if last == row.address else f"{row.address}-{last}",
            row.type,
            (f"{row.connector_id}: " if row.connector_id else "") + row.name,
            row.shown,
        )
    common.console().print(table)


def rows(load: LoadManagement) -> list[tuple[str, str]]:
    """How load management stands, for people."""
    if not load.enabled:
        return [("Load management", "off; the key ModbusLoadManagementEnabled switches it on")]
    found = [
        ("Listening", load.address or load.problem or "not yet"),
        ("Controller", controller(load)),
        ("Released", _kw(load.available_w)),
        ("MaxGridPower", _kw(load.max_grid_w)),
        ("Fallback", f"{_kw(load.fallback_w)} after {load.fallback_timeout_s} s of silence"),
    ]
    for n, connector in enumerate(load.connectors, start=1):
        if connector.limit_w is not None:
            found.append((f"Connector {n}", f"limited to {_kw(connector.limit_w)}"))
    return found


def controller(load: LoadManagement) -> str:
    """Is it there?"""
    if load.connected:
        return "has control"
    quiet = "silent" if load.heard else "has not written yet"
    return f"{quiet}, the fallback holds" if load.fallback else quiet


def line(load: LoadManagement) -> str:
    """For ``kiosk status``."""
    where = f"at {load.address}" if load.address else load.problem or "not listening yet"
    return f"{_kw(load.available_w)} released, controller {controller(load)} ({where})"


def _kw(watts: int | None) -> str:
    return "–" if watts is None else f"{watts / 1000:g} kW"
