"""A station that does wrong fails the cases: the station is broken on purpose, one way at a time."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from kiosk.lab.conformance.registry import find
from kiosk.lab.conformance.runner import Verdict, play
from kiosk.model.enums import ChargePointStatus, StopReason
from kiosk.station.charging import authorization
from kiosk.station.charging.acts import Acts
from kiosk.station.charging.transactions import Transactions
from kiosk.station.ocpp import outbox, status, turns, wire
from kiosk.station.ocpp.handlers import core

S = ChargePointStatus
Break = Callable[[pytest.MonkeyPatch], None]


def local_time(patch: pytest.MonkeyPatch) -> None:
    def told(at: datetime) -> str:
        return at.isoformat()

    patch.setattr(outbox, "timestamp", told)


def same_message_id(patch: pytest.MonkeyPatch) -> None:
    constant = uuid.UUID(int=7)
    patch.setattr(wire.uuid, "uuid4", lambda: constant)


def no_turns(patch: pytest.MonkeyPatch) -> None:
    """Calls do not wait for each other."""

    @contextlib.asynccontextmanager
    async def at_once(self: Any, **_urgent: bool) -> AsyncIterator[None]:
        yield

    patch.setattr(turns.Turns, "mine", at_once)


def told_as(wrong: dict[ChargePointStatus, ChargePointStatus]) -> Break:
    """Statuses are told as others."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        original = status.of_connector

        def of_connector(connector: Any) -> Any:
            picture = original(connector)
            return msgspec.structs.replace(picture, status=wrong.get(picture.status, picture.status))

        patch.setattr(status, "of_connector", of_connector)

    return apply


def kilowatt_hours(patch: pytest.MonkeyPatch) -> None:
    """Wh labelled kWh (lesson 17)."""
    units = tuple((name, "kWh" if unit == "Wh" else unit) for name, unit in outbox._UNITS)
    patch.setattr(outbox, "_UNITS", units)


def wrong_reason(patch: pytest.MonkeyPatch) -> None:
    original = Transactions.end

    async def end(self: Any, bay: Any, run: Any, reason: StopReason, id_tag: str | None) -> None:
        await original(self, bay, run, StopReason.OTHER, id_tag)

    patch.setattr(Transactions, "end", end)


def everybody_may(patch: pytest.MonkeyPatch) -> None:
    """Whatever the backend says of a tag, charging begins."""
    patch.setattr(authorization, "REFUSALS", {})
    patch.setattr(authorization, "effective", lambda info, now: authorization.AuthorizationStatus.ACCEPTED)


def connector_zero(patch: pytest.MonkeyPatch) -> None:
    """A remote start at connector 0 is taken for one without a connector."""
    original = core.remote_start

    async def remote_start(station: Any, asked: dict[str, Any]) -> Any:
        return await original(station, {k: v for k, v in asked.items() if (k, v) != ("connectorId", 0)})

    patch.setitem(__import__("kiosk.station.ocpp.actions", fromlist=["ACTIONS"]).ACTIONS, "RemoteStartTransaction",
                  remote_start)  # fmt: skip


def drifting_samples(patch: pytest.MonkeyPatch) -> None:
    """Samples are taken when it suits, not on the grid."""
    patch.setattr(outbox, "timestamp", _late(outbox.timestamp))


def _late(original: Callable[[datetime], str]) -> Callable[[datetime], str]:
    seen: list[datetime] = []

    def told(at: datetime) -> str:
        seen.append(at)
        return original(at.replace(microsecond=(37_000 * len(seen)) % 1_000_000))

    return told


def never_finishing(patch: pytest.MonkeyPatch) -> None:
    """A car that leaves is not told as Finishing."""
    original = Acts.finish

    async def finish(self: Any, bay: Any, reason: StopReason, *, plug_leaves: bool = False) -> None:
        await original(self, bay, reason)

    patch.setattr(Acts, "finish", finish)


SABOTAGE: list[tuple[str, Break, str]] = [
    ("012", local_time, "[time]"),
    ("012", same_message_id, "[message-id]"),
    ("045_1", no_turns, "Uploading"),
    ("012", told_as({S.PREPARING: S.AVAILABLE}), "Preparing"),
    ("012", told_as({S.CHARGING: S.RESERVED}), "Charging"),
    ("012", told_as({S.FINISHING: S.PREPARING}), "Finishing"),
    ("012", kilowatt_hours, "[register]"),
    ("012", wrong_reason, ""),
    ("037_3", wrong_reason, ""),
    ("023_4", everybody_may, "unwanted"),
    ("027", connector_zero, "Accepted"),
    ("070", drifting_samples, "between two values"),
    ("005_1", never_finishing, "Finishing"),
]


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("case_id", "break_it", "complaint"), SABOTAGE, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(SABOTAGE)]
)
def test_a_broken_station_fails(
    monkeypatch: pytest.MonkeyPatch, case_id: str, break_it: Break, complaint: str
) -> None:
    break_it(monkeypatch)
    outcome = play(find(case_id))
    assert outcome.verdict is Verdict.FAILED
    assert complaint in f"{outcome.reason}\n{outcome.detail}"


def test_what_is_broken_here_is_otherwise_whole() -> None:
    for case_id in sorted({case_id for case_id, _, _ in SABOTAGE}):
        outcome = play(find(case_id))
        assert outcome.verdict is Verdict.PASS, f"{case_id}: {outcome.reason}"
