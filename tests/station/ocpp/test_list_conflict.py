"""A backend whose answer contradicts the local list it sent hears so (OCPP 1.6 section 3.5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.model.enums import AuthorizationStatus as Status
from kiosk.station.storage.records import TagEntry

Opened = Callable[..., Any]
Run = Callable[..., Any]


def conflicts(world: Any) -> list[dict[str, Any]]:
    return [
        frame.payload
        for frame in world.central.recorder.frames
        if not frame.to_station
        and frame.action == "StatusNotification"
        and frame.kind == "call"
        and frame.payload["errorCode"] == "LocalListConflict"
    ]


def test_it_is_told_for_connector_0(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.client.list_conflict()
            await world.until(lambda: conflicts(world))
            [told] = conflicts(world)
            assert (told["connectorId"], told["status"]) == (0, "Available")

    aio(story())


def test_the_answer_to_a_stop_can_contradict_too(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.tags.local_replace([TagEntry(id_tag="ANNA", status=Status.BLOCKED)], 1)
            delivery = world.client._delivery
            await delivery._take_verdict("ANNA", {"idTagInfo": {"status": "Accepted"}})
            await world.until(lambda: len(conflicts(world)) == 1)
            await delivery._take_verdict("ANNA", {"idTagInfo": {"status": "Blocked"}})
            await delivery._take_verdict("BERT", {"idTagInfo": {"status": "Blocked"}})
            await world.until(lambda: len(world.client.notices) == 0)
            assert len(conflicts(world)) == 1

    aio(story())
