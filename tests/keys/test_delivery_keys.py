"""Keys that say how stubbornly a transaction message is offered to the backend."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.fakes.keys import key


@key("TransactionMessageAttempts", "TransactionMessageRetryInterval")
@pytest.mark.parametrize(
    ("attempts", "interval_s", "waits_s"),
    [("1", "10", []), ("3", "10", [10, 20]), ("4", "5", [5, 10, 15]), ("0", "7", []), ("2", "0", [0])],
)
def test_TransactionMessageAttempts_and_TransactionMessageRetryInterval(
    aio: Any, site: Any, expected_log: Any, attempts: str, interval_s: str, waits_s: list[int]
) -> None:
    """So often, with the interval times the number of tries between them; then kept, marked, and the next goes."""
    if waits_s:
        expected_log("kiosk.station.ocpp", "StartTransaction failed")
    expected_log("kiosk.station.ocpp", "StartTransaction given up")

    async def story() -> None:
        async with site(
            ("TransactionMessageAttempts", attempts),
            ("TransactionMessageRetryInterval", interval_s),
            ("MeterValueSampleInterval", "0"),
            ("ClockAlignedDataInterval", "0"),
        ) as here:
            here.central.chaos.refuse = frozenset({"StartTransaction"})
            await here.charge(1)
            await here.settle(35)
            tries = [f.at for f in here.calls("StartTransaction")]
            assert [round((b - a).total_seconds()) for a, b in pairwise(tries)] == waits_s
            assert len({f.message_id for f in here.calls("StartTransaction")}) == len(tries)
            await here.until(lambda: here.snapshot.backend.undelivered_messages == 1)
            here.central.chaos.refuse = frozenset()
            await here.leave(1)
            await here.charge(1)
            await here.until(lambda: bool(here.central.transactions))
            assert here.snapshot.backend.undelivered_messages >= 1  # kept

    aio(story())
