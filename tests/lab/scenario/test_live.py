"""Scenarios on a running station: what stands in the way, and where a limit is written."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from kiosk.lab.scenario import live, timetable
from kiosk.lab.scenario.kinds import Scenario
from kiosk.model.enums import ConnectorType, LimitReason
from kiosk.model.snapshot import LoadManagement, Snapshot
from kiosk.station.commands.load_management import Quantity, Setpoint
from kiosk.station.modbus import access, registers
from tests.fakes.pictures import snapshot
from tests.fakes.scenes import scene

TYPES = (ConnectorType.CCS, ConnectorType.CCS, ConnectorType.CHADEMO)


def station(*, simulated: bool = True, modbus: str | None = "127.0.0.1:5502") -> Snapshot:
    picture = snapshot()
    [first, *_] = picture.connectors
    return msgspec.structs.replace(
        picture,
        station=msgspec.structs.replace(picture.station, simulated=simulated),
        connectors=tuple(
            msgspec.structs.replace(first, id=number, type=kind) for number, kind in enumerate(TYPES, 1)
        ),
        load_management=LoadManagement(address=modbus),
    )


def obstacles(whole: Scenario, picture: Snapshot, *, embedded: bool = True) -> list[str]:
    return live.obstacles(whole, timetable.build(whole, 1), picture, embedded=embedded)


CONTROLLED = '[[at]]\ndo = "controller"\ntime = "+5s"\nstation_w = 5000\n'


@pytest.mark.parametrize(
    ("body", "given", "problem"),
    [
        ("", {"simulated": False}, "this station has real hardware"),
        ('[station]\nconnectors = "CCS"\n', {}, "start it with `kiosk run --connectors CCS`"),
        ('[[at]]\ndo = "clock"\ntime = "+5s"\noff = "+5s"\n', {}, "cannot be put wrong from outside"),
        (CONTROLLED, {"modbus": None}, "ModbusLoadManagementEnabled true"),
    ],
)
def test_what_stands_in_the_way(
    scenario: Callable[..., Scenario], body: str, given: dict[str, object], problem: str
) -> None:
    [found] = obstacles(scenario(body), station(**given))  # type: ignore[arg-type]
    assert problem in found


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('[[at]]\ndo = "backend"\ntime = "+5s"\nline = "gone"\n', "backend events"),
        ('[[at]]\ndo = "profile"\ntime = "+5s"\nwatts = [1]\n', "profile events"),
        ('[[at]]\ndo = "ask"\ntime = "+5s"\naction = "Reset"\n', "ask events"),
        (
            '[[at]]\ndo = "key"\ntime = "+5s"\nkey = "ChargingStrategy"\nvalue = "FAIR"\nby = "backend"\n',
            "keys changed",
        ),
        ('[[at]]\ndo = "card"\ntime = "+5s"\ncard = "X"\nstatus = "Blocked"\n', "refused cards"),
        ('[[at]]\ndo = "car"\ntime = "+5s"\npays = "unknown card"\n', "refused cards"),
        ('[[at]]\ndo = "car"\ntime = "+5s"\npays = "remote"\n', "remote drivers"),
    ],
)
def test_some_need_the_embedded_backend(scenario: Callable[..., Scenario], body: str, what: str) -> None:
    assert obstacles(scenario(body), station()) == []
    [found] = obstacles(scenario(body), station(), embedded=False)
    assert found.startswith(what)
    assert "none runs for this data folder" in found


def test_others_need_nothing(scenario: Callable[..., Scenario]) -> None:
    body = '[[at]]\ndo = "car"\ntime = "+5s"\n[[at]]\ndo = "door"\ntime = "+9s"\nlasts = "5s"\n'
    assert obstacles(scenario(body + CONTROLLED), station(), embedded=False) == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_limits_are_written_where_the_station_reads_them(number: int) -> None:
    row = live.power_register(number)
    words = registers.encode(row.kind, row.words, 12_345)
    found = access.write(scene(), row.address(number), words)
    assert found == (Setpoint(connector_id=number, quantity=Quantity.POWER, value=12_345),)


MANAGED = LoadManagement(max_grid_w=75_000, fallback_w=20_000)


@pytest.mark.parametrize(
    ("load", "limit"),
    [
        ({"available_w": None}, None),
        ({"available_w": 75_000}, (LimitReason.GRID, 75_000)),
        (
            {"enabled": True, "connected": True, "written_w": 40_000, "available_w": 40_000},
            (LimitReason.MODBUS, 40_000),
        ),
        (
            {"enabled": True, "written_w": 40_000, "fallback": True, "available_w": 20_000},
            (LimitReason.FALLBACK, 20_000),
        ),
    ],
)
def test_whose_limit_it_is(load: dict[str, object], limit: tuple[LimitReason, int] | None) -> None:
    picture = msgspec.structs.replace(snapshot(), load_management=msgspec.structs.replace(MANAGED, **load))
    assert live.told_limit(picture) == limit
