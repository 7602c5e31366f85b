"""The only finder of assets, locales and data folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

LAUNCHER_LOCK_FILE: Final = "run.lock"
"""In the data folder, locked as long as a ``kiosk run`` lives."""
_PACKAGE = Path(__file__).resolve().parent.parent


def _shared(name: str) -> Path:
    """A folder that stands beside the package in a checkout and inside it in a wheel."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def assets() -> Path:
    """Standard welcome images, demo slides, icons, documentation pages."""
    return _shared("assets")


def locales() -> Path:
    """``<lang>/LC_MESSAGES/kiosk.po`` of the 19 languages."""
    return _shared("locales")


def program(python: str, module: str) -> list[str]:
    """Command that runs a module of ours, whatever lies in the current folder."""
    # without -P Python looks there first: a select.py would stand in for the library's, a kiosk/ for us
    return [python, "-P", "-m", module]


def default_data_dir() -> Path:
    """``$KIOSK_DATA``, else ``~/.local/share/kiosk`` (or ``$XDG_DATA_HOME/kiosk``)."""
    given = os.environ.get("KIOSK_DATA")
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "kiosk"
