"""What was seen from outside: frames at the backend, deaths, and what the journal held at each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.backend.recording import Frame
from kiosk.station.storage.reading import FactRow

OWED_MESSAGES: Final = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})
"""Messages about transactions: those that must arrive."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One frame. ``life``: which start of the core it belongs to, from 1."""

    seq: int
    life: int
    to_station: bool
    kind: str  # call, result, error, broken
    message_id: str
    action: str
    payload: Any
    connection: int  # of the backend, counted from 1


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The core died. ``after``: last frame before it. ``owed_from``: oldest fact without a committed answer,
    None when nothing was owed; every fact below it was settled."""

    life: int
    after: int
    why: str
    owed_from: int | None
    last_fact: int
    damage: str = ""


class Evidence(msgspec.Struct, kw_only=True):
    """Everything an audit needs. ``registers``: connector to (Wh at the beginning, Wh at the end).

    ``seen``: local ids that anybody saw at the operator's door. ``doubts``: what the backend was promised and did
    not find again. ``complaints``: lines of the core's log that should not be there.
    """

    seed: int
    lines: list[Line] = []
    deaths: list[Death] = []
    facts: list[FactRow] = []
    registers: dict[int, tuple[int, int]] = {}
    seen: dict[str, int] = {}
    doubts: list[str] = []
    complaints: list[str] = []
    resets: int = 0
    seconds: float = 0.0

    def note(self, frame: Frame, life: int, connection: int) -> Line:
        line = Line(
            seq=frame.seq,
            life=life,
            to_station=frame.to_station,
            kind=frame.kind,
            message_id=frame.message_id,
            action=frame.action,
            payload=frame.payload,
            connection=connection,
        )
        self.lines.append(line)
        return line

    @property
    def last_seq(self) -> int:
        return self.lines[-1].seq if self.lines else 0


def keep(evidence: Evidence, folder: Path) -> None:
    """Write all of it down, one JSON document per line: frames, deaths, facts, the rest. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    encoder = msgspec.json.Encoder()
    (folder / "frames.jsonl").write_bytes(encoder.encode_lines(evidence.lines))
    (folder / "deaths.jsonl").write_bytes(encoder.encode_lines(evidence.deaths))
    (folder / "facts.jsonl").write_bytes(encoder.encode_lines(evidence.facts))
    rest = {
        "seed": evidence.seed,
        "registers": evidence.registers,
        "seen": evidence.seen,
        "doubts": evidence.doubts,
        "complaints": evidence.complaints,
    }
    (folder / "rest.json").write_bytes(msgspec.json.format(encoder.encode(rest)))
