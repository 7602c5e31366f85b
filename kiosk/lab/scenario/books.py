"""Do the backend's books, the station's own and the meters agree? Frames in, mismatches out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from kiosk.backend.recording import Frame
from kiosk.link.messages import SessionRow


class Billed(msgspec.Struct, kw_only=True):
    """One transaction as the backend has it."""

    id: int
    connector_id: int
    id_tag: str
    started_at: str
    meter_start_wh: int
    stops: set[tuple[str, int]] = msgspec.field(default_factory=set)  # (time, register) that were told
    reason: str = "Local"

    @property
    def energy_wh(self) -> int:
        return max((wh for _, wh in self.stops), default=self.meter_start_wh) - self.meter_start_wh


class Books:
    """Hears every frame; ``billed`` by transactionId, ``codes`` are the vendor's that the backend was told."""

    def __init__(self) -> None:
        self.codes: set[int] = set()
        self.billed: dict[int, Billed] = {}
        self._asked: dict[str, dict[str, Any]] = {}  # message id to StartTransaction.req

    def hear(self, frame: Frame) -> None:
        if not isinstance(frame.payload, dict):
            return
        if frame.kind == "call" and not frame.to_station:
            if frame.action == "StartTransaction":
                self._asked[frame.message_id] = frame.payload
            elif frame.action == "StatusNotification":
                self.codes.add(int(frame.payload.get("vendorErrorCode", 0)))
            elif frame.action == "StopTransaction":
                self._stopped(frame.payload)
        elif frame.kind == "result" and frame.to_station and frame.message_id in self._asked:
            self._started(self._asked.pop(frame.message_id), frame.payload)

    def _started(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        number = answered.get("transactionId")
        if isinstance(number, int) and number not in self.billed:
            self.billed[number] = Billed(
                id=number,
                connector_id=int(asked.get("connectorId", 0)),
                id_tag=str(asked.get("idTag", "")),
                started_at=str(asked.get("timestamp", "")),
                meter_start_wh=int(asked.get("meterStart", 0)),
            )

    def _stopped(self, asked: dict[str, Any]) -> None:
        billed = self.billed.get(asked.get("transactionId", -1))
        if billed is not None:
            billed.stops.add((str(asked.get("timestamp")), int(asked.get("meterStop", 0))))
            billed.reason = str(asked.get("reason", "Local"))

    @property
    def energy_wh(self) -> int:
        return sum(billed.energy_wh for billed in self.billed.values())


def mismatches(books: Books, own: Sequence[SessionRow], meters_wh: Sequence[int]) -> list[str]:
    """Every session is billed once, and what the meters counted is what was billed.

    ``own``: the station's own book, when everybody has left; ``meters_wh``: of connector 1 on.
    """
    found = []
    for billed in books.billed.values():
        if len(billed.stops) != 1:
            told = "never ended" if not billed.stops else f"ended {len(billed.stops)} times, differently"
            found.append(f"transaction {billed.id} at connector {billed.connector_id} {told}")
    mine = [row for row in own if row.transaction_id is not None]
    found += [
        f"a session at connector {row.connector_id} that began at {row.started_at:%H:%M:%S} was never billed"
        for row in own
        if row.transaction_id is None
    ]
    numbers = [row.transaction_id for row in mine]
    found += [
        f"transaction {number} is unknown to the station" for number in books.billed if number not in numbers
    ]
    found += [
        f"transaction {number} belongs to two sessions" for number in set(numbers) if numbers.count(number) > 1
    ]
    for row in mine:
        bill = books.billed.get(row.transaction_id or -1)
        wh = None if row.meter_stop_wh is None else row.meter_stop_wh - row.meter_start_wh
        if bill is None:
            found.append(f"transaction {row.transaction_id} is unknown to the backend")
        elif wh != bill.energy_wh:
            found.append(f"transaction {row.transaction_id}: billed {bill.energy_wh} Wh, the station has {wh} Wh")
    for place, counted_wh in enumerate(meters_wh, 1):
        told_wh = sum(billed.energy_wh for billed in books.billed.values() if billed.connector_id == place)
        if told_wh != counted_wh:
            found.append(f"connector {place}: the meter counted {counted_wh} Wh, billed were {told_wh} Wh")
    return found
