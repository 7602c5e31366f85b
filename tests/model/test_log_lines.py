"""What a stranger says may stand in the log, but never as a line of its own and never without end."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from kiosk.model import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs._Formatter("core"))
    logger = logging.getLogger("kiosk.test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield out
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "said", ["Reset\n2026-11-22T12:00:00.000Z core INFO    forged", "a\r\x1b[2Jb", "a\u2028b\x85c"]
)
def test_one_message_is_one_line(lines: io.StringIO, said: str) -> None:
    """Lesson 34: a backend's words cannot forge a line or clear a terminal."""
    logging.getLogger("kiosk.test").info("backend asks: %s", said)
    told = lines.getvalue()
    assert len(told.splitlines()) == 1
    assert "\x1b" not in told
    assert told.rstrip("\n").isprintable()


def test_a_message_has_an_end(lines: io.StringIO) -> None:
    logging.getLogger("kiosk.test").info("backend asks: %s", "x" * 1_000_000)
    assert len(lines.getvalue()) < logs.LONGEST + 200
    assert "1000014 characters" in lines.getvalue()


def test_a_traceback_keeps_its_lines(lines: io.StringIO, expected_log: object) -> None:
    assert callable(expected_log)
    expected_log("kiosk.test", "it failed")
    try:
        raise ValueError("no\nway")
    except ValueError:
        logging.getLogger("kiosk.test").exception("it failed")
    told = lines.getvalue()
    assert "Traceback" in told
    assert len(told.splitlines()) > 3
