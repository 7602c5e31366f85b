"""The installed charging profiles: kept on the disk first, then in force; asked for limits every control step.

A TxProfile is bound to its session by our own id, because the backend's may not be known yet. It counts only for
that session, so one that is left over can do no harm; ``tidy`` takes it away.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec

from kiosk.settings import Installation, Settings
from kiosk.settings.installation import ConnectorInstallation
from kiosk.station.charging.bay import Bay, Running
from kiosk.station.hardware.ports import Reading
from kiosk.station.power.inputs import outlets_of, phases_of
from kiosk.station.power.model import AC_V, LEAST_VOLTAGE_V
from kiosk.station.power.profile_model import (
    NOMINAL_DC_V,
    Circuit,
    Profile,
    Purpose,
    SentProfile,
    profile_of,
    to_ms,
)
from kiosk.station.power.profiles import Bound, Held, Outlook, bound_of_session, bound_of_station
from kiosk.station.storage.profiles import ProfileRow, ProfileStore

log = logging.getLogger(__name__)

TELLING_A = 2.0
"""From this current on, watts, volts and amperes of an AC meter tell how many phases carry it."""
CLOCK_SLACK_S = 2.0
"""How far the time since a session's begin may differ between wall clock and running clock before the wall clock
was set meanwhile."""


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as it was sent, and as it is reckoned with."""

    row: ProfileRow
    sent: SentProfile
    profile: Profile


class ProfileBook:
    """All installed profiles, by id. ``damaged``: ids in the store that cannot be read, with the reason."""

    def __init__(self, store: ProfileStore, settings: Settings, installation: Installation) -> None:
        self.installed: dict[int, Installed] = {}
        self.damaged: dict[int, str] = {}
        self._store = store
        self._settings = settings
        self._installation = installation
        self._profiles: tuple[Profile, ...] = ()
        self._phases: dict[int, tuple[str, int]] = {}  # connector → session, phases that its car was seen to use

    # --- what is installed ------------------------------------------------------------------------------

    async def load(self) -> None:
        """Take up what the last core left. A row that cannot be read is skipped, and told."""
        rows, damaged = await self._store.load()
        self.damaged = dict(damaged)
        for row in rows:
            try:
                self.installed[row.profile_id] = read(row)
            except ValueError as error:
                self.damaged[row.profile_id] = str(error)
        for profile_id, why in self.damaged.items():
            log.error(
                "charging profile %d cannot be read and is not obeyed (%s); let the backend send it again, or"
                " remove it with `kiosk profiles clear %d`",
                profile_id,
                why,
                profile_id,
            )
        self._changed()

    async def put(self, row: ProfileRow) -> None:
        """Install a checked profile, in place of those it replaces (OCPP 1.6 section 5.16).

        Raises StorageFailed.
        """
        new = read(row)
        for old in await self._store.put(row):  # the store works and answers in the order of the calls
            self.installed.pop(old, None)
            self.damaged.pop(old, None)
        self.installed[row.profile_id] = new
        self._changed()

    async def remove(self, profile_ids: Collection[int]) -> None:
        """Raises StorageFailed."""
        await self._store.remove(profile_ids)
        for profile_id in profile_ids:
            self.installed.pop(profile_id, None)
            self.damaged.pop(profile_id, None)
        self._changed()

    def replaced_by(self, new: SentProfile, connector_id: int) -> list[int]:
        """Ids of the installed profiles whose place it takes: same id; same connector, purpose and level."""
        place = (connector_id, new.charging_profile_purpose, new.stack_level)
        return [
            each.profile.profile_id
            for each in self.installed.values()
            if each.profile.profile_id == new.charging_profile_id
            or (each.profile.connector_id, each.profile.purpose, each.profile.stack_level) == place
        ]

    def left_over(self, bays: Iterable[Bay]) -> list[int]:
        """Ids of the TxProfiles whose session is over, or was lost while no core ran."""
        live = set()
        for bay in bays:
            if bay.session is not None and not bay.session.over:
                live.add(bay.session.local_id)
            if bay.grant is not None:
                live.add(bay.grant.local_id)
        return [p.profile_id for p in self._profiles if p.purpose is Purpose.TX and p.local_id not in live]

    def expired(self, now: datetime) -> list[int]:
        """Ids of the profiles that will never be valid again."""
        now_ms = to_ms(now)
        return [p.profile_id for p in self._profiles if p.valid_to_ms <= now_ms]

    def _changed(self) -> None:
        self._profiles = tuple(each.profile for each in self.installed.values())

    # --- what it means ----------------------------------------------------------------------------------

    @property
    def obeyed(self) -> tuple[Profile, ...]:
        """All but the station's own while ChargePointMaxProfileEnabled is false."""
        if self._settings.bool("ChargePointMaxProfileEnabled"):
            return self._profiles
        return tuple(p for p in self._profiles if p.purpose is not Purpose.STATION_MAX)

    def station_bound(self, now: datetime) -> Bound:
        """W at the grid."""
        return bound_of_station(self.obeyed, now) if self._profiles else Bound()

    def session_bound(self, bay: Bay, now: datetime, now_s: float) -> Bound:
        """W at the plug, for the session of a bay (or one that would begin now)."""
        if not self._profiles:
            return Bound()
        return bound_of_session(self._profiles, self.outlook(bay, now, now_s), now)

    def outlook(self, bay: Bay, now: datetime, now_s: float, *, ceiling_w: int = 0) -> Outlook:
        """What the arithmetic needs to know of a bay."""
        session = bay.session if bay.running else None
        return Outlook(
            connector_id=bay.id,
            circuit=self.circuit(bay, now_s),
            ceiling_w=ceiling_w,
            session=None if session is None else held(session, now, now_s),
        )

    def circuit(self, bay: Bay, now_s: float) -> Circuit:
        """What one ampere is at a bay's plug: by the battery's volts, or by the phases that the car uses.

        Those are known once it has drawn enough to tell, and then for as long as its session lasts.
        """
        reading = bay.fresh_reading(now_s) if bay.running else None
        fitted = self._installation.connectors[bay.id - 1]
        if fitted.type.is_dc:
            return circuit_of(fitted, battery_v(reading))
        built = circuit_of(fitted)
        if bay.session is None or not bay.running:
            return built
        seen = phases_seen(reading)
        if seen is not None:
            self._phases[bay.id] = (bay.session.local_id, min(seen, built.phases))
        local_id, phases = self._phases.get(bay.id, ("", built.phases))
        return msgspec.structs.replace(built, phases=phases) if local_id == bay.session.local_id else built

    def ceilings_w(self) -> list[int]:
        """The local limit of each connector, connector 1 first: hardware and ConnectorsPowerLimit."""
        outlets = outlets_of(self._installation, self._settings.ints("ConnectorsPowerLimit"))
        return [
            min(outlet.max_power_w, self._installation.connector_limit_w(outlet.connector_id))
            for outlet in outlets
        ]


