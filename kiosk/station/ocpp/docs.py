"""The reference page for backend developers, generated from two tables: what is asked, what is sent.

python -m kiosk.station.ocpp.docs > assets/docs/ocpp.md
"""

from __future__ import annotations

import sys
from typing import Final

CORE, FIRMWARE, LISTS, RESERVATION, CHARGING, TRIGGER, SECURITY = (
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
    "Security",
)
ASKED: Final = {
    "CancelReservation": (RESERVATION, "the connector is free again; Rejected where there is no such reservation"),
    "CertificateSigned": (
        SECURITY,
        "the chain is checked against the open request and the roots; Accepted: the station dials again "
        "with it, and goes back to the old one if that fails. Rejected: an InvalidChargePointCertificate"
        " event says why",
    ),
    "ChangeAvailability": (
        CORE,
        "stored before it is answered, so it survives a restart; Scheduled while "
        "a plug is in, somebody is authorized or a session runs",
    ),
    "ChangeConfiguration": (
        CORE,
        "checked, stored, then in force; RebootRequired: in force after the next reset; Rejected: read-"
        "only or a value that does not fit; NotSupported: no such key. Names compare without case",
    ),
    "ClearCache": (CORE, "Rejected while AuthorizationCacheEnabled is false"),
    "ClearChargingProfile": (
        CHARGING,
        "by id, or by any of connector, purpose and stack level; Unknown where nothing matched",
    ),
    "DataTransfer": (
        CORE,
        "one message, of the vendor that StatusNotification names: messageId SessionCost, data "
        '`{"transactionId": 5, "text": "12.30 EUR"}` shows the driver what that session costs; Rejected where no '
        "session shown has that id. Others: UnknownMessageId, UnknownVendorId",
    ),
    "DeleteCertificate": (SECURITY, "Failed for the certificate that the present link hangs on"),
    "ExtendedTriggerMessage": (
        SECURITY,
        "as TriggerMessage, for signed updates, logs and SignCertificate besides (Rejected before "
        "BootNotification was accepted)",
    ),
    "GetCompositeSchedule": (
        CHARGING,
        "connector 0: the sum of the connectors within the station's limit; equal neighbouring periods "
        "are one; the duration tells how much of what was asked for is covered (at most a week, "
        "ChargingScheduleMaxPeriods periods)",
    ),
    "GetConfiguration": (
        CORE,
        "without names: all; secrets without a value; more names than GetConfigurationMaxKeys: "
        "OccurenceConstraintViolation",
    ),
    "GetDiagnostics": (
        FIRMWARE,
        "a zip of logs, keys without secrets, faults and sessions is uploaded; no fileName: nothing to "
        "upload or an address that is not allowed",
    ),
    "GetInstalledCertificateIds": (SECURITY, "SHA256 hashes as in RFC 6960; NotFound where there is none"),
    "GetLocalListVersion": (LISTS, "0: empty; -1: LocalAuthListEnabled is false"),
    "GetLog": (
        SECURITY,
        "DiagnosticsLog or SecurityLog; a second request takes the place of the first (AcceptedCanceled)",
    ),
    "InstallCertificate": (SECURITY, "Rejected: unfit, or the store is full; Failed: it could not be kept"),
    "RemoteStartTransaction": (
        CORE,
        "Rejected before BootNotification was accepted, for connector 0, where nothing is free, where it"
        " is reserved for another tag, and with a charging profile that cannot be used. No connectorId: "
        "a plugged connector first. AuthorizeRemoteTxRequests: the tag is checked first",
    ),
    "RemoteStopTransaction": (CORE, "Rejected where no running session has that transactionId"),
    "ReserveNow": (
        RESERVATION,
        "also connector 0 (one stays free; connectors that are needed for that are told as Reserved) and "
        "parentIdTag; a stranger's card is refused without Authorize; kept over restarts until it is used, "
        "cancelled or run out",
    ),
    "Reset": (
        CORE,
        "sessions end with SoftReset or HardReset, their StopTransactions are delivered if the backend "
        "takes them in time, then the station restarts",
    ),
    "SendLocalList": (
        LISTS,
        "whole or not at all; VersionMismatch: a differential update that is not newer; Failed: too "
        "long, a tag twice, or a full update with a tag that lacks idTagInfo",
    ),
    "SetChargingProfile": (
        CHARGING,
        "stored before it is answered; the same id, or the same purpose and stack level at that "
        "connector, is replaced; a TxProfile ends with its transaction",
    ),
    "SignedUpdateFirmware": (
        SECURITY,
        "the signer's certificate must come from a manufacturer root; the signature is checked before "
        "anything is installed",
    ),
    "TriggerMessage": (
        TRIGGER,
        "the answer leaves first; without connectorId: all connectors. MeterValues: Rejected before "
        "BootNotification was accepted",
    ),
    "UnlockConnector": (
        CORE,
        "a session is ended first with reason UnlockCommand; NotSupported where the installation file "
        "says that there is no lock",
    ),
    "UpdateFirmware": (
        FIRMWARE,
        "download, wait until no session runs, install, restart; each step survives a power cut",
    ),
}
"""What a backend may ask, its feature profile (Security: the security white paper), and what the station does."""

