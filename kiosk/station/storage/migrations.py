"""Numbered SQL files, applied in order, each in one SQL transaction together with its number."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import msgspec

from kiosk.model.errors import BadFile

_FOLDER = Path(__file__).resolve().parent / "migrations"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    name: str
    sql: str


def load(folder: Path = _FOLDER) -> list[Migration]:
    """The migrations in ``folder``, oldest first. Raises ValueError when a number is missing or doubled."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path}: a migration is named NNNN_words.sql")
        found.append(Migration(version=int(match[1]), name=path.stem, sql=path.read_text("utf-8")))
    numbers = [m.version for m in found]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"{folder}: migrations must count 1, 2, 3 ..., found {numbers}")
    return found


def version_of(connection: sqlite3.Connection) -> int:
    """Number of the last applied migration; 0 for an empty file."""
    row = connection.execute("PRAGMA user_version").fetchone()
    return int(row[0])


def migrate(connection: sqlite3.Connection, path: Path, known: list[Migration]) -> list[str]:
    """Bring the database to the newest layout; returns the names of the applied migrations.

    Raises BadFile when the file was written by a newer program: an older one would lose what it cannot read.
    """
    version = version_of(connection)
    if version > len(known):
        raise BadFile(
            path,
            f"written by a newer version of this program (layout {version}, this one knows 1 to {len(known)})",
            "install that version again, or start with another data folder",
        )
    applied = []
    for migration in known[version:]:
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{migration.sql}\nPRAGMA user_version = {migration.version};\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        applied.append(migration.name)
    return applied
