"""The LED rings of a running core: what they show, and when they flash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.model.enums import Tap
from tests.fakes.core import RunningCore, core_on

CARD = "04AE179C4F6181"
GREEN, BLUE, RED = "00FF00", "0000FF", "FF0000"


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
