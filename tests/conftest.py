"""What every test gets: no unexpected warning, no real data folder, virtual time on demand."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import async_solipsism
import hypothesis
import pytest

# before anything imports Qt
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

# how long an example takes says something about the machine, nothing about the code
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class LogWatch:
    """Every record of WARNING and above, whatever handlers a test installs or removes."""

    def __init__(self) -> None:
        self.records: list[logging.LogRecord] = []
        self._allowed: list[tuple[str, re.Pattern[str]]] = []

    def allow(self, logger: str, pattern: str = "") -> None:
        """Records of ``logger`` (or below it) whose message ``pattern`` is found in are meant.

        At least one such record must come, else the test fails: an expectation nobody meets is a mistake.
        """
        self._allowed.append((logger, re.compile(pattern)))

    def problems(self) -> list[str]:
        unmet = list(self._allowed)
        unexpected: list[str] = []
        for record in self.records:
            message = record.getMessage()
            hits = [
                (logger, pattern)
                for logger, pattern in self._allowed
                if (record.name + ".").startswith(logger + ".") and pattern.search(message)
            ]
            unmet = [a for a in unmet if a not in hits]
            if not hits:
                unexpected.append(f"unexpected {record.levelname} from {record.name}: {message}")
        return unexpected + [f"no record of {logger} matched {p.pattern!r}" for logger, p in unmet]


@pytest.fixture(autouse=True)
def log_watch() -> Iterator[LogWatch]:
    """Fails the test on an unexpected log record of WARNING or above."""
    watch = LogWatch()
    original = logging.getLogRecordFactory()

    def watched(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = original(*args, **kwargs)
        if record.levelno >= logging.WARNING:
            watch.records.append(record)
        return record

    logging.setLogRecordFactory(watched)
    yield watch
    logging.setLogRecordFactory(original)
    problems = watch.problems()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture(autouse=True)
def _own_log_handlers() -> Iterator[None]:
    """A program under test sets up logging on a stream that is gone with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def expected_log(log_watch: LogWatch) -> Callable[..., None]:
    """``expected_log("kiosk.link", "bad request")``: such a warning is what this test is about."""
    return log_watch.allow


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test may find the data, the sockets or the display of whoever runs it."""
    runtime = Path(tempfile.mkdtemp(prefix="kx-"))  # short: a socket's path has about 100 bytes
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIOSK_DATA", str(tmp_path_factory.mktemp("default-data")))
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        patch.delenv("KIOSK_PASSWORD", raising=False)
        yield
    shutil.rmtree(runtime)


@pytest.fixture
def aio() -> Iterator[Run]:
    """Runs coroutines in virtual time: waiting costs nothing, and every run is the same."""
    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        yield runner.run


@pytest.fixture
def real_aio() -> Iterator[Run]:
    """Runs coroutines on an ordinary loop, for real sockets and processes. Bounded: a hang is a failure."""
    with asyncio.Runner() as runner:

        def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
            return runner.run(asyncio.wait_for(coroutine, 30))

        yield run
