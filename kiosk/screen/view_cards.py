"""What the cards show: connectors on the selection, running sessions on the standby screen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kiosk.i18n import formats, texts, translator
from kiosk.i18n.formats import UNKNOWN, Figure
from kiosk.model.enums import ChargePointStatus, ConnectorType
from kiosk.model.snapshot import Connector, Gui
from kiosk.screen.view_rows import Row

KINDS: Final = {
    ConnectorType.CCS: "CCS",
    ConnectorType.CHADEMO: "CHAdeMO",
    ConnectorType.GBT: "GB/T",
    ConnectorType.CCS_AC: "Type 2",
}
"""Names of the plugs as they are printed on cars; proper names, the same in every language."""
ART: Final = {
    ConnectorType.CCS: "ccs",
    ConnectorType.CHADEMO: "chademo",
    ConnectorType.GBT: "gbt",
    ConnectorType.CCS_AC: "type2",
}
RUNNING: Final = frozenset(
    {ChargePointStatus.CHARGING, ChargePointStatus.SUSPENDED_EV, ChargePointStatus.SUSPENDED_EVSE}
)
MAX_SESSION_CARDS: Final = 3
ICONS: Final = {
    "free": "checkCircle",
    "plugged": "plug",
    "preparing": "clock",
    "charging": "bolt",
    "paused": "pause",
    "finished": "check",
    "reserved": "lock",
    "wait": "split",
    "out": "plugOff",
    "fault": "warn",
}
"""Icon by state of a card: shape tells the state, not only colour."""
OPENS: Final = frozenset({"free", "plugged", "preparing", "charging", "paused", "finished"})
"""States in which a tap leads on; in the others it is answered with the reason why not."""


class ConnectorRow(Row, frozen=True):
    """One connector card. ``note`` stands above the figures; empty texts are not drawn."""

    connectorId: int
    number: str
    heading: str  # label rule: own label, else plug (with its power as figure), else AC/DC
    plain: str  # plug's name, where the heading does not say it and no figure stands there
    art: str
    state: str
    icon: str
    stateText: str
    note: str
    number1: str
    unit1: str
    number2: str
    unit2: str
    opens: bool
    name: str  # read aloud


class SessionRow(Row, frozen=True):
    """One running session on the standby screen."""

    connectorId: int
    number: str
    number1: str  # state of charge, or the energy where no car tells one
    unit1: str
    number2: str  # power, empty where switched off
    unit2: str
    strong: str  # time left, or who paused it
    note: str
    name: str


def is_running(connector: Connector) -> bool:
    return connector.status in RUNNING


def is_free(connector: Connector) -> bool:
    """A driver could begin here now."""
    return card_state(connector) in ("free", "plugged")


def card_state(connector: Connector) -> str:
    """One of the keys of ``ICONS``."""
    status = connector.status
    session = connector.session is not None
    if connector.withheld:
        return "wait"
    simple = {
        ChargePointStatus.FAULTED: "fault",
        ChargePointStatus.UNAVAILABLE: "out",
        ChargePointStatus.RESERVED: "reserved",
        ChargePointStatus.CHARGING: "charging",
        ChargePointStatus.SUSPENDED_EV: "paused",
        ChargePointStatus.SUSPENDED_EVSE: "paused",
    }.get(status)
    if simple:
        return simple
    if session:
        return "finished" if status is ChargePointStatus.FINISHING else "preparing"
    if connector.reserved_until is not None:
        return "reserved"  # a plug that is in hides the status
    if not connector.can_start:
        return "wait"
    # plugged first, or authorization came too late: a card is still welcome (decision 4)
    return "plugged" if connector.plugged or status is not ChargePointStatus.AVAILABLE else "free"


def state_text(code: str, connector: Connector) -> str:
    state = card_state(connector)
    if state == "plugged":
        return translator(code).gettext("Plugged in")
    if state == "wait":
        return translator(code).gettext("No power free")
    return texts.connector_status(code, connector.status, can_start=connector.can_start)


def label_of(gui: Gui, connector: Connector) -> str | None:
    """The connector's own label, where labels are switched on and it has one."""
    at = connector.id - 1
    return gui.labels[at] if 0 <= at < len(gui.labels) and gui.labels[at] else None


def _unknown(figure: Figure) -> Figure:
    return figure._replace(number=UNKNOWN)


def charge_figure(code: str, connector: Connector, *, fresh: bool) -> Figure:
    """State of charge, or the session's energy where no car tells one; "–" while the readings are old."""
    if connector.soc_percent is not None:
        figure = formats.percent(code, connector.soc_percent)
    else:
        figure = formats.kwh(code, connector.energy_wh)
    return figure if fresh else _unknown(figure)


def card_charge(code: str, connector: Connector, *, fresh: bool) -> Figure:
    """As ``charge_figure``, in no more than three digits: a card is narrow."""
    figure = charge_figure(code, connector, fresh=fresh)
    energy_wh = connector.energy_wh
    if connector.soc_percent is not None or energy_wh is None or not fresh or energy_wh < 9950:
        return figure
    return figure._replace(number=formats.number(code, energy_wh / 1000))


