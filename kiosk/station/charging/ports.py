"""What charging needs from a backend. The OCPP client implements it; without a backend ``NoBackend`` does."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from kiosk.model.enums import AuthorizationStatus
from kiosk.model.errors import BackendUnreachable


class IdTagInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to an idTag, OCPP 1.6 section 7.9."""

    status: AuthorizationStatus
    expiry: datetime | None = None
    parent_id_tag: str | None = None


class BackendPort(Protocol):
    @property
    def configured(self) -> bool:
        """An address is known, so facts are to be kept for it."""
        ...

    @property
    def online(self) -> bool:
        """Socket open and BootNotification accepted."""
        ...

    @property
    def unreachable(self) -> bool:
        """A whole attempt to connect has failed since it was last online (decision 7)."""
        ...

    async def authorize(self, id_tag: str) -> IdTagInfo:
        """Ask. Raises BackendUnreachable when nobody answers within the call time-out."""
        ...

    def facts_waiting(self) -> None:
        """The journal has new transaction facts; deliver them when possible. Never blocks."""
        ...

    def list_conflict(self) -> None:
        """The backend's word on a tag contradicts its local list: it is to know (OCPP 1.6 section 3.5.2)."""
        ...


class NoBackend:
    """No backend configured: the station works on whitelist and kiosk mode."""

    configured = False
    online = False
    unreachable = False

    async def authorize(self, id_tag: str) -> IdTagInfo:
        raise BackendUnreachable("no backend is configured")

    def facts_waiting(self) -> None:
        """Nobody to deliver to."""

    def list_conflict(self) -> None:
        """Nobody to tell."""


class LateBackend:
    """Stands where the OCPP client will stand: what needs a backend is built before the client."""

    def __init__(self) -> None:
        self.real: BackendPort = NoBackend()

    @property
    def configured(self) -> bool:
        return self.real.configured

    @property
    def online(self) -> bool:
        return self.real.online

    @property
    def unreachable(self) -> bool:
        return self.real.unreachable

    async def authorize(self, id_tag: str) -> IdTagInfo:
        return await self.real.authorize(id_tag)

    def facts_waiting(self) -> None:
        self.real.facts_waiting()

    def list_conflict(self) -> None:
        self.real.list_conflict()
