"""What the driver is being asked or told: titles, reasons, advice, countdowns of every screen. Pure."""

from __future__ import annotations

import logging
import math
from typing import Final

import msgspec

from kiosk.i18n import texts, translator
from kiosk.model.enums import ChargePointStatus, Page, RefusalReason
from kiosk.model.errors import UnknownFault
from kiosk.model.snapshot import Connector, Dialogue, Snapshot
from kiosk.screen.view_cards import StepRow

log = logging.getLogger(__name__)

NO_FAULT: Final = 0


class Ask(msgspec.Struct, frozen=True):
    """Sentences of the page that stands; empty where it has none."""

    title: str = ""
    why: str = ""
    advice: str = ""
    code_number: str = ""
    counting: bool = False
    remaining: int = 0
    total: int = 0
    back_in: str = ""
    countdown_text: str = ""
    elapsed: str = ""
    notice: str = ""
    card_kept: bool = False
    has_connector: bool = False
    reader_position: str = "left"
    reader_text: str = ""
    offline: str = ""
    tariff: str = ""
    start_text: str = ""
    free: bool = False


def remaining_s(dialogue: Dialogue, now_s: float) -> int | None:
    """Whole seconds until the dialogue returns by itself, rounded up, never below 0; None = it stays."""
    if dialogue.until_s is None:
        return None
    return max(0, math.ceil(dialogue.until_s - now_s))


def offline_text(code: str, snapshot: Snapshot) -> str:
    """Shown where a card is asked for while nobody far away can be asked about it."""
    if not snapshot.backend.configured or snapshot.backend.online:
        return ""
    return translator(code).gettext("No connection to the operator: only cards known here work at the moment.")


def out_of_service(code: str, snapshot: Snapshot) -> texts.Advice:
    """Why the whole station cannot charge, as far as a driver cares."""
    t = translator(code)
    if snapshot.station.emergency_stop:
        return texts.refusal(code, RefusalReason.EMERGENCY_STOP)
    if snapshot.station.updating:
        return texts.updating(code)
    if snapshot.station.reset_pending:
        return texts.refusal(code, RefusalReason.STATION_STOPPING)
    if snapshot.connectors and all(c.status is ChargePointStatus.FAULTED for c in snapshot.connectors):
        why = t.gettext("It has a fault and cannot charge. We are sorry.")
    else:
        why = t.gettext("It cannot charge at the moment. We are sorry.")
    return texts.Advice(
        t.gettext("This station is out of service"), why, t.gettext("Please use another station or call us.")
    )


def fault_of(connector: Connector | None) -> int:
    """The vendor error code to explain; 0 = none known."""
    if connector is None:
        return NO_FAULT
    return connector.vendor_error_code or next(iter(connector.faults), NO_FAULT)


def fault_advice(code: str, number: int, *, again: bool = False) -> texts.Advice:
    """The driver's texts of a vendor error code; a general one for a code that the table does not hold."""
    if number != NO_FAULT:
        try:
            return texts.fault(code, number, again=again)
        except UnknownFault:
            log.warning("no driver's text for vendor error code %d", number)
    return texts.refusal(code, RefusalReason.CONNECTOR_FAULTED)


def _sentences(code: str, page: Page, snapshot: Snapshot, connector: Connector | None) -> texts.Advice:
    t = translator(code)
    dialogue = snapshot.dialogue
    number = connector.id if connector else 0
    if page in (Page.CARD_REFUSED, Page.STOP_REFUSED) and dialogue.reason is not None:
        return texts.refusal(code, dialogue.reason)
    if page is Page.FAULT:
        return fault_advice(code, fault_of(connector), again=connector is not None and connector.fault_again)
    if page is Page.OUT_OF_SERVICE:
        return out_of_service(code, snapshot)
    if page is Page.CORE_LOST:
        return texts.Advice(
            t.gettext("This screen has no contact with the station"),
            t.gettext("We show no values until they are live again."),
            _lost_advice(code, snapshot),
        )
    if page is Page.PLUG_IN and connector:
        return texts.Advice(texts.plug_in_title(code, number), "", "")
    if page is Page.STOP_CONFIRM and connector:
        return texts.Advice(texts.stop_question(code, number), "", "")
    if page is Page.FREE:
        if snapshot.gui.energy_is_free:
            return texts.Advice(t.gettext("Charging is free here"), "", "")
        return texts.Advice(t.gettext("No card needed"), "", "")
    return texts.Advice("", "", "")


def _lost_advice(code: str, snapshot: Snapshot) -> str:
    t = translator(code)
    if snapshot.gui.stop_button:
        return t.gettext("A running session goes on. The stop button on the front door ends it.")
    return t.gettext("A running session goes on.")


def ask_of(code: str, page: Page, snapshot: Snapshot, now_s: float) -> Ask:
    """Everything but figures that page ``page`` needs; ``now_s``: station monotonic seconds of the last tick."""
    dialogue = snapshot.dialogue
    connector = snapshot.connector(dialogue.connector_id) if dialogue.connector_id else None
    say = _sentences(code, page, snapshot, connector)
    left_s = remaining_s(dialogue, now_s)
    elapsed_s = max(0, int(now_s - dialogue.since_s)) if dialogue.since_s else 0
    return Ask(
        title=say.title,
        why=say.why,
        advice=say.advice,
        code_number=str(fault_of(connector) or "") if page is Page.FAULT else "",
        counting=left_s is not None,
        remaining=left_s or 0,
        total=max(1, math.ceil(dialogue.total_s or left_s or 1)),
        back_in="" if left_s is None else texts.back_in(code, left_s),
        countdown_text="" if left_s is None else texts.seconds_to_plug_in(code, left_s),
        elapsed=f"{elapsed_s // 60}:{elapsed_s % 60:02d}",
        notice=_notice(code, snapshot),
        card_kept=dialogue.holds_card,
        has_connector=connector is not None,
        reader_position=snapshot.gui.reader_position,
        reader_text=texts.reader_where(code, snapshot.gui.reader_position),
        offline=offline_text(code, snapshot),
        tariff=texts.tariff(code, snapshot.gui.tariff) or "",
        start_text=texts.start_on(code, connector.id) if connector else "",
        free=snapshot.gui.energy_is_free,
    )


def _notice(code: str, snapshot: Snapshot) -> str:
    """One sentence of why the card that was touched on the selection cannot be used."""
    dialogue = snapshot.dialogue
    if dialogue.notice is None:
        return ""
    say = texts.refusal(code, dialogue.notice)
    if dialogue.notice_connector is None:
        return say.why
    return f"{texts.connector_name(code, dialogue.notice_connector)} · {say.why}"


def step_rows(code: str, connector: Connector | None) -> list[StepRow]:
    """The steps of preparing in the hardware's order, each done, running or waiting."""
    if connector is None:
        return []
    steps = texts.preparing_steps(code, connector.type)
    running = texts.step_of(connector.phase)
    at = next((i for i, (_, phase) in enumerate(steps) if phase is running), None)
    rows = []
    for index, (text, phase) in enumerate(steps):
        state = "waiting" if at is None or index > at else "running" if index == at else "done"
        rows.append(StepRow(phase.value, text, state))
    return rows
