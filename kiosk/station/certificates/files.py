"""Files that are whole or not there, whatever the power does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".new-"
"""Prefix of what was not complete when the power went."""


def folder(path: Path) -> None:
    """Make a folder for the owner alone."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def write(path: Path, data: bytes) -> None:
    """The old content or the new, never a part; on the disk when this returns. Raises OSError."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    _write(unfinished, data)
    unfinished.replace(path)
    _sync(path.parent)


def write_folder(path: Path, content: Mapping[str, bytes]) -> None:
    """A new folder with all its files, or none. Raises OSError, also where ``path`` exists already."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    for name, data in content.items():
        _write(unfinished / name, data)
    _sync(unfinished)
    unfinished.rename(path)
    _sync(path.parent)


def remove(path: Path) -> None:
    """Gone for good when this returns. Raises OSError."""
    if path.is_dir():
        gone = path.with_name(f"{UNFINISHED}gone-{path.name}")
        path.rename(gone)  # at once out of the way; a half-emptied folder must not look like a pair
        _sync(path.parent)
        shutil.rmtree(gone)
    else:
        path.unlink()
    _sync(path.parent)


def tidy(path: Path) -> None:
    """Remove what was left unfinished."""
    for left in path.glob(f"{UNFINISHED}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with suppress(OSError):
                left.unlink()


def _write(path: Path, data: bytes) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
