"""Sentences with numbers or plurals, and words that come from code.

Every function takes the language's code first and returns a ready string (or a small tuple of them). The
extractor reads ``gettext``, ``pgettext``, ``ngettext`` and the marker ``N_`` in this file. Titles hold about 50
letters in full width, words on a connector card about 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from kiosk.i18n import formats
from kiosk.i18n.catalogues import translator
from kiosk.i18n.languages import SOURCE
from kiosk.model.enums import ChargePointStatus, ConnectorType, LimitReason, Phase, RefusalReason, StopReason


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "extract, translate later"
    return message


class Advice(NamedTuple):
    """A refusal or a fault: what happened, why, what to do."""

    title: str
    why: str
    advice: str


_CARD_REFUSED: Final = N_("Card refused")
_OTHER_CARD: Final = N_("Hold another card to the reader.")
_OTHER_CONNECTOR: Final = N_("Choose another connector.")
_LATER: Final = N_("Try again in a few minutes.")

REFUSALS: Final[dict[RefusalReason, Advice]] = {
    RefusalReason.CARD_INVALID: Advice(_CARD_REFUSED, N_("This card is not valid at this station."), _OTHER_CARD),
    RefusalReason.CARD_BLOCKED: Advice(N_("Card blocked"), N_("The provider has blocked this card."), _OTHER_CARD),
    RefusalReason.CARD_EXPIRED: Advice(N_("Card expired"), N_("This card is no longer valid."), _OTHER_CARD),
    RefusalReason.CARD_CONCURRENT: Advice(
        N_("This card is in use"),
        N_("A car is being charged with this card at another place."),
        N_("End that session first, or hold another card to the reader."),
    ),
    RefusalReason.BACKEND_OFFLINE: Advice(
        N_("This card cannot be checked now"),
        N_("The station has no connection to the operator."),
        N_("Try again in a few minutes, or hold another card to the reader."),
    ),
    RefusalReason.BACKEND_SILENT: Advice(
        N_("This card could not be checked"),
        N_("The operator did not answer in time."),
        N_("Hold your card to the reader again."),
    ),
    RefusalReason.CARD_NEEDED: Advice(
        N_("A card is needed here"),
        N_("Charging starts when the station knows your card."),
        N_("Hold your card to the reader."),
    ),
    RefusalReason.CONNECTOR_BUSY: Advice(
        N_("This connector is in use"), N_("Another car is connected to it."), _OTHER_CONNECTOR
    ),
    RefusalReason.CONNECTOR_FAULTED: Advice(
        N_("This connector is out of order"), N_("It has a fault and cannot charge."), _OTHER_CONNECTOR
    ),
    RefusalReason.EMERGENCY_STOP: Advice(
        N_("The emergency stop was pressed"),
        N_("All charging was ended and the power is off."),
        N_("If there is danger, keep away and call for help. Else use another station."),
    ),
    RefusalReason.CONNECTOR_UNAVAILABLE: Advice(
        N_("This connector is unavailable"), N_("The operator has switched it off."), _OTHER_CONNECTOR
    ),
    RefusalReason.CONNECTOR_RESERVED: Advice(
        N_("This connector is reserved"),
        N_("It is kept free for another card."),
        N_("Choose another connector, or hold the card that reserved it to the reader."),
    ),
    RefusalReason.NO_POWER_FREE: Advice(
        N_("No power free at the moment"),
        N_("The power is needed elsewhere at the moment."),
        _LATER,
    ),
    RefusalReason.NOT_THIS_CARD: Advice(
        N_("This is another card"),
        N_("Only the card that started charging can end it."),
        N_("Hold the card that started charging to the reader."),
    ),
    RefusalReason.STOP_ONLY_REMOTE: Advice(
        N_("Charging cannot be stopped here"),
        N_("It was started from elsewhere, for example with an app."),
        N_("End it where you started it."),
    ),
    RefusalReason.STOP_NEEDS_CARD: Advice(
        N_("Your card is needed to stop"),
        N_("Only the card that started charging can end it."),
        N_("Hold the card that started charging to the reader."),
    ),
    RefusalReason.STATION_STOPPING: Advice(
        N_("This station is restarting"), N_("It takes no new requests until it is back."), _LATER
    ),
}
"""Title, why, advice by reason; in English, to be translated."""


UPDATING: Final = Advice(
    N_("This station is being updated"), N_("It takes no new requests until it is back."), _LATER
)


def updating(code: str) -> Advice:
    """While a firmware is being installed."""
    t = translator(code)
    return Advice(t.gettext(UPDATING.title), t.gettext(UPDATING.why), t.gettext(UPDATING.advice))


def refusal(code: str, reason: RefusalReason) -> Advice:
    """Why a start or stop was refused, and what the driver can do."""
    t = translator(code)
    return Advice(*(t.gettext(text) for text in REFUSALS[reason]))


_CONNECTORS: Final[dict[ChargePointStatus, str]] = {
    ChargePointStatus.AVAILABLE: N_("Available"),
    ChargePointStatus.PREPARING: N_("Preparing"),
    ChargePointStatus.CHARGING: N_("Charging"),
    ChargePointStatus.SUSPENDED_EVSE: N_("Paused"),
    ChargePointStatus.SUSPENDED_EV: N_("Paused"),
    ChargePointStatus.FINISHING: N_("Charging finished"),
    ChargePointStatus.RESERVED: N_("Reserved"),
    ChargePointStatus.UNAVAILABLE: N_("Unavailable"),
    ChargePointStatus.FAULTED: N_("Out of order"),
}


def connector_status(code: str, status: ChargePointStatus, *, can_start: bool = True) -> str:
    """The word at the foot of a connector card; ``can_start`` false: decision 10's "no power free"."""
    if status is ChargePointStatus.AVAILABLE and not can_start:
        return translator(code).gettext("No power free")
    return translator(code).gettext(_CONNECTORS[status])


