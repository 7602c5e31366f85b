"""Faults that meet something else: other faults, reservations, availability, wishes, restarts, their own haste."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.model.enums import Page
from kiosk.model.faults import FAULTS
from kiosk.station.charging.connector import Stage
from kiosk.station.hardware.ports import FaultCleared, FaultRaised
from tests.conftest import Run
from tests.fakes.site import CARD
from tests.station.faults import stage

CABLE, COOLER, METER, STACK = 20, 21, 22, 19


def test_of_several_the_gravest_is_told_and_the_next_when_it_is_gone(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared)")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            mark = site.mark
            for code in (METER, CABLE, COOLER):
                site.station.sim.fault(1, code)
                await site.settle()
            assert site.station.connector(1).faults == (CABLE, COOLER, METER)
            for code in (CABLE, METER, COOLER):
                site.station.sim.clear(1, code)
                await site.settle()
            assert [stage.brief(t) for t in stage.told_of(site, 1, mark)] == [
                ("Faulted", "PowerMeterFailure", "22"),
                ("Faulted", "OtherError", "20"),  # graver
                ("Faulted", "OtherError", "21"),  # the cooler is left, graver than the meter
                ("Finishing", "NoError", "0"),  # the meter went unnoticed behind the cooler
            ]
            assert len(site.calls("StopTransaction", mark)) == 1

    aio(story())


def test_a_warning_of_the_car_gives_way_to_a_fault_and_comes_back(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared)")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            mark = site.mark
            for deed, code in (("fault", 10), ("fault", CABLE), ("clear", CABLE), ("clear", 10)):
                getattr(site.station.sim, deed)(1, code)
                await site.settle()
            assert [stage.brief(t) for t in stage.told_of(site, 1, mark)] == [
                ("Finishing", "EVCommunicationError", "10"),
                ("Faulted", "OtherError", "20"),
                ("Finishing", "EVCommunicationError", "10"),
                ("Finishing", "NoError", "0"),
            ]

    aio(story())


def test_a_fault_while_the_plug_is_awaited(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 21")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            site.tap("begin")  # type: ignore[arg-type]
            site.tap("select", 1)  # type: ignore[arg-type]
            site.station.sim.card(CARD)
            await site.until(lambda: site.page == Page.PLUG_IN)
            site.station.sim.fault(1, COOLER)
            await site.settle()
            assert site.page == Page.FAULT
            stage.check_texts(site, COOLER)
            site.station.sim.plug(1)
            await site.settle(40)
            assert site.calls("StartTransaction") == []
            mark = site.mark
            site.station.sim.clear(1, COOLER)
            await site.settle(2)
            assert stage.brief(stage.told_of(site, 1, mark)[0]) == ("Preparing", "NoError", "0")
            assert site.station.core.sessions.bays[1].wait_until_s is not None, "the driver has time for a card"
            assert (await site.card(1)).authorized
            await site.status_is(1, "Charging")

    aio(story())


def test_a_stack_that_fails_ends_the_session_it_feeds_and_no_other(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_raised 19")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            await site.charge(2, "E36432E5")
            await site.settle(30)
            mark = site.mark
            site.station.sim.fault(1, STACK)
            await site.settle(60)
            assert len(site.calls("StopTransaction", mark)) == 1
            assert stage.told_of(site, 2, mark) == []
            assert site.ring(2).contactor_closed
            assert site.power_w(2) > 20_000
            assert site.ring(1).stacks == 0, "what does not charge holds no stack"

    aio(story())


def test_without_a_meter_nothing_is_sold_and_the_last_known_register_is_billed(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 22")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            await site.settle(60)
            known_wh = stage.port(site).meter_wh()
            site.station.sim.fault(1, METER)
            assert stage.port(site).meter_wh() is None
            await site.settle()
            stop = site.calls("StopTransaction")[-1].payload
            assert 0 <= known_wh - stop["meterStop"] <= 20, "at most what flowed since the last look at it"
            session = site.station.connector(1).session
            assert session is not None
            assert (
                session.energy_wh == stop["meterStop"] - site.calls("StartTransaction")[-1].payload["meterStart"]
            )
            assert site.station.connector(1).meter_wh is None
            site.station.sim.clear(1, METER)
            await stage.replug_and_charge(site)
            assert site.calls("StartTransaction")[-1].payload["meterStart"] >= stop["meterStop"]

    aio(story())


def test_voltage_before_the_start_does_nothing_to_a_car_that_charges(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    """Hardware that tells of it all the same: of course there are more than 60 V now."""
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 50")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            stage.port(site)._raise(50)
            await site.settle(10)
            assert site.ring(1).contactor_closed
            assert site.station.connector(1).status == "Charging"
            assert site.calls("StopTransaction") == []
            assert stage.brief(stage.told_of(site, 1)[-1]) == ("Charging", "OtherError", "50")
            await site.stop(1)
            assert stage.brief(stage.told_of(site, 1)[-1]) == ("Faulted", "OtherError", "50")
            assert (await site.card(1)).reason == "connector_faulted"
            stage.port(site)._lower(50)
            await stage.replug_and_charge(site)

    aio(story())


def test_a_fault_ends_the_reservation_of_its_connector(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """OCPP 1.6 section 5.13: a reservation is over when its connector is Faulted."""
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 20")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            until = (site.now + timedelta(hours=1)).isoformat()
            wish = call.ReserveNow(connector_id=1, expiry_date=until, id_tag=CARD, reservation_id=7)
            assert (await site.ask(wish)).status == "Accepted"
            await site.settle()
            mark = site.mark
            site.station.sim.fault(1, CABLE)
            await site.settle()
            second = call.ReserveNow(connector_id=1, expiry_date=until, id_tag=CARD, reservation_id=8)
            assert (await site.ask(second)).status == "Faulted"
            site.station.sim.clear(1, CABLE)
            await site.settle()
            assert [stage.brief(t)[0] for t in stage.told_of(site, 1, mark)] == ["Faulted", "Available"]
            assert (await site.ask(call.CancelReservation(reservation_id=7))).status == "Rejected"
            await site.charge(1)
            assert "reservationId" not in site.calls("StartTransaction")[-1].payload

    aio(story())


@pytest.mark.parametrize("plugged", [False, True])
def test_change_availability_during_a_fault(aio: Run, tmp_path: Path, expected_log: Any, plugged: bool) -> None:
    """Stored at once, seen when the fault is over; a plug that is in defers it."""
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 20")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            if plugged:
                site.station.sim.plug(1)
                await site.settle()
            site.station.sim.fault(1, CABLE)
            await site.settle()
            mark = site.mark
            answer = await site.ask(call.ChangeAvailability(connector_id=1, type="Inoperative"))
            assert answer.status == ("Scheduled" if plugged else "Accepted")
            await site.settle()
            assert stage.told_of(site, 1, mark) == []
            site.station.sim.clear(1, CABLE)
            await site.settle()
            if plugged:
                site.station.sim.unplug(1)
                await site.settle()
            assert stage.brief(stage.told_of(site, 1, mark)[-1]) == ("Unavailable", "NoError", "0")
            site.station.sim.fault(1, CABLE)
            await site.settle()
            assert stage.told_of(site, 1)[-1]["status"] == "Faulted"
            assert (await site.ask(call.ChangeAvailability(connector_id=1, type="Operative"))).status == "Accepted"
            site.station.sim.clear(1, CABLE)
            await stage.replug_and_charge(site)

    aio(story())


def test_remote_start_at_a_faulted_connector_is_rejected_and_the_log_says_why(
    aio: Run, tmp_path: Path, expected_log: Any, caplog: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "fault_raised 20")
    caplog.set_level("INFO")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            site.station.sim.fault(1, CABLE)
            await site.settle()
            refused = await site.ask(call.RemoteStartTransaction(id_tag=CARD, connector_id=1))
            assert refused.status == "Rejected"
            taken = await site.ask(call.RemoteStartTransaction(id_tag=CARD))
            assert taken.status == "Accepted", "the other one is well"
            await site.settle()
            assert site.station.core.sessions.bays[2].stage is Stage.AUTHORIZED

    aio(story())
    assert "connector 1 has a fault" in caplog.text


def test_faults_of_the_time_without_a_core_are_found(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """A session that was open ends with power loss: nobody can say when it ended."""
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared)")
    expected_log("kiosk.station.charging.transactions", "closed after power loss")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            site.station.sim.fault(2, COOLER)
            await site.settle(30)
            hardware: Any = site.station.core.hardware
            await site.close()
            hardware.control.fault(1, CABLE)
            hardware.control.clear(2, COOLER)
            hardware.close()
            mark = site.mark
            await site.boot()
            await site.settle()
            assert [stage.brief(t) for t in stage.told_of(site, 1, mark)] == [("Faulted", "OtherError", "20")]
            assert [stage.brief(t) for t in stage.told_of(site, 2, mark)] == [("Available", "NoError", "0")]
            assert [f.payload["reason"] for f in site.calls("StopTransaction", mark)] == ["PowerLoss"]
            assert await stage.events(site, 1) == [("fault_raised", CABLE)]
            assert await stage.events(site, 2) == [("fault_raised", COOLER), ("fault_cleared", COOLER)]

    aio(story())


async def _flap(site: Any, seconds: float) -> None:
    for _ in range(round(seconds / 0.4)):
        site.station.sim.fault(1, CABLE)
        await asyncio.sleep(0.2)
        site.station.sim.clear(1, CABLE)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("minimum_s", ["0", "5"])
def test_a_fault_that_flaps_floods_nobody(aio: Run, tmp_path: Path, expected_log: Any, minimum_s: str) -> None:
    """Five minutes of it: some lines, then it counts as raised; half a minute of quiet, and all is well."""
    expected_log("kiosk.station.charging.alarms", "fault_flapping 20 CableError")
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 20")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.set("MinimumStatusDuration", minimum_s)
            mark = site.mark
            await _flap(site, 300)
            told = [stage.brief(t) for t in stage.told_of(site, 1, mark)]
            assert told[-1] == ("Faulted", "OtherError", "20")
            assert len(told) == (9 if minimum_s == "0" else 1)
            assert len(await stage.events(site, 1)) == 10
            assert (await site.card(1)).reason == "connector_faulted"
            await site.settle(29)
            assert site.station.connector(1).status == "Faulted"
            await site.settle(8)
            assert stage.brief(stage.told_of(site, 1, mark)[-1]) == ("Available", "NoError", "0")
            assert len(await stage.events(site, 1)) == 11
            await stage.replug_and_charge(site)

    aio(story())


def test_tcp_errors_are_told_apart_and_the_driver_reads_the_same_of_each() -> None:
    rows = [FAULTS[code] for code in range(8, 13)]
    assert 13 not in FAULTS, "the manual has no such code"
    assert len({row.name for row in rows}) == len({row.meaning for row in rows}) == 5
    assert len({(row.title, row.advice) for row in rows}) == 1


def test_a_code_that_nobody_knows_stops_nothing_and_is_logged(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "error code 290, which the table does not hold")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            stage.port(site)._tell(FaultRaised(290))
            stage.port(site)._tell(FaultCleared(290))
            await site.settle()
            assert site.station.connector(1).status == "Charging"
            assert site.station.connector(1).faults == ()

    aio(story())
