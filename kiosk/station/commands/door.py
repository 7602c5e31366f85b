"""Sessions, connectors, keys, whitelist, reset: what any face may wish."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import Provenance, RefusalReason, ResetKind, StopReason
from kiosk.model.errors import BadValue, NotPossible
from kiosk.model.logs import mask
from kiosk.settings import Change, Installation, Settings, table
from kiosk.station.charging.authorization import is_random_uid
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.refusals import english
from kiosk.station.charging.sessions import Sessions
from kiosk.station.commands.certificates import Certificates
from kiosk.station.commands.files import Files
from kiosk.station.commands.load_management import LoadManagement
from kiosk.station.commands.local_list import LocalList
from kiosk.station.commands.messages import Messages
from kiosk.station.commands.profiles import Profiles
from kiosk.station.commands.reservations import Reservations
from kiosk.station.state import State
from kiosk.station.storage import AvailabilityStore, Journal, SettingsStore, TagStore
from kiosk.station.storage.records import SessionRecord
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

LONGEST_TAG = 20
UNLOCK_TRIES = 3
UNLOCK_PAUSE_S = 1.0


class UnlockOutcome(StrEnum):
    """UnlockConnector.conf status."""

    UNLOCKED = "Unlocked"
    UNLOCK_FAILED = "UnlockFailed"
    NOT_SUPPORTED = "NotSupported"


class AvailabilityOutcome(StrEnum):
    """ChangeAvailability.conf status."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"


class StartOutcome(msgspec.Struct, frozen=True, kw_only=True):
    authorized: bool
    reason: RefusalReason | None = None
    text: str = ""


