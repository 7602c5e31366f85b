"""What a connector is doing: stages of a session, the OCPP status they mean, and the legal moves of both. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from kiosk.model.enums import ChargePointStatus, Phase

S = ChargePointStatus


class Stage(StrEnum):
    """Where the session at one connector stands, as the core sees it."""

    IDLE = "idle"  # nobody authorized; a plug may be in and wait for a card
    AUTHORIZED = "authorized"  # somebody may charge, the plug is awaited (ConnectionTimeOut)
    STARTING = "starting"  # transaction begun; car and station prepare
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    STOPPING = "stopping"  # told to end; the contactor is opening
    FINISHED = "finished"  # over, or nobody authorized in time; the plug is still in, or was a moment ago


RUNNING: Final = frozenset(
    {Stage.STARTING, Stage.CHARGING, Stage.SUSPENDED_EV, Stage.SUSPENDED_EVSE, Stage.STOPPING}
)
"""Stages in which a transaction is open."""

CHARGING: Final = frozenset({Stage.CHARGING, Stage.SUSPENDED_EV, Stage.SUSPENDED_EVSE})
"""Of these, those that lie behind the preparation."""

LEGAL_STAGES: Final[frozenset[tuple[Stage, Stage]]] = frozenset(
    (old, new)
    for old, news in {
        Stage.IDLE: (Stage.AUTHORIZED, Stage.FINISHED),
        Stage.AUTHORIZED: (Stage.IDLE, Stage.STARTING, Stage.FINISHED),
        Stage.STARTING: (
            Stage.CHARGING,
            Stage.SUSPENDED_EV,
            Stage.SUSPENDED_EVSE,
            Stage.STOPPING,
            Stage.FINISHED,
            Stage.IDLE,
        ),
        Stage.CHARGING: (
            Stage.SUSPENDED_EV,
            Stage.SUSPENDED_EVSE,
            Stage.STOPPING,
            Stage.FINISHED,
            Stage.IDLE,
            Stage.STARTING,  # the hardware lost and regained the car's communication
        ),
        Stage.SUSPENDED_EV: (
            Stage.CHARGING,
            Stage.SUSPENDED_EVSE,
            Stage.STOPPING,
            Stage.FINISHED,
            Stage.IDLE,
            Stage.STARTING,
        ),
        Stage.SUSPENDED_EVSE: (
            Stage.CHARGING,
            Stage.SUSPENDED_EV,
            Stage.STOPPING,
            Stage.FINISHED,
            Stage.IDLE,
            Stage.STARTING,
        ),
        Stage.STOPPING: (Stage.FINISHED, Stage.IDLE),
        # a card or a remote start is accepted again from Finishing (decision 4)
        Stage.FINISHED: (Stage.IDLE, Stage.AUTHORIZED),
    }.items()
    for new in news
)
"""The one list of legal moves between stages."""

STAGE_OF_PHASE: Final[dict[Phase, Stage]] = {
    Phase.ENERGY: Stage.CHARGING,
    Phase.SUSPENDED_EV: Stage.SUSPENDED_EV,
    Phase.SUSPENDED_EVSE: Stage.SUSPENDED_EVSE,
    Phase.SLAC: Stage.STARTING,
    Phase.LINK: Stage.STARTING,
    Phase.V2G: Stage.STARTING,
    Phase.LOCK: Stage.STARTING,
    Phase.CABLE_CHECK: Stage.STARTING,
    Phase.PRECHARGE: Stage.STARTING,
}
"""What a hardware phase means while a transaction is open."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides a connector's status."""

    stage: Stage = Stage.IDLE
    under_way: bool = False  # this session was told to be more than Preparing
    plugged: bool = False
    faulted: bool = False  # a fault that stops charging is raised
    operative: bool = True
    reserved: bool = False
    withheld: bool = False  # load management leaves it no power (decision 11)


