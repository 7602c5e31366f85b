"""The program around the pages: start, link, touches, a lost core, language, end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlEngine

from kiosk.i18n import catalogues
from kiosk.link.messages import TapAt
from kiosk.model.enums import Page, Tap
from kiosk.screen import program as program_module
from kiosk.screen.app import parse, prepare_environment
from kiosk.screen.translator import CatalogueTranslator
from tests.fakes.screens import MadeUpCore, picture, qt_runner, screen_on, until

pytestmark = pytest.mark.screen

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run(qapp: QGuiApplication) -> Iterator[Run]:
    with qt_runner(qapp) as runner:
        yield runner


@pytest.fixture
def core(tmp_path: Path) -> MadeUpCore:
    return MadeUpCore(tmp_path, picture())


def test_the_screen_finds_the_core_and_says_what_it_shows(run: Run, core: MadeUpCore) -> None:
    async def story() -> None:
        async with core.open(), screen_on(core.data) as program:
            await until(lambda: core.shown == "standby")
            assert program.view.page == Page.STANDBY
            assert core.state.snapshot.screen.language == "en"
            assert core.state.snapshot.screen.locked is False
            core.show(Page.SELECTION)
            await until(lambda: core.shown == "selection")
            age_ms = core.state.snapshot.screen.frame_age_ms
            assert age_ms is not None
            assert age_ms < 5_000

    run(story())


def test_without_a_core_it_says_that_the_station_starts(run: Run, core: MadeUpCore) -> None:
    async def story() -> None:
        async with screen_on(core.data) as program:
            await until(lambda: program._painted.is_set())
            assert program.view.page == Page.STARTING

    run(story())


def test_a_silent_core_is_lost_and_found_again(run: Run, core: MadeUpCore, expected_log: Any) -> None:
    expected_log("kiosk.screen.program", "lost")

    async def story() -> None:
        async with core.open(), screen_on(core.data) as program:
            await until(lambda: core.shown == "standby")
            core.freeze()
            frozen_s = time.monotonic()
            await until(lambda: program.view.page == Page.CORE_LOST)
            assert 0.9 < time.monotonic() - frozen_s < 4.0
            core.show(Page.SELECTION)
            core.thaw()
            await until(lambda: program.view.page == Page.SELECTION)
            await until(lambda: core.shown == "selection")

    run(story())


def test_a_core_that_ends_is_lost_and_the_next_one_is_found(run: Run, core: MadeUpCore, expected_log: Any) -> None:
    expected_log("kiosk.screen.program", "lost")

    async def story() -> None:
        async with screen_on(core.data) as program:
            async with core.open():
                await until(lambda: core.shown == "standby")
            await until(lambda: program.view.page == Page.CORE_LOST)
            following = MadeUpCore(core.data, picture())
            async with following.open():
                await until(lambda: following.shown == "standby")

    run(story())


def test_a_touch_reaches_the_page_and_wakes_the_core_once_a_second(run: Run, core: MadeUpCore) -> None:
    async def story() -> None:
        async with core.open(), screen_on(core.data) as program:
            await until(lambda: core.shown == "standby")
            for _ in range(3):
                await program.remote.tap(TapAt(x=600, y=300))
            await until(lambda: core.actions.count(Tap.BEGIN) == 3)
            assert core.actions.count(Tap.WAKE) == 1
            assert core.actions[0] is Tap.WAKE

    run(story())


def test_touches_without_a_core_are_dropped_and_do_not_pile_up(
    run: Run, core: MadeUpCore, expected_log: Any
) -> None:
    expected_log("kiosk.screen.program", "touch begin is dropped")
    expected_log("kiosk.screen.program", "lost")

    async def story() -> None:
        async with screen_on(core.data) as program:
            await until(lambda: program._painted.is_set())
            for _ in range(program_module.TAPS_WAITING + 1):
                program.view.tapped.emit("begin", 0)
            await asyncio.sleep(0.05)
            async with core.open():
                await until(lambda: core.shown == "standby")
                assert core.taps == []

    run(story())


def test_the_drivers_language_goes_through_and_back(run: Run, core: MadeUpCore) -> None:
    async def story() -> None:
        async with core.open(), screen_on(core.data) as program:
            await until(lambda: core.shown == "standby")
            program.view.chooseLanguage("de")
            await until(lambda: core.state.snapshot.screen.language == "de")
            await until(lambda: program.slides.shown and "/de/" in program.slides.shown.stamp.path)
            core.show(Page.SELECTION)
            await until(lambda: core.shown == "selection")
            core.show(Page.STANDBY)
            await until(lambda: core.state.snapshot.screen.language == "en")

    run(story())


def test_a_duty_that_fails_is_logged_and_begun_again(
    run: Run, core: MadeUpCore, expected_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("kiosk.screen.program", "slides failed")
    monkeypatch.setattr(program_module, "RESTART_AFTER_S", 0.01)
    attempts = []

    async def broken(self: object, clock: object) -> None:
        attempts.append(clock)
        raise OSError("no more threads")

    monkeypatch.setattr(program_module.Slides, "run", broken)

    async def story() -> None:
        async with core.open(), screen_on(core.data):
            await until(lambda: len(attempts) >= 3)
            await until(lambda: core.shown == "standby")

    run(story())


@pytest.mark.qt_log_ignore("failed to load component")
def test_a_page_that_cannot_be_loaded_ends_the_program(
    run: Run, tmp_path: Path, expected_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("kiosk.screen.program", "Broken.qml")
    broken = tmp_path / "Broken.qml"
    broken.write_text("import QtQuick\nNothing {}\n")
    monkeypatch.setattr(program_module, "MAIN_QML", broken)
    assert run(program_module.Program(tmp_path).run()) == 1


def test_a_warning_of_qml_is_an_error_of_ours(qapp: QGuiApplication, expected_log: Any) -> None:
    expected_log("kiosk.screen.program", "Reference.*nowhere")
    engine = QQmlEngine()
    engine.setOutputWarningsToStandardError(False)
    engine.warnings.connect(program_module._log_qml_warnings)
    from PySide6.QtQml import QQmlComponent

    component = QQmlComponent(engine)
    component.setData(b"import QtQml\nQtObject { property int a: nowhere.b }", QUrl("file:///Wrong.qml"))
    made = component.create()
    assert made is not None
    made.deleteLater()


# --- as a process ------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("QML_DISK_CACHE_PATH", "QT_MESSAGE_PATTERN")}


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk.screen", "--data", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "first frame" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=20)
    said = "".join(lines) + rest
    assert process.returncode == 0, said
    assert "first frame" in said
    for word in ("Traceback", "ERROR", "WARNING", "CRITICAL"):
        assert word not in said
    assert list((tmp_path / "cache" / "qml").rglob("*.qmlc")), "compiled pages are kept for the next start"


def test_the_first_frame_does_not_wait_for_what_it_does_not_need(tmp_path: Path) -> None:
    script = """
