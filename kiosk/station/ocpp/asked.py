"""What the handlers of a backend's calls act on."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from kiosk.settings import Settings
from kiosk.station.commands import Commands
from kiosk.station.storage import TagStore

Payload = dict[str, Any]


class Trigger(StrEnum):
    """TriggerMessage.req requestedMessage that we can send (OCPP 1.6 section 7.34)."""

    BOOT = "BootNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS = "StatusNotification"
    FIRMWARE = "FirmwareStatusNotification"
    DIAGNOSTICS = "DiagnosticsStatusNotification"
    # of ExtendedTriggerMessage (security white paper, section 5)
    SIGNED_FIRMWARE = "SignedFirmwareStatusNotification"
    LOG = "LogStatusNotification"


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers act on.

    ``accepted``: BootNotification was accepted. ``trigger``: send this message when its turn comes (None: all
    connectors).
    """

    commands: Commands
    settings: Settings
    tags: TagStore
    connectors: int
    vendor: str
    accepted: Callable[[], bool]
    trigger: Callable[[Trigger, int | None], None]
