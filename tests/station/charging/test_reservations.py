"""Reservations through the whole core on virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import Page, RefusalReason, StopReason
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.charging.reserving import Outcome
from kiosk.station.commands.reservations import CancelOutcome
from kiosk.station.storage.records import TagEntry
from tests.fakes.backend import FakeBackend
from tests.fakes.core import START, RunningCore, charge, core_on

ANNA, BERT, CARL = "04AE179C4F6181", "04AE179C4F6182", "04AE179C4F6183"
GROUP = IdTagInfo(status=Answer.ACCEPTED, parent_id_tag="FAMILY")


async def reserve(
    station: RunningCore,
    connector_id: int = 1,
    tag: str = ANNA,
    *,
    number: int = 7,
    minutes: float = 30,
    parent: str | None = None,
) -> Outcome:
    return await station.core.commands.reservations.reserve(
        reservation_id=number,
        connector_id=connector_id,
        id_tag=tag,
        parent_id_tag=parent,
        expires_at=station.core.clock.now() + timedelta(minutes=minutes),
    )


def backend(station: RunningCore, **more: Answer | IdTagInfo) -> FakeBackend:
    made = FakeBackend(**{ANNA: Answer.ACCEPTED, BERT: Answer.ACCEPTED, CARL: Answer.ACCEPTED} | more)
    station.core.backend.real = made
    return made


def statuses(station: RunningCore, connector_id: int = 1) -> list[str]:
    return [status for c, status in station.statuses if c == connector_id]


async def begun_with(station: RunningCore) -> list[int | None]:
    """reservationId of every transaction, oldest first."""
    found = []
    while (fact := await station.core.journal.next_fact()) is not None:
        if fact.kind == "begin":
            found.append(fact.payload.reservation_id)  # type: ignore[union-attr]
        await station.core.journal.give_up(fact.seq)
    return found


def test_the_reserved_card_charges_and_a_stranger_is_told(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            asked = backend(station).asked
            assert await reserve(station) is Outcome.ACCEPTED
            assert station.connector(1).status == "Reserved"
            assert station.connector(1).reserved_until is not None
            outcome = await station.core.commands.start(1, BERT)
            assert outcome.reason is RefusalReason.CONNECTOR_RESERVED
            assert "reserved for another card" in outcome.text
            assert asked == []  # a stranger's card is not even asked about
            assert (await station.core.commands.start(1, ANNA.lower())).authorized
            assert station.connector(1).status == "Preparing"
            assert station.core.commands.reservations.all()  # it ends with the begin, not with the card
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert station.core.commands.reservations.all() == ()
            assert station.connector(1).reserved_until is None
            await station.core.commands.stop(1)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            assert "Available" not in statuses(station)[:-1]
            assert await begun_with(station) == [7]

    aio(story())


def test_the_driver_at_the_screen_is_told(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station, 1)
            station.sim.plug(1)
            await station.until(lambda: station.page == Page.CARD)
            station.sim.card(BERT)
            await station.until(lambda: station.page == Page.CARD_REFUSED)
            assert station.core.state.snapshot.dialogue.reason is RefusalReason.CONNECTOR_RESERVED
            station.sim.card(ANNA)
            await station.until(lambda: station.connector(1).status == "Charging")

    aio(story())


def test_the_card_of_a_reservation_finds_its_connector(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station, 2)
            station.sim.card(ANNA)
            await station.until(lambda: station.page == Page.PLUG_IN)
            assert station.core.state.snapshot.dialogue.connector_id == 2
            station.sim.card(BERT)
            await asyncio.sleep(1)
            assert station.connector(1).status == "Available"

    aio(story())


@pytest.mark.parametrize("where", ["backend", "list", "cache", "offline list", "nowhere", "silent"])
def test_a_card_of_the_reserved_group(aio: Any, tmp_path: Path, expected_log: Any, where: str) -> None:
    if where == "silent":
        expected_log("kiosk.station.charging.authorizer", "no answer from the backend")

    async def story() -> None:
        async with core_on(tmp_path, keys=[("AuthorizationCacheEnabled", "true")]) as station:
            fake = backend(station, **({BERT: GROUP} if where == "backend" else {}))
            entry = TagEntry(id_tag=BERT, parent_id_tag="FAMILY")
            if where in ("list", "offline list"):
                await station.core.tags.local_replace([entry], 1)
            if where == "cache":
                await station.core.tags.cache_put(entry)
            if where == "offline list":
                fake.online = False
            if where == "silent":
                del fake.answers[BERT]
            assert await reserve(station, parent="Family") is Outcome.ACCEPTED
            outcome = await station.core.commands.start(1, BERT)
            if where in ("nowhere", "silent"):
                assert outcome.reason is RefusalReason.CONNECTOR_RESERVED
            else:
                assert outcome.authorized
            assert fake.asked == ([BERT] if where in ("backend", "nowhere", "silent") else [])
            assert (await station.core.commands.start(2, CARL)).authorized is fake.online

    aio(story())


def test_any_connector_one_stays_free(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS,CCS_AC") as station:
            backend(station)
            assert await reserve(station, 0) is Outcome.ACCEPTED
            assert [c.status for c in station.core.state.snapshot.connectors] == ["Available", "Available"]
            await charge(station, 1, BERT)
            assert station.connector(2).status == "Reserved"
            assert (await station.core.commands.start(2, CARL)).reason is RefusalReason.CONNECTOR_RESERVED
            assert await reserve(station, 2, CARL, number=8) is Outcome.OCCUPIED
            assert await reserve(station, 0, CARL, number=8) is Outcome.OCCUPIED
            await station.core.commands.stop(1)
            station.sim.unplug(1)
            await station.until(lambda: station.connector(2).status == "Available")
            await charge(station, 2, ANNA)
            assert station.core.commands.reservations.all() == ()
            assert (await station.core.commands.start(1, CARL)).authorized
            assert await begun_with(station) == [None, 7]

    aio(story())


def test_a_waiting_holder_frees_the_others(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS,CCS") as station:
            backend(station)
            await reserve(station, 0)
            assert (await station.core.commands.start(1, ANNA)).authorized
            assert station.connector(2).status == "Available"
            assert (await station.core.commands.start(2, BERT)).authorized
            await station.core.sessions.cancel(1)
            assert station.connector(1).status == "Reserved"  # he gave up: it is still his

    aio(story())


def test_it_runs_out(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station, minutes=0.5)
            await asyncio.sleep(29)
            assert station.connector(1).status == "Reserved"
            await asyncio.sleep(2)
            assert station.connector(1).status == "Available"
            assert statuses(station) == ["Reserved", "Available"]
            assert await station.core.commands.reservations.cancel(7) is CancelOutcome.REJECTED
            assert (await station.core.commands.start(1, BERT)).authorized

    aio(story())


def test_it_runs_out_while_its_holder_walks_to_the_plug(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station, minutes=0.5)
            assert (await station.core.commands.start(1, ANNA)).authorized
            await asyncio.sleep(35)
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert await begun_with(station) == [None]

    aio(story())


def test_no_plug_in_time_and_it_is_reserved_again(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "20")]) as station:
            backend(station)
            await reserve(station)
            assert (await station.core.commands.start(1, ANNA)).authorized
            await asyncio.sleep(25)
            assert statuses(station) == ["Reserved", "Preparing", "Reserved"]

    aio(story())


def test_cancel_and_replace(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            commands = station.core.commands.reservations
            assert await commands.cancel(7) is CancelOutcome.REJECTED
            assert await reserve(station) is Outcome.ACCEPTED
            assert await reserve(station, number=8) is Outcome.OCCUPIED  # also for the same tag
            assert await reserve(station, 2, BERT) is Outcome.ACCEPTED  # number 7 again: it moves
            assert [station.connector(n).status for n in (1, 2)] == ["Available", "Reserved"]
            assert (await station.core.commands.start(2, ANNA)).reason is RefusalReason.CONNECTOR_RESERVED
            assert await commands.cancel(7) is CancelOutcome.ACCEPTED
            assert station.connector(2).status == "Available"
            assert await commands.cancel(7) is CancelOutcome.REJECTED

    aio(story())


@pytest.mark.parametrize("how", ["fault", "availability", "station"])
def test_it_ends_with_its_connector(aio: Any, tmp_path: Path, expected_log: Any, how: str) -> None:
    if how == "fault":
        expected_log("kiosk.station.charging", "fault_raised 50")
        expected_log("kiosk.station.charging", "fault_cleared 50")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station)
            target = 0 if how == "station" else 1
            if how == "fault":
                station.sim.fault(1, 50)
                station.sim.plug(1)
                await station.until(lambda: station.connector(1).status == "Faulted")
            else:
                await station.core.commands.change_availability(target, False)
                assert statuses(station) == ["Reserved", "Unavailable"]  # no Available in between
            await asyncio.sleep(1)
            assert station.core.commands.reservations.all() == ()
            expected = Outcome.FAULTED if how == "fault" else Outcome.UNAVAILABLE
            assert await reserve(station, number=9) is expected
            if how == "fault":
                station.sim.unplug(1)
                station.sim.clear(1, 50)
            else:
                await station.core.commands.change_availability(target, True)
            await station.until(lambda: station.connector(1).status == "Available")

    aio(story())


@pytest.mark.parametrize("checked", [True, False])
def test_remote_start_at_a_reserved_connector(aio: Any, tmp_path: Path, checked: bool) -> None:
    """Lesson 25: nobody else's remote start takes it, its own names it."""

    async def story() -> None:
        keys = [("AuthorizeRemoteTxRequests", str(checked).lower())]
        async with core_on(tmp_path, keys=keys, connectors="CCS,CCS,CCS_AC") as station:
            fake = backend(station, **{CARL: GROUP})
            await reserve(station, 2)
            start = station.core.commands.remote_start
            assert not await start(BERT, 2)
            assert await start(ANNA, None)  # it finds its own
            await station.until(lambda: station.connector(2).status == "Preparing")
            assert fake.asked == ([ANNA] if checked else [])
            station.sim.plug(2)
            await station.until(lambda: station.connector(2).status == "Charging")
            assert await begun_with(station) == [7]
            await reserve(station, 3, number=8, parent="FAMILY")
            assert await start(CARL, 3)  # its parent is asked for behind the answer
            await station.until(lambda: station.connector(3).status == "Preparing")
            assert fake.asked.count(CARL) == 1

    aio(story())


