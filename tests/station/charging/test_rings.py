"""The LED rings of a running core: what they show, and when they flash."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import ChargePointStatus, Provenance, Tap
from kiosk.station.charging.connector import LED_ITEM, led_rgb
from tests.fakes.core import START, RunningCore, charge, core_on

CARD = "04AE179C4F6181"
STRANGER = "E36432E5"
GREEN, BLUE, WHITE, RED, DARK = "00FF00", "0000FF", "FFFFFF", "FF0000", ""
S = ChargePointStatus
FIVE = ("111111", "222222", "333333", "444444", "555555")
"""Unavailable, Available, Occupied, Finished, Faulted."""


@pytest.mark.parametrize(
    ("status", "item"),
    [
        (S.UNAVAILABLE, 0),
        (S.AVAILABLE, 1),
        (S.PREPARING, 2),
        (S.CHARGING, 2),
        (S.SUSPENDED_EV, 2),
        (S.SUSPENDED_EVSE, 2),
        (S.RESERVED, 2),
        (S.FINISHING, 3),
        (S.FAULTED, 4),
    ],
)
@pytest.mark.parametrize("given", [FIVE, ("", *FIVE[1:]), ("", "", "", "", ""), FIVE[:2], ()])
def test_each_status_has_its_item_of_the_key(status: S, item: int, given: tuple[str, ...]) -> None:
    assert led_rgb(status, given) == (given[item] if item < len(given) else DARK)


def test_every_status_has_a_light() -> None:
    assert set(LED_ITEM) == set(S)


def light(station: RunningCore, connector_id: int) -> str:
    """The colour seen once a flash is over."""
    view = station.sim.state().connectors[connector_id - 1]
    return view.led_seen if not view.led_flashes else "flashing"


async def change(station: RunningCore, name: str, value: str) -> None:
    await station.core.commands.change_key(name, value, Provenance.OPERATOR)


def ring(station: RunningCore, connector_id: int) -> tuple[str, int]:
    """(colour seen now, flashes to come)"""
    view = station.sim.state().connectors[connector_id - 1]
    return view.led_seen, view.led_flashes


def test_from_the_first_moment_on(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            assert [ring(station, c) for c in (1, 2, 3)] == [(GREEN, 0)] * 3
            assert [c.led_rgb for c in station.core.state.snapshot.connectors] == [GREEN] * 3

    aio(story())


def test_a_start_without_a_card_flashes_too(aio: Any, tmp_path: Path) -> None:
    """Kiosk mode: the driver sees which connector it was."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true"), ("BlinkRepeat", "2")]) as station:
            station.sim.plug(2)
            await station.until(lambda: ring(station, 2) == (GREEN, 2))
            await station.until(lambda: ring(station, 2) == (BLUE, 0))
            assert ring(station, 1) == (GREEN, 0)

    aio(story())


