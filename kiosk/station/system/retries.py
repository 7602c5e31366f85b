"""A reset that fails is tried again (key ResetRetries)."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from kiosk.model.enums import ResetKind
from kiosk.model.errors import MachineFailed
from kiosk.station.system.ports import SystemPort

log = logging.getLogger(__name__)

PAUSE_S: Final = 2.0


async def reset(system: SystemPort, kind: ResetKind, retries: int) -> None:
    """Ask for a reset, up to ``retries`` times more while it fails; after the last failure it is given up.

    The core leaves all the same: its programs restart, which is as much of a reset as can be had.
    """
    for left in range(retries, -1, -1):
        try:
            system.reset(kind)
        except MachineFailed as error:
            log.error("%s reset failed: %s; %d more tries", kind, error, left)
        else:
            return
        if left:
            await asyncio.sleep(PAUSE_S)