def test_it_survives_a_core_and_what_ran_out_meanwhile_is_dropped(aio: Any, tmp_path: Path) -> None:
    async def before() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station, 1, minutes=60, number=1, parent="FAMILY")
            await reserve(station, 2, minutes=1, number=2)

    async def after() -> None:
        async with core_on(tmp_path, start=START + timedelta(minutes=10)) as station:
            backend(station, **{BERT: GROUP})
            assert [station.connector(n).status for n in (1, 2, 3)] == ["Reserved", "Available", "Available"]
            assert (await station.core.commands.start(1, CARL)).reason is RefusalReason.CONNECTOR_RESERVED
            assert (await station.core.commands.start(1, BERT)).authorized
            [kept] = station.core.commands.reservations.all()
            assert (kept.reservation_id, kept.id_tag, kept.parent_id_tag) == (1, ANNA, "FAMILY")

    aio(before())
    aio(after())


def test_a_core_that_dies_between_begin_and_removal_does_not_keep_it(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def before() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await reserve(station)

            async def dies(_store: object, _numbers: object) -> None:
                """The process is gone before this is done."""

            monkeypatch.setattr("kiosk.station.storage.reservations.ReservationStore.remove", dies)
            await charge(station, 1, ANNA)
            await station.core.commands.stop(1)

    async def after() -> None:
        async with core_on(tmp_path) as station:
            assert station.core.commands.reservations.all() == ()

    aio(before())
    monkeypatch.undo()
    aio(after())


def test_kiosk_mode_and_the_profile_key(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            await reserve(station)
            station.sim.plug(1)
            await asyncio.sleep(5)
            assert station.connector(1).session is None  # the virtual tag is a stranger
            assert await reserve(station, 2, "HycKioskTag2", number=8) is Outcome.ACCEPTED
            station.sim.plug(2)
            await station.until(lambda: station.connector(2).status == "Charging")

    aio(story())


def test_a_session_that_runs_keeps_the_connector(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            backend(station)
            await charge(station, 1, BERT)
            assert await reserve(station) is Outcome.OCCUPIED
            await station.core.commands.stop(1, StopReason.LOCAL)
            assert await reserve(station) is Outcome.OCCUPIED  # Finishing
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            assert await reserve(station) is Outcome.ACCEPTED

    aio(story())
