"""What the core asks of the machine."""

from __future__ import annotations

from typing import Protocol

from kiosk.model.enums import ResetKind


class JobStore(Protocol):
    """Where a job is kept, so that a power cut does not end it. Raises StorageFailed."""

    async def get(self, name: str) -> str | None: ...

    async def set(self, name: str, text: str) -> None:
        """On the disk when this returns. An empty text: there is no job."""
        ...


class SystemPort(Protocol):
    def reset(self, kind: ResetKind) -> None:
        """Called when the core has closed everything and is about to leave.

        Soft: the programs restart. Hard: the machine reboots. Returns; the core then leaves by itself.
        """
        ...
