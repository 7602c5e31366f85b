"""The file and its thread: one queue, one connection, one committed SQL transaction per call."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Final, TypeVar

from kiosk.model.clock import Clock
from kiosk.model.disk import is_full, unwritten
from kiosk.model.errors import StorageFailed
from kiosk.station.storage import migrations
from kiosk.station.storage.salvage import salvage
from kiosk.station.storage.worker import Worker

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 5000
CHECKED_AT_OPEN: Final = ("meta", "settings", "availability", "checkpoints")
"""Small tables, checked page by page at every open; the others would cost more than the start may take."""

WORTH_COMPACTING: Final = 16_000_000
"""Bytes; fewer free ones are left for the next sessions."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDIES: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space in {folder}"),
    sqlite3.SQLITE_READONLY: ("the file or its folder is read-only", "make {folder} writable"),
    sqlite3.SQLITE_CANTOPEN: ("the file cannot be opened", "check that {folder} exists and is writable"),
    sqlite3.SQLITE_PERM: ("access is denied", "make {folder} writable for this user"),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "check the disk that holds {folder}"),
    sqlite3.SQLITE_BUSY: ("another program holds it", "close the program that has {path} open"),
    sqlite3.SQLITE_LOCKED: ("another program holds it", "close the program that has {path} open"),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", "restart: it is then set aside and a fresh one begun"),
    sqlite3.SQLITE_NOTADB: ("the file is damaged", "restart: it is then set aside and a fresh one begun"),
}


_MAY_BE_FULL: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
"""What SQLite makes of a full disk where it is not about the file itself but about those beside it."""


class Damaged(Exception):
    """The file is not a database, or its pages do not fit together."""


