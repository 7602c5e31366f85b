"""The control door: JSON requests ``{"call": name, ...}``, answers ``{"ok": true, "result": ...}``.

A wrong request is answered ``{"ok": false, "error": "one line"}``; the door stays open.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.exceptions import OCPPError
from ocpp.v16 import call
from ocpp.v16.enums import Action, AuthorizationStatus, AvailabilityType, MessageTrigger, ResetType
from websockets.asyncio.server import ServerConnection

from kiosk.backend.station import StationGone, explain

if TYPE_CHECKING:
    from kiosk.backend.central import CentralSystem, Endpoint


class WrongRequest(Exception):
    """The request does not fit; the text goes back to whoever asked."""


async def serve(central: CentralSystem, socket: ServerConnection) -> None:
    """Answer requests until the other side hangs up."""
    async for message in socket:
        await socket.send(await answer(central, message))


async def answer(central: CentralSystem, message: str | bytes) -> str:
    """The answer to one request."""
    try:
        request = json.loads(message)
        if not isinstance(request, dict) or not isinstance(request.get("call"), str):
            raise WrongRequest('a request is an object with "call"')
        name = request.pop("call")
        handler = CALLS.get(name)
        if handler is None:
            raise WrongRequest(f"call {name!r} does not exist; calls are {', '.join(CALLS)}")
        result = await handler(central, **request)
    except (WrongRequest, StationGone, OCPPError, TimeoutError) as error:
        return json.dumps({"ok": False, "error": explain(error)})
    except (ValueError, TypeError, KeyError) as error:
        return json.dumps({"ok": False, "error": f"the request does not fit: {error}"})
    return json.dumps({"ok": True, "result": msgspec.to_builtins(result)})


def _station(central: CentralSystem, identity: str | None) -> Endpoint:
    """The named station; without a name the only one."""
    if identity is None:
        if len(central.stations) != 1:
            known = ", ".join(sorted(central.stations)) or "none"
            raise WrongRequest(f"name a station; connected: {known}")
        identity = next(iter(central.stations))
    found = central.stations.get(identity)
    if found is None:
        raise WrongRequest(f"station {identity!r} is not connected")
    return found


async def _ask(central: CentralSystem, identity: str | None, payload: Any) -> dict[str, Any]:
    """The answer's fields, in the library's snake case."""
    answered = await _station(central, identity).ask(payload)
    return {k: v for k, v in vars(answered).items() if v is not None}


# --- what may be asked ----------------------------------------------------------------------------------------


async def remote_start(
    central: CentralSystem, station: str | None = None, connector_id: int | None = None, id_tag: str = "REMOTE"
) -> Any:
    return await _ask(central, station, call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector_id))


async def remote_stop(
    central: CentralSystem, station: str | None = None, transaction_id: int | None = None
) -> Any:
    """Without a number: the newest running transaction of the station."""
    there = _station(central, station)
    if transaction_id is None:
        running = [
            t.id for t in central.transactions.values() if t.stopped_at is None and t.station == there.identity
        ]
        if not running:
            raise WrongRequest(f"station {there.identity} has no running transaction")
        transaction_id = running[-1]
    return await _ask(central, there.identity, call.RemoteStopTransaction(transaction_id=transaction_id))


async def change_configuration(central: CentralSystem, key: str, value: str, station: str | None = None) -> Any:
    return await _ask(central, station, call.ChangeConfiguration(key=key, value=value))


async def get_configuration(
    central: CentralSystem, keys: list[str] | None = None, station: str | None = None
) -> Any:
    return await _ask(central, station, call.GetConfiguration(key=keys))


async def reset(central: CentralSystem, kind: str = "Soft", station: str | None = None) -> Any:
    return await _ask(central, station, call.Reset(type=ResetType(kind)))


async def unlock(central: CentralSystem, connector_id: int, station: str | None = None) -> Any:
    return await _ask(central, station, call.UnlockConnector(connector_id=connector_id))


async def trigger(
    central: CentralSystem, message: str, connector_id: int | None = None, station: str | None = None
) -> Any:
    wanted = MessageTrigger(message)
    return await _ask(central, station, call.TriggerMessage(requested_message=wanted, connector_id=connector_id))


async def availability(
    central: CentralSystem, connector_id: int, operative: bool, station: str | None = None
) -> Any:
    kind = AvailabilityType.operative if operative else AvailabilityType.inoperative
    return await _ask(central, station, call.ChangeAvailability(connector_id=connector_id, type=kind))


async def clear_cache(central: CentralSystem, station: str | None = None) -> Any:
    return await _ask(central, station, call.ClearCache())


async def ask(
    central: CentralSystem, action: str, payload: dict[str, Any] | None = None, station: str | None = None
) -> Any:
    """Any call of OCPP 1.6, fields and answer spelled as on the wire."""
    if action not in set(Action) or not hasattr(call, action):
        raise WrongRequest(f"OCPP 1.6 has no call {action!r}")
    answered = await _ask(central, station, getattr(call, action)(**camel_to_snake_case(payload or {})))
    return snake_to_camel_case(answered)


async def tag(central: CentralSystem, id_tag: str, status: str = "Accepted") -> Any:
    """What is said of an idTag from now on, whatever the options say."""
    central.tags[id_tag.upper()] = AuthorizationStatus(status)


async def disconnect(central: CentralSystem, station: str | None = None) -> Any:
    """Cut the line to a station without a word."""
    _station(central, station).socket.abort()


async def chaos(central: CentralSystem, **changes: Any) -> Any:
    """Change how the wire fails; fields of ``recording.Chaos``. Without changes: as it is."""
    wanted = msgspec.convert(msgspec.to_builtins(central.chaos) | changes, type(central.chaos))
    for field in central.chaos.__struct_fields__:
        setattr(central.chaos, field, getattr(wanted, field))
    return central.chaos


async def stations(central: CentralSystem) -> Any:
    return [
        {"station": s, "boots": central.boots.get(s, []), "statuses": central.statuses.get(s, {})}
        for s in sorted(central.stations)
    ]


async def transactions(central: CentralSystem, station: str | None = None) -> Any:
    return [t for t in central.transactions.values() if station in (None, t.station)]


async def log_of(
    central: CentralSystem, last: int = 100, action: str | None = None, station: str | None = None
) -> Any:
    """The newest frames, oldest first."""
    frames = [f for f in central.recorder.frames if action in (None, f.action) and station in (None, f.station)]
    return frames[-last:] if last > 0 else []


CALLS: Final[Mapping[str, Callable[..., Awaitable[Any]]]] = {
    "remote_start": remote_start,
    "remote_stop": remote_stop,
    "change_configuration": change_configuration,
    "get_configuration": get_configuration,
    "reset": reset,
    "unlock": unlock,
    "trigger": trigger,
    "availability": availability,
    "clear_cache": clear_cache,
    "ask": ask,
    "tag": tag,
    "disconnect": disconnect,
    "chaos": chaos,
    "stations": stations,
    "transactions": transactions,
    "log": log_of,
}
"""What the door understands; the parameters are those of the functions."""
