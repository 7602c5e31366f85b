"""Charging profiles: set, clear, ask for the composite schedule; the operator sees the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.errors import BadValue, NotPossible
from kiosk.settings import Installation, Settings
from kiosk.station.charging.bay import Bay, Grant
from kiosk.station.charging.profiles import Installed, ProfileBook
from kiosk.station.charging.sessions import Sessions
from kiosk.station.power.profile_model import Purpose, SentProfile, Unit
from kiosk.station.power.profile_rules import UNIT_WORDS, Bounds, problem
from kiosk.station.power.profiles import Composite, Outlook, composite, limit_alone, station_composite
from kiosk.station.storage.profiles import ProfileRow

log = logging.getLogger(__name__)


class SetOutcome(StrEnum):
    """SetChargingProfile.conf status."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """One installed profile as an operator reads it.

    ``limit``: what it says now, in its unit, None: nothing; ``until``: when this changes, None: no change
    in sight; ``in_force``: it is the one that counts somewhere.
    ``problem``: why a damaged one cannot be read; then ``sent`` is None.
    """

    profile_id: int
    sent: SentProfile | None = None
    connector_id: int | None = None
    installed_at: datetime | None = None
    limit: float | None = None
    until: datetime | None = None
    in_force: bool = False
    problem: str | None = None


class Profiles:
    def __init__(
        self,
        book: ProfileBook,
        sessions: Sessions,
        settings: Settings,
        installation: Installation,
        clock: Clock,
    ) -> None:
        self._book = book
        self._sessions = sessions
        self._settings = settings
        self._installation = installation
        self._clock = clock

    # --- set ----------------------------------------------------------------------------------------------

    async def set(self, connector_id: int, payload: Mapping[str, Any]) -> SetOutcome:
        """SetChargingProfile (OCPP 1.6 section 5.16): check, store, obey from the next control step on.

        ``payload``: csChargingProfiles. Raises UnknownConnector, BadValue (a field is not of its type),
        StorageFailed.
        """
        if connector_id != 0:
            self._sessions.bay(connector_id)
        sent = parsed(payload)
        if sent.charging_profile_purpose is Purpose.STATION_MAX and not self._obeys_station_max:
            log.info("profile %d: ChargePointMaxProfileEnabled is false", sent.charging_profile_id)
            return SetOutcome.NOT_SUPPORTED
        why = problem(sent, connector_id, self._bounds, self._clock.now()) or self._no_room(sent, connector_id)
        local_id = None
        if why is None and sent.charging_profile_purpose is Purpose.TX:
            local_id, why = self._session_of(connector_id, sent.transaction_id)
        if why is not None:
            log.info("profile %d for connector %d refused: %s", sent.charging_profile_id, connector_id, why)
            return SetOutcome.REJECTED
        await self._install(sent, connector_id, payload, local_id)
        return SetOutcome.ACCEPTED

    def refusal_of_start(self, payload: Mapping[str, Any]) -> str | None:
        """Why a remote start with that profile is refused (OCPP 1.6 section 5.16.2); None: it is not.

        Raises BadValue.
        """
        sent = parsed(payload)
        if sent.charging_profile_purpose is not Purpose.TX:
            return f"a remote start brings a TxProfile, not a {sent.charging_profile_purpose}"
        if sent.transaction_id is not None:
            return "the transaction that is to begin has no transactionId yet"
        anywhere = 1  # which connector it will be matters to no check
        return problem(sent, anywhere, self._bounds, self._clock.now()) or self._no_room(sent, anywhere)

    async def prepare(self, bay: Bay, grant: Grant) -> None:
        """Install the profile that a remote start brought, before its transaction begins. Raises StorageFailed."""
        if grant.profile is not None:
            await self._install(parsed(grant.profile), bay.id, grant.profile, grant.local_id)

    async def tidy(self) -> None:
        """Remove the profiles whose session is over. Raises StorageFailed."""
        left = self._book.left_over(self._sessions.bays.values())
        if left:
            await self._book.remove(left)
            log.info("profiles %s removed: their session is over", ", ".join(map(str, left)))

    async def _install(
        self, sent: SentProfile, connector_id: int, payload: Mapping[str, Any], local_id: str | None
    ) -> None:
        now = self._clock.now()
        expired = [n for n in self._book.expired(now) if n != sent.charging_profile_id]
        if expired:
            await self._book.remove(expired)
        await self._book.put(
            ProfileRow(
                profile_id=sent.charging_profile_id,
                connector_id=connector_id,
                purpose=sent.charging_profile_purpose.value,
                stack_level=sent.stack_level,
                payload=msgspec.json.encode(_plain(payload)).decode(),
                installed_at=now,
                local_id=local_id,
            )
        )
        log.info(
            "profile %d installed: %s, connector %d, level %d",
            sent.charging_profile_id,
            sent.charging_profile_purpose,
            connector_id,
            sent.stack_level,
        )

    @property
    def _obeys_station_max(self) -> bool:
        return self._settings.bool("ChargePointMaxProfileEnabled")

    @property
    def _bounds(self) -> Bounds:
        words = self._settings.csl("ChargingScheduleAllowedChargingRateUnit")
        return Bounds(
            max_level=self._settings.int("ChargeProfileMaxStackLevel"),
            max_periods=self._settings.int("ChargingScheduleMaxPeriods"),
            units=frozenset(UNIT_WORDS[word] for word in words if word in UNIT_WORDS),
        )

    def _no_room(self, sent: SentProfile, connector_id: int) -> str | None:
        most = self._settings.int("MaxChargingProfilesInstalled")
        gone = set(self._book.expired(self._clock.now())) | set(self._book.replaced_by(sent, connector_id))
        if len(self._book.installed.keys() - gone) >= most:
            return f"{most} profiles are installed, and more do not fit (MaxChargingProfilesInstalled)"
        return None

    def _session_of(self, connector_id: int, transaction_id: int | None) -> tuple[str | None, str | None]:
        """The session a TxProfile is for, by our own id; or why there is none (section 3.13.1)."""
        bay = self._sessions.bay(connector_id)
        if not bay.running or bay.session is None:
            return None, f"connector {connector_id} has no transaction"
        if transaction_id is not None and transaction_id != bay.session.transaction_id:
            return None, f"the transaction of connector {connector_id} is not {transaction_id}"
        return bay.session.local_id, None

    # --- clear --------------------------------------------------------------------------------------------

    async def clear(
        self,
        *,
        profile_id: int | None = None,
        connector_id: int | None = None,
        purpose: Purpose | None = None,
        stack_level: int | None = None,
    ) -> int:
        """Remove the profiles that match all that is given, all of them where nothing is (errata 3.25).

        Returns how many. Damaged ones match by their id, and with nothing given. Raises StorageFailed.
        """
        matching = [
            each.profile.profile_id
            for each in self._book.installed.values()
            if profile_id in (None, each.profile.profile_id)
            and connector_id in (None, each.profile.connector_id)
            and purpose in (None, each.profile.purpose)
            and stack_level in (None, each.profile.stack_level)
        ]
        if connector_id is None and purpose is None and stack_level is None:
            matching += [n for n in self._book.damaged if profile_id in (None, n)]
        if matching:
            await self._book.remove(matching)
            log.info("profiles %s cleared", ", ".join(map(str, matching)))
        return len(matching)

    # --- look ---------------------------------------------------------------------------------------------

    def composite(self, connector_id: int, duration_s: int, unit: Unit | None = None) -> Composite:
        """The composite schedule from now on (OCPP 1.6 section 5.7), at most a week of it.

        Raises UnknownConnector, NotPossible (no duration).
        """
        if duration_s < 0:
            raise NotPossible(f"a schedule of {duration_s} s is none; give a duration from 0 on")
        now, most = self._clock.now(), self._settings.int("ChargingScheduleMaxPeriods")
        grid_w = self._settings.int("MaxGridPower")
        profiles = self._book.obeyed
        if connector_id == 0:
            outlooks = [self._outlook(bay, now, grid_w) for bay in self._sessions.bays.values()]
            hardware = self._installation.hardware
            return station_composite(
                profiles,
                outlooks,
                now,
                duration_s,
                unit,
                stacks_w=hardware.stacks * hardware.stack_power_w,
                ceiling_w=grid_w,
                most_spans=most,
            )
        outlook = self._outlook(self._sessions.bay(connector_id), now, grid_w)
        return composite(profiles, outlook, now, duration_s, unit, most_spans=most)

    def list(self) -> list[ProfileView]:
        """All profiles, the station's first, then by connector, purpose and level from the top."""
        now, now_s = self._clock.now(), self._clock.monotonic()
        counting = {self._book.station_bound(now).profile_id}
        counting |= {self._book.session_bound(bay, now, now_s).profile_id for bay in self._running}
        views = []
        for each in sorted(self._book.installed.values(), key=_order):
            limit, until = self._limit_now(each, now, now_s)
            views.append(
                ProfileView(
                    profile_id=each.profile.profile_id,
                    sent=each.sent,
                    connector_id=each.profile.connector_id,
                    installed_at=each.row.installed_at,
                    limit=limit,
                    until=until,
                    in_force=each.profile.profile_id in counting,
                )
            )
        damaged = [ProfileView(profile_id=n, problem=why) for n, why in sorted(self._book.damaged.items())]
        return views + damaged

    def payload(self, profile_id: int) -> tuple[int, dict[str, Any]]:
        """Connector and ChargingProfile as the backend sent it. Raises NotPossible."""
        found = self._book.installed.get(profile_id)
        if found is not None:
            return found.row.connector_id, msgspec.json.decode(found.row.payload)
        if profile_id in self._book.damaged:
            raise NotPossible(f"charging profile {profile_id} is damaged: {self._book.damaged[profile_id]}")
        raise NotPossible(f"charging profile {profile_id} is not installed; `kiosk profiles` shows what is")

    @property
    def _running(self) -> tuple[Bay, ...]:
        return tuple(bay for bay in self._sessions.bays.values() if bay.running)

    def _limit_now(self, each: Installed, now: datetime, now_s: float) -> tuple[float | None, datetime | None]:
        bay = self._sessions.bays.get(each.profile.connector_id)
        held = self._book.outlook(bay, now, now_s).session if bay is not None else None
        return limit_alone(each.profile, held, now)

    def _outlook(self, bay: Bay, now: datetime, grid_w: int) -> Outlook:
        outlook = self._book.outlook(bay, now, self._clock.monotonic())
        fitted = self._installation.connectors[bay.id - 1]
        ceiling_w = min(self._book.ceilings_w()[bay.id - 1], grid_w)
        if outlook.circuit.dc:
            ceiling_w = min(ceiling_w, int(fitted.max_current_a * outlook.circuit.volts))
        return msgspec.structs.replace(outlook, ceiling_w=ceiling_w)


def parsed(payload: Mapping[str, Any]) -> SentProfile:
    """A ChargingProfile that fits its schema. Raises BadValue for what the schema does not see (dates)."""
    try:
        return msgspec.convert(_plain(payload), SentProfile)
    except msgspec.ValidationError as error:
        raise BadValue("charging profile", "", str(error), "fields of the types of OCPP 1.6") from error


def _plain(value: Any) -> Any:
    """The schema's check hands numbers with one digit over as Decimal."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def _order(each: Installed) -> tuple[int, str, int, int]:
    profile = each.profile
    return profile.connector_id, profile.purpose.value, -profile.stack_level, profile.profile_id
