"""What configuration keys make of a session: pulled plugs, remote sessions, time-outs, availability, locks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import Page, Provenance, RefusalReason, StopReason, Tap
from kiosk.station.commands import AvailabilityOutcome, UnlockOutcome
from kiosk.station.hardware.simulator.connector import SimConnector
from tests.fakes.backend import FakeBackend
from tests.fakes.core import RunningCore, charge, core_on

CARD = "04AE179C4F6181"
STAYS = [("StopTransactionOnEVSideDisconnect", "false"), ("HycKioskModeEnabled", "true")]


def statuses(station: RunningCore, connector_id: int = 1) -> list[str]:
    return [status for c, status in station.statuses if c == connector_id]


@pytest.mark.parametrize("connectors", ["CCS,CCS", "CHAdeMO"])
def test_a_pulled_plug_leaves_the_transaction_open(aio: Any, tmp_path: Path, connectors: str) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=STAYS, connectors=connectors) as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: (station.connector(1).energy_wh or 0) > 100)
            session = station.connector(1).session
            assert session is not None
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "SuspendedEV")
            await asyncio.sleep(100)
            assert station.connector(1).status == "SuspendedEV"
            energy_wh = station.connector(1).energy_wh or 0
            station.sim.plug(1, soc_percent=31)
            await station.until(lambda: (station.connector(1).energy_wh or 0) > energy_wh + 100)
            again = station.connector(1).session
            assert again is not None
            assert again.local_id == session.local_id
            assert statuses(station) == ["Preparing", "Charging", "SuspendedEV", "Charging"]
            await station.core.commands.stop(1)
            [record] = await station.core.commands.sessions(5)
            assert record.reason is StopReason.LOCAL

    aio(story())


def test_a_plug_pulled_before_the_first_watt_is_not_preparing_when_it_comes_back(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=STAYS, connectors="CCS,CCS") as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Preparing")
            await asyncio.sleep(2)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "SuspendedEV")
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert statuses(station) == ["Preparing", "SuspendedEV", "Charging"]

    aio(story())


def test_a_car_that_is_away_does_not_keep_all_the_power(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=STAYS, connectors="CCS,CHAdeMO") as station:
            station.sim.plug(1, soc_percent=20)
            await station.until(lambda: (station.connector(1).power_w or 0) > 30_000)
            station.sim.plug(2)
            await asyncio.sleep(60)
            assert station.connector(2).session is None  # both stacks are in use
            station.sim.unplug(2)
            station.sim.unplug(1)
            await asyncio.sleep(5)
            station.sim.plug(2, soc_percent=20)
            await station.until(lambda: (station.connector(2).power_w or 0) > 20_000)
            station.sim.plug(1, soc_percent=20)
            await station.until(lambda: (station.connector(1).power_w or 0) > 20_000)
            assert station.connector(2).status == "Charging"

    aio(story())


def test_another_car_does_not_charge_on_it(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging", "another car than the one that began")

    async def story() -> None:
        async with core_on(tmp_path, keys=STAYS) as station:
            station.sim.plug(1, "family64", 30)
            await station.until(lambda: (station.connector(1).energy_wh or 0) > 100)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "SuspendedEV")
            energy_wh = station.connector(1).energy_wh
            station.sim.plug(1, "compact40", 30)
            await station.until(lambda: station.connector(1).status == "Finishing")
            [record] = await station.core.commands.sessions(5)
            assert record.reason is StopReason.EV_DISCONNECTED
            assert (record.meter_stop_wh or 0) - record.meter_start_wh == energy_wh

    aio(story())


@pytest.mark.parametrize("how", ["stop", "card", "fault", "key"])
def test_an_open_transaction_without_a_plug_can_be_ended(
    aio: Any, tmp_path: Path, expected_log: Any, how: str
) -> None:
    if how == "fault":
        expected_log("kiosk.station.charging", "fault_raised 22")

    async def story() -> None:
        async with core_on(tmp_path, keys=STAYS[:1]) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "SuspendedEV")
            match how:
                case "stop":
                    await station.core.commands.stop(1)
                case "card":
                    station.sim.card(CARD)
                case "fault":
                    station.sim.fault(1, 22)
                case "key":
                    await station.core.commands.change_key(STAYS[0][0], "true", Provenance.BACKEND)
                    station.sim.plug(1)
                    await station.until(lambda: station.connector(1).status == "Charging")
                    station.sim.unplug(1)
            ended = "Faulted" if how == "fault" else "Available"
            await station.until(lambda: station.connector(1).status == ended)
            [record] = await station.core.commands.sessions(5)
            reasons = {"fault": StopReason.OTHER, "key": StopReason.EV_DISCONNECTED}
            assert record.reason is reasons.get(how, StopReason.LOCAL)

    aio(story())


@pytest.mark.parametrize("key", [True, False])
def test_a_pulled_plug_unlocks_by_its_key(
    aio: Any, tmp_path: Path, key: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked: list[int] = []
    unlock = SimConnector.unlock

    def noted(connector: SimConnector) -> bool:
        unlocked.append(connector.id)
        return unlock(connector)

    monkeypatch.setattr(SimConnector, "unlock", noted)

    async def story() -> None:
        keys = [("UnlockConnectorOnEVSideDisconnect", str(key).lower()), ("HycKioskModeEnabled", "true")]
        async with core_on(tmp_path, keys=keys) as station:
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            assert unlocked == ([1] if key else [])

    aio(story())


@pytest.mark.parametrize("allowed", [True, False])
def test_a_remote_session_at_the_screen(aio: Any, tmp_path: Path, allowed: bool) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("RemoteTxStoppableLocally", str(allowed).lower())]) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            station.sim.plug(1)
            assert await station.core.commands.remote_start(CARD, 1)
            await station.until(lambda: station.connector(1).status == "Charging")
            station.core.host.tap(Tap.SELECT, 1)
            station.core.host.tap(Tap.STOP, 1)
            if not allowed:
                for _ in ("button", "card"):
                    assert station.page == Page.STOP_REFUSED
                    reason = station.core.state.snapshot.dialogue.reason
                    assert reason is RefusalReason.STOP_ONLY_REMOTE
                    station.core.host.tap(Tap.DONE, None)
                    station.sim.card(CARD)
                    await station.until(lambda: station.page == Page.STOP_REFUSED)
                await asyncio.sleep(5)
                assert station.connector(1).status == "Charging"
                # an operator is no driver: his command ends it, and the backend reads who it was not
                record = await station.core.commands.stop(1)
                assert record.reason is StopReason.OTHER
            else:
                station.core.host.tap(Tap.CONFIRM_STOP, 1)
                await station.until(lambda: station.connector(1).status == "Finishing")

    aio(story())


def test_no_time_out(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "0")]) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            assert (await station.core.commands.start(1, CARD)).authorized
            station.sim.plug(2)
            await asyncio.sleep(400)
            assert [station.connector(n).status for n in (1, 2)] == ["Preparing", "Preparing"]
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")

    aio(story())


@pytest.mark.parametrize("remote", [True, False])
def test_a_start_from_finishing(aio: Any, tmp_path: Path, remote: bool) -> None:
    """Lesson 23; after a session, and after a plug that nobody came for."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "20")]) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Finishing")
            for _ in ("after the time-out", "after a session"):
                commands = station.core.commands
                if remote:
                    assert await commands.remote_start(CARD, None)
                else:
                    station.sim.card(CARD)
                    await asyncio.sleep(1)
                    if station.page == Page.SELECTION:
                        station.core.host.tap(Tap.SELECT, 1)
                await station.until(lambda: station.connector(1).status == "Charging")
                await commands.stop(1)
                await station.until(lambda: station.connector(1).status == "Finishing")
            assert len(await station.core.commands.sessions(5)) == 2
            assert "Available" not in statuses(station)

    aio(story())


