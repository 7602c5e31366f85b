"""A card of the same group (parentIdTag) stops a session: known here, or asked about; and late answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import Page, RefusalReason, Tap
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.storage.records import TagEntry
from tests.fakes.backend import FakeBackend
from tests.fakes.core import RunningCore, charge, core_on

ANNA, BERT = "04AE179C4F6181", "04AE179C4F6182"


def member(status: Answer = Answer.ACCEPTED, group: str | None = "FAMILY") -> IdTagInfo:
    return IdTagInfo(status=status, parent_id_tag=group)


async def stopped_by(station: RunningCore, uid: str) -> str | None:
    """Hold a card to the reader; the tag that stopped the session, None while it goes on."""
    station.sim.card(uid)
    await asyncio.sleep(20)
    if station.connector(1).status == "Charging":
        return None
    while (fact := await station.core.journal.next_fact()) is not None:
        if fact.kind == "end":
            return fact.payload.id_tag  # type: ignore[union-attr]
        await station.core.journal.answered(fact.seq, 1)
    return ""


@pytest.mark.parametrize(
    ("info", "stops"),
    [
        (member(), True),
        (member(group="family"), True),
        (member(Answer.CONCURRENT_TX), True),  # it charges elsewhere, and may stop here
        (member(Answer.BLOCKED), False),
        (member(group="OTHERS"), False),
        (member(group=None), False),
    ],
)
def test_the_backend_is_asked_for_the_group(aio: Any, tmp_path: Path, info: IdTagInfo, stops: bool) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: member(), BERT: info})
            await charge(station, 1, ANNA)
            assert await stopped_by(station, BERT) == (BERT if stops else None)
            assert backend.asked == [ANNA, BERT]

    aio(story())


@pytest.mark.parametrize("where", ["list", "cache"])
def test_a_group_that_is_known_here_needs_no_backend(aio: Any, tmp_path: Path, where: str) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("AuthorizationCacheEnabled", "true")]) as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: member()})
            entry = TagEntry(id_tag=BERT, parent_id_tag="FAMILY")
            await (
                station.core.tags.local_replace([entry], 1)
                if where == "list"
                else station.core.tags.cache_put(entry)
            )
            await charge(station, 1, ANNA)
            backend.online = False
            assert await stopped_by(station, BERT) == BERT
            assert backend.asked == [ANNA]

    aio(story())


def test_the_own_card_is_never_asked_about(aio: Any, tmp_path: Path) -> None:
    """OCPP 1.6 section 4.1; also when the backend would say ConcurrentTx now."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: member()})
            await charge(station, 1, ANNA)
            backend.answers[ANNA] = IdTagInfo(status=Answer.CONCURRENT_TX)
            assert await stopped_by(station, ANNA.lower()) is not None
            assert backend.asked == [ANNA]

    aio(story())


def test_who_has_chosen_a_connector_means_to_start(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS,CCS_AC") as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: member(), BERT: member(group=None)})
            await charge(station, 1, ANNA)
            station.core.host.tap(Tap.OVERVIEW, None)
            station.core.host.tap(Tap.SELECT, 2)
            station.sim.card(BERT)
            await station.until(lambda: station.connector(2).status == "Preparing")
            assert backend.asked == [ANNA, BERT]  # once, not twice

    aio(story())


def test_one_question_serves_stop_and_start(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS,CCS_AC") as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: member(), BERT: member(group=None)})
            await charge(station, 1, ANNA)
            station.sim.plug(2)
            await station.until(lambda: station.connector(2).status == "Preparing")
            station.core.host.tap(Tap.DONE, None)
            station.sim.card(BERT)
            await station.until(lambda: station.connector(2).status == "Charging")
            assert backend.asked == [ANNA, BERT]
            backend.answers[BERT] = IdTagInfo(status=Answer.BLOCKED)
            await station.core.commands.stop(2)
            station.sim.unplug(2)
            await asyncio.sleep(1)
            outcome = await station.core.commands.start(2, BERT)  # an answer serves one start only
            assert outcome.reason is RefusalReason.CARD_BLOCKED

    aio(story())


def test_an_answer_that_comes_when_the_driver_has_gone_starts_nothing(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: Answer.ACCEPTED})
            backend.answer_after_s = 20
            station.core.host.tap(Tap.SELECT, 1)
            station.sim.card(ANNA)
            await station.until(lambda: station.page == Page.CARD_CHECKING)
            station.core.host.tap(Tap.DONE, None)
            await asyncio.sleep(30)
            assert station.page == Page.STANDBY
            assert station.connector(1).status == "Available"
            assert backend.asked == [ANNA]

    aio(story())


@pytest.mark.parametrize("comes_back", [False, True])
def test_an_answer_for_a_car_that_has_left_starts_nothing(aio: Any, tmp_path: Path, comes_back: bool) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: Answer.ACCEPTED})
            backend.answer_after_s = 20
            station.sim.plug(1)
            await station.until(lambda: station.page == Page.CARD)
            station.sim.card(ANNA)
            await station.until(lambda: backend.asked == [ANNA])
            station.sim.unplug(1)
            if comes_back:  # another car, perhaps
                await asyncio.sleep(5)
                station.sim.plug(1)
            await asyncio.sleep(40)
            assert await station.core.commands.sessions(5) == []

    aio(story())


def test_a_car_that_stays_gets_its_late_answer(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{ANNA: Answer.ACCEPTED})
            backend.answer_after_s = 20
            station.sim.plug(1)
            await station.until(lambda: station.page == Page.CARD)
            station.sim.card(ANNA)
            await station.until(lambda: station.page == Page.CARD_CHECKING)
            station.core.host.tap(Tap.DONE, None)  # he sits down in the car
            await station.until(lambda: station.connector(1).status == "Charging")

    aio(story())
