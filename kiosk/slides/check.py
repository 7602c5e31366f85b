"""Is this file a picture the screen can show? Every finding comes with its remedy (decision 14)."""

from __future__ import annotations

import re
import struct
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from kiosk.model.errors import BadFile

WIDTH_PX: Final = 1366
HEIGHT_PX: Final = 768
HEAD_BYTES: Final = 33
"""Signature and IHDR chunk: all that ``check_head`` needs."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""An uncompressed picture of that size has 3 MiB (6 with 16 bits); beyond this a file is not one of ours."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_CONVERT: Final = "convert it"


class Problem(StrEnum):
    """What can be wrong with a file."""

    NAME = "name"  # a character outside the allowed ones, or hidden
    UNREADABLE = "unreadable"  # the system does not let us read it
    TOO_BIG = "too_big"  # more bytes than a picture of that size can need
    NOT_PNG = "not_png"  # by content, whatever the name says
    SIZE = "size"  # not exactly 1366 x 768
    MODE = "mode"  # alpha, palette, grey, or one colour marked as transparent
    BROKEN = "broken"  # begins well but cannot be decoded


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with one file, and what to do about it."""

    problem: Problem
    reason: str
    remedy: str

    @property
    def convertible(self) -> bool:
        """True where ``convert`` mends it."""
        return self.problem in (Problem.NOT_PNG, Problem.SIZE, Problem.MODE)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the first 33 bytes of a PNG say (PNG specification, IHDR)."""

    width_px: int
    height_px: int
    bit_depth: int
    colour_type: int  # 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha


_MODES: Final = {0: "grey", 3: "a palette", 4: "grey with alpha", 6: "RGB with alpha"}


def check_name(name: str) -> list[Finding]:
    """Findings about the name alone; ``name`` is without folder."""
    if name.startswith("."):
        return [_name(f"the name {name!r} begins with a dot, such files are hidden")]
    if not _NAME.fullmatch(name):
        wrong = "".join(sorted({c for c in name if not _NAME.fullmatch(c)}))
        return [_name(f"the name {name!r} contains {wrong!r}" if wrong else "the name is empty")]
    return []


def _name(reason: str) -> Finding:
    return Finding(
        problem=Problem.NAME, reason=reason, remedy="rename it with letters A to Z, digits, '_', '-' and '.' only"
    )


def read_head(head: bytes) -> Head | None:
    """The picture's format from its first bytes; None where they are not a PNG's."""
    if len(head) < HEAD_BYTES or not head.startswith(_SIGNATURE) or head[12:16] != b"IHDR":
        return None
    width_px, height_px, bit_depth, colour_type = struct.unpack(">IIBB", head[16:26])
    return Head(width_px=width_px, height_px=height_px, bit_depth=bit_depth, colour_type=colour_type)


def check_head(head: bytes) -> list[Finding]:
    """Findings about format, size and colours from the first ``HEAD_BYTES`` of a file."""
    found = read_head(head)
    if found is None:
        return [Finding(problem=Problem.NOT_PNG, reason="it is not a PNG picture", remedy=f"{_CONVERT} to PNG")]
    findings = []
    if (found.width_px, found.height_px) != (WIDTH_PX, HEIGHT_PX):
        findings.append(
            Finding(
                problem=Problem.SIZE,
                reason=f"it is {found.width_px} x {found.height_px} pixels, not {WIDTH_PX} x {HEIGHT_PX}",
                remedy=f"{_CONVERT} or export it in exactly that size",
            )
        )
    if found.colour_type != 2:
        what = _MODES.get(found.colour_type, "an unknown colour type")
        findings.append(
            Finding(
                problem=Problem.MODE, reason=f"its colours are {what}, not RGB", remedy=f"{_CONVERT} to plain RGB"
            )
        )
    return findings


def check_bytes(name: str, content: bytes) -> list[Finding]:
    """Everything about one file given as bytes (an upload); empty = it may be shown."""
    findings = check_name(name)
    if len(content) > MAX_BYTES:
        findings.append(too_big(len(content)))
        return findings
    of_head = check_head(content[:HEAD_BYTES])
    return findings + (of_head or _check_content(content))


def check_file(path: Path) -> list[Finding]:
    """Everything about one file on disk; empty = it may be shown. Never raises for a bad file."""
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_BYTES:
            return [*check_name(path.name), too_big(size_bytes)]
        content = path.read_bytes()
    except OSError as error:
        return [*check_name(path.name), unreadable(error)]
    return check_bytes(path.name, content)


def require(path: Path) -> None:
    """Raises BadFile, with every reason and remedy in one line, unless the file may be shown."""
    findings = check_file(path)
    if findings:
        raise BadFile(
            path,
            "; ".join(f.reason for f in findings),
            "; ".join(dict.fromkeys(f.remedy for f in findings)),
        )


def unreadable(error: OSError) -> Finding:
    """The finding for a file that the system does not let us read."""
    return Finding(
        problem=Problem.UNREADABLE,
        reason=f"it cannot be read ({error.strerror or error})",
        remedy="check that the file is there and readable",
    )


def too_big(size_bytes: int) -> Finding:
    """The finding for a file with more bytes than a picture of that size can need."""
    return Finding(
        problem=Problem.TOO_BIG,
        reason=f"it has {size_bytes / 1_048_576:.0f} MiB, more than {MAX_BYTES // 1_048_576}",
        remedy="export it again as a plain PNG",
    )


def _check_content(content: bytes) -> list[Finding]:
    """Decode in full: cut-off files, wrong checksums, hidden transparency."""
    import io

    from PIL import Image  # here: the screen judges by the first bytes and need not load it

    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            picture.load()
            transparent = "transparency" in picture.info
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return [
            Finding(
                problem=Problem.BROKEN,
                reason=f"it is damaged ({error})",
                remedy="export it again, or copy it again in full",
            )
        ]
    if transparent:
        return [
            Finding(
                problem=Problem.MODE,
                reason="it marks one colour as transparent",
                remedy=f"{_CONVERT} to plain RGB",
            )
        ]
    return []
