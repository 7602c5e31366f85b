"""Every case of the public list as a test named after its id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.lab.conformance.registry import Case, cases
from kiosk.lab.conformance.runner import Verdict, play


def _test_of(case: Case) -> Callable[[Path], None]:
    def test(tmp_path: Path) -> None:
        outcome = play(case, tmp_path)
        assert outcome.verdict is not Verdict.FAILED, f"{outcome.reason}\n\n{outcome.detail}"

    test.__name__ = test.__qualname__ = f"test_{case.name}"
    test.__doc__ = f"{case.profile}: {case.title}."
    return pytest.mark.conformance(test)


for _case in cases().values():
    globals()[f"test_{_case.name}"] = _test_of(_case)
