"""The rules between messages: statuses, transactions, registers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

import msgspec

from kiosk.backend.judge.content import energy_wh, parse_time, sampled_values
from kiosk.backend.judge.words import Breach

MOVES: Final = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEVSE": "Available Charging SuspendedEV Finishing Unavailable Faulted",
    "Finishing": "Available Preparing Unavailable Faulted",
    "Reserved": "Available Preparing Unavailable Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
    "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable",
}
"""The table of OCPP 1.6 section 4.9, with B6 (Preparing to Finishing) of errata sheet 3.20."""
FREE_FOR_NO_TIME: Final = frozenset(
    {
        ("Preparing", "Unavailable"),
        ("Preparing", "Reserved"),
        ("Charging", "Reserved"),
        ("SuspendedEV", "Reserved"),
        ("SuspendedEVSE", "Reserved"),
        ("Finishing", "Reserved"),
        ("Unavailable", "Reserved"),
        ("Finishing", "Charging"),
        ("Finishing", "SuspendedEV"),
        ("Finishing", "SuspendedEVSE"),
    }
)
"""Two moves of the table in one moment. By way of an Available that nobody could have used: a reservation or a
scheduled change of availability waited for the connector. By way of a Preparing that was shorter than
MinimumStatusDuration, which keeps either back."""
WITH_A_TRANSACTION: Final = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})
OF_THE_STATION: Final = frozenset({"Available", "Unavailable", "Faulted"})
"""What connector 0 may be (OCPP 1.6 section 4.9)."""
COMMUNICATION_MAY_FAIL: Final = frozenset({"Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing"})
"""EVCommunicationError is a warning in these statuses and in no other (OCPP 1.6 section 4.9)."""
TELLING: Final = timedelta(seconds=5)
"""How long it may take to tell something."""
UNKNOWN: Final = -1
"""transactionId where StartTransaction could never be delivered (errata sheet 3.18)."""


class Told(msgspec.Struct, frozen=True):
    """A StatusNotification, as far as it tells something new."""

    status: str
    error_code: str
    vendor_error_code: str
    info: str


class Transaction(msgspec.Struct, kw_only=True):
    connector_id: int
    started_at: datetime | None
    meter_start: int
    newest: datetime | None  # time of the newest fact told
    stopped: bool = False


MOST_READINGS: Final = 1000
"""Of a connector, kept to compare late ones with."""


def _aligned(sampled: dict[str, Any]) -> bool:
    """A clock-aligned value bears the begin of its interval and is told at the end (OCPP 1.6 section 9.1.7)."""
    return sampled.get("context") == "Sample.Clock"


class Story:
    """One station's statuses and transactions, as its backend was told them."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}
        self._history: dict[int, list[tuple[datetime, str]]] = {}  # connector to (since when, status), as told
        self._triggered: dict[int, int] = {}  # connector to how often its status was asked for
        self._ended: set[int] = set()  # connectors whose transaction ended since their last status
        self._connected_at: datetime | None = None
        self._registers: dict[int, tuple[datetime, Decimal]] = {}  # the newest reading
        self._readings: dict[int, list[tuple[datetime, Decimal]]] = {}  # in the order of time
        self.transactions: dict[int, Transaction] = {}

    def connected(self, at: datetime) -> None:
        """After a (re)connect the station tells its present statuses anew."""
        self._told.clear()
        self._history.clear()
        self._triggered.clear()
        self._ended.clear()
        self._connected_at = at

    def status_triggered(self, connector_id: int | None) -> None:
        """Asked for once more; None: for every connector."""
        for each in (connector_id,) if connector_id is not None else tuple(self._told):
            self._triggered[each] = self._triggered.get(each, 0) + 1

    # --- calls of the station --------------------------------------------------------------------------------

    def called(self, action: str, payload: dict[str, Any], heard_at: datetime) -> Iterator[Breach]:
        match action:
            case "StatusNotification":
                yield from self._status(payload, heard_at)
            case "StartTransaction":
                yield from self._start(payload)
            case "MeterValues":
                yield from self._meter_values(payload)
            case "StopTransaction":
                yield from self._stop(payload)

    def started(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        """Our StartTransaction.conf."""
        number = answered.get("transactionId")
        if isinstance(number, int):
            at = parse_time(asked.get("timestamp"))
            self.transactions[number] = Transaction(
                connector_id=int(asked.get("connectorId", 0)),
                started_at=at,
                meter_start=int(asked.get("meterStart", 0)),
                newest=at,
            )

    def stopped(self, asked: dict[str, Any]) -> None:
        """Our StopTransaction.conf."""
        transaction = self.transactions.get(asked.get("transactionId", UNKNOWN))
        if transaction is not None:
            transaction.stopped = True

    # --- statuses --------------------------------------------------------------------------------------------

    def _status(self, payload: dict[str, Any], heard_at: datetime) -> Iterator[Breach]:
        connector_id, status = payload.get("connectorId"), payload.get("status")
        if not isinstance(connector_id, int) or not isinstance(status, str):
            return
        new = Told(
            status,
            str(payload.get("errorCode")),
            str(payload.get("vendorErrorCode", "")),
            str(payload.get("info", "")),
        )
        since = parse_time(payload.get("timestamp")) or heard_at
        self._history.setdefault(connector_id, []).append((since, status))
        old = self._told.get(connector_id)
        self._told[connector_id] = new
        where = f"connector {connector_id}"
        if connector_id == 0 and status not in OF_THE_STATION:
            yield Breach(rule="status", text=f"connector 0 is {status}")
        if status == "Faulted" and new.error_code == "NoError":
            yield Breach(rule="status-error", text=f"{where} is Faulted with NoError")
        if new.error_code == "EVCommunicationError" and status not in COMMUNICATION_MAY_FAIL:
            yield Breach(rule="status-error", text=f"{where} is {status} with EVCommunicationError")
        if old is None:
            return
        if old == new and not self._was_triggered(connector_id):
            yield Breach(rule="status-repeat", text=f"{where} is told to be {status} again")
        if old.status != status and not self._may_become(connector_id, old.status, status):
            yield Breach(rule="status", text=f"{where} went from {old.status} to {status}")
        self._ended.discard(connector_id)

    def _may_become(self, connector_id: int, old: str, new: str) -> bool:
        if new in MOVES.get(old, "").split() or (old, new) in FREE_FOR_NO_TIME:
            return True
        # one car left and the next was plugged in before Finishing had lasted MinimumStatusDuration
        return new == "Preparing" and old in WITH_A_TRANSACTION and connector_id in self._ended

    def _was_triggered(self, connector_id: int) -> bool:
        if self._triggered.get(connector_id, 0) <= 0:
            return False
        self._triggered[connector_id] -= 1
        return True

    # --- transactions ----------------------------------------------------------------------------------------

    def _start(self, payload: dict[str, Any]) -> Iterator[Breach]:
        connector_id = payload.get("connectorId")
        if not isinstance(connector_id, int):
            return
        at = parse_time(payload.get("timestamp"))
        for number, transaction in self.transactions.items():
            if transaction.connector_id != connector_id:
                continue
            if transaction.started_at == at and transaction.meter_start == payload.get("meterStart"):
                return  # a repeat, because our answer was lost
            if not transaction.stopped:
                yield Breach(rule="start", text=f"connector {connector_id} still has transaction {number}")
        if at is not None and self._connected_at is not None and at > self._connected_at:
            # a start that had to wait for its turn is judged by its own time
            history = self._history.get(connector_id, ())
            before = [status for since, status in history if since <= at]
            # one that was triggered bears the time of its telling
            soon = [status for since, status in history if at <= since <= at + TELLING]
            # Preparing was too short to be told, and the transaction's own status overtook a start that waits
            overtaken = any(status in WITH_A_TRANSACTION for since, status in history if since >= at)
            if (not before or before[-1] != "Preparing") and "Preparing" not in soon and not overtaken:
                known = before[-1] if before else "nothing"
                yield Breach(rule="start", text=f"connector {connector_id} told {known} before StartTransaction")
        yield from self._register(connector_id, at, Decimal(payload.get("meterStart", 0)), "meterStart")

    def _meter_values(self, payload: dict[str, Any]) -> Iterator[Breach]:
        connector_id, number = payload.get("connectorId"), payload.get("transactionId")
        if not isinstance(connector_id, int):
            return
        samples = list(sampled_values(payload.get("meterValue")))
        if isinstance(number, int):
            yield from self._belongs(number, connector_id, "MeterValues")
            yield from self._in_order(number, [at for at, s in samples if at is not None and not _aligned(s)])
        for at, sampled in samples:
            if (wh := energy_wh(sampled)) is not None:
                yield from self._register(connector_id, at, wh, "MeterValues", late=_aligned(sampled))

    def _stop(self, payload: dict[str, Any]) -> Iterator[Breach]:
        number, at = payload.get("transactionId"), parse_time(payload.get("timestamp"))
        if not isinstance(number, int):
            return
        yield from self._belongs(number, None, "StopTransaction")
        transaction = self.transactions.get(number)
        if transaction is None:
            return
        self._ended.add(transaction.connector_id)
        if int(payload.get("meterStop", 0)) < transaction.meter_start:
            yield Breach(rule="register", text=f"meterStop {payload.get('meterStop')} is below meterStart")
        samples = list(sampled_values(payload.get("transactionData")))
        for _, sampled in samples:
            wh = energy_wh(sampled)
            if wh is not None and not transaction.meter_start <= wh <= payload.get("meterStop", 0):
                yield Breach(rule="register", text=f"transactionData has {wh} Wh, outside the transaction")
        told_at = [moment for moment, s in samples if moment is not None and not _aligned(s)]
        if told_at != sorted(told_at):
            yield Breach(rule="order", text="transactionData is not in the order of time")
        if at is not None:
            yield from self._in_order(number, [at])
            late = [moment for moment in told_at if moment > at + timedelta(seconds=1)]
            if late:
                yield Breach(rule="order", text="transactionData is younger than the StopTransaction")
        yield from self._register(transaction.connector_id, at, Decimal(payload.get("meterStop", 0)), "meterStop")

    def _belongs(self, number: int, connector_id: int | None, what: str) -> Iterator[Breach]:
        transaction = self.transactions.get(number)
        if transaction is None:
            yield Breach(rule="transaction", text=f"{what} names transaction {number}, which was never given")
        elif transaction.stopped:
            yield Breach(rule="transaction", text=f"{what} names transaction {number}, which has ended")
        elif connector_id not in (None, transaction.connector_id):
            yield Breach(
                rule="transaction",
                text=f"{what} names transaction {number} at connector {connector_id}, "
                f"but it is at {transaction.connector_id}",
            )

    def _in_order(self, number: int, moments: list[datetime]) -> Iterator[Breach]:
        transaction = self.transactions.get(number)
        if transaction is None:
            return
        for moment in moments:
            if transaction.newest is not None and moment < transaction.newest:
                yield Breach(
                    rule="order", text=f"transaction {number}: {moment} was told after {transaction.newest}"
                )
            else:
                transaction.newest = moment

    def _register(
        self, connector_id: int, at: datetime | None, wh: Decimal, what: str, *, late: bool = False
    ) -> Iterator[Breach]:
        """``late``: it bears a time before others that were told already, and must fit between them."""
        if at is None:
            return
        readings = self._readings.setdefault(connector_id, [])
        if late:
            place = bisect_right(readings, at, key=itemgetter(0))
            lowest = readings[place - 1][1] if place else wh
            highest = readings[place][1] if place < len(readings) else wh
            if not lowest <= wh <= highest:
                text = f"connector {connector_id}: {what} {wh} Wh at {at}, between {lowest} and {highest} Wh"
                yield Breach(rule="register", text=text)
            return
        known = self._registers.get(connector_id)
        if known is not None and at >= known[0] and wh < known[1]:
            yield Breach(rule="register", text=f"connector {connector_id}: {what} {wh} Wh after {known[1]} Wh")
        elif known is None or at >= known[0]:
            self._registers[connector_id] = (at, wh)
            readings.append((at, wh))
            del readings[:-MOST_READINGS]
