"""Firmware images and the two slots they are installed in.

An image of the simulated machine is a text header, an empty line, and whatever the firmware is::

    kiosk-firmware 1
    version=2.5.0
    sha256=<64 hex digits: SHA-256 of everything after the empty line>

So a truncated, damaged or foreign file is found out, and ``InstallationFailed`` means something; ``pack`` makes
one. The slot that does not run is written; the boot loader turns to it at the next start, and stays with the old
one when the new one is damaged.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Protocol

import msgspec

from kiosk.model.errors import BadFile
from kiosk.station.system.cord import keep_room, sync_folder

log = logging.getLogger(__name__)

MAGIC: Final = b"kiosk-firmware 1\n"
LONGEST_HEADER: Final = 512
LONGEST_VERSION: Final = 50
"""CiString50 of BootNotification.req firmwareVersion."""
_HEADER: Final = re.compile(rb"kiosk-firmware 1\nversion=([\x21-\x7e]{1,50})\nsha256=([0-9a-f]{64})\n\n")
_BLOCK: Final = 1024 * 1024
_REMEDY: Final = "give an image made by `kiosk firmware pack`"


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of an image says. ``begins_at``: offset of the firmware in the file."""

    version: str
    sha256: str
    begins_at: int


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What the boot loader started. ``version``: empty for the firmware the station was delivered with.

    ``job``: id of the update that installed it.
    """

    version: str = ""
    job: str = ""


class FirmwareSlots(Protocol):
    """Where firmware lives. All calls may block for as long as a disk needs; they run in a thread."""

    def boot(self) -> Running:
        """Called once, early, by every start: what runs now. Never raises for a damaged slot: the other runs."""
        ...

    def install(self, image: Path, job: str, check: Callable[[], None]) -> str:
        """Write ``image`` to the slot that does not run and make it the next to start; returns its version.

        ``check`` is called every few blocks and raises what is to end the work. Doing it twice does no harm.
        Raises BadFile for an image that is none, OSError.
        """
        ...


def read_header(image: Path) -> Image:
    """Raises BadFile when this is no firmware image, OSError."""
    with image.open("rb") as file:
        match = _HEADER.match(file.read(LONGEST_HEADER))
    if match is None:
        raise BadFile(image.name, "it is no firmware image of this station", _REMEDY)
    return Image(version=match[1].decode("ascii"), sha256=match[2].decode("ascii"), begins_at=match.end())


def pack(payload: Path, version: str, image: Path) -> Image:
    """Make an image of ``payload``. Raises BadFile for a version that does not fit, OSError."""
    with payload.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    header = MAGIC + f"version={version}\nsha256={digest}\n\n".encode("utf-8", "replace")
    if not _HEADER.fullmatch(header):
        problem = f"version {version!r} is not 1 to {LONGEST_VERSION} printable ASCII characters without spaces"
        raise BadFile(image, problem, "choose another, for example 2.5.0")
    with payload.open("rb") as source, image.open("wb") as target:
        target.write(header)
        while block := source.read(_BLOCK):
            target.write(block)
    return read_header(image)


class _Slot(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    sha256: str
    job: str


class _Book(msgspec.Struct, frozen=True, kw_only=True):
    """What the boot loader keeps. ``active``: empty while the delivered firmware runs; ``next``: to be started."""

    active: str = ""
    next: str = ""
    slots: dict[str, _Slot] = msgspec.field(default_factory=dict)


class SimulatedSlots:
    """Two slots as files of a folder; nothing of this computer is changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._book_path = folder / "slots.json"

    def boot(self) -> Running:
        book = self._book()
        if book.next:
            whole = self._whole(book.next, book.slots.get(book.next))
            if not whole:
                log.warning("firmware slot %s is damaged; the station stays with what it had", book.next)
            book = msgspec.structs.replace(book, active=book.next if whole else book.active, next="")
            self._keep(book)
        slot = book.slots.get(book.active)
        return Running(version=slot.version, job=slot.job) if slot is not None else Running()

    def install(self, image: Path, job: str, check: Callable[[], None]) -> str:
        header = read_header(image)
        book = self._book()
        spare = "B" if book.active == "A" else "A"
        if book.next == spare:  # it is written anew: until that is done, nothing may start from it
            book = msgspec.structs.replace(book, next="")
            self._keep(book)
        self._folder.mkdir(parents=True, exist_ok=True)
        keep_room(image.stat().st_size, self._folder)
        digest = hashlib.sha256()
        size = 0
        with image.open("rb") as source, self._file(spare).open("wb") as target:
            source.seek(header.begins_at)
            while block := source.read(_BLOCK):
                check()
                digest.update(block)
                size += len(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        if size == 0:
            raise BadFile(image.name, "the image holds no firmware", _REMEDY)
        if digest.hexdigest() != header.sha256:
            raise BadFile(image.name, "the image is damaged: its checksum does not fit", "transfer it again")
        check()
        slot = _Slot(version=header.version, sha256=header.sha256, job=job)
        self._keep(msgspec.structs.replace(book, next=spare, slots=book.slots | {spare: slot}))
        return header.version

    def _file(self, slot: str) -> Path:
        return self._folder / f"slot-{slot}.bin"

    def _whole(self, name: str, slot: _Slot | None) -> bool:
        if slot is None:
            return False
        try:
            with self._file(name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == slot.sha256
        except OSError as error:
            log.warning("firmware slot %s cannot be read: %s", name, error.strerror)
            return False

    def _book(self) -> _Book:
        try:
            return msgspec.json.decode(self._book_path.read_bytes(), type=_Book)
        except FileNotFoundError:
            return _Book()
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s is unreadable, the delivered firmware runs: %s", self._book_path, error)
            return _Book()

    def _keep(self, book: _Book) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".slots-", dir=self._folder)
        file: IO[bytes]
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(book))
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self._book_path)
        sync_folder(self._folder)
