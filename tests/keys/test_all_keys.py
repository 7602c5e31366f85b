"""No key without a test that shows what it does, and that can be found by the key's name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kiosk.settings.table import KEYS

HERE = Path(__file__).parent


def marked(node: ast.FunctionDef, mark: str) -> Iterator[ast.Call]:
    """Decorators of that name: ``key``, ``parametrize``."""
    for each in node.decorator_list:
        if isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] == mark:
            yield each


@cache
def named_by_key() -> dict[str, list[str]]:
    """Key to the names of the tests marked with it, with the words of their parameters, as pytest shows them."""
    found: dict[str, list[str]] = {}
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            given = [ast.unparse(each) for each in marked(node, "parametrize")]
            for mark in marked(node, "key"):
                assert node.name.startswith("test_"), f"{path.name}: {node.name} is no test"
                for name in map(ast.literal_eval, mark.args):
                    found.setdefault(name, []).append(" ".join((path.name, node.name, *given)))
    return found


@pytest.mark.parametrize("name", KEYS)
def test_has_its_test(name: str) -> None:
    tests = named_by_key().get(name, [])
    assert tests, f"no test is marked @key({name!r})"
    assert any(name in test for test in tests), f"none of {tests} names {name}"


def test_marks_name_keys_of_the_table() -> None:
    assert set(named_by_key()) == set(KEYS)
