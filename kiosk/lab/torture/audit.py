"""Judges the books. Pure: evidence in, findings and figures out.

Three books are compared: what the backend heard (frames), what the station's journal holds (facts), and what the
simulator's meters counted (registers). A breach is any difference that no power cut can excuse.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import msgspec

from kiosk.lab.torture.evidence import OWED_MESSAGES, Death, Evidence, Line
from kiosk.station.storage.reading import FactRow
from kiosk.station.storage.records import Delivery, FactKind, MeterSample, TransactionBegin, TransactionEnd

ENERGY: Final = "Energy.Active.Import.Register"
Key = tuple[Any, ...]
"""What a message is told by: (action, connectorId, idTag, timestamp, meterStart), and so on."""


class Figures(msgspec.Struct, kw_only=True):
    """What is printed. Energies in Wh."""

    seed: int = 0
    seconds: float = 0.0
    kills: int = 0
    power_cuts: int = 0
    resets: int = 0
    frames: int = 0
    facts: int = 0
    sessions: int = 0
    transactions: int = 0
    repeats: int = 0  # told again because no answer had been committed
    repeated_starts: int = 0  # of these
    refused: int = 0  # told again because the backend had refused it
    losses: int = 0
    duplicates: int = 0
    energy_wh: int = 0
    difference_wh: int = 0
    promises: int = 0
    breaches: list[str] = []


class Audit:
    """``judge`` once; ``figures`` then hold the result."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self.figures = Figures(
            seed=evidence.seed,
            seconds=round(evidence.seconds, 1),
            kills=len(evidence.deaths),
            power_cuts=sum(1 for death in evidence.deaths if death.damage),
            resets=evidence.resets,
            frames=len(evidence.lines),
            facts=len(evidence.facts),
        )
        self._sent: dict[Key, list[Line]] = defaultdict(list)  # calls by what they tell, in order
        self._numbers: dict[int, Key] = {}  # transactionId to StartTransaction
        self._answers: dict[tuple[int, str], Line] = {}
        self._refused: set[tuple[int, str]] = set()
        self._begun: dict[str, TransactionBegin] = {}
        self._samples: dict[str, list[FactRow]] = defaultdict(list)
        for fact in evidence.facts:
            if fact.local_id is not None and fact.kind is FactKind.BEGIN:
                self._begun[fact.local_id] = msgspec.json.decode(fact.payload, type=TransactionBegin)
            elif fact.local_id is not None and fact.kind is FactKind.SAMPLE:
                self._samples[fact.local_id].append(fact)

    def judge(self) -> Figures:
        self._read_frames()
        facts = sorted(self._evidence.facts, key=lambda f: f.seq)
        expected = {key: fact for fact in facts if (key := self._key_of_fact(fact)) is not None}
        self._losses(expected)
        self._strangers(expected)
        self._repeats(expected)
        self._order(expected)
        self._sessions(facts)
        self._energy()
        for doubt in self._evidence.doubts:
            self._breach(f"promise broken: {doubt}")
        for complaint in self._evidence.complaints:
            self._breach(f"log: {complaint}")
        return self.figures

    def _breach(self, what: str) -> None:
        self.figures.breaches.append(what)

    # --- what was heard ------------------------------------------------------------------------------------

    def _read_frames(self) -> None:
        """Answers first, so that a number is known before anything is told under it."""
        calls: dict[tuple[int, str], Line] = {}
        for line in self._evidence.lines:
            if line.kind == "call" and not line.to_station and line.action in OWED_MESSAGES:
                calls[line.connection, line.message_id] = line
            elif line.kind == "error" and line.to_station:
                self._refused.add((line.connection, line.message_id))
            elif line.kind == "result" and line.to_station:
                asked = calls.get((line.connection, line.message_id))
                if asked is not None:
                    self._answers[line.connection, line.message_id] = line
                    if asked.action == "StartTransaction":
                        self._numbers[line.payload["transactionId"]] = self._key_of_call(asked)
        for line in calls.values():
            self._sent[self._key_of_call(line)].append(line)

    def _key_of_call(self, line: Line) -> Key:
        told = line.payload
        match line.action:
            case "StartTransaction":
                return "start", told["connectorId"], told["idTag"], _at(told["timestamp"]), told["meterStart"]
            case "StopTransaction":
                return "stop", self._numbers.get(told["transactionId"], told["transactionId"])
        first = told["meterValue"][0]
        context = first["sampledValue"][0].get("context", "Sample.Periodic")
        number = told.get("transactionId")
        begun = None if number is None else self._numbers.get(number, number)
        return "meter", told["connectorId"], begun, _at(first["timestamp"]), context, _energy(first)

    # --- what is in the journal ----------------------------------------------------------------------------

    def _key_of_fact(self, fact: FactRow) -> Key | None:
        """None for what no backend was to be told."""
        if fact.delivery is Delivery.NONE:
            return None
        start = _start_key(self._begun[fact.local_id]) if fact.local_id is not None else None
        match fact.kind:
            case FactKind.BEGIN:
                return start
            case FactKind.END:
                return "stop", start
            case FactKind.SAMPLE:
                sample = msgspec.json.decode(fact.payload, type=MeterSample)
                energy = sample.values.get(ENERGY)
                wh = None if energy is None else round(energy)
                return "meter", sample.connector_id, start, _millis(sample.at), sample.context, wh

    # --- comparisons ---------------------------------------------------------------------------------------

    def _losses(self, expected: dict[Key, FactRow]) -> None:
        for key, fact in expected.items():
            sent = self._sent.get(key, [])
            if not any(self._answered(line) for line in sent):
                self.figures.losses += 1
                self._breach(
                    f"lost: fact {fact.seq} ({fact.kind}, {fact.delivery}), sent {len(sent)} times: {key}"
                )
            if fact.delivery is not Delivery.ANSWERED:
                self._breach(f"fact {fact.seq} ({fact.kind}) is {fact.delivery} at the end")

    def _answered(self, line: Line) -> bool:
        return (line.connection, line.message_id) in self._answers

    def _strangers(self, expected: dict[Key, FactRow]) -> None:
        for key, lines in self._sent.items():
            if key not in expected:
                self._breach(f"told without being in the journal (frame {lines[0].seq}): {key}")

    def _repeats(self, expected: dict[Key, FactRow]) -> None:
        """A repeat is allowed where no answer had been committed."""
        for key, lines in self._sent.items():
            if len({_content(line) for line in lines}) > 1 and key[0] != "stop":
                self._breach(f"repeated with another content: {key}")
            if len({line.message_id for line in lines}) < len(lines):
                self._breach(f"repeated under the same message id: {key}")
            for before, again in pairwise(lines):
                if (before.connection, before.message_id) in self._refused:
                    self.figures.refused += 1
                else:
                    self.figures.repeats += 1
                    self.figures.repeated_starts += key[0] == "start"
                reason = self._no_excuse(before, again, expected.get(key))
                if reason:
                    self.figures.duplicates += 1
                    self._breach(f"told again (frames {before.seq}, {again.seq}) though {reason}: {key}")

    def _no_excuse(self, before: Line, again: Line, fact: FactRow | None) -> str:
        for death in self._evidence.deaths:
            if fact is not None and death.after < again.seq and death.life < again.life and _settled(death, fact):
                return f"its answer was committed when life {death.life} ended"
        if before.connection == again.connection and self._answered(before):
            return "it was answered on the same connection"  # else the line broke, and may have lost the answer
        return ""

    def _order(self, expected: dict[Key, FactRow]) -> None:
        """First tellings are in the order of the journal, over all connectors."""
        firsts = sorted((lines[0].seq, expected[key].seq) for key, lines in self._sent.items() if key in expected)
        for (_, earlier), (frame, later) in pairwise(firsts):
            if later < earlier:
                self._breach(f"out of order: fact {later} was told after fact {earlier} (frame {frame})")
        told = sorted(((line.seq, key) for key, lines in self._sent.items() for line in lines), key=lambda t: t[0])
        for (_, key), (frame, following) in pairwise(told):
            if following != key and self._sent[following][0].seq != frame:
                self._breach(f"told again (frame {frame}) after something newer was told: {following}")

    def _sessions(self, facts: list[FactRow]) -> None:
        """One transaction each: one begin, one end, in time, with readings that only grow."""
        ends = {
            fact.local_id: msgspec.json.decode(fact.payload, type=TransactionEnd)
            for fact in facts
            if fact.kind is FactKind.END
        }
        begins = self._begun
        self.figures.sessions = len(begins)
        self.figures.transactions = len(set(self._numbers.values()))
        for local_id, connector_id in self._evidence.seen.items():
            if local_id not in begins:
                self._breach(f"session {local_id} was seen at connector {connector_id} and is in no book")
        numbers: dict[Key, set[int]] = defaultdict(set)
        for number, key in self._numbers.items():
            numbers[key].add(number)
        for local_id, begin in begins.items():
            name = f"session {local_id} at connector {begin.connector_id}"
            if len(numbers[_start_key(begin)]) != 1:
                self._breach(f"{name} has {len(numbers[_start_key(begin)])} numbers at the backend")
            end = ends.get(local_id)
            if end is None:
                self._breach(f"{name} never ended")
                continue
            if end.ended_at < begin.started_at:
                self._breach(f"{name} ended before it began")
            self._readings(name, local_id, begin, end)

    def _readings(self, name: str, local_id: str, begin: TransactionBegin, end: TransactionEnd) -> None:
        last_wh = begin.meter_start_wh
        aligned_wh = begin.meter_start_wh  # clock-aligned readings are those of the begin of their slot, told late
        last_at: dict[str, datetime] = {}  # by context: a reading may bear the time of its grid, just past
        for fact in self._samples.get(local_id, []):
            sample = msgspec.json.decode(fact.payload, type=MeterSample)
            aligned = sample.context == "Sample.Clock"
            wh = sample.values.get(ENERGY)
            if wh is not None:
                known_wh = aligned_wh if aligned else last_wh
                if wh < known_wh:
                    self._breach(f"{name}: the register falls from {known_wh} to {wh} Wh")
                if aligned:
                    aligned_wh = round(wh)
                else:
                    last_wh = round(wh)
            before = last_at.get(sample.context, begin.started_at)
            if not aligned and sample.at < before:
                self._breach(f"{name}: a reading of {sample.at} comes after one of {before}")
            last_at[sample.context] = sample.at
        if end.meter_stop_wh < max(last_wh, aligned_wh):
            self._breach(
                f"{name}: ends at {end.meter_stop_wh} Wh after a reading of {max(last_wh, aligned_wh)} Wh"
            )

    def _energy(self) -> None:
        """By what the backend heard alone: each transaction begins where the one before ended."""
        stops: dict[Key, int] = {}
        for key, lines in self._sent.items():
            if key[0] == "stop" and isinstance(key[1], tuple):
                stops[key[1]] = lines[0].payload["meterStop"]
        by_connector: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
        for key in self._sent:
            if key[0] == "start" and key in stops:
                by_connector[key[1]].append((key[3], key[4], stops[key]))
        for connector_id, (first_wh, last_wh) in sorted(self._evidence.registers.items()):
            sold = 0
            at_wh = first_wh
            for begun_at, start_wh, stop_wh in sorted(by_connector[connector_id]):
                if start_wh != at_wh:
                    self._breach(f"connector {connector_id}: {start_wh - at_wh:+d} Wh unsold before {begun_at}")
                at_wh = stop_wh
                sold += stop_wh - start_wh
            if at_wh != last_wh:
                self._breach(
                    f"connector {connector_id}: the meter stands at {last_wh} Wh, the books at {at_wh} Wh"
                )
            self.figures.energy_wh += sold
            self.figures.difference_wh += abs((last_wh - first_wh) - sold)


def _settled(death: Death, fact: FactRow) -> bool:
    return fact.seq <= death.last_fact and (death.owed_from is None or fact.seq < death.owed_from)


def _start_key(begin: TransactionBegin) -> Key:
    return "start", begin.connector_id, begin.id_tag, _millis(begin.started_at), begin.meter_start_wh


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _millis(at: datetime) -> datetime:
    """As it is told: whole milliseconds, the rest cut off."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _energy(value: dict[str, Any]) -> int | None:
    for sampled in value["sampledValue"]:
        if sampled.get("measurand", ENERGY) == ENERGY:
            return round(float(sampled["value"]))
    return None


def _content(line: Line) -> bytes:
    """The payload, without what may rightly differ in a repeat."""
    return msgspec.json.encode({k: v for k, v in line.payload.items() if k != "transactionId"}, order="sorted")
