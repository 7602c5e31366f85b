"""A backend that asks for things all the time, and remembers what it was promised."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ocpp.exceptions import NotImplementedError as UnknownAction
from ocpp.exceptions import NotSupportedError, OCPPError
from ocpp.v16 import call
from ocpp.v16.datatypes import (
    AuthorizationData,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    IdTagInfo,
)
from ocpp.v16.enums import (
    AuthorizationStatus,
    AvailabilityType,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    MessageTrigger,
    ResetType,
    UpdateType,
)

from kiosk.backend.central import CentralSystem
from kiosk.backend.station import StationGone
from kiosk.lab.torture.memory import Memory

UNSURE: Final = (TimeoutError, StationGone, OSError)
"""No answer: it may have been done or not."""
KEYS: Final = {
    "LightIntensity": ("10", "35", "60", "85"),
    "BlinkRepeat": ("1", "2", "3"),
    "ConnectionTimeOut": ("3", "5", "8"),
    "MeterValueSampleInterval": ("1", "2"),
    "AutochargeEnabled": ("true", "false"),
    "KioskModeWhenOffline": ("true", "false"),
    "HycKioskModeEnabled": ("true", "false"),
    "StopTransactionOnInvalidId": ("true", "false"),
}
BEGINNING: Final = {"local list": 0, "reservation 7": False} | {f"profile {n}": False for n in (1, 2, 3)}
"""How a fresh station stands."""
RESERVED: Final = "NOBODY-COMES"
PROFILE_W: Final = (20_000, 40_000, 60_000)


class Asking:
    """``spared``: the connector that is reserved and put out of service now and then."""

    def __init__(self, central: CentralSystem, identity: str, seed: int, spared: int) -> None:
        self._central = central
        self._identity = identity
        self._chance = random.Random(f"{seed} backend")
        self._spared = spared
        self._unsupported: set[str] = set()
        self._number = 0
        self._one_at_a_time = asyncio.Lock()
        self.memory = Memory()
        for name, value in BEGINNING.items():
            self.memory.begin(name, value)
        self.memory.begin(f"availability {spared}", True)
        self.counts: dict[str, int] = {}
        self.ended = False
        self.deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "ChangeConfiguration": self.change_key,
            "GetConfiguration": self.read_keys,
            "ChangeAvailability": self.change_availability,
            "SendLocalList": self.send_list,
            "GetLocalListVersion": self.read_list,
            "SetChargingProfile": self.set_profile,
            "ClearChargingProfile": self.clear_profile,
            "ReserveNow": self.reserve,
            "CancelReservation": self.cancel,
            "TriggerMessage": self.trigger,
            "ClearCache": self.clear_cache,
            "UnlockConnector": self.unlock,
        }

    async def run(self) -> None:
        """Until ``ended``: a deed every second or so."""
        while not self.ended:
            await asyncio.sleep(self._chance.uniform(0.2, 1.2))
            await self.do(self._chance.choice(sorted(self.deeds)))

    async def do(self, action: str) -> None:
        """One deed, whatever comes of it."""
        if action in self._unsupported:
            return
        try:
            async with self._one_at_a_time:
                await self.deeds[action]()
        except (NotSupportedError, UnknownAction):
            self._unsupported.add(action)
        except (OCPPError, *UNSURE):
            return

    async def ask(self, payload: Any) -> Any:
        """Raises StationGone when nobody is connected, TimeoutError, OCPPError."""
        station = self._central.stations.get(self._identity)
        if station is None:
            raise StationGone(f"{self._identity} is not connected")
        name = type(payload).__name__
        self.counts[name] = self.counts.get(name, 0) + 1
        return await station.ask(payload)

    async def reset(self, kind: ResetType) -> bool:
        """True when the station said yes."""
        try:
            return _word(await self.ask(call.Reset(type=kind))) == "Accepted"
        except (OCPPError, *UNSURE):
            return False

    async def _change(self, name: str, value: Any, payload: Any, yes: tuple[str, ...] = ("Accepted",)) -> None:
        """A change that is to be remembered."""
        before = self.memory.possible(name)
        self.memory.asked(name, value)
        try:
            word = _word(await self.ask(payload))
        except OCPPError:
            self.memory.refused(name, before)
            raise
        if word in yes:
            self.memory.granted(name, value)
        else:
            self.memory.refused(name, before)

    # --- the deeds -----------------------------------------------------------------------------------------

    async def change_key(self) -> None:
        name = self._chance.choice(sorted(KEYS))
        value = self._chance.choice(KEYS[name])
        payload = call.ChangeConfiguration(key=name, value=value)
        await self._change(f"key {name}", value, payload, ("Accepted", "RebootRequired"))

    async def read_keys(self) -> None:
        answer = await self.ask(call.GetConfiguration(key=list(KEYS)))
        for pair in answer.configuration_key or ():
            name = f"key {pair['key']}"
            if self.memory.possible(name):
                self.memory.found(name, pair["value"])

    async def change_availability(self) -> None:
        wanted = self._chance.choice((AvailabilityType.inoperative, AvailabilityType.operative))
        payload = call.ChangeAvailability(connector_id=self._spared, type=wanted)
        name = f"availability {self._spared}"
        await self._change(name, wanted == AvailabilityType.operative, payload, ("Accepted", "Scheduled"))

    async def send_list(self) -> None:
        self._number += 1
        info = IdTagInfo(status=AuthorizationStatus.accepted)
        tags = [AuthorizationData(id_tag=f"LIST-{self._number}-{i}", id_tag_info=info) for i in range(20)]
        payload = call.SendLocalList(
            list_version=self._number, update_type=UpdateType.full, local_authorization_list=tags
        )
        await self._change("local list", self._number, payload)

    async def read_list(self) -> None:
        answer = await self.ask(call.GetLocalListVersion())
        self.memory.found("local list", answer.list_version)

    async def set_profile(self) -> None:
        number = self._chance.randint(1, 3)
        period = ChargingSchedulePeriod(start_period=0, limit=float(self._chance.choice(PROFILE_W)))
        profile = ChargingProfile(
            charging_profile_id=number,
            stack_level=number,
            charging_profile_purpose=ChargingProfilePurposeType.tx_default_profile,
            charging_profile_kind=ChargingProfileKindType.absolute,
            charging_schedule=ChargingSchedule(
                charging_rate_unit=ChargingRateUnitType.watts,
                charging_schedule_period=[period],
                start_schedule=_iso(datetime.now(UTC)),
            ),
        )
        payload = call.SetChargingProfile(connector_id=0, cs_charging_profiles=profile)
        await self._change(f"profile {number}", True, payload)

    async def clear_profile(self) -> None:
        """Also the proof: one that must be there is found, one that cannot be there is not."""
        number = self._chance.randint(1, 3)
        await self._prove_away(f"profile {number}", call.ClearChargingProfile(id=number))

    async def reserve(self) -> None:
        payload = call.ReserveNow(
            connector_id=self._spared,
            expiry_date=_iso(datetime.now(UTC) + timedelta(hours=2)),
            id_tag=RESERVED,
            reservation_id=7,
        )
        await self._change("reservation 7", True, payload)

    async def cancel(self) -> None:
        await self._prove_away("reservation 7", call.CancelReservation(reservation_id=7))

    async def _prove_away(self, name: str, payload: Any) -> None:
        """Remove it; whether it was there tells whether it had been remembered."""
        there = self.memory.possible(name)
        self.memory.asked(name, False)
        word = _word(await self.ask(payload))
        self.memory.found(name, word == "Accepted", there)
        self.memory.granted(name, False)

    async def trigger(self) -> None:
        wanted = self._chance.choice((MessageTrigger.meter_values, MessageTrigger.status_notification))
        await self.ask(call.TriggerMessage(requested_message=wanted))

    async def clear_cache(self) -> None:
        await self.ask(call.ClearCache())

    async def unlock(self) -> None:
        await self.ask(call.UnlockConnector(connector_id=self._spared))

    async def prove_all(self) -> None:
        """At the end: everything that was promised is looked for."""
        await self.read_keys()
        for action in ("GetLocalListVersion", "CancelReservation"):
            await self.do(action)
        for number in (1, 2, 3):
            try:
                await self._prove_away(f"profile {number}", call.ClearChargingProfile(id=number))
            except (OCPPError, *UNSURE):
                continue


def _word(answer: Any) -> str:
    return str(getattr(answer.status, "value", answer.status))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
