"""Nobody who reads slowly, or not at all, may stop the station."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from kiosk.launcher.output import MAX_WAITING, Output


class Pipe:
    """An output into a pipe, and the calls it asked for."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.due: list[Callable[[], None]] = []
        self.output = Output(self.writer, lambda _seconds, function: self.due.append(function))

    def read_all(self) -> bytes:
        """Empty the pipe, let the output go on, until there is no more."""
        os.set_blocking(self.reader, False)
        found = b""
        while True:
            try:
                found += os.read(self.reader, 1 << 20)
            except BlockingIOError:
                if not self.due:
                    return found
                self.due.pop()()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for fd in (made.reader, made.writer):
        try:
            os.close(fd)
        except OSError:
            continue  # closed by the test


def test_lines_pass(pipe: Pipe) -> None:
    pipe.output.line("grüezi")
    pipe.output.line("\udcff")  # a byte that was no text
    assert pipe.read_all() == "grüezi\n\\udcff\n".encode()
    assert pipe.due == []


def test_long_lines_pass_whole(pipe: Pipe) -> None:
    for letter in "abc":
        pipe.output.line(letter * 50_000)
    assert pipe.read_all() == b"".join(c * 50_000 + b"\n" for c in (b"a", b"b", b"c"))


def test_a_reader_that_does_not_read_stops_nothing(pipe: Pipe) -> None:
    count = 10 * MAX_WAITING
    for number in range(count):
        pipe.output.line(f"{number:<80}")
    assert len(pipe.due) == 1  # asked to be called again once, not for every line
    pipe.read_all()
    pipe.output.line("after")
    told = pipe.read_all().decode().splitlines()
    assert told[-1] == "after"
    assert "lines dropped" in told[-2]


def test_what_was_kept_is_in_order(pipe: Pipe) -> None:
    for number in range(5000):
        pipe.output.line(f"{number:<60}")
    numbers = [int(line) for line in pipe.read_all().split(b"\n") if line]
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert len(numbers) >= MAX_WAITING


def test_a_reader_that_left_is_forgotten(pipe: Pipe) -> None:
    os.close(pipe.reader)
    for _ in range(3):
        pipe.output.line("nobody")
    assert pipe.due == []
