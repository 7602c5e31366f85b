"""The connector that the driver deals with: every figure, word and switch of its screens, ready to show."""

from __future__ import annotations

import msgspec

from kiosk.i18n import formats, texts, translator
from kiosk.i18n.formats import UNKNOWN, Figure
from kiosk.model.enums import ChargePointStatus, LimitReason
from kiosk.model.snapshot import Connector, Gui
from kiosk.screen.view_cards import (
    ART,
    KINDS,
    FactRow,
    TextRow,
    charge_figure,
    label_of,
    target_text,
    time_left,
)


class Notice(msgspec.Struct, frozen=True):
    """One sentence of note. ``tone``: calm, caution, fault; no text = no notice."""

    tone: str = "calm"
    icon: str = "right"
    text: str = ""


class Focus(msgspec.Struct, frozen=True):
    """All that QML reads of the connector in question. Empty strings and False while there is none."""

    number: str = ""
    kind: str = ""
    art: str = "ccs"
    summary: str = ""
    power_up_to: str = ""
    power_unit: str = ""
    status_text: str = ""
    soc_known: bool = False
    lit: bool = False
    live: bool = False
    percent: int = 0
    target: int = 80
    hero_number: str = ""
    hero_unit: str = ""
    hero_label: str = ""
    target_mark: str = ""
    time_number: str = ""
    time_unit: str = ""
    time_label: str = ""
    main_label: str = ""
    main_number: str = ""
    main_unit: str = ""
    notice: Notice = Notice()
    stoppable: bool = False
    stop_hint: str = ""
    cost: str = ""
    end_reason: str = ""
    plugged: bool = False
    has_cost: bool = False


class FocusLists(msgspec.Struct, frozen=True):
    """Rows beside ``Focus``."""

    readings: tuple[TextRow, ...] = ()  # right card of the charging screen
    asked: tuple[FactRow, ...] = ()  # stop confirmation
    result: tuple[FactRow, ...] = ()  # finished


NOTICE_ICONS = {
    LimitReason.DERATING: "warn",
    LimitReason.GRID: "split",
    LimitReason.MODBUS: "split",
    LimitReason.FALLBACK: "split",
    LimitReason.PROFILE: "split",
    LimitReason.STACK: "split",
    LimitReason.AUTHORIZATION: "pause",
}
"""Limits that a driver is told of with caution; the car's and the connector's own are no reason to worry."""


def notice_of(code: str, connector: Connector, *, fresh: bool) -> Notice:
    """The gravest thing to say on the charging screen: old readings, refused, paused, limited; else nothing."""
    if not fresh:
        text = translator(code).gettext("The values are out of date. They come back by themselves.")
        return Notice("caution", "clock", text)
    if connector.limit_reason is LimitReason.AUTHORIZATION:  # it does not go on by itself
        text = texts.limit_notice(code, connector.limit_reason) or ""
        return Notice("caution", NOTICE_ICONS[connector.limit_reason], text)
    paused = texts.suspended_notice(code, connector.status)
    if paused:
        tone = "calm" if connector.status is ChargePointStatus.SUSPENDED_EV else "caution"
        return Notice(tone, "pause", paused)
    reason = connector.limit_reason
    limit = texts.limit_notice(code, reason, shared_with=connector.shared_with, soc_percent=connector.soc_percent)
    if reason is None or not limit:
        return Notice()
    if reason in NOTICE_ICONS:
        # the highest power of the station is nothing slower than promised, unless others share it
        calm = reason is LimitReason.STACK and not connector.shared_with
        return Notice("calm", "bolt", limit) if calm else Notice("caution", NOTICE_ICONS[reason], limit)
    return Notice("calm", "bolt", limit)


def _aged(figure: Figure, *, fresh: bool) -> Figure:
    return figure if fresh else figure._replace(number=UNKNOWN)


def summary_of(code: str, gui: Gui, connector: Connector) -> str:
    """One line beside the number: the label rule, then what plug it is."""
    label = label_of(gui, connector)
    kind = KINDS[connector.type]
    if label:
        return f"{label} · {kind}"
    if gui.connector_power_visible:
        return f"{kind} · {formats.kw_round(code, connector.max_power_w)}"
    return f"{'DC' if connector.type.is_dc else 'AC'} · {kind}"


