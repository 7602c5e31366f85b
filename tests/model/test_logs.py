"""Lines of the log: what never stands in them, and how the core's files are kept and read."""

from __future__ import annotations

import logging
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model import logs


def at(second: int) -> datetime:
    return datetime(2026, 11, 22, 12, 0, second, tzinfo=UTC)


def lines_at(*seconds: int) -> str:
    return "".join(f"2026-11-22T12:00:{s:02d}.000Z core INFO    kiosk: line {s}\n" for s in seconds)


def test_credentials_of_an_address_are_cut_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("core")
    with logs.keeping("core", tmp_path / "logs" / "core.log"):
        logging.getLogger("kiosk").info("fetch ftp://me:hunter2@host/x and %s", "http://a@b/c?d")
        try:
            raise ValueError("https://me:hunter3@host/")
        except ValueError:
            logging.getLogger("kiosk").info("broken", exc_info=True)
    text = (tmp_path / "logs" / "core.log").read_text(encoding="utf-8")
    assert "hunter" not in text + capsys.readouterr().err
    assert "ftp://host/x and http://b/c?d" in text
    assert "https://host/" in text


def test_files_are_bounded_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 1000)
    logs.configure("core")
    with logs.keeping("core", tmp_path / "core.log"):
        for n in range(200):
            logging.getLogger("kiosk").info("line %d", n)
    files = sorted(tmp_path.iterdir())
    assert len(files) == logs.FILES
    assert all(f.stat().st_size <= 1000 and f.stat().st_mode & 0o077 == 0 for f in files)
    kept = list(logs.kept(tmp_path / "core.log", None, None))
    numbers = [int(line.rsplit(" ", 1)[1]) for line in kept]
    assert numbers == list(range(numbers[0], 200)), "in order, over all files"
    now = datetime.now(UTC)
    assert list(logs.kept(tmp_path / "core.log", now - timedelta(hours=1), now + timedelta(hours=1))) == kept
    assert list(logs.kept(tmp_path / "core.log", now + timedelta(hours=1), None)) == []


def test_nothing_is_added_after_the_end(tmp_path: Path) -> None:
    logs.configure("core")
    with logs.keeping("core", tmp_path / "core.log"):
        pass
    logging.getLogger("kiosk").info("late")
    assert (tmp_path / "core.log").read_text(encoding="utf-8") == ""


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.model.logs", "the log is not kept")
    (tmp_path / "logs").write_text("a file")
    logs.configure("core")
    with logs.keeping("core", tmp_path / "logs" / "core.log"):
        logging.getLogger("kiosk").info("goes on")


@pytest.mark.parametrize(
    ("oldest", "latest", "seconds"),
    [
        (None, None, [1, 2, 3, 4, 5]),
        (at(2), at(4), [2, 3, 4]),
        (at(4), None, [4, 5]),
        (None, at(1), [1]),
        (at(6), None, []),
    ],
)
def test_lines_of_a_time(
    tmp_path: Path, oldest: datetime | None, latest: datetime | None, seconds: list[int]
) -> None:
    (tmp_path / "core.log.1").write_text(lines_at(1, 2), encoding="utf-8")
    (tmp_path / "core.log").write_text(lines_at(3, 4, 5), encoding="utf-8")
    assert "".join(logs.kept(tmp_path / "core.log", oldest, latest)) == lines_at(*seconds)


def test_a_traceback_belongs_to_its_line(tmp_path: Path) -> None:
    (tmp_path / "core.log").write_text(
        lines_at(1) + "Traceback of 1\n" + lines_at(2) + "Traceback of 2\n", encoding="utf-8"
    )
    assert "".join(logs.kept(tmp_path / "core.log", at(2), None)) == lines_at(2) + "Traceback of 2\n"


def test_a_full_disk_costs_lines_of_the_file_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told once, never as a traceback, and nothing comes out of closing; with room again lines are kept again."""
    logs.configure("core")
    path = tmp_path / "core.log"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with logs.keeping("core", path):
        logging.getLogger("kiosk").info("first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
        try:
            for n in range(3):
                logging.getLogger("kiosk").info("lost %d", n)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        logging.getLogger("kiosk").info("kept again")
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
        try:
            logging.getLogger("kiosk").info("lost 3")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    err = capsys.readouterr().err
    assert err.count("the log is not kept") == 1
    assert "Traceback" not in err
    assert [f"lost {n}" in err for n in range(4)] == [True] * 4
    kept = path.read_text(encoding="utf-8")
    assert "first" in kept
    assert "kept again" in kept
    assert "lost" not in kept