def power_figure(code: str, connector: Connector, *, fresh: bool) -> Figure:
    """On cards the power is rounded to whole kW, from a reading in W."""
    whole = None if connector.power_w is None else round(connector.power_w / 1000) * 1000
    figure = formats.kw_round(code, whole)
    return figure if fresh else _unknown(figure)


def connector_row(code: str, gui: Gui, connector: Connector, *, fresh: bool) -> ConnectorRow:
    """The card of ``connector``; ``fresh``: its readings are no older than 5 s."""
    t = translator(code)
    state = card_state(connector)
    label = label_of(gui, connector)
    kind = KINDS[connector.type]
    power_rule = label is None and gui.connector_power_visible
    heading = label or (kind if power_rule else "DC" if connector.type.is_dc else "AC")
    note = plain = ""
    first = second = Figure("", "")
    if state == "fault":
        note, first = t.gettext("Code"), Figure(str(connector.vendor_error_code), "")
    elif state in ("charging", "paused"):
        first = card_charge(code, connector, fresh=fresh)
        if gui.power_visible:
            second = power_figure(code, connector, fresh=fresh)
    elif state == "finished":
        assert connector.session is not None
        first = card_charge(code, connector, fresh=True)  # it stands still, however old
        second = formats.duration(code, connector.session.duration_s)
    elif power_rule:
        note, first = t.gettext("up to"), formats.kw_round(code, connector.max_power_w)
    else:
        plain = kind
    if state == "reserved" and connector.reserved_until is not None:
        text = texts.reserved_until(code, connector.reserved_until.astimezone())
    else:
        text = state_text(code, connector)
    return ConnectorRow(
        key=str(connector.id),
        connectorId=connector.id,
        number=str(connector.id),
        heading=heading,
        plain=plain,
        art=ART[connector.type],
        state=state,
        icon=ICONS[state],
        stateText=text,
        note=note,
        number1=first.number,
        unit1=first.unit,
        number2=second.number,
        unit2=second.unit,
        opens=state in OPENS,
        name=f"{texts.connector_name(code, connector.id)}, {heading}, {text}",
    )


def time_left(connector: Connector) -> tuple[int, int | None]:
    """(target in percent, seconds to it): bulk below 80 %, full from there on (screen.md)."""
    if connector.soc_percent is not None and connector.soc_percent >= 80:
        return 100, connector.time_to_100_s
    if connector.time_to_80_s is None and connector.time_to_100_s is not None:
        return 100, connector.time_to_100_s
    return 80, connector.time_to_80_s


def target_text(code: str, target: int) -> str:
    return texts.to_80(code) if target == 80 else texts.to_full(code)


def session_row(code: str, gui: Gui, connector: Connector, *, fresh: bool) -> SessionRow:
    first = card_charge(code, connector, fresh=fresh)
    second = power_figure(code, connector, fresh=fresh) if gui.power_visible else Figure("", "")
    strong = note = ""
    if connector.status is not ChargePointStatus.CHARGING:
        strong = texts.connector_status(code, connector.status)
    elif gui.time_remaining_visible and fresh:
        target, left_s = time_left(connector)
        if left_s is not None:
            strong = str(formats.time_left(code, left_s))
            note = texts.to_80(code) if target == 80 else texts.to_100(code)
    return SessionRow(
        key=str(connector.id),
        connectorId=connector.id,
        number=str(connector.id),
        number1=first.number,
        unit1=first.unit,
        number2=second.number,
        unit2=second.unit,
        strong=strong,
        note=note,
        name=f"{texts.connector_name(code, connector.id)}, {state_text(code, connector)}, {first}",
    )


def session_rows(code: str, gui: Gui, connectors: Sequence[Connector], fresh: frozenset[int]) -> list[SessionRow]:
    """Running sessions for the overlay, at most three; none where the overlay is switched off."""
    if not gui.overlay_visible:
        return []
    running = [c for c in connectors if is_running(c)][:MAX_SESSION_CARDS]
    return [session_row(code, gui, c, fresh=c.id in fresh) for c in running]


def standby_call(code: str, connectors: Sequence[Connector]) -> str:
    """What the standby screen asks for (decision 20)."""
    t = translator(code)
    if any(is_free(c) for c in connectors) or not any(is_running(c) for c in connectors):
        return t.gettext("Touch the screen to begin")
    return t.gettext("Touch for your session")


class LanguageRow(Row, frozen=True):
    """One language in its own script; ``key`` is its code."""

    title: str
    current: bool


class TextRow(Row, frozen=True):
    """A label with its value."""

    label: str
    text: str


class FactRow(Row, frozen=True):
    """A label with a large figure."""

    label: str
    number: str
    unit: str


class StepRow(Row, frozen=True):
    """One step of preparing; ``state`` is done, running or waiting."""

    text: str
    state: str
