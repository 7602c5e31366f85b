"""The one exception tree.

::

    KioskError
    ├── UserFacing                     its text may be read by a person: one line, what and what to do
    │   ├── UsageError                 the caller asked for something that does not exist or does not fit
    │   │   ├── UnknownConnector
    │   │   ├── UnknownKey
    │   │   ├── UnknownFault
    │   │   ├── UnknownCar
    │   │   ├── UnfittingCar
    │   │   ├── UnknownMethod          (link)
    │   │   └── BadValue               a value outside its type or range
    │   ├── ReadOnlyKey
    │   ├── Refused                    a start or stop was refused, with a RefusalReason
    │   ├── NotPossible                right request, wrong moment (no car plugged in, no screen connected)
    │   ├── NotPermitted               this door may not do that
    │   ├── CoreNotRunning             no station core answers
    │   ├── AlreadyRunning             another core holds the data folder
    │   ├── BadFile                    a file we were given is wrong: names file, field and remedy
    │   └── StorageFailed              the journal cannot be written: charging must stop
    ├── MachineFailed                  the computer around us did not do what it was asked
    ├── TransferFailed                 a file could not be fetched or delivered
    ├── LinkError                      the local socket
    │   ├── LinkClosed
    │   └── ProtocolError              a frame that is not what the contract says
    └── BackendUnreachable             no answer from the central system
        └── BackendRefused             it answered with a CALLERROR
"""

from __future__ import annotations

from kiosk.model.enums import RefusalReason


class KioskError(Exception):
    """Root of everything we raise ourselves."""


class UserFacing(KioskError):
    """``str(error)`` may be shown to a person."""


class UsageError(UserFacing):
    """The caller's words are off; repeating them will not help."""


class UnknownConnector(UsageError):
    def __init__(self, connector_id: int, count: int) -> None:
        super().__init__(f"connector {connector_id} does not exist: this station has connectors 1 to {count}")
        self.connector_id = connector_id


class UnknownKey(UsageError):
    def __init__(self, name: str, nearest: str | None = None) -> None:
        hint = f"; did you mean {nearest}?" if nearest else "; `kiosk keys list` shows all keys"
        super().__init__(f"configuration key {name!r} does not exist{hint}")
        self.name = name


class UnknownFault(UsageError):
    def __init__(self, code: int, known: str) -> None:
        super().__init__(f"vendor error code {code} does not exist; codes are {known}")


class UnknownCar(UsageError):
    def __init__(self, name: str, known: str) -> None:
        super().__init__(f"car {name!r} does not exist; cars are {known}")


class UnfittingCar(UsageError):
    """The car has no inlet for that connector."""


class UnknownMethod(UsageError):
    def __init__(self, method: str) -> None:
        super().__init__(f"method {method!r} does not exist at this door")


class BadValue(UsageError):
    """A value was refused: names what, the value, why, and what is allowed."""

    def __init__(self, name: str, value: str, reason: str, allowed: str) -> None:
        super().__init__(f"{name}: {value!r} refused: {reason}; allowed: {allowed}")
        self.name, self.value, self.reason, self.allowed = name, value, reason, allowed


class ReadOnlyKey(UserFacing):
    def __init__(self, name: str, why: str = "it is read-only") -> None:
        super().__init__(f"configuration key {name} cannot be changed: {why}")
        self.name = name


class Refused(UserFacing):
    def __init__(self, reason: RefusalReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class NotPossible(UserFacing):
    """The request is right, the moment is wrong."""


class NotPermitted(UserFacing):
    """This door may not do that."""


class CoreNotRunning(UserFacing):
    """No station core answers for the data folder."""


class AlreadyRunning(UserFacing):
    """Another core holds the data folder."""


class BadFile(UserFacing):
    def __init__(self, path: object, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path, self.problem, self.remedy = path, problem, remedy


class StorageFailed(UserFacing):
    """The journal cannot be written. Only this may end the core (design rule 7)."""


class MachineFailed(KioskError):
    """The computer around us (network, modem, reset ...) did not do what it was asked."""


class TransferFailed(KioskError):
    """A file could not be fetched or delivered; one line that says why, without credentials.

    ``final``: trying again cannot help. ``refused``: the other side, or our own rules, do not permit it.
    ``unsupported``: the other side does not know how.
    """

    def __init__(
        self, text: str, *, final: bool = False, refused: bool = False, unsupported: bool = False
    ) -> None:
        super().__init__(text)
        self.final, self.refused, self.unsupported = final, refused, unsupported


class LinkError(KioskError):
    """Trouble on the local socket."""


class LinkClosed(LinkError):
    """The other end is gone."""


class ProtocolError(LinkError):
    """A frame that the contract does not allow."""


class BackendUnreachable(KioskError):
    """No central system, or no answer from it in time."""


class BackendRefused(BackendUnreachable):
    """The central system answered with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code, self.description = code, description
