"""What the handlers of a backend's calls act on."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from kiosk.model.enums import Provenance, ResetKind
from kiosk.settings import Change, Settings

Payload = dict[str, Any]


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
