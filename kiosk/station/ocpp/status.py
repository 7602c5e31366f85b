"""Which StatusNotification is due. Pure: pictures and monotonic time in, notifications out.

Nothing is kept for a backend that is away: after a (re)connect it is told the present state, then every change
that lasted MinimumStatusDuration (OCPP 1.6 sections 4.9 and 9.1.20).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from kiosk.model.enums import ChargePointErrorCode, ChargePointStatus, StopReason
from kiosk.model.faults import FAULTS, blocks_start, gravest
from kiosk.model.snapshot import Connector, Snapshot, Station
from kiosk.station.ocpp.outbox import timestamp

MAX_INFO: Final = 50
"""CiString50 of StatusNotification.info and vendorErrorCode."""
MAX_VENDOR_ID: Final = 255
UNDER_WAY: Final = frozenset(
    {ChargePointStatus.CHARGING, ChargePointStatus.SUSPENDED_EV, ChargePointStatus.SUSPENDED_EVSE}
)
"""Only a transaction that has begun looks like this."""
EV_LEFT: Final = "EV side disconnected"
"""Info of a session that ended because its car was disconnected (OCPP 1.6 section 4.9)."""
NO_POWER: Final = "NoFreePower"
"""Info of a connector that is unavailable only because load management releases no power for it."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What a StatusNotification tells of one connector; 0 is the station itself."""

    connector_id: int
    status: ChargePointStatus
    error_code: ChargePointErrorCode
    vendor_error_code: int
    info: str = ""  # where there is no error to name


def of_connector(connector: Connector) -> Picture:
    """A connector whose car does not talk to us is told as Finishing: OCPP 1.6 section 4.9 makes
    EVCommunicationError a warning, which never comes with Faulted."""
    status = connector.status
    if status is ChargePointStatus.FAULTED and connector.error_code is ChargePointErrorCode.EV_COMMUNICATION_ERROR:
        status = ChargePointStatus.FINISHING
    session = connector.session
    left = session is not None and session.stop_reason is StopReason.EV_DISCONNECTED
    away = status is ChargePointStatus.SUSPENDED_EV and not connector.plugged
    info = NO_POWER if connector.withheld else ""
    if away or (left and status is ChargePointStatus.FINISHING):
        info = EV_LEFT
    return Picture(
        connector_id=connector.id,
        status=status,
        error_code=connector.error_code,
        vendor_error_code=connector.vendor_error_code,
        info=info,
    )


def of_station(station: Station) -> Picture:
    """Connector 0: in or out of service; only the emergency stop faults it, no door ever does (decision 13)."""
    fault = gravest(station.faults)
    usable = station.operative and not station.updating
    status = ChargePointStatus.AVAILABLE if usable else ChargePointStatus.UNAVAILABLE
    if blocks_start(station.faults):
        status = ChargePointStatus.FAULTED
    return Picture(
        connector_id=0,
        status=status,
        error_code=fault.error_code,
        vendor_error_code=fault.code,
    )


def of_all(snapshot: Snapshot) -> list[Picture]:
    """Connector 0 and each connector, in order."""
    return [of_station(snapshot.station), *(of_connector(c) for c in snapshot.connectors)]


def payload(picture: Picture, at: datetime, vendor: str) -> dict[str, Any]:
    """StatusNotification.req (OCPP 1.6 section 6.43, decision 13)."""
    told: dict[str, Any] = {
        "connectorId": picture.connector_id,
        "errorCode": picture.error_code.value,
        "status": picture.status.value,
        "timestamp": timestamp(at),
        "vendorId": vendor[:MAX_VENDOR_ID],
        "vendorErrorCode": str(picture.vendor_error_code),
    }
    if picture.vendor_error_code != 0 and picture.vendor_error_code in FAULTS:
        told["info"] = FAULTS[picture.vendor_error_code].name[:MAX_INFO]
    elif picture.info:
        told["info"] = picture.info
    return told


class _Change(msgspec.Struct, frozen=True):
    picture: Picture
    at: datetime
    since_s: float


class StatusBoard:
    """What the backend was told last, and what waits to be told."""

    def __init__(self) -> None:
        self._told: dict[int, Picture] = {}
        self._waiting: list[_Change] = []
        self._overtaken: dict[int, _Change] = {}  # the newest that did not last and may precede a start

    def reset(self) -> None:
        """The backend went away: what it knows is unknown, what waited is history."""
        self._told.clear()
        self._waiting.clear()
        self._overtaken.clear()

    def changed(self, picture: Picture, at: datetime, now_s: float) -> None:
        """A connector looks like this now; ``at`` is the wall time, ``now_s`` the monotonic one."""
        if self._newest(picture.connector_id) != picture:
            self._waiting.append(_Change(picture, at, now_s))

    def told(self, picture: Picture) -> None:
        """The backend confirmed this picture."""
        self._told[picture.connector_id] = picture
        self._overtaken.pop(picture.connector_id, None)

    def due(self, now_s: float, minimum_s: float) -> list[tuple[Picture, datetime]]:
        """Takes out what is to be told now, in the order it happened.

        A change that was overtaken before it had lasted ``minimum_s`` is dropped, and a change back to what the
        backend knows with it.
        """
        ripe: list[tuple[Picture, datetime]] = []
        kept: list[_Change] = []
        known = dict(self._told)
        for i, change in enumerate(self._waiting):
            connector_id = change.picture.connector_id
            follower = next((c for c in self._waiting[i + 1 :] if c.picture.connector_id == connector_id), None)
            if follower is not None and follower.since_s - change.since_s < minimum_s:
                if change.picture.status not in UNDER_WAY:
                    self._overtaken[connector_id] = change
                continue
            if change.picture == known.get(connector_id):
                self._overtaken.pop(connector_id, None)
                continue
            if follower is None and now_s < change.since_s + minimum_s:
                kept.append(change)
                continue
            ripe.append((change.picture, change.at))
            known[connector_id] = change.picture
        self._waiting = kept
        return ripe

    def before_start(
        self, connector_id: int, started_at: datetime, minimum_s: float
    ) -> list[tuple[Picture, datetime]]:
        """Takes out what a connector was before its transaction began: each that lasted, and the last in any case.

        Empty when the backend knows it, or knows of something newer. What came after the begin goes on waiting.
        """
        own = [c for c in self._waiting if c.picture.connector_id == connector_id]
        if not own or own[-1].picture == self._told.get(connector_id):
            return []
        overtaken = self._overtaken.get(connector_id)
        changes = own if overtaken is None else [overtaken, *own]
        early = [c for c in changes if _was_before(c, started_at)]
        self._waiting = [c for c in self._waiting if c not in early]
        told: list[tuple[Picture, datetime]] = []
        known = self._told.get(connector_id)
        for n, change in enumerate(early, start=1):
            lasted = n == len(early) or early[n].since_s - change.since_s >= minimum_s
            if lasted and change.picture != known:
                told.append((change.picture, change.at))
                known = change.picture
        return told

    def next_due_s(self, minimum_s: float) -> float | None:
        """Monotonic time at which something may become due; None while nothing waits."""
        return min((c.since_s + minimum_s for c in self._waiting), default=None)

    def _newest(self, connector_id: int) -> Picture | None:
        waiting = [c.picture for c in self._waiting if c.picture.connector_id == connector_id]
        return waiting[-1] if waiting else self._told.get(connector_id)


def _was_before(change: _Change, started_at: datetime) -> bool:
    """A clock that is not fine enough may give both the same time."""
    if change.at == started_at:
        return change.picture.status not in UNDER_WAY
    return change.at < started_at
