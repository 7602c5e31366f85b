"""The rules of one connection: framing, ids, one call in flight, answers to what was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from kiosk.backend.judge import schemas
from kiosk.backend.judge.words import Breach

ERROR_CODES: Final = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }
)
"""OCPP-J 1.6 section 4.2.3, spelled as there."""
GIVEN_UP_AFTER: Final = timedelta(seconds=10)
"""A call that was not answered for so long may have timed out at the station; another may follow."""
MAX_ID: Final = 36


class Line:
    """What went over one connection so far. Ids of calls are remembered over connections."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._open: tuple[str, datetime] | None = None  # the station's call that waits for us
        self._asked: dict[str, str] = {}  # our calls that wait for the station: id to action

    def reset(self) -> None:
        """A new connection: nobody waits for anything."""
        self._open = None
        self._asked.clear()

    def we_called(self, message_id: str, action: str) -> None:
        self._asked[message_id] = action

    def we_answered(self, message_id: str) -> None:
        if self._open is not None and self._open[0] == message_id:
            self._open = None

    def open_action(self, message_id: str) -> str | None:
        """Action of our call that is open under that id."""
        return self._asked.get(message_id)

    def said(self, raw: str, at: datetime) -> Iterator[Breach]:
        """One frame of the station."""
        message = parsed(raw)
        if not isinstance(message, list) or not message or message[0] not in (2, 3, 4):
            yield Breach(rule="frame", text=f"not OCPP: {raw[:60]!r}")
            return
        if len(message) < 2 or not isinstance(message[1], str) or not message[1]:
            yield Breach(rule="frame", text=f"without a message id: {raw[:60]!r}")
            return
        match message[0]:
            case 2:
                yield from self._call(message, at)
            case 3:
                yield from self._result(message)
            case 4:
                yield from self._error(message)

    def _call(self, message: list[Any], at: datetime) -> Iterator[Breach]:
        message_id = message[1]
        if len(message) != 4 or not isinstance(message[2], str) or not isinstance(message[3], dict):
            yield Breach(rule="frame", text=f"a CALL of {len(message)} elements or of wrong types")
            return
        if len(message_id) > MAX_ID:
            yield Breach(rule="message-id", text=f"a message id of {len(message_id)} characters")
        if message_id in self._ids:
            yield Breach(rule="message-id", text=f"the message id {message_id} is used again")
        self._ids.add(message_id)
        if self._open is not None and at - self._open[1] < GIVEN_UP_AFTER:
            yield Breach(rule="one-call", text=f"{message[2]} came while another call waited for its answer")
        self._open = (message_id, at)
        if not schemas.known(message[2]):
            yield Breach(rule="schema", text=f"OCPP 1.6 has no {message[2]}")

    def _result(self, message: list[Any]) -> Iterator[Breach]:
        if len(message) != 3 or not isinstance(message[2], dict):
            yield Breach(rule="frame", text=f"a CALLRESULT of {len(message)} elements or of wrong types")
        yield from self._answered(message[1])

    def _error(self, message: list[Any]) -> Iterator[Breach]:
        if (
            len(message) != 5
            or not isinstance(message[2], str)
            or not isinstance(message[3], str)
            or not isinstance(message[4], dict)
        ):
            yield Breach(rule="frame", text=f"a CALLERROR of {len(message)} elements or of wrong types")
        elif message[2] not in ERROR_CODES:
            yield Breach(rule="error-code", text=f"{message[2]} is no error code of OCPP-J 1.6")
        elif len(message[3]) > 255:
            yield Breach(rule="frame", text="an errorDescription beyond 255 characters")
        yield from self._answered(message[1])

    def _answered(self, message_id: str) -> Iterator[Breach]:
        if self._asked.pop(message_id, None) is None:
            yield Breach(rule="answer", text=f"an answer to {message_id}, which is not open")


def parsed(raw: str) -> Any:
    """The frame as JSON, fractions exact; None when it is none."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