class Database:
    """Owner of the database. Every call runs on its own thread, in the order of the calls.

    A call whose awaiting task is cancelled before its turn is dropped; after its turn began, it is committed.
    """

    def __init__(self, path: Path, clock: Clock, worker: Worker) -> None:
        self.path = path
        self.clock = clock
        self._worker = worker
        self._connection: sqlite3.Connection | None = None
        self.damage = ""  # what an operator is to know of the file that was found at the start

    @classmethod
    async def open(cls, path: Path, clock: Clock) -> Database:
        """Open or create the file and bring its layout up to date.

        A damaged file is renamed to ``<name>.corrupt-<time>``, a fresh one begun, and its settings and tags saved
        as far as they can be read. Raises StorageFailed when the file cannot be opened or written, BadFile when a
        newer program wrote it.
        """
        database = cls(path, clock, Worker("storage"))
        try:
            await database._worker.do(database._open)
        except BaseException:
            database._worker.leave()
            raise
        return database

    async def run(
        self, work: Callable[[sqlite3.Connection], T], committed: Callable[[T], None] | None = None
    ) -> T:
        """Do ``work`` on the thread, in one SQL transaction, committed to the disk before this returns.

        ``committed`` is called with its result on the thread, only and always when the commit succeeded, even if
        nobody waits any more.

        Whatever ``work`` raises rolls back and comes out here; trouble with the file comes as StorageFailed.
        """
        return await self._worker.do(self._transact, work, committed)

    async def check(self) -> list[str]:
        """Read the whole file for damage; the problems found, empty when sound.

        Takes seconds on a large file, during which nothing is written: meant for an idle hour. After a finding,
        the next open sets the file aside.
        """
        return await self._worker.do(self._check)

    async def compact(self) -> bool:
        """Give the disk back what was removed, where that is worth it: True when the file was written anew.

        Takes seconds on a large file, during which nothing is written: meant for an idle hour.
        """
        return await self._worker.do(self._compact)

    async def close(self) -> None:
        """Finish the queue, fold the write-ahead log into the file, end the thread. Idempotent."""
        if self._connection is None:
            return
        await self._worker.do(self._close)
        self._worker.stop()

    # --- on the thread -------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            try:
                self._connection = self._connect()
            except Damaged as damage:
                aside = self._set_aside(str(damage))
                self.damage = f"the data file was damaged; sessions that the backend has are in {aside.name} only"
                self._connection = self._connect()
                self._salvage(aside)
        except (sqlite3.Error, OSError, Damaged) as error:
            raise self._failed(error) from error

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # keys to the backend and idTags are in it; the -wal and -shm files take its mode over
        if not self.path.exists():
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif self.path.is_file() and os.access(self.path, os.W_OK):
            if self.path.stat().st_size == 0:  # SQLite would take it for a new one and say nothing
                raise Damaged("it is empty")
            self.path.chmod(0o600)
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            applied = migrations.migrate(connection, self.path, migrations.load())
            if applied:
                log.info("%s: layout brought up to date: %s", self.path, ", ".join(applied))
            whole = self._suspect.exists()
            problems = _problems(connection, () if whole else CHECKED_AT_OPEN)
            if problems:
                raise Damaged("; ".join(problems))
            self._suspect.unlink(missing_ok=True)
        except sqlite3.DatabaseError as error:
            connection.close()
            if _code(error) in _DAMAGED:
                raise Damaged(str(error)) from error
            raise
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, damage: str) -> Path:
        stamp = self.clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = _free_name(self.path.with_name(f"{self.path.name}.corrupt-{stamp}"))
        for suffix in ("", "-wal", "-shm"):
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                source.rename(aside.with_name(aside.name + suffix))
        self._suspect.unlink(missing_ok=True)
        log.error("%s is damaged (%s): kept as %s, a fresh one is begun", self.path, damage, aside.name)
        return aside

    def _salvage(self, aside: Path) -> None:
        assert self._connection is not None
        try:
            saved = salvage(self._connection, aside)
        except sqlite3.Error as error:
            log.error("%s: nothing more can be saved: %s", aside.name, error)
        else:
            log.info("saved from %s: %s", aside.name, saved)

    def _transact(self, work: Callable[[sqlite3.Connection], T], committed: Callable[[T], None] | None) -> T:
        connection = self._connection
        if connection is None:
            raise StorageFailed(f"{self.path}: cannot be used: it is closed; start the station core again")
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise  # our own mistake, not the disk's
        except sqlite3.DatabaseError as error:
            if _code(error) == sqlite3.SQLITE_ERROR:
                raise  # bad SQL: our own mistake too
            if _code(error) in _DAMAGED:
                self._mark_suspect()
            raise self._failed(error) from error
        if committed is not None:
            committed(result)
        return result

    def _check(self) -> list[str]:
        assert self._connection is not None
        problems = _problems(self._connection, ())
        if problems:
            self._mark_suspect()
            log.error("%s is damaged: %s", self.path, "; ".join(problems))
        return problems

    def _compact(self) -> bool:
        assert self._connection is not None
        try:
            pages, free, size = (
                int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
            if free * size < WORTH_COMPACTING or free * 4 < pages:
                return False
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            # a full disk, most likely: the file as it was is whole, and its free pages are used again
            log.warning("%s: not made smaller: %s", self.path, error)
            return False
        log.info("%s: %d MB given back", self.path, free * size // 1_000_000)
        return True

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.execute("PRAGMA optimize")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            # everything is committed in the log already; the next open folds it in
            log.warning("%s: not tidied at close: %s", self.path, error)
        finally:
            connection.close()

    # --- helpers -------------------------------------------------------------------------------------------

    @property
    def _suspect(self) -> Path:
        """Marker beside the file: read it whole at the next open."""
        return self.path.with_name(self.path.name + ".suspect")

    def _mark_suspect(self) -> None:
        try:
            self._suspect.touch()
        except OSError as error:
            log.warning("%s: cannot be marked for a check: %s", self.path, error)

    def _failed(self, error: Exception) -> StorageFailed:
        if isinstance(error, OSError):
            return unwritten(self.path, error)
        else:
            code = _code(error) if isinstance(error, sqlite3.Error) else sqlite3.SQLITE_CORRUPT
            if code in _MAY_BE_FULL and is_full(self.path.parent):
                code = sqlite3.SQLITE_FULL
            problem, remedy = _REMEDIES.get(code, (str(error), "check the disk that holds {folder}"))
        advice = remedy.format(folder=self.path.parent, path=self.path)
        return StorageFailed(f"{self.path}: cannot be written: {problem}; {advice}")


def _problems(connection: sqlite3.Connection, tables: tuple[str, ...]) -> list[str]:
    """What quick_check finds in ``tables`` (empty: in the whole file)."""
    try:
        rows = [
            str(row[0])
            for pragma in ([f"quick_check({t})" for t in tables] or ["quick_check(10)"])
            for row in connection.execute(f"PRAGMA {pragma}")
        ]
    except sqlite3.DatabaseError as error:
        if _code(error) in _DAMAGED:
            return [str(error)]
        raise
    return [row for row in rows if row != "ok"]


def _code(error: sqlite3.Error) -> int:
    """Primary result code; Python leaves it out where SQLite was not asked."""
    return (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF


def _free_name(path: Path) -> Path:
    candidate, n = path, 1
    while candidate.exists():
        n += 1
        candidate = path.with_name(f"{path.name}-{n}")
    return candidate
