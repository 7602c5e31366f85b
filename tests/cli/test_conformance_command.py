"""``kiosk conformance``: what it prints, writes and ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.lab.conformance import registry
from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import Case


@pytest.fixture(autouse=True)
def log_watch() -> None:
    """Takes the place of the fixture that fails a test on any warning: cases provoke them."""


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> str:
    """A case that fails, among the others; its id."""

    async def bad(lab: Bench) -> None:
        raise AssertionError("it never does")

    registry.cases()
    case = Case(id="999", title="A case of the tests", profile="Core", play=bad, booted=False)
    monkeypatch.setitem(registry._cases, "999", case)
    return "999"


def test_the_list_runs_nothing(capsys: Any) -> None:
    assert cli.main(["conformance", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(None, 2) == ["001", "Core", "Cold boot"]
    assert len(lines) == len(registry.cases())


def test_some_cases_in_the_order_in_which_they_were_named(capsys: Any) -> None:
    assert cli.main(["conformance", "040_2", "40_1"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines()[:2]] == [["pass", "040_2"], ["pass", "040_1"]]
    assert out.splitlines()[-1].startswith("2 cases: 2 pass;")
    assert "this is no certification" in out.splitlines()[-1]


def test_a_failure_is_told_and_is_exit_code_1(capsys: Any, failing: str) -> None:
    assert cli.main(["conformance", "040_1", failing]) == 1
    out = capsys.readouterr().out
    assert "FAILED         999    A case of the tests" in out
    assert "it never does" in out
    assert "2 cases: 1 pass, 1 FAILED;" in out


@pytest.mark.parametrize("form", ["json", "junit", "text"])
def test_the_report_goes_to_a_file(form: str, tmp_path: Path, capsys: Any, failing: str) -> None:
    out = tmp_path / "report"
    assert cli.main(["conformance", "040_1", failing, "--format", form, "--out", str(out)]) == 1
    assert capsys.readouterr().out == ""
    text = out.read_text(encoding="utf-8")
    match form:
        case "json":
            assert [row["verdict"] for row in json.loads(text)["cases"]] == ["pass", "FAILED"]
        case "junit":
            assert '<testsuite name="OCPP 1.6 conformance" tests="2" failures="1"' in text
        case _:
            assert text.splitlines()[0].startswith("pass           040_1")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: Any) -> None:
    assert cli.main(["conformance", "040_1", "--out", str(tmp_path / "no" / "report")]) == 1
    assert "cannot be written (No such file or directory)" in capsys.readouterr().err


def test_the_trace_of_a_case(capsys: Any, failing: str) -> None:
    assert cli.main(["conformance", "--trace", "027"]) == 0
    out = capsys.readouterr().out
    assert '← RemoteStartTransaction {"idTag": "TAG-1", "connectorId": 0}' in out
    assert '→ RemoteStartTransaction.conf {"status": "Rejected"}' in out
    assert "· simulator: plug(1, soc_percent=30)" in out
    assert cli.main(["conformance", "--trace", failing]) == 1


def test_an_unknown_case_is_a_wrong_word(capsys: Any) -> None:
    assert cli.main(["conformance", "12345"]) == 2
    assert capsys.readouterr().err == ("kiosk: there is no case '12345'; `kiosk conformance --list` shows them\n")


def test_a_seed_gives_an_order_that_can_be_had_again(capsys: Any) -> None:
    orders = []
    for seed in ("1", "1", "2"):
        assert cli.main(["conformance", "027", "031", "040_1", "040_2", "--seed", seed]) == 0
        orders.append([line.split()[1] for line in capsys.readouterr().out.splitlines()[:4]])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])
