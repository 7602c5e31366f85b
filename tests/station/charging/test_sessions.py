"""Sessions with a backend that answers, refuses, or is silent; through the whole core on virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.enums import Page, Provenance, RefusalReason
from kiosk.model.errors import BadValue, NotPossible, UnknownConnector
from kiosk.station.charging.ports import IdTagInfo
from tests.fakes.backend import FakeBackend
from tests.fakes.core import START, core_on

CARD = "04AE179C4F6181"
NO_SILENCE = ("kiosk.station.charging.authorizer", "no answer from the backend")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer.ACCEPTED, None),
        (Answer.BLOCKED, RefusalReason.CARD_BLOCKED),
        (Answer.EXPIRED, RefusalReason.CARD_EXPIRED),
        (Answer.INVALID, RefusalReason.CARD_INVALID),
        (Answer.CONCURRENT_TX, RefusalReason.CARD_CONCURRENT),
        (IdTagInfo(status=Answer.ACCEPTED, expiry=START - timedelta(days=1)), RefusalReason.CARD_EXPIRED),
    ],
)
def test_the_backend_decides(aio: Any, tmp_path: Path, answer: Any, reason: RefusalReason | None) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: answer})
            outcome = await station.core.commands.start(1, CARD)
            assert outcome.reason is reason
            assert backend.asked == [CARD]
            expected = "Preparing" if reason is None else "Available"
            assert station.connector(1).status == expected

    aio(story())


def test_a_silent_backend_refuses_unless_somebody_here_knows_the_card(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log(*NO_SILENCE)

    async def story() -> None:
        keys = [("LocalPreAuthorize", "false")]
        async with core_on(tmp_path, keys=keys) as station:
            station.core.backend.real = FakeBackend()
            assert (await station.core.commands.start(1, CARD)).reason is RefusalReason.BACKEND_SILENT
            await station.core.commands.whitelist_add(CARD)
            assert (await station.core.commands.start(1, CARD)).authorized

    aio(story())


def test_offline_rules(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend()
            backend.online = False
            assert (await station.core.commands.start(1, CARD)).reason is RefusalReason.BACKEND_OFFLINE
            await station.core.commands.change_key("AllowOfflineTxForUnknownId", "true", Provenance.OPERATOR)
            assert (await station.core.commands.start(1, CARD)).authorized
            assert backend.asked == []

    aio(story())


def test_kiosk_while_unreachable_and_back(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("KioskModeWhenOffline", "true")]) as station:
            station.core.backend.real = backend = FakeBackend()
            backend.online, backend.unreachable = False, True
            await station.until(lambda: station.core.state.snapshot.station.kiosk)
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: station.connector(1).status == "Charging")
            backend.online, backend.unreachable = True, False
            await station.until(lambda: not station.core.state.snapshot.station.kiosk)
            session = station.connector(1).session
            assert session is not None
            assert session.kiosk  # a running session keeps the mode it began with
            assert station.connector(1).status == "Charging"

    aio(story())


def test_kiosk_asks_and_ignores_the_answer(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            station.core.backend.real = backend = FakeBackend(HycKioskTag1=Answer.BLOCKED)
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert backend.asked == ["HycKioskTag1"]
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            await station.core.sessions.start_answered(session.local_id, 7, IdTagInfo(status=Answer.INVALID))
            await asyncio.sleep(20)
            assert station.connector(1).status == "Charging"

    aio(story())


def test_autocharge_asks_with_the_cars_id_and_a_card_still_works(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("AutochargeEnabled", "true")]) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Answer.ACCEPTED})
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).vehicle_id is not None)
            vid = f"VID:{station.connector(1).vehicle_id}"
            backend.answers[vid] = IdTagInfo(status=Answer.INVALID)
            await station.until(lambda: backend.asked == [vid])
            await asyncio.sleep(5)
            assert station.connector(1).session is None
            station.sim.card(CARD)
            await station.until(lambda: station.connector(1).status == "Charging")
            station.sim.plug(2)
            await station.until(lambda: station.connector(2).vehicle_id is not None)
            backend.answers[f"VID:{station.connector(2).vehicle_id}"] = IdTagInfo(status=Answer.ACCEPTED)

    aio(story())


@pytest.mark.parametrize("check_first", [True, False])
def test_remote_start(aio: Any, tmp_path: Path, check_first: bool) -> None:
    async def story() -> None:
        keys = [("AuthorizeRemoteTxRequests", str(check_first).lower())]
        async with core_on(tmp_path, keys=keys) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Answer.INVALID})
            assert await station.core.commands.remote_start(CARD, 1)
            await asyncio.sleep(1)
            assert backend.asked == ([CARD] if check_first else [])
            assert station.connector(1).status == ("Available" if check_first else "Preparing")
            assert station.page == (Page.STANDBY if check_first else Page.PLUG_IN)
            assert not await station.core.commands.remote_start(CARD, 9)
            if not check_first:
                assert not await station.core.commands.remote_start(CARD, 1)
                assert await station.core.commands.remote_start(CARD, None)  # the first that is free
                await station.until(lambda: station.connector(2).status == "Preparing")

    aio(story())


def test_tags_are_kept_as_the_reader_tells_them(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            assert await station.core.commands.whitelist_add(" 04:ae-17 9c ") == "04AE179C"
            assert await station.core.commands.whitelist_add("Tag-of:Anna") == "Tag-of:Anna"
            assert (await station.core.commands.start(1, "04ae179c")).authorized

    aio(story())


def test_commands_refuse_what_does_not_fit(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            commands = station.core.commands
            with pytest.raises(NotPossible, match="no running session"):
                await commands.stop(1)
            with pytest.raises(UnknownConnector):
                await commands.start(7, CARD)
            with pytest.raises(BadValue, match="1 to 20"):
                await commands.start(1, "X" * 21)
            with pytest.raises(BadValue, match="08"):
                await commands.whitelist_add("08648427")
            assert (await commands.start(1, None)).reason is RefusalReason.CARD_NEEDED

    aio(story())
