"""``kiosk backend``: the embedded central system. Without a further word it is started (``programs``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

HELP = """
The embedded central system.

Without one of the commands below it is started:

    kiosk backend \\[--data DIR] \\[--host ADDRESS] \\[--port PORT] \\[--heartbeat S]

                  \\[--boot Accepted,Pending,Rejected] \\[--accept TAG]... \\[--block TAG]...

                  \\[--quiet] \\[--strict]

With one of them a running one (`kiosk run` starts one, too) is asked or commanded.
"""
app = typer.Typer(no_args_is_help=True, help=HELP, short_help="The embedded central system: start it, command it.")
Station = Annotated[
    str | None, typer.Option("--station", metavar="ID", help="Which station, where several are connected.")
]
ACCEPTED = ("Accepted", "Unlocked", "Scheduled", "RebootRequired")
"""Words of a station that mean yes."""


class Reset(StrEnum):
    SOFT = "Soft"
    HARD = "Hard"


class Service(StrEnum):
    IN = "in"
    OUT = "out"


def call(data: Data, name: str, **params: Any) -> Any:
    """Ask the running embedded backend. Raises UserFacing."""
    import asyncio

    from kiosk.backend import control

    given = {k: v for k, v in params.items() if v is not None}
    return asyncio.run(control.call(data.expanduser(), name, **given))


def report(answer: Any) -> None:
    """Print the station's word; anything but a yes is exit code 1."""
    word = str(answer.get("status", "answered")) if isinstance(answer, dict) else "done"
    if isinstance(answer, dict) and "status" in answer and word not in ACCEPTED:
        common.fail(f"the station answered {word}")
    common.say(word)


@app.command("remote-start")
def remote_start(
    data: Data,
    connector: Annotated[
        int | None, typer.Option("--connector", metavar="N", help="Else the station chooses.")
    ] = None,
    tag: Annotated[str, typer.Option("--tag", metavar="ID", help="For whom.")] = "REMOTE",
    station: Station = None,
) -> None:
    """Start a session from the central system (RemoteStartTransaction).

    Example: kiosk backend remote-start --connector 1 --tag 04A1B2C3
    """
    report(call(data, "remote_start", connector_id=connector, id_tag=tag, station=station))


@app.command("remote-stop")
def remote_stop(
    data: Data,
    transaction: Annotated[
        int | None, typer.Argument(metavar="[TRANSACTION]", help="Its number; else the newest running one.")
    ] = None,
    station: Station = None,
) -> None:
    """Stop a session from the central system (RemoteStopTransaction)."""
    report(call(data, "remote_stop", transaction_id=transaction, station=station))


@app.command("set")
def set_key(
    data: Data,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    station: Station = None,
) -> None:
    """Change a configuration key of the station (ChangeConfiguration)."""
    report(call(data, "change_configuration", key=key, value=value, station=station))


@app.command("get")
def get_keys(
    data: Data,
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Else all.")] = None,
    station: Station = None,
) -> None:
    """Read configuration keys of the station (GetConfiguration), as JSON."""
    common.print_json(call(data, "get_configuration", keys=keys or None, station=station))


@app.command("reset")
def reset(
    data: Data,
    kind: Annotated[Reset, typer.Argument(help="How thoroughly.")] = Reset.SOFT,
    station: Station = None,
) -> None:
    """Restart the station (Reset)."""
    report(call(data, "reset", kind=kind.value, station=station))


@app.command("unlock")
def unlock(data: Data, connector_id: common.Connector, station: Station = None) -> None:
    """Release a plug (UnlockConnector)."""
    report(call(data, "unlock", connector_id=connector_id, station=station))


@app.command("availability")
def availability(
    data: Data,
    connector_id: Annotated[int, typer.Argument(metavar="N", help="Connector; 0 is the whole station.")],
    service: Annotated[Service, typer.Argument(help="Put in or take out of service.")],
    station: Station = None,
) -> None:
    """Put a connector in or out of service (ChangeAvailability)."""
    operative = service is Service.IN
    report(call(data, "availability", connector_id=connector_id, operative=operative, station=station))


@app.command("trigger")
def trigger(
    data: Data,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="For example StatusNotification.")],
    connector: Annotated[int | None, typer.Option("--connector", metavar="N")] = None,
    station: Station = None,
) -> None:
    """Have the station send a message (TriggerMessage)."""
    report(call(data, "trigger", message=message, connector_id=connector, station=station))


@app.command("disconnect")
def disconnect(data: Data, station: Station = None) -> None:
    """Cut the line to the station without a word; it comes back by itself."""
    call(data, "disconnect", station=station)
    common.say("cut")


@app.command("log")
def log(
    data: Data,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many messages.")] = 100,
    action: Annotated[str | None, typer.Option("--action", metavar="NAME", help="Only this OCPP action.")] = None,
    station: Station = None,
    as_json: Json = False,
) -> None:
    """The newest OCPP messages, oldest first: one line each, or whole frames with --json."""
    frames = call(data, "log", last=last, action=action, station=station)
    if as_json:
        common.print_json(frames)
        return
    import msgspec

    from kiosk.backend import gist
    from kiosk.backend.recording import Frame

    for frame in msgspec.convert(frames, list[Frame]):
        common.say(gist.line(frame))


@app.command("stations")
def stations(data: Data) -> None:
    """Connected stations with their status, as JSON."""
    common.print_json(call(data, "stations"))


@app.command("transactions")
def transactions(data: Data, station: Station = None) -> None:
    """Sessions as the central system knows them, as JSON."""
    common.print_json(call(data, "transactions", station=station))
