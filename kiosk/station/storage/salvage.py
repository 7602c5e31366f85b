"""What can still be read of a damaged file: the small tables, so that a station keeps its address and its lists,
and the sessions that run or are owed to the backend (``rescue``), so that nobody charges for nothing.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Final

from kiosk.station.storage.rescue import rescue

log = logging.getLogger(__name__)

TABLES: Final = ("settings", "meta", "availability", "tags", "charging_profiles", "reservations")


def salvage(fresh: sqlite3.Connection, damaged: Path) -> dict[str, int]:
    """Copy the readable small tables of ``damaged`` into ``fresh``; table to number of rows. A table goes whole.

    Raises sqlite3.Error only when ``fresh`` cannot be written.
    """
    saved: dict[str, int] = {}
    lost: list[str] = []
    old = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)
    try:
        sessions, facts = rescue(fresh, old)
        saved["transactions"], saved["facts"] = sessions, facts
        for table in TABLES:
            columns = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})")]
            try:
                rows = old.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            except sqlite3.Error as error:
                lost.append(f"{table} ({error})")
                continue
            saved[table] = _insert(fresh, table, columns, rows)
    finally:
        old.close()
    if lost:
        log.warning("%s: cannot be read, so cannot be saved: %s", damaged.name, ", ".join(lost))
    return saved


def _insert(fresh: sqlite3.Connection, table: str, columns: list[str], rows: list[tuple[object, ...]]) -> int:
    """Rows that break a rule of the table are left out; the number of the others."""
    marks = ", ".join("?" * len(columns))
    before = fresh.total_changes
    fresh.execute("BEGIN IMMEDIATE")
    try:
        for row in rows:
            try:
                fresh.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)
            except sqlite3.IntegrityError as error:
                log.warning("a row of %s is damaged and left out: %s", table, error)
        fresh.execute("COMMIT")
    except sqlite3.Error:
        fresh.execute("ROLLBACK")
        raise
    return fresh.total_changes - before