_PAUSED: Final[dict[ChargePointStatus, str]] = {
    ChargePointStatus.SUSPENDED_EV: N_("Paused by the vehicle"),
    ChargePointStatus.SUSPENDED_EVSE: N_("Paused by the station"),
}


def charging_title(code: str, status: ChargePointStatus) -> str:
    """Heading of the charging screen: charging, or paused and by whom."""
    return translator(code).gettext(_PAUSED.get(status, _CONNECTORS[status]))


def suspended_notice(code: str, status: ChargePointStatus) -> str | None:
    """One sentence on why no energy flows; None while it does."""
    t = translator(code)
    if status is ChargePointStatus.SUSPENDED_EV:
        return t.gettext("Your car takes no power at the moment. Charging goes on when it asks for more.")
    if status is ChargePointStatus.SUSPENDED_EVSE:
        return t.gettext("The station has no power to give at the moment. Charging goes on by itself.")
    return None


_LIMITS: Final[dict[LimitReason, str]] = {
    LimitReason.CAR: N_("Your car sets the charging power."),
    LimitReason.CONNECTOR: N_("This is the highest power of this connector."),
    LimitReason.STACK: N_("This is the highest power of this station."),
    LimitReason.DERATING: N_("Less power: the station is cooling down."),
    LimitReason.GRID: N_("Less power: the grid connection is fully used."),
    LimitReason.MODBUS: N_("Less power: the site shares its power."),
    LimitReason.FALLBACK: N_("Less power: the power control of the site does not answer."),
    LimitReason.PROFILE: N_("Less power: the operator has set a limit."),
    LimitReason.AUTHORIZATION: N_("The operator did not accept the card."),
}


def limit_notice(
    code: str,
    reason: LimitReason | None,
    *,
    shared_with: tuple[int, ...] = (),
    soc_percent: int | None = None,
    battery_temperature_c: float | None = None,
) -> str | None:
    """Why the power is not higher, in one sentence; None where nothing binds or nothing is known.

    ``shared_with``: connectors that share the power now. A car that asks for little from 80 % on has a battery
    nearly full; below 5 °C (where a car tells it) a cold one.
    """
    if reason is None:
        return None
    t = translator(code)
    if reason in (LimitReason.STACK, LimitReason.GRID, LimitReason.MODBUS) and shared_with:
        if len(shared_with) == 1:
            text = t.gettext("Less power: it is shared with connector %(connector)s.")
            return text % {"connector": shared_with[0]}
        return t.gettext("Less power: it is shared with other connectors.")
    if reason is LimitReason.CAR:
        if soc_percent is not None and soc_percent >= 80:
            return t.gettext("Less power: the battery is nearly full.")
        if battery_temperature_c is not None and battery_temperature_c < 5:
            return t.gettext("Less power: the battery is cold.")
    return t.gettext(_LIMITS[reason])


def back_in(code: str, seconds_s: float) -> str:
    """The countdown under a screen that returns by itself."""
    return translator(code).gettext("Back to the start in %(time)s") % {
        "time": str(formats.seconds(code, seconds_s))
    }


def seconds_to_plug_in(code: str, seconds_s: int) -> str:
    """Stands beside the dial, which shows the number itself: the sentence holds none."""
    return translator(code).ngettext(
        "second left to plug in. Then the connector is free again.",
        "seconds left to plug in. Then the connector is free again.",
        seconds_s,
    )


