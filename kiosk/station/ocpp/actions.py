"""What a backend may ask: one table, action to handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from ocpp.exceptions import NotImplementedError as UnknownAction
from ocpp.exceptions import NotSupportedError as UnsupportedAction

from kiosk.station.ocpp import schemas
from kiosk.station.ocpp.asked import Payload, Station
from kiosk.station.ocpp.handlers import (
    certificates,
    charging_profiles,
    configuration,
    core,
    files,
    local_list,
    reservation,
    trigger,
)
from kiosk.station.ocpp.wire import Answer

Handler = Callable[[Station, Payload], Awaitable[Payload | Answer]]

ACTIONS: Final[Mapping[str, Handler]] = {
    "CertificateSigned": certificates.certificate_signed,
    "CancelReservation": reservation.cancel_reservation,
    "ChangeAvailability": core.change_availability,
    "ChangeConfiguration": configuration.change_configuration,
    "ClearCache": core.clear_cache,
    "ClearChargingProfile": charging_profiles.clear_charging_profile,
    "DataTransfer": core.data_transfer,
    "DeleteCertificate": certificates.delete_certificate,
    "GetCompositeSchedule": charging_profiles.get_composite_schedule,
    "GetConfiguration": configuration.get_configuration,
    "GetLocalListVersion": local_list.list_version,
    "ExtendedTriggerMessage": trigger.extended_trigger_message,
    "GetDiagnostics": files.get_diagnostics,
    "GetInstalledCertificateIds": certificates.installed_certificates,
    "GetLog": files.get_log,
    "InstallCertificate": certificates.install_certificate,
    "RemoteStartTransaction": core.remote_start,
    "RemoteStopTransaction": core.remote_stop,
    "ReserveNow": reservation.reserve_now,
    "Reset": core.reset,
    "SendLocalList": local_list.send_list,
    "SetChargingProfile": charging_profiles.set_charging_profile,
    "SignedUpdateFirmware": files.signed_update_firmware,
    "TriggerMessage": trigger.trigger_message,
    "UnlockConnector": core.unlock,
    "UpdateFirmware": files.update_firmware,
}
"""Every action of the central system that we do."""


async def answer(station: Station, action: str, payload: Any) -> Answer:
    """Answer one call. Raises OCPPError for a CALLERROR.

    OCPP-J 1.6 section 4.2.3: an action nobody knows is NotImplemented, one we do not do NotSupported.
    """
    handler = ACTIONS.get(action)
    if handler is None:
        if action in schemas.actions():
            raise UnsupportedAction(description=f"{action} is not supported")
        raise UnknownAction(description="OCPP 1.6 knows no such action")
    told = await handler(station, await schemas.check(action, payload))
    return told if isinstance(told, Answer) else Answer(payload=told)
