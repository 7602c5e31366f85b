"""What is kept: frozen structs, in the core's words. Times are aware, energy is integer Wh, unknown is ``None``.

``TransactionBegin``, ``MeterSample`` and ``TransactionEnd`` are stored as JSON: a field may be added with a
default, never renamed or removed.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from kiosk.model.enums import AuthorizationSource, AuthorizationStatus, StopReason


class FactKind(StrEnum):
    """What happened in a transaction. [stored]"""

    BEGIN = "begin"
    SAMPLE = "sample"
    END = "end"


class Delivery(StrEnum):
    """Where a fact stands between us and the backend. [stored]"""

    NONE = "none"  # no backend was to be told
    OWED = "owed"  # to be sent, or sent without an answer
    ANSWERED = "answered"
    UNDELIVERED = "undelivered"  # given up after all attempts; kept, can be sent again


def to_text(at: datetime) -> str:
    """Fixed-width UTC text, so that text order is time order. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError(f"a time without time zone cannot be stored: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """Inverse of ``to_text``."""
    return datetime.fromisoformat(text)


class TransactionBegin(msgspec.Struct, frozen=True, kw_only=True):
    """A session began: the facts of StartTransaction.req (OCPP 1.6 section 6.45), and who vouched for it."""

    local_id: str  # ours, unique for ever
    connector_id: int
    id_tag: str
    started_at: datetime
    meter_start_wh: int
    source: AuthorizationSource
    kiosk: bool = False
    remote: bool = False
    vehicle_id: str | None = None
    reservation_id: int | None = None
    parent_id_tag: str | None = None


class MeterSample(msgspec.Struct, frozen=True, kw_only=True):
    """Meter values at one instant.

    ``values``: measurand (OCPP name) to number in OCPP base units (Wh, W, A, V, Percent); unknown ones are absent.
    ``context``: OCPP ReadingContext, e.g. ``Sample.Periodic``. ``local_id`` None: outside any transaction.
    Raises ValueError for NaN and infinity.
    """

    local_id: str | None
    connector_id: int
    at: datetime
    context: str
    values: dict[str, float]

    def __post_init__(self) -> None:
        for measurand, value in self.values.items():
            if not math.isfinite(value):
                raise ValueError(f"{measurand} is {value}: leave an unknown value out")


class TransactionEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A session ended: the facts of StopTransaction.req (OCPP 1.6 section 6.47).

    ``id_tag``: the card that stopped it, None when nobody did. ``values``: as in ``MeterSample``, at the end.
    """

    local_id: str
    ended_at: datetime
    meter_stop_wh: int
    reason: StopReason
    id_tag: str | None = None
    values: dict[str, float] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        for measurand, value in self.values.items():
            if not math.isfinite(value):
                raise ValueError(f"{measurand} is {value}: leave an unknown value out")


Payload = TransactionBegin | MeterSample | TransactionEnd
DECODERS: Final[dict[FactKind, msgspec.json.Decoder[Payload]]] = {
    FactKind.BEGIN: msgspec.json.Decoder(TransactionBegin),
    FactKind.SAMPLE: msgspec.json.Decoder(MeterSample),
    FactKind.END: msgspec.json.Decoder(TransactionEnd),
}
"""What a stored fact's ``payload`` holds."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Last known register of a running session, for the case that the power fails."""

    local_id: str
    at: datetime
    meter_wh: int
    soc_percent: int | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One journalled fact, as the outbox reads it. ``transaction_id``: the backend's, None while unknown."""

    seq: int
    kind: FactKind
    local_id: str | None
    connector_id: int
    payload: Payload
    attempts: int
    transaction_id: int | None


class WaitingFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that the backend did not take (yet)."""

    fact: Fact
    delivery: Delivery


class OpenTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """Begun, not ended, with the last register that was made sure of (at least the one at begin)."""

    local_id: str
    connector_id: int
    transaction_id: int | None  # the backend's, None before its answer
    id_tag: str
    parent_id_tag: str | None
    vehicle_id: str | None
    source: AuthorizationSource
    kiosk: bool
    remote: bool
    reservation_id: int | None
    started_at: datetime
    meter_start_wh: int
    last_at: datetime
    last_meter_wh: int
    last_soc_percent: int | None
    id_tag_status: AuthorizationStatus | None = None  # the backend's word on the tag, None before its answer


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stored session. ``id_tag`` is empty once it was forgotten (decision 26)."""

    local_id: str
    connector_id: int
    transaction_id: int | None
    id_tag: str
    parent_id_tag: str | None
    vehicle_id: str | None
    source: AuthorizationSource
    kiosk: bool
    remote: bool
    started_at: datetime
    meter_start_wh: int
    ended_at: datetime | None
    meter_stop_wh: int | None
    reason: StopReason | None


class TagEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An idTag in a list. ``expiry`` None: never."""

    id_tag: str
    status: AuthorizationStatus = AuthorizationStatus.ACCEPTED
    expiry: datetime | None = None
    parent_id_tag: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the station's own log. ``code``: vendor error code."""

    seq: int
    at: datetime
    kind: str
    connector_id: int | None
    code: int | None
    text: str
