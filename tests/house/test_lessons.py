"""What others got wrong: each of the 35 lessons about OCPP stations has a test that names it.

A lesson is named in the docstring of a test function, as in "Lesson 7: ...". The list is that of the design notes;
its titles stand here, so that a missing one says what is missing.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = {
    1: "a session that began offline gets the backend's number",
    2: "no second StopTransaction after a restart",
    3: "open transactions are closed at the start, not once registered",
    4: "no stop without its start",
    5: "resume what the hardware can go on with, else PowerLoss",
    6: "a CALLERROR does not block the queue",
    7: "a new message id for every repeat",
    8: "call time-out and retry interval are two things",
    9: "one call at a time, others answered meanwhile",
    10: "a black hole is noticed and dialled again",
    11: "back-off with chance, every time",
    12: "pings, heartbeats and idle time-outs",
    13: "Pending and Rejected",
    14: "a clock that nobody has set",
    15: "clock-aligned values on the grid",
    16: "meter values without number",
    17: "units, integers, registers, large numbers",
    18: "the local list beats the cache",
    19: "a verdict in StartTransaction.conf",
    20: "no energy for an invalid tag",
    21: "a reset in a session",
    22: "availability over restarts",
    23: "the order of statuses",
    24: "statuses after a time offline",
    25: "remote start",
    26: "when a reservation ends",
    27: "unlock",
    28: "configuration is checked before it is stored",
    29: "charging profiles are replaced on the disk too",
    30: "the hex rule of AuthorizationKey",
    31: "a new security profile falls back",
    32: "certificate requests",
    33: "the subprotocol",
    34: "hostile input",
    35: "one writer",
}


@cache
def named(folder: Path) -> dict[int, list[str]]:
    """Lesson to the tests that name it."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in numbers(ast.get_docstring(node) or ""):
                    found[number].append(f"{path.name}::{node.name}")
    return found


def numbers(docstring: str) -> list[int]:
    """Of "Lesson 7" or "lessons 2, 4 and 5"."""
    told = re.findall(r"\b[Ll]essons? (\d+(?:(?:, | and )\d+)*)", docstring)
    return [int(n) for words in told for n in re.findall(r"\d+", words)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda n: f"{n}")
def test_every_lesson_is_kept(lesson: int) -> None:
    assert lesson in named(ROOT / "tests"), f"no test keeps lesson {lesson}: {LESSONS[lesson]}"


def test_there_are_no_other_lessons() -> None:
    strangers = {n: tests for n, tests in named(ROOT / "tests").items() if n not in LESSONS}
    assert not strangers


def test_the_reading_of_names() -> None:
    assert numbers("Lesson 7: new ids.") == [7]
    assert numbers("As lessons 2, 4 and 5 say; lesson 34 too.") == [2, 4, 5, 34]
    assert numbers("No lesson, 12 times.") == []


WRITERS = {"begin", "end", "close_lost", "checkpoint"}


def test_one_writer_of_transactions() -> None:
    """Lesson 35: only ``charging.transactions`` writes begins, ends and checkpoints into the journal."""
    found = []
    for path in sorted((ROOT / "kiosk").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if node.func.attr in WRITERS and name.strip("_") == "journal":
                found.append(path.relative_to(ROOT).as_posix())
    assert set(found) == {"kiosk/station/charging/transactions.py"}
