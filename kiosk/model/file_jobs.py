"""Words of firmware updates and file uploads. All members of the enums are [stored]: never rename them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec


class FirmwareStatus(StrEnum):
    """FirmwareStatusNotification and, with all members, SignedFirmwareStatusNotification. [stored]"""

    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    DOWNLOADING = "Downloading"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"  # waits for the time it may be fetched
    DOWNLOAD_PAUSED = "DownloadPaused"  # a try failed, the next one comes
    IDLE = "Idle"  # told on request only
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLING = "Installing"
    INSTALLED = "Installed"
    INSTALL_REBOOTING = "InstallRebooting"
    INSTALL_SCHEDULED = "InstallScheduled"  # waits for its time, or for running sessions
    INSTALL_VERIFICATION_FAILED = "InstallVerificationFailed"  # the image is damaged
    INVALID_SIGNATURE = "InvalidSignature"
    SIGNATURE_VERIFIED = "SignatureVerified"


class UploadStatus(StrEnum):
    """LogStatusNotification of the security white paper; DiagnosticsStatusNotification knows fewer. [stored]"""

    BAD_MESSAGE = "BadMessage"  # the address cannot be one
    IDLE = "Idle"  # told on request only
    NOT_SUPPORTED = "NotSupportedOperation"  # the server does not take files this way
    PERMISSION_DENIED = "PermissionDenied"
    UPLOADED = "Uploaded"
    UPLOAD_FAILURE = "UploadFailure"
    UPLOADING = "Uploading"


class LogKind(StrEnum):
    """What is uploaded. [stored]"""

    DIAGNOSTICS = "diagnostics"  # GetDiagnostics
    DIAGNOSTICS_LOG = "DiagnosticsLog"  # GetLog
    SECURITY_LOG = "SecurityLog"  # GetLog


class Acceptance(StrEnum):
    """Answer to a request for a file job."""

    ACCEPTED = "Accepted"
    ACCEPTED_CANCELED = "AcceptedCanceled"  # and a running one of its kind was given up for it
    REJECTED = "Rejected"
    INVALID_CERTIFICATE = "InvalidCertificate"
    REVOKED_CERTIFICATE = "RevokedCertificate"


class FirmwareNews(msgspec.Struct, frozen=True):
    """A status to be told. ``request_id``: of a signed update. ``heard``: to be called once it was taken."""

    status: FirmwareStatus
    request_id: int | None
    heard: Callable[[], None]


class UploadNews(msgspec.Struct, frozen=True):
    """A status to be told. ``request_id``: None for GetDiagnostics. ``heard``: as with firmware."""

    status: UploadStatus
    request_id: int | None
    heard: Callable[[], None]
