"""Builds the backend's client out of the core's parts, where there is a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kiosk.model.clock import Clock
from kiosk.settings import Installation, Settings
from kiosk.station.charging.sessions import Sessions
from kiosk.station.commands import Commands
from kiosk.station.security import SecurityLog
from kiosk.station.state import State
from kiosk.station.storage import Journal, MetaStore, TagStore
from kiosk.station.timekeeper import Timekeeper

if TYPE_CHECKING:
    from kiosk.station.ocpp.client import OcppClient


class Parts(Protocol):
    """What is needed of the core."""

    installation: Installation
    settings: Settings
    clock: Clock
    state: State
    sessions: Sessions
    journal: Journal
    tags: TagStore
    security: SecurityLog
    meta: MetaStore
    commands: Commands
    timekeeper: Timekeeper


def build(core: Parts, embedded_url: str | None) -> OcppClient | None:
    """None: no backend is configured. ``embedded_url``: the one to use while WebSocketUrl is empty."""
    if not (core.settings.str("WebSocketUrl") or embedded_url):
        return None
    # a station without a backend does not pay for the message schemas
    from kiosk.station.ocpp.client import OcppClient
    from kiosk.station.ocpp.dialler import Dialler
    from kiosk.station.ocpp.signing import Signing

    certificates = core.commands.certificates
    return OcppClient(
        dialler=Dialler(
            embedded_url=embedded_url,
            settings=core.settings,
            installation=core.installation,
            certificates=certificates,
            security=core.security,
            meta=core.meta,
            clock=core.clock,
        ),
        signing=Signing(certificates, core.installation, core.clock),
        security=core.security,
        settings=core.settings,
        installation=core.installation,
        state=core.state,
        journal=core.journal,
        tags=core.tags,
        clock=core.clock,
        commands=core.commands,
        on_start_answered=core.sessions.start_answered,
        correct=core.timekeeper.correct,
    )
