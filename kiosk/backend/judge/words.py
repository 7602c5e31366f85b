"""The words of the judge: what a breach is, and the names of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule. ``seq``: the frame that broke it, 0 where no single one did."""

    rule: str
    text: str
    seq: int = 0

    def __str__(self) -> str:
        return f"[{self.rule}] {self.text}"


RULES: Final[Mapping[str, str]] = {
    "frame": "a frame is an OCPP-J array of the right length with the right types (OCPP-J 1.6 section 4.2)",
    "message-id": "message ids are unique and at most 36 characters (OCPP-J 1.6 section 4.1.4)",
    "one-call": "one CALL in flight per direction (OCPP-J 1.6 section 4.1.1)",
    "answer": "an answer belongs to a call that is open, and there is one (OCPP-J 1.6 section 4.1.3)",
    "error-code": "a CALLERROR has a code of the table (OCPP-J 1.6 section 4.2.3)",
    "schema": "the payload fits the JSON schema of its action",
    "text": "strings are printable ASCII (OCPP 1.6 section 2.2)",
    "time": "times are UTC in RFC 3339 with Z, and not in the future (OCPP 1.6 section 3.14)",
    "connector": "a connectorId is one of the station's",
    "meter-value": "unit, location and value of a sampled value fit its measurand (OCPP 1.6 section 7.43)",
    "registration": "only BootNotification and what was triggered before acceptance (OCPP 1.6 section 4.2)",
    "boot-interval": "BootNotification is repeated after the interval, not before (OCPP 1.6 section 4.2)",
    "status": "statuses move as the table of OCPP 1.6 section 4.9 has it",
    "status-error": "error codes fit the status (OCPP 1.6 section 4.9)",
    "status-repeat": "a status is told when it changed or when it was triggered (OCPP 1.6 section 4.9)",
    "start": "Preparing is told before StartTransaction; one transaction per connector",
    "transaction": "a transactionId is one that was given for that connector and has not ended",
    "order": "what belongs to one transaction comes in the order of its times (OCPP 1.6 section 3.7)",
    "register": "a connector's energy register never falls",
}
"""Every rule the judge knows, with the sentence it stands for."""
