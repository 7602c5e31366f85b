"""Reservations in force: the shell around the rules of ``reserving``. Kept in memory, and on the disk."""

from __future__ import annotations

import logging

from kiosk.model.clock import Clock
from kiosk.model.logs import mask
from kiosk.settings import Settings
from kiosk.station.charging import reserving
from kiosk.station.charging.authorization import same_tag
from kiosk.station.charging.bay import Bay
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.reserving import Book, Claim, Outcome, Place
from kiosk.station.storage.reservations import Reservation, ReservationStore

log = logging.getLogger(__name__)

PROFILE = "Reservation"


class Reservations:
    def __init__(self, store: ReservationStore, settings: Settings, clock: Clock, bays: dict[int, Bay]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._bays = bays
        self._known: tuple[Reservation, ...] = ()

    async def load(self) -> None:
        """Those a former core left; one of a connector that is no longer fitted is dropped."""
        self._known = tuple(await self._store.load())
        await self._drop([r for r in self._known if r.connector_id not in (0, *self._bays)], "no such connector")

    def all(self) -> tuple[Reservation, ...]:
        return self._known

    async def reserve(self, asked: Reservation) -> Outcome:
        """ReserveNow: kept on the disk when this returns Accepted."""
        if PROFILE not in self._settings.csl("SupportedFeatureProfiles"):
            return Outcome.REJECTED
        supported = self._settings.bool("ReserveConnectorZeroSupported")
        outcome = reserving.judge(asked, self.book(), self._clock.now(), any_supported=supported)
        if outcome is Outcome.ACCEPTED:
            rest = tuple(r for r in self._known if r.reservation_id != asked.reservation_id)
            self._known = (*rest, asked)
            await self._store.put(asked)
        log.info(
            "reservation %d of connector %d for %s: %s",
            asked.reservation_id,
            asked.connector_id,
            mask(asked.id_tag),
            outcome,
        )
        return outcome

    async def cancel(self, reservation_id: int) -> bool:
        """CancelReservation: False when there is none of that number."""
        found = [r for r in self._known if r.reservation_id == reservation_id]
        await self._drop(found, "cancelled")
        return bool(found)

    async def expire(self) -> None:
        """End those that ran out, and those of connectors that are faulted or out of service."""
        if self._known:
            await self._drop(reserving.ended(self.book(), self._clock.now()), "over")

    def claim(self, connector_id: int, id_tag: str, parent_id_tag: str | None, *, parent_known: bool) -> Claim:
        return reserving.claim(self.book(), connector_id, id_tag, parent_id_tag, parent_known=parent_known)

    def match(self, connector_id: int, id_tag: str, parent_id_tag: str | None) -> Reservation | None:
        """The reservation that this tag would use up here."""
        return reserving.match(self.book(), connector_id, id_tag, parent_id_tag)

    def named(self, id_tag: str) -> int | None:
        """The connector that is reserved by name for this very tag."""
        return next((r.connector_id for r in self._known if r.connector_id and same_tag(r.id_tag, id_tag)), None)

    async def used(self, reservation_id: int) -> None:
        """Its transaction is committed (lesson 26: at its begin, not at the card)."""
        await self._drop([r for r in self._known if r.reservation_id == reservation_id], "used")

    def refresh(self) -> list[Bay]:
        """Tell every bay whether it is held; returns those for which that changed."""
        until = reserving.held(self.book()) if self._known else {}
        changed = [bay for bay in self._bays.values() if bay.reserved_until != until.get(bay.id)]
        for bay in changed:
            bay.reserved_until = until.get(bay.id)
        return changed

    def book(self) -> Book:
        return Book(
            reservations=self._known,
            places={bay.id: place_of(bay) for bay in self._bays.values()},
            used=frozenset(
                bay.grant.reservation_id
                for bay in self._bays.values()
                if bay.grant is not None and bay.grant.reservation_id is not None
            ),
        )

    async def _drop(self, gone: list[Reservation] | tuple[Reservation, ...], why: str) -> None:
        if not gone:
            return
        numbers = {r.reservation_id for r in gone}
        self._known = tuple(r for r in self._known if r.reservation_id not in numbers)
        await self._store.remove(numbers)
        for reservation in gone:
            log.info(
                "reservation %d of connector %d: %s", reservation.reservation_id, reservation.connector_id, why
            )


def place_of(bay: Bay) -> Place:
    """What this connector is to somebody who wants to reserve it."""
    if bay.faulted:
        return Place.FAULTED
    if bay.stage is not Stage.IDLE or bay.port.plugged:
        return Place.OCCUPIED
    return Place.FREE if bay.operative and not bay.held else Place.UNAVAILABLE