def read(row: ProfileRow) -> Installed:
    """Raises ValueError when the payload is none (msgspec's errors are ValueErrors)."""
    sent = msgspec.json.decode(row.payload, type=SentProfile)
    profile = profile_of(sent, row.connector_id, row.installed_at, row.local_id)
    if not profile.starts_ms:
        raise ValueError("it has no period")
    return Installed(row=row, sent=sent, profile=profile)


def circuit_of(fitted: ConnectorInstallation, battery_v: float | None = None) -> Circuit:
    """DC: the battery's voltage, else a nominal one. AC: 230 V and the phases that are built in."""
    if fitted.type.is_dc:
        return Circuit(dc=True, volts=battery_v or min(NOMINAL_DC_V, fitted.max_voltage_v))
    return Circuit(dc=False, volts=AC_V, phases=phases_of(fitted))


def phases_seen(reading: Reading | None) -> int | None:
    """How many phases carry the current that an AC meter shows (of each); None: too little flows to tell."""
    if reading is None or not reading.power_w or not reading.voltage_v or not reading.current_a:
        return None
    if reading.current_a < TELLING_A:
        return None
    return max(1, min(3, round(reading.power_w / (reading.voltage_v * reading.current_a))))


def held(session: Running, now: datetime, now_s: float) -> Held:
    """The begin of a session by the clock of now: a clock that was set meanwhile must not shift its schedule."""
    begun_at = session.started_at
    lasted_s = now_s - session.started_s
    if abs((now - begun_at).total_seconds() - lasted_s) > CLOCK_SLACK_S:
        return Held(local_id=session.local_id, begin_ms=to_ms(now) - round(lasted_s * 1000))
    return Held(local_id=session.local_id, begin_ms=to_ms(begun_at))


def battery_v(reading: Reading | None) -> float | None:
    """Of a DC reading; None: nothing is measured, or no battery."""
    volts = reading.voltage_v if reading is not None else None
    return volts if volts is not None and volts >= LEAST_VOLTAGE_V else None
