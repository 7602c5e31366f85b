"""What is said when a file cannot be written: the same true sentence wherever it is noticed."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import Final

from kiosk.model.errors import StorageFailed

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PROBE_BYTES: Final = 65_536
"""As much as the smallest of our files may want at once."""


def means_full(error: OSError) -> bool:
    """The disk, the quota or the limit is used up."""
    return error.errno in _FULL


def is_full(folder: Path) -> bool:
    """Whether nothing more can be written there; for errors that do not tell."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
    except OSError as error:
        return means_full(error)
    return False


def unwritten(path: Path, error: OSError) -> StorageFailed:
    """For people: ``path`` cannot be written, why, and what helps."""
    if means_full(error):
        problem, remedy = "the disk is full", f"free some space in {path.parent}"
    else:
        problem, remedy = error.strerror or str(error), f"make {path.parent} writable for this user"
    return StorageFailed(f"{path}: cannot be written: {problem}; {remedy}")