SENT: Final = {
    "Authorize": (
        CORE,
        "a card, or the virtual tag of kiosk mode, unless a local list answers; a card that may be of the group "
        "of a running session or of a reservation",
    ),
    "BootNotification": (
        CORE,
        "once per start, again until it is accepted, when its fields change, when triggered",
    ),
    "DiagnosticsStatusNotification": (FIRMWARE, "as an upload goes on, and when triggered"),
    "FirmwareStatusNotification": (FIRMWARE, "as an update goes on, after the restart too, and when triggered"),
    "Heartbeat": (CORE, "after HeartbeatInterval without any message, and first on a new connection"),
    "LogStatusNotification": (SECURITY, "as the upload of a log goes on, and when triggered"),
    "MeterValues": (
        CORE,
        "every MeterValueSampleInterval of a session, on the grid of ClockAlignedDataInterval, when triggered",
    ),
    "SecurityEventNotification": (SECURITY, "critical events; kept until they are answered"),
    "SignCertificate": (SECURITY, "when triggered, and before the station's certificate runs out"),
    "SignedFirmwareStatusNotification": (SECURITY, "as a signed update goes on"),
    "StartTransaction": (CORE, "kept until it is answered or its attempts are used up"),
    "StatusNotification": (
        CORE,
        "the present state after each connection, then changes that last MinimumStatusDuration, and before "
        "StartTransaction how the connector was, at once; LocalListConflict of connector 0 where your word on a "
        "tag contradicts your list",
    ),
    "StopTransaction": (CORE, "kept until it is answered or its attempts are used up"),
}
"""What the station sends, and when."""

_HEAD: Final = """\
# OCPP 1.6-J, for backend developers

<!-- Generated by `python -m kiosk.station.ocpp.docs`; a test fails when it is stale. -->

The station speaks OCPP 1.6 edition 2 with its errata over WebSocket, all six feature profiles, and the messages of
OCA's security white paper. It connects to `WebSocketUrl/<chargePointIdentity>` (percent-encoded) with the
subprotocol `ocpp1.6`. The keys are listed in [configuration-keys.md](configuration-keys.md), the vendor's error
codes in [faults.md](faults.md), the acceptance cases in [conformance.md](conformance.md).

`packaging/run` starts a station with a backend of its own to look at; `kiosk backend log` shows its messages. To
try yours: `kiosk run --backend ws://host:port/path --identity NAME`.
"""

_TAIL: Final = """\
## What you can rely on

- **One call at a time.** The station has one call open; calls of the backend are answered meanwhile, one after the
  other, in the order they came. An answer is matched by its message id; a late one finds nobody.
- **Silence.** A call that is not answered in time is followed by a ping. With a pong the connection stays and the
  next call goes out; statuses, notices and security events are asked again after pauses that grow, and Authorize
  goes before all that waits. Three unanswered calls in a row end the connection with a close frame; without a pong
  it is cut. Then the station dials again, with waits that grow until you answer something.
- **Transaction messages are journalled first.** StartTransaction, MeterValues of a session and StopTransaction are
  committed to disk before they are sent and leave the queue only after their answer was committed. They arrive in
  the order in which they happened, over all connectors.
- **Repeats.** OCPP 1.6 has no idempotency key. A message without a committed answer is sent again with the same
  content and a new message id: join on connectorId, idTag, timestamp and meterStart. A CALLERROR, an unfit answer
  or no answer from a backend that still answers pings counts as a failed attempt. There are
  TransactionMessageAttempts of them, TransactionMessageRetryInterval times the attempt apart. Then the message is
  kept as undelivered; the operator can have it sent again. A dead line counts as no attempt. MeterValues that you
  answer with `NotImplemented` or `NotSupported` are not repeated.
- **Offline.** Sessions go on. transactionId is filled in when StartTransaction.conf has come; it is -1 only after
  the delivery of StartTransaction has finally failed. 0 is an id like any other.
- **Errors.** CALLERROR codes are OCPP-J 1.6's own spellings (`FormationViolation`,
  `OccurenceConstraintViolation`). An action nobody knows is `NotImplemented`; what does not fit its schema gets
  the code that names the reason. Whatever has no message id cannot be answered and is dropped.
- **Time.** currentTime of BootNotification.conf and Heartbeat.conf is the station's time; differences under a
  second are left alone.
"""


def page() -> str:
    """The whole page, Markdown."""
    lines = [_HEAD, "## What the backend may ask", "", "| action | profile | what happens |", "|---|---|---|"]
    lines += [f"| {action} | {profile} | {does} |" for action, (profile, does) in sorted(ASKED.items())]
    lines += ["", "## What the station sends", "", "| action | profile | when |", "|---|---|---|"]
    lines += [f"| {action} | {profile} | {when} |" for action, (profile, when) in sorted(SENT.items())]
    return "\n".join([*lines, "", _TAIL])


if __name__ == "__main__":
    sys.stdout.write(page())
