"""The service door: told of the whole station, in passing when it shuts, and it stops nobody (decision 13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.model.enums import Page, SecurityEventType
from tests.conftest import Run
from tests.station.faults import stage

OPENED, SHUT, WELL = (
    ("Available", "OtherError", "1001"),
    ("Available", "OtherError", "1000"),
    ("Available", "NoError", "0"),
)


def test_a_door_is_told_and_charging_goes_on(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "station: fault_raised 1001 DoorOpened")
    expected_log("kiosk.station.charging.alarms", "station: fault_cleared 1001 DoorOpened")
    expected_log("kiosk.station.charging.alarms", "station: fault_(raised|cleared) 1000 DoorClosed")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            await site.settle(10)
            mark, led = site.mark, site.ring(1).led_rgb
            site.station.sim.door(True)
            await site.settle()
            assert site.snapshot.station.door_open
            assert site.snapshot.station.faults == (1001,)
            assert (await site.card(2, "E36432E5")).authorized, "it blocks no start"
            site.station.sim.door(False)
            await site.settle()
            assert not site.snapshot.station.door_open
            assert site.snapshot.station.faults == ()
            told = stage.told_of(site, 0, mark)
            assert [stage.brief(t) for t in told] == [OPENED, SHUT, WELL]
            assert [t.get("info") for t in told] == ["DoorOpened", "DoorClosed", None]
            assert stage.told_of(site, 1, mark) == [], "a door is no connector's fault"
            assert site.ring(1).contactor_closed
            assert site.ring(1).led_rgb == led
            assert site.page not in (Page.FAULT, Page.OUT_OF_SERVICE)
            assert await stage.events(site, 0) == [
                ("fault_raised", 1001),
                ("fault_raised", 1000),
                ("fault_cleared", 1001),
                ("fault_cleared", 1000),
            ]
            tampered = [f.payload["type"] for f in site.calls("SecurityEventNotification", mark)]
            assert tampered == [SecurityEventType.TAMPER_DETECTION], (
                "who opens it is not known; who shuts it is no threat"
            )

    aio(story())


def test_a_door_that_was_opened_while_no_core_ran(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_raised 1001")
    expected_log("kiosk.station.charging.alarms", "fault_cleared 1001")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            for is_open in (True, False):
                hardware: Any = site.station.core.hardware
                await site.close()
                hardware.control.door(is_open)
                hardware.close()
                mark = site.mark
                await site.boot()
                await site.settle()
                assert site.snapshot.station.door_open is is_open
                assert stage.brief(stage.told_of(site, 0, mark)[-1]) == (OPENED if is_open else WELL)
                types = [f.payload["type"] for f in site.calls("SecurityEventNotification", mark)]
                assert types.count(SecurityEventType.TAMPER_DETECTION) == int(is_open)
            assert await stage.events(site, 0) == [("fault_raised", 1001), ("fault_cleared", 1001)]

    aio(story())


def test_a_door_that_stays_open_is_told_once_however_often_the_core_restarts(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_raised 1001")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            site.station.sim.door(True)
            await site.settle()
            mark = site.mark
            await site.close()
            await site.boot()
            await site.settle()
            assert stage.brief(stage.told_of(site, 0, mark)[-1]) == OPENED, (
                "the present state is told to a new link"
            )
            types = [f.payload["type"] for f in site.calls("SecurityEventNotification", mark)]
            assert SecurityEventType.TAMPER_DETECTION not in types
            assert await stage.events(site, 0) == [("fault_raised", 1001)]

    aio(story())
