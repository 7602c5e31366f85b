"""Why something was refused, in English for logs and the command line (the screen has its own words)."""

from __future__ import annotations

import logging
from typing import Final

from kiosk.model.enums import RefusalReason as R
from kiosk.model.logs import mask

log = logging.getLogger(__name__)

_TEXTS: Final[dict[R, str]] = {
    R.CARD_INVALID: "connector {n}: the card is not known; use another one, or add it with `kiosk whitelist add`",
    R.CARD_BLOCKED: "connector {n}: the card is blocked; use another one",
    R.CARD_EXPIRED: "connector {n}: the card has expired; use another one",
    R.CARD_CONCURRENT: "connector {n}: the card is in use elsewhere; end that session first",
    R.BACKEND_OFFLINE: "connector {n}: the backend is offline and nobody here knows the card; try again later",
    R.BACKEND_SILENT: "connector {n}: the backend did not answer in time; try again",
    R.CARD_NEEDED: "connector {n}: a card is needed (--tag ID), as kiosk mode is off",
    R.CONNECTOR_BUSY: "connector {n} is in use; wait, or end its session with `kiosk stop {n}`",
    R.CONNECTOR_FAULTED: "connector {n} has a fault; `kiosk faults now` names it",
    R.EMERGENCY_STOP: "connector {n}: the emergency stop is pressed; release it when nobody is in danger",
    R.CONNECTOR_UNAVAILABLE: "connector {n} is out of service; use another one",
    R.CONNECTOR_RESERVED: "connector {n} is reserved for another card; use another one",
    R.NO_POWER_FREE: "connector {n}: no power is free; wait until another session ends",
    R.NOT_THIS_CARD: "connector {n}: only the card that started this session can stop it",
    R.STOP_ONLY_REMOTE: "connector {n}: only the backend can end this session",
    R.STOP_NEEDS_CARD: "connector {n}: the card that started this session is needed to stop it",
    R.STATION_STOPPING: "connector {n}: the station is about to restart; try again in a minute",
}


def english(reason: R, connector_id: int) -> str:
    """One line: what, and what to do."""
    return _TEXTS[reason].format(n=connector_id)


def refused(reason: R, connector_id: int, id_tag: str | None) -> R:
    """Log that a start was refused, and why. Returns ``reason``."""
    who = mask(id_tag) if id_tag is not None else "without a card"
    log.info("start refused (%s): %s", who, english(reason, connector_id))
    return reason
