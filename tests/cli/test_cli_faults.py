"""``kiosk faults``: what is raised, and what a code means, for a technician at night and for programs."""

from __future__ import annotations

import json

import msgspec
import pytest

from kiosk import cli
from kiosk.cli import common, faults
from kiosk.model import fault_words
from kiosk.model.enums import ChargePointStatus, ConnectorType
from kiosk.model.faults import FAULTS, Fault, FaultScope
from kiosk.model.snapshot import Backend, Connector, Dialogue, Gui, Listen, Screen, Snapshot, Station

Capture = pytest.CaptureFixture[str]


def snapshot(station: tuple[int, ...] = (), **connectors: tuple[int, ...]) -> Snapshot:
    """``_1=(18,)``: raised at connector 1."""
    return Snapshot(
        version="1",
        station=Station(faults=station),
        connectors=tuple(
            Connector(id=n, type=ConnectorType.CCS, status=S.AVAILABLE, faults=connectors.get(f"_{n}", ()))
            for n in (1, 2)
        ),
        backend=Backend(),
        screen=Screen(),
        dialogue=Dialogue(),
        gui=Gui(),
        listen=Listen(),
    )


S = ChargePointStatus


def test_now_the_gravest_first_and_what_is_the_stations_once(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    picture = snapshot((1001, 1003), _1=(18, 1003), _2=(22, 1003))
    monkeypatch.setattr(common, "snapshot", lambda _data: picture)
    assert cli.main(["faults", "now"]) == 0
    lines = capsys.readouterr().out.splitlines()
    places = [line.split() for line in lines if line.startswith(("station", "connector"))]
    assert [words[:2] for words in places] == [
        ["station", "1003"],
        ["connector", "1"],
        ["connector", "2"],
        ["station", "1001"],
    ]
    assert [words[2] for words in places[1:3]] == ["18", "22"]
    assert "explain 1003" in lines[-1]
    assert cli.main(["faults", "now", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["connector_id"], row["code"]) for row in told] == [(0, 1003), (1, 18), (2, 22), (0, 1001)]
    assert told[1]["recovery"].startswith("Only when the plug was out")


def test_now_when_all_is_well(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(common, "snapshot", lambda _data: snapshot())
    assert cli.main(["faults", "now"]) == 0
    assert capsys.readouterr().out == "nothing is raised\n"
    assert cli.main(["faults", "now", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_all_codes_are_listed(capsys: Capture) -> None:
    assert cli.main(["faults", "list"]) == 0
    out = capsys.readouterr().out
    assert all(row.name in out for row in FAULTS.values())
    assert cli.main(["faults", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["code"] for row in told] == list(FAULTS)
    assert [row["code"] for row in told if row["beyond_manual"]] == [1002, 1003]


@pytest.mark.parametrize("row", FAULTS.values(), ids=lambda row: str(row.code))
def test_a_code_is_explained(capsys: Capture, row: Fault) -> None:
    assert cli.main(["faults", "explain", str(row.code)]) == 0
    out = capsys.readouterr().out
    for text in (row.name, row.meaning, row.title, row.cause, row.advice, row.reason, *row.measures):
        assert text in out
    assert ("manual" in out) is row.beyond_manual
    assert cli.main(["faults", "explain", str(row.code), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(msgspec.json.encode(faults.as_dict(row)))
    assert msgspec.convert({k: v for k, v in told.items() if k in row.__struct_fields__}, Fault) == row


def test_a_code_that_there_is_not(capsys: Capture) -> None:
    assert cli.main(["faults", "explain", "13"]) == 2
    assert "13 does not exist; codes are 0-12, 14-22" in capsys.readouterr().err


@pytest.mark.parametrize("row", FAULTS.values(), ids=lambda row: str(row.code))
def test_the_sentences_say_what_the_columns_say(row: Fault) -> None:
    effect, told, recovery = fault_words.effect(row), fault_words.told(row), fault_words.recovery(row)
    assert ("contactor opens" in effect) is row.stops_charging
    assert ("Nothing stops" in effect) is not row.blocks_start
    assert ("Only when the plug was out" in recovery) is row.latched_until_replug
    assert ("plug was out" in recovery) is row.ends_with_replug
    assert ("Finishing" in told) is (row.error_code == "EVCommunicationError")
    assert ("Faulted" in told) is (row.blocks_start and row.error_code != "EVCommunicationError")
    assert ("connector 0" in told) is (row.scope is FaultScope.STATION)
    assert (fault_words.when(row) == "at any time") is (len(row.phases) == 13)
