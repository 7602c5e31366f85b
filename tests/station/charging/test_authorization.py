"""Who may charge: the whole truth table of the pure rules."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.model.enums import AuthorizationSource as Source
from kiosk.model.enums import AuthorizationStatus as Status
from kiosk.model.enums import RefusalReason as Reason
from kiosk.station.charging.authorization import (
    Ask,
    Denied,
    Granted,
    Question,
    autocharge_tag,
    card_tag,
    decide,
    is_random_uid,
    judge,
    kiosk_tag,
    same_tag,
)
from kiosk.station.charging.ports import IdTagInfo

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = IdTagInfo(status=Status.ACCEPTED)
BLOCKED = IdTagInfo(status=Status.BLOCKED)
OVER = IdTagInfo(status=Status.ACCEPTED, expiry=NOW - timedelta(seconds=1))


def ask(**given: object) -> object:
    verdict = decide(Question(id_tag="E36432E5", now=NOW, **given))  # type: ignore[arg-type]
    match verdict:
        case Granted(source=source):
            return source
        case Denied(reason=reason):
            return reason
    return Ask


TABLE = [
    # kiosk mode asks nobody, whatever else holds
    ({"kiosk": True}, Source.KIOSK),
    ({"kiosk": True, "configured": False, "online": False}, Source.KIOSK),
    ({"kiosk": True, "list_entry": BLOCKED}, Source.KIOSK),
    # no backend configured: the whitelist alone decides
    ({"configured": False, "online": False, "whitelisted": True}, Source.WHITELIST),
    ({"configured": False, "online": False}, Reason.CARD_INVALID),
    ({"configured": False, "online": False, "list_entry": GOOD}, Reason.CARD_INVALID),
    # online
    ({}, Ask),
    ({"list_entry": GOOD}, Source.LOCAL_LIST),
    ({"list_entry": GOOD, "list_enabled": False}, Ask),
    ({"list_entry": GOOD, "pre_authorize": False}, Ask),
    ({"list_entry": BLOCKED}, Ask),
    ({"list_entry": OVER}, Ask),
    ({"whitelisted": True}, Source.WHITELIST),
    ({"whitelisted": True, "pre_authorize": False}, Ask),
    ({"cache_entry": GOOD}, Ask),
    ({"cache_entry": GOOD, "cache_enabled": True}, Source.CACHE),
    ({"cache_entry": OVER, "cache_enabled": True}, Ask),
    # the list beats the cache, and the whitelist where the list speaks
    ({"list_entry": BLOCKED, "cache_entry": GOOD, "cache_enabled": True}, Ask),
    ({"list_entry": BLOCKED, "whitelisted": True}, Ask),
    # offline
    ({"online": False}, Reason.BACKEND_OFFLINE),
    ({"online": False, "list_entry": GOOD}, Source.LOCAL_LIST),
    ({"online": False, "list_entry": GOOD, "pre_authorize": False}, Source.LOCAL_LIST),
    ({"online": False, "list_entry": GOOD, "authorize_offline": False}, Reason.BACKEND_OFFLINE),
    ({"online": False, "list_entry": BLOCKED}, Reason.CARD_BLOCKED),
    ({"online": False, "list_entry": BLOCKED, "allow_unknown_offline": True}, Reason.CARD_BLOCKED),
    ({"online": False, "list_entry": OVER}, Reason.CARD_EXPIRED),
    ({"online": False, "cache_entry": GOOD, "cache_enabled": True}, Source.CACHE),
    ({"online": False, "cache_entry": GOOD}, Reason.BACKEND_OFFLINE),
    ({"online": False, "whitelisted": True}, Source.WHITELIST),
    ({"online": False, "allow_unknown_offline": True}, Source.OFFLINE),
    ({"online": False, "allow_unknown_offline": True, "authorize_offline": False}, Source.OFFLINE),
    # a tag that is known to be bad is not unknown
    (
        {"online": False, "list_entry": BLOCKED, "allow_unknown_offline": True, "authorize_offline": False},
        Reason.BACKEND_OFFLINE,
    ),
]


@pytest.mark.parametrize(("given", "expected"), TABLE, ids=[str(i) for i in range(len(TABLE))])
def test_decision(given: dict[str, object], expected: object) -> None:
    assert ask(**given) == expected


def test_a_bad_tag_is_never_granted_by_local_knowledge_or_lack_of_it() -> None:
    flags = (
        "list_enabled",
        "cache_enabled",
        "pre_authorize",
        "authorize_offline",
        "allow_unknown_offline",
        "online",
    )
    for values in itertools.product((True, False), repeat=len(flags)):
        given = dict(zip(flags, values, strict=True))
        if given["list_enabled"]:
            assert ask(list_entry=BLOCKED, cache_entry=GOOD, **given) not in tuple(Source)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (GOOD, Granted(Source.BACKEND, GOOD)),
        (BLOCKED, Denied(Reason.CARD_BLOCKED)),
        (OVER, Denied(Reason.CARD_EXPIRED)),
        (IdTagInfo(status=Status.INVALID), Denied(Reason.CARD_INVALID)),
        (IdTagInfo(status=Status.CONCURRENT_TX), Denied(Reason.CARD_CONCURRENT)),
    ],
)
def test_the_backends_word(info: IdTagInfo, expected: object) -> None:
    assert judge(info, NOW) == expected


def test_tags_compare_case_insensitively_and_nothing_equals_nothing() -> None:
    assert same_tag("04ae", "04AE")
    assert not same_tag(None, None)
    assert not same_tag("04AE", None)


def test_random_uids_are_known() -> None:
    assert is_random_uid("08648427")
    assert not is_random_uid("0864842708ABCD")
    assert not is_random_uid("E36432E5")
    assert is_random_uid("27846408", reverse=True)
    assert not is_random_uid("08648427", reverse=True)
    assert is_random_uid("ABCDEF08", reverse=True)


@pytest.mark.parametrize(
    ("uid", "tag"),
    [
        ("E36432E5", "E53264E3"),
        ("04AE179C4F6181", "81614F9C17AE04"),
        ("0102030405060708090A", "0A090807060504030201"),
        ("APP-7", "APP-7"),
        ("E36432E", "E36432E"),
        ("e36432e5", "e36432e5"),  # a reader tells upper case: that is somebody's name
        ("", ""),
    ],
)
def test_a_cards_bytes_may_be_read_from_last_to_first(uid: str, tag: str) -> None:
    assert card_tag(uid, reverse=True) == tag
    assert card_tag(uid, reverse=False) == uid


def test_kiosk_tags_are_filled_up() -> None:
    assert kiosk_tag(1, ("8000000000000009",)) == "8000000000000009"
    assert kiosk_tag(2, ("8000000000000009",)) == "HycKioskTag2"
    assert kiosk_tag(1, ("",)) == "HycKioskTag1"


def test_autocharge_tag() -> None:
    assert autocharge_tag("0018233537fb") == "VID:0018233537FB"
