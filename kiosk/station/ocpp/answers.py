"""What we read from the backend's answers; every other field is left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec

from kiosk.model.enums import AuthorizationStatus, RegistrationStatus
from kiosk.model.errors import BackendRefused
from kiosk.station.charging.ports import IdTagInfo


class IdTag(msgspec.Struct, frozen=True, rename="camel"):
    status: AuthorizationStatus
    expiry_date: datetime | None = None
    parent_id_tag: str | None = None

    @property
    def info(self) -> IdTagInfo:
        return IdTagInfo(
            status=self.status,
            expiry=None if self.expiry_date is None else aware(self.expiry_date),
            parent_id_tag=self.parent_id_tag or None,
        )


class Boot(msgspec.Struct, frozen=True, rename="camel"):
    status: RegistrationStatus
    current_time: datetime
    interval: int


class Heartbeat(msgspec.Struct, frozen=True, rename="camel"):
    current_time: datetime


class Authorize(msgspec.Struct, frozen=True, rename="camel"):
    id_tag_info: IdTag


class Start(msgspec.Struct, frozen=True, rename="camel"):
    transaction_id: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # more cannot be stored
    id_tag_info: IdTag


class Stop(msgspec.Struct, frozen=True, rename="camel"):
    id_tag_info: IdTag | None = None


T = TypeVar("T")
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)


def read(payload: dict[str, Any], kind: type[T]) -> T:
    """Raises BackendRefused when a field that we need is missing or wrong: then the call was not processed."""
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as error:
        raise BackendRefused("FormationViolation", f"the answer does not fit: {error}") from error


def aware(at: datetime) -> datetime:
    """The time in UTC; without zone it is UTC already (OCPP 1.6 section 3.13).

    One that no calendar has in UTC (the year 1 east of Greenwich) becomes the first or last that there is.
    """
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        return EARLIEST if at.year == EARLIEST.year else LATEST
