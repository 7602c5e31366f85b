"""Rows ``firmware.*`` and ``diagnostics.*`` of the local link's method table as calls of ``commands.files``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from kiosk.link import file_messages as f
from kiosk.link.messages import Nothing, Params
from kiosk.station.commands.files import Files

Handlers = dict[str, Callable[[Any], Awaitable[Params]]]


def handlers(files: Files) -> Handlers:
    """Method name → handler."""

    async def install(p: f.FirmwareFile) -> f.FirmwareTaken:
        return f.FirmwareTaken(version=await files.install(Path(p.path)))

    async def status(_: Nothing) -> f.FirmwareState:
        return f.FirmwareState(**msgspec.structs.asdict(files.firmware_view()))

    async def archive(_: Nothing) -> f.Archive:
        return f.Archive(path=str(await files.archive()))

    return {"firmware.install": install, "firmware.status": status, "diagnostics.archive": archive}
