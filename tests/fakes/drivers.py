"""Drivers at a whole core, each with a card of its own, and what they see of power."""

from __future__ import annotations

from kiosk.model.enums import LimitReason, RefusalReason
from tests.fakes.core import RunningCore


async def ask(station: RunningCore, connector_id: int) -> RefusalReason | None:
    """A card of its own at a connector; why it was refused."""
    tag = f"04AE179C4F618{connector_id}"
    await station.core.commands.whitelist_add(tag)
    outcome = await station.core.commands.start(connector_id, tag)
    return outcome.reason


async def charge(
    station: RunningCore, connector_id: int, car: str | None = None, soc_percent: int = 30
) -> RefusalReason | None:
    station.sim.plug(connector_id, car, soc_percent)
    refused = await ask(station, connector_id)
    if refused is None:
        await station.until(lambda: station.connector(connector_id).status == "Charging")
    return refused


def stacks(station: RunningCore) -> list[int]:
    return [each.stacks for each in station.sim.state().connectors]


def power_w(station: RunningCore, connector_id: int) -> int:
    return station.connector(connector_id).power_w or 0


def told(station: RunningCore, connector_id: int) -> tuple[int | None, LimitReason | None, tuple[int, ...]]:
    shown = station.connector(connector_id)
    return shown.limit_w, shown.limit_reason, shown.shared_with