def focus_of(code: str, gui: Gui, connector: Connector | None, *, fresh: bool) -> Focus:
    """``fresh``: the readings are no older than 5 s."""
    if connector is None:
        return Focus()
    t = translator(code)
    session = connector.session
    soc_known = connector.soc_percent is not None
    hero = charge_figure(code, connector, fresh=fresh)
    target, left_s = time_left(connector)
    time_shown = gui.time_remaining_visible and bool(left_s)  # 0 s left is no news on a full battery
    time = _aged(formats.time_left(code, left_s), fresh=fresh) if time_shown else Figure("", "")
    main = _main_reading(code, gui, connector, fresh=fresh)
    up_to = formats.kw_round(code, connector.max_power_w)
    stop_hint = ""
    if session is not None and not session.stoppable:
        stop_hint = t.gettext("This session was started from elsewhere, for example with an app. End it there.")
    charging = connector.status is ChargePointStatus.CHARGING
    return Focus(
        number=str(connector.id),
        kind=KINDS[connector.type],
        art=ART[connector.type],
        summary=summary_of(code, gui, connector),
        power_up_to=up_to.number,
        power_unit=up_to.unit,
        status_text=texts.charging_title(code, connector.status),
        soc_known=soc_known,
        lit=fresh,
        live=charging and fresh,
        percent=connector.soc_percent or 0,
        target=target,
        hero_number=hero.number,
        hero_unit=hero.unit,
        hero_label="" if soc_known else t.gettext("Energy charged"),
        target_mark=str(formats.percent(code, target)),
        time_number=time.number,
        time_unit=time.unit,
        time_label=target_text(code, target) if time_shown else "",
        main_label=main[0],
        main_number=main[1].number,
        main_unit=main[1].unit,
        notice=notice_of(code, connector, fresh=fresh),
        stoppable=session is None or session.stoppable,
        stop_hint=stop_hint,
        cost=session.cost or "" if session else "",
        end_reason=texts.ended_why(code, session.stop_reason) or "" if session else "",
        plugged=connector.plugged,
        has_cost=bool(session and session.cost),
    )


def _readings(code: str, gui: Gui, connector: Connector, *, fresh: bool) -> list[tuple[str, str, Figure]]:
    """(key, label, figure) of the values that are switched on; the first is shown large."""
    t = translator(code)
    rows = []
    if gui.power_visible:
        rows.append(("power", t.gettext("Power"), formats.kw(code, connector.power_w)))
    if connector.soc_percent is not None:  # else it is the hero
        rows.append(("energy", t.gettext("Energy"), formats.kwh(code, connector.energy_wh)))
    if gui.current_visible:
        rows.append(("current", t.gettext("Current"), formats.amps(code, connector.current_a)))
    if gui.voltage_visible:
        rows.append(("voltage", t.gettext("Voltage"), formats.volts(code, connector.voltage_v)))
    return [(key, label, _aged(figure, fresh=fresh)) for key, label, figure in rows]


def _main_reading(code: str, gui: Gui, connector: Connector, *, fresh: bool) -> tuple[str, Figure]:
    rows = _readings(code, gui, connector, fresh=fresh)
    return (rows[0][1], rows[0][2]) if rows else ("", Figure("", ""))


def lists_of(
    code: str, gui: Gui, connector: Connector | None, *, fresh: bool, elapsed_s: float | None
) -> FocusLists:
    """``elapsed_s``: seconds since the session began, None before."""
    if connector is None:
        return FocusLists()
    t = translator(code)
    session = connector.session
    readings = [
        TextRow(key, label, str(figure)) for key, label, figure in _readings(code, gui, connector, fresh=fresh)[1:]
    ]
    if session and session.cost:
        readings.append(TextRow("cost", t.gettext("Cost"), session.cost))
    # a car that has gone no longer tells; what it told last stays true of its session
    soc_percent = connector.soc_percent
    if soc_percent is None and session is not None:
        soc_percent = session.soc_percent
    soc = formats.percent(code, soc_percent)
    energy = formats.kwh(code, connector.energy_wh)
    battery = FactRow("soc", t.gettext("State of charge"), soc.number, soc.unit)
    asked: list[FactRow] = []
    result: list[FactRow] = []
    if soc_percent is not None:
        result.append(battery)
    if connector.soc_percent is not None:
        asked.append(msgspec.structs.replace(battery, number=_aged(soc, fresh=fresh).number))
    result.append(FactRow("energy", t.gettext("Energy"), energy.number, energy.unit))
    asked.append(msgspec.structs.replace(result[-1], number=_aged(energy, fresh=fresh).number))
    if session:
        took = formats.duration(code, elapsed_s if session.duration_s is None else session.duration_s)
        result.append(FactRow("duration", t.gettext("Charging time"), took.number, took.unit))
    target, left_s = time_left(connector)
    if gui.time_remaining_visible and left_s is not None:
        left = _aged(formats.time_left(code, left_s), fresh=fresh)
        asked.append(FactRow("time", target_text(code, target), left.number, left.unit))
    elif elapsed_s is not None:
        since = formats.duration(code, elapsed_s)
        asked.append(FactRow("duration", t.gettext("Charging time"), since.number, since.unit))
    return FocusLists(tuple(readings), tuple(asked), tuple(result))
