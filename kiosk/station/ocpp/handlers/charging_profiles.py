"""Charging profiles: the SmartCharging profile."""

from __future__ import annotations

import logging
from typing import Any, Final

from ocpp.exceptions import NotSupportedError, PropertyConstraintViolationError, TypeConstraintViolationError

from kiosk.model.errors import BadValue, NotPossible, UnknownConnector
from kiosk.station.ocpp.asked import Payload, Station
from kiosk.station.ocpp.outbox import timestamp
from kiosk.station.power.profile_model import Purpose, Unit
from kiosk.station.power.profiles import Composite, Span

log = logging.getLogger(__name__)

FEATURE: Final = "SmartCharging"


def supported(station: Station) -> bool:
    """SupportedFeatureProfiles names it."""
    return FEATURE in station.settings.csl("SupportedFeatureProfiles")


def unfit_for_start(station: Station, profile: Payload) -> bool:
    """A remote start cannot bring this profile (OCPP 1.6 section 5.16.2)."""
    try:
        why = station.commands.profiles.refusal_of_start(profile)
    except BadValue as error:
        raise TypeConstraintViolationError(description=error.reason) from error
    if why is not None:
        log.info("a remote start is refused: %s", why)
    return why is not None


async def set_charging_profile(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.16; a connector that does not exist is PropertyConstraintViolation (errata 3.39)."""
    _need(station)
    try:
        outcome = await station.commands.profiles.set(asked["connectorId"], asked["csChargingProfiles"])
    except UnknownConnector as error:
        raise PropertyConstraintViolationError(description=str(error)) from error
    except BadValue as error:
        raise TypeConstraintViolationError(description=error.reason) from error
    return {"status": outcome.value}


async def clear_charging_profile(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.5: Unknown where nothing matched."""
    _need(station)
    purpose = asked.get("chargingProfilePurpose")
    cleared = await station.commands.profiles.clear(
        profile_id=asked.get("id"),
        connector_id=asked.get("connectorId"),
        purpose=None if purpose is None else Purpose(purpose),
        stack_level=asked.get("stackLevel"),
    )
    return {"status": "Accepted" if cleared else "Unknown"}


async def get_composite_schedule(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.7: the answer's duration tells how much of what was asked for it covers."""
    _need(station)
    unit = asked.get("chargingRateUnit")
    try:
        schedule = station.commands.profiles.composite(
            asked["connectorId"], asked["duration"], None if unit is None else Unit(unit)
        )
    except (UnknownConnector, NotPossible):
        return {"status": "Rejected"}
    return {
        "status": "Accepted",
        "connectorId": asked["connectorId"],
        "scheduleStart": timestamp(schedule.start),
        "chargingSchedule": _schedule(schedule),
    }


def _need(station: Station) -> None:
    if not supported(station):
        raise NotSupportedError(description=f"{FEATURE} is not among SupportedFeatureProfiles")


def _schedule(schedule: Composite) -> Payload:
    told: dict[str, Any] = {
        "duration": schedule.duration_s,
        "chargingRateUnit": schedule.unit.value,
        "chargingSchedulePeriod": [_period(span) for span in schedule.spans],
    }
    if schedule.least is not None:
        told["minChargingRate"] = schedule.least
    return told


def _period(span: Span) -> Payload:
    told: dict[str, Any] = {"startPeriod": span.start_s, "limit": span.limit}
    if span.phases is not None:
        told["numberPhases"] = span.phases
    return told
