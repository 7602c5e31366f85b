"""Demo slides for newcomers, and never against an operator's will."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.model import paths
from kiosk.settings import Installation
from kiosk.station.furnish import furnish

DEMO = {p.name for p in (paths.assets() / "slides").glob("*.png")}


def test_a_new_folder_gets_the_demo_slides(tmp_path: Path) -> None:
    furnish(tmp_path, Installation())
    assert {p.name for p in (tmp_path / "slides").iterdir()} == DEMO != set()
    assert [p.name for p in tmp_path.iterdir()] == ["slides"]


def test_an_emptied_folder_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "slides").mkdir()
    furnish(tmp_path, Installation())
    assert list((tmp_path / "slides").iterdir()) == []


def test_a_folder_elsewhere_is_the_operators(tmp_path: Path) -> None:
    elsewhere = tmp_path / "marketing"
    furnish(tmp_path / "data", Installation.load(None, [f"folders.slides={elsewhere}"]))
    assert not elsewhere.exists()


def test_a_copy_that_fails_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Any
) -> None:
    expected_log("kiosk.station.furnish", "No space left")
    done: list[Path] = []

    def copy(source: Path, target: Path) -> None:
        if done:
            raise OSError(28, "No space left on device")
        done.append(target)
        target.write_bytes(b"")

    monkeypatch.setattr("kiosk.station.furnish.shutil.copyfile", copy)
    furnish(tmp_path, Installation())
    assert list(tmp_path.iterdir()) == []
