"""A clock that stands still until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Starts at 2026-11-22T12:00:00Z, monotonic 1000.0."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def correct(self, now: datetime) -> timedelta:
        """Take ``now`` as the true time; returns by how much the station time moved."""
        moved = now - self._now
        self._now = now
        return moved
