"""Every combination of what an idTag's answer depends on, against the rules in words (decisions 7 to 9)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationSource as Source
from kiosk.model.enums import AuthorizationStatus as Status
from kiosk.model.enums import Provenance
from kiosk.model.enums import RefusalReason as Reason
from kiosk.station.charging.authorization import (
    Ask,
    Denied,
    Granted,
    Question,
    cacheable,
    conflicting,
    decide,
    group_of,
)
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.storage.records import TagEntry
from tests.fakes.backend import FakeBackend
from tests.fakes.core import core_on

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENTRIES = {
    "none": None,
    "good": IdTagInfo(status=Status.ACCEPTED),
    "lasting": IdTagInfo(status=Status.ACCEPTED, expiry=NOW + HOUR),
    "over": IdTagInfo(status=Status.ACCEPTED, expiry=NOW),
    "blocked": IdTagInfo(status=Status.BLOCKED),
    "expired": IdTagInfo(status=Status.EXPIRED),
    "invalid": IdTagInfo(status=Status.INVALID),
    "busy": IdTagInfo(status=Status.CONCURRENT_TX),
}
WHY = {
    "over": Reason.CARD_EXPIRED,
    "blocked": Reason.CARD_BLOCKED,
    "expired": Reason.CARD_EXPIRED,
    "invalid": Reason.CARD_INVALID,
    "busy": Reason.CARD_CONCURRENT,
}
FLAGS = (
    "kiosk",
    "configured",
    "online",
    "whitelisted",
    "list_enabled",
    "cache_enabled",
    "pre_authorize",
    "authorize_offline",
    "allow_unknown_offline",
)
Case = dict[str, Any]


def cases() -> Iterator[Case]:
    for flags in itertools.product((False, True), repeat=len(FLAGS)):
        for listed, cached in itertools.product(ENTRIES, repeat=2):
            yield dict(zip(FLAGS, flags, strict=True)) | {"listed": listed, "cached": cached}


def known(c: Case) -> tuple[Source | None, str]:
    """Who here knows the tag, and as what: the list before the whitelist before the cache."""
    if c["list_enabled"] and c["listed"] != "none":
        return Source.LOCAL_LIST, c["listed"]
    if c["whitelisted"]:
        return Source.WHITELIST, "good"
    if c["cache_enabled"] and c["cached"] != "none":
        return Source.CACHE, c["cached"]
    return None, "none"


def good(c: Case) -> bool:
    return known(c)[1] in ("good", "lasting")


Rule = tuple[str, Callable[[Case], Any], Callable[[Case], Any]]
RULES: list[Rule] = [
    ("kiosk mode asks nobody", lambda c: c["kiosk"], lambda c: Source.KIOSK),
    ("no backend: the whitelist", lambda c: not c["configured"] and c["whitelisted"], lambda c: Source.WHITELIST),
    ("no backend: nobody else", lambda c: not c["configured"], lambda c: Reason.CARD_INVALID),
    ("online, good here", lambda c: c["online"] and c["pre_authorize"] and good(c), lambda c: known(c)[0]),
    ("online: the backend", lambda c: c["online"], lambda c: Ask),
    ("offline, good here", lambda c: c["authorize_offline"] and good(c), lambda c: known(c)[0]),
    ("offline, bad here", lambda c: c["authorize_offline"] and known(c)[1] in WHY, lambda c: WHY[known(c)[1]]),
    ("offline, bad, and nobody may look", lambda c: known(c)[1] in WHY, lambda c: Reason.BACKEND_OFFLINE),
    ("offline, anybody may charge", lambda c: c["allow_unknown_offline"], lambda c: Source.OFFLINE),
    ("offline, nobody knows", lambda c: True, lambda c: Reason.BACKEND_OFFLINE),
]


def answer(c: Case) -> Any:
    verdict = decide(
        Question(
            id_tag="E36432E5",
            now=NOW,
            list_entry=ENTRIES[c["listed"]],
            cache_entry=ENTRIES[c["cached"]],
            **{name: c[name] for name in FLAGS},
        )
    )
    match verdict:
        case Granted(source=source):
            return source
        case Denied(reason=reason):
            return reason
    return Ask


def test_every_combination_is_decided_by_the_first_rule_that_fits() -> None:
    met: set[str] = set()
    for c in cases():
        name, expected = next((name, told(c)) for name, fits, told in RULES if fits(c))
        met.add(name)
        assert answer(c) == expected, f"{name}: {c}"
    assert met == {name for name, _, _ in RULES}, "a rule that decides nothing"


@pytest.mark.parametrize("key", ["pre_authorize"])
def test_offline_does_not_look_at_what_is_for_online(key: str) -> None:
    """Lesson 18: LocalAuthorizeOffline alone decides offline, LocalPreAuthorize alone online."""
    for c in cases():
        if not c["online"]:
            assert answer(c) == answer(c | {key: not c[key]}), c
        elif c["configured"]:
            for other in ("authorize_offline", "allow_unknown_offline"):
                assert answer(c) == answer(c | {other: not c[other]}), c


@pytest.mark.parametrize(
    ("listed", "told", "expected"),
    [
        ("good", "good", False),
        ("good", "busy", False),  # busy is no word on the tag itself
        ("good", "blocked", True),
        ("good", "over", True),
        ("blocked", "good", True),
        ("blocked", "invalid", False),
        ("over", "expired", False),
    ],
)
def test_the_list_and_the_backend_disagree(listed: str, told: str, expected: bool) -> None:
    one, other = ENTRIES[listed], ENTRIES[told]
    assert one is not None
    assert other is not None
    assert conflicting(one, other, NOW) is expected


def test_who_is_of_a_group() -> None:
    for name, info in ENTRIES.items():
        if info is not None:
            member = IdTagInfo(status=info.status, expiry=info.expiry, parent_id_tag="FAMILY")
            assert group_of(member, NOW) == ("FAMILY" if name in ("good", "lasting", "busy") else None)
            assert group_of(info, NOW) is None
            assert cacheable(info) is (name != "busy")


CARD = "04AE179C4F6181"
VID = "VID:0018233537FB"


@pytest.mark.parametrize("tag", [CARD, VID, "HycKioskTag1"])
@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("kiosk", [False, True])
@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize("told", [Status.ACCEPTED, Status.INVALID])
def test_kiosk_remote_and_the_cars_own_id(
    aio: Any, tmp_path: Path, tag: str, remote: bool, kiosk: bool, checked: bool, told: Status
) -> None:
    """Whatever the tag is: remote by its key, kiosk mode without waiting, else the rules and the backend."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("AuthorizeRemoteTxRequests", str(checked).lower())]) as station:
            station.core.backend.real = backend = FakeBackend(**{tag: told})
            verdict = await station.core.authorizer.authorize(tag, kiosk=kiosk and not remote, remote=remote)
            await asyncio.sleep(1)
            if remote and not checked:
                assert verdict == Granted(Source.REMOTE)
                assert backend.asked == []
            elif kiosk and not remote:
                assert verdict == Granted(Source.KIOSK)
                assert backend.asked == [tag]
            else:
                assert isinstance(verdict, Granted) is (told is Status.ACCEPTED)
                assert backend.asked == [tag]

    aio(story())


