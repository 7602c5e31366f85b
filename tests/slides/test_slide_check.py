"""Decision 14, rule by rule: every finding has its reason and its remedy."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.model import paths
from kiosk.model.errors import BadFile
from kiosk.slides.check import (
    HEAD_BYTES,
    MAX_BYTES,
    Problem,
    check_bytes,
    check_file,
    check_head,
    check_name,
    require,
)
from kiosk.slides.convert import convert

SIZE = (1366, 768)


def picture(mode: str = "RGB", size: tuple[int, int] = SIZE, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 60).save(out, form, **options)
    return out.getvalue()


GOOD = picture()


def problems(name: str, content: bytes) -> list[Problem]:
    return [f.problem for f in check_bytes(name, content)]


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("Logo.png", True),
        ("01-a_b.PNG", True),
        ("no-extension", True),
        ("a.b.c", True),
        ("with space.png", False),
        ("häuser.png", False),
        ("sub/dir.png", False),
        ("..", False),
        (".hidden.png", False),
        ("", False),
        ("line\n.png", False),
        ("end.png\n", False),
        ("\u0661.png", False),
    ],
)
def test_a_name_has_ascii_letters_digits_and_three_signs(name: str, good: bool) -> None:
    assert (check_name(name) == []) is good


@given(st.text())
def test_a_name_is_good_or_says_what_is_wrong(name: str) -> None:
    findings = check_name(name)
    good = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name, re.ASCII) is not None
    assert (not findings) is good
    assert all(f.problem is Problem.NAME and f.reason and f.remedy for f in findings)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(picture(), [], id="RGB"),
        pytest.param(picture("RGBA"), [Problem.MODE], id="alpha"),
        pytest.param(picture("P"), [Problem.MODE], id="palette"),
        pytest.param(picture("L"), [Problem.MODE], id="grey"),
        pytest.param(picture("LA"), [Problem.MODE], id="grey with alpha"),
        pytest.param(picture("1"), [Problem.MODE], id="black and white"),
        pytest.param(picture(transparency=(0, 0, 0)), [Problem.MODE], id="one colour transparent"),
        pytest.param(picture(size=(1365, 768)), [Problem.SIZE], id="a pixel too narrow"),
        pytest.param(picture(size=(768, 1366)), [Problem.SIZE], id="upright"),
        pytest.param(picture("RGBA", (10, 10)), [Problem.SIZE, Problem.MODE], id="size and mode"),
        pytest.param(picture(form="JPEG"), [Problem.NOT_PNG], id="JPEG"),
        pytest.param(b"", [Problem.NOT_PNG], id="empty"),
        pytest.param(GOOD[:20], [Problem.NOT_PNG], id="cut in the head"),
        pytest.param(GOOD[: len(GOOD) // 2], [Problem.BROKEN], id="cut in the middle"),
        pytest.param(GOOD[:60] + b"\xff\xff\xff\xff" + GOOD[64:], [Problem.BROKEN], id="wrong checksum"),
        pytest.param(GOOD + b"\0" * MAX_BYTES, [Problem.TOO_BIG], id="too big"),
    ],
)
def test_content_decides(content: bytes, expected: list[Problem]) -> None:
    assert problems("a.png", content) == expected


def test_the_name_says_nothing_about_the_content() -> None:
    assert problems("picture.jpg", picture()) == []
    assert problems("picture.png", picture(form="JPEG")) == [Problem.NOT_PNG]


def test_the_head_alone_finds_all_but_damage() -> None:
    assert check_head(picture()[:HEAD_BYTES]) == []
    assert [f.problem for f in check_head(picture("RGBA", (9, 9))[:HEAD_BYTES])] == [Problem.SIZE, Problem.MODE]


@given(st.binary(max_size=200))
def test_rubbish_is_found_and_never_raises(rubbish: bytes) -> None:
    assert problems("a.png", rubbish)
    assert problems("a.png", GOOD[:HEAD_BYTES] + rubbish)


def test_a_missing_file_and_a_folder_are_findings(tmp_path: Path) -> None:
    assert [f.problem for f in check_file(tmp_path / "none.png")] == [Problem.UNREADABLE]
    assert [f.problem for f in check_file(tmp_path)] == [Problem.UNREADABLE]


def test_require_names_file_reasons_and_remedies_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "alpha small.png"
    path.write_bytes(picture("RGBA", (20, 10)))
    with pytest.raises(BadFile) as caught:
        require(path)
    text = str(caught.value)
    assert "\n" not in text
    for part in ("alpha small.png", "20 x 10", "1366 x 768", "RGB with alpha", "rename", "convert"):
        assert part in text


def test_our_own_pictures_keep_the_rules_and_are_small() -> None:
    own = sorted((paths.assets() / "slides").glob("*.png")) + sorted((paths.assets() / "welcome").glob("*/*.png"))
    assert len(own) >= 4 + 2 * 3
    for path in own:
        assert check_file(path) == [], path
        assert path.stat().st_size < 200_000, path


@pytest.mark.parametrize("language", ["de", "en", "it"])
def test_welcome_images_exist_in_the_three_first_languages(language: str) -> None:
    folder = paths.assets() / "welcome" / language
    assert sorted(p.name for p in folder.iterdir()) == ["Authenticate.png", "Logo.png"]


# --- the remedy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "CMYK", "I;16"])
def test_what_is_converted_may_be_shown(tmp_path: Path, mode: str) -> None:
    source, target = tmp_path / "in.tiff", tmp_path / "out.png"
    Image.new(mode, (300, 200)).save(source)
    convert(source, target)
    assert check_file(target) == []
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("size", "inside"),
    [((1366, 768), (0, 0, 1366, 768)), ((400, 400), (299, 0, 1067, 768)), ((2732, 400), (0, 284, 1366, 484))],
)
def test_nothing_is_stretched_and_nothing_is_cut(
    tmp_path: Path, size: tuple[int, int], inside: tuple[int, int, int, int]
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGB", size, (200, 0, 0)).save(source)
    convert(source, target, ground=(0, 0, 250))
    with Image.open(target) as made:
        left, top, right, bottom = inside
        assert made.getpixel((left + 3, top + 3)) == (200, 0, 0)
        assert made.getpixel((right - 4, bottom - 4)) == (200, 0, 0)
        ground = made.copy()
        ground.paste((0, 0, 250), (left - 1, top - 1, right + 1, bottom + 1))
        assert ground.getcolors() == [(1366 * 768, (0, 0, 250))]


def test_a_turned_photograph_is_turned_upright(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jpg", tmp_path / "out.png"
    photo = Image.new("RGB", (768, 1366), (250, 250, 250))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(source, exif=exif)
    convert(source, target, ground=(0, 0, 0))
    with Image.open(target) as made:
        assert made.getpixel((5, 5)) == made.getpixel((1360, 760)) == (250, 250, 250)


def test_transparent_parts_take_the_ground(tmp_path: Path) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGBA", SIZE, (255, 0, 0, 0)).save(source)
    convert(source, target, ground=(1, 2, 3))
    with Image.open(target) as made:
        assert made.getcolors() == [(1366 * 768, (1, 2, 3))]


def test_what_cannot_be_converted_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    source.write_text("no picture")
    with pytest.raises(BadFile, match="cannot be read as a picture"):
        convert(source, tmp_path / "out.png")
    with pytest.raises(BadFile, match="rename"):
        convert(source, tmp_path / "out put.png")
    Image.new("1", (9000, 9000)).save(source)
    with pytest.raises(BadFile, match="scale it down"):
        convert(source, tmp_path / "out.png")
    assert [p.name for p in tmp_path.iterdir()] == ["in.png"]
