"""One way to log for all programs: lines in UTC on standard error, for a journal or a terminal.

Loggers are named by room (``kiosk.station.ocpp``); a line about one connector starts with its name
(``CCS1``, as service technicians know it). Secrets and idTags beyond their first characters are never logged, and
whatever stands before the ``@`` of an address is cut out of every line. A message is one line of bounded length:
what a backend says may be quoted in it, and must not look like a line of ours.

The core keeps its lines in files of bounded size too: they are what diagnostics are made of.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

CORE: Final = Path("logs") / "core.log"
"""The core's log, in the data folder."""
FILE_BYTES: Final = 1_000_000
FILES: Final = 6
"""So many files of that size, the newest without a number."""
_STAMP: Final = "%Y-%m-%dT%H:%M:%S"
LONGEST: Final = 2000
"""Characters of a message; what goes beyond is left out."""
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_CREDENTIALS: Final = re.compile(r"(?<=://)[^\s/@]+@")


class _Formatter(logging.Formatter):
    def __init__(self, program: str) -> None:
        text = f"%(asctime)s.%(msecs)03dZ {program} %(levelname)-7s %(name)s: %(message)s"
        super().__init__(text, datefmt=_STAMP)
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        message = record.message
        cut = f"{message[:LONGEST]}… ({len(message)} characters)" if len(message) > LONGEST else message
        record.message = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], cut)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return _CREDENTIALS.sub("", super().format(record))


class _Files(RotatingFileHandler):
    """Only the station's own user may read them. Where a line cannot be written, that is told once."""

    _told = False

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        # what could not be written stays in the stream and would fail again with every line
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
        if not self._told:
            self._told = True
            sys.stderr.write(f"{self.baseFilename}: {error.strerror or error}; the log is not kept\n")

    def close(self) -> None:
        with suppress(OSError):  # on a full disk; every line is on standard error too
            super().close()


def configure(program: str, level: int = logging.INFO) -> None:
    """Set up the root logger of a program. Call once, from its ``main``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(program))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


@contextmanager
def keeping(program: str, path: Path) -> Iterator[None]:
    """Write every line to ``path`` as well, and to ``path``.1 and so on; where that cannot be, it is told."""
    root = logging.getLogger()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _Files(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).warning("%s: %s; the log is not kept", path, error.strerror)
        yield
        return
    handler.setFormatter(_Formatter(program))
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def kept(path: Path, oldest: datetime | None, latest: datetime | None) -> Iterator[str]:
    """The lines of that time, oldest first, both ends included; None: open. Raises OSError.

    A line without a time belongs to the one before it.
    """
    inside = oldest is None
    for each in reversed([path, *(path.with_name(f"{path.name}.{n}") for n in range(1, FILES))]):
        try:
            file = each.open(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        with file:
            for line in file:
                at = _time_of(line)
                if at is not None:
                    inside = (oldest is None or at >= oldest) and (latest is None or at <= latest)
                if inside:
                    yield line


def _time_of(line: str) -> datetime | None:
    try:
        return datetime.strptime(line[:23], f"{_STAMP}.%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def mask(id_tag: str | None) -> str:
    """An idTag for the log: enough to recognise, not enough to use."""
    if not id_tag:
        return "-"
    return id_tag if id_tag.startswith("HycKioskTag") else f"{id_tag[:4]}…"
