"""What the backend's answers leave behind: the cache, and contradictions of its own list."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import Provenance, RefusalReason
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.storage.records import TagEntry
from tests.fakes.backend import FakeBackend
from tests.fakes.core import START, RunningCore, core_on

CARD = "04AE179C4F6181"
CACHED = [("AuthorizationCacheEnabled", "true"), ("ConnectionTimeOut", "10")]


async def cached(station: RunningCore) -> Answer | None:
    entry = await station.core.tags.cache_get(CARD)
    return entry.status if entry is not None else None


async def start(station: RunningCore) -> RefusalReason | None:
    """A card, and nobody plugs in; why it was refused."""
    outcome = await station.core.commands.start(1, CARD)
    await station.core.sessions.cancel(1)
    return outcome.reason


def test_answers_are_remembered_and_used(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=CACHED) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Answer.ACCEPTED})
            assert await start(station) is None
            assert await start(station) is None
            assert backend.asked == [CARD]  # the second time nobody had to be asked
            backend.online = False
            assert await start(station) is None
            await station.core.tags.cache_clear()
            assert await start(station) is RefusalReason.BACKEND_OFFLINE

    aio(story())


def test_a_refusal_is_remembered_asked_about_again_and_counts_offline(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=CACHED) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Answer.BLOCKED})
            assert await start(station) is RefusalReason.CARD_BLOCKED
            assert await cached(station) is Answer.BLOCKED
            backend.online = False
            assert await start(station) is RefusalReason.CARD_BLOCKED
            backend.online = True
            backend.answers[CARD] = IdTagInfo(status=Answer.ACCEPTED)
            assert await start(station) is None
            assert await cached(station) is Answer.ACCEPTED
            assert backend.asked == [CARD, CARD]

    aio(story())


def test_an_answer_that_has_run_out_is_asked_for_again(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=CACHED) as station:
            soon = IdTagInfo(status=Answer.ACCEPTED, expiry=START + timedelta(minutes=1))
            station.core.backend.real = backend = FakeBackend(**{CARD: soon})
            assert await start(station) is None
            assert await start(station) is None
            await station.until(lambda: station.core.clock.now() > START + timedelta(minutes=1))
            assert await start(station) is RefusalReason.CARD_EXPIRED
            assert backend.asked == [CARD, CARD]
            backend.online = False
            assert await start(station) is RefusalReason.CARD_EXPIRED

    aio(story())


def test_busy_is_not_remembered(aio: Any, tmp_path: Path) -> None:
    """Tomorrow the card is free again, and the backend may be away."""

    async def story() -> None:
        async with core_on(tmp_path, keys=CACHED) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Answer.ACCEPTED})
            assert await start(station) is None
            info = IdTagInfo(status=Answer.CONCURRENT_TX)
            await station.core.authorizer.remember(CARD, info)
            assert await cached(station) is Answer.ACCEPTED
            backend.online = False
            assert await start(station) is None

    aio(story())


def test_nothing_is_remembered_without_the_key_or_for_a_listed_tag(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("LocalPreAuthorize", "false")]) as station:
            station.core.backend.real = FakeBackend(**{CARD: Answer.ACCEPTED})
            assert await start(station) is None
            assert await cached(station) is None
            await station.core.commands.change_key("AuthorizationCacheEnabled", "true", Provenance.BACKEND)
            await station.core.tags.local_replace([TagEntry(id_tag=CARD.lower())], 1)
            assert await start(station) is None
            assert await cached(station) is None  # OCPP 1.6 section 3.5.3
            await station.core.commands.change_key("LocalAuthListEnabled", "false", Provenance.BACKEND)
            assert await start(station) is None
            assert await cached(station) is Answer.ACCEPTED

    aio(story())


@pytest.mark.parametrize(
    ("listed", "told", "conflicts"),
    [
        (Answer.ACCEPTED, Answer.BLOCKED, 1),
        (Answer.BLOCKED, Answer.ACCEPTED, 1),
        (Answer.ACCEPTED, Answer.ACCEPTED, 0),
        (Answer.ACCEPTED, Answer.CONCURRENT_TX, 0),
    ],
)
def test_the_backend_hears_that_it_contradicts_its_list(
    aio: Any, tmp_path: Path, expected_log: Any, listed: Answer, told: Answer, conflicts: int
) -> None:
    if conflicts:
        expected_log("kiosk.station.charging.authorizer", "the local list says otherwise")

    async def story() -> None:
        async with core_on(tmp_path, keys=[("LocalPreAuthorize", "false")]) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: told})
            await station.core.tags.local_replace([TagEntry(id_tag=CARD, status=listed)], 1)
            await start(station)
            assert backend.conflicts == conflicts
            assert [e.status for e in await station.core.tags.local_list()] == [
                listed
            ]  # only the backend changes it

    aio(story())
