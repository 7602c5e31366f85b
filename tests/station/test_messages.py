"""What the backend did not take: seen and sent again through the one door, on a whole core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend.central import Options
from kiosk.link import messages as m
from kiosk.model.errors import BadValue
from tests.fakes.site import site_on

Expected = Callable[..., None]
KEYS = (
    ("TransactionMessageAttempts", "2"),
    ("TransactionMessageRetryInterval", "5"),
    ("MeterValueSampleInterval", "0"),
    ("ClockAlignedDataInterval", "0"),
)
DELIVERY = "kiosk.station.ocpp.delivery"


def test_an_undelivered_stop_is_seen_and_sent_again(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    expected_log(DELIVERY, "StopTransaction given up after 2 attempts")
    expected_log(DELIVERY, "StopTransaction failed")

    async def story() -> None:
        async with site_on(tmp_path, expected_log, *KEYS) as here:
            await here.charge(1)
            here.central.chaos.refuse = frozenset({"StopTransaction"})
            await here.stop(1)
            await here.until(lambda: here.snapshot.backend.undelivered_messages == 1)
            handlers = here.station.core.handlers
            [row] = (await handlers["messages.list"](m.MessageQuery())).messages  # type: ignore[attr-defined]
            assert (row.action, row.connector_id, row.attempts, row.undelivered) == ("StopTransaction", 1, 2, True)
            assert row.transaction_id == here.transaction.id
            assert 5 <= row.age_s < 60
            with pytest.raises(BadValue, match="not among the undelivered"):
                await handlers["messages.send_again"](m.MessageNumbers(numbers=(row.seq, row.seq + 1)))
            assert here.snapshot.backend.undelivered_messages == 1, "none was sent for the wrong one"

            here.central.chaos.refuse = frozenset()
            answer = await handlers["messages.send_again"](m.MessageNumbers(numbers=(row.seq,)))
            assert answer == m.SentAgain(messages=1)
            await here.settle()
            assert here.transaction.stopped_at is not None
            assert here.snapshot.backend.undelivered_messages == 0
            assert (await handlers["messages.send_again"](m.MessageNumbers())) == m.SentAgain(messages=0)

    aio(story())


def test_what_waits_while_the_backend_is_away_is_listed_in_order(
    aio: Any, tmp_path: Path, expected_log: Expected
) -> None:
    async def story() -> None:
        keys = (("MeterValueSampleInterval", "30"), ("ClockAlignedDataInterval", "0"))
        async with site_on(tmp_path, expected_log, *keys, ("HycKioskModeEnabled", "true")) as here:
            await here.offline()
            here.station.sim.plug(1, soc_percent=30)
            await here.status_is(1, "Charging")
            await here.settle(100)
            await here.stop(1)
            found = await here.station.core.commands.messages.list(50)
            actions = [each.action for each in found]
            assert actions == ["StartTransaction", *["MeterValues"] * (len(found) - 2), "StopTransaction"]
            assert [each.seq for each in found] == sorted(each.seq for each in found)
            assert not any(each.undelivered or each.transaction_id for each in found)
            ages = [each.age_s for each in found]
            assert ages == sorted(ages, reverse=True)
            await here.online()
            await here.settle(5)
            assert await here.station.core.commands.messages.list(50) == []

    aio(story())


@pytest.mark.parametrize("number", [0, 2**63 - 1, -(2**63)])
def test_any_number_that_fits_64_bits_is_a_transaction(
    aio: Any, tmp_path: Path, expected_log: Expected, number: int
) -> None:
    """Lesson 19: 0 is valid; lesson 17: the largest was seen; the given one goes into every message."""

    async def story() -> None:
        options = Options(first_transaction_id=number)
        async with site_on(tmp_path, expected_log, ("MeterValueSampleInterval", "10"), options=options) as here:
            await here.charge(1)
            await here.settle(25)
            await here.stop(1)
            told = [f.payload["transactionId"] for f in here.calls("MeterValues") if "transactionId" in f.payload]
            assert told
            assert set(told) == {number}
            [stop] = here.calls("StopTransaction")
            assert stop.payload["transactionId"] == number

    aio(story())
