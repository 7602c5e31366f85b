"""A start that is refused leaves a line in the log that says why; the card's number is masked."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import ChargePointStatus, Page, RefusalReason, Tap
from kiosk.station.charging.refusals import english, refused
from tests.fakes.core import START, core_on

CARD = "04AE179C4F6181"
FIRST = "04AAAAAAAAAAAA"


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("start refused")]


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_reason_is_told_without_the_cards_number(
    caplog: pytest.LogCaptureFixture, reason: RefusalReason
) -> None:
    with caplog.at_level(logging.INFO):
        assert refused(reason, 2, CARD) is reason
    (line,) = refusals(caplog)
    assert english(reason, 2) in line
    assert CARD not in line


def test_a_card_where_no_power_is_free_is_logged(
    aio: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ChargingStrategy", "FAIR")]) as station:
            for card in (FIRST, CARD):
                await station.core.commands.whitelist_add(card)
            for connector_id in (1, 2):
                station.sim.plug(connector_id, soc_percent=30)
                await station.until(lambda n=connector_id: station.connector(n).plugged)
                assert (await station.core.commands.start(connector_id, FIRST)).authorized
            await station.until(lambda: not station.connector(3).can_start)
            await asyncio.sleep(30)  # the screen has let go of the sessions that just began
            station.core.host.tap(Tap.DONE, None)
            station.sim.plug(3)
            await station.until(lambda: station.connector(3).status == ChargePointStatus.PREPARING)
            assert refusals(caplog) == []
            station.sim.card(CARD)
            await station.until(lambda: bool(refusals(caplog)))
            assert all("connector 3: no power is free" in line and CARD not in line for line in refusals(caplog))
            shown = station.core.state.snapshot.dialogue  # the screen says it too
            assert (shown.page, shown.connector_id) == (Page.CARD_REFUSED, 3)
            assert shown.reason is RefusalReason.NO_POWER_FREE
            before = len(refusals(caplog))
            outcome = await station.core.commands.start(3, CARD)
            assert outcome.reason is RefusalReason.NO_POWER_FREE
            assert len(refusals(caplog)) == before + 1

    with caplog.at_level(logging.INFO):
        aio(story())


def test_a_remote_start_that_finds_nothing_free_is_logged_with_each_reason(
    aio: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging", "fault_raised 21")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            commands = station.core.commands
            await commands.reservations.reserve(
                reservation_id=1, connector_id=1, id_tag=FIRST, expires_at=START + timedelta(hours=1)
            )
            await commands.change_availability(2, operative=False)
            station.sim.fault(3, 21)
            await station.until(lambda: station.connector(3).status == ChargePointStatus.FAULTED)
            assert not await commands.remote_start(CARD, None)
            wanted = [
                english(RefusalReason.CONNECTOR_RESERVED, 1),
                english(RefusalReason.CONNECTOR_UNAVAILABLE, 2),
                english(RefusalReason.CONNECTOR_FAULTED, 3),
            ]
            told = refusals(caplog)
            assert [line.split("): ", 1)[1] for line in told] == wanted
            assert not any(CARD in line for line in told)
            assert not await commands.remote_start(CARD, 3)  # only the one that was named
            assert refusals(caplog)[3:] == [told[2]]
            assert await commands.remote_start(FIRST, None)
            assert len(refusals(caplog)) == 4

    with caplog.at_level(logging.INFO):
        aio(story())
