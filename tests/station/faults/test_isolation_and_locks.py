"""Isolation faults that are latched, and told otherwise the second time; locks that are stuck and come free."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.link.messages import ConnectorParams
from kiosk.model.enums import Page, Phase
from kiosk.model.errors import NotPossible
from tests.conftest import Run
from tests.fakes.site import Site
from tests.station.faults import stage

ISOLATION = ("Faulted", "GroundFailure", "18")
LOCK = ("Faulted", "ConnectorLockFailure")


async def trip(site: Site) -> None:
    """The insulation fails during the test of a new session."""
    site.station.sim.fault(1, 18)
    site.station.sim.plug(1)
    await site.settle(1)
    assert (await site.card(1)).authorized
    await site.status_is(1, "Faulted")
    await site.settle()


def test_it_is_latched_over_restarts_of_core_and_hardware(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "CCS1: fault_(raised|cleared) 18")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await trip(site)
            site.station.sim.clear(1, 18)  # the cause is gone, the plug is not
            await site.settle(60)
            for _ in range(2):
                mark = site.mark
                await site.close()
                await site.boot()
                assert stage.brief(stage.told_of(site, 1, mark)[-1]) == ISOLATION
                assert (await site.card(1)).reason == "connector_faulted"
            mark = site.mark
            site.station.sim.unplug(1)
            await site.settle()
            assert [stage.brief(t) for t in stage.told_of(site, 1, mark)] == [("Available", "NoError", "0")]
            await stage.replug_and_charge(site)
            assert await stage.events(site, 1) == [("fault_raised", 18), ("fault_cleared", 18)]

    aio(story())


def test_the_core_latches_what_the_hardware_forgets(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """Hardware that clears by itself, and that knows nothing any more after a power cut."""
    expected_log("kiosk.station.charging.alarms", "CCS1: fault_(raised|cleared) 18")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await trip(site)
            stage.port(site)._lower(18)
            await site.settle()
            assert stage.port(site).faults == frozenset()
            assert site.station.connector(1).faults == (18,)
            await site.close()
            await site.boot()
            assert stage.port(site).faults == frozenset()
            assert site.station.connector(1).faults == (18,)
            assert (await site.card(1)).reason == "connector_faulted"
            await stage.replug_and_charge(site)

    aio(story())


def test_a_plug_that_was_out_while_no_core_ran_unlatches(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.alarms", "CCS1: fault_(raised|cleared) 18")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await trip(site)
            hardware: Any = site.station.core.hardware
            await site.close()
            hardware.control.unplug(1)
            hardware.control.plug(1)
            hardware.close()
            await site.boot()
            assert site.station.connector(1).faults == ()
            assert (await site.card(1)).authorized
            await site.status_is(1, "Charging")

    aio(story())


@pytest.mark.parametrize("restart", [False, True])
def test_the_second_time_in_a_row_the_driver_reads_other_advice(
    aio: Run, tmp_path: Path, expected_log: Any, restart: bool
) -> None:
    """Decision 20; until a session went well at that connector."""
    expected_log("kiosk.station.charging.alarms", "CCS1: fault_(raised|cleared) 18")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            for again in (False, True, True):
                await trip(site)
                assert site.station.connector(1).fault_again is again
                assert site.page == Page.FAULT
                stage.check_texts(site, 18, again=again)
                site.station.sim.unplug(1)
                await site.settle()
                if restart:
                    await site.close()
                    await site.boot()
            await stage.replug_and_charge(site, 2)
            await trip(site)
            assert site.station.connector(1).fault_again, "another connector proves nothing"
            site.station.sim.unplug(1)
            await site.settle()
            await stage.replug_and_charge(site)
            await trip(site)
            assert not site.station.connector(1).fault_again
            stage.check_texts(site, 18)

    aio(story())


async def stuck(site: Site, code: int, frees_after: int | None) -> None:
    await site.charge(1)
    await site.settle(20)
    site.station.sim.fault(1, code, frees_after=frees_after)
    await site.settle(3)
    assert stage.brief(stage.told_of(site, 1)[-1]) == (*LOCK, str(code))
    assert [f.payload["reason"] for f in site.calls("StopTransaction")] == ["Other"], "the session ended first"
    assert site.ring(1).locked
    assert site.page == Page.FAULT


@pytest.mark.parametrize("code", [15, 16, 17])
def test_unlock_connector_frees_a_lock_and_that_clears_the_fault(
    aio: Run, tmp_path: Path, expected_log: Any, code: int
) -> None:
    expected_log("kiosk.station.charging.alarms", f"fault_(raised|cleared) {code}")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await stuck(site, code, frees_after=2)
            mark = site.mark
            answer = await site.ask(call.UnlockConnector(connector_id=1))
            await site.settle()
            assert answer.status == "Unlocked"
            assert [stage.brief(t) for t in stage.told_of(site, 1, mark)] == [("Finishing", "NoError", "0")]
            assert not site.ring(1).locked
            assert site.page == Page.FINISHED, "now the driver reads what he got"
            await stage.replug_and_charge(site)

    aio(story())


@pytest.mark.parametrize("code", [15, 16, 17])
def test_a_lock_that_stays_stuck_stays_faulted_and_can_be_tried_again(
    aio: Run, tmp_path: Path, expected_log: Any, code: int
) -> None:
    """Three moves of our own for each wish; the operator's own command tries as often."""
    expected_log("kiosk.station.charging.alarms", f"fault_(raised|cleared) {code}")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await stuck(site, code, frees_after=7)
            mark = site.mark
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            assert (await site.ask(call.UnlockConnector(connector_id=1))).status == "UnlockFailed"
            assert loop.time() - began_s < 5
            handler = site.station.core.handlers["connector.unlock"]
            with pytest.raises(NotPossible, match="did not unlock"):
                await handler(ConnectorParams(connector_id=1))
            assert stage.told_of(site, 1, mark) == []
            assert site.ring(1).faults == (code,)
            await handler(ConnectorParams(connector_id=1))
            await site.settle()
            assert stage.brief(stage.told_of(site, 1, mark)[-1]) == ("Finishing", "NoError", "0")

    aio(story())


def test_a_session_is_ended_before_its_plug_is_released(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """The lock turns out to be stuck only then: the reason is the command, the fault comes after."""
    expected_log("kiosk.station.charging.alarms", "fault_raised 16")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await site.charge(1)
            connector = stage.port(site)
            told = asyncio.create_task(site.ask(call.UnlockConnector(connector_id=1)))
            while connector.phase is not Phase.ENDED:
                await asyncio.sleep(0.05)
                if connector.phase is Phase.STOPPING:
                    site.station.sim.fault(1, 16)
            assert (await told).status == "UnlockFailed"
            await site.settle()
            assert [f.payload["reason"] for f in site.calls("StopTransaction")] == ["UnlockCommand"]
            assert stage.brief(stage.told_of(site, 1)[-1]) == (*LOCK, "16")

    aio(story())


def test_a_plug_that_is_only_halfway_in(aio: Run, tmp_path: Path, expected_log: Any) -> None:
    """The driver pushes it in anew, and it is well."""
    expected_log("kiosk.station.charging.alarms", "fault_(raised|cleared) 15")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            site.station.sim.plug(1, seated=False)
            await site.settle()
            assert stage.brief(stage.told_of(site, 1)[-1]) == (*LOCK, "15")
            assert site.page == Page.FAULT
            await stage.replug_and_charge(site)

    aio(story())
