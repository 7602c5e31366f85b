"""What makes a charging profile one that we can carry out (OCPP 1.6 sections 3.13, 5.16, 7.8, 9.4). Pure."""

from __future__ import annotations

import itertools
import math
from datetime import datetime
from typing import Final

import msgspec

from kiosk.station.power.profile_model import Kind, Purpose, SentProfile, Unit, to_ms

UNIT_WORDS: Final = {"Current": Unit.AMPERE, "Power": Unit.WATT}
"""Items of ChargingScheduleAllowedChargingRateUnit (errata 3.88)."""

LARGEST_ID: Final = 2**63 - 1
"""More does not fit into the database, and no backend counts that far."""

LONGEST_S: Final = 10 * 366 * 86_400


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The four SmartCharging keys that bound a profile."""

    max_level: int
    max_periods: int
    units: frozenset[Unit]


def problem(sent: SentProfile, connector_id: int, bounds: Bounds, now: datetime) -> str | None:
    """Why it cannot be carried out, one clause for the log; None: it can. The connector exists."""
    return _place(sent, connector_id) or _figures(sent, bounds) or _calendar(sent, now) or _periods(sent, bounds)


def _place(sent: SentProfile, connector_id: int) -> str | None:
    purpose = sent.charging_profile_purpose
    if purpose is Purpose.STATION_MAX and connector_id != 0:
        return "ChargePointMaxProfile belongs to connector 0"
    if purpose is Purpose.TX and connector_id == 0:
        return "a TxProfile belongs to a connector"
    if purpose is not Purpose.TX and sent.transaction_id is not None:
        return f"a {purpose} has no transactionId"
    return None


def _figures(sent: SentProfile, bounds: Bounds) -> str | None:
    if not -LARGEST_ID <= sent.charging_profile_id <= LARGEST_ID:
        return "the chargingProfileId is too large"
    if not 0 <= sent.stack_level <= bounds.max_level:
        return f"stackLevel {sent.stack_level} is not within 0 to {bounds.max_level}"
    unit = sent.charging_schedule.charging_rate_unit
    if unit not in bounds.units:
        return f"the unit {unit} is not allowed by ChargingScheduleAllowedChargingRateUnit"
    least = sent.charging_schedule.min_charging_rate
    if least is not None and not 0 <= least < math.inf:
        return f"minChargingRate {least} is none"
    return None


def _calendar(sent: SentProfile, now: datetime) -> str | None:
    duration_s = sent.charging_schedule.duration
    if duration_s is not None and not 0 <= duration_s <= LONGEST_S:
        return f"a duration of {duration_s} s is none"
    if sent.charging_profile_kind is Kind.RECURRING and sent.recurrency_kind is None:
        return "a recurring profile needs a recurrencyKind"
    if sent.valid_to is not None:
        if sent.valid_from is not None and to_ms(sent.valid_to) <= to_ms(sent.valid_from):
            return "validTo is not after validFrom"
        if to_ms(sent.valid_to) <= to_ms(now):
            return "validTo is over"
    return None


def _periods(sent: SentProfile, bounds: Bounds) -> str | None:
    periods = sent.charging_schedule.charging_schedule_period
    if not 1 <= len(periods) <= bounds.max_periods:
        return f"{len(periods)} periods are not within 1 to {bounds.max_periods}"
    if periods[0].start_period != 0:
        return "the first startPeriod is not 0"
    for before, after in itertools.pairwise(periods):
        if after.start_period <= before.start_period:
            return f"startPeriod {after.start_period} after {before.start_period} does not ascend"
    if periods[-1].start_period > LONGEST_S:
        return f"startPeriod {periods[-1].start_period} is too far away"
    for period in periods:
        if not 0 <= period.limit < math.inf:
            return f"a limit of {period.limit} is none"
        if period.number_phases is not None and not 1 <= period.number_phases <= 3:
            return f"{period.number_phases} phases are not within 1 to 3"
    return None
