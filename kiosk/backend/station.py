"""One connected station: answers what it says, asks what it is told to ask, through the ``ocpp`` library."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ocpp import routing
from ocpp.exceptions import OCPPError
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import (
    Action,
    AuthorizationStatus,
    DataTransferStatus,
    GenericStatus,
    RegistrationStatus,
)
from websockets.exceptions import ConnectionClosed

from kiosk.backend.recording import RecordedSocket

if TYPE_CHECKING:
    from kiosk.backend.central import CentralSystem

_silent = logging.getLogger("kiosk.backend.frames")
_silent.disabled = True  # the library logs whole frames, idTags and keys included; we print our own lines


Handler = TypeVar("Handler", bound=Callable[..., Any])


def on(action: Action) -> Callable[[Handler], Handler]:
    """The library's routing decorator, with types."""
    return cast(Callable[[Handler], Handler], routing.on(action))


class StationGone(Exception):
    """The station's connection ended while it owed an answer."""


class Station(ChargePoint):  # type: ignore[misc]  # the library carries no types
    """The backend's end of one station's connection."""

    def __init__(self, identity: str, socket: RecordedSocket, central: CentralSystem) -> None:
        super().__init__(identity, socket, response_timeout=central.options.call_timeout_s, logger=_silent)
        self.identity = identity
        self.socket = socket
        self.central = central
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def ask(self, payload: Any) -> Any:
        """Send a call and return the library's answer object.

        Raises OCPPError for a CALLERROR, TimeoutError, StationGone.
        """
        asking = asyncio.ensure_future(self.call(payload, suppress=False))
        try:
            await asyncio.wait({asking, self.gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise StationGone(f"station {self.identity} hung up")
            return asking.result()
        except ConnectionClosed as error:
            raise StationGone(f"station {self.identity} hung up") from error
        finally:
            asking.cancel()  # also when whoever asked has gone

    # --- what stations say ---------------------------------------------------------------------------------

    def _now(self) -> str:
        return self.central.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _tag(self, id_tag: str) -> dict[str, Any]:
        """idTagInfo for a tag, by the options."""
        status, parent = self.central.judge(id_tag)
        info: dict[str, Any] = {"status": status}
        if parent is not None:
            info["parent_id_tag"] = parent
        if status == AuthorizationStatus.accepted:
            until = self.central.now() + timedelta(days=30)
            info["expiry_date"] = until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return info

    @on(Action.boot_notification)
    def on_boot(self, **boot: Any) -> Any:
        status = self.central.boot_answer(self.identity, boot)
        return call_result.BootNotification(
            current_time=self._now(),
            interval=self.central.options.heartbeat_interval_s
            if status == RegistrationStatus.accepted
            else self.central.options.boot_retry_s,
            status=status,
        )

    @on(Action.heartbeat)
    def on_heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=self._now())

    @on(Action.authorize)
    def on_authorize(self, id_tag: str) -> Any:
        return call_result.Authorize(id_tag_info=self._tag(id_tag))

    @on(Action.status_notification)
    def on_status(self, connector_id: int, **status: Any) -> Any:
        self.central.statuses.setdefault(self.identity, {})[connector_id] = status
        return call_result.StatusNotification()

    @on(Action.start_transaction)
    def on_start(
        self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, reservation_id: int | None = None
    ) -> Any:
        transaction = self.central.begin(self.identity, connector_id, id_tag, meter_start, timestamp)
        return call_result.StartTransaction(transaction_id=transaction.id, id_tag_info=self._tag(id_tag))

    @on(Action.meter_values)
    def on_meter_values(self, connector_id: int, meter_value: list[Any], transaction_id: int | None = None) -> Any:
        self.central.meter(self.identity, transaction_id, meter_value)
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    def on_stop(self, transaction_id: int, meter_stop: int, timestamp: str, **more: Any) -> Any:
        self.central.end(self.identity, transaction_id, meter_stop, timestamp, more)
        id_tag = more.get("id_tag")
        return call_result.StopTransaction(id_tag_info=self._tag(id_tag) if id_tag else None)

    @on(Action.data_transfer)
    def on_data(self, vendor_id: str, **data: Any) -> Any:
        return call_result.DataTransfer(status=DataTransferStatus.unknown_vendor_id)

    @on(Action.firmware_status_notification)
    def on_firmware(self, status: str) -> Any:
        return call_result.FirmwareStatusNotification()

    @on(Action.diagnostics_status_notification)
    def on_diagnostics(self, status: str) -> Any:
        return call_result.DiagnosticsStatusNotification()

    @on(Action.security_event_notification)
    def on_security_event(self, type: str, timestamp: str, tech_info: str = "") -> Any:
        return call_result.SecurityEventNotification()

    @on(Action.log_status_notification)
    def on_log_status(self, status: str, request_id: int | None = None) -> Any:
        return call_result.LogStatusNotification()

    @on(Action.signed_firmware_status_notification)
    def on_signed_firmware(self, status: str, request_id: int | None = None) -> Any:
        return call_result.SignedFirmwareStatusNotification()

    @on(Action.sign_certificate)
    def on_sign_certificate(self, csr: str) -> Any:
        return call_result.SignCertificate(status=GenericStatus.rejected)  # it is no certificate authority


def explain(error: BaseException) -> str:
    """One line for whoever asked."""
    if isinstance(error, OCPPError):
        return f"the station answered {error.code}: {error.description}"
    if isinstance(error, TimeoutError):
        return "the station did not answer in time"
    return str(error)


def parse_time(text: str) -> datetime:
    """ISO 8601 of a station, ``Z`` or offset; naive is taken as UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