class Commands:
    certificates: Certificates
    files: Files
    load_management: LoadManagement
    messages: Messages
    profiles: Profiles

    def __init__(
        self,
        *,
        sessions: Sessions,
        settings: Settings,
        installation: Installation,
        state: State,
        journal: Journal,
        settings_store: SettingsStore,
        availability: AvailabilityStore,
        tags: TagStore,
        clock: Clock,
        tasks: Tasks,
        on_reset: Callable[[ResetKind], None],
    ) -> None:
        self.settings = settings
        self.reservations = Reservations(sessions)
        self.local_list = LocalList(tags, settings)
        self._sessions = sessions
        self._installation = installation
        self._state = state
        self._journal = journal
        self._settings_store = settings_store
        self._availability = availability
        self._tags = tags
        self._clock = clock
        self._tasks = tasks
        self._on_reset = on_reset

    # --- sessions ---------------------------------------------------------------------------------------

    async def start(self, connector_id: int, id_tag: str | None) -> StartOutcome:
        """A card at a connector; None only in kiosk mode. Raises UnknownConnector, BadValue."""
        if id_tag is not None:
            id_tag = checked_tag(id_tag)
        reason = await self._sessions.start(connector_id, id_tag)
        if reason is None:
            return StartOutcome(authorized=True)
        return StartOutcome(authorized=False, reason=reason, text=english(reason, connector_id))

    async def stop(self, connector_id: int, reason: StopReason | None = None) -> SessionRecord | None:
        """End a session; returns when its end is committed, with its record (None: it had not begun).

        Without a ``reason`` it is an operator's wish. It counts as the driver's (Local), except where no driver
        may end it here (RemoteTxStoppableLocally): there the backend reads Other.
        Raises UnknownConnector, NotPossible.
        """
        session = self._sessions.bay(connector_id).session
        if reason is None:
            shown = self._state.connector(connector_id).session
            reason = StopReason.LOCAL if shown is None or shown.stoppable else StopReason.OTHER
        await self._sessions.stop(connector_id, reason)
        return await self._journal.session(session.local_id) if session is not None else None

    async def remote_start(
        self, id_tag: str, connector_id: int | None, profile: dict[str, Any] | None = None
    ) -> bool:
        """RemoteStartTransaction: accepted or not; the start itself goes on in its own task.

        Without a connector the first usable one is taken, a plugged one before the others. ``profile``: the
        checked ChargingProfile for that session.
        """
        chosen = await self._sessions.choose(id_tag, connector_id)
        if chosen is None:
            return False
        start = self._sessions.start(chosen, id_tag, remote=True, profile=profile)
        self._tasks.spawn(f"remote start {chosen}", start)
        return True

    async def remote_stop(self, transaction_id: int) -> bool:
        """RemoteStopTransaction: False when no running session has that id."""
        for bay in self._sessions.bays.values():
            if bay.running and bay.session is not None and bay.session.transaction_id == transaction_id:
                await self._sessions.stop(bay.id, StopReason.REMOTE, wait=False)
                return True
        return False

    def show_cost(self, transaction_id: int, text: str) -> bool:
        """What the driver reads of a session's cost (decision 28); False when none has that id."""
        return self._sessions.show_cost(transaction_id, text)

    def status_of(self, connector_id: int) -> str:
        """OCPP status word of a connector. Raises UnknownConnector."""
        return self._sessions.bay(connector_id).status.value

    async def sessions(self, limit: int) -> list[SessionRecord]:
        """Stored sessions, newest first."""
        return await self._journal.sessions(limit)

    # --- connectors -------------------------------------------------------------------------------------

    async def unlock(self, connector_id: int) -> UnlockOutcome:
        """End the session, then release the plug (decision 24): up to ``UNLOCK_TRIES`` times, as a lock that is
        stuck often comes free when it is moved. Raises UnknownConnector.
        """
        bay = self._sessions.bay(connector_id)
        if not self._installation.connectors[connector_id - 1].lock:
            return UnlockOutcome.NOT_SUPPORTED
        if bay.running or bay.stage is Stage.AUTHORIZED:
            await self._sessions.stop(connector_id, StopReason.UNLOCK_COMMAND)
        for left in reversed(range(UNLOCK_TRIES)):
            if bay.port.unlock():
                return UnlockOutcome.UNLOCKED
            log.info("%s%d: does not unlock; %d more tries", bay.port.type, connector_id, left)
            if left:
                await asyncio.sleep(UNLOCK_PAUSE_S)
        return UnlockOutcome.UNLOCK_FAILED

    async def change_availability(self, connector_id: int, operative: bool) -> AvailabilityOutcome:
        """Put a connector (0: the whole station) in or out of service; stored first, so it survives a reset.

        Raises UnknownConnector.
        """
        if connector_id != 0:
            self._sessions.bay(connector_id)
        now = self._clock.now()
        await self._availability.set(connector_id, operative, now)
        if connector_id == 0:
            station = self._state.snapshot.station
            self._state.set(station=msgspec.structs.replace(station, operative=operative))
            for each in self._sessions.bays:
                await self._availability.set(each, operative, now)
        ids = list(self._sessions.bays) if connector_id == 0 else [connector_id]
        at_once = self._sessions.set_operative(ids, operative)
        return AvailabilityOutcome.ACCEPTED if at_once else AvailabilityOutcome.SCHEDULED

    # --- station ----------------------------------------------------------------------------------------

    def request_reset(self, kind: ResetKind) -> bool:
        """Begin a reset; it is carried out after the answer has left. False when one is under way."""
        if self._state.snapshot.station.reset_pending is not None:
            return False
        self._state.set(station=msgspec.structs.replace(self._state.snapshot.station, reset_pending=kind.value))
        self._on_reset(kind)
        return True

    # --- configuration keys -----------------------------------------------------------------------------

    async def change_key(self, name: str, value: str, by: Provenance) -> Change:
        """Check, store, then apply. Raises UnknownKey, ReadOnlyKey, BadValue, StorageFailed."""
        change = self.settings.check(name, value, by)
        await self._settings_store.save(change, self._clock.now())
        self.settings.apply(change)
        shown = "(secret)" if table.find(change.name).secret else repr(change.text)
        log.info("key %s = %s, by %s%s", change.name, shown, by, ", at the next reset" * change.reboot_required)
        return change

    # --- NFC whitelist ----------------------------------------------------------------------------------

    async def whitelist(self) -> list[str]:
        return await self._tags.whitelist()

    async def whitelist_add(self, id_tag: str) -> str:
        """Returns the tag as stored. Raises BadValue (random UIDs are refused, decision 8)."""
        tag = checked_tag(id_tag)
        if is_random_uid(tag, reverse=self._installation.reader.reverse_uid):
            raise BadValue("id_tag", tag, "a 4-byte UID beginning with 08 is new at every read", "a fixed UID")
        await self._tags.whitelist_add(tag)
        log.info("whitelist: %s added", mask(tag))
        return tag

    async def whitelist_remove(self, id_tag: str) -> None:
        """Raises NotPossible when it is not in the list."""
        if not await self._tags.whitelist_remove(checked_tag(id_tag)):
            raise NotPossible(f"tag {id_tag} is not in the whitelist; `kiosk whitelist list` shows what is")

    async def whitelist_clear(self) -> None:
        await self._tags.whitelist_clear()


def checked_tag(text: str) -> str:
    """An idTag as a person typed it: trimmed, 1 to 20 printable ASCII characters. Raises BadValue.

    A card's UID loses its separators and is upper-case hex, as the reader tells it (decision 8).
    """
    tag = text.strip()
    bare = re.sub(r"[\s:-]", "", tag)
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2}){4,10}", bare):
        tag = bare.upper()
    allowed = f"1 to {LONGEST_TAG} printable ASCII characters without spaces"
    if not tag or len(tag) > LONGEST_TAG:
        raise BadValue("id_tag", text, f"{len(tag)} characters", allowed)
    if not all(33 <= ord(c) <= 126 for c in tag):
        raise BadValue("id_tag", text, "a character that OCPP's CiString does not know", allowed)
    return tag
