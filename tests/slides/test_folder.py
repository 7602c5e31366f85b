"""Reading an operator's folder: cheap, never surprised."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from PIL import Image

from kiosk.slides.check import Problem
from kiosk.slides.folder import Folders, Listing, read
from kiosk.slides.playlist import WELCOME, Item, Kind, standard_image

LATER_S = 4_000_000_000.0


def put(path: Path, mode: str = "RGB", size: tuple[int, int] = (1366, 768)) -> Path:
    Image.new(mode, size, 9).save(path, "PNG")
    return path


def test_names_of_plain_files_that_are_not_hidden(tmp_path: Path) -> None:
    for name in ("b.png", "a.txt", ".part"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert read(tmp_path).names == ("a.txt", "b.png")


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").touch()
    first = read(tmp_path, now_s=LATER_S)
    monkeypatch.setattr(os, "scandir", lambda _: pytest.fail("read again"))
    assert read(tmp_path, first, now_s=LATER_S) is first


def test_a_folder_that_changed_just_now_is_read_again(tmp_path: Path) -> None:
    stamp = 1_700_000_000
    (tmp_path / "a").touch()
    os.utime(tmp_path, (stamp, stamp))
    first = read(tmp_path, now_s=stamp + 0.1)
    (tmp_path / "b").touch()
    os.utime(tmp_path, (stamp, stamp))
    assert read(tmp_path, first, now_s=stamp + 0.2).names == ("a", "b")


def test_an_absent_folder_is_empty_and_may_come_later(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    first = read(folder)
    assert first == Listing()
    assert read(folder, first) is first
    folder.mkdir()
    (folder / "a").touch()
    assert read(folder, first).names == ("a",)


def test_a_file_in_place_of_the_folder_is_an_error_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = read(tmp_path / "file")
    assert found.names == ()
    assert found.error is not None
    assert "file" in found.error


def test_own_welcome_images_win_and_ours_stand_in(tmp_path: Path) -> None:
    folders = Folders(welcome=tmp_path, slides=None, language="de")
    logo = WELCOME[0]
    assert folders.look(logo).stamp.path == str(standard_image(Kind.LOGO, "de"))
    assert folders.look(logo).own_findings == ()
    own = put(tmp_path / "Logo.png")
    found = folders.look(logo)
    assert (found.stamp.path, found.standard, found.findings) == (str(own), False, ())


def test_a_wrong_own_welcome_image_is_told_and_ours_stands_in(tmp_path: Path) -> None:
    own = put(tmp_path / "Logo.png", size=(10, 10))
    found = Folders(welcome=tmp_path, slides=None, language="it").look(WELCOME[0])
    assert found.standard
    assert found.findings == ()
    assert found.own_path == str(own)
    assert [f.problem for f in found.own_findings] == [Problem.SIZE]


def test_an_undecodable_own_welcome_image_is_not_tried_again(tmp_path: Path) -> None:
    put(tmp_path / "Logo.png")
    folders = Folders(welcome=tmp_path, slides=None, language="en")
    own = folders.look(WELCOME[0])
    assert folders.look(WELCOME[0], own.stamp).standard
    os.utime(tmp_path / "Logo.png", (1, 1))
    assert not folders.look(WELCOME[0], own.stamp).standard


@pytest.mark.parametrize(
    ("mode", "size", "expected"),
    [("RGB", (1366, 768), []), ("RGBA", (1366, 768), [Problem.MODE]), ("RGB", (1920, 1080), [Problem.SIZE])],
)
def test_slides_are_judged_by_their_first_bytes(
    tmp_path: Path, mode: str, size: tuple[int, int], expected: list[Problem]
) -> None:
    put(tmp_path / "s.png", mode, size)
    found = Folders(welcome=None, slides=tmp_path, language="en").look(Item(Kind.SLIDE, "s.png"))
    assert [f.problem for f in found.findings] == expected


def test_a_slide_that_went_is_a_finding(tmp_path: Path) -> None:
    folders = Folders(welcome=None, slides=tmp_path, language="en")
    assert [f.problem for f in folders.look(Item(Kind.SLIDE, "gone.png")).findings] == [Problem.UNREADABLE]
    nowhere = Folders(welcome=None, slides=None, language="en")
    assert [f.problem for f in nowhere.look(Item(Kind.SLIDE, "gone.png")).findings] == [Problem.UNREADABLE]


def test_a_replaced_file_has_another_stamp(tmp_path: Path) -> None:
    folders = Folders(welcome=None, slides=tmp_path, language="en")
    item = Item(Kind.SLIDE, "s.png")
    put(tmp_path / "s.png")
    before = folders.look(item).stamp
    assert folders.look(item).stamp == before
    os.replace(put(tmp_path / "new.png"), tmp_path / "s.png")
    assert folders.look(item).stamp != before


def test_ten_thousand_files_cost_little_memory(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number:05}.png").touch()
    tracemalloc.start()
    listing = read(tmp_path, now_s=LATER_S)
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(listing.names) == 10_000
    assert kept_bytes < 3_000_000
