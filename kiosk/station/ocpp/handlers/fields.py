"""Fields whose limits the message schemas do not know. Each raises PropertyConstraintViolation."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ocpp.exceptions import PropertyConstraintViolationError

from kiosk.station.ocpp.answers import aware
from kiosk.station.ocpp.asked import Payload

LARGEST: Final = 2**63 - 1
"""OCPP 1.6 names no limit of an integer; what we store has one."""


def moment(payload: Payload, name: str) -> datetime:
    """A time, in UTC."""
    try:
        return aware(datetime.fromisoformat(payload[name]))
    except ValueError as error:
        raise PropertyConstraintViolationError(description=f"{name}: no time: {error}") from error


def optional_moment(payload: Payload, name: str) -> datetime | None:
    return moment(payload, name) if name in payload else None


def whole(payload: Payload, name: str) -> int:
    """An integer that fits what we store."""
    number: int = payload[name]
    if not -LARGEST <= number <= LARGEST:
        raise PropertyConstraintViolationError(description=f"{name}: more than 63 bits")
    return number
