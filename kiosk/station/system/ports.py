"""What the core asks of the machine."""

from __future__ import annotations

from typing import Protocol

from kiosk.model.enums import ResetKind


class SystemPort(Protocol):
    def reset(self, kind: ResetKind) -> None:
        """Called when the core has closed everything and is about to leave.

        Soft: the programs restart. Hard: the machine reboots. Returns; the core then leaves by itself.
        """
        ...
