"""What waits to be sent to one peer. Pure: a slow face never makes the core wait, and never makes it grow.

Everything goes out in the order in which it came. Answers and questions are never dropped. Changes are queued up
to ``MAX_CHANGES``; beyond that they are forgotten and the peer gets one fresh snapshot instead. Of several ticks
only the newest goes out.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from kiosk.model.errors import LinkClosed
from kiosk.model.snapshot import Changes, Tick

MAX_CHANGES: Final = 64
MAX_FRAMES: Final = 256
"""More unsent answers than this: the peer asks without reading, and is let go."""


class FreshSnapshot:
    """The whole picture as it is at the moment of sending."""


FRESH_SNAPSHOT: Final = FreshSnapshot()
Item = str | bytes | Changes | Tick | FreshSnapshot


class Outbox:
    """Filled by ``frames``, ``changes``, ``tick``, ``snapshot``; emptied by ``take``."""

    def __init__(self) -> None:
        self._items: deque[str | bytes | Changes | FreshSnapshot] = deque()
        self._frames = 0
        self._changes = 0
        self._tick: Tick | None = None
        self._snapshot_due = False
        self.dropped = 0
        """How often this peer was too slow."""

    def frames(self, *frames: str | bytes) -> None:
        """Encoded frames that belong together, in this order. Raises LinkClosed when too many wait."""
        if self._frames >= MAX_FRAMES:
            raise LinkClosed(f"{MAX_FRAMES} answers wait: the peer does not read")
        self._items.extend(frames)
        self._frames += len(frames)

    def snapshot(self) -> None:
        """The peer is to get the whole picture; changes that wait mean nothing any more."""
        kept = [i for i in self._items if not isinstance(i, Changes | FreshSnapshot)]
        self._items = deque([*kept, FRESH_SNAPSHOT])
        self._changes = 0
        self._snapshot_due = True

    def changes(self, changes: Changes) -> None:
        if self._snapshot_due:
            return  # the snapshot is made when it is sent, so it contains them
        if self._changes >= MAX_CHANGES:
            self.dropped += 1
            self.snapshot()
        else:
            self._items.append(changes)
            self._changes += 1

    def tick(self, tick: Tick) -> None:
        self._tick = tick

    def take(self) -> Item | None:
        """The next thing to send, None when there is nothing."""
        if not self._items:
            tick, self._tick = self._tick, None
            return tick
        item = self._items.popleft()
        if isinstance(item, Changes):
            self._changes -= 1
        elif isinstance(item, FreshSnapshot):
            self._snapshot_due = False
        else:
            self._frames -= 1
        return item
