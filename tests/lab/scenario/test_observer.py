"""What is looked at while a scenario is played."""

from __future__ import annotations

import msgspec
import pytest

from kiosk.lab.scenario.observer import Observer, grid_w
from kiosk.model.enums import ChargePointStatus, ConnectorType, LimitReason
from kiosk.model.snapshot import Connector, Snapshot
from tests.fakes.pictures import snapshot

CHARGING = Connector(
    id=1,
    type=ConnectorType.CCS,
    status=ChargePointStatus.CHARGING,
    plugged=True,
    power_w=48_500,
    limit_w=50_000,
    limit_reason=LimitReason.CONNECTOR,
)
AC = msgspec.structs.replace(CHARGING, id=2, type=ConnectorType.CCS_AC, power_w=11_000)
FREE = Connector(id=3, type=ConnectorType.CHADEMO, status=ChargePointStatus.AVAILABLE)


class World:
    """Shows what a test wants to be seen."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.snapshot: Snapshot | None = msgspec.structs.replace(snapshot(), connectors=(CHARGING, AC, FREE))
        self.grid_limit: tuple[LimitReason, int] | None = (LimitReason.GRID, 75_000)

    def requested_w(self, connector_id: int) -> int | None:
        return 60_000 if connector_id == 1 else None

    def show(self, *connectors: Connector) -> None:
        assert self.snapshot is not None
        self.snapshot = msgspec.structs.replace(self.snapshot, connectors=connectors)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def observer(world: World) -> Observer:
    return Observer(world)  # type: ignore[arg-type]  # what is not there is not asked for


def test_the_grid_gives_more_than_the_cars_get() -> None:
    assert grid_w((CHARGING, AC, FREE)) == 50_000 + 11_000 + 100
    unplugged = msgspec.structs.replace(CHARGING, plugged=False)
    unknown = msgspec.structs.replace(CHARGING, power_w=None)
    assert grid_w((unplugged, unknown)) == 100


def test_a_moment(world: World, observer: Observer) -> None:
    world.now_s = 30.0
    observer.moment()
    [moment] = observer.moments
    assert (moment.at_s, moment.grid_w, moment.grid_limit_w, moment.grid_reason) == (30.0, 61_100, 75_000, "grid")
    first, second, third = moment.connectors
    assert (first.power_w, first.limit_w, first.reason, first.requested_w) == (48_500, 50_000, "connector", 60_000)
    assert (second.requested_w, third.power_w, third.status) == (None, 0, "Available")


def test_a_dead_core_is_no_moment(world: World, observer: Observer) -> None:
    world.snapshot = None
    observer.moment()
    world.now_s = 20.0
    observer.look()
    assert observer.moments == []
    assert observer.figures.down_s == 20.0


def test_minutes_per_limit(world: World, observer: Observer) -> None:
    for world.now_s in (10.0, 20.0):
        observer.look()
    world.show(msgspec.structs.replace(CHARGING, limit_reason=LimitReason.CAR), FREE)
    world.now_s = 25.0
    observer.look()
    assert observer.figures.bound_s == {"connector": 40.0, "car": 5.0}


def test_faults_are_counted_when_they_are_raised(world: World, observer: Observer) -> None:
    ill = msgspec.structs.replace(CHARGING, faults=(18,))
    for shown in (CHARGING, ill, ill, CHARGING, ill):
        world.show(shown)
        observer.look()
    assert observer.figures.faults == {18: 2}


@pytest.mark.parametrize(("late_s", "breaches"), [(0.5, 0), (1.9, 0), (2.1, 1), (60.0, 1)])
def test_a_lowered_limit_is_kept_in_time(world: World, observer: Observer, late_s: float, breaches: int) -> None:
    observer.look()
    world.now_s = 100.0
    world.grid_limit = (LimitReason.MODBUS, 40_000)
    observer.look()
    world.now_s += late_s
    observer.look()
    world.now_s += 1.0
    world.show(msgspec.structs.replace(CHARGING, power_w=38_000))
    observer.look()
    assert len(observer.figures.over) == breaches


def test_a_fast_station_is_given_its_own_seconds(world: World) -> None:
    fast = Observer(world, 10.0)  # type: ignore[arg-type]
    fast.look()
    world.grid_limit = (LimitReason.MODBUS, 40_000)
    fast.look()
    for world.now_s in (15.0, 25.0):
        fast.look()
    assert len(fast.figures.over) == 1


def test_one_stretch_above_the_limit_is_one_breach(world: World, observer: Observer) -> None:
    for limit_w in (75_000, 40_000, 40_000, 75_000, 40_000, 40_000):
        world.grid_limit = (LimitReason.GRID, limit_w)
        observer.look()
        world.now_s += 5.0
    assert observer.figures.over == [
        "61100 W from the grid at 10.0 s, the limit is 40000 W",
        "61100 W from the grid at 25.0 s, the limit is 40000 W",
    ]


def test_own_use_is_no_breach(world: World, observer: Observer) -> None:
    world.show(FREE)
    world.grid_limit = (LimitReason.MODBUS, 0)
    for world.now_s in (0.0, 10.0):
        observer.look()
    assert observer.figures.over == []
    assert observer.figures.most_grid_w == 100
