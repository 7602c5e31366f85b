"""The backend refuses the tag of a session that runs: at once, after an allowance, and over a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import LimitReason, Provenance, StopReason
from kiosk.station.charging.ports import IdTagInfo
from tests.fakes.backend import FakeBackend
from tests.fakes.core import RunningCore, charge, core_on

CARD = "04AE179C4F6181"
REFUSED = ("kiosk.station.charging", "refuses the tag")


async def refuse(station: RunningCore, number: int = 5, status: Answer = Answer.BLOCKED) -> None:
    """The backend's answer to StartTransaction comes now; as the delivery does: committed, then told."""
    fact = await station.core.journal.next_fact()
    assert fact is not None
    assert fact.local_id is not None
    await station.core.journal.answered(fact.seq, number, status)
    await station.core.sessions.start_answered(fact.local_id, number, IdTagInfo(status=status))


def keys(stop: bool, allowance_wh: int) -> list[tuple[str, str]]:
    return [
        ("StopTransactionOnInvalidId", str(stop).lower()),
        ("MaxEnergyOnInvalidId", str(allowance_wh)),
        ("MeterValueSampleInterval", "0"),
    ]


@pytest.mark.parametrize("allowance_wh", [0, 200])
@pytest.mark.parametrize("stop", [True, False])
def test_the_allowance_flows_then_it_stops_or_waits(
    aio: Any, tmp_path: Path, expected_log: Any, stop: bool, allowance_wh: int
) -> None:
    expected_log(*REFUSED)

    async def story() -> None:
        async with core_on(tmp_path, keys=keys(stop, allowance_wh)) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            await station.until(lambda: (station.connector(1).energy_wh or 0) >= 50)
            before_wh = station.connector(1).energy_wh or 0
            await refuse(station)
            if allowance_wh:
                await asyncio.sleep(3)
                assert station.connector(1).status == "Charging"
            await station.until(lambda: station.connector(1).status == ("Finishing" if stop else "SuspendedEVSE"))
            await asyncio.sleep(20)
            got_wh = (station.connector(1).energy_wh or 0) - before_wh
            assert allowance_wh <= got_wh <= allowance_wh + 30  # what flows within two control steps at 50 kW
            records = await station.core.commands.sessions(1)
            assert records[0].reason is (StopReason.DE_AUTHORIZED if stop else None)
            assert records[0].transaction_id == 5
            if not stop:  # the transaction is still open; whoever began it may end it
                assert not station.connector(1).power_w
                shown = station.connector(1)
                assert (shown.limit_w, shown.limit_reason) == (0, LimitReason.AUTHORIZATION)
                station.sim.card(CARD)
                await station.until(lambda: station.connector(1).status == "Finishing")
                [record] = await station.core.commands.sessions(1)
                assert record.reason is StopReason.LOCAL

    aio(story())


def test_a_waiting_session_stops_when_the_key_says_so(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log(*REFUSED)

    async def story() -> None:
        async with core_on(tmp_path, keys=keys(False, 0)) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            await refuse(station, number=0, status=Answer.CONCURRENT_TX)
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE")
            await station.core.commands.change_key("StopTransactionOnInvalidId", "true", Provenance.BACKEND)
            await station.until(lambda: station.connector(1).status == "Finishing")
            [record] = await station.core.commands.sessions(1)
            assert (record.reason, record.transaction_id) == (StopReason.DE_AUTHORIZED, 0)

    aio(story())


@pytest.mark.parametrize("stop", [True, False])
def test_a_tag_that_is_refused_before_the_car_is_ready_gets_no_energy(
    aio: Any, tmp_path: Path, expected_log: Any, stop: bool
) -> None:
    """Lesson 20."""
    expected_log(*REFUSED)

    async def story() -> None:
        async with core_on(tmp_path, keys=keys(stop, 0)) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            station.sim.plug(1)
            assert (await station.core.commands.start(1, CARD)).authorized
            await refuse(station, status=Answer.INVALID)
            await asyncio.sleep(90)
            assert station.connector(1).energy_wh == 0
            assert station.connector(1).status == ("Finishing" if stop else "SuspendedEVSE")
            assert "Charging" not in [s for c, s in station.statuses if c == 1]

    aio(story())


@pytest.mark.parametrize("stop", [True, False])
@pytest.mark.parametrize("allowance_wh", [0, 100_000])
def test_a_refusal_that_the_dead_core_did_not_act_upon(
    aio: Any, tmp_path: Path, expected_log: Any, stop: bool, allowance_wh: int
) -> None:
    expected_log(*REFUSED)
    expected_log("kiosk.station.charging.acts", "goes on after a restart")

    async def before() -> None:
        async with core_on(tmp_path, keys=keys(stop, allowance_wh)) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            await asyncio.sleep(15)
            fact = await station.core.journal.next_fact()
            assert fact is not None
            await station.core.journal.answered(fact.seq, 5, Answer.BLOCKED)  # committed, and then it died

    async def after() -> None:
        async with core_on(tmp_path) as station:
            energy_wh = station.connector(1).energy_wh or 0
            assert energy_wh > 0
            await asyncio.sleep(60)
            if allowance_wh:
                assert station.connector(1).status == "Charging"
                return
            assert station.connector(1).energy_wh == energy_wh
            [record] = await station.core.commands.sessions(1)
            if stop:
                assert record.reason is StopReason.DE_AUTHORIZED
            else:
                assert station.connector(1).status == "SuspendedEVSE"

    aio(before())
    aio(after())


def test_the_answer_tells_the_group_of_a_tag_that_was_let_in_here(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = FakeBackend()
            await station.core.commands.whitelist_add(CARD)
            await charge(station)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            info = IdTagInfo(status=Answer.ACCEPTED, parent_id_tag="FAMILY")
            await station.core.sessions.start_answered(session.local_id, 5, info)
            assert station.core.sessions.stoppable_by("OTHER", "family") == (1,)

    aio(story())


def test_the_group_that_the_answer_told_survives_a_restart(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging.acts", "goes on after a restart")

    async def before() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            await charge(station)
            fact = await station.core.journal.next_fact()
            assert fact is not None
            await station.core.journal.answered(fact.seq, 5, Answer.ACCEPTED, "FAMILY")

    async def after() -> None:
        async with core_on(tmp_path) as station:
            assert station.core.sessions.stoppable_by("OTHER", "family") == (1,)

    aio(before())
    aio(after())
