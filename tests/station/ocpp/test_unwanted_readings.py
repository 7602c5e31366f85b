"""A backend that does not take MeterValues, and one that asks for them before it accepted us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.backend.central import Options
from kiosk.model.enums import RegistrationStatus
from kiosk.model.errors import BackendRefused
from kiosk.station.ocpp.wire import Wire

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

DELIVERY = "kiosk.station.ocpp.delivery"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], list[str]]:
    """``refusing(action, code)``: that call gets this CALLERROR; returns the list of the calls that got it."""

    def refuse(refused: str, code: str) -> list[str]:
        request = Wire.request
        asked: list[str] = []

        async def answer(self: Wire, action: str, *args: Any, **more: Any) -> dict[str, Any]:
            if action != refused:
                return await request(self, action, *args, **more)
            asked.append(action)
            raise BackendRefused(code, "not here")

        monkeypatch.setattr(Wire, "request", answer)
        return asked

    return refuse


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_readings_that_nobody_takes_are_tried_once_and_hold_up_nothing(
    aio: Run,
    running: Opened,
    expected_log: Expected,
    refusing: Callable[[str, str], list[str]],
    caplog: pytest.LogCaptureFixture,
    code: str,
) -> None:
    expected_log(DELIVERY, "does not take MeterValues")
    asked = refusing("MeterValues", code)

    async def story() -> None:
        async with running() as world:
            await world.online()
            since = world.clock.now()
            await world.session(samples=5)
            await world.delivered()
            assert len(asked) == 5, "each once"
            (stop,) = world.calls("StopTransaction")
            assert (stop.at - since).total_seconds() < 5
            assert await world.journal.waiting() == (0, 0), "nobody is asked to send them again"

    aio(story())
    assert len([r for r in caplog.records if "does not take MeterValues" in r.getMessage()]) == 1


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("StartTransaction", "NotImplemented"),
        ("StopTransaction", "NotSupported"),
        ("MeterValues", "InternalError"),
    ],
)
def test_everything_else_keeps_its_attempts(
    aio: Run,
    running: Opened,
    expected_log: Expected,
    refusing: Callable[[str, str], list[str]],
    action: str,
    code: str,
) -> None:
    expected_log(DELIVERY, f"{action} failed")
    expected_log(DELIVERY, f"{action} given up after 3 attempts")
    asked = refusing(action, code)

    async def story() -> None:
        async with running() as world:
            world.set_key("TransactionMessageAttempts", "3")
            await world.online()
            await world.session(samples=1)
            await world.delivered()
            assert len(asked) == 3
            assert await world.journal.waiting() == (0, 1)

    aio(story())


@pytest.mark.parametrize(
    ("trigger", "wanted"),
    [
        ("TriggerMessage", "MeterValues"),
        ("ExtendedTriggerMessage", "MeterValues"),
        ("ExtendedTriggerMessage", "SignChargePointCertificate"),
    ],
)
def test_what_cannot_be_sent_while_pending_is_not_promised(
    aio: Run, running: Opened, trigger: str, wanted: str
) -> None:
    """OCPP 1.6 section 4.2.1."""

    async def story() -> None:
        async with running(Options(boot=("Pending", "Accepted"), boot_retry_s=60)) as world:
            await world.until(lambda: world.state.snapshot.backend.boot is RegistrationStatus.PENDING)
            asked = getattr(call, trigger)(requested_message=wanted)
            assert (await world.central.stations["HYC-7"].ask(asked)).status == "Rejected"
            await asyncio.sleep(30)
            assert [f.action for f in world.calls()] == ["BootNotification"]
            assert await world.journal.waiting() == (0, 0)
            await world.online()
            await asyncio.sleep(30)
            assert world.calls("MeterValues") + world.calls("SignCertificate") == [], "nor is it sent later"

    aio(story())
