"""asyncio on Qt's loop, without the widgets.

qasync imports QtWidgets for nothing but the name of its application class. Our pages show no widget, so that
name is given to it beforehand: 10 ms of the start and more than 3 MB saved. Where QtWidgets or qasync is loaded
already, nothing is done.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import PySide6
from PySide6.QtGui import QGuiApplication

_WIDGETS = "PySide6.QtWidgets"

if _WIDGETS not in sys.modules and "qasync" not in sys.modules:
    _stand_in = ModuleType(_WIDGETS)
    _stand_in.QApplication = QGuiApplication  # type: ignore[attr-defined]
    sys.modules[_WIDGETS] = PySide6.QtWidgets = _stand_in  # type: ignore[assignment]
    try:
        from qasync import QEventLoop
    finally:
        del sys.modules[_WIDGETS], PySide6.QtWidgets
else:
    from qasync import QEventLoop


def make_loop(app: QGuiApplication) -> QEventLoop:
    """A loop on ``app``. Plain threads for what may wait: qasync's own executor starts ten."""
    loop = QEventLoop(app)
    loop.set_default_executor(ThreadPoolExecutor(2, thread_name_prefix="screen"))
    return loop
