"""The host at the screen: feeds taps, cards and the world to the pure dialogue and carries out its wishes."""

from __future__ import annotations

import logging
import math

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import ChargePointStatus, Page, RefusalReason, StopReason, Tap
from kiosk.model.errors import NotPossible
from kiosk.model.logs import mask
from kiosk.model.snapshot import Changes
from kiosk.settings import Settings
from kiosk.station.charging import dialogue
from kiosk.station.charging.authorizer import Authorizer
from kiosk.station.charging.bay import Bay
from kiosk.station.charging.dialogue import CancelWish, StartWish, StopWish, View, Wish, World
from kiosk.station.charging.refusals import refused
from kiosk.station.charging.sessions import Sessions
from kiosk.station.state import State
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

_OUT = frozenset({ChargePointStatus.FAULTED, ChargePointStatus.UNAVAILABLE})


class Host:
    """One driver's dialogue, followed through faults, remote starts and restarts of the screen."""

    def __init__(
        self,
        sessions: Sessions,
        authorizer: Authorizer,
        settings: Settings,
        state: State,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._sessions = sessions
        self._authorizer = authorizer
        self._settings = settings
        self._picture = state
        self._clock = clock
        self._tasks = tasks
        self._state = dialogue.State()
        sessions.on_plugged = self.plugged

    def begin(self) -> None:
        """After the sessions were restored: land where the driver left, or at rest."""
        world = self.world()
        running = [v for v in world.views if v.running]
        if len(running) == 1:
            self._take(dialogue.show(world, dialogue.page_of(running[0], world), running[0].id), None)
        else:
            self._take(dialogue.rest(world), None)
        self._picture.subscribe(lambda changes: self.follow() if _moves(changes) else None)

    def world(self) -> World:
        """What the dialogue may know now."""
        sessions = self._sessions
        views = tuple(self._view(bay) for bay in sessions.bays.values())
        station = self._picture.snapshot.station
        return World(
            views=views,
            now_s=self._clock.monotonic(),
            kiosk=sessions.kiosk,
            lock_s=float(self._settings.int("GUIChargingSessionScreenTimeout")),
            out_of_service=not station.operative or all(map(_is_out, sessions.bays.values())),
        )

    def tap(self, action: Tap, connector_id: int | None) -> None:
        """A driver's tap."""
        self._take(*dialogue.on_tap(self._state, action, connector_id, self.world()))

    async def card(self, uid: str) -> None:
        """A card was held to the reader."""
        log.info("card %s read", mask(uid))
        mine = self._sessions.stoppable_by(uid, await self._authorizer.group_of(uid))
        if not mine and self._sessions.groups_charge and not dialogue.chosen(self._state, self.world()):
            # nobody here knows whether it is of the group of a running session (OCPP 1.6 section 4.1)
            mine = self._sessions.stoppable_by(uid, await self._authorizer.ask_parent(uid))
        reserved = self._sessions.reservations.named(uid)
        world = self.world()
        new, wish = dialogue.on_card(self._state, uid, mine, world, reserved=reserved)
        if wish is None:
            _log_refusals(new, uid, world)
        self._take(new, wish)

    def plugged(self, connector_id: int) -> None:
        """A plug went in and nobody is authorized there."""
        self._take(*dialogue.plugged_in(self._state, connector_id, self.world()))

    def follow(self) -> None:
        """Connectors moved on."""
        self._take(dialogue.follow(self._state, self.world()), None)

    def step(self) -> None:
        """Time went by."""
        world = self.world()
        self._take(dialogue.follow(dialogue.on_time(self._state, world), world), None)

    # --- inside -----------------------------------------------------------------------------------------

    def _take(self, new: dialogue.State, wish: Wish | None) -> None:
        self._state = new
        self._picture.set(dialogue=new.dialogue)
        match wish:
            case StartWish(connector_id=connector_id, uid=uid):
                self._tasks.spawn("driver's start", self._start(connector_id, uid))
            case StopWish(connector_id=connector_id, uid=uid):
                self._tasks.spawn("driver's stop", self._stop(connector_id, uid))
            case CancelWish(connector_id=connector_id):
                self._tasks.spawn("driver's cancel", self._sessions.cancel(connector_id))

    async def _start(self, connector_id: int, uid: str | None) -> None:
        reason = await self._sessions.start(
            connector_id, uid, still_wanted=lambda: dialogue.awaits_start(self._state, connector_id)
        )
        self._take(dialogue.on_start_outcome(self._state, connector_id, reason, self.world()), None)

    async def _stop(self, connector_id: int, uid: str | None) -> None:
        reason: RefusalReason | None = None
        bay = self._sessions.bay(connector_id)
        view = self._view(bay)
        if uid is None and not view.stoppable:
            reason = RefusalReason.STOP_ONLY_REMOTE
        elif uid is None and view.needs_card and bay.session is not None and bay.session.under_way:
            reason = RefusalReason.STOP_NEEDS_CARD
        else:
            try:
                await self._sessions.stop(connector_id, StopReason.LOCAL, id_tag=uid, wait=False)
            except NotPossible:
                log.info("connector %d had stopped by itself", connector_id)
        self._take(dialogue.on_stop_outcome(self._state, connector_id, reason, self.world()), None)

    def _view(self, bay: Bay) -> View:
        section = self._picture.connector(bay.id).session
        return View(
            id=bay.id,
            stage=bay.stage,
            status=bay.status,
            plugged=bay.port.plugged,
            stuck=bay.stuck,
            unusable=bay.unusable(stopping=self._sessions.stopping),
            remote=bool(section and section.remote),
            stoppable=section.stoppable if section else True,
            needs_card=section.needs_card if section else False,
            plug_in_until_s=bay.wait_until_s,
            began_s=bay.session.started_s if bay.session is not None else -math.inf,
            session_over=bay.session is not None and bay.session.over,
        )


def _is_out(bay: Bay) -> bool:
    """A connector that only waits for load management is not out of service."""
    return bay.status in _OUT and not bay.waits_for_release


def _log_refusals(new: dialogue.State, uid: str, world: World) -> None:
    """Why a card led to nothing: at the connector that is shown, or at the plugs that are in and wait."""
    shown = new.dialogue
    if shown.page is Page.CARD_REFUSED and shown.reason is not None and shown.connector_id is not None:
        refused(shown.reason, shown.connector_id, uid)
    elif shown.page in (Page.SELECTION, Page.STOP_REFUSED):
        for view in world.views:
            if view.plugged and view.unusable is not None and not view.running:
                refused(view.unusable, view.id, uid)


def _moves(changes: Changes) -> bool:
    """Changes that can move the dialogue: connectors or the station, not the dialogue itself."""
    return changes.connectors is not msgspec.UNSET or changes.station is not msgspec.UNSET
