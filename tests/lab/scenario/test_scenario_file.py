"""Scenario files: found, read, and refused with every mistake and its remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.lab.scenario import file, kinds
from kiosk.lab.scenario.kinds import Scenario
from kiosk.model.errors import BadFile

HEAD = 'name = "test"\ndescription = "x"\nstarts_at = 2026-11-12T06:00:00+01:00\nduration = "1h"\n'


def refused(text: str) -> str:
    with pytest.raises(BadFile) as caught:
        file.parse(text, "day.toml")
    told = str(caught.value)
    assert told.startswith("day.toml: ")
    assert "\n" not in told
    return told


def test_everything_is_optional_but_the_head(scenario: Callable[..., Scenario]) -> None:
    found = scenario()
    assert (found.traffic, found.at, found.station.connectors) == ((), (), "CCS,CCS,CHAdeMO")


def test_events_keep_their_order_and_their_fields(scenario: Callable[..., Scenario]) -> None:
    found = scenario(
        """
        [[at]]
        do = "fault"
        time = "06:30"
        connector = 1
        code = 18
        [[at]]
        do = "controller"
        time = "+5s"
        connector_w = { 2 = 11000 }
        """
    )
    assert found.at == (
        kinds.Fault(time="06:30", connector=1, code=18),
        kinds.Controller(time="+5s", connector_w={"2": 11000}),
    )


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ("nonsense = 1", ["nonsense is unknown"]),
        ("[station]\nkeys = { MaxGridPowr = 1 }", ["station.keys: ", "MaxGridPowr", "did you mean MaxGridPower?"]),
        ('[station]\nconnectors = "CCS,XYZ"', ["station: ", "XYZ", "CHAdeMO"]),
        ('[station]\ninstall = ["hardware.stakcs=1"]', ["station: ", "did you mean", "stacks"]),
        ("at = 3", ["write [[at]] above each event"]),
        ('[[at]]\ntime = "06:30"', ["at 1: do is missing", "one of car, card, plug"]),
        ('[[at]]\ndo = "faul"\ntime = "06:30"', ["at 1: do = 'faul' does not exist", "did you mean fault?"]),
        ('[[at]]\ndo = "fault"\ntime = "06:30"\nconnector = 1', ["at 1 (fault): code is missing (whole number"]),
        ('[[at]]\ndo = "fault"\ntime = "06:30"\nconnector = 1\ncode = 13', ["at 1 (fault): ", "13", "codes are"]),
        (
            '[[at]]\ndo = "fault"\ntime = "06:30"\nconnector = 3\ncode = 2',
            ["at 1 (fault): ", "take a CCS connector"],
        ),
        (
            '[[at]]\ndo = "fault"\ntime = "06:30"\nconnector = 0\ncode = 2',
            ["code 2 is none of the station's", "1001"],
        ),
        (
            '[[at]]\ndo = "clear"\ntime = "06:30"\nconnector = 4\ncode = 2',
            ["connector 4 does not exist", "1 to 3"],
        ),
        (
            '[[at]]\ndo = "car"\ntime = "05:30"',
            ["at 1 (car): time = '05:30' does not fit", "lasts 1 h from Thu 06:00"],
        ),
        (
            '[[at]]\ndo = "car"\ntime = "06:30"\nsoc = 101',
            ["at 1 (car): soc = 101 does not fit (whole number from 0"],
        ),
        (
            '[[at]]\ndo = "car"\ntime = "06:30"\ncar = "tank"',
            ["car: 'tank' cannot charge at this station (one of any"],
        ),
        ('[[at]]\ndo = "car"\ntime = "06:30"\ncar = "city24"\nconnector = 1', ["cannot charge at connector 1"]),
        ('[[at]]\ndo = "car"\ntime = "06:30"\nconnector = 0', ["connector 0 is the station"]),
        (
            '[[at]]\ndo = "car"\ntime = "06:30"\nleaves = "later"',
            ["leaves = 'later' does not fit", "80 % or 45min"],
        ),
        (
            '[[at]]\ndo = "car"\ntime = "06:30"\npays = "cash"',
            ["pays = 'cash' does not fit", "one of card, unknown card"],
        ),
        ('[[at]]\ndo = "plug"\ntime = "06:30"\nconnector = 1\ncar = "city24"', ["cannot charge at connector 1"]),
        ('[[at]]\ndo = "door"\ntime = "06:30"\nlasts = "long"', ["lasts = 'long' does not fit", "15min"]),
        ('[[at]]\ndo = "key"\ntime = "06:30"\nkey = "Nope"\nvalue = 1', ["at 1 (key): ", "Nope"]),
        (
            '[[at]]\ndo = "key"\ntime = "06:30"\nkey = "ChargingStrategy"\nvalue = "NONE"',
            ["ChargingStrategy", "FCFS"],
        ),
        ('[[at]]\ndo = "controller"\ntime = "06:30"\nconnector_w = { 9 = 1 }', ["connector_w.9 does not exist"]),
        ('[[at]]\ndo = "controller"\ntime = "06:30"\nstation_w = -1', ["station_w = -1 does not fit"]),
        ('[[at]]\ndo = "ask"\ntime = "06:30"\naction = "Explode"', ["action = 'Explode' does not exist"]),
        ('[[at]]\ndo = "ask"\ntime = "06:30"\naction = "dataclass"', ["action = 'dataclass' does not exist"]),
        ('[[at]]\ndo = "clock"\ntime = "06:30"\noff = "90s"', ["off = '90s' does not fit", "+2min"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1, 2]', ["traffic 1 (x): per_hour does not fit", "24 numbers"]),
        ('[[traffic]]\nname = "x"\nper_hour = [61]', ["per_hour does not fit"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\nsoc = [120, 5]', ["soc does not fit", "a mean from 0 to 100"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\ncars = { tank = 1 }', ["cars: 'tank' cannot charge"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\npays = { cash = 1 }', ["pays: 'cash' does not exist"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\nstops = { cash = 1 }', ["stops: 'cash' does not exist"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\nleaves = { soon = 1 }', ["leaves = 'soon' does not fit"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\nleaves = { full = 0 }', ["leaves does not fit", "above 0"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\ndays = ["someday"]', ["days = ['someday'] does not fit"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\npatience = "some"', ["patience = 'some' does not fit"]),
        ('[[traffic]]\nname = "x"\nper_hour = [1]\n' * 2, ["two streams have the same name; rename one"]),
    ],
)
def test_a_mistake_names_its_place_and_its_remedy(body: str, problems: list[str]) -> None:
    told = refused(HEAD + body)
    for problem in problems:
        assert problem in told
    assert told.endswith(file.REMEDY)


def test_all_mistakes_are_told_at_once() -> None:
    told = refused(HEAD + '[[at]]\ndo = "x"\n[[at]]\ndo = "fault"\ntime = "06:30"\n[station]\nnope = 1')
    assert all(problem in told for problem in ("at 1: do = 'x'", "at 2 (fault): code", "station.nope"))


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ("name = ", "is not valid TOML"),
        (HEAD.replace('"1h"', '"long"'), "duration = 'long' does not fit"),
        (HEAD.replace('"1h"', '"0.5s"'), "duration is below a second"),
        (HEAD.replace("+01:00", ""), "starts_at"),
        (HEAD.replace('"test"', '"Test Day"'), "name = 'Test Day' does not fit"),
        (HEAD + 'recorded_every = "x"', "recorded_every = 'x' does not fit"),
        ("", "name is missing"),
    ],
)
def test_heads(head: str, problem: str) -> None:
    assert problem in refused(head)


def test_files_are_found_by_path_and_by_name(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    path.write_text(HEAD)
    assert file.load(str(path)).name == "test"
    assert file.find("busy-day") == file.built_in()["busy-day"]
    with pytest.raises(
        BadFile, match=r"busy-dya: is neither a file nor a built-in scenario; did you mean busy-day\?"
    ):
        file.load("busy-dya")
    with pytest.raises(BadFile, match="give a path, or one of bad-day, busy-day, lonely-week"):
        file.load("x")
    with pytest.raises(BadFile, match="cannot be read"):
        file.load(str(tmp_path / "none.toml"))
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(BadFile, match="byte 8 is not UTF-8"):
        file.load(str(path))


@pytest.mark.parametrize("name", ["bad-day", "busy-day", "lonely-week"])
def test_built_in_ones_are_called_what_they_are_called(name: str) -> None:
    assert file.load(name).name == name
