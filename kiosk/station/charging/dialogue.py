"""What the driver is being asked, at which connector, until when. Pure: taps, cards, the world and now.

One driver at a time: the dialogue follows whoever touches the screen or holds a card. Connectors go on by
themselves underneath. Returns the next state and, at most, one wish that the core then tries to fulfil.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from kiosk.model.enums import ChargePointStatus, Page, RefusalReason, Tap
from kiosk.model.snapshot import Dialogue
from kiosk.station.charging.connector import RUNNING, Stage

IDLE_S: Final = 60.0
"""A page that asks something returns to standby after this long without a touch."""
CARD_KEPT_S: Final = 30.0
"""A card read before a connector was chosen is kept this long (decision 22)."""
REFUSAL_S: Final = 20.0
CONFIRM_S: Final = 20.0
FINISHED_S: Final = 30.0
JUST_BEGUN_S: Final = 5.0
CHECKING_S: Final = 45.0
"""Longer than any call time-out: the outcome normally ends this page."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialogue needs to know of one connector."""

    id: int
    stage: Stage
    status: ChargePointStatus
    plugged: bool = False
    stuck: bool = False  # the plug is in and its lock has a fault
    unusable: RefusalReason | None = None  # why nobody can start here now
    remote: bool = False
    stoppable: bool = True
    needs_card: bool = False
    plug_in_until_s: float | None = None
    began_s: float = -math.inf  # monotonic time at which its session began
    session_over: bool = False  # FINISHED after a session, not after a plug nobody paid for

    @property
    def running(self) -> bool:
        return self.stage in RUNNING

    @property
    def waits_for_card(self) -> bool:
        """A plug is in and nobody is authorized."""
        return self.plugged and self.stage in (Stage.IDLE, Stage.FINISHED) and self.unusable is None


class World(msgspec.Struct, frozen=True, kw_only=True):
    views: tuple[View, ...]
    now_s: float
    kiosk: bool = False
    lock_s: float = 60.0  # GUIChargingSessionScreenTimeout; 0 = never
    out_of_service: bool = False

    def view(self, connector_id: int | None) -> View | None:
        return next((v for v in self.views if v.id == connector_id), None)


class State(msgspec.Struct, frozen=True, kw_only=True):
    dialogue: Dialogue = msgspec.field(default_factory=Dialogue)
    held_uid: str | None = None  # CARD_KEPT_S


class StartWish(msgspec.Struct, frozen=True):
    connector_id: int
    uid: str | None  # None: kiosk mode


class StopWish(msgspec.Struct, frozen=True):
    connector_id: int
    uid: str | None  # None: by button


class CancelWish(msgspec.Struct, frozen=True):
    """Give up an authorization whose plug was not put in yet."""

    connector_id: int


Wish = StartWish | StopWish | CancelWish
Step = tuple[State, Wish | None]

_LIFETIME_S: Final[dict[Page, float | None]] = {
    Page.STANDBY: None,
    Page.OUT_OF_SERVICE: None,
    Page.SELECTION: IDLE_S,
    Page.CARD: IDLE_S,
    Page.CARD_CHECKING: CHECKING_S,
    Page.CARD_REFUSED: REFUSAL_S,
    Page.FREE: IDLE_S,
    Page.PREPARING: None,
    Page.STOP_CONFIRM: CONFIRM_S,
    Page.STOP_REFUSED: REFUSAL_S,
    Page.STOP_CARD: CONFIRM_S,
    Page.STOPPING: None,
    Page.FINISHED: FINISHED_S,
    Page.FAULT: IDLE_S,
    Page.WHICH_SESSION: IDLE_S,
}
_STARTS: Final = frozenset({Page.CARD, Page.FREE, Page.CARD_REFUSED, Page.FINISHED})
_NOBODY_ASKED: Final = frozenset({Page.STANDBY, Page.OUT_OF_SERVICE, Page.SELECTION, Page.FINISHED})
"""A start that comes from elsewhere takes these pages, and no other: nobody's question is taken away."""
_OF_A_SESSION: Final = frozenset(
    {
        Page.PLUG_IN,
        Page.PREPARING,
        Page.CHARGING,
        Page.STOP_CONFIRM,
        Page.STOP_REFUSED,
        Page.STOP_CARD,
        Page.STOPPING,
    }
)


