"""Who may use a reserved connector, and what can still be reserved. Pure: reservations, connectors and now in.

A reservation of connector 0 holds no connector by name: it makes sure that one stays free. While no more are free
than such reservations need, all of those count as held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from kiosk.station.charging.authorization import same_tag
from kiosk.station.storage.reservations import Reservation


class Outcome(StrEnum):
    """ReserveNow.conf status (OCPP 1.6 section 7.39)."""

    ACCEPTED = "Accepted"
    FAULTED = "Faulted"
    OCCUPIED = "Occupied"
    REJECTED = "Rejected"
    UNAVAILABLE = "Unavailable"


class Place(StrEnum):
    """What a connector is to somebody who wants to reserve it."""

    FREE = "free"
    OCCUPIED = "occupied"  # a plug is in, or somebody is authorized
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"


class Claim(StrEnum):
    """Whether a tag may begin at a connector."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    ASK_PARENT = "ask_parent"  # only the tag's parentIdTag can tell


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """All that the answers depend on. ``used``: reservations whose holder is authorized and about to plug in."""

    reservations: tuple[Reservation, ...] = ()
    places: Mapping[int, Place]
    used: frozenset[int] = frozenset()

    def of(self, connector_id: int) -> Reservation | None:
        """The reservation that names this connector."""
        return next((r for r in self.reservations if r.connector_id == connector_id), None)

    @property
    def of_any(self) -> tuple[Reservation, ...]:
        """Those of connector 0 that still need a free connector."""
        return tuple(r for r in self.reservations if r.connector_id == 0 and r.reservation_id not in self.used)

    @property
    def free(self) -> tuple[int, ...]:
        """Connectors that nobody uses and nobody reserved by name."""
        return tuple(n for n, place in self.places.items() if place is Place.FREE and self.of(n) is None)

    def without(self, reservation_id: int) -> Book:
        rest = tuple(r for r in self.reservations if r.reservation_id != reservation_id)
        return msgspec.structs.replace(self, reservations=rest)


def judge(asked: Reservation, book: Book, now: datetime, *, any_supported: bool) -> Outcome:
    """Whether ``asked`` can be made (OCPP 1.6 section 5.13); one of the same number is replaced by it.

    One that has run out already is rejected: it could not hold anything.
    """
    if asked.expires_at <= now:
        return Outcome.REJECTED
    before = next((r for r in book.reservations if r.reservation_id == asked.reservation_id), None)
    others = book.without(asked.reservation_id)
    if asked.connector_id == 0:
        return _judge_any(others) if any_supported else Outcome.REJECTED
    place = others.places.get(asked.connector_id)
    if place is None:
        return Outcome.REJECTED
    if place is Place.FAULTED:
        return Outcome.FAULTED
    if place is Place.UNAVAILABLE:
        return Outcome.UNAVAILABLE
    if others.of(asked.connector_id) is not None:
        return Outcome.OCCUPIED
    if place is Place.OCCUPIED:
        keeps_its_place = before is not None and before.connector_id == asked.connector_id
        return Outcome.ACCEPTED if keeps_its_place else Outcome.OCCUPIED
    return Outcome.ACCEPTED if len(others.free) > len(others.of_any) else Outcome.OCCUPIED


def _judge_any(others: Book) -> Outcome:
    if len(others.free) > len(others.of_any):
        return Outcome.ACCEPTED
    places = set(others.places.values())
    if Place.FREE in places or Place.OCCUPIED in places:
        return Outcome.OCCUPIED
    return Outcome.FAULTED if Place.FAULTED in places else Outcome.UNAVAILABLE


def held(book: Book) -> dict[int, datetime]:
    """Connectors that strangers may not use now, and until when at least."""
    until = {r.connector_id: r.expires_at for r in book.reservations if r.connector_id != 0}
    waiting = book.of_any
    if waiting and len(book.free) <= len(waiting):
        until |= dict.fromkeys(book.free, min(r.expires_at for r in waiting))
    return until


def match(book: Book, connector_id: int, id_tag: str, parent_id_tag: str | None) -> Reservation | None:
    """The reservation that this tag uses up by beginning here: one of this connector before one of any."""
    here = [r for r in book.reservations if r.connector_id in (connector_id, 0)]
    here.sort(key=lambda r: (r.connector_id == 0, not same_tag(r.id_tag, id_tag), r.expires_at))
    return next((r for r in here if same_tag(r.id_tag, id_tag) or same_tag(r.parent_id_tag, parent_id_tag)), None)


def claim(book: Book, connector_id: int, id_tag: str, parent_id_tag: str | None, *, parent_known: bool) -> Claim:
    """Whether this tag may begin at this connector. ``parent_known``: nobody can tell more about its parent."""
    if match(book, connector_id, id_tag, parent_id_tag) is not None:
        return Claim.ALLOWED
    by_name = book.of(connector_id)
    if by_name is not None:
        against: Sequence[Reservation] = (by_name,)
    else:
        left = [n for n in book.free if n != connector_id]
        if len(left) >= len(book.of_any):
            return Claim.ALLOWED
        against = book.of_any
    if not parent_known and any(r.parent_id_tag is not None for r in against):
        return Claim.ASK_PARENT
    return Claim.REFUSED


def ended(book: Book, now: datetime) -> tuple[Reservation, ...]:
    """Reservations that are over: run out, or what they hold is faulted or out of service.

    One of connector 0 needs any connector at all that could still become free.
    """
    lost = {n for n, place in book.places.items() if place in (Place.FAULTED, Place.UNAVAILABLE)}
    nothing_left = lost == set(book.places)
    return tuple(
        r
        for r in book.reservations
        if r.expires_at <= now or r.connector_id in lost or (r.connector_id == 0 and nothing_left)
    )
