"""What a backend may ask: one table, action to handler.

A handler gets the payload as validated by OCPP's schema and returns the answer's payload. It never calls the
backend back: what is to be sent afterwards is handed to ``Station`` and goes out on its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec
from ocpp.exceptions import NotImplementedError as UnknownAction
from ocpp.exceptions import NotSupportedError as UnsupportedAction
from ocpp.exceptions import OccurenceConstraintViolationError
from ocpp.messages import Call, validate_payload
from ocpp.v16.enums import Action as KnownAction

from kiosk.model.enums import Provenance, ResetKind
from kiosk.model.errors import BadValue, NotPossible, ReadOnlyKey, UnknownConnector, UnknownKey
from kiosk.settings import Change, Settings
from kiosk.settings.values import KeyView
from kiosk.station.ocpp.wire import VERSION, Answer

Payload = dict[str, Any]
MAX_VALUE: Final = 500
"""CiString500 of KeyValue.value."""


class Trigger(StrEnum):
    """TriggerMessage.req requestedMessage that we can send (OCPP 1.6 section 7.34)."""

    BOOT = "BootNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS = "StatusNotification"
    FIRMWARE = "FirmwareStatusNotification"
    DIAGNOSTICS = "DiagnosticsStatusNotification"


class Commands(Protocol):
    """What this room needs of the one door, ``kiosk.station.commands.Commands``."""

    async def remote_start(self, id_tag: str, connector_id: int | None) -> bool: ...

    async def remote_stop(self, transaction_id: int) -> bool: ...

    async def unlock(self, connector_id: int) -> StrEnum: ...

    async def change_availability(self, connector_id: int, operative: bool) -> StrEnum: ...

    async def change_key(self, name: str, value: str, by: Provenance) -> Change: ...

    def request_reset(self, kind: ResetKind) -> bool: ...


class Cache(Protocol):
    """The authorization cache."""

    async def cache_clear(self) -> None: ...


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers act on.

    ``accepted``: BootNotification was accepted. ``trigger``: send this message when its turn comes (None: all
    connectors).
    """

    commands: Commands
    settings: Settings
    cache: Cache
    connectors: int
    accepted: Callable[[], bool]
    trigger: Callable[[Trigger, int | None], None]


async def answer(station: Station, action: str, payload: Any) -> Answer:
    """Answer one call. Raises OCPPError for a CALLERROR.

    OCPP-J 1.6 section 4.2.3: an action nobody knows is NotImplemented, one we do not do NotSupported.
    """
    handler = ACTIONS.get(action)
    if handler is None:
        if action in KnownAction.__members__.values():
            raise UnsupportedAction(description=f"{action} is not supported")
        raise UnknownAction(description="OCPP 1.6 knows no such action")
    call = Call("", action, payload)
    await validate_payload(call, VERSION)
    told = await handler(station, call.payload)
    return told if isinstance(told, Answer) else Answer(payload=told)


# --- sessions -------------------------------------------------------------------------------------------------


async def remote_start(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.11. Rejected before we are accepted, and for connector 0."""
    connector_id = asked.get("connectorId")
    if not station.accepted() or (connector_id is not None and not 1 <= connector_id <= station.connectors):
        return {"status": "Rejected"}
    accepted = await station.commands.remote_start(asked["idTag"], connector_id)
    return {"status": "Accepted" if accepted else "Rejected"}


async def remote_stop(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.12."""
    if not station.accepted():
        return {"status": "Rejected"}
    accepted = await station.commands.remote_stop(asked["transactionId"])
    return {"status": "Accepted" if accepted else "Rejected"}


async def unlock(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.18; an unknown connector has no lock."""
    try:
        return {"status": (await station.commands.unlock(asked["connectorId"])).value}
    except UnknownConnector:
        return {"status": "NotSupported"}


# --- station --------------------------------------------------------------------------------------------------


async def change_availability(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.2."""
    try:
        outcome = await station.commands.change_availability(asked["connectorId"], asked["type"] == "Operative")
    except UnknownConnector:
        return {"status": "Rejected"}
    return {"status": outcome.value}


async def reset(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.14."""
    accepted = station.commands.request_reset(ResetKind(asked["type"]))
    return {"status": "Accepted" if accepted else "Rejected"}


async def trigger_message(station: Station, asked: Payload) -> Answer:
    """OCPP 1.6 section 5.17: the answer leaves before the message that was asked for."""
    connector_id = asked.get("connectorId")
    try:
        wanted = Trigger(asked["requestedMessage"])
    except ValueError:
        return Answer(payload={"status": "NotImplemented"})
    lowest = 1 if wanted is Trigger.METER_VALUES else 0
    if connector_id is not None and not lowest <= connector_id <= station.connectors:
        return Answer(payload={"status": "Rejected"})
    return Answer(payload={"status": "Accepted"}, after=lambda: station.trigger(wanted, connector_id))


async def clear_cache(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.4; Rejected where no cache is kept."""
    if not station.settings.bool("AuthorizationCacheEnabled"):
        return {"status": "Rejected"}
    await station.cache.cache_clear()
    return {"status": "Accepted"}


async def data_transfer(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.6: we have no agreement with any vendor."""
    return {"status": "UnknownVendorId"}


# --- configuration keys ---------------------------------------------------------------------------------------


async def change_configuration(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.3."""
    try:
        change = await station.commands.change_key(asked["key"], asked["value"], Provenance.BACKEND)
    except UnknownKey:
        return {"status": "NotSupported"}
    except (ReadOnlyKey, BadValue, NotPossible):
        return {"status": "Rejected"}
    return {"status": "RebootRequired" if change.reboot_required else "Accepted"}


async def get_configuration(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.8: without names all keys; unknown names apart; secrets without their value.

    More names than GetConfigurationMaxKeys are refused whole: a part of them would look like an answer.
    """
    names: list[str] = asked.get("key") or []
    most = station.settings.int("GetConfigurationMaxKeys")
    if len(names) > most:
        raise OccurenceConstraintViolationError(description=f"at most {most} keys in one request")
    if not names:
        return {"configurationKey": [_key_value(view) for view in station.settings.views()]}
    known, unknown = [], []
    for name in names:
        try:
            known.append(_key_value(station.settings.view(name)))
        except UnknownKey:
            unknown.append(name)
    told: Payload = {}
    if known:
        told["configurationKey"] = known
    if unknown:
        told["unknownKey"] = unknown
    return told


def _key_value(view: KeyView) -> Payload:
    told: Payload = {"key": view.name, "readonly": view.access == "R"}
    if view.value is not None:
        told["value"] = view.value[:MAX_VALUE]
    return told


Handler = Callable[[Station, Payload], Awaitable[Payload | Answer]]

ACTIONS: Final[Mapping[str, Handler]] = {
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": clear_cache,
    "DataTransfer": data_transfer,
    "GetConfiguration": get_configuration,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "Reset": reset,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock,
}
"""Every action of the central system that we do."""
