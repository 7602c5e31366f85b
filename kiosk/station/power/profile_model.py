"""Charging profiles: as a backend sends them (OCPP 1.6 section 7.8), and ready for the arithmetic. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from kiosk.station.power.model import AC_V

FOREVER: Final = 2**62
"""Later than any time that can be written down, in milliseconds."""

DAY_MS: Final = 86_400_000
LARGEST_LIMIT: Final = 1e9
"""A limit above is none; it keeps the figures of a careless backend in range."""


class Purpose(StrEnum):
    """ChargingProfilePurposeType (OCPP 1.6 section 7.10). [stored]"""

    STATION_MAX = "ChargePointMaxProfile"  # the whole station together, at the grid
    TX_DEFAULT = "TxDefaultProfile"  # any session without a profile of its own
    TX = "TxProfile"  # one session


class Kind(StrEnum):
    """ChargingProfileKindType (OCPP 1.6 section 7.9)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(StrEnum):
    """RecurrencyKindType (OCPP 1.6 section 7.37)."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


EVERY_MS: Final = {Recurrency.DAILY: DAY_MS, Recurrency.WEEKLY: 7 * DAY_MS}
"""24 hours and 7 days, not calendar days: the errata says so, and UTC knows no summer time."""


class Unit(StrEnum):
    """ChargingRateUnitType (OCPP 1.6 section 7.12)."""

    AMPERE = "A"  # per phase
    WATT = "W"  # in all


class SentPeriod(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """ChargingSchedulePeriod (OCPP 1.6 section 7.14): limit from ``start_period`` seconds on."""

    start_period: int
    limit: float
    number_phases: int | None = None


class SentSchedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """ChargingSchedule (OCPP 1.6 section 7.13), seconds."""

    charging_rate_unit: Unit
    charging_schedule_period: tuple[SentPeriod, ...]
    duration: int | None = None
    start_schedule: datetime | None = None
    min_charging_rate: float | None = None


class SentProfile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """ChargingProfile (OCPP 1.6 section 7.8)."""

    charging_profile_id: int
    stack_level: int
    charging_profile_purpose: Purpose
    charging_profile_kind: Kind
    charging_schedule: SentSchedule
    transaction_id: int | None = None
    recurrency_kind: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """An installed profile, times in milliseconds since 1970 UTC, limits in tenths of its unit.

    ``origin_ms`` None: the schedule begins with the session. ``every_ms`` None: it does not recur.
    """

    profile_id: int
    connector_id: int
    purpose: Purpose
    stack_level: int
    unit: Unit
    starts_ms: tuple[int, ...]  # from the schedule's begin, ascending, the first 0
    limits: tuple[int, ...]
    phases: tuple[int | None, ...]
    min_rate: int = 0
    length_ms: int = FOREVER  # of one run of the schedule
    origin_ms: int | None = None
    every_ms: int | None = None
    valid_from_ms: int = -FOREVER
    valid_to_ms: int = FOREVER
    local_id: str | None = None  # the session that a TxProfile is bound to


class Circuit(msgspec.Struct, frozen=True, kw_only=True):
    """What turns amperes into watts: DC by voltage, AC by 230 V and phases.

    ``volts``: of the battery where it was measured, else a nominal one.
    """

    dc: bool
    volts: float
    phases: int = 1


NOMINAL_DC_V: Final = 400.0
"""Of a battery that has not told its voltage: the lower of the two usual classes, so that amperes become too few
watts rather than too many."""

GRID: Final = Circuit(dc=False, volts=AC_V, phases=3)
"""The station's own connection: what ChargePointMaxProfile and connector 0 are counted on."""


def to_ms(at: datetime) -> int:
    """A time without zone is UTC (OCPP 1.6 section 3.15)."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int((aware - EPOCH).total_seconds() * 1000 + 0.5)


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def tenths(limit: float) -> int:
    """Of a limit, rounded down, so that what is told is never more than what was meant."""
    return math.floor(min(limit, LARGEST_LIMIT) * 10 + 1e-6)


def profile_of(
    sent: SentProfile, connector_id: int, installed_at: datetime, local_id: str | None = None
) -> Profile:
    """What the arithmetic needs of a checked profile.

    A relative schedule, and any schedule without ``startSchedule``, begins with the session (section 7.13); the
    station as a whole has none, so there it begins when the profile was installed.
    """
    schedule = sent.charging_schedule
    start = schedule.start_schedule if sent.charging_profile_kind is not Kind.RELATIVE else None
    if start is None and sent.charging_profile_purpose is Purpose.STATION_MAX:
        start = installed_at
    recurs = sent.charging_profile_kind is Kind.RECURRING and sent.recurrency_kind is not None
    every_ms = EVERY_MS[sent.recurrency_kind] if recurs and sent.recurrency_kind is not None else None
    length_ms = FOREVER if schedule.duration is None else schedule.duration * 1000
    periods = schedule.charging_schedule_period
    return Profile(
        profile_id=sent.charging_profile_id,
        connector_id=connector_id,
        purpose=sent.charging_profile_purpose,
        stack_level=sent.stack_level,
        unit=schedule.charging_rate_unit,
        starts_ms=tuple(p.start_period * 1000 for p in periods),
        limits=tuple(tenths(p.limit) for p in periods),
        phases=tuple(p.number_phases for p in periods),
        min_rate=tenths(schedule.min_charging_rate or 0.0),
        length_ms=length_ms if every_ms is None else min(length_ms, every_ms),
        origin_ms=None if start is None else to_ms(start),
        every_ms=every_ms,
        valid_from_ms=-FOREVER if sent.valid_from is None else to_ms(sent.valid_from),
        valid_to_ms=FOREVER if sent.valid_to is None else to_ms(sent.valid_to),
        local_id=local_id,
    )


def watts(limit: int, unit: Unit, phases: int | None, circuit: Circuit) -> int:
    """Tenths of watts for a limit in tenths of ``unit``.

    Amperes are per phase; without ``numberPhases`` three are meant (section 7.14), and of more than the circuit
    has, those it has are used (errata 3.34).
    """
    if unit is Unit.WATT:
        return limit
    return math.floor(limit * _volts(phases, circuit) + 1e-6)


def amperes(limit: int, phases: int | None, circuit: Circuit) -> int:
    """Tenths of amperes per phase for tenths of watts: the inverse of ``watts``, rounded down."""
    return math.floor(limit / _volts(phases, circuit) + 1e-6)


def _volts(phases: int | None, circuit: Circuit) -> float:
    if circuit.dc:
        return circuit.volts
    return circuit.volts * min(3 if phases is None else phases, circuit.phases)
