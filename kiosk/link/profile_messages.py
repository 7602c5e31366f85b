"""Params and results of the methods ``profiles.*``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kiosk.link.params import Params


class ProfileRow(Params, frozen=True, kw_only=True):
    """One installed charging profile. Of a damaged one only its id and its problem are known."""

    profile_id: int
    connector_id: int | None = None  # 0: the whole station, or all its connectors
    purpose: str | None = None
    stack_level: int | None = None
    kind: str | None = None  # Absolute, Relative, Daily, Weekly
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: int | None = None
    unit: str | None = None
    limit: float | None = None  # what it says now; null: nothing
    until: datetime | None = None  # when that changes; null: no change in sight
    in_force: bool = False  # it is the one that counts somewhere now
    installed_at: datetime | None = None
    problem: str | None = None


class ProfileList(Params, frozen=True, kw_only=True):
    profiles: tuple[ProfileRow, ...]


class ProfileId(Params, frozen=True, kw_only=True):
    profile_id: int


class ProfileSent(Params, frozen=True, kw_only=True):
    """A charging profile as the backend sent it (OCPP 1.6 section 7.8)."""

    connector_id: int
    profile: dict[str, Any]


class ProfileFilter(Params, frozen=True, kw_only=True):
    """All that is given must match; nothing given: all profiles."""

    profile_id: int | None = None
    connector_id: int | None = None
    purpose: str | None = None
    stack_level: int | None = None


class ProfilesCleared(Params, frozen=True, kw_only=True):
    count: int


class ScheduleQuery(Params, frozen=True, kw_only=True):
    connector_id: int  # 0: the whole station, at the grid
    duration_s: int = 86_400
    unit: str | None = None  # A or W; null: that of the profiles


class ScheduleSpan(Params, frozen=True, kw_only=True):
    start_s: int  # from the schedule's begin
    limit: float
    phases: int | None = None


class Schedule(Params, frozen=True, kw_only=True):
    """A composite schedule: what profiles and local limits allow from now on."""

    connector_id: int
    start: datetime
    duration_s: int
    unit: str
    spans: tuple[ScheduleSpan, ...]
