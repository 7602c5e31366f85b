"""What a backend hears before StartTransaction, though MinimumStatusDuration keeps statuses back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.model.enums import ChargePointErrorCode, ChargePointStatus
from kiosk.station.ocpp.status import Picture, StatusBoard

Opened = Callable[..., Any]
Run = Callable[..., Any]

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
A, P, C, E, F = (
    ChargePointStatus.AVAILABLE,
    ChargePointStatus.PREPARING,
    ChargePointStatus.CHARGING,
    ChargePointStatus.SUSPENDED_EV,
    ChargePointStatus.FINISHING,
)


def told_of(world: Any, before: int, connector_id: int = 1) -> list[str]:
    """Statuses and starts of a connector since, in order."""
    return [
        f.payload.get("status", f.action)
        for f in world.calls()[before:]
        if f.payload.get("connectorId") == connector_id
    ]


@pytest.mark.parametrize("energised_at_once", [False, True])
def test_the_start_goes_out_at_once_behind_its_preparing(
    aio: Run, running: Opened, energised_at_once: bool
) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "40")
            await world.online()
            before = len(world.calls())
            world.set_status(1, P)
            await asyncio.sleep(5)
            assert told_of(world, before) == [], "it has not lasted yet"
            since = world.clock.now()
            await world.begin()
            if energised_at_once:
                world.set_status(1, C)
            await world.until(lambda: world.answers != [], 1)
            (start,) = world.calls("StartTransaction")
            assert start.at - since < timedelta(seconds=1)
            assert told_of(world, before) == ["Preparing", "StartTransaction"]
            if not energised_at_once:
                world.set_status(1, C)
            await asyncio.sleep(30)
            assert told_of(world, before) == ["Preparing", "StartTransaction"], "Charging has not lasted yet"
            await asyncio.sleep(100)
            assert told_of(world, before) == ["Preparing", "StartTransaction", "Charging"], "each once"

    aio(story())


def test_other_connectors_do_not_wait(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "40")
            await world.online()
            await world.begin("a", 1)
            await world.delivered()
            before = len(world.calls())
            world.set_status(2, P)
            world.set_status(3, P)
            since = world.clock.now()
            await world.begin("b", 2)
            await world.end("a", 1500)
            await world.delivered()
            (stop,) = world.calls("StopTransaction")
            assert stop.at - since < timedelta(seconds=1)
            assert told_of(world, before, 2) == ["Preparing", "StartTransaction"]
            await asyncio.sleep(30)
            assert told_of(world, before, 3) == [], "nobody starts there"
            await asyncio.sleep(20)
            assert told_of(world, before, 3) == ["Preparing"]

    aio(story())


def test_a_start_does_not_overtake_the_statuses_of_a_moment(aio: Run, running: Opened) -> None:
    """All three became due together; the start of the last connector comes while the first is being told."""

    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "0")
            await world.online()
            before = len(world.calls())
            world.central.chaos.delay_s = 1.0
            for connector_id in (1, 2, 3):
                world.set_status(connector_id, P)
            await world.until(lambda: len(world.calls()) > before)
            await world.begin("c", 3)
            await world.delivered()
            told = [(f.payload["connectorId"], f.payload.get("status", f.action)) for f in world.calls()[before:]]
            assert told == [(1, "Preparing"), (2, "Preparing"), (3, "Preparing"), (3, "StartTransaction")]

    aio(story())


# --- the board --------------------------------------------------------------------------------------------------


def picture(word: ChargePointStatus) -> Picture:
    return Picture(connector_id=1, status=word, error_code=ChargePointErrorCode.NO_ERROR, vendor_error_code=0)


def board(*changes: tuple[float, ChargePointStatus]) -> StatusBoard:
    """Available was told; then these."""
    made = StatusBoard()
    made.told(picture(A))
    for at_s, word in changes:
        made.changed(picture(word), NOW + timedelta(seconds=at_s), at_s)
    return made


def before(made: StatusBoard, started_s: float, minimum_s: float = 40) -> list[ChargePointStatus]:
    """What is told at a start, as if it were told."""
    changes = made.before_start(1, NOW + timedelta(seconds=started_s), minimum_s)
    for told, _ in changes:
        made.told(told)
    return [told.status for told, _ in changes]


@pytest.mark.parametrize(
    ("changes", "started_s", "wanted"),
    [
        ([], 5, []),
        ([(1, P)], 5, [P]),
        ([(1, P)], 0.5, []),
        ([(1, P), (6, C)], 5, [P]),
        ([(5, P), (5, C)], 5, [P]),
        ([(1, P), (6, C), (7, E)], 5, [P]),
        ([(1, F), (2, P)], 5, [P]),
        ([(1, F), (42, P)], 45, [F, P]),
        ([(1, P), (2, A)], 5, []),
    ],
)
@pytest.mark.parametrize("looked_at", [False, True])
def test_what_a_connector_was_before_its_start(
    changes: list[tuple[float, ChargePointStatus]],
    started_s: float,
    wanted: list[ChargePointStatus],
    looked_at: bool,
) -> None:
    made = board(*changes)
    heard = []
    if looked_at:  # a look takes out what lasted; what was overtaken may yet be wanted
        for told, _ in made.due(max((at_s for at_s, _ in changes), default=0), 40):
            made.told(told)
            heard.append(told.status)
    assert heard + before(made, started_s) == wanted
    assert before(made, started_s) == [], "once"


def test_a_later_word_makes_the_earlier_one_history() -> None:
    made = board((1, P), (6, C))
    for told, _ in made.due(50, 40):
        made.told(told)
    assert before(made, 5) == [], "Charging was told already"


def test_a_status_that_was_triggered_makes_the_earlier_one_history() -> None:
    made = board((1, P), (6, C))
    made.told(picture(C))
    assert before(made, 5) == []


def test_a_car_that_came_and_went_is_not_told_at_the_next_start() -> None:
    made = board((1, P), (2, A))
    assert made.due(60, 40) == []
    made.changed(picture(E), NOW + timedelta(seconds=99), 99)
    assert before(made, 98) == []


def test_what_came_after_the_start_goes_on_waiting() -> None:
    made = board((1, P), (6, C))
    assert before(made, 5) == [P]
    assert made.due(45.9, 40) == []
    assert [told.status for told, _ in made.due(46, 40)] == [C]
