"""The page for backend developers says what the code does."""

from __future__ import annotations

import ast
from pathlib import Path

from kiosk.model import paths
from kiosk.station.ocpp import docs, schemas
from kiosk.station.ocpp.actions import ACTIONS

STATION = Path(docs.__file__).parents[1]


def test_the_committed_page_is_fresh() -> None:
    committed = (paths.assets() / "docs" / "ocpp.md").read_text(encoding="utf-8")
    assert committed == docs.page(), "stale: python -m kiosk.station.ocpp.docs > assets/docs/ocpp.md"


def test_every_action_that_is_handled_is_described() -> None:
    assert docs.ASKED.keys() == ACTIONS.keys()


def test_every_action_of_the_standard_is_done_or_sent() -> None:
    assert schemas.actions() == ACTIONS.keys() | docs.SENT.keys()


def test_what_is_said_to_be_sent_is_sent_somewhere() -> None:
    named = {
        node.value
        for path in STATION.rglob("*.py")
        if path.name != "docs.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert docs.SENT.keys() <= named