def status_of(facts: Facts) -> ChargePointStatus:
    """The OCPP status (OCPP 1.6 section 4.9) that these facts mean."""
    if facts.faulted:
        return S.FAULTED
    match facts.stage:
        case Stage.CHARGING:
            return S.CHARGING
        case Stage.SUSPENDED_EV:
            return S.SUSPENDED_EV
        case Stage.SUSPENDED_EVSE:
            return S.SUSPENDED_EVSE
        case Stage.STOPPING:
            # the transaction is open till the contactor is; Finishing comes after StopTransaction
            return S.CHARGING if facts.under_way else S.PREPARING
        case Stage.STARTING if facts.under_way:
            return S.SUSPENDED_EV  # it begins again within its transaction: Preparing is over (section 4.9)
        case Stage.STARTING | Stage.AUTHORIZED:
            return S.PREPARING
        case Stage.FINISHED:
            return S.FINISHING
    if facts.plugged:
        return S.PREPARING
    if not facts.operative:
        return S.UNAVAILABLE
    if facts.reserved:
        return S.RESERVED
    return S.UNAVAILABLE if facts.withheld else S.AVAILABLE


LEGAL_STATUSES: Final[frozenset[tuple[ChargePointStatus, ChargePointStatus]]] = frozenset(
    (old, new)
    for old, news in {
        S.AVAILABLE: (S.PREPARING, S.RESERVED, S.UNAVAILABLE, S.FAULTED),
        S.PREPARING: (
            S.AVAILABLE,
            S.CHARGING,
            S.SUSPENDED_EV,
            S.SUSPENDED_EVSE,
            S.FINISHING,
            S.UNAVAILABLE,
            S.RESERVED,  # a reservation that is still valid outlives a start that came to nothing
            S.FAULTED,
        ),
        S.CHARGING: (
            S.AVAILABLE,
            S.PREPARING,
            S.SUSPENDED_EV,
            S.SUSPENDED_EVSE,
            S.FINISHING,
            S.UNAVAILABLE,
            S.FAULTED,
        ),
        S.SUSPENDED_EV: (
            S.AVAILABLE,
            S.PREPARING,
            S.CHARGING,
            S.SUSPENDED_EVSE,
            S.FINISHING,
            S.UNAVAILABLE,
            S.FAULTED,
        ),
        S.SUSPENDED_EVSE: (
            S.AVAILABLE,
            S.PREPARING,
            S.CHARGING,
            S.SUSPENDED_EV,
            S.FINISHING,
            S.UNAVAILABLE,
            S.FAULTED,
        ),
        S.FINISHING: (S.AVAILABLE, S.PREPARING, S.UNAVAILABLE, S.RESERVED, S.FAULTED),
        S.RESERVED: (S.AVAILABLE, S.PREPARING, S.UNAVAILABLE, S.FAULTED),
        S.UNAVAILABLE: (S.AVAILABLE, S.PREPARING, S.RESERVED, S.FAULTED),
        S.FAULTED: tuple(s for s in S if s is not S.FAULTED),
    }.items()
    for new in news
)
"""Moves that OCPP 1.6 section 4.9 knows (with errata 3.20: Preparing to Finishing)."""


class IllegalMove(AssertionError):
    """A programming error: the rules above forbid the move."""


def check_stage(old: Stage, new: Stage) -> None:
    """Raises IllegalMove unless ``old`` may become ``new``."""
    if old is not new and (old, new) not in LEGAL_STAGES:
        raise IllegalMove(f"stage {old} may not become {new}")


LED_ITEM: Final[dict[ChargePointStatus, int]] = {
    S.UNAVAILABLE: 0,
    S.AVAILABLE: 1,
    S.PREPARING: 2,
    S.CHARGING: 2,
    S.SUSPENDED_EV: 2,
    S.SUSPENDED_EVSE: 2,
    S.RESERVED: 2,
    S.FINISHING: 3,
    S.FAULTED: 4,
}
"""Item of GUIConnectorHolderColors for each status: Unavailable, Available, Occupied, Finished, Faulted."""


def led_rgb(status: ChargePointStatus, colors: tuple[str, ...]) -> str:
    """Colour of the holder's ring, RRGGBB; empty = off (also where the key holds too few items)."""
    item = LED_ITEM[status]
    return colors[item] if item < len(colors) else ""
