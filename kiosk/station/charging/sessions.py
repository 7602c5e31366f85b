"""Sessions: the shell that turns plugs, cards and wishes into transactions. Journal first, then act.

Hardware events of all connectors are handled one after another by ``run`` (``reactions``); wishes of faces take
the connector's lock, so two of them never act on one connector at once (``acts`` is what both then do). Nothing
here waits for a backend while holding a lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from kiosk.model.clock import Clock
from kiosk.model.enums import AuthorizationStatus, RefusalReason, StopReason
from kiosk.model.errors import NotPossible, UnknownConnector
from kiosk.settings import Installation, Settings
from kiosk.station.charging.acts import Acts
from kiosk.station.charging.alarms import Alarms
from kiosk.station.charging.authorization import Denied, kiosk_tag, same_tag
from kiosk.station.charging.authorizer import Authorizer
from kiosk.station.charging.bay import Bay, Grant, picture
from kiosk.station.charging.connector import Stage, led_rgb
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.charging.reactions import Reactions
from kiosk.station.charging.refusals import refused
from kiosk.station.charging.reserving import Claim, Outcome
from kiosk.station.charging.transactions import Transactions
from kiosk.station.hardware.ports import ConnectorEvent, HardwarePort, StationEvent
from kiosk.station.state import State
from kiosk.station.storage import EventLog, MetaStore, ReservationStore
from kiosk.station.storage.reservations import Reservation
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

CHECKPOINT_S = 10.0


class Sessions:
    """The whole of them; what a face may wish, and the life of the bays."""

    def __init__(
        self,
        *,
        hardware: HardwarePort,
        settings: Settings,
        installation: Installation,
        state: State,
        transactions: Transactions,
        reservations: ReservationStore,
        authorizer: Authorizer,
        events: EventLog,
        meta: MetaStore,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._acts = Acts(hardware, settings, transactions, reservations, clock)
        self.bays = self._acts.bays
        self.reservations = self._acts.reservations
        self.stopping = False  # a reset is under way: nothing new begins
        self.on_plugged: Callable[[int], None] = lambda _connector_id: None
        self._settings = settings
        self._installation = installation
        self._state = state
        self._transactions = transactions
        self._authorizer = authorizer
        self._station = hardware.station
        self._clock = clock
        self._queue: asyncio.Queue[tuple[Bay, ConnectorEvent] | StationEvent] = asyncio.Queue()
        self._locks = self._acts.locks
        self._checkpoint_due_s = 0.0
        self.alarms = Alarms(self._acts, hardware.station, state, events, meta, clock, self.publish)
        self._reactions = Reactions(
            acts=self._acts,
            alarms=self.alarms,
            settings=settings,
            events=events,
            clock=clock,
            tasks=tasks,
            start=self.start,
            plugged_in=self._plugged_in,
            publish=self.publish,
        )

    def bay(self, connector_id: int) -> Bay:
        """Raises UnknownConnector."""
        try:
            return self.bays[connector_id]
        except KeyError:
            raise UnknownConnector(connector_id, len(self.bays)) from None

    @property
    def kiosk(self) -> bool:
        """Kiosk mode in force now (decision 7)."""
        return self._authorizer.kiosk

    def prepare_with(self, prepare: Callable[[Bay, Grant], Awaitable[None]]) -> None:
        """``prepare`` is awaited before each transaction begins (its id is ``grant.local_id``)."""
        self._acts.before_begin = prepare

    # --- life -------------------------------------------------------------------------------------------

    async def restore(self, availability: dict[int, bool]) -> None:
        """Take up what the last core left: operative states, faults, open transactions, plugs that are in."""
        self._station.subscribe(self._queue.put_nowait)  # first: a button pressed meanwhile is not missed
        await self.alarms.restore()
        for connector_id, operative in availability.items():
            if connector_id in self.bays:
                self.bays[connector_id].operative = operative
        window_s = self._installation.session.resume_within_s
        unseen_s = CHECKPOINT_S + self._installation.hardware.watchdog_s
        for left in await self._transactions.left_open():
            await self._acts.take_up(left, window_s, unseen_s, ended=self.alarms.slept_through)
        await self.reservations.load()
        for bay in self.bays.values():
            if bay.port.plugged and bay.session is None:
                bay.wait_until_s = self._acts.plug_deadline()
            bay.port.subscribe(lambda event, bay=bay: self._queue.put_nowait((bay, event)))  # type: ignore[misc]
            await self.alarms.catch_up(bay)
            if bay.session is not None and not await self._acts.end_refused(bay):
                bay.port.start()  # only now: what it tells from here on is heard
            self.publish(bay)

    async def run(self) -> None:
        """Handle hardware events for ever, in the order in which they came."""
        while True:
            told = await self._queue.get()
            if not isinstance(told, tuple):
                await self.alarms.take_of_station(told)
                continue
            bay, event = told
            async with self._locks[bay.id]:
                await self._reactions.handle(bay, event)
            await self.reservations.expire()
            self.publish(bay)

    async def step(self) -> None:
        """One control step (a few a second): deadlines, meter samples, checkpoints, live readings."""
        now_s = self._clock.monotonic()
        await self.reservations.expire()
        for bay in self.bays.values():
            bay.measure(now_s)
            async with self._locks[bay.id]:
                await self._reactions.meter(bay)
                await self._acts.deadlines(bay, now_s)
                await self._transactions.sample_if_due(bay)
            self.publish(bay, live=True)
        await self.alarms.step()
        await self._transactions.align_if_due(self.bays.values())
        if now_s >= self._checkpoint_due_s:
            self._checkpoint_due_s = now_s + CHECKPOINT_S
            await self._transactions.checkpoint(self.bays.values())

    def publish(self, bay: Bay, *, live: bool = False) -> None:
        """Put the bay's picture into the state; a changed status always goes out at once.

        What happens at one connector may hold or free others (a reservation of any connector).
        """
        others = [other for other in self.reservations.refresh() if other is not bay]
        self._publish(bay, live)
        for other in others:
            self._publish(other, False)

    def _publish(self, bay: Bay, live: bool) -> None:
        previous = self._state.connector(bay.id)
        rgb = led_rgb(bay.status, self._settings.csl("GUIConnectorHolderColors"))
        stoppable = not (bay.session and bay.session.grant.remote) or self._settings.bool(
            "RemoteTxStoppableLocally"
        )
        new = picture(
            bay,
            previous,
            now_s=self._clock.monotonic(),
            stoppable=stoppable,
            needs_card=self._needs_card(bay),
            led_rgb=rgb,
        )
        self._state.set_connector(new, live=live and new.status is previous.status)

    # --- wishes -----------------------------------------------------------------------------------------

    async def start(
        self,
        connector_id: int,
        id_tag: str | None,
        *,
        remote: bool = False,
        profile: dict[str, Any] | None = None,
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> RefusalReason | None:
        """Authorize a tag (None: kiosk mode) at a connector and begin, or wait for the plug.

        ``profile``: the checked ChargingProfile that a remote start brought for this session.
        ``still_wanted`` is asked when the answer is there: a driver who went away must not leave a connector
        behind that charges the next one's car.

        Returns why it was refused, None when authorized. Raises UnknownConnector, StorageFailed.
        """
        bay = self.bay(connector_id)
        kiosk = self.kiosk
        if id_tag is None:
            if not kiosk:
                return refused(RefusalReason.CARD_NEEDED, bay.id, None)
            id_tag = kiosk_tag(connector_id, self._settings.csl("HycKioskModeTagIds"))
        if (reason := bay.unusable(stopping=self.stopping)) is not None:
            return refused(reason, bay.id, id_tag)
        claim, parent = await self._claim(bay, id_tag)
        if claim is not Claim.ALLOWED:
            return refused(RefusalReason.CONNECTOR_RESERVED, bay.id, id_tag)
        plugged, cycles = bay.port.plugged, bay.port.cycles
        verdict = await self._authorizer.authorize(id_tag, kiosk=kiosk and not remote, remote=remote)
        if isinstance(verdict, Denied):
            return refused(verdict.reason, bay.id, id_tag)
        async with self._locks[bay.id]:
            if (reason := bay.unusable(stopping=self.stopping)) is not None:
                return refused(reason, bay.id, id_tag)
            if bay.port.cycles != cycles if plugged else not bay.port.plugged and not still_wanted():
                log.info("%s%d: the answer came too late, the driver has gone", bay.port.type, bay.id)
                return RefusalReason.BACKEND_SILENT
            parent = (verdict.info and verdict.info.parent_id_tag) or parent
            if self.reservations.claim(bay.id, id_tag, parent, parent_known=True) is not Claim.ALLOWED:
                # it was reserved while the answer was awaited
                return refused(RefusalReason.CONNECTOR_RESERVED, bay.id, id_tag)
            reserved = self.reservations.match(bay.id, id_tag, parent)
            bay.grant = Grant(
                id_tag=id_tag,
                source=verdict.source,
                parent_id_tag=parent,
                reservation_id=reserved.reservation_id if reserved is not None else None,
                remote=remote,
                kiosk=kiosk and not remote,
                profile=profile,
            )
            bay.session, bay.forget_at_s = None, None
            bay.move(Stage.AUTHORIZED)
            bay.wait_until_s = self._acts.plug_deadline()
            self.publish(bay)  # Preparing goes out before StartTransaction
            begun = await self._acts.begin(bay) if bay.port.plugged else True
        self.publish(bay)
        return None if begun else refused(RefusalReason.CONNECTOR_FAULTED, bay.id, id_tag)

    async def stop(
        self, connector_id: int, reason: StopReason, *, id_tag: str | None = None, wait: bool = True
    ) -> None:
        """End the session at a connector; with ``wait`` returns when the transaction's end is committed.

        Raises UnknownConnector, NotPossible (no session there).
        """
        bay = self.bay(connector_id)
        if bay.stage is Stage.AUTHORIZED:
            await self.cancel(connector_id)
            return
        if not bay.running:
            raise NotPossible(f"connector {connector_id} has no running session")
        async with self._locks[bay.id]:
            await self._acts.tell_to_stop(bay, reason, id_tag)
        self.publish(bay)
        if wait:
            await self._acts.ended[bay.id].wait()

    async def cancel(self, connector_id: int) -> None:
        """Give up an authorization whose plug was not put in yet."""
        bay = self.bay(connector_id)
        async with self._locks[bay.id]:
            if bay.stage is Stage.AUTHORIZED:
                self._acts.forget_grant(bay)
        self.publish(bay)

    def stoppable_by(self, uid: str, parent_id_tag: str | None) -> tuple[int, ...]:
        """Connectors whose running session this card may end: same tag or same parent (decision 22)."""
        return tuple(
            bay.id
            for bay in self.bays.values()
            if bay.running
            and bay.session is not None
            and (
                same_tag(bay.session.grant.id_tag, uid) or same_tag(bay.session.grant.parent_id_tag, parent_id_tag)
            )
        )

    @property
    def groups_charge(self) -> bool:
        """A running session may be stopped by another card of its group."""
        return any(
            b.running and b.session is not None and b.session.grant.parent_id_tag for b in self.bays.values()
        )

    async def start_answered(self, local_id: str, transaction_id: int, info: IdTagInfo) -> None:
        """The backend's answer to StartTransaction is committed: take its id, and its word on the tag."""
        bay = next((b for b in self.bays.values() if b.session and b.session.local_id == local_id), None)
        if bay is None or bay.session is None:
            return  # the session is over already; the journal knows the id
        bay.session.transaction_id = transaction_id
        await self._authorizer.remember(bay.session.grant.id_tag, info)
        bay.session.grant.parent_id_tag = info.parent_id_tag or bay.session.grant.parent_id_tag
        if info.status is not AuthorizationStatus.ACCEPTED and bay.running and not bay.session.grant.kiosk:
            bay.measure(self._clock.monotonic())
            self._acts.refuse(bay, bay.session, bay.session.meter_wh)
            async with self._locks[bay.id]:
                await self._acts.end_refused(bay)
        self.publish(bay)

    def show_cost(self, transaction_id: int, text: str) -> bool:
        """What a session costs, in the backend's words; False when none here has that id."""
        for bay in self.bays.values():
            if bay.session is not None and bay.session.transaction_id == transaction_id:
                bay.session.cost = text
                self.publish(bay)
                return True
        return False

    def set_operative(self, connector_ids: Iterable[int], operative: bool) -> bool:
        """Put connectors in or out of service; False where somebody's use defers it (Scheduled).

        A plug that is in counts, also before and after its session: the status is Unavailable once it is out.
        """
        at_once = True
        for connector_id in connector_ids:
            bay = self.bay(connector_id)
            bay.inoperative_after_session = False
            if not operative and bay.operative and bay.busy:
                bay.inoperative_after_session = True
                at_once = False
            else:
                bay.operative = operative
            self.publish(bay)
        return at_once

    def hold(self, held: bool) -> None:
        """While held nothing new begins and free connectors are Unavailable; nothing that is stored changes."""
        for bay in self.bays.values():
            if bay.held is not held:
                bay.held = held
                self.publish(bay)

    async def choose(self, id_tag: str, connector_id: int | None) -> int | None:
        """Connector at which a remote start of this tag can begin; None: none, or not the one that was named.

        Without a name: the one reserved for the tag, else a plugged one, else the first.
        """
        parent = await self._authorizer.parent_of(id_tag)
        found, reasons = [], {}
        for bay in self.bays.values():
            if connector_id not in (None, bay.id):
                continue
            claim = self.reservations.claim(bay.id, id_tag, parent, parent_known=parent is not None)
            mine = self.reservations.match(bay.id, id_tag, parent)
            reasons[bay.id] = bay.unusable(stopping=self.stopping)
            if reasons[bay.id] is None and claim is not Claim.REFUSED:
                named = mine is not None and mine.connector_id == bay.id
                found.append((not named, claim is Claim.ASK_PARENT, not bay.port.plugged, bay.id))
        if not found:
            for each, reason in reasons.items():
                refused(reason or RefusalReason.CONNECTOR_RESERVED, each, id_tag)
        return min(found)[-1] if found else None

    async def reserve(self, asked: Reservation) -> Outcome:
        """ReserveNow. Stored when this returns."""
        outcome = await self.reservations.reserve(asked)
        self._publish_held()
        return outcome

    async def cancel_reservation(self, reservation_id: int) -> bool:
        """CancelReservation; False when there is none of that number."""
        found = await self.reservations.cancel(reservation_id)
        self._publish_held()
        return found

    # --- inside -----------------------------------------------------------------------------------------

    async def _claim(self, bay: Bay, id_tag: str) -> tuple[Claim, str | None]:
        """Whether reservations leave this connector to this tag; its parentIdTag is asked for where it matters.

        Returns the parentIdTag too, as far as it is known then.
        """
        parent = await self._authorizer.parent_of(id_tag)
        claim = self.reservations.claim(bay.id, id_tag, parent, parent_known=parent is not None)
        if claim is Claim.ASK_PARENT:
            parent = await self._authorizer.ask_parent(id_tag)
            claim = self.reservations.claim(bay.id, id_tag, parent, parent_known=True)
        return claim, parent

    def _publish_held(self) -> None:
        for bay in self.reservations.refresh():
            self._publish(bay, False)

    def _plugged_in(self, bay: Bay) -> bool:
        """A plug that nobody awaited; whether kiosk mode may start there."""
        self.publish(bay)
        self.on_plugged(bay.id)
        return self.kiosk and bay.unusable(stopping=self.stopping) is None

    def _needs_card(self, bay: Bay) -> bool:
        kiosk = bay.session is not None and bay.session.grant.kiosk
        return self._installation.stop.needs_card and not kiosk
