"""``kiosk faults`` and ``kiosk unlock``: what is wrong, what it means, and what a technician does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiosk.cli import common
from kiosk.cli.common import Connector, Data, Json

if TYPE_CHECKING:
    from kiosk.model.faults import Fault
    from kiosk.model.snapshot import Snapshot

app = typer.Typer(no_args_is_help=True, help="Faults: what is raised now, and what each error code means.")
Code = Annotated[int, typer.Argument(metavar="CODE", help="Vendor error code.")]
UNLOCK_TIMEOUT_S = 60.0


@app.command("now")
def now(data: Data, as_json: Json = False) -> None:
    """What is raised at this moment, at the station (connector 0) and at each connector, gravest first."""
    raised = _raised(common.snapshot(data))
    if as_json:
        common.print_json([{"connector_id": place, **as_dict(row)} for place, row in raised])
        return
    if not raised:
        common.say("nothing is raised")
        return
    table = common.table("Where", "Code", "Name", "First of all", right=("Code",), words=("First of all",))
    for place, row in raised:
        where = f"connector {place}" if place else "station"
        table.add_row(where, str(row.code), row.name, row.measures[0] if row.measures else "-")
    common.console().print(table)
    common.say(f"`kiosk faults explain {raised[0][1].code}` says more")


@app.command("list")
def list_codes(as_json: Json = False) -> None:
    """All error codes, what each stops, and how it is over. No station need run."""
    from kiosk.model import fault_words
    from kiosk.model.faults import FAULTS

    if as_json:
        common.print_json([as_dict(row) for row in FAULTS.values()])
        return
    table = common.table("Code", "Name", "OCPP", "Stops", "It is over", right=("Code",), words=("It is over",))
    for row in FAULTS.values():
        stops = "charging" if row.stops_charging else "starts" if row.blocks_start else "-"
        over = fault_words.recovery(row) if row.code else "-"
        table.add_row(str(row.code), row.name, row.error_code.value, stops, over)
    common.console().print(table)


@app.command("explain")
def explain(code: Code, as_json: Json = False) -> None:
    """One error code: when it comes, what it does, how it is over, what driver and technician do.

    No station need run.

    Example: kiosk faults explain 18
    """
    from kiosk.model import fault_words
    from kiosk.model.faults import fault

    row = fault(code)
    if as_json:
        common.print_json(as_dict(row))
        return
    lines = [f"{row.code} {row.name}: {row.meaning}"]
    if row.code:
        lines += [
            f"When:     {fault_words.when(row)}",
            f"Does:     {fault_words.effect(row)}",
            f"Backend:  {fault_words.told(row)}",
            f"Over:     {fault_words.recovery(row)}",
        ]
    lines.append(f"Driver:   {row.title}. {row.cause} {row.advice}")
    if row.advice_again:
        lines.append(f"          When it came back: {row.advice_again}")
    if row.reason:
        lines.append(f"Reason:   {row.reason}")
    lines += [f"{'Do:' if i == 1 else '':10}{i}. {step}" for i, step in enumerate(row.measures, 1)]
    if row.beyond_manual:
        lines.append("This code is not among those of the manual; it is taken from later lists of the maker.")
    for line in lines:
        common.say(line)


def unlock(data: Data, connector_id: Connector) -> None:
    """Release the plug at connector N: a session is ended first, a lock that is stuck is moved three times.

    A lock that comes free clears its fault (15, 16, 17). Exit code 1: it stays stuck, or there is no lock.
    """
    from kiosk.link.messages import ConnectorParams, Nothing

    params = ConnectorParams(connector_id=connector_id)
    common.ask(data, "connector.unlock", params, Nothing, timeout_s=UNLOCK_TIMEOUT_S)
    common.say(f"connector {connector_id}: unlocked")


def _raised(snapshot: Snapshot) -> list[tuple[int, Fault]]:
    """(connector, row), the gravest first; what belongs to the station stands there only."""
    from kiosk.model.faults import FAULTS

    station = snapshot.station.faults
    found = [(0, FAULTS[code]) for code in station]
    for connector in snapshot.connectors:
        found += [(connector.id, FAULTS[code]) for code in connector.faults if code not in station]
    return sorted(found, key=lambda each: (-each[1].gravity, each[0], each[1].code))


def as_dict(row: Fault) -> dict[str, Any]:
    """The row, with the sentences that follow from it."""
    import msgspec

    from kiosk.model import fault_words

    found: dict[str, Any] = msgspec.to_builtins(row)
    found["when"] = fault_words.when(row)
    found["effect"] = fault_words.effect(row)
    found["told"] = fault_words.told(row)
    found["recovery"] = fault_words.recovery(row)
    return found