def show(
    world: World,
    page: Page,
    connector_id: int | None = None,
    *,
    reason: RefusalReason | None = None,
    held_uid: str | None = None,
    choices: tuple[int, ...] = (),
    notice: RefusalReason | None = None,
) -> State:
    """The state that begins to show ``page`` now."""
    lifetime_s = _LIFETIME_S.get(page)
    until_s = None
    if page is Page.CHARGING:
        lifetime_s = world.lock_s or None
    if page is Page.SELECTION and held_uid is not None:
        lifetime_s = CARD_KEPT_S
    if page is Page.PLUG_IN and (view := world.view(connector_id)) is not None:
        until_s = view.plug_in_until_s
        lifetime_s = None if until_s is None else max(0.0, until_s - world.now_s)
    if until_s is None and lifetime_s is not None:
        until_s = world.now_s + lifetime_s
    return State(
        dialogue=Dialogue(
            page=page,
            connector_id=None if page is Page.SELECTION else connector_id,
            since_s=world.now_s,
            until_s=until_s,
            total_s=lifetime_s,
            reason=reason,
            choices=choices,
            holds_card=held_uid is not None,
            notice_connector=connector_id if page is Page.SELECTION else None,
            notice=notice,
        ),
        held_uid=held_uid,
    )


def rest(world: World) -> State:
    """What is shown when nobody is being asked anything."""
    return show(world, Page.OUT_OF_SERVICE if world.out_of_service else Page.STANDBY)


def page_of(view: View, world: World) -> Page:
    """The page that belongs to a connector as it stands now."""
    if view.status is ChargePointStatus.FAULTED:
        return Page.FAULT
    match view.stage:
        case Stage.AUTHORIZED:
            return Page.PLUG_IN
        case Stage.STARTING:
            return Page.PREPARING
        case Stage.CHARGING | Stage.SUSPENDED_EV | Stage.SUSPENDED_EVSE:
            return Page.CHARGING
        case Stage.STOPPING:
            return Page.STOPPING
        case Stage.FINISHED if view.session_over:
            return Page.FINISHED
    return Page.FREE if world.kiosk else Page.CARD


def on_tap(state: State, action: Tap, connector_id: int | None, world: World) -> Step:
    """A driver touched something."""
    d = state.dialogue
    here = world.view(d.connector_id)
    match action:
        case Tap.WAKE:
            return _restart(state, world), None
        case Tap.BEGIN | Tap.OVERVIEW:
            if world.out_of_service and not any(v.running for v in world.views):
                return rest(world), None
            return show(world, Page.SELECTION, held_uid=state.held_uid), None
        case Tap.DONE:
            return rest(world), None
        case Tap.BACK:
            many = len(world.views) > 1
            if here is not None and (d.page is Page.STOP_CARD or (d.page is Page.STOP_REFUSED and many)):
                return show(world, page_of(here, world), here.id), None
            asks = d.page in (Page.CARD, Page.FREE, Page.CARD_REFUSED, Page.STOP_REFUSED)
            return show(world, Page.SELECTION) if asks and many else rest(world), None
        case Tap.SELECT:
            view = world.view(connector_id)
            return (_select(state, view, world)) if view is not None else (state, None)
        case Tap.START if d.page is Page.FREE and here is not None:
            return show(world, Page.CARD_CHECKING, here.id), StartWish(here.id, None)
        case Tap.CANCEL if here is not None:
            if here.stage is Stage.AUTHORIZED:
                return show(world, Page.SELECTION), CancelWish(here.id)
            if here.stage is Stage.STARTING:
                return show(world, Page.STOPPING, here.id), StopWish(here.id, None)
        case Tap.STOP if here is not None and here.running:
            return _ask_stop(here, world), None
        case Tap.CONFIRM_STOP if d.page is Page.STOP_CONFIRM and here is not None and here.running:
            return show(world, Page.STOPPING, here.id), StopWish(here.id, None)
        case Tap.KEEP if here is not None:
            return show(world, page_of(here, world), here.id), None
    return state, None