@pytest.mark.parametrize("where", ["list", "cache"])
def test_a_car_that_is_known_here_is_not_asked_about(aio: Any, tmp_path: Path, where: str) -> None:
    """Decision 9: Autocharge asks the backend unless list or cache knows the car."""

    async def story() -> None:
        keys = [("AutochargeEnabled", "true"), ("AuthorizationCacheEnabled", "true")]
        async with core_on(tmp_path, keys=keys) as station:
            station.core.backend.real = backend = FakeBackend()
            backend.online = False  # the first visit is only to learn the car's id
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).vehicle_id is not None)
            entry = TagEntry(id_tag=f"vid:{station.connector(1).vehicle_id}")
            station.sim.unplug(1)
            put = station.core.tags.cache_put
            await (station.core.tags.local_replace([entry], 1) if where == "list" else put(entry))
            backend.online = True
            station.sim.plug(1)
            await station.until(lambda: station.connector(1).status == "Charging")
            assert backend.asked == []

    aio(story())


def test_the_keys_reach_the_rules(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.core.backend.real = backend = FakeBackend(**{CARD: Status.ACCEPTED})
            start = station.core.authorizer.authorize

            async def key(name: str, value: bool) -> None:
                await station.core.commands.change_key(name, str(value).lower(), Provenance.BACKEND)

            await station.core.tags.local_replace([TagEntry(id_tag=CARD)], 1)
            assert await start(CARD.lower(), kiosk=False, remote=False) == Granted(
                Source.LOCAL_LIST, IdTagInfo(status=Status.ACCEPTED)
            )
            await key("LocalPreAuthorize", False)
            verdict = await start(CARD, kiosk=False, remote=False)
            assert isinstance(verdict, Granted)
            assert verdict.source is Source.BACKEND
            backend.online = False
            verdict = await start(CARD, kiosk=False, remote=False)
            assert isinstance(verdict, Granted)
            assert verdict.source is Source.LOCAL_LIST
            await key("LocalAuthorizeOffline", False)
            assert await start(CARD, kiosk=False, remote=False) == Denied(Reason.BACKEND_OFFLINE)
            await key("AllowOfflineTxForUnknownId", True)
            verdict = await start(CARD, kiosk=False, remote=False)
            assert isinstance(verdict, Granted)
            assert verdict.source is Source.OFFLINE
            await key("LocalAuthorizeOffline", True)
            await key("AllowOfflineTxForUnknownId", False)
            await key("LocalAuthListEnabled", False)
            assert await start(CARD, kiosk=False, remote=False) == Denied(Reason.BACKEND_OFFLINE)

    aio(story())
