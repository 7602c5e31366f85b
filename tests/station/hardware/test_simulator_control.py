"""Cars, cards, doors and rings of the simulated station."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from kiosk.model.enums import ConnectorType
from kiosk.model.errors import BadValue, NotPossible, UnfittingCar, UnknownCar, UnknownConnector, UsageError
from kiosk.station.hardware.ports import FaultCleared, FaultRaised
from tests.fakes.bench import Bench, installation


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("number", [-1, 0, 5, 99])
def test_an_unknown_connector_is_named(bench: Bench, number: int) -> None:
    control = bench.sim.control
    with pytest.raises(UnknownConnector, match="connectors 1 to 4"):
        control.plug(number)
    for wish in (control.unplug, control.end, control.disobey):
        with pytest.raises(UnknownConnector):
            wish(number)
    if number:
        with pytest.raises(UnknownConnector):
            control.fault(number, 18)
        with pytest.raises(UnknownConnector):
            control.clear(number, 18)
    with pytest.raises(UnknownConnector):
        bench.sim.stacks.assign(number, 1)


def test_a_plug_that_is_in_cannot_be_plugged(bench: Bench) -> None:
    bench.sim.control.plug(1)
    with pytest.raises(NotPossible, match="connector 1 is plugged into family64 already; unplug it first"):
        bench.sim.control.plug(1)


def test_what_needs_a_car_says_so(bench: Bench) -> None:
    control = bench.sim.control
    for wish in (lambda: control.unplug(1), lambda: control.request(1, 0), lambda: control.disobey(1)):
        with pytest.raises(NotPossible, match="not plugged in"):
            wish()
    with pytest.raises(NotPossible, match="no session"):
        control.end(1)


def test_a_wrong_car_leaves_the_connector_free(bench: Bench) -> None:
    with pytest.raises(UnfittingCar):
        bench.sim.control.plug(1, "city24")
    with pytest.raises(UnknownCar):
        bench.sim.control.plug(1, "beetle")
    with pytest.raises(BadValue, match="0 to 100 percent"):
        bench.sim.control.plug(1, soc_percent=101)
    assert not bench[1].plugged
    assert all(issubclass(error, UsageError) for error in (UnfittingCar, UnknownCar, BadValue, UnknownConnector))


def test_two_cars_of_a_model_have_two_macs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, built=installation(ConnectorType.CCS, ConnectorType.CCS))
    bench.sim.control.plug(1)
    bench.sim.control.plug(2)
    bench.wait(3)
    first, second = bench[1].vehicle_id, bench[2].vehicle_id
    assert first == "02A4C1640001"
    assert second is not None
    assert second != first
    assert len(second) == 12
    assert Bench(tmp_path, built=bench.built).sim.control.state().connectors[1].vehicle_id == second


@pytest.mark.parametrize(
    ("uid", "told"),
    [
        ("04AE179C4F6181", "04AE179C4F6181"),
        ("04ae179c4f6181", "04AE179C4F6181"),
        ("04:AE-17 9c", "04AE179C"),
        ("00112233445566778899", "00112233445566778899"),
        ("04AE17", "04AE17"),  # too short for a UID: an idTag as it is
        ("TAG-user_7", "TAG-user_7"),
    ],
)
def test_a_card_is_read_as_upper_case_hex_or_as_it_is(bench: Bench, uid: str, told: str) -> None:
    bench.sim.control.card(uid)
    assert bench.cards == []
    bench.sim.step()
    assert bench.cards == [told]


@pytest.mark.parametrize("uid", ["", "two words", "kärtchen", "0011223344556677889900"])
def test_a_card_that_is_none_is_refused(bench: Bench, uid: str) -> None:
    with pytest.raises(BadValue, match="1 to 20 printable"):
        bench.sim.control.card(uid)


def test_the_door(bench: Bench) -> None:
    bench.sim.control.door(False)
    bench.sim.control.door(True)
    bench.sim.control.door(True)
    bench.sim.step()
    assert bench.station == [FaultRaised(1001)]
    assert bench.sim.station.door_open
    bench.station.clear()
    bench.sim.control.door(False)
    bench.sim.step()
    assert bench.station == [FaultRaised(1000), FaultCleared(1001), FaultCleared(1000)]
    assert not bench.sim.station.door_open


def test_the_door_by_its_codes(bench: Bench) -> None:
    bench.sim.control.fault(0, 1001)
    assert bench.sim.control.state().door_open
    bench.sim.control.clear(0, 1000)
    assert bench.sim.control.state().door_open
    bench.sim.control.clear(0, 1001)
    assert not bench.sim.control.state().door_open
    bench.sim.control.fault(0, 1000)
    assert not bench.sim.control.state().door_open


def test_light_is_unknown_without_a_sensor(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a")
    assert bench.sim.station.light_lux is None
    with pytest.raises(NotPossible, match="light_sensor"):
        bench.sim.control.light(20)
    bench = Bench(tmp_path / "b", built=installation(light_sensor=True))
    bench.sim.control.light(20)
    assert bench.sim.station.light_lux == 20
    with pytest.raises(BadValue):
        bench.sim.control.light(-1)


def test_the_rings_are_seen(bench: Bench) -> None:
    bench[2].set_led("0000FF", 40)
    view = bench.sim.control.state().connectors[1]
    assert (view.led_rgb, view.led_percent, view.led_seen) == ("0000FF", 40, "0000FF")
    assert bench.sim.control.state().connectors[0].led_rgb == ""
    bench[2].set_led("0000FF", 0)
    assert bench.sim.control.state().connectors[1].led_seen == ""


def test_a_ring_flashes_and_is_steady_again(bench: Bench) -> None:
    bench[1].set_led("00FF00")
    bench[1].flash_led("FF0000", 2)
    seen = []
    for _ in range(11):
        view = bench.sim.control.state().connectors[0]
        seen.append((view.led_seen, view.led_flashes))
        bench.clock.advance(0.125)
    red, dark = "FF0000", ""
    assert seen == [
        *[(red, 2)] * 2, *[(dark, 2)] * 2, *[(red, 1)] * 2, *[(dark, 1)] * 2, *[("00FF00", 0)] * 3
    ]  # fmt: skip
    bench[1].flash_led("FF0000", 5)
    bench[1].flash_led("FF0000", 0)
    assert bench.sim.control.state().connectors[0].led_seen == "00FF00"


def test_stacks_feed_one_connector_at_a_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path, built=installation(ConnectorType.CCS, ConnectorType.CCS, ConnectorType.CCS_AC))
    stacks = bench.sim.stacks
    assert (stacks.count, stacks.power_w) == (2, 25_000)
    stacks.assign(1, 2)
    with pytest.raises(ValueError, match="1 stacks for connector 2: 0 are free"):
        stacks.assign(2, 1)
    with pytest.raises(ValueError, match="-1 stacks"):
        stacks.assign(2, -1)
    with pytest.raises(ValueError, match="not fed by stacks"):
        stacks.assign(3, 1) if stacks.assign(1, 1) is None else None
    stacks.assign(2, 1)
    assert [view.stacks for view in bench.sim.control.state().connectors] == [1, 1, 0]


def test_the_most_a_connector_can_give(tmp_path: Path) -> None:
    bench = Bench(tmp_path, built=installation(stacks=1))
    assert [c.max_power_w for c in bench.sim.connectors] == [25_000, 25_000, 25_000, 22_000]


def test_the_state_is_plain_data(bench: Bench) -> None:
    bench.begin(1)
    plain = msgspec.to_builtins(bench.sim.control.state())
    assert plain["connectors"][0]["phase"] == "energy"
    assert plain["connectors"][0]["contactor_closed"] is True
    assert plain["connectors"][3]["car"] is None
    assert msgspec.json.decode(msgspec.json.encode(plain))["connectors"][0]["led_rgb"] == ""


def test_all_cars_are_listed(bench: Bench) -> None:
    assert {"family64", "city24", "grand93"} <= {car.name for car in bench.sim.control.cars()}


def test_a_plug_that_is_halfway_in_cannot_be_locked(bench: Bench) -> None:
    bench.sim.control.plug(1, seated=False)
    bench.wait(0.1)
    assert bench.raised(1) == [15]
    assert bench[1].plugged
    bench[1].start()
    bench.wait(60)
    assert not bench[1].contactor_closed
    bench.sim.control.unplug(1)
    bench.wait(0.1)
    assert FaultCleared(15) in bench.events[1]
    bench.begin(1)  # all the way in: nothing is left of it
    with pytest.raises(NotPossible, match="connector 4 locks nothing"):
        bench.sim.control.plug(4, seated=False)


def test_mains_need_a_back_up_supply_and_are_told_once(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"hardware\.backup_supply_s"):
        bench.sim.control.mains(False)
    backed = Bench(tmp_path / "backed", built=installation(backup_supply_s=30.0))
    told: list[bool] = []
    backed.sim.station.subscribe_mains(told.append)
    for on in (True, False, False, True):
        backed.sim.control.mains(on)
        backed.wait(0.1)
    assert told == [False, True]


def test_heat_inside_the_cabinet_is_measured_and_outlives_the_program(bench: Bench, tmp_path: Path) -> None:
    assert bench.sim.stacks.temperature_c == 25.0
    bench.sim.control.heat(61.5)
    assert bench.sim.stacks.temperature_c == bench.sim.control.state().cabinet_c == 61.5
    after = Bench(tmp_path, clock=bench.clock).sim
    assert after.stacks.temperature_c == 61.5
    after.control.heat(None)
    assert after.stacks.temperature_c == 25.0


@pytest.mark.parametrize("celsius", [-60.1, 150.1, float("nan"), float("inf")])
def test_a_temperature_that_cannot_be_is_refused(bench: Bench, celsius: float) -> None:
    with pytest.raises(BadValue, match="-60 to 150"):
        bench.sim.control.heat(celsius)
    assert bench.sim.stacks.temperature_c == 25.0
