"""The reference pages are those that the tables give."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kiosk.model import paths
from kiosk.model.faults import FAULTS
from kiosk.settings import Installation, docs, fault_docs, reading
from kiosk.settings.table import KEYS


@pytest.mark.parametrize("name", docs.PAGES)
def test_page_is_fresh(name: str) -> None:
    stored = (paths.assets() / "docs" / name).read_text(encoding="utf-8")
    assert stored == docs.PAGES[name](), "run `python -m kiosk.settings.docs`"


@pytest.mark.parametrize("name", docs.PAGES)
def test_tables_are_whole(name: str) -> None:
    """Every line of a table has as many cells as its head, whatever the texts hold."""
    width = 0
    for line in docs.PAGES[name]().splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (cells and width and cells != width), line
        width = cells


def test_every_key_stands_on_its_page_once() -> None:
    page = docs.page()
    assert re.findall(r"^\| \*\*(\w+)\*\*", page, re.MULTILINE) == [
        key.name for profile in dict.fromkeys(k.profile for k in KEYS.values()) for key in KEYS.values()
        if key.profile == profile
    ]  # fmt: skip


def test_every_fault_has_its_section_and_its_link() -> None:
    page = fault_docs.page()
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert sections == [f"{code} {fault.name}" for code, fault in FAULTS.items()]
    anchors = {section.lower().replace(" ", "-") for section in sections}
    assert set(re.findall(r"\(#([^)]+)\)", page)) == anchors


def test_every_field_of_the_installation_stands_on_its_page() -> None:
    page = docs.installation_page()
    for path in reading.paths(Installation):
        name = path.rpartition(".")[2]
        assert f"| `{name}` |" in page or f"[{name}]" in page, path


def test_rows_for_programs_hold_no_secret_default_and_are_plain() -> None:
    rows = docs.rows()
    assert [row["name"] for row in rows] == list(KEYS)
    assert json.loads(json.dumps(rows)) == rows
    assert {row["name"] for row in rows if row["default"] is None} == {"AuthorizationKey", "ApnPassword", "SimPin"}
    assert {row["takes_effect"] for row in rows} == {
        "at once",
        "soft reset",
        "fixed",
        "reported",
        "from the installation",
    }


def test_writing_makes_the_folder_and_all_pages(tmp_path: Path) -> None:
    docs.write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(docs.PAGES)