def test_availability_waits_for_whoever_uses_the_connector(aio: Any, tmp_path: Path) -> None:
    """Lesson 22: Preparing counts, and nothing flashes Available."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "20")]) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            change = station.core.commands.change_availability
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Preparing")
            assert await change(1, False) is AvailabilityOutcome.SCHEDULED
            assert (await station.core.commands.start(1, CARD)).reason is RefusalReason.CONNECTOR_UNAVAILABLE
            await station.until(lambda: station.connector(1).status == "Finishing")
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Unavailable")
            assert statuses(station) == ["Preparing", "Finishing", "Unavailable"]
            assert await change(1, False) is AvailabilityOutcome.ACCEPTED  # as it is already
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Preparing")
            assert await change(1, False) is AvailabilityOutcome.ACCEPTED
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Unavailable")
            assert (await station.core.commands.start(2, CARD)).authorized
            assert await change(2, False) is AvailabilityOutcome.SCHEDULED
            await station.until(lambda: station.connector(2).status == "Unavailable")
            assert statuses(station, 2) == ["Preparing", "Unavailable"]
            assert (await station.core.commands.start(3, CARD)).authorized
            assert await change(3, False) is AvailabilityOutcome.SCHEDULED
            assert await change(3, True) is AvailabilityOutcome.ACCEPTED  # taken back before it happened
            await station.until(lambda: station.connector(3).status == "Available")

    aio(story())


def test_a_scheduled_change_survives_a_restart_within_the_session(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.acts", "goes on after a restart")
    keys = [("HycKioskModeEnabled", "true")]

    async def before() -> None:
        async with core_on(tmp_path, keys=keys) as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert await station.core.commands.change_availability(1, False) is AvailabilityOutcome.SCHEDULED

    async def after() -> None:
        async with core_on(tmp_path, keys=keys) as station:
            assert await station.core.commands.change_availability(1, False) is AvailabilityOutcome.SCHEDULED
            await station.until(lambda: station.connector(1).status == "Charging")
            await station.core.commands.stop(1)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Unavailable")
            assert "Available" not in statuses(station)

    aio(before())
    aio(after())


@pytest.mark.parametrize("running", [True, False])
def test_a_lock_that_does_not_open(aio: Any, tmp_path: Path, expected_log: Any, running: bool) -> None:
    expected_log("kiosk.station.charging", "fault_raised 17")

    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", str(running).lower())]) as station:
            station.sim.plug(1)
            if running:
                await station.until(lambda: station.connector(1).status == "Charging")
            else:
                await station.until(lambda: station.connector(1).status == "Preparing")
            station.sim.fault(1, 17)
            assert await station.core.commands.unlock(1) is UnlockOutcome.UNLOCK_FAILED
            records = await station.core.commands.sessions(5)
            assert [r.reason for r in records] == ([StopReason.UNLOCK_COMMAND] if running else [])

    aio(story())