def on_card(state: State, uid: str, mine: tuple[int, ...], world: World, *, reserved: int | None = None) -> Step:
    """A card was held to the reader (decision 22).

    ``mine``: connectors whose session this card may stop. ``reserved``: the connector that is held for it.
    """
    d = state.dialogue
    running = tuple(c for c in mine if (v := world.view(c)) is not None and v.running)
    waiting = [v for v in world.views if v.waits_for_card and v.stage is Stage.IDLE]
    if d.page in (Page.STOP_CONFIRM, Page.STOP_CARD, Page.CHARGING, Page.STOP_REFUSED):
        if d.connector_id in running and d.page is not Page.CHARGING:  # that page may be left from somebody
            running = (d.connector_id,)
        elif not running and len(waiting) != 1:
            return show(world, Page.STOP_REFUSED, d.connector_id, reason=RefusalReason.NOT_THIS_CARD), None
    if len(running) == 1:
        view = world.view(running[0])
        if view is not None and not view.stoppable:
            return show(world, Page.STOP_REFUSED, running[0], reason=RefusalReason.STOP_ONLY_REMOTE), None
        return show(world, Page.STOPPING, running[0]), StopWish(running[0], uid)
    if running:
        return show(world, Page.WHICH_SESSION, choices=running, held_uid=uid), None
    here = world.view(d.connector_id)
    if here is not None and chosen(state, world):
        return _try_start(here, uid, world)
    if d.page is Page.CARD_CHECKING or world.out_of_service:
        return state, None
    if len(waiting) == 1:
        return _try_start(waiting[0], uid, world)
    held = world.views[0] if len(world.views) == 1 else world.view(reserved)
    if held is not None:
        return _try_start(held, uid, world)
    return show(world, Page.SELECTION, held_uid=uid), None


def chosen(state: State, world: World) -> bool:
    """The driver stands at a connector that is free: a card means a start there."""
    here = world.view(state.dialogue.connector_id)
    return state.dialogue.page in _STARTS and here is not None and not here.running


def awaits_start(state: State, connector_id: int) -> bool:
    """The driver still waits for the answer to his card."""
    return state.dialogue.page is Page.CARD_CHECKING and state.dialogue.connector_id == connector_id


def on_start_outcome(state: State, connector_id: int, reason: RefusalReason | None, world: World) -> State:
    """The core answered a StartWish: ``reason`` None = authorized."""
    if not awaits_start(state, connector_id):
        return follow(state, world)  # the driver went away meanwhile
    view = world.view(connector_id)
    if reason is not None:
        return show(world, Page.CARD_REFUSED, connector_id, reason=reason)
    return show(world, page_of(view, world), connector_id) if view is not None else rest(world)


def on_stop_outcome(state: State, connector_id: int, reason: RefusalReason | None, world: World) -> State:
    """The core answered a StopWish: ``reason`` None = it is stopping."""
    if reason is None:
        return follow(state, world)
    if state.dialogue.connector_id == connector_id:
        return show(world, Page.STOP_REFUSED, connector_id, reason=reason)
    return state


def follow(state: State, world: World) -> State:
    """Connectors moved on: take the page along, until it fits. Idempotent."""
    while (moved := _follow(state, world)) != state:
        state = moved
    return state


def _follow(state: State, world: World) -> State:
    d = state.dialogue
    here = world.view(d.connector_id)
    if d.page in _NOBODY_ASKED:
        for view in reversed(world.views):  # a start that came from elsewhere: its driver stands here
            if view.status is ChargePointStatus.FAULTED:
                continue
            just_begun = view.stage is Stage.STARTING and world.now_s - view.began_s < JUST_BEGUN_S
            if just_begun or (view.stage is Stage.AUTHORIZED and not view.plugged):
                return show(world, page_of(view, world), view.id)
    if d.page in (Page.STANDBY, Page.OUT_OF_SERVICE, Page.SELECTION):
        if d.page is Page.STANDBY and world.out_of_service and not any(v.running for v in world.views):
            return rest(world)
        if d.page is Page.OUT_OF_SERVICE and not world.out_of_service:
            return rest(world)
        return state
    if here is None:
        return rest(world) if d.page is not Page.WHICH_SESSION else state
    faulted = here.status is ChargePointStatus.FAULTED
    if faulted and d.page is not Page.FAULT and (d.page is not Page.FINISHED or here.stuck):
        return show(world, Page.FAULT, here.id)
    if d.page is Page.FAULT and not faulted:
        return show(world, page_of(here, world), here.id) if here.plugged else rest(world)
    free = here.stage in (Stage.IDLE, Stage.FINISHED)
    if d.page in _STARTS and not free:  # a remote start, Autocharge or the next driver
        return show(world, page_of(here, world), here.id)
    if d.page in _OF_A_SESSION:
        if here.stage is Stage.IDLE:
            return show(world, Page.FINISHED, here.id) if d.page is not Page.PLUG_IN else rest(world)
        due = page_of(here, world)
        goes_on = due in (Page.CHARGING, Page.PREPARING)
        asking = goes_on and d.page in (Page.STOP_CONFIRM, Page.STOP_REFUSED, Page.STOP_CARD)
        awaiting_stop = goes_on and d.page is Page.STOPPING
        if due is not d.page and not asking and not awaiting_stop:
            return show(world, due, here.id)
    return state


