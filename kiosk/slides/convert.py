"""The remedy for pictures in a wrong format: fitted into 1366 x 768 without stretching, plain RGB, PNG."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from kiosk.model.errors import BadFile
from kiosk.slides.check import HEIGHT_PX, WIDTH_PX, check_name, require

MAX_PIXELS: Final = 64 * 1024 * 1024
"""Largest source taken in: about eight times a 4K picture, 200 MB when decoded."""
_GROUND: Final = (0xF4, 0xF3, 0xEE)  # page ground by day, as in the design tokens


def convert(src: Path, dst: Path, ground: tuple[int, int, int] = _GROUND) -> None:
    """Write ``src`` (any picture that Pillow reads) to ``dst`` as a picture that the screen can show.

    The whole picture stays visible and keeps its proportions; what is left of 1366 x 768 is filled with ``ground``
    (red, green, blue, 0-255), and so is what was transparent. ``dst`` is replaced atomically.
    Raises BadFile where ``src`` cannot be read as a picture or ``dst`` has a name that is not allowed.
    """
    for finding in check_name(dst.name):
        raise BadFile(dst, finding.reason, finding.remedy)
    try:
        with Image.open(src) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise BadFile(src, f"it has {opened.width} x {opened.height} pixels", "scale it down first")
            fitted = _fit(opened, ground)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadFile(
            src, f"it cannot be read as a picture ({error})", "export it as PNG, JPEG or WebP and try again"
        ) from error
    part = dst.with_name(f".{dst.name}.part")
    try:
        fitted.save(part, format="PNG", optimize=True)
        os.replace(part, dst)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadFile(dst, f"it cannot be written ({error.strerror or error})", "check the folder") from error
    require(dst)


def _fit(picture: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    upright = ImageOps.exif_transpose(picture).convert("RGBA")  # cameras store the turn, not the turned picture
    scale = min(WIDTH_PX / upright.width, HEIGHT_PX / upright.height)
    size = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
    scaled = upright.resize(size, Image.Resampling.LANCZOS)
    page = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), ground)
    page.paste(scaled, ((WIDTH_PX - size[0]) // 2, (HEIGHT_PX - size[1]) // 2), scaled)
    return page
