"""What every QML engine of the screen needs before it loads a page: module path, drawings, fonts, singletons.

``prepare(engine)``, then ``engine.load(MAIN_QML)``; the engine makes ``Station`` and ``Slides`` on first use.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from PySide6.QtGui import QFontDatabase
from PySide6.QtQml import QQmlEngine

# These two register their types; done after an engine exists, QML no longer takes any item for a QObject.
import kiosk.screen.slideshow
import kiosk.screen.view  # noqa: F401
from kiosk.screen.art import ArtProvider

log = logging.getLogger(__name__)

QML_DIR: Final = Path(__file__).resolve().parent / "qml"
MAIN_QML: Final = QML_DIR / "Main.qml"
FAMILY: Final = "Manrope"
WEIGHTS: Final = ("Medium", "Bold", "ExtraBold")

_loaded_fonts: list[int] = []


def load_fonts() -> None:
    """Manrope in the three weights in use, from its package: never a font of the machine. Once per process."""
    if _loaded_fonts:
        return
    import font_manrope

    folder = Path(font_manrope.__file__).parent / "files"
    for weight in WEIGHTS:
        number = QFontDatabase.addApplicationFont(str(folder / f"Manrope-{weight}.ttf"))
        if number < 0:
            log.error("font %s %s cannot be read from %s", FAMILY, weight, folder)
        else:
            _loaded_fonts.append(number)


def prepare(engine: QQmlEngine) -> None:
    """Needs a running ``QGuiApplication``."""
    load_fonts()
    engine.addImportPath(str(QML_DIR))
    engine.addImageProvider("art", ArtProvider())