def plug_in_title(code: str, connector_id: int) -> str:
    return translator(code).gettext("Plug connector %(connector)s into your car") % {"connector": connector_id}


def start_on(code: str, connector_id: int) -> str:
    """Button that starts without a card."""
    return translator(code).gettext("Start with connector %(connector)s") % {"connector": connector_id}


def stop_question(code: str, connector_id: int) -> str:
    return translator(code).gettext("Stop charging at connector %(connector)s?") % {"connector": connector_id}


def connector_name(code: str, connector_id: int) -> str:
    """``Connector 2``, for lists and for reading aloud."""
    return translator(code).gettext("Connector %(connector)s") % {"connector": connector_id}


def to_80(code: str) -> str:
    """Label under the time to 80 %. A whole phrase: no language builds it from parts the same way."""
    return translator(code).gettext("Until 80%")


def to_full(code: str) -> str:
    """The same for a whole charge."""
    return translator(code).gettext("Until full")


def to_100(code: str) -> str:
    """``to_full`` for a narrow card, where the words for it do not fit in most languages."""
    return translator(code).gettext("Until 100%")


def reserved_until(code: str, at: datetime) -> str:
    """``at`` in the station's own zone."""
    return translator(code).gettext("Reserved until %(time)s") % {"time": formats.clock(code, at)}


_READER: Final[dict[str, str]] = {
    "left": N_("The reader is to the left of this screen."),
    "right": N_("The reader is to the right of this screen."),
    "above": N_("The reader is above this screen."),
    "below": N_("The reader is below this screen."),
}


def reader_where(code: str, position: str) -> str:
    """``position``: left, right, above, below. Raises KeyError for another one."""
    return translator(code).gettext(_READER[position])


_STEPS: Final = {
    Phase.LOCK: N_("Plug lock"),
    Phase.V2G: N_("Connection to the car"),
    Phase.CABLE_CHECK: N_("Safety test of the cable"),
    Phase.ENERGY: N_("Start of charging"),
}
_STEP_OF: Final = {
    Phase.PLUGGED: Phase.V2G,
    Phase.SLAC: Phase.V2G,
    Phase.LINK: Phase.V2G,
    Phase.PRECHARGE: Phase.ENERGY,
}


def preparing_steps(code: str, connector: ConnectorType) -> tuple[tuple[str, Phase], ...]:
    """What happens before energy flows, in the order of the hardware: (text, phase it stands for)."""
    order: tuple[Phase, ...] = (Phase.V2G, Phase.LOCK, Phase.CABLE_CHECK, Phase.ENERGY)
    if not connector.is_dc:
        order = (Phase.V2G, Phase.LOCK, Phase.ENERGY)
    t = translator(code)
    return tuple((t.gettext(_STEPS[phase]), phase) for phase in order)


def step_of(phase: Phase) -> Phase | None:
    """The step of ``preparing_steps`` that ``phase`` belongs to; None before and after."""
    return phase if phase in _STEPS else _STEP_OF.get(phase)


_ENDINGS: Final[dict[StopReason, str]] = {
    StopReason.DE_AUTHORIZED: N_("The operator did not accept the card."),
    StopReason.EMERGENCY_STOP: N_("The emergency stop was pressed."),
    StopReason.EV_DISCONNECTED: N_("The plug was taken out."),
    StopReason.HARD_RESET: N_("The station was restarted."),
    StopReason.OTHER: N_("The station had to stop charging."),
    StopReason.POWER_LOSS: N_("The power had failed."),
    StopReason.REBOOT: N_("The station was restarted."),
    StopReason.REMOTE: N_("It was stopped from elsewhere, for example with an app."),
    StopReason.SOFT_RESET: N_("The station was restarted."),
    StopReason.UNLOCK_COMMAND: N_("The operator released the plug."),
}


def ended_why(code: str, reason: StopReason | None) -> str | None:
    """Why a session ended, in one sentence; None where the driver or the car ended it."""
    text = _ENDINGS.get(reason) if reason is not None else None
    return None if text is None else translator(code).gettext(text)


def tariff(code: str, texts: Mapping[str, str]) -> str | None:
    """The operator's own tariff text: in this language, else the one for all, else English, else any."""
    for language in (code, "", SOURCE):
        if texts.get(language):
            return texts[language]
    return next((text for text in texts.values() if text), None)


def fault(code: str, vendor_error_code: int, *, again: bool = False) -> Advice:
    """What the driver reads about a fault; ``again``: it came back. Raises UnknownFault."""
    from kiosk.model import faults  # the table is read on import; the first frame needs none of it

    row = faults.fault(vendor_error_code)
    t = translator(code)
    return Advice(t.gettext(row.title), t.gettext(row.cause), t.gettext(row.advice_for(again=again)))
