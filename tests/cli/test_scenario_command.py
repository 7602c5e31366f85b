"""``kiosk sim scenario``: what it prints, writes, refuses and ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.lab.scenario import recording, virtual

HEAD = 'name = "short"\ndescription = "x"\nstarts_at = 2026-11-12T06:00:00+01:00\nduration = "4min"\n'
CAR = '[[at]]\ndo = "car"\ntime = "06:00:10"\nleaves = "1min"\n'


@pytest.fixture
def day(tmp_path: Path) -> Path:
    path = tmp_path / "short.toml"
    path.write_text(HEAD + CAR)
    return path


def test_the_list_plays_nothing(capsys: Any) -> None:
    assert cli.main(["sim", "scenario", "--list"]) == 0
    out = capsys.readouterr().out
    assert [name for name in ("bad-day", "busy-day", "lonely-week") if name in out] == [
        "bad-day",
        "busy-day",
        "lonely-week",
    ]
    assert cli.main(["sim", "scenario", "--list", "--json"]) == 0
    assert {row["name"]: row["duration"] for row in json.loads(capsys.readouterr().out)}["busy-day"] == "24h"


def test_a_check_and_a_timetable_play_nothing(day: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual, "play", None)  # whoever plays falls over it
    assert cli.main(["sim", "scenario", str(day), "--virtual", "--check"]) == 0
    assert capsys.readouterr().out == "short: 1 event, 0 streams of drivers, no mistake\n"
    assert cli.main(["sim", "scenario", str(day), "--virtual", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "short: 4 min from 2026-11-12 06:00 +0100 on",
        "Thu 06:00:10  driver 1: any car with 20 % comes, pays: card",
    ]


def test_another_seed_is_another_timetable(capsys: Any) -> None:
    told = []
    for seed in ("1", "1", "2"):
        assert cli.main(["sim", "scenario", "busy-day", "--dry-run", "--seed", seed]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]


def test_a_virtual_play_is_told_recorded_and_drawn(day: Path, tmp_path: Path, capsys: Any) -> None:
    record, picture = tmp_path / "day.json", tmp_path / "day.png"
    arguments = ["sim", "scenario", str(day), "--virtual", "--record", str(record), "--picture", str(picture)]
    assert cli.main(arguments) == 0
    told = capsys.readouterr()
    assert "drivers      1, of whom 1 charged, 1 session billed" in told.out
    assert told.out.splitlines()[-1] == "no rule was broken"
    assert told.err == ""
    assert recording.read(record).name == "short"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_figures_for_programs(day: Path, capsys: Any) -> None:
    assert cli.main(["sim", "scenario", str(day), "--virtual", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sessions"], found["breaches"], found["seed"]) == (1, [], 1)
    assert found["energy_wh"] > 300


def test_a_breach_is_exit_code_1(day: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual.House, "counted_wh", lambda _: [1, 0, 0])
    assert cli.main(["sim", "scenario", str(day), "--virtual"]) == 1
    assert "BREACH       [books] connector 1: the meter counted 1 Wh" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        ([], 2, "name a scenario"),
        (["busy-dya"], 1, "did you mean busy-day?"),
        (["busy-day", "--virtual", "--speed", "2"], 2, "--speed is for a running station"),
        (["busy-day", "--speed", "0"], 2, "0.01"),
        (["bad-day"], 1, "start one with `kiosk run`"),
    ],
)
def test_refusals(arguments: list[str], code: int, problem: str, capsys: Any) -> None:
    assert cli.main(["sim", "scenario", *arguments]) == code
    assert problem in capsys.readouterr().err


def test_a_mistake_in_a_file_is_one_line(day: Path, capsys: Any) -> None:
    day.write_text(HEAD + CAR.replace("car", "cart"))
    assert cli.main(["sim", "scenario", str(day), "--check"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "at 1: do = 'cart' does not exist" in line
    assert "did you mean car?" in line


def test_a_recording_that_cannot_be_kept(day: Path, tmp_path: Path, capsys: Any) -> None:
    away = tmp_path / "none" / "day.json"
    assert cli.main(["sim", "scenario", str(day), "--virtual", "--record", str(away)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_an_interrupt_leaves_nothing_behind(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Path] = []

    async def interrupted(_scenario: Any, _seed: int, folder: Path, *_more: Any) -> Any:
        begun.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(virtual, "_played", interrupted)
    assert cli.main(["sim", "scenario", str(day), "--virtual"]) == 130
    assert [folder.exists() for folder in begun] == [False]
