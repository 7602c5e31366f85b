"""The guards that every test runs under do fail the tests they are meant to fail."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]

FAILING = {
    "an unexpected warning in the log": (
        "import logging\ndef test_x():\n    logging.getLogger('kiosk.x').warning('odd')",
        "unexpected WARNING from kiosk.x: odd",
    ),
    "the same with other handlers": (
        "from kiosk.model import logs\nimport logging\n"
        "def test_x():\n    logs.configure('x')\n    logging.getLogger('kiosk.x').error('odd')",
        "unexpected ERROR from kiosk.x: odd",
    ),
    "a warning of another logger than expected": (
        "import logging\ndef test_x(expected_log):\n    expected_log('kiosk.y')\n"
        "    logging.getLogger('kiosk.yx').warning('odd')",
        "unexpected WARNING from kiosk.yx",
    ),
    "an expected warning that does not come": (
        "def test_x(expected_log):\n    expected_log('kiosk.x', 'odd')",
        "no record of kiosk.x matched 'odd'",
    ),
    "a task that fails unseen": (
        "import asyncio, gc\n"
        "def test_x(aio):\n"
        "    async def fails(): raise ValueError('unseen')\n"
        "    async def story():\n        asyncio.create_task(fails())\n        await asyncio.sleep(0)\n"
        "    aio(story())\n    gc.collect()",
        "Task exception was never retrieved",
    ),
    "a coroutine that nobody awaits": (
        "import gc\nasync def f(): pass\ndef test_x():\n    f()\n    gc.collect()",
        "was never awaited",
    ),
    "a file that nobody closes": (
        "import gc\ndef test_x(tmp_path):\n    open(tmp_path / 'x', 'w')\n    gc.collect()",
        "ResourceWarning",
    ),
    "a deprecation": ("import warnings\ndef test_x():\n    warnings.warn('old', DeprecationWarning)", "old"),
    "a warning of Qt": (
        "from PySide6.QtCore import qWarning\ndef test_x(qtbot):\n    qWarning('odd')",
        "odd",
    ),
}
PASSING = {
    "an expected warning": (
        "import logging\ndef test_x(expected_log):\n    expected_log('kiosk', 'o.d')\n"
        "    logging.getLogger('kiosk.x').warning('odd')"
    ),
    "information": "import logging\ndef test_x():\n    logging.getLogger('kiosk.x').info('all is well')",
    "an hour of virtual time": "import asyncio\ndef test_x(aio):\n    aio(asyncio.sleep(3600))",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Sample → what the guards said of it; empty where it passed. All samples in one run."""
    folder = tmp_path_factory.mktemp("samples")
    samples = {what: text for what, (text, _) in FAILING.items()} | PASSING
    for number, text in enumerate(samples.values()):
        (folder / f"test_sample_{number}.py").write_text(text + "\n", encoding="utf-8")
    report = folder / "report.xml"
    options = ["-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )
    found = dict.fromkeys(samples, "")
    for case in ElementTree.parse(report).iter("testcase"):
        number = int(case.attrib["classname"].rpartition("_")[2])
        told = "".join(ElementTree.tostring(problem, "unicode") for problem in case)
        found[list(samples)[number]] += told
    return found


@pytest.mark.parametrize("what", FAILING)
def test_fails(outcomes: dict[str, str], what: str) -> None:
    _, words = FAILING[what]
    assert words in html.unescape(outcomes[what])


@pytest.mark.parametrize("what", PASSING)
def test_passes(outcomes: dict[str, str], what: str) -> None:
    assert outcomes[what] == ""
