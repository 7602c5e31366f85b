"""What an external load-management controller allows, and what holds while it is silent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.settings import Installation, Settings
from kiosk.station.power.load_management import Controller, released_w, withheld
from kiosk.station.power.model import Outlet
from tests.fakes.powers import Scene, scenes


def settings(enabled: bool = True, timeout_s: int = 5) -> Settings:
    return Settings(
        Installation.load(
            None,
            [
                f"keys.ModbusLoadManagementEnabled={str(enabled).lower()}",
                f"keys.GridFallbackTimeout={timeout_s}",
                "keys.GridFallbackPower=20000",
            ],
        )
    )


KEYS = settings()


@pytest.mark.parametrize(
    ("timeout_s", "heard_at_s", "asked_at_s", "limit_w"),
    [
        (5, None, 100.0, 20_000),  # what it allowed before we began is unknown
        (5, None, 999.0, 20_000),
        (5, 104.0, 108.9, None),
        (5, 104.0, 109.0, 20_000),
        (5, 107.0, 107.0, None),  # silent for long, then a word: back at once
        (0, 107.0, 107.0, 20_000),  # no patience at all: the fallback always holds
    ],
)
def test_silence(timeout_s: int, heard_at_s: float | None, asked_at_s: float, limit_w: int | None) -> None:
    keys, controller = settings(timeout_s=timeout_s), Controller()
    controller.fallback_w(keys, 100.0)
    if heard_at_s is not None:
        controller.heard(heard_at_s)
    assert controller.fallback_w(keys, asked_at_s) == limit_w


def test_without_load_management_there_is_no_fallback() -> None:
    controller = Controller()
    assert [controller.fallback_w(settings(enabled=False), now_s) for now_s in (100.0, 999.0)] == [None, None]
    assert controller.fallback_w(settings(), 1000.0) == 20_000, "switched on: nobody has spoken yet"


def test_before_its_first_word_a_controller_has_no_control() -> None:
    controller = Controller()
    assert not controller.connected(KEYS, 100.0)
    assert controller.station_w(KEYS, 100.0) is controller.connector_w(1, KEYS, 100.0) is None


def test_its_limits_hold_until_it_is_silent_for_too_long() -> None:
    controller = Controller()
    controller.limit_station(30_000, 100.0)
    controller.limit_connector(2, 7_000, 101.0)
    assert controller.connected(KEYS, 105.9)
    assert controller.station_w(KEYS, 105.9) == 30_000
    assert [controller.connector_w(n, KEYS, 105.9) for n in (1, 2)] == [None, 7_000]
    assert controller.fallback_w(KEYS, 105.9) is None
    assert not controller.connected(KEYS, 106.0)
    assert controller.station_w(KEYS, 106.0) is controller.connector_w(2, KEYS, 106.0) is None
    assert controller.fallback_w(KEYS, 106.0) == 20_000


def test_after_silence_the_limits_of_connectors_are_gone_and_that_of_the_station_holds_again() -> None:
    controller = Controller()
    controller.limit_station(30_000, 100.0)
    controller.limit_connector(2, 7_000, 100.0)
    assert not controller.connected(KEYS, 110.0)
    controller.limit_connector(1, 9_000, 110.0)
    assert controller.connected(KEYS, 110.0)
    assert controller.fallback_w(KEYS, 110.0) is None
    assert controller.station_w(KEYS, 110.0) == 30_000
    assert [controller.connector_w(n, KEYS, 110.0) for n in (1, 2)] == [9_000, None]


def test_switched_off_it_is_forgotten() -> None:
    controller = Controller()
    controller.limit_station(30_000, 100.0)
    controller.limit_connector(2, 7_000, 100.0)
    off = settings(enabled=False)
    assert controller.station_w(off, 100.1) is controller.connector_w(2, off, 100.1) is None
    assert controller.fallback_w(off, 100.1) is None
    assert not controller.connected(KEYS, 100.2)
    controller.heard(100.2)
    assert controller.station_w(KEYS, 100.2) is controller.connector_w(2, KEYS, 100.2) is None


def test_zero_is_a_limit_and_less_is_none() -> None:
    controller = Controller()
    controller.limit_station(0, 100.0)
    controller.limit_connector(1, 0, 100.0)
    assert controller.station_w(KEYS, 100.0) == controller.connector_w(1, KEYS, 100.0) == 0
    with pytest.raises(ValueError, match="-1 W"):
        controller.limit_station(-1, 100.0)
    with pytest.raises(ValueError, match="-1 W"):
        controller.limit_connector(1, -1, 100.0)


words = st.tuples(st.sampled_from(["station", "connector", "read", "ask"]), st.floats(0, 12))


@given(st.lists(words, max_size=30))
def test_at_any_moment_either_the_controller_or_the_fallback(said: list[tuple[str, float]]) -> None:
    controller, now_s, last_s = Controller(), 1000.0, None
    controller.connected(KEYS, now_s)
    for kind, pause_s in said:
        now_s += pause_s
        controller.connected(KEYS, now_s)
        if kind == "station":
            controller.limit_station(40_000, now_s)
        elif kind == "connector":
            controller.limit_connector(1, 8_000, now_s)
        elif kind == "read":
            controller.heard(now_s)
        last_s = last_s if kind == "ask" else now_s
        has_control = controller.connected(KEYS, now_s)
        assert has_control == (last_s is not None and now_s - last_s < 5)
        assert controller.fallback_w(KEYS, now_s) == (None if has_control else 20_000)
        if not has_control:
            assert controller.station_w(KEYS, now_s) is controller.connector_w(1, KEYS, now_s) is None


def outlet(dc: bool = True, max_power_w: int = 50_000, modbus_w: int | None = None) -> Outlet:
    return Outlet(
        connector_id=1, dc=dc, max_power_w=max_power_w, min_power_w=1_000 if dc else 4_140, modbus_w=modbus_w
    )


@pytest.mark.parametrize(
    ("fitted", "station_w", "left_w", "is_withheld"),
    [
        (outlet(), None, 50_000, False),  # nobody says anything
        (outlet(), 75_000, 50_000, False),
        (outlet(), 20_100, 19_400, False),  # own use and efficiency
        (outlet(dc=False, max_power_w=22_000), 20_100, 20_000, False),
        (outlet(), 0, 0, True),
        (outlet(), 100, 0, True),  # own use alone
        (outlet(), 1_130, 0, True),  # 999 W at the plug
        (outlet(), 1_131, 1_000, False),
        (outlet(dc=False), 4_239, 0, True),
        (outlet(dc=False), 4_240, 4_140, False),
        (outlet(modbus_w=0), None, 0, True),
        (outlet(modbus_w=999), 75_000, 0, True),
        (outlet(modbus_w=1_000), 75_000, 1_000, False),
        (outlet(modbus_w=1_547), None, 1_547, False),
        (outlet(dc=False, modbus_w=1_547), None, 0, True),
        (outlet(modbus_w=30_000), 20_100, 19_400, False),  # the lower one
        (outlet(modbus_w=10_000), 20_100, 10_000, False),
        (outlet(max_power_w=0), None, 0, False),  # it has nothing to give, whatever load management says
        (outlet(max_power_w=500, modbus_w=0), 0, 0, False),
    ],
)
def test_what_is_released(fitted: Outlet, station_w: int | None, left_w: int, is_withheld: bool) -> None:
    assert released_w(fitted, station_w) == left_w
    assert withheld(fitted, station_w) is is_withheld


@given(scenes())
def test_where_power_is_withheld_nothing_can_start(scene: Scene) -> None:
    busy = {request.connector_id for request in scene.requests}
    startable = scene.now().startable
    for fitted in scene.limits.outlets:
        if fitted.connector_id not in busy and withheld(fitted, scene.limits.managed_w):
            assert fitted.connector_id not in startable


def test_reactive_power_is_kept_and_is_no_word_about_power() -> None:
    controller = Controller()
    assert controller.reactive_var(0) == 0
    controller.ask_reactive(0, -5_000)
    controller.ask_reactive(2, 7)
    assert not controller.connected(KEYS, 100.0)
    assert not controller.heard_of
    assert [controller.reactive_var(n) for n in (0, 1, 2)] == [-5_000, 0, 7]
    controller.connected(settings(enabled=False), 101.0)
    assert controller.reactive_var(0) == 0


def test_what_was_written_is_known_also_while_it_does_not_hold() -> None:
    controller = Controller()
    assert controller.written_station_w is None
    controller.limit_station(30_000, 100.0)
    assert controller.heard_of
    assert controller.station_w(KEYS, 200.0) is None
    assert controller.written_station_w == 30_000