import sys
from kiosk.screen import program
from kiosk.screen.app import main

async def report(self):
    heavy = {"websockets", "PIL", "typer", "rich", "watchfiles", "sqlite3", "ocpp", "PySide6.QtWidgets"}
    print("loaded:", *sorted(heavy & set(sys.modules)))
    self.stop()

program.Program._link = report
sys.exit(main(["--data", sys.argv[1]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "loaded:"


@pytest.mark.parametrize("language", ["en", "de", "it"])
def test_the_first_frame_needs_no_catalogue_compiler(language: str, tmp_path: Path) -> None:
    """Built catalogues are read as they are; Babel comes only when a number is first formatted."""
    script = """
import sys
from pathlib import Path
from kiosk.model import paths
paths.locales = lambda: Path(sys.argv[2])
from kiosk.i18n import translator
translator(sys.argv[1]).gettext("Welcome")
from kiosk.screen.view import StationView
StationView()
sys.exit("babel" in sys.modules)
"""
    for code in {language, "en"}:
        folder = tmp_path / code / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "kiosk.mo").write_bytes(catalogues.compiled(catalogues.po_path(code)))
    done = subprocess.run(
        [sys.executable, "-c", script, language, str(tmp_path)], timeout=60, env=environment(), check=False
    )
    assert done.returncode == 0


def test_no_module_is_read_as_text_when_it_is_imported_after_pyside() -> None:
    script = """
import linecache
import PySide6.QtCore
from kiosk.screen.app import plain_imports
import colorsys
plain_imports()
import sched
print(colorsys.__file__ in linecache.cache, sched.__file__ in linecache.cache)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "False"]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--data", str(tmp_path)]).data == tmp_path
    assert parse([]).data == Path(os.environ["KIOSK_DATA"])
    assert not parse(["--windowed"]).fullscreen
    assert parse(["--fullscreen"]).fullscreen
    with pytest.raises(SystemExit) as ended:
        parse(["--fullscreen", "--windowed"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_the_environment_wins_over_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QUICK_BACKEND", "QML_DISK_CACHE_PATH", "QT_MESSAGE_PATTERN", "QT_API"):
        monkeypatch.setenv(name, "before")
    monkeypatch.delenv("QML_DISK_CACHE_PATH")
    prepare_environment(tmp_path)
    assert os.environ["QT_QUICK_BACKEND"] == "before"
    assert os.environ["QML_DISK_CACHE_PATH"] == str(tmp_path / "cache" / "qml")
    assert os.environ["QT_API"] == "pyside6"


# --- the interpreter ---------------------------------------------------------------------------------------------


def test_none_is_not_used_up(run: Run, qapp: QGuiApplication) -> None:
    """A binding that gives away references to None ends the interpreter after hours; the count must not fall."""
    turns = 5_000
    translator = CatalogueTranslator("de")
    QCoreApplication.installTranslator(translator)

    async def work() -> None:
        for number in range(turns):
            await asyncio.sleep(0)
            QCoreApplication.translate("Standby", "Welcome")
            translator.translate("Standby", f"no such text {number % 7}")

    try:
        run(work())
        gc.collect()
        before = sys.getrefcount(None)
        run(work())
        gc.collect()
        after = sys.getrefcount(None)
    finally:
        QCoreApplication.removeTranslator(translator)
    assert after > before - turns / 50
