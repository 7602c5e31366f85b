"""``kiosk torture`` and ``kiosk fuzz``: options in, figures and exit code out."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from kiosk import cli
from kiosk.lab.fuzz import run as fuzz_run
from kiosk.lab.torture import report
from kiosk.lab.torture import run as torture_run
from kiosk.lab.torture.audit import Figures
from kiosk.lab.torture.core import CoreDead
from kiosk.lab.torture.run import Outcome, Plan


def outcome(*breaches: str) -> Outcome:
    figures = Figures(
        seed=7, seconds=61.4, kills=30, power_cuts=9, resets=2, sessions=41, transactions=41, energy_wh=7000
    )
    figures.repeats, figures.repeated_starts, figures.breaches = 4, 1, list(breaches)
    return Outcome(
        figures=figures, evidence="/evidence", kills_by_moment={}, visits={}, asked={}, weather={"drop": 1}
    )


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Plan]]:
    """``plans(result)``: what the command asks for; it gets ``result``, or that raised."""

    def prepare(result: Any) -> list[Plan]:
        seen: list[Plan] = []

        async def pretend(plan: Plan, say: Callable[[str], None]) -> Outcome:
            seen.append(plan)
            say("ten kills")
            if isinstance(result, Exception):
                raise result
            assert isinstance(result, Outcome)
            return result

        monkeypatch.setattr(torture_run, "torture", pretend)
        return seen

    return prepare


def test_torture_prints_its_figures(plans: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    seen = plans(outcome())
    words = ["torture", "--kills", "30", "--seed", "7", "--chaos", "--minutes", "2.5", "--keep", str(tmp_path)]
    assert cli.main(words) == 0
    assert seen == [Plan(folder=tmp_path, seed=7, kills=30, minutes=2.5, chaos=True)]
    out, err = capsys.readouterr()
    assert "41 in the journal, 41 at the backend" in out
    assert "4 as no answer was committed, 1 of them StartTransaction" in out
    assert "7000 Wh sold, 0 Wh differ" in out
    assert "seed 7" in err
    assert "ten kills" in err


@pytest.mark.parametrize("place", ["/proc/evidence", "{}/file", "{}/file/below"])
def test_torture_where_nothing_can_be_kept(
    plans: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str
) -> None:
    seen = plans(outcome())
    (tmp_path / "file").touch()
    folder = place.format(tmp_path)
    assert cli.main(["torture", "--keep", folder]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"kiosk: --keep {folder}: ")
    assert err.endswith("; give a folder that can be written\n")
    assert err.count("\n") == 1
    assert not seen


def test_torture_with_breaches_is_exit_1(plans: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plans(outcome("lost: fact 3", *(f"breach {n}" for n in range(30))))
    assert cli.main(["torture", "--seed", "7", "--keep", str(tmp_path)]) == 1
    _, err = capsys.readouterr()
    assert "lost: fact 3" in err
    assert "and 11 more" in err
    assert "evidence: /evidence" in err


def test_torture_as_json(plans: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plans(outcome())
    assert cli.main(["torture", "--json", "--keep", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["kills"] == 30
    assert told["weather"] == {"drop": 1}


def test_torture_of_a_core_that_does_not_start(
    plans: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plans(CoreDead("life 1 ended with 1; see core.log"))
    assert cli.main(["torture", "--keep", str(tmp_path)]) == 1
    assert "life 1 ended with 1" in capsys.readouterr().err


def test_nothing_to_tell_without_breaches() -> None:
    assert report.breaches(outcome()) == []


class FakeFuzz:
    asked: ClassVar[list[tuple[int, float]]] = []
    findings: ClassVar[list[fuzz_run.Finding]] = []

    def __init__(self, seed: int, say: Callable[[str], None]) -> None:
        self._seed = seed
        say("forty conversations")

    def run(self, *, minutes: float) -> fuzz_run.Figures:
        self.asked.append((self._seed, minutes))
        figures = fuzz_run.Figures(
            seed=self._seed, seconds=60.0, conversations=40, frames=900, calls=300, answers=300
        )
        figures.codes, figures.findings = {"CALLRESULT": 200, "NotImplemented": 100}, self.findings
        return figures


@pytest.fixture
def fake_fuzz(monkeypatch: pytest.MonkeyPatch) -> type[FakeFuzz]:
    monkeypatch.setattr(fuzz_run, "Fuzz", FakeFuzz)
    monkeypatch.setattr(FakeFuzz, "asked", [])
    monkeypatch.setattr(FakeFuzz, "findings", [])
    return FakeFuzz


def test_fuzz_prints_its_figures(fake_fuzz: type[FakeFuzz], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fuzz", "--minutes", "2", "--seed", "9"]) == 0
    assert fake_fuzz.asked == [(9, 2.0)]
    out, err = capsys.readouterr()
    assert "40 conversations in 60 s" in out
    assert "900 frames to the station, 300 calls, 300 answered" in out
    assert "NotImplemented" in out
    assert "seed 9" in err


def test_fuzz_with_findings_is_exit_1(fake_fuzz: type[FakeFuzz], capsys: pytest.CaptureFixture[str]) -> None:
    fake_fuzz.findings = [fuzz_run.Finding(what=["it died"], steps=["Hang()"], seed=1)]
    assert cli.main(["fuzz", "--seed", "9", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["findings"][0]["what"] == ["it died"]
    assert "1 finding (shown above), seed 9" in err


def test_fuzz_without_its_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "kiosk.lab.fuzz.run", None)
    assert cli.main(["fuzz"]) == 1
    assert f"{shlex.quote(sys.executable)} -m pip install async-solipsism hypothesis" in capsys.readouterr().err


def test_they_stand_apart_from_what_is_done_to_a_station(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    panel = capsys.readouterr().out.partition("─ Prove ")[2].partition("╰")[0]
    named = [
        line.strip("│ ").split()[:1] for line in panel.splitlines() if line.startswith("│ ") and line[2] != " "
    ]
    assert named == [["conformance"], ["torture"], ["fuzz"]]
