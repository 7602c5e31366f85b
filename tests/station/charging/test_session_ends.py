"""How sessions end, what is measured on the way, and what a fault or a watchdog does; on virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import Page, Provenance, RefusalReason, StopReason
from kiosk.model.errors import UnknownConnector
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.commands import AvailabilityOutcome, UnlockOutcome
from tests.fakes.backend import FakeBackend
from tests.fakes.core import START, charge, core_on
from tests.fakes.samples import samples_of

CARD = "04AE179C4F6181"


def test_remote_stop_by_transaction_id(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            assert not await station.core.commands.remote_stop(0)
            await station.core.sessions.start_answered(session.local_id, 0, IdTagInfo(status=Answer.ACCEPTED))
            assert station.connector(1).session.transaction_id == 0  # type: ignore[union-attr]
            assert await station.core.commands.remote_stop(0)  # 0 is an id like any other
            await station.until(lambda: station.connector(1).status == "Finishing")
            [record] = await station.core.commands.sessions(1)
            assert record.reason is StopReason.REMOTE

    aio(story())


@pytest.mark.parametrize("stops", [True, False])
def test_the_backend_refuses_the_tag_of_a_running_session(
    aio: Any, tmp_path: Path, expected_log: Any, stops: bool
) -> None:
    expected_log("kiosk.station.charging", "refuses the tag")

    async def story() -> None:
        keys = [("StopTransactionOnInvalidId", str(stops).lower())]
        async with core_on(tmp_path, keys=keys) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            await station.core.sessions.start_answered(session.local_id, 5, IdTagInfo(status=Answer.BLOCKED))
            if stops:
                await station.until(lambda: station.connector(1).status == "Finishing")
                [record] = await station.core.commands.sessions(1)
                assert record.reason is StopReason.DE_AUTHORIZED
            else:
                await station.until(lambda: station.connector(1).status == "SuspendedEVSE")
                await asyncio.sleep(30)
                assert not station.connector(1).power_w

    aio(story())


def test_availability_is_scheduled_behind_a_session_and_survives(aio: Any, tmp_path: Path) -> None:
    async def before() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            change = station.core.commands.change_availability
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert await change(1, False) is AvailabilityOutcome.SCHEDULED
            assert await change(2, False) is AvailabilityOutcome.ACCEPTED
            assert station.connector(2).status == "Unavailable"
            await station.core.commands.stop(1)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Unavailable")
            assert "Available" not in [s for c, s in station.statuses if c == 1]  # no flash in between
            with pytest.raises(UnknownConnector, match="connectors 1 to 3"):
                await change(4, True)

    async def after() -> None:
        async with core_on(tmp_path) as station:
            assert [c.status.value for c in station.core.state.snapshot.connectors] == [
                "Unavailable",
                "Unavailable",
                "Available",
            ]
            await station.core.commands.change_availability(0, False)
            assert station.page == Page.OUT_OF_SERVICE
            await station.core.commands.change_availability(0, True)
            await station.until(lambda: station.page == Page.STANDBY)

    aio(before())
    aio(after())


def test_unlock_ends_the_session_first(aio: Any, tmp_path: Path) -> None:
    """Lesson 27: and a fixed cable has no lock."""

    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS,CCS_AC", keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert await station.core.commands.unlock(1) is UnlockOutcome.UNLOCKED
            [record] = await station.core.commands.sessions(1)
            assert record.reason is StopReason.UNLOCK_COMMAND
            assert await station.core.commands.unlock(2) is UnlockOutcome.NOT_SUPPORTED

    aio(story())


def test_pulling_the_plug_ends_the_session(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            [record] = await station.core.commands.sessions(1)
            assert record.reason is StopReason.EV_DISCONNECTED
            assert station.page == Page.FINISHED
            session = station.connector(1).session
            assert session is not None  # the driver still reads what was charged
            assert session.energy_wh == (record.meter_stop_wh or 0) - record.meter_start_wh
            await station.until(lambda: station.page == Page.STANDBY)
            await station.until(lambda: station.connector(1).session is None)

    aio(story())


def test_a_meter_that_cannot_be_read_begins_nothing(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging", "fault_raised 22")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            station.sim.fault(1, 22)
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).vendor_error_code == 22)
            outcome = await station.core.commands.start(1, CARD)
            assert outcome.reason is RefusalReason.CONNECTOR_FAULTED
            assert await station.core.commands.sessions(10) == []
            assert station.connector(1).meter_wh is None

    aio(story())


@pytest.mark.parametrize("connector_id", [1, 3])
@pytest.mark.parametrize("code", [50, 20])
def test_a_fault_that_comes_with_the_plug_begins_no_transaction(
    aio: Any, tmp_path: Path, expected_log: Any, code: int, connector_id: int
) -> None:
    expected_log("kiosk.station.charging", f"fault_raised {code} ")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            assert (await station.core.commands.start(connector_id, CARD)).authorized
            assert station.page == Page.PLUG_IN
            station.sim.fault(connector_id, code)
            station.sim.plug(connector_id)
            await station.until(lambda: station.connector(connector_id).status == "Faulted")
            await asyncio.sleep(3)
            assert station.page == Page.FAULT
            await asyncio.sleep(30)
            assert await station.core.commands.sessions(10) == []
            assert [s for c, s in station.statuses if c == connector_id] == ["Preparing", "Faulted"]

    aio(story())


@pytest.mark.parametrize(("away_s", "goes_on"), [(8.0, True), (200.0, False)])
def test_a_session_survives_the_hardwares_watchdog(
    aio: Any, tmp_path: Path, expected_log: Any, monkeypatch: pytest.MonkeyPatch, away_s: float, goes_on: bool
) -> None:
    expected_log("kiosk.station.charging", "begins again")
    expected_log("kiosk.station.hardware", "the core was silent")

    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: (station.connector(1).energy_wh or 0) > 100)
            before = station.connector(1).session
            assert before is not None
            with monkeypatch.context() as frozen:  # limits are not repeated, as by a core that stands still
                frozen.setattr(station.core.supply, "step", lambda _now_s: None)
                await asyncio.sleep(away_s)
            if goes_on:
                energy_wh = station.connector(1).energy_wh or 0
                await station.until(lambda: (station.connector(1).energy_wh or 0) > energy_wh + 100)
                after = station.connector(1).session
                assert after is not None
                assert after.local_id == before.local_id
            else:
                [record] = await station.core.commands.sessions(10)
                assert record.reason is StopReason.OTHER

    aio(story())


def test_samples_are_on_the_grid_and_owed_to_the_backend(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("MeterValueSampleInterval", "10")]) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            assert session.started_at is not None
            await asyncio.sleep(60)
            samples = await samples_of(station.core.journal, session.local_id)
            offsets = [(s.at - session.started_at).total_seconds() for s in samples]
            assert offsets == [10.0 * n for n in range(1, len(offsets) + 1)]
            assert len(offsets) >= 8
            registers = [s.values["Energy.Active.Import.Register"] for s in samples]
            assert registers == sorted(registers)
            assert "SoC" not in samples[0].values or samples[0].values["SoC"] > 0
            owed, undelivered = await station.core.journal.waiting()
            assert (owed, undelivered) == (len(samples) + 1, 0)
            assert backend.nudges >= len(samples) + 1

    aio(story())


def test_clock_aligned_samples_are_stamped_on_the_grid(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        keys = [("ClockAlignedDataInterval", "60"), ("StopTxnAlignedData", "Energy.Active.Import.Register,SoC")]
        async with core_on(tmp_path, keys=keys, start=START + timedelta(seconds=17)) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            await asyncio.sleep(150)
            samples = await samples_of(station.core.journal, session.local_id)
            aligned = [s for s in samples if s.context == "Sample.Clock"]
            assert len(aligned) >= 2
            assert all((s.at - START).total_seconds() % 60 == 0 for s in aligned)
            assert "SoC" in aligned[-1].values  # kept for StopTransaction, though not sent now
            await station.core.commands.change_key("ClockAlignedDataInterval", "0", Provenance.OPERATOR)
            await asyncio.sleep(130)
            later = await samples_of(station.core.journal, session.local_id)
            assert len([s for s in later if s.context == "Sample.Clock"]) == len(aligned)

    aio(story())
