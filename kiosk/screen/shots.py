"""Still pictures of every screen: ``python -m kiosk.screen.shots DIR [--lang CODE]... [--screen NAME]...``.

One process, no display, no event loop: the software renderer draws a window that is never shown. All motion is off
and nothing depends on the time of day, so the same input gives the same picture.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from kiosk.i18n import PLUS50
from kiosk.i18n.languages import SOURCE
from kiosk.model import logs
from kiosk.model.errors import BadValue
from kiosk.screen import samples
from kiosk.screen.sample_parts import Sample

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QGuiApplication, QImage
    from PySide6.QtQml import QQmlError
    from PySide6.QtQuick import QQuickItem, QQuickWindow

    from kiosk.screen.view import StationView

PALETTES: Final = ("day", "night")
DEFAULT_LANGUAGE: Final = "en"


def prepare_environment() -> None:
    """Draw without a display and without a GPU. Before Qt starts."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_QUICK_BACKEND"] = "software"


class Studio:
    """The real screen, frozen. ``with Studio() as studio: studio.show(sample, language, palette)``."""

    def __init__(self) -> None:
        from PySide6.QtCore import QUrl
        from PySide6.QtQml import QQmlApplicationEngine

        from kiosk.screen.engine import MAIN_QML, prepare
        from kiosk.screen.translator import Language

        self.warnings: list[str] = []
        self.engine = QQmlApplicationEngine()
        self.engine.setOutputWarningsToStandardError(False)
        self.engine.warnings.connect(self._warned)
        prepare(self.engine)
        self.theme = cast("QObject", self.engine.singletonInstance("Kiosk", "Theme"))
        self.theme.setProperty("motion", False)
        self.view: StationView = cast("StationView", self.engine.singletonInstance("Kiosk", "Station"))
        self.language = Language(self.engine)
        self.engine.load(QUrl.fromLocalFile(str(MAIN_QML)))
        if not self.engine.rootObjects():
            raise RuntimeError("the screen cannot be loaded: " + "; ".join(self.warnings))
        self.window: QQuickWindow = cast("QQuickWindow", self.engine.rootObjects()[0])
        self._pages = next(
            item for item in self.window.contentItem().childItems()[0].childItems() if item.objectName() == "pages"
        )

    def _warned(self, rows: list[QQmlError]) -> None:
        for row in rows:
            if row.toString() not in self.warnings:
                self.warnings.append(row.toString())

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The engine first, while what its bindings read still exists."""
        import shiboken6

        self.language.drop()
        shiboken6.delete(self.engine)

    def show(self, wanted: Sample, language: str = DEFAULT_LANGUAGE, palette: str = "day") -> None:
        """Put ``wanted`` on the screen. Raises BadValue for an unknown language."""
        left = self._page_item()
        self.theme.setProperty("night", palette == "night")
        self.view.reset()
        self.view.set_language(language)
        self.language.use(language)
        if wanted.snapshot is not None:
            self.view.apply(wanted.snapshot)
        if wanted.tick is not None:
            self.view.tick(wanted.tick)
        self.view.set_core_lost(wanted.core_lost)
        if wanted.languages_open:
            self.view.openLanguages()
        self._hang_slide(language)
        self._bury(left)

    def _page_item(self) -> QObject | None:
        """The page that stands, but standby."""
        found = self._pages.property("item")
        return cast("QObject", found) if found else None

    def _bury(self, left: QObject | None) -> None:
        """A page that was left waits for an event loop to delete it; without one its bindings would go on."""
        import shiboken6

        if left is not None and left is not self._page_item() and shiboken6.isValid(left):
            shiboken6.delete(left)

    def _hang_slide(self, language: str) -> None:
        """Our welcome picture in the front layer: the slide show itself needs a running loop."""
        from PySide6.QtCore import QUrl

        from kiosk.slides.playlist import Kind, standard_image

        layer = next((item for item in self.items() if item.property("generation") is not None), None)
        if layer is not None:
            own = SOURCE if language == PLUS50 else language
            layer.setProperty("asynchronous", False)
            layer.setProperty("source", QUrl.fromLocalFile(str(standard_image(Kind.LOGO, own))))
            layer.setProperty("opacity", 1.0)

    def items(self) -> Iterator[QQuickItem]:
        """Every item that is visible now, parents first, as it stands in the live tree."""
        waiting = [self.window.contentItem()]
        while waiting:
            item = waiting.pop()
            if item.isVisible():
                yield item
                waiting += reversed(item.childItems())

    def grab(self) -> QImage:
        """What the window shows now, laid out and drawn."""
        return self.window.grabWindow()


def chosen(names: Sequence[str]) -> list[str]:
    """Samples by full name or by page. Raises BadValue."""
    if not names:
        return list(samples.NAMES)
    found: list[str] = []
    for name in names:
        hits = [one for one in samples.NAMES if name in (one, one.split("-")[0])]
        if not hits:
            pages = dict.fromkeys(one.split("-")[0] for one in samples.NAMES)
            raise BadValue("--screen", name, "no such screen", ", ".join(pages))
        found += hits
    return list(dict.fromkeys(found))


def take(folder: Path, languages: Sequence[str], names: Sequence[str], palettes: Sequence[str]) -> Iterator[Path]:
    """Write the pictures one by one. Needs a ``QGuiApplication``. Raises BadValue, OSError."""
    wanted = chosen(names)
    folder.mkdir(parents=True, exist_ok=True)
    with Studio() as studio:
        for language in languages:
            for palette in palettes:
                for name in wanted:
                    studio.show(samples.sample(name), language, palette)
                    path = folder / f"{name}.{language}.{palette}.png"
                    if not studio.grab().save(str(path)):
                        raise OSError(f"{path} cannot be written")
                    yield path
        if studio.warnings:
            raise RuntimeError("; ".join(studio.warnings))


def application() -> QGuiApplication:
    """The one application of the process, made where there is none yet."""
    from PySide6.QtGui import QGuiApplication

    running = QGuiApplication.instance()
    return cast("QGuiApplication", running) if running else QGuiApplication(sys.argv[:1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 all pictures written, 1 not, 2 wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m kiosk.screen.shots", description="Still pictures of every screen."
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--lang", action="append", metavar="CODE", help="default: en")
    parser.add_argument("--screen", action="append", metavar="NAME", default=[], help="default: all")
    parser.add_argument("--palette", action="append", choices=PALETTES, help="default: day")
    options = parser.parse_args(arguments)
    logs.configure("shots")
    prepare_environment()
    app = application()
    try:
        for path in take(
            options.folder, options.lang or [DEFAULT_LANGUAGE], options.screen, options.palette or ["day"]
        ):
            sys.stdout.write(f"{path}\n")
    except BadValue as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
