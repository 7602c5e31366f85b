"""The client against a real WebSocket central system, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.model.enums import AuthorizationStatus, RegistrationStatus

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]


def test_a_session_reaches_the_backend(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.session()
            await world.delivered()
            actions = [f.action for f in world.calls()]
            assert actions == [
                "BootNotification",
                *["StatusNotification"] * 4,
                "StartTransaction",
                "MeterValues",
                "MeterValues",
                "StopTransaction",
            ]
            (transaction,) = world.central.transactions.values()
            assert transaction.station == "HYC-7"
            assert (transaction.meter_start_wh, transaction.meter_stop_wh) == (1000, 1300)
            assert [a[:2] for a in world.answers] == [("a", transaction.id)]
            assert world.answers[0][2].status is AuthorizationStatus.ACCEPTED
            record = await world.journal.by_transaction_id(transaction.id)
            assert record is not None
            assert record.local_id == "a"
            backend = world.state.snapshot.backend
            assert (backend.connected, backend.boot) == (True, RegistrationStatus.ACCEPTED)
            assert backend.url == "ws://127.0.0.1:9000/ocpp/HYC-7"

    aio(story())
