"""The one door: every wish of a face, a backend or a technician goes through here.

A command checks who may and whether it fits, then asks charging, power, hardware, storage or system to do it.
This room must never format a message, never talk to a socket, and never keep state of its own.

``door`` has ``Commands`` with sessions, connectors and keys; each further subject has a module and hangs on it:
``reservations``, ``local_list``, ``profiles``, ``files`` (firmware, diagnostics, logs, which ``gathering``
collects), ``certificates``, ``load_management`` (an external controller), ``messages`` (what the backend has not
taken).
"""

from kiosk.station.commands.door import (
    AvailabilityOutcome,
    Commands,
    StartOutcome,
    UnlockOutcome,
    checked_tag,
)

__all__ = ["AvailabilityOutcome", "Commands", "StartOutcome", "UnlockOutcome", "checked_tag"]
