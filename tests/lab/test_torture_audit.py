"""The audit of a kill run must see every kind of breach, and excuse what a kill excuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kiosk.lab.torture.audit import Audit, Figures
from kiosk.lab.torture.evidence import Death, Evidence, Line, keep
from kiosk.lab.torture.memory import Memory
from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.storage.reading import FactRow
from kiosk.station.storage.records import Delivery, FactKind, MeterSample, TransactionBegin, TransactionEnd

AT = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ENERGY = "Energy.Active.Import.Register"


def told(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Books:
    """Evidence that is built like a run: facts, then frames about them."""

    def __init__(self) -> None:
        self.evidence = Evidence(seed=1, registers={1: (1000, 1000)})
        self.life = 1
        self.connection = 1
        self._seq = 0

    def fact(self, kind: FactKind, local_id: str, payload: Any, connector_id: int = 1, **more: Any) -> FactRow:
        row = FactRow(
            seq=len(self.evidence.facts) + 1,
            kind=kind,
            local_id=local_id,
            connector_id=connector_id,
            payload=msgspec.Raw(msgspec.json.encode(payload)),
            delivery=more.get("delivery", Delivery.ANSWERED),
            attempts=0,
            transaction_id=None,
        )
        self.evidence.facts.append(row)
        return row

    def frame(
        self, kind: str, message_id: str, payload: Any, action: str = "", *, to_station: bool = False
    ) -> Line:
        self._seq += 1
        line = Line(
            seq=self._seq,
            life=self.life,
            to_station=to_station,
            kind=kind,
            message_id=message_id,
            action=action,
            payload=payload,
            connection=self.connection,
        )
        self.evidence.lines.append(line)
        return line

    def said(self, action: str, payload: Any, answer: Any = None, *, answered: bool = True) -> None:
        message_id = f"m{self._seq}"
        self.frame("call", message_id, payload, action)
        if answered:
            self.frame("result", message_id, {} if answer is None else answer, action, to_station=True)

    def dies(self, owed_from: int | None) -> None:
        facts = self.evidence.facts
        self.evidence.deaths.append(
            Death(life=self.life, after=self._seq, why="test", owed_from=owed_from, last_fact=len(facts))
        )
        self.life += 1
        self.connection += 1

    # --- one session -----------------------------------------------------------------------------------------

    def begin(
        self, local_id: str = "a", wh: int = 1000, at: datetime = AT, connector_id: int = 1
    ) -> dict[str, Any]:
        begin = TransactionBegin(
            local_id=local_id,
            connector_id=connector_id,
            id_tag="TAG",
            started_at=at,
            meter_start_wh=wh,
            source=AuthorizationSource.BACKEND,
        )
        self.fact(FactKind.BEGIN, local_id, begin, connector_id)
        return {"connectorId": connector_id, "idTag": "TAG", "meterStart": wh, "timestamp": told(at)}

    def sample(self, local_id: str, wh: int, number: int, at: datetime) -> dict[str, Any]:
        sample = MeterSample(
            local_id=local_id, connector_id=1, at=at, context="Sample.Periodic", values={ENERGY: float(wh)}
        )
        self.fact(FactKind.SAMPLE, local_id, sample)
        value = {"value": str(wh), "context": "Sample.Periodic", "measurand": ENERGY, "unit": "Wh"}
        return {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [{"timestamp": told(at), "sampledValue": [value]}],
        }

    def end(self, local_id: str, wh: int, number: int, at: datetime) -> dict[str, Any]:
        end = TransactionEnd(local_id=local_id, ended_at=at, meter_stop_wh=wh, reason=StopReason.LOCAL)
        self.fact(FactKind.END, local_id, end)
        return {"transactionId": number, "meterStop": wh, "timestamp": told(at), "reason": "Local"}

    def session(self, local_id: str = "a", number: int = 1, start_wh: int = 1000, at: datetime = AT) -> None:
        start = self.begin(local_id, start_wh, at)
        self.said("StartTransaction", start, {"transactionId": number, "idTagInfo": {"status": "Accepted"}})
        self.said("MeterValues", self.sample(local_id, start_wh + 50, number, at + timedelta(seconds=5)))
        self.said("StopTransaction", self.end(local_id, start_wh + 100, number, at + timedelta(seconds=10)))
        self.evidence.registers[1] = (1000, start_wh + 100)

    def judged(self) -> Figures:
        return Audit(self.evidence).judge()


def test_clean_books() -> None:
    books = Books()
    books.session()
    books.session("b", 2, 1100, AT + timedelta(minutes=1))
    figures = books.judged()
    assert figures.breaches == []
    assert (figures.sessions, figures.transactions, figures.energy_wh, figures.difference_wh) == (2, 2, 200, 0)
    assert (figures.repeats, figures.losses, figures.duplicates) == (0, 0, 0)


START_ANSWER = {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}


def repeated_start(books: Books, owed_from: int | None) -> None:
    start = books.begin()
    books.said("StartTransaction", start, START_ANSWER)
    books.dies(owed_from)
    books.said("StartTransaction", start, START_ANSWER)
    books.said("StopTransaction", books.end("a", 1100, 1, AT + timedelta(seconds=10)))
    books.evidence.registers[1] = (1000, 1100)


def test_a_repeat_is_excused_where_no_answer_had_been_committed() -> None:
    books = Books()
    repeated_start(books, owed_from=1)
    figures = books.judged()
    assert figures.breaches == []
    assert (figures.repeats, figures.repeated_starts, figures.duplicates) == (1, 1, 0)


def test_a_repeat_after_a_committed_answer_is_a_duplicate() -> None:
    books = Books()
    repeated_start(books, owed_from=None)
    figures = books.judged()
    assert figures.duplicates == 1
    assert "committed when life 1 ended" in figures.breaches[0]


def drop_stop(books: Books) -> None:
    books.evidence.lines = books.evidence.lines[:-2]


def unanswered_stop(books: Books) -> None:
    books.evidence.lines = books.evidence.lines[:-1]


def still_owed(books: Books) -> None:
    last = books.evidence.facts[-1]
    books.evidence.facts[-1] = msgspec.structs.replace(last, delivery=Delivery.OWED)


def stranger(books: Books) -> None:
    books.said("StopTransaction", {"transactionId": 99, "meterStop": 1, "timestamp": told(AT), "reason": "Local"})


def twice_on_one_line(books: Books) -> None:
    books.said("StopTransaction", books.evidence.lines[-2].payload)


def same_message_id(books: Books) -> None:
    call = books.evidence.lines[-2]
    books.connection += 1
    books.frame("call", call.message_id, call.payload, call.action)
    books.frame("result", call.message_id, {}, call.action, to_station=True)


def out_of_order(books: Books) -> None:
    lines = books.evidence.lines
    books.evidence.lines = [
        msgspec.structs.replace(line, seq=seq) for seq, line in enumerate([*lines[:2], *lines[4:], *lines[2:4]])
    ]


def told_again_later(books: Books) -> None:
    books.connection += 1
    books.said("MeterValues", books.evidence.lines[2].payload)


def changed_repeat(books: Books) -> None:
    start = dict(books.evidence.lines[0].payload) | {"reservationId": 7}
    books.connection += 1
    books.said("StartTransaction", start, START_ANSWER)


def two_numbers(books: Books) -> None:
    books.connection += 1
    books.said("StartTransaction", books.evidence.lines[0].payload, START_ANSWER | {"transactionId": 2})


def seen_and_lost(books: Books) -> None:
    books.evidence.seen["ghost"] = 1


def no_end(books: Books) -> None:
    books.evidence.facts.pop()
    books.evidence.lines = books.evidence.lines[:-2]


def falling_register(books: Books) -> None:
    books.said("MeterValues", books.sample("a", 900, 1, AT + timedelta(seconds=6)))


def free_energy(books: Books) -> None:
    books.evidence.registers[1] = (1000, 1101)


def energy_between(books: Books) -> None:
    books.session("b", 2, 1150, AT + timedelta(minutes=1))


def broken_promise(books: Books) -> None:
    books.evidence.doubts.append("key X is 1")


def complaint(books: Books) -> None:
    books.evidence.complaints.append("life 1: Traceback")


BREACHES: list[tuple[Callable[[Books], None], str]] = [
    (drop_stop, "lost: fact 3 (end"),
    (unanswered_stop, "lost: fact 3 (end"),
    (still_owed, "fact 3 (end) is owed at the end"),
    (stranger, "told without being in the journal"),
    (twice_on_one_line, "it was answered on the same connection"),
    (same_message_id, "under the same message id"),
    (out_of_order, "out of order: fact 2 was told after fact 3"),
    (told_again_later, "after something newer was told"),
    (changed_repeat, "repeated with another content"),
    (two_numbers, "has 2 numbers"),
    (seen_and_lost, "session ghost was seen"),
    (no_end, "never ended"),
    (falling_register, "the register falls from 1050 to 900"),
    (free_energy, "the meter stands at 1101 Wh, the books at 1100 Wh"),
    (energy_between, "+50 Wh unsold"),
    (broken_promise, "promise broken: key X is 1"),
    (complaint, "log: life 1: Traceback"),
]


@pytest.mark.parametrize(("spoil", "breach"), BREACHES, ids=lambda v: getattr(v, "__name__", ""))
def test_every_breach_is_seen(spoil: Callable[[Books], None], breach: str) -> None:
    books = Books()
    books.session()
    spoil(books)
    found = books.judged().breaches
    assert any(breach in line for line in found), found


def test_the_evidence_is_kept(tmp_path: Any) -> None:
    books = Books()
    books.session()
    books.dies(None)
    keep(books.evidence, tmp_path / "e")
    assert len((tmp_path / "e" / "frames.jsonl").read_text().splitlines()) == 6
    assert len((tmp_path / "e" / "facts.jsonl").read_text().splitlines()) == 3
    assert "test" in (tmp_path / "e" / "deaths.jsonl").read_text()


# --- promises --------------------------------------------------------------------------------------------------


def test_a_promise_is_kept_or_broken() -> None:
    memory = Memory()
    memory.begin("key A", "1")
    memory.asked("key A", "2")
    memory.granted("key A", "2")
    memory.found("key A", "2")
    assert memory.broken == []
    memory.found("key A", "1")
    assert memory.broken == ["key A is '1', but can only be '2'"]


def test_an_unanswered_wish_leaves_two_possibilities() -> None:
    memory = Memory()
    memory.begin("key A", "1")
    memory.asked("key A", "2")
    assert memory.possible("key A") == ["1", "2"]
    memory.found("key A", "2")
    assert memory.possible("key A") == ["2"]
    assert not memory.broken


def test_a_refused_wish_leaves_what_was() -> None:
    memory = Memory()
    memory.begin("key A", "1")
    memory.asked("key A", "2")
    memory.refused("key A", ["1"])
    memory.found("key A", "2")
    assert memory.broken


def test_what_was_never_read_may_be_anything() -> None:
    memory = Memory()
    memory.asked("key A", "2")
    memory.found("key A", "7")
    assert not memory.broken
