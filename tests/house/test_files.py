"""What the tree must look like: short files, nothing left lying about, nothing of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 400
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "LICENSE",
    "README.md",
    "assets",
    "kiosk",
    "locales",
    "packaging",
    "pyproject.toml",
    "tests",
}
REAL_TIME = ("tests/benchmarks/", "tests/fakes/xdisplay.py")
"""These watch programs of others for a while; nobody can tell those what time it is."""
CODE = {".py", ".qml", ".sh", ".sql"}
TEXT = CODE | {".md", ".toml", ".cfg", ".po", ".pot", ".json", ".svg", ".txt", ".csv", ""}


def files() -> Iterator[Path]:
    """What git keeps, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            yield path


FILES = sorted(files())


def lines(*suffixes: str) -> Iterator[tuple[str, int, str]]:
    for path in FILES:
        if path.suffix in suffixes and path != Path(__file__).resolve():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield str(path.relative_to(ROOT)), number, line


def found(pattern: str, *suffixes: str, under: str = "") -> list[str]:
    seen = re.compile(pattern)
    return [f"{n}:{i}: {t.strip()}" for n, i, t in lines(*suffixes) if n.startswith(under) and seen.search(t)]


def test_files_are_short() -> None:
    """A file is read in one sitting; data files are tables and may be long."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in FILES
        if path.suffix in CODE and (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_nothing_is_left_for_later() -> None:
    # in two halves, so that this line does not find itself
    assert found(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b", *CODE, ".toml", ".md") == []


def test_tests_never_sleep() -> None:
    sleeping = found(r"\btime\.sleep\(|^from time import .*\bsleep\b", ".py", under="tests/")
    assert [line for line in sleeping if not line.startswith(REAL_TIME)] == []


def test_nothing_swallows_errors() -> None:
    """No bare ``except``, and no handler that does nothing at all."""
    swallowing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        if path.suffix == ".py" and path.is_relative_to(ROOT / "kiosk")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or all(isinstance(statement, ast.Pass) for statement in node.body))
    ]
    assert swallowing == []


def test_no_path_of_one_machine() -> None:
    """Home folders, work folders and checkouts of whoever wrote a line."""
    assert found(r"(?<![\w.~$}])/(home/(?!USER|kiosk\b)\w+|root/|work/|Users/)", *TEXT) == []


def test_top_level_is_tidy() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert tops - TOP_LEVEL == set()


@pytest.mark.parametrize("name", ["packaging/run", "packaging/test", ".ci/run"])
def test_scripts_can_be_run(name: str) -> None:
    script = ROOT / name
    assert script.stat().st_mode & 0o111, f"{name} is not executable"
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", script], check=True)


def test_names_of_test_modules_are_unique() -> None:
    names = Counter(p.name for p in FILES if p.name.startswith("test_") and p.suffix == ".py")
    assert [name for name, count in names.items() if count > 1] == []


def test_every_page_is_linked() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {str(p.relative_to(ROOT)) for p in (ROOT / "assets" / "docs").glob("*.md")}
    linked = set(re.findall(r"\]\((assets/docs/[\w-]+\.md)\)", readme))
    assert linked == pages
