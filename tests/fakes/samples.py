"""What the journal holds of one session."""

from __future__ import annotations

import sys

from kiosk.station.storage import Journal
from kiosk.station.storage.records import MeterSample


async def samples_of(journal: Journal, local_id: str) -> list[MeterSample]:
    """All samples of a transaction, in the order they were taken."""
    _, samples = await journal.told_at_end(local_id, sys.maxsize)
    return samples
