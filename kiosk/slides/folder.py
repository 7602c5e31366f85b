"""Reading folders of pictures cheaply: names once per change of the folder, stamps of single files when needed.

Plain blocking calls for a worker thread; none of them raises for what an operator's folder may contain.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import msgspec

from kiosk.slides.check import HEAD_BYTES, MAX_BYTES, Finding, check_head, too_big, unreadable
from kiosk.slides.playlist import Item, Kind, standard_image

SETTLE_S: Final = 2.0
"""A folder that changed less than this ago is read again: two changes may share one time stamp."""


class Stamp(msgspec.Struct, frozen=True):
    """What tells one content of a path from another without reading it."""

    path: str
    inode: int = 0
    size_bytes: int = 0
    modified_ns: int = 0


class Listing(msgspec.Struct, frozen=True):
    """Names in a folder at one moment; an absent folder is an empty one."""

    names: tuple[str, ...] = ()
    modified_ns: int | None = None  # of the folder; None = absent, or still settling: read it again
    error: str | None = None


def read(folder: Path, before: Listing | None = None, now_s: float | None = None) -> Listing:
    """The names of all plain files in ``folder``; returns ``before`` itself when nothing changed.

    ``now_s``: seconds since the epoch (the machine's clock, which also stamps the folder).
    """
    now_s = time.time() if now_s is None else now_s
    try:
        modified_ns = folder.stat().st_mtime_ns
        if before is not None and before.modified_ns == modified_ns:
            return before
        with os.scandir(folder) as entries:
            names = tuple(sorted(e.name for e in entries if not e.name.startswith(".") and e.is_file()))
    except FileNotFoundError:
        found = Listing()
    except OSError as error:
        found = Listing(error=f"{folder}: {error.strerror or error}")
    else:
        settled = abs(now_s - modified_ns / 1e9) >= SETTLE_S
        found = Listing(names, modified_ns if settled else None)
    return before if found == before else found


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """The file that stands for an item now, and what is wrong with it (empty = show it)."""

    item: Item
    stamp: Stamp
    standard: bool = False  # ours, because the operator's is missing or cannot be shown
    findings: tuple[Finding, ...] = ()
    own_path: str = ""  # of the operator's file that is there but cannot be shown, where ours stands in
    own_findings: tuple[Finding, ...] = ()


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pictures are, and in which language ours are to be."""

    welcome: Path | None
    slides: Path | None
    language: str

    def look(self, item: Item, undecodable: Stamp | None = None) -> Candidate:
        """The file for ``item`` now. A missing or wrong welcome image gives our standard one (decision 15), and
        so does one whose content is ``undecodable``."""
        if item.kind is Kind.SLIDE:
            return _judge(item, self.slides / item.name) if self.slides else _absent(item)
        ours = _judge(item, standard_image(item.kind, self.language))
        if self.welcome is None:
            return msgspec.structs.replace(ours, standard=True)
        own = _judge(item, self.welcome / item.name)
        if not own.findings and own.stamp != undecodable:
            return own
        there = own.stamp.inode != 0
        return msgspec.structs.replace(
            ours,
            standard=True,
            own_path=own.stamp.path if there else "",
            own_findings=own.findings if there else (),
        )


def _absent(item: Item) -> Candidate:
    return Candidate(item=item, stamp=Stamp(""), findings=(unreadable(OSError(2, "no folder is set")),))


def _judge(item: Item, path: Path) -> Candidate:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            head = file.read(HEAD_BYTES)
    except OSError as error:
        return Candidate(item=item, stamp=Stamp(str(path)), findings=(unreadable(error),))
    stamp = Stamp(str(path), status.st_ino, status.st_size, status.st_mtime_ns)
    findings = check_head(head)
    if status.st_size > MAX_BYTES:
        findings.append(too_big(status.st_size))
    return Candidate(item=item, stamp=stamp, findings=tuple(findings))
