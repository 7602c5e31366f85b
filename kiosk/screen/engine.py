"""What every QML engine of ours needs before it loads a page: the module path, the drawings, the font.

Importing this module also makes the Python types of the module ``Kiosk`` known.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import font_manrope
from PySide6.QtGui import QFontDatabase
from PySide6.QtQml import QQmlEngine

import kiosk.screen.slideshow
import kiosk.screen.view  # noqa: F401 - both register their QML types
from kiosk.screen.art import ArtProvider

log = logging.getLogger(__name__)

QML_DIR: Final = Path(__file__).resolve().parent / "qml"
WEIGHTS: Final = ("Medium", "Bold", "ExtraBold")
"""The three weights of the design; every further file costs start time."""


def prepare(engine: QQmlEngine) -> None:
    """Make ``engine`` ready for ``Main.qml``. A QGuiApplication must exist."""
    engine.addImportPath(str(QML_DIR))
    engine.addImageProvider("art", ArtProvider())
    load_fonts()


def load_fonts() -> None:
    """Manrope from its package, the same on every machine."""
    folder = Path(font_manrope.__file__).parent / "files"
    for weight in WEIGHTS:
        path = folder / f"Manrope-{weight}.ttf"
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            log.error("the font %s cannot be loaded", path)
