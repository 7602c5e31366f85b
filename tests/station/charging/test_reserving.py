"""Reservations as rules: what can be reserved, who may begin, when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.charging.reserving import Book, Claim, Outcome, Place, claim, ended, held, judge, match
from kiosk.station.storage.reservations import Reservation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
F, B, X, U = Place.FREE, Place.OCCUPIED, Place.FAULTED, Place.UNAVAILABLE


def reservation(number: int, connector_id: int, tag: str = "ANNA", parent: str | None = None) -> Reservation:
    return Reservation(
        reservation_id=number, connector_id=connector_id, id_tag=tag, parent_id_tag=parent, expires_at=LATER
    )


def book(*places: Place, made: tuple[Reservation, ...] = (), used: frozenset[int] = frozenset()) -> Book:
    return Book(places=dict(enumerate(places, start=1)), reservations=made, used=used)


JUDGED = [
    # a connector
    (1, book(F, F, F), Outcome.ACCEPTED),
    (1, book(B, F, F), Outcome.OCCUPIED),
    (1, book(X, F, F), Outcome.FAULTED),
    (1, book(U, F, F), Outcome.UNAVAILABLE),
    (4, book(F, F, F), Outcome.REJECTED),
    (-1, book(F, F, F), Outcome.REJECTED),
    (1, book(F, F, F, made=(reservation(1, 1),)), Outcome.OCCUPIED),
    (2, book(F, F, F, made=(reservation(1, 1),)), Outcome.ACCEPTED),
    # ... that is the last one for somebody who reserved any
    (1, book(F, F, made=(reservation(1, 0),)), Outcome.ACCEPTED),
    (1, book(F, B, made=(reservation(1, 0),)), Outcome.OCCUPIED),
    (1, book(F, F, made=(reservation(1, 0), reservation(2, 2))), Outcome.OCCUPIED),
    # any connector
    (0, book(F, B, X), Outcome.ACCEPTED),
    (0, book(B, B, B), Outcome.OCCUPIED),
    (0, book(X, X, X), Outcome.FAULTED),
    (0, book(U, U, U), Outcome.UNAVAILABLE),
    (0, book(U, X, U), Outcome.FAULTED),
    (0, book(U, X, B), Outcome.OCCUPIED),
    (0, book(F, B, made=(reservation(1, 1),)), Outcome.OCCUPIED),
    (0, book(F, F, made=(reservation(1, 0),)), Outcome.ACCEPTED),
    (0, book(F, F, made=(reservation(1, 0), reservation(2, 0))), Outcome.OCCUPIED),
]


@pytest.mark.parametrize(("connector_id", "present", "expected"), JUDGED, ids=[str(i) for i in range(len(JUDGED))])
def test_what_can_be_reserved(connector_id: int, present: Book, expected: Outcome) -> None:
    assert judge(reservation(9, connector_id), present, NOW, any_supported=True) is expected


def test_any_connector_needs_the_key_and_a_time_to_come() -> None:
    assert judge(reservation(9, 0), book(F), NOW, any_supported=False) is Outcome.REJECTED
    assert judge(reservation(9, 1), book(F), NOW, any_supported=False) is Outcome.ACCEPTED
    assert judge(reservation(9, 1), book(F), LATER, any_supported=True) is Outcome.REJECTED


@pytest.mark.parametrize(
    ("connector_id", "places", "expected"),
    [
        (1, (F, F), Outcome.ACCEPTED),
        (2, (F, F), Outcome.ACCEPTED),  # it moves
        (1, (B, F), Outcome.ACCEPTED),  # its holder has plugged in meanwhile
        (2, (F, B), Outcome.OCCUPIED),
        (0, (F, B), Outcome.ACCEPTED),
    ],
)
def test_the_same_number_is_replaced(connector_id: int, places: tuple[Place, ...], expected: Outcome) -> None:
    present = book(*places, made=(reservation(1, 1),))
    assert judge(reservation(1, connector_id, "BERT"), present, NOW, any_supported=True) is expected


HELD_1 = book(F, F, F, made=(reservation(1, 1, "ANNA"),))
GROUP_1 = book(F, F, F, made=(reservation(1, 1, "ANNA", "FAMILY"),))
ANY_OF_TWO = book(F, F, made=(reservation(1, 0, "ANNA"),))
ANY_LAST = book(F, B, made=(reservation(1, 0, "ANNA"),))
ANY_GROUP = book(F, B, made=(reservation(1, 0, "ANNA", "FAMILY"),))
CLAIMS = [
    (HELD_1, 1, "ANNA", None, False, Claim.ALLOWED),
    (HELD_1, 1, "anna", None, False, Claim.ALLOWED),
    (HELD_1, 1, "BERT", None, False, Claim.REFUSED),  # nobody is asked: no parent would help
    (HELD_1, 1, "BERT", "FAMILY", True, Claim.REFUSED),
    (HELD_1, 2, "BERT", None, False, Claim.ALLOWED),
    (GROUP_1, 1, "BERT", None, False, Claim.ASK_PARENT),
    (GROUP_1, 1, "BERT", None, True, Claim.REFUSED),
    (GROUP_1, 1, "BERT", "FAMILY", True, Claim.ALLOWED),
    (GROUP_1, 1, "BERT", "family", True, Claim.ALLOWED),
    (GROUP_1, 1, "BERT", "OTHERS", True, Claim.REFUSED),
    (GROUP_1, 1, "FAMILY", None, True, Claim.REFUSED),  # a group's name is no card (section 3.10)
    (ANY_OF_TWO, 1, "BERT", None, False, Claim.ALLOWED),
    (ANY_LAST, 1, "BERT", None, False, Claim.REFUSED),
    (ANY_LAST, 1, "ANNA", None, False, Claim.ALLOWED),
    (ANY_LAST, 2, "BERT", None, False, Claim.ALLOWED),  # he is there already, one stays free
    (ANY_GROUP, 1, "BERT", None, False, Claim.ASK_PARENT),
    (ANY_GROUP, 1, "BERT", "FAMILY", True, Claim.ALLOWED),
    (book(B, B, made=(reservation(1, 0, "ANNA"),)), 1, "BERT", None, False, Claim.REFUSED),
    (book(F, B, made=(reservation(1, 0, "ANNA"),), used=frozenset({1})), 1, "BERT", None, False, Claim.ALLOWED),
]


@pytest.mark.parametrize(
    ("present", "connector_id", "tag", "parent", "known", "expected"),
    CLAIMS,
    ids=[str(i) for i in range(len(CLAIMS))],
)
def test_who_may_begin(
    present: Book, connector_id: int, tag: str, parent: str | None, known: bool, expected: Claim
) -> None:
    assert claim(present, connector_id, tag, parent, parent_known=known) is expected


def test_the_reservation_that_is_used_up() -> None:
    """Lesson 26: it is found by what it says, not by the status of its connector."""
    present = book(F, F, made=(reservation(1, 0), reservation(2, 1), reservation(3, 1, "BERT", "FAMILY")))
    assert match(present, 1, "ANNA", None) == reservation(2, 1)  # by name before any
    assert match(present, 2, "ANNA", None) == reservation(1, 0)
    assert match(present, 2, "CARL", "FAMILY") is None
    assert match(present, 1, "CARL", "FAMILY") == reservation(3, 1, "BERT", "FAMILY")


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (HELD_1, {1}),
        (ANY_OF_TWO, set()),
        (ANY_LAST, {1}),
        (book(F, F, made=(reservation(1, 0), reservation(2, 0))), {1, 2}),
        (book(F, F, F, made=(reservation(1, 0), reservation(2, 1))), {1}),
        (book(F, F, made=(reservation(1, 0), reservation(2, 1))), {1, 2}),
        (book(F, made=(reservation(1, 0),), used=frozenset({1})), set()),
    ],
)
def test_connectors_that_are_held(present: Book, expected: set[int]) -> None:
    assert set(held(present)) == expected


def test_it_ends_by_time_by_fault_and_by_being_out_of_service() -> None:
    by_name, of_any = reservation(1, 1), reservation(2, 0)
    for place in (X, U):
        assert ended(book(place, F, made=(by_name, of_any)), NOW) == (by_name,)
        assert ended(book(place, U, made=(by_name, of_any)), NOW) == (by_name, of_any)
    assert ended(book(B, B, made=(by_name, of_any)), NOW) == ()
    assert ended(book(F, F, made=(by_name, of_any)), LATER) == (by_name, of_any)


PLACES = st.lists(st.sampled_from(Place), min_size=1, max_size=4)
ASKED = st.lists(
    st.builds(reservation, st.integers(1, 6), st.integers(0, 4), st.sampled_from(["ANNA", "BERT"])), max_size=8
)


@given(places=PLACES, asked=ASKED)
def test_whatever_was_accepted_can_be_kept(places: list[Place], asked: list[Reservation]) -> None:
    """No two hold one connector, and every one of any connector finds a free one that nobody else holds."""
    present = book(*places)
    for each in asked:
        if judge(each, present, NOW, any_supported=True) is Outcome.ACCEPTED:
            rest = present.without(each.reservation_id).reservations
            present = book(*places, made=(*rest, each))
        names = [r.connector_id for r in present.reservations if r.connector_id]
        assert len(names) == len(set(names))
        assert len(present.of_any) <= len(present.free)
        for connector_id in present.places:
            if claim(present, connector_id, "STRANGER", None, parent_known=True) is Claim.ALLOWED:
                assert present.of(connector_id) is None
                assert len([n for n in present.free if n != connector_id]) >= len(present.of_any)
