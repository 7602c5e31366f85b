"""``kiosk screenshot``: what the driver sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Data


def screenshot(
    data: Data, file: Annotated[Path, typer.Argument(metavar="FILE.png", help="Where to put the picture.")]
) -> None:
    """Take a picture of the driver's screen, wherever it is drawn.

    Example: kiosk screenshot now.png
    """
    import asyncio
    import os

    from kiosk.link.client import one_shot_grab
    from kiosk.model.errors import BadFile

    if file.suffix.lower() != ".png":
        raise typer.BadParameter(f"{file}: the picture is a PNG, so its name ends in .png")
    grabbed, png = asyncio.run(one_shot_grab(data.expanduser()))
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_bytes(png)
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BadFile(
            file, error.strerror or str(error), "name a file in a folder that you may write to"
        ) from error
    common.say(f"{file}: {grabbed.width}x{grabbed.height}, {len(png) // 1024} KiB")
