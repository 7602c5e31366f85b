"""The core is killed again and again while cars charge; then its books are audited."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiosk.lab.torture import report
from kiosk.lab.torture.run import Outcome, Plan, torture

pytestmark = pytest.mark.story


def tortured(plan: Plan) -> Outcome:
    outcome = asyncio.run(torture(plan))
    told = "\n".join([*report.lines(outcome), *report.breaches(outcome)])
    assert not outcome.figures.breaches, told
    print(told)
    return outcome


def test_killed_twenty_times(tmp_path: Path) -> None:
    """Lessons 2, 4 and 5: no session lost, none told twice, none without an end, whenever the core dies.

    A slow machine gets fewer kills, not more time.
    """
    outcome = tortured(Plan(folder=tmp_path, seed=2026, kills=20, minutes=0.7))
    assert outcome.figures.kills >= 4
    assert outcome.figures.sessions >= 2
    assert outcome.figures.energy_wh > 0


@pytest.mark.long
def test_killed_three_hundred_times(tmp_path: Path) -> None:
    outcome = tortured(Plan(folder=tmp_path, seed=1, kills=300))
    assert outcome.figures.kills == 300
    assert outcome.figures.sessions >= 200


@pytest.mark.long
def test_killed_on_a_line_that_fails(tmp_path: Path) -> None:
    outcome = tortured(Plan(folder=tmp_path, seed=2, kills=100, chaos=True))
    assert outcome.weather
