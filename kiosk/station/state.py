"""The one stream of facts: the current picture, what changed, and who listens.

Status changes go out at once; live readings are collected and go out with the next flush, because ten readings
a second are more than anybody reads. This module never decides and never does I/O.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from kiosk.model.snapshot import (
    Backend,
    Changes,
    Connector,
    Dialogue,
    Gui,
    Listen,
    LoadManagement,
    Screen,
    Snapshot,
    Station,
)

log = logging.getLogger(__name__)

Listener = Callable[[Changes], None]


class State:
    """Owner of the snapshot. Only the core writes; everybody may read ``snapshot`` at any time."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._listeners: list[Listener] = []
        self._waiting: dict[int, Connector] = {}  # connectors with unsent live readings

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """``listener`` is called with every change; returns the function that ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def connector(self, connector_id: int) -> Connector:
        """Raises KeyError for an unknown id."""
        found = self.snapshot.connector(connector_id)
        if found is None:
            raise KeyError(connector_id)
        return found

    def set_connector(self, new: Connector, *, live: bool = False) -> None:
        """Replace one connector; ``live``: only readings changed, it may wait for ``flush``."""
        old = self.connector(new.id)
        if new == old:
            return
        self._apply(Changes(connectors=(new,)))
        if live:
            self._waiting[new.id] = new
        else:
            self._waiting.pop(new.id, None)
            self._tell(Changes(connectors=(new,)))

    def set(
        self,
        *,
        station: Station | None = None,
        backend: Backend | None = None,
        screen: Screen | None = None,
        dialogue: Dialogue | None = None,
        gui: Gui | None = None,
        listen: Listen | None = None,
        load_management: LoadManagement | None = None,
    ) -> None:
        """Replace whole sections; equal ones are not told."""
        given = {
            "station": station,
            "backend": backend,
            "screen": screen,
            "dialogue": dialogue,
            "gui": gui,
            "listen": listen,
            "load_management": load_management,
        }
        news = {k: v for k, v in given.items() if v is not None and v != getattr(self.snapshot, k)}
        if news:
            changes = msgspec.structs.replace(Changes(), **news)
            self._apply(changes)
            self._tell(changes)

    def flush(self) -> None:
        """Send the collected live readings."""
        if self._waiting:
            connectors = tuple(self._waiting.values())
            self._waiting.clear()
            self._tell(Changes(connectors=connectors))

    def _apply(self, changes: Changes) -> None:
        self.snapshot = changes.on(self.snapshot)

    def _tell(self, changes: Changes) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(changes)
            except Exception:
                log.exception("a listener of the state failed; the others go on")
