"""The judge of one station."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from kiosk.backend.judge import content, schemas
from kiosk.backend.judge.line import Line, parsed
from kiosk.backend.judge.registration import BOOT, Registration
from kiosk.backend.judge.story import Story
from kiosk.backend.judge.words import RULES, Breach
from kiosk.backend.recording import Frame

_TRIGGERS: Final = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
_NEW_NAMES: Final = {"SignChargePointCertificate": "SignCertificate"}
"""Requested messages whose action is called otherwise."""


class Judge:
    """Hears the frames of one station in order; ``breaches`` is what it did wrong, oldest first.

    ``connectors``: how many the station has; None when unknown.
    """

    def __init__(self, connectors: int | None = None) -> None:
        self.connectors = connectors
        self.breaches: list[Breach] = []
        self._allowed: set[str] = set()
        self._line = Line()
        self._registration = Registration()
        self._story = Story()
        self._calls: dict[tuple[bool, str], tuple[str, Any]] = {}  # (to the station, id) to (action, payload)

    def allow(self, *rules: str) -> None:
        """These rules are being broken on purpose, from here on. Raises KeyError for an unknown one."""
        for rule in rules:
            RULES[rule]
            self._allowed.add(rule)

    def forbid(self, *rules: str) -> None:
        """The opposite of ``allow``."""
        self._allowed.difference_update(rules)

    def connected(self, at: datetime) -> None:
        self._line.reset()
        self._story.connected(at)
        self._calls.clear()

    def known_before(self) -> None:
        """We may have accepted the station before this judge was there; then it need not boot."""
        self._registration.status = "Accepted"

    def restarted(self) -> None:
        """The station's programs began anew."""
        self._registration.restarted()

    def hear(self, frame: Frame) -> list[Breach]:
        """One more frame, either way; returns the breaches it made."""
        found = list(self._ours(frame) if frame.to_station else self._theirs(frame))
        new = [msgspec.structs.replace(b, seq=frame.seq) for b in found if b.rule not in self._allowed]
        self.breaches.extend(new)
        return new

    # --- what we say: only remembered ------------------------------------------------------------------------

    def _ours(self, frame: Frame) -> Iterator[Breach]:
        yield from ()
        if frame.kind == "call":
            self._line.we_called(frame.message_id, frame.action)
            self._calls[True, frame.message_id] = (frame.action, frame.payload)
            return
        self._line.we_answered(frame.message_id)
        action, asked = self._calls.pop((False, frame.message_id), ("", None))
        if frame.kind != "result" or not isinstance(frame.payload, dict):
            return
        if action == BOOT:
            self._registration.answered(frame.payload, frame.at)
        elif action == "StartTransaction" and isinstance(asked, dict):
            self._story.started(asked, frame.payload)
        elif action == "StopTransaction" and isinstance(asked, dict):
            self._story.stopped(asked)

    # --- what the station says -------------------------------------------------------------------------------

    def _theirs(self, frame: Frame) -> Iterator[Breach]:
        action = self._line.open_action(frame.message_id)
        yield from self._line.said(frame.raw, frame.at)
        message = parsed(frame.raw)
        if not isinstance(message, list) or len(message) < 3:
            return
        if message[0] == 2 and len(message) == 4 and isinstance(message[3], dict):
            self._calls[False, frame.message_id] = (frame.action, None)
            yield from self._call(frame, message[3])
        elif message[0] == 3 and action is not None and isinstance(message[2], dict):
            yield from self._payload(action, message[2], frame.at, answer=True)
            self._agreed(*self._calls.pop((True, frame.message_id), ("", None)), message[2])

    def _call(self, frame: Frame, payload: dict[str, Any]) -> Iterator[Breach]:
        action = frame.action
        yield from self._registration.called(action, frame.at)
        if not schemas.known(action):
            return
        misfits = list(self._payload(action, payload, frame.at, answer=False))
        yield from misfits
        if any(breach.rule == "schema" for breach in misfits):
            return  # nothing in it can be relied upon
        self._calls[False, frame.message_id] = (action, payload)
        yield from content.connector(action, payload, self.connectors)
        yield from content.meter_values(payload.get("meterValue") or payload.get("transactionData"))
        yield from self._story.called(action, payload, frame.at)

    def _payload(self, action: str, payload: Any, at: datetime, *, answer: bool) -> Iterator[Breach]:
        what = f"{action}.conf" if answer else action
        for text in schemas.misfits(action, payload, answer=answer):
            yield Breach(rule="schema", text=f"{what}: {text}")
        yield from content.texts(payload)
        # before it was accepted a station does not know the time
        unset = self._registration.status != "Accepted"
        yield from content.times(action, payload, at, answer=answer, may_be_ahead=unset)

    def _agreed(self, action: str, asked: Any, answered: dict[str, Any]) -> None:
        if action not in _TRIGGERS or answered.get("status") != "Accepted" or not isinstance(asked, dict):
            return
        wanted = str(asked.get("requestedMessage"))
        self._registration.triggered(_NEW_NAMES.get(wanted, wanted))
        if wanted == "StatusNotification":
            self._story.status_triggered(asked.get("connectorId"))
