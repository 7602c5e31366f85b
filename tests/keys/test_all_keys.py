"""No key without a test that shows what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.settings.table import KEYS

HERE = Path(__file__).parent


def named() -> Iterator[tuple[str, str]]:
    """(key, test) for every ``@key`` over a test of this folder."""
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "key":
                    assert node.name.startswith("test_"), f"{path.name}: {node.name} is no test"
                    for argument in mark.args:
                        assert isinstance(argument, ast.Constant)
                        yield argument.value, f"{path.name}::{node.name}"


@pytest.mark.parametrize("name", KEYS)
def test_has_its_test(name: str) -> None:
    assert [test for key, test in named() if key == name], f"no test is marked @key({name!r})"


def test_marks_name_keys_of_the_table() -> None:
    assert [(key, test) for key, test in named() if key not in KEYS] == []
