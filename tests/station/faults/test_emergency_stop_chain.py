"""The emergency stop of a whole station: every session, the backend, the driver, restarts, and the time after."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.i18n import LANGUAGES, texts
from kiosk.model.enums import Page, Phase, RefusalReason
from kiosk.screen import view_ask
from tests.conftest import Run
from tests.fakes.core import core_on
from tests.fakes.site import CARD
from tests.station.faults import stage
from tests.station.faults.stage import RED

OTHER_CARD = "E36432E5"
PRESSED = ("Faulted", "OtherError", "1003")


def test_every_session_ends_at_once_and_is_billed(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "station: fault_raised 1003 EmergencyStopPressed")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            await site.charge(2, OTHER_CARD)
            await site.settle(60)
            mark, at = site.mark, site.now
            site.station.sim.emergency_stop(True)
            assert not any(site.ring(n).contactor_closed for n in (1, 2)), "by wire, before the core knows"
            await site.settle()
            stops = [f.payload for f in site.calls("StopTransaction", mark)]
            assert [s["reason"] for s in stops] == ["EmergencyStop"] * 2
            starts = {s.payload["connectorId"]: s.payload["meterStart"] for s in site.calls("StartTransaction")}
            registers = {n: stage.port(site, n).meter_wh() for n in (1, 2)}
            assert {s["meterStop"] for s in stops} == set(registers.values())
            assert all(registers[n] - starts[n] > 100 for n in (1, 2))
            for n in (0, 1, 2):
                told = stage.told_of(site, n, mark)
                assert [stage.brief(t) for t in told] == [PRESSED], n
                assert told[0]["info"] == "EmergencyStopPressed"
                assert 0 <= (stage.moment(told[0]) - at).total_seconds() < 0.5
            assert [site.ring(n).led_rgb for n in (1, 2)] == [RED, RED]
            assert site.snapshot.station.emergency_stop
            assert site.snapshot.station.faults == (1003,)
            assert [c.faults for c in site.snapshot.connectors] == [(1003,), (1003,)]
            assert await stage.events(site, 0) == [("fault_raised", 1003)]
            assert await stage.events(site, 1) == [], "no connector has a fault of its own"

    aio(story())


@pytest.mark.parametrize("phase", Phase)
def test_pressed_in_any_phase(aio: Run, tmp_path: Path, expected_log: Any, phase: Phase) -> None:
    expected_log("kiosk.station.charging.alarms", "1003")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await stage.reach(site, phase)
            mark = site.mark
            site.station.sim.emergency_stop(True)
            await site.settle(3)
            assert site.ring(1).phase in (Phase.UNPLUGGED, Phase.PLUGGED, Phase.ENDED)
            assert stage.brief(stage.told_of(site, 1, mark)[-1]) == PRESSED
            stops = [f.payload["reason"] for f in site.calls("StopTransaction", mark)]
            if phase in stage.WITHOUT_TRANSACTION:
                assert stops == []
            else:
                assert stops == ["Local" if phase is Phase.STOPPING else "EmergencyStop"]
            bay = site.station.core.sessions.bays[1]
            assert not bay.running

    aio(story())


def test_nothing_starts_while_it_is_pressed(aio: Run, tmp_path: Path, expected_log: Any, caplog: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "1003")
    caplog.set_level("INFO")

    async def story() -> None:
        keys = [("AutochargeEnabled", "true"), ("HycKioskModeEnabled", "true")]
        async with stage.theatre(tmp_path, expected_log, "CCS", *keys) as site:
            site.station.sim.emergency_stop(True)
            await site.settle()
            mark = site.mark
            site.station.sim.plug(1)  # kiosk mode and Autocharge would begin here
            site.station.sim.card(CARD)
            await site.settle(10)
            outcome = await site.card(2, OTHER_CARD)
            assert (outcome.authorized, outcome.reason) == (False, RefusalReason.EMERGENCY_STOP)
            assert "emergency stop" in outcome.text
            answer = await site.ask(call.RemoteStartTransaction(id_tag=CARD, connector_id=1))
            assert answer.status == "Rejected"
            await site.settle(60)
            assert site.calls("StartTransaction", mark) == []
            assert site.ring(1).phase is Phase.PLUGGED

    aio(story())
    assert "start refused" in caplog.text
    assert "the emergency stop is pressed" in caplog.text


def test_whoever_was_on_the_way_to_the_plug_is_forgotten(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "100[23]")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            assert (await site.card(1)).authorized
            site.station.sim.emergency_stop(True)
            await site.settle()
            site.station.sim.plug(1)
            site.station.sim.emergency_stop(False)
            await site.settle(40)
            assert site.calls("StartTransaction") == []
            assert site.station.connector(1).status == "Preparing"

    aio(story())


def test_released_nothing_begins_by_itself_and_a_card_or_a_replug_does(
    aio: Run, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", "station: fault_raised 1003")
    expected_log("kiosk.station.charging.alarms", "station: fault_cleared 1003")
    expected_log("kiosk.station.charging.alarms", "station: fault_(raised|cleared) 1002")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log, "CCS", ("AutochargeEnabled", "true")) as site:
            await site.charge(1)
            await site.charge(2, OTHER_CARD)
            site.station.sim.emergency_stop(True)
            await site.settle(30)
            mark = site.mark
            site.station.sim.emergency_stop(False)
            await site.settle(120)
            assert site.calls("StartTransaction", mark) == []
            assert [stage.brief(t) for t in stage.told_of(site, 0, mark)] == [
                ("Available", "OtherError", "1002"),
                ("Available", "NoError", "0"),
            ]
            for n in (1, 2):
                assert [stage.brief(t) for t in stage.told_of(site, n, mark)] == [("Finishing", "NoError", "0")]
            assert not site.snapshot.station.emergency_stop
            assert site.snapshot.station.faults == ()
            assert (await site.card(1)).authorized
            await site.status_is(1, "Charging")
            await site.leave(1)
            await stage.replug_and_charge(site, 2)

    aio(story())


def test_it_outlives_the_core(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """Pressed, restarted, released: the car that is plugged in starts nothing, though it tells its id again."""
    expected_log("kiosk.station.charging.alarms", "100[23]")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log, "CCS", ("AutochargeEnabled", "true")) as site:
            await site.charge(1)
            site.station.sim.emergency_stop(True)
            await site.settle()
            for _ in range(2):
                mark = site.mark
                await site.close()
                await site.boot()
                assert site.snapshot.station.emergency_stop
                assert [stage.brief(stage.told_of(site, n, mark)[-1]) for n in (0, 1, 2)] == [PRESSED] * 3
            assert await stage.events(site, 0) == [("fault_raised", 1003)], "known already: nothing new happened"
            site.station.sim.emergency_stop(False)
            await site.settle(60)
            await site.close()
            mark = site.mark
            await site.boot()
            await site.settle(120)
            assert site.calls("StartTransaction", mark) == []
            assert site.station.connector(1).status in ("Preparing", "Finishing")
            site.station.sim.unplug(1)
            site.station.sim.plug(1)
            await site.status_is(1, "Charging")

    aio(story())


@pytest.mark.parametrize("still_pressed", [True, False])
def test_pressed_while_no_core_ran(aio: Run, tmp_path: Path, expected_log: Any, still_pressed: bool) -> None:
    """The session that was open then has ended; it does not go on because the core is back."""
    expected_log("kiosk.station.charging.transactions", "closed after the emergency stop")
    if still_pressed:
        expected_log("kiosk.station.charging.alarms", "fault_raised 1003")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log, "CCS", ("AutochargeEnabled", "true")) as site:
            await site.charge(1)
            await site.settle(60)
            station, hardware = site.station.core, site.station.core.hardware
            await site.close()
            hardware.control.emergency_stop(True)  # type: ignore[attr-defined]
            if not still_pressed:
                hardware.control.emergency_stop(False)  # type: ignore[attr-defined]
            hardware.close()  # type: ignore[attr-defined]
            assert station.tasks is not None
            mark = site.mark
            await site.boot()
            await site.settle(60)
            stops = [f.payload for f in site.calls("StopTransaction", mark)]
            assert [s["reason"] for s in stops] == ["EmergencyStop"]
            assert stops[0]["meterStop"] == stage.port(site).meter_wh()
            assert site.calls("StartTransaction", mark) == []

    aio(story())


def test_the_driver_reads_it_in_every_language(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """At a connector as its fault; on standby as the state of the whole station; then why the session ended."""
    expected_log("kiosk.station.charging.alarms", "100[23]")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            site.station.sim.emergency_stop(True)
            await site.settle()
            assert site.page == Page.OUT_OF_SERVICE
            snapshot = site.snapshot
            said = set()
            for language in LANGUAGES:
                ask = view_ask.ask_of(language.code, Page.OUT_OF_SERVICE, snapshot, 0.0)
                assert (ask.title, ask.why, ask.advice) == texts.fault(language.code, 1003)
                said.add(ask.title)
            assert len(said) > 15
            site.station.sim.emergency_stop(False)
            await site.settle()
            assert site.page == Page.STANDBY
            await site.charge(1)
            await site.settle(10)
            site.station.sim.emergency_stop(True)
            await site.settle()
            assert (site.page, site.snapshot.dialogue.connector_id) == (Page.FAULT, 1)
            stage.check_texts(site, 1003)
            site.station.sim.emergency_stop(False)
            await site.settle()
            assert site.page == Page.FINISHED
            session = site.station.connector(1).session
            assert session is not None
            assert texts.ended_why("en", session.stop_reason) == "The emergency stop was pressed."

    aio(story())


def test_without_a_backend_it_works_the_same(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "1003")

    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS,CCS_AC") as station:
            await station.core.commands.whitelist_add(CARD)
            station.sim.plug(2)
            assert (await station.core.commands.start(2, CARD)).authorized
            await station.until(lambda: station.connector(2).status == "Charging")
            station.sim.emergency_stop(True)
            await asyncio.sleep(1)
            record = (await station.core.commands.sessions(1))[0]
            assert record.reason == "EmergencyStop"
            assert record.meter_stop_wh is not None
            assert station.sim.state().emergency_stop

    aio(story())