def on_time(state: State, world: World) -> State:
    """A page's time-out ran out, or nothing."""
    d = state.dialogue
    if d.until_s is None or world.now_s < d.until_s:
        return state
    here = world.view(d.connector_id)
    if d.page in (Page.STOP_CONFIRM, Page.STOP_REFUSED, Page.STOP_CARD) and here is not None and here.running:
        return show(world, page_of(here, world), here.id)
    if d.page is Page.CARD_REFUSED and here is not None and here.plugged:
        return show(world, page_of(here, world), here.id)
    if d.page is Page.CARD_CHECKING and here is not None:
        return show(world, Page.CARD_REFUSED, here.id, reason=RefusalReason.BACKEND_SILENT)
    return rest(world)


def plugged_in(state: State, connector_id: int, world: World) -> Step:
    """A plug went into a car and nobody is authorized there: ask for the card, or use the one that is held."""
    view = world.view(connector_id)
    # whoever plugs in now is the driver in front of the screen; nobody who is being asked something is put off
    idle = state.dialogue.page in _STARTS | {Page.STANDBY, Page.SELECTION, Page.CHARGING, Page.FAULT}
    if view is None or view.stage is not Stage.IDLE or not idle:
        return follow(state, world), None
    if view.unusable is not None and view.status is not ChargePointStatus.FAULTED:
        return show(world, Page.CARD_REFUSED, connector_id, reason=view.unusable), None
    if state.held_uid is not None:
        return _try_start(view, state.held_uid, world)
    return show(world, page_of(view, world), connector_id), None


def _restart(state: State, world: World) -> State:
    """A touch gives the driver the whole time again (but never more time to plug in)."""
    d = state.dialogue
    if d.until_s is None or d.total_s is None or d.page in (Page.PLUG_IN, Page.CARD_CHECKING):
        return state
    return msgspec.structs.replace(
        state, dialogue=msgspec.structs.replace(d, until_s=world.now_s + d.total_s, since_s=d.since_s)
    )


def _select(state: State, view: View, world: World) -> Step:
    if state.dialogue.page is Page.WHICH_SESSION:
        if view.id in state.dialogue.choices and view.running:
            if not view.stoppable:
                return show(world, Page.STOP_REFUSED, view.id, reason=RefusalReason.STOP_ONLY_REMOTE), None
            return show(world, Page.STOPPING, view.id), StopWish(view.id, state.held_uid)
        return state, None
    if view.status is ChargePointStatus.FAULTED or view.running or view.stage is Stage.AUTHORIZED:
        return show(world, page_of(view, world), view.id), None
    if view.unusable is not None:
        held = state.held_uid
        return show(world, Page.SELECTION, view.id, notice=view.unusable, held_uid=held), None
    if state.held_uid is not None:
        return _try_start(view, state.held_uid, world)
    return show(world, page_of(view, world), view.id), None


def _try_start(view: View, uid: str, world: World) -> Step:
    if view.unusable is not None:
        return show(world, Page.CARD_REFUSED, view.id, reason=view.unusable), None
    return show(world, Page.CARD_CHECKING, view.id), StartWish(view.id, uid)


def _ask_stop(view: View, world: World) -> State:
    if not view.stoppable:
        return show(world, Page.STOP_REFUSED, view.id, reason=RefusalReason.STOP_ONLY_REMOTE)
    if view.needs_card:
        return show(world, Page.STOP_CARD, view.id)
    return show(world, Page.STOP_CONFIRM, view.id)
