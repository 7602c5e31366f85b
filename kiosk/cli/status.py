"""``kiosk status``: how things stand, once or all the time, for people or for programs."""

from __future__ import annotations

import math
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json
from kiosk.cli.modbus import line as load_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kiosk.model.snapshot import Connector, Session, Snapshot


def status(
    data: Data,
    as_json: Json = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with every change until Ctrl-C.")] = False,
) -> None:
    """How things stand: connectors, backend, what the driver sees, where the programs listen.

    With --json one object (with --follow one a line); unknown is null, energy is Wh, power W.

    Examples:

        kiosk status

        kiosk status --json | jq '.connectors[0].status'
    """
    if follow:
        _follow(data, as_json)
        return
    picture = common.snapshot(data)
    if as_json:
        common.print_json(as_dict(picture))
        return
    common.console().print(as_table(picture))


def as_dict(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot, with what belongs to a session also at its connector."""
    found: dict[str, Any] = msgspec.to_builtins(snapshot)
    for plain, connector in zip(found["connectors"], snapshot.connectors, strict=True):
        session = present_session(connector)
        plain["energy_wh"] = session.energy_wh if session else None
        plain["transaction_id"] = session.transaction_id if session else None
        plain["local_id"] = session.local_id if session else None
        plain["id_tag"] = session.id_tag if session else None
    return found


def present_session(connector: Connector) -> Session | None:
    """Of the car that is here, or is awaited; of one that has left only the driver's screen still tells."""
    session = connector.session
    over = session is not None and session.ended_at is not None
    return None if over and not connector.plugged else session


def as_table(snapshot: Snapshot) -> RenderableType:
    """For people."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    station, backend = snapshot.station, snapshot.backend
    head = Table.grid(padding=(0, 2))
    head.add_row(
        "Station", f"{station.identity or '–'}   {station.vendor} {station.model} {station.firmware}".rstrip()
    )
    head.add_row("Backend", Text(backend_line(snapshot)))  # what a server says may look like markup
    if snapshot.load_management.enabled:
        head.add_row("Load", Text(load_line(snapshot.load_management)))
    head.add_row(
        "Screen", f"{snapshot.screen.name} ({snapshot.screen.language})" if snapshot.screen.name else "none"
    )
    waiting, undelivered = backend.waiting_messages, backend.undelivered_messages
    notes = [
        text
        for text, holds in (
            ("kiosk mode", station.kiosk),
            ("out of service", not station.operative),
            ("emergency stop pressed", station.emergency_stop),
            ("service door open", station.door_open),
            ("firmware is being updated", station.updating),
            (f"{station.reset_pending} reset pending", station.reset_pending is not None),
            (common.count(waiting, "message waits", "messages wait"), waiting > 0),
            (f"{common.count(undelivered, 'message')} undelivered", undelivered > 0),
            (station.storage_problem, station.storage_problem != ""),
        )
        if holds
    ]
    if notes:
        head.add_row("Notes", ", ".join(notes))
    figures = ("Power", "Voltage", "Current", "SoC", "Energy")
    table = common.table("", "Type", "Status", *figures, "Card", "Limit", right=figures, words=("Status", "Limit"))
    for connector in snapshot.connectors:
        table.add_row(*row(connector))
    return Group(head, Text(""), table)


def row(connector: Connector) -> tuple[str, ...]:
    session = present_session(connector)
    fault = f" ({connector.vendor_error_code})" if connector.vendor_error_code else ""
    return (
        str(connector.id),
        connector.type,
        connector.status + fault + (until(connector) if connector.status == "Reserved" else ""),
        quantity(connector.power_w, "kW", 1000, 1),
        quantity(connector.voltage_v, "V", 1, 0),
        quantity(connector.current_a, "A", 1, 1),
        quantity(connector.soc_percent, "%", 1, 0),
        quantity(session.energy_wh if session else None, "kWh", 1000, 2),
        (session.id_tag if session else None) or "",
        connector.limit_reason or obstacle(connector),
    )


def obstacle(connector: Connector) -> str:
    """Why a card would not begin a session at a plug that is in, or at a free connector; empty where it would."""
    if connector.withheld:
        return "no power released"
    free = connector.status in ("Available", "Preparing", "Finishing") and connector.session is None
    if not free:
        return ""
    if connector.reserved_until is not None:
        return "reserved" + until(connector)
    return "" if connector.can_start else "no power free"


def until(connector: Connector) -> str:
    """How long a reserved connector waits; for whom is the backend's business."""
    if connector.reserved_until is None:
        return ""
    at = connector.reserved_until.astimezone()
    today = at.date() == datetime.now(at.tzinfo).date()
    return f" until {at:%H:%M}" if today else f" until {at:%Y-%m-%d %H:%M}"


def quantity(value: float | None, unit: str, divisor: int, digits: int) -> str:
    return "–" if value is None else f"{value / divisor:.{digits}f} {unit}"


def backend_line(snapshot: Snapshot) -> str:
    backend = snapshot.backend
    if not backend.configured:
        return "none"
    if backend.connected:
        link = f"connected, {backend.boot}" if backend.boot else "connected"
    else:
        link = "not connected" + (f": {backend.problem}" if backend.problem else "")
        if backend.next_try_s is not None:  # same machine, same monotonic clock
            left_s = backend.next_try_s - time.monotonic()
            link += f"; next try in {math.ceil(left_s)} s" if left_s > 0 else "; trying now"
    return f"{backend.url or '–'} ({link})"


def _follow(data: Data, as_json: bool) -> None:
    import asyncio
    from collections.abc import Callable

    from kiosk.link.client import LinkClient
    from kiosk.link.rundir import find_core
    from kiosk.model.snapshot import Changes

    folder = data.expanduser()
    find_core(folder)  # nobody there is an error now; somebody who goes later may come back

    async def watch(show: Callable[[Snapshot], None]) -> None:
        def changed(_: Changes) -> None:
            assert client.snapshot is not None
            show(client.snapshot)

        client = LinkClient(
            folder,
            "cli",
            show,
            changed,
            on_lost=lambda: common.complain("the station core is lost; waiting for it"),
        )
        await client.run()

    if as_json:
        asyncio.run(watch(lambda picture: common.print_json(as_dict(picture), indent=False)))
        return
    from rich.live import Live

    with Live(console=common.console(), auto_refresh=False) as live:
        asyncio.run(watch(lambda picture: live.update(as_table(picture), refresh=True)))