def test_a_refused_stop_flashes_red(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.core.commands.whitelist_add(CARD)
            station.sim.plug(1)
            await station.until(lambda: station.page == "card")
            station.sim.card(CARD)
            await station.until(lambda: station.page == "charging")
            await station.until(lambda: ring(station, 1) == (BLUE, 0))
            station.sim.card("E36432E5")
            await station.until(lambda: station.page == "stop_refused")
            await station.until(lambda: ring(station, 1)[0] == RED, 1)
            station.core.host.tap(Tap.KEEP, None)
            await station.until(lambda: ring(station, 1) == (BLUE, 0))

    aio(story())


def test_a_session_that_goes_on_after_a_restart_does_not_flash(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging", "goes on after a restart")

    async def before() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")

    async def after() -> None:
        async with core_on(tmp_path) as station:
            assert ring(station, 1) == (BLUE, 0)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert ring(station, 1) == (BLUE, 0)

    aio(before())
    aio(after())


def test_the_ring_follows_a_session(aio: Any, tmp_path: Path) -> None:
    """Every light that a holder shows from card to card, with the status that it belongs to."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("BlinkRepeat", "3")]) as station:
            await station.core.commands.whitelist_add(CARD)
            seen: list[tuple[str, str]] = []

            async def watch() -> None:
                while True:
                    now = (station.connector(1).status.value, light(station, 1))
                    if not seen or seen[-1] != now:
                        seen.append(now)
                    await asyncio.sleep(0.05)

            watching = asyncio.create_task(watch())
            await asyncio.sleep(0.5)
            assert (await station.core.commands.start(1, CARD)).authorized  # nobody has plugged in yet
            await asyncio.sleep(5)
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Charging")
            station.sim.request(1, 0)
            await station.until(lambda: station.connector(1).status == "SuspendedEV")
            station.sim.request(1, None)
            await station.until(lambda: station.connector(1).status == "Charging")
            await station.core.commands.stop(1)
            await asyncio.sleep(2)
            station.sim.unplug(1)
            await asyncio.sleep(2)
            watching.cancel()
            assert seen == [
                ("Available", GREEN),
                ("Preparing", "flashing"),
                ("Preparing", BLUE),
                ("Charging", BLUE),
                ("SuspendedEV", BLUE),
                ("Charging", BLUE),
                ("Finishing", WHITE),
                ("Available", GREEN),
            ]
            assert light(station, 2) == GREEN

    aio(story())


def test_every_light_that_is_not_a_sessions(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging", "fault_raised 21")
    expected_log("kiosk.station.charging", "fault_cleared 21")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            commands = station.core.commands
            await commands.reservations.reserve(
                reservation_id=1, connector_id=1, id_tag=CARD, expires_at=START + timedelta(minutes=1)
            )
            await commands.change_availability(2, operative=False)
            station.sim.fault(3, 21)
            await asyncio.sleep(1)
            assert [c.status.value for c in station.core.state.snapshot.connectors] == [
                "Reserved",
                "Unavailable",
                "Faulted",
            ]
            assert [light(station, c) for c in (1, 2, 3)] == [BLUE, DARK, RED]
            await asyncio.sleep(90)
            await commands.change_availability(2, operative=True)
            station.sim.clear(3, 21)
            await asyncio.sleep(1)
            assert [light(station, c) for c in (1, 2, 3)] == [GREEN, GREEN, GREEN]
            # a plug that nobody paid for in time: the cable is only still in that car
            station.sim.plug(2)
            await asyncio.sleep(1)
            assert light(station, 2) == BLUE
            await station.until(lambda: station.connector(2).status == "Finishing", 90)
            assert light(station, 2) == WHITE

    aio(story())


def test_without_power_from_load_management_a_free_ring_is_dark(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ModbusLoadManagementEnabled", "true")]) as station:
            controller, clock = station.core.supply.controller, station.core.clock
            for limit_w, status, colour in [(0, "Unavailable", DARK), (50_000, "Available", GREEN)]:
                controller.limit_station(limit_w, clock.monotonic())
                await station.until(lambda status=status: station.connector(1).status == status, 2)
                await asyncio.sleep(0.1)
                assert light(station, 1) == colour

    aio(story())


def test_colours_and_brightness_change_at_once(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station, 2)
            await asyncio.sleep(5)
            await change(station, "GUIConnectorHolderColors", "000001,00AA00,0000AA,FFFFFF,AA0000")
            assert [light(station, c) for c in (1, 2)] == ["00AA00", "0000AA"]
            await change(station, "LightIntensity", "7")
            assert {view.led_percent for view in station.sim.state().connectors} == {7}
            await change(station, "LightIntensity", "0")
            assert [light(station, c) for c in (1, 2)] == [DARK, DARK]
            await change(station, "LightIntensity", "100")
            await change(station, "GUIConnectorHolderColors", ",,,,")
            assert [light(station, c) for c in (1, 2)] == [DARK, DARK]

    aio(story())


@pytest.mark.parametrize("times", [0, 1, 5])
def test_it_flashes_as_often_as_the_key_says(aio: Any, tmp_path: Path, times: int) -> None:
    """Counted by eye: how often the light goes out within the signal."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("BlinkRepeat", str(times))]) as station:
            await station.core.commands.whitelist_add(CARD)
            assert (await station.core.commands.start(1, CARD)).authorized
            seen = [BLUE]
            for _ in range(160):
                await asyncio.sleep(0.025)
                colour = station.sim.state().connectors[0].led_seen
                if colour != seen[-1]:
                    seen.append(colour)
            assert seen.count(GREEN) == times
            assert seen.count(DARK) == times
            assert seen[-1] == BLUE

    aio(story())


def test_each_refused_card_flashes_also_the_second_one(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.sim.plug(1)
            await station.until(lambda: station.page == "card")
            for uid in (STRANGER, "E36432E6"):
                station.sim.card(uid)
                await station.until(lambda: ring(station, 1)[0] == RED, 2)
                assert station.page == "card_refused"
                await station.until(lambda: light(station, 1) == BLUE, 12)

    aio(story())


def test_a_ring_whose_core_hangs_goes_dark_and_comes_back(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hardware's own watchdog: nobody is invited to a station that nobody steers."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await asyncio.sleep(1)
            free = asyncio.Event()
            step = station.core.sessions.step

            async def hangs() -> None:
                await free.wait()
                await step()

            monkeypatch.setattr(station.core.sessions, "step", hangs)
            await asyncio.sleep(4.5)
            assert light(station, 1) == GREEN
            await asyncio.sleep(1.5)
            assert [light(station, c) for c in (1, 2, 3)] == [DARK] * 3
            free.set()
            await asyncio.sleep(0.5)
            assert [light(station, c) for c in (1, 2, 3)] == [GREEN] * 3

    aio(story())


@pytest.mark.parametrize("what", ["fault", "unavailable", "finished"])
def test_a_core_that_starts_shows_the_right_light_at_once(
    aio: Any, tmp_path: Path, expected_log: Any, what: str
) -> None:
    if what == "fault":
        expected_log("kiosk.station", "21")

    async def before() -> None:
        async with core_on(tmp_path) as station:
            if what == "fault":
                station.sim.fault(1, 21)
            elif what == "unavailable":
                await station.core.commands.change_availability(1, operative=False)
            else:
                await station.core.commands.whitelist_add(CARD)
                station.sim.plug(1)
                await station.until(lambda: station.connector(1).status == "Finishing", 90)
            await asyncio.sleep(1)

    async def after() -> None:
        async with core_on(tmp_path) as station:
            # a plug whose time had run out waits for a card anew
            expected = {"fault": RED, "unavailable": DARK, "finished": BLUE}[what]
            assert ring(station, 1) == (expected, 0)
            assert ring(station, 2) == (GREEN, 0)

    aio(before())
    aio(after())


def test_an_emergency_stop_is_red_at_every_holder(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station", "100[23]")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station, 1)
            station.sim.emergency_stop(True)
            await station.until(lambda: [light(station, c) for c in (1, 2, 3)] == [RED] * 3, 2)
            station.sim.emergency_stop(False)
            await station.until(lambda: light(station, 2) == GREEN, 5)

    aio(story())
