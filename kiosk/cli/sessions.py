"""``kiosk start``, ``kiosk stop``, ``kiosk sessions``."""

from __future__ import annotations

from typing import Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Connector, Data, Json

START_TIMEOUT_S = 35.0
STOP_TIMEOUT_S = 60.0


def start(
    data: Data,
    connector_id: Connector,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="ID", help="The card. Without one only in kiosk mode.")
    ] = None,
) -> None:
    """Hold a card to connector N. Returns when the start is authorized (0) or refused (1), at most 30 s.

    Example: kiosk start 1 --tag 04A1B2C3
    """
    from kiosk.link.messages import StartResult, StartSession

    params = StartSession(connector_id=connector_id, id_tag=tag)
    result = common.ask(data, "session.start", params, StartResult, timeout_s=START_TIMEOUT_S)
    if not result.authorized:
        common.fail(result.text or f"connector {connector_id}: refused: {result.reason}")
    common.say(f"connector {connector_id}: authorized, {result.status}")


def stop(data: Data, connector_id: Connector) -> None:
    """End the session at connector N. Returns when it has ended.

    Ends any session, also one that its driver may not end here because the backend has begun it
    (RemoteTxStoppableLocally); the backend then reads the reason Other instead of Local.
    """
    from kiosk.link.messages import ConnectorParams, StopResult

    params = ConnectorParams(connector_id=connector_id)
    result = common.ask(data, "session.stop", params, StopResult, timeout_s=STOP_TIMEOUT_S)
    energy = "unknown energy" if result.energy_wh is None else f"{result.energy_wh / 1000:.2f} kWh"
    common.say(f"connector {connector_id}: ended, {energy}")


def sessions(
    data: Data,
    as_json: Json = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many, newest first.")] = 20,
) -> None:
    """Stored sessions, newest first."""
    from kiosk.link.messages import SessionList, SessionQuery

    rows = common.ask(data, "session.list", SessionQuery(limit=limit), SessionList).sessions
    if as_json:
        common.print_json(rows)
        return
    table = common.table(
        "Begun (UTC)", "Ended (UTC)", "N", "Card", "Energy", "Transaction", "Ended by", right=("Energy",)
    )
    for row in rows:
        known = row.meter_stop_wh is not None
        table.add_row(
            f"{row.started_at:%Y-%m-%d %H:%M:%S}",
            f"{row.ended_at:%Y-%m-%d %H:%M:%S}" if row.ended_at else "runs",
            str(row.connector_id),
            row.id_tag,
            f"{((row.meter_stop_wh or 0) - row.meter_start_wh) / 1000:.2f} kWh" if known else "–",
            "–" if row.transaction_id is None else str(row.transaction_id),
            row.stop_reason or "",
        )
    common.console().print(table)
