"""Truth tables of the cards and of the charging screen: what is said in which state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.enums import ConnectorType as T
from kiosk.model.enums import LimitReason, Page, Phase, RefusalReason
from kiosk.model.snapshot import Backend, Dialogue, Gui
from kiosk.screen.sample_parts import (
    AC_CHARGING,
    FINISHED,
    GUI,
    NOW_S,
    PREPARING,
    charging,
    faulted,
    free,
    session,
    snapshot,
)
from kiosk.screen.view_ask import ask_of, offline_text, remaining_s, step_rows
from kiosk.screen.view_cards import (
    OPENS,
    card_state,
    connector_row,
    session_rows,
    standby_call,
    time_left,
)
from kiosk.screen.view_focus import focus_of, lists_of, notice_of

EN = "en"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def gui(**changes: Any) -> Gui:
    return msgspec.structs.replace(GUI, **changes)


@pytest.mark.parametrize(
    ("connector", "state"),
    [
        (free(1), "free"),
        (free(1, can_start=False), "wait"),
        (free(1, status=S.PREPARING, plugged=True), "plugged"),
        (free(1, status=S.PREPARING, plugged=True, can_start=False), "wait"),
        (free(1, status=S.FINISHING, plugged=True), "plugged"),  # authorized too late: a card is still welcome
        (free(1, status=S.PREPARING, session=session()), "preparing"),
        (charging(1), "charging"),
        (charging(1, status=S.SUSPENDED_EV), "paused"),
        (charging(1, status=S.SUSPENDED_EVSE), "paused"),
        (FINISHED, "finished"),
        (free(1, status=S.RESERVED), "reserved"),
        (free(1, status=S.PREPARING, plugged=True, reserved_until=NOON), "reserved"),
        (free(1, status=S.UNAVAILABLE), "out"),
        (faulted(1), "fault"),
    ],
)
def test_state_of_a_card(connector: Any, state: str) -> None:
    assert card_state(connector) == state
    row = connector_row(EN, GUI, connector, fresh=True)
    assert row.opens == (state in OPENS)
    assert row.stateText
    assert row.stateText in row.name


@dataclass
class Label:
    labels: tuple[str | None, ...]
    power: bool
    heading: str
    plain: str
    number: str


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (T.CCS, Label(("Left",), True, "Left", "CCS", "")),
        (T.CCS, Label(("Left",), False, "Left", "CCS", "")),
        (T.CCS, Label((None,), True, "CCS", "", "50")),
        (T.CCS, Label((), True, "CCS", "", "50")),
        (T.CCS_AC, Label((), True, "Type 2", "", "22")),
        (T.CCS, Label((), False, "DC", "CCS", "")),
        (T.CHADEMO, Label(("",), False, "DC", "CHAdeMO", "")),
        (T.CCS_AC, Label((), False, "AC", "Type 2", "")),
    ],
)
def test_label_rule(kind: T, rule: Label) -> None:
    """Own label, else power, else AC or DC (manual 5.1.6.37 to 39)."""
    shown = connector_row(
        EN, gui(labels=rule.labels, connector_power_visible=rule.power), free(1, kind), fresh=True
    )
    assert (shown.heading, shown.plain, shown.number1) == (rule.heading, rule.plain, rule.number)


def test_old_readings_are_not_shown_on_any_card() -> None:
    row = connector_row(EN, GUI, charging(2), fresh=False)
    assert (row.number1, row.unit1, row.number2, row.unit2) == ("–", "%", "–", "kW")
    (card,) = session_rows(EN, GUI, [charging(2)], frozenset())
    assert (card.number1, card.number2, card.strong) == ("–", "–", "")


def test_a_session_that_is_over_keeps_its_figures() -> None:
    row = connector_row(EN, GUI, FINISHED, fresh=False)
    assert (row.number1, row.number2, row.unit2) == ("80", "38", "min")


def test_a_fault_shows_its_code() -> None:
    row = connector_row(EN, GUI, faulted(3, code=18), fresh=True)
    assert (row.note, row.number1, row.icon) == ("Code", "18", "warn")


def test_overlay_of_running_sessions() -> None:
    everyone = [charging(1), free(2), charging(3), charging(4), charging(5)]
    fresh = frozenset(range(9))
    assert [row.connectorId for row in session_rows(EN, GUI, everyone, fresh)] == [1, 3, 4]
    assert session_rows(EN, gui(overlay_visible=False), everyone, fresh) == []
    (quiet,) = session_rows(EN, gui(power_visible=False, time_remaining_visible=False), everyone[:1], fresh)
    assert (quiet.number1, quiet.number2, quiet.strong) == ("62", "", "")
    (paused,) = session_rows(EN, GUI, [charging(1, status=S.SUSPENDED_EV)], fresh)
    assert paused.strong == "Paused"
    (nearly,) = session_rows(EN, GUI, [charging(1, soc_percent=91, time_to_100_s=18 * 60)], fresh)
    assert (nearly.strong, nearly.note) == ("18\u00a0min", "Until 100%"), "words do not fit on a narrow card"
    (unknown,) = session_rows(EN, GUI, [AC_CHARGING], fresh)
    assert (unknown.number1, unknown.unit1) == ("18", "kWh")


@pytest.mark.parametrize(
    ("connectors", "text"),
    [
        ((free(1),), "Touch the screen to begin"),
        ((free(1), charging(2)), "Touch the screen to begin"),
        ((charging(1), charging(2)), "Touch for your session"),
        ((charging(1), faulted(2)), "Touch for your session"),
        ((charging(1), free(2, can_start=False)), "Touch for your session"),
        ((charging(1), free(2, status=S.PREPARING, plugged=True)), "Touch the screen to begin"),
        ((faulted(1),), "Touch the screen to begin"),
    ],
)
def test_call_of_the_standby_screen(connectors: Any, text: str) -> None:
    assert standby_call(EN, connectors) == text


@pytest.mark.parametrize(
    ("soc", "to_80_s", "to_100_s", "expected"),
    [
        (62, 800, 2400, (80, 800)),
        (79, 10, 1500, (80, 10)),
        (80, 0, 1400, (100, 1400)),
        (91, None, 1080, (100, 1080)),
        (40, None, 3000, (100, 3000)),
        (None, None, None, (80, None)),
        (None, 600, None, (80, 600)),
    ],
)
def test_time_to_80_or_to_100(soc: int | None, to_80_s: int | None, to_100_s: int | None, expected: Any) -> None:
    assert time_left(charging(1, soc_percent=soc, time_to_80_s=to_80_s, time_to_100_s=to_100_s)) == expected


READINGS = ("power_visible", "current_visible", "voltage_visible", "time_remaining_visible")


@pytest.mark.parametrize("hidden", [(), *((one,) for one in READINGS), READINGS])
def test_switches_of_the_charging_screen(hidden: tuple[str, ...]) -> None:
    """The four switches are independent; what is hidden closes up, energy is never hidden."""
    switches = gui(**dict.fromkeys(hidden, False))
    focus = focus_of(EN, switches, charging(2), fresh=True)
    rows = lists_of(EN, switches, charging(2), fresh=True, elapsed_s=None).readings
    labels = [focus.main_label, *(row.label for row in rows)]
    expected = [
        ("power_visible", "Power"),
        ("", "Energy"),
        ("current_visible", "Current"),
        ("voltage_visible", "Voltage"),
    ]
    assert labels == [label for switch, label in expected if switch not in hidden]
    assert (focus.time_number == "") == ("time_remaining_visible" in hidden)


def test_without_a_state_of_charge_the_energy_is_the_hero() -> None:
    focus = focus_of(EN, GUI, AC_CHARGING, fresh=True)
    assert (focus.soc_known, focus.hero_number, focus.hero_unit) == (False, "18.4", "kWh")
    rows = lists_of(EN, GUI, AC_CHARGING, fresh=True, elapsed_s=None).readings
    assert "Energy" not in [focus.main_label, *(row.label for row in rows)]


def test_old_readings_are_dashes_and_nothing_glows() -> None:
    focus = focus_of("de", GUI, charging(2), fresh=False)
    assert (focus.hero_number, focus.main_number, focus.time_number) == ("–", "–", "–")
    assert not focus.lit
    assert not focus.live
    assert (focus.notice.tone, focus.notice.icon) == ("caution", "clock")
    rows = lists_of("de", GUI, charging(2), fresh=False, elapsed_s=None).readings
    assert {row.text.split("\u00a0")[0] for row in rows} == {"–"}


@pytest.mark.parametrize(
    ("changes", "fresh", "tone", "part"),
    [
        ({}, True, "calm", ""),
        ({"limit_reason": LimitReason.STACK, "shared_with": (1,)}, True, "caution", "connector 1"),
        ({"limit_reason": LimitReason.STACK}, True, "calm", "highest power"),
        ({"limit_reason": LimitReason.GRID}, True, "caution", "grid"),
        ({"limit_reason": LimitReason.FALLBACK}, True, "caution", "does not answer"),
        ({"limit_reason": LimitReason.DERATING}, True, "caution", "cooling"),
        ({"limit_reason": LimitReason.CAR}, True, "calm", "car"),
        ({"status": S.SUSPENDED_EV, "limit_reason": LimitReason.GRID}, True, "calm", "takes no power"),
        ({"status": S.SUSPENDED_EVSE, "limit_reason": LimitReason.AUTHORIZATION}, True, "caution", "not accept"),
        ({"status": S.SUSPENDED_EVSE}, True, "caution", "no power to give"),
        ({"status": S.SUSPENDED_EVSE}, False, "caution", "out of date"),
    ],
)
def test_the_gravest_notice_wins(changes: Any, fresh: bool, tone: str, part: str) -> None:
    notice = notice_of(EN, charging(2, **changes), fresh=fresh)
    assert part in notice.text
    assert bool(notice.text) == bool(part)
    assert notice.tone == tone


def test_who_may_stop() -> None:
    assert focus_of(EN, GUI, charging(2), fresh=True).stoppable
    elsewhere = focus_of(EN, GUI, charging(2, session=session(remote=True, stoppable=False)), fresh=True)
    assert not elsewhere.stoppable
    assert elsewhere.stop_hint


def test_cost_is_shown_only_where_the_backend_sent_one() -> None:
    without = lists_of(EN, GUI, charging(2), fresh=True, elapsed_s=None)
    paid = charging(2, session=session(cost="€10.86"))
    assert "cost" not in [row.key for row in without.readings]
    assert lists_of(EN, GUI, paid, fresh=True, elapsed_s=None).readings[-1].text == "€10.86"
    assert focus_of(EN, GUI, paid, fresh=True).has_cost


@pytest.mark.parametrize(
    ("kind", "phase", "states"),
    [
        (T.CCS, Phase.PLUGGED, "running waiting waiting waiting"),
        (T.CCS, Phase.SLAC, "running waiting waiting waiting"),
        (T.CCS, Phase.LOCK, "done running waiting waiting"),
        (T.CCS, Phase.CABLE_CHECK, "done done running waiting"),
        (T.CCS, Phase.PRECHARGE, "done done done running"),
        (T.CCS_AC, Phase.LOCK, "done running waiting"),
        (T.CCS_AC, Phase.ENERGY, "done done running"),
        (T.CCS, Phase.UNPLUGGED, "waiting waiting waiting waiting"),
    ],
)
def test_steps_of_preparing(kind: T, phase: Phase, states: str) -> None:
    connector = msgspec.structs.replace(PREPARING, type=kind, phase=phase)
    assert " ".join(row.state for row in step_rows(EN, connector)) == states


@pytest.mark.parametrize(
    ("until_s", "left"),
    [(None, None), (NOW_S + 45, 45), (NOW_S + 44.2, 45), (NOW_S + 0.1, 1), (NOW_S, 0), (NOW_S - 9, 0)],
)
def test_countdown(until_s: float | None, left: int | None) -> None:
    assert remaining_s(Dialogue(until_s=until_s), NOW_S) == left
    ask = ask_of(EN, Page.CARD, snapshot(Page.CARD, connector_id=1, until_s=until_s, total_s=60.0), NOW_S)
    assert ask.counting == (left is not None)
    assert ask.remaining == (left or 0)


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        (Backend(), False),  # none configured: nobody is missing
        (Backend(configured=True), True),
        (Backend(configured=True, connected=True), True),  # not accepted yet
        (snapshot().backend, False),
    ],
)
def test_offline_is_told_only_where_a_backend_is_missing(backend: Backend, told: bool) -> None:
    assert bool(offline_text(EN, snapshot(backend=backend))) == told


@pytest.mark.parametrize("reason", list(RefusalReason))
def test_every_refusal_says_what_to_do(reason: RefusalReason) -> None:
    page = Page.CARD_REFUSED
    ask = ask_of(EN, page, snapshot(page, connector_id=1, reason=reason), NOW_S)
    assert ask.title
    assert ask.why
    assert ask.advice


def test_a_notice_on_the_selection_names_its_connector() -> None:
    picture = snapshot(Page.SELECTION, notice=RefusalReason.NO_POWER_FREE, notice_connector=3)
    assert ask_of(EN, Page.SELECTION, picture, NOW_S).notice.startswith("Connector 3")


@pytest.mark.parametrize(("given_away", "title"), [(False, "No card needed"), (True, "Charging is free here")])
def test_kiosk_mode_promises_free_energy_only_where_it_is_free(given_away: bool, title: str) -> None:
    picture = snapshot(Page.FREE, gui=gui(energy_is_free=given_away), connector_id=1)
    assert ask_of(EN, Page.FREE, picture, NOW_S).title == title


@pytest.mark.parametrize("button", [False, True])
def test_core_lost_names_the_stop_button_only_where_there_is_one(button: bool) -> None:
    ask = ask_of(EN, Page.CORE_LOST, snapshot(gui=gui(stop_button=button)), NOW_S)
    assert ("stop button" in ask.advice) == button
