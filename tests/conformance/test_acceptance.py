"""Every case of the public list as a test named after its id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.lab.conformance import report
from kiosk.lab.conformance.registry import Case, cases
from kiosk.lab.conformance.runner import Outcome, Verdict, play
from kiosk.model import paths

PLAYED: dict[str, Outcome] = {}
"""Outcomes of this session, by id."""


def _test_of(case: Case) -> Callable[[Path], None]:
    def test(tmp_path: Path) -> None:
        outcome = PLAYED[case.id] = play(case, tmp_path)
        assert outcome.verdict is not Verdict.FAILED, f"{outcome.reason}\n\n{outcome.detail}"

    test.__name__ = test.__qualname__ = f"test_{case.name}"
    test.__doc__ = f"{case.profile}: {case.title}."
    return pytest.mark.conformance(test)


for _case in cases().values():
    globals()[f"test_{_case.name}"] = _test_of(_case)


@pytest.mark.conformance
def test_the_page_tells_what_the_cases_say() -> None:
    """Cases that ran in this session are not played again."""
    verdicts = {}
    for case in cases().values():
        outcome = PLAYED.get(case.id) or play(case)
        verdicts[case.id] = (outcome.verdict, outcome.reason)
    stored = (paths.assets() / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert stored == report.page(verdicts), "run `python -m kiosk.lab.conformance`"
