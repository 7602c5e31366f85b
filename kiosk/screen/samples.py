"""Lifelike pictures of the station, one per screen and state worth looking at: for stills, walkers, previews.

Names are ``<page>`` or ``<page>-<state>``; ``sample_parts`` says what a ``Sample`` is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.enums import ConnectorType as T
from kiosk.model.enums import LimitReason, Page, Phase, RefusalReason, StopReason
from kiosk.model.snapshot import Backend, Connector, Gui, Snapshot, Station
from kiosk.screen.sample_parts import (
    AC_CHARGING,
    FINISHED,
    FOUR,
    GUI,
    NOW_S,
    PREPARING,
    PREPARING_AT_2,
    TARIFF,
    THREE_RUNNING,
    Sample,
    charging,
    faulted,
    free,
    session,
    snapshot,
    tick_for,
)


def _gui(**changes: Any) -> Gui:
    return msgspec.structs.replace(GUI, **changes)


_SAMPLES: Final[dict[str, Callable[[], Sample]]] = {}


def _add(name: str, picture: Snapshot | None, *, age_ms: int | None = 300, **more: Any) -> None:
    tick = None if picture is None else tick_for(picture, age_ms)
    _SAMPLES[name] = lambda: Sample(name=name, snapshot=picture, tick=tick, **more)


def _until(seconds: float, total_s: float) -> dict[str, Any]:
    return {"until_s": NOW_S + seconds, "total_s": total_s}


def _declare() -> None:
    one = (free(1),)
    _add("starting", None)
    _add("core_lost", snapshot(Page.CHARGING, connector_id=2), core_lost=True)
    _add("core_lost-stop_button", snapshot(gui=_gui(stop_button=True)), core_lost=True)
    _add("languages", snapshot(), languages_open=True)
    _add("standby", snapshot(connectors=(free(1), free(2), free(3, T.CHADEMO))))
    _add("standby-one_session", snapshot())
    _add("standby-two_sessions", snapshot(connectors=(THREE_RUNNING[0], AC_CHARGING)))
    _add("standby-three_sessions", snapshot(connectors=THREE_RUNNING))
    _add(
        "standby-none_free",
        snapshot(
            connectors=(charging(1), msgspec.structs.replace(THREE_RUNNING[1], status=S.SUSPENDED_EVSE, power_w=0))
        ),
    )
    _add("out_of_service", snapshot(Page.OUT_OF_SERVICE, tuple(faulted(n, T.CCS) for n in (1, 2))))
    _add(
        "out_of_service-restart",
        snapshot(Page.OUT_OF_SERVICE, station=Station(identity="CP-0421", reset_pending="Soft")),
    )
    _add(
        "out_of_service-update",
        snapshot(Page.OUT_OF_SERVICE, station=Station(identity="CP-0421", updating=True)),
    )
    _add("selection-four", snapshot(Page.SELECTION))
    _add("selection-three", snapshot(Page.SELECTION, FOUR[:3], gui=_gui(tariff=TARIFF)))
    _add(
        "selection-two",
        snapshot(Page.SELECTION, (free(1), PREPARING_AT_2), gui=_gui(labels=("Left side", "Right side"))),
    )
    _add("selection-one", snapshot(Page.SELECTION, one, gui=_gui(tariff=TARIFF)))
    _add(
        "selection-states",
        snapshot(
            Page.SELECTION,
            (
                msgspec.structs.replace(FINISHED, id=1),
                free(2, status=S.RESERVED, reserved_until=datetime(2026, 11, 22, 15, 30, tzinfo=UTC)),
                free(3, T.CHADEMO, can_start=False),
                free(4, T.CCS_AC, status=S.UNAVAILABLE),
            ),
            notice=RefusalReason.NO_POWER_FREE,
            notice_connector=3,
        ),
    )
    _add(
        "selection-types",
        snapshot(
            Page.SELECTION,
            (
                free(1, status=S.PREPARING, plugged=True),
                charging(2, status=S.SUSPENDED_EV, power_w=0),
                free(3, T.GBT),
                AC_CHARGING,
            ),
            gui=_gui(connector_power_visible=False),
            holds_card=True,
        ),
    )
    for side in ("left", "right", "below", "above"):
        _add(
            "card" if side == "left" else f"card-{side}",
            snapshot(
                Page.CARD,
                connector_id=1,
                gui=_gui(reader_position=side, tariff=TARIFF if side == "left" else {}),
                **_until(42, 60),
            ),
        )
    _add(
        "card-offline",
        snapshot(
            Page.CARD,
            connector_id=1,
            backend=Backend(configured=True),
            gui=_gui(tariff=TARIFF),
            **_until(42, 60),
        ),
    )
    _add("card_checking", snapshot(Page.CARD_CHECKING, connector_id=1, **_until(40, 45)))
    for reason in RefusalReason:
        if reason.value.startswith("stop_") or reason is RefusalReason.NOT_THIS_CARD:
            continue
        name = "card_refused" if reason is RefusalReason.CARD_INVALID else f"card_refused-{reason.value}"
        _add(name, snapshot(Page.CARD_REFUSED, connector_id=1, reason=reason, **_until(17, 20)))
    _add("free", snapshot(Page.FREE, connector_id=1, **_until(50, 60)))
    _add(
        "free-given_away",
        snapshot(Page.FREE, connector_id=1, gui=_gui(energy_is_free=True), **_until(50, 60)),
    )
    for kind in T:
        name = "plug_in" if kind is T.CCS else f"plug_in-{kind.value.lower()}"
        _add(
            name,
            snapshot(
                Page.PLUG_IN,
                (free(1, kind, status=S.PREPARING, session=session(started_s=None, energy_wh=None)),),
                connector_id=1,
                **_until(45, 60),
            ),
        )
    _add("preparing", snapshot(Page.PREPARING, (PREPARING, *FOUR[1:]), connector_id=1))
    _add(
        "preparing-ac",
        snapshot(
            Page.PREPARING,
            (free(1, T.CCS_AC, status=S.PREPARING, plugged=True, phase=Phase.V2G, session=session()),),
            connector_id=1,
        ),
    )
    _declare_charging()
    _declare_endings()


def _declare_charging() -> None:
    def at(name: str, connector: Connector, *, gui: Gui = GUI, age_ms: int | None = 300) -> None:
        others = tuple(c for c in FOUR if c.id != connector.id)
        everyone = tuple(sorted((*others, connector), key=lambda c: c.id))
        picture = snapshot(Page.CHARGING, everyone, gui=gui, connector_id=connector.id, **_until(40, 60))
        _add(name, picture, age_ms=age_ms)

    shared: dict[str, Any] = {"limit_reason": LimitReason.STACK, "shared_with": (1,)}
    at("charging", charging(2, **shared))
    at("charging-full_power", charging(2))
    at("charging-nearly_full", charging(2, soc_percent=91, power_w=22_400, limit_reason=LimitReason.CAR))
    at("charging-grid", charging(2, limit_reason=LimitReason.GRID))
    at("charging-fallback", charging(2, limit_reason=LimitReason.FALLBACK))
    at("charging-paused_by_car", charging(2, status=S.SUSPENDED_EV, power_w=0, current_a=0.0))
    paused: dict[str, Any] = {"status": S.SUSPENDED_EVSE, "power_w": 0, "current_a": 0.0}
    at("charging-paused_by_station", charging(2, **paused))
    at("charging-tag_refused", charging(2, limit_reason=LimitReason.AUTHORIZATION, **paused))
    at("charging-ac", AC_CHARGING)
    at("charging-stale", charging(2, **shared), age_ms=7000)
    at("charging-hours", charging(2, soc_percent=8, power_w=4_210, time_to_80_s=5 * 3600, time_to_100_s=9 * 3600))
    at("charging-remote", charging(2, session=session(remote=True, stoppable=False)))
    at("charging-cost", charging(2, session=session(cost="€10.86", needs_card=True)))
    at("charging-no_power", charging(2), gui=_gui(power_visible=False, time_remaining_visible=False))
    at(
        "charging-only_soc",
        charging(2, session=session(energy_wh=18_412)),
        gui=_gui(power_visible=False, current_visible=False, voltage_visible=False),
    )
    at(
        "charging-ac_nothing",
        AC_CHARGING,
        gui=_gui(power_visible=False, current_visible=False, voltage_visible=False),
    )
    at("charging-full", charging(2, soc_percent=100, power_w=900, time_to_80_s=None, time_to_100_s=0))


def _declare_endings() -> None:
    _add("stop_confirm", snapshot(Page.STOP_CONFIRM, connector_id=2, **_until(18, 20)))
    _add("stop_confirm-ac", snapshot(Page.STOP_CONFIRM, (AC_CHARGING,), connector_id=4, **_until(18, 20)))
    for reason in (
        RefusalReason.STOP_ONLY_REMOTE,
        RefusalReason.NOT_THIS_CARD,
        RefusalReason.STOP_NEEDS_CARD,
        RefusalReason.STATION_STOPPING,
    ):
        name = "stop_refused" if reason is RefusalReason.STOP_ONLY_REMOTE else f"stop_refused-{reason.value}"
        _add(name, snapshot(Page.STOP_REFUSED, connector_id=2, reason=reason, **_until(17, 20)))
    _add("stop_card", snapshot(Page.STOP_CARD, connector_id=2, **_until(18, 20)))
    _add(
        "stop_card-below",
        snapshot(Page.STOP_CARD, connector_id=2, gui=_gui(reader_position="below"), **_until(18, 20)),
    )
    _add("stopping", snapshot(Page.STOPPING, connector_id=2))
    done = (free(1), FINISHED)
    _add("finished", snapshot(Page.FINISHED, done, connector_id=2, **_until(30, 30)))
    assert FINISHED.session is not None
    remote = msgspec.structs.replace(FINISHED.session, stop_reason=StopReason.REMOTE, cost="€18.43")
    _add(
        "finished-remote",
        snapshot(
            Page.FINISHED,
            (msgspec.structs.replace(FINISHED, session=remote),),
            connector_id=2,
            **_until(30, 30),
        ),
    )
    _add(
        "finished-unplugged",
        snapshot(
            Page.FINISHED,
            (msgspec.structs.replace(FINISHED, plugged=False, soc_percent=None),),
            connector_id=2,
            **_until(30, 30),
        ),
    )
    for code in (18, 3, 22, 50, 1003):
        name = "fault" if code == 18 else f"fault-{code}"
        _add(name, snapshot(Page.FAULT, (faulted(1, T.CCS, code),), connector_id=1, **_until(50, 60)))
    _add("which_session", snapshot(Page.WHICH_SESSION, THREE_RUNNING, choices=(1, 2), **_until(50, 60)))
    _add("which_session-three", snapshot(Page.WHICH_SESSION, THREE_RUNNING, choices=(1, 2, 3), **_until(50, 60)))


_declare()
NAMES: Final[tuple[str, ...]] = tuple(_SAMPLES)
"""Every sample there is, in the driver's order."""


def sample(name: str) -> Sample:
    """Raises KeyError for a name that is not in ``NAMES``."""
    return _SAMPLES[name]()


def all_faults(codes: tuple[int, ...]) -> list[Sample]:
    """The fault page for each of ``codes``."""
    samples = []
    for code in codes:
        picture = snapshot(Page.FAULT, (faulted(1, T.CCS, code),), connector_id=1, **_until(50, 60))
        samples.append(Sample(name=f"fault-{code}", snapshot=picture, tick=tick_for(picture)))
    return samples
