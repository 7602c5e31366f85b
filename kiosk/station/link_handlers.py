"""Rows of the local link's method table as calls of ``commands``: translates, never decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kiosk.link import messages as m
from kiosk.model.enums import Provenance
from kiosk.model.errors import NotPossible
from kiosk.settings import KeyView
from kiosk.station.charging.host import Host
from kiosk.station.commands import Commands, UnlockOutcome
from kiosk.station.storage.records import SessionRecord

Handlers = dict[str, Callable[[Any], Awaitable[m.Params]]]


def handlers(commands: Commands, host: Host) -> Handlers:
    """Method name → handler, for all rows that the core serves by ``commands``."""
    settings = commands.settings

    async def driver_tap(p: m.DriverTap) -> m.Nothing:
        host.tap(p.action, p.connector_id)
        return m.Nothing()

    async def session_start(p: m.StartSession) -> m.StartResult:
        outcome = await commands.start(p.connector_id, p.id_tag)
        return m.StartResult(
            authorized=outcome.authorized,
            reason=outcome.reason,
            text=outcome.text,
            status=commands.status_of(p.connector_id),
        )

    async def session_stop(p: m.ConnectorParams) -> m.StopResult:
        record = await commands.stop(p.connector_id)
        if record is None or record.meter_stop_wh is None:
            return m.StopResult(local_id=None, energy_wh=None)
        return m.StopResult(local_id=record.local_id, energy_wh=record.meter_stop_wh - record.meter_start_wh)

    async def session_list(p: m.SessionQuery) -> m.SessionList:
        return m.SessionList(sessions=tuple(_session(r) for r in await commands.sessions(p.limit)))

    async def messages_list(p: m.MessageQuery) -> m.MessageList:
        found = await commands.messages.list(p.limit)
        return m.MessageList(messages=tuple(m.MessageRow(**msgspec.structs.asdict(each)) for each in found))

    async def messages_send_again(p: m.MessageNumbers) -> m.SentAgain:
        return m.SentAgain(messages=await commands.messages.send_again(p.numbers))

    async def unlock(p: m.ConnectorParams) -> m.Nothing:
        outcome = await commands.unlock(p.connector_id)
        if outcome is UnlockOutcome.NOT_SUPPORTED:
            raise NotPossible(f"connector {p.connector_id} has no lock on the station's side")
        if outcome is UnlockOutcome.UNLOCK_FAILED:
            raise NotPossible(f"connector {p.connector_id} did not unlock; reconnect the car and try again")
        return m.Nothing()

    async def availability(p: m.Availability) -> m.Nothing:
        await commands.change_availability(p.connector_id, p.operative)
        return m.Nothing()

    async def reset(p: m.Reset) -> m.Nothing:
        if not commands.request_reset(p.kind):
            raise NotPossible("a reset is under way already")
        return m.Nothing()

    async def keys_list(_: m.Nothing) -> m.KeyList:
        return m.KeyList(keys=tuple(_key(v) for v in settings.views()))

    async def keys_get(p: m.KeyName) -> m.KeyInfo:
        return _key(settings.view(p.name))

    async def keys_set(p: m.KeySet) -> m.KeyChanged:
        change = await commands.change_key(p.name, p.value, Provenance.OPERATOR)
        view = settings.view(change.name)
        return m.KeyChanged(name=change.name, value=view.value, reboot_required=change.reboot_required)

    async def whitelist(_: m.Nothing) -> m.TagList:
        return m.TagList(id_tags=tuple(await commands.whitelist()))

    async def whitelist_add(p: m.TagParams) -> m.TagList:
        await commands.whitelist_add(p.id_tag)
        return m.TagList(id_tags=tuple(await commands.whitelist()))

    async def whitelist_remove(p: m.TagParams) -> m.TagList:
        await commands.whitelist_remove(p.id_tag)
        return m.TagList(id_tags=tuple(await commands.whitelist()))

    async def whitelist_clear(_: m.Nothing) -> m.TagList:
        await commands.whitelist_clear()
        return m.TagList(id_tags=())

    return {
        "driver.tap": driver_tap,
        "session.start": session_start,
        "session.stop": session_stop,
        "session.list": session_list,
        "messages.list": messages_list,
        "messages.send_again": messages_send_again,
        "connector.unlock": unlock,
        "connector.availability": availability,
        "station.reset": reset,
        "keys.list": keys_list,
        "keys.get": keys_get,
        "keys.set": keys_set,
        "whitelist.list": whitelist,
        "whitelist.add": whitelist_add,
        "whitelist.remove": whitelist_remove,
        "whitelist.clear": whitelist_clear,
    }


def _session(record: SessionRecord) -> m.SessionRow:
    return m.SessionRow(
        local_id=record.local_id,
        connector_id=record.connector_id,
        transaction_id=record.transaction_id,
        id_tag=record.id_tag,
        started_at=record.started_at,
        ended_at=record.ended_at,
        meter_start_wh=record.meter_start_wh,
        meter_stop_wh=record.meter_stop_wh,
        stop_reason=record.reason.value if record.reason else None,
    )


def _key(view: KeyView) -> m.KeyInfo:
    return m.KeyInfo(
        name=view.name,
        value=view.value,
        in_force=view.in_force,
        default=view.default,
        provenance=view.provenance,
        profile=view.profile,
        type=view.type,
        unit=view.unit,
        allowed=view.allowed,
        access=view.access,
        reboot_required=view.reboot_required,
        pending_reboot=view.pending_reboot,
        help=view.help,
        aliases=view.aliases,
        clamped=view.clamped,
    )
