"""Who may charge: one pure function over lists, keys and the state of the backend (decisions 7 to 9)."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from kiosk.model.enums import AuthorizationSource, AuthorizationStatus, RefusalReason
from kiosk.station.charging.ports import IdTagInfo

RANDOM_UID_PREFIX = "08"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """All that the answer depends on."""

    id_tag: str
    now: datetime
    kiosk: bool = False  # kiosk mode in force for this session
    configured: bool = True  # a backend is known
    online: bool = True  # ... and answers
    whitelisted: bool = False
    list_entry: IdTagInfo | None = None
    cache_entry: IdTagInfo | None = None
    list_enabled: bool = True  # LocalAuthListEnabled
    cache_enabled: bool = False  # AuthorizationCacheEnabled
    pre_authorize: bool = True  # LocalPreAuthorize
    authorize_offline: bool = True  # LocalAuthorizeOffline
    allow_unknown_offline: bool = False  # AllowOfflineTxForUnknownId


class Granted(msgspec.Struct, frozen=True):
    source: AuthorizationSource
    info: IdTagInfo | None = None


class Denied(msgspec.Struct, frozen=True):
    reason: RefusalReason


class Ask(msgspec.Struct, frozen=True):
    """Send Authorize.req and take its answer."""


Verdict = Granted | Denied | Ask

REFUSALS = {
    AuthorizationStatus.BLOCKED: RefusalReason.CARD_BLOCKED,
    AuthorizationStatus.EXPIRED: RefusalReason.CARD_EXPIRED,
    AuthorizationStatus.INVALID: RefusalReason.CARD_INVALID,
    AuthorizationStatus.CONCURRENT_TX: RefusalReason.CARD_CONCURRENT,
}


VALID = frozenset({AuthorizationStatus.ACCEPTED, AuthorizationStatus.CONCURRENT_TX})
"""A tag that is good in itself (OCPP 1.6 section 3.5.2)."""


def effective(info: IdTagInfo, now: datetime) -> AuthorizationStatus:
    """The status of an answer now: an accepted one that has run out is Expired."""
    if info.status is AuthorizationStatus.ACCEPTED and info.expiry is not None and info.expiry <= now:
        return AuthorizationStatus.EXPIRED
    return info.status


def decide(q: Question) -> Verdict:
    """Answer an idTag from what is known here, or say that the backend must be asked.

    Order: kiosk mode, then the local knowledge (list beats cache; the whitelist counts as an accepted entry
    of the list where the list is silent), then the backend. OCPP 1.6 sections 3.4 and 3.5.
    """
    if q.kiosk:
        return Granted(AuthorizationSource.KIOSK)
    if not q.configured:
        if q.whitelisted:
            return Granted(AuthorizationSource.WHITELIST)
        return Denied(RefusalReason.CARD_INVALID)
    source, known = _local(q)
    status = effective(known, q.now) if known else None
    if q.online:
        if q.pre_authorize and status is AuthorizationStatus.ACCEPTED and source is not None:
            return Granted(source, known)
        return Ask()
    if status is not None and source is not None and q.authorize_offline:
        if status is AuthorizationStatus.ACCEPTED:
            return Granted(source, known)
        return Denied(REFUSALS[status])
    # a tag that is known to be good is not worse than one nobody knows
    if q.allow_unknown_offline and status in (None, AuthorizationStatus.ACCEPTED):
        return Granted(AuthorizationSource.OFFLINE, known)
    return Denied(RefusalReason.BACKEND_OFFLINE)


def _local(q: Question) -> tuple[AuthorizationSource | None, IdTagInfo | None]:
    if q.list_enabled and q.list_entry is not None:
        return AuthorizationSource.LOCAL_LIST, q.list_entry
    if q.whitelisted:
        return AuthorizationSource.WHITELIST, IdTagInfo(status=AuthorizationStatus.ACCEPTED)
    if q.cache_enabled and q.cache_entry is not None:
        return AuthorizationSource.CACHE, q.cache_entry
    return None, None


def judge(info: IdTagInfo, now: datetime) -> Granted | Denied:
    """What the backend's answer means."""
    status = effective(info, now)
    if status is AuthorizationStatus.ACCEPTED:
        return Granted(AuthorizationSource.BACKEND, info)
    return Denied(REFUSALS[status])


def cacheable(info: IdTagInfo) -> bool:
    """ConcurrentTx says how busy a tag is, not what it is worth: tomorrow it would refuse a good card offline."""
    return info.status is not AuthorizationStatus.CONCURRENT_TX


def conflicting(listed: IdTagInfo, told: IdTagInfo, now: datetime) -> bool:
    """The local list and the backend disagree on whether a tag is valid (OCPP 1.6 section 3.5.2)."""
    return (effective(listed, now) in VALID) is not (effective(told, now) in VALID)


def group_of(info: IdTagInfo, now: datetime) -> str | None:
    """The group that a tag may act for; a tag in use elsewhere may still stop (ConcurrentTx is about starts)."""
    return info.parent_id_tag if effective(info, now) in VALID else None


def same_tag(one: str | None, other: str | None) -> bool:
    """idTags compare case-insensitively (CiString)."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def card_tag(uid: str, *, reverse: bool) -> str:
    """The idTag of a card that was held to the reader.

    ``reverse``: some backends know cards by their UID's bytes from last to first (facts.md section 5). What is no
    UID in hex (a backend's test tag) stays as it is.
    """
    if not reverse or re.fullmatch(r"(?:[0-9A-F]{2}){4,10}", uid) is None:
        return uid
    return bytes.fromhex(uid)[::-1].hex().upper()


def is_random_uid(uid: str, *, reverse: bool = False) -> bool:
    """4-byte UIDs that begin with 08 change with every read: never whitelist them (decision 8)."""
    return len(uid) == 8 and card_tag(uid.upper(), reverse=reverse).startswith(RANDOM_UID_PREFIX)


def kiosk_tag(connector_id: int, given: tuple[str, ...]) -> str:
    """Virtual idTag of a kiosk session: HycKioskModeTagIds item, else ``HycKioskTag<n>``."""
    if connector_id <= len(given) and given[connector_id - 1]:
        return given[connector_id - 1]
    return f"HycKioskTag{connector_id}"


def autocharge_tag(vehicle_id: str) -> str:
    """``VID:`` and 12 upper-case hex digits (decision 9)."""
    return f"VID:{vehicle_id.upper()}"
