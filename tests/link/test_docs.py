"""The reference page is made from the contract, and is the one that is committed."""

from __future__ import annotations

import re

import pytest

from kiosk.link import docs
from kiosk.link.messages import METHODS, SCREEN_METHODS
from kiosk.model import paths


@pytest.fixture(scope="module")
def page() -> str:
    return docs.page()


def test_page_is_fresh(page: str) -> None:
    committed = (paths.assets() / "docs" / "local-link.md").read_text(encoding="utf-8")
    assert committed == page, "stale: python -m kiosk.link.docs > assets/docs/local-link.md"


def test_every_method_is_there_once(page: str) -> None:
    for name in METHODS:
        wanted = 2 if name in SCREEN_METHODS else 1
        assert page.count(f"| `{name}` |") == wanted, name


def test_every_link_leads_somewhere(page: str) -> None:
    titles = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    targets = {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) - targets == set()
