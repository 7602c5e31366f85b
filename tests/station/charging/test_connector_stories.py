"""Anything in any order at two connectors: plugs, cards, reservations, faults, availability, the backend's wishes.

Whatever happens, statuses move as they may, a reserved connector serves its holder only, nothing flows without a
transaction, and every transaction has one end.
"""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.model.enums import AuthorizationStatus as Answer
from kiosk.model.errors import NotPossible
from kiosk.station.charging.connector import LEGAL_STATUSES
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.charging.reserving import Claim, claim
from kiosk.station.storage.records import TransactionBegin
from tests.fakes.backend import FakeBackend
from tests.fakes.core import RunningCore, core_on

ANNA, BERT, CARL = "04AE179C4F6181", "04AE179C4F6182", "04AE179C4F6183"
TAGS = {
    ANNA: IdTagInfo(status=Answer.ACCEPTED, parent_id_tag="FAMILY"),
    BERT: IdTagInfo(status=Answer.ACCEPTED, parent_id_tag="FAMILY"),
    CARL: IdTagInfo(status=Answer.ACCEPTED),
}
CONNECTOR = st.integers(1, 2)
TAG = st.sampled_from(list(TAGS))
CHARGE = st.tuples(st.just("charge"), CONNECTOR, TAG)
RESERVE = st.tuples(st.just("reserve"), st.integers(0, 2), TAG, st.integers(1, 3), st.sampled_from([20, 300]))
STEP = st.one_of(
    CHARGE,
    CHARGE,
    CHARGE,
    RESERVE,
    RESERVE,
    st.tuples(st.just("plug"), CONNECTOR),
    st.tuples(st.just("unplug"), CONNECTOR),
    st.tuples(st.just("card"), TAG),
    st.tuples(st.just("start"), CONNECTOR, TAG),
    st.tuples(st.just("remote"), st.one_of(st.none(), CONNECTOR), TAG),
    st.tuples(st.just("stop"), CONNECTOR),
    st.tuples(st.just("cancel"), st.integers(1, 3)),
    st.tuples(st.just("available"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("fault"), CONNECTOR),
    st.tuples(st.just("clear"), CONNECTOR),
    st.tuples(st.just("refuse"), CONNECTOR),
    st.tuples(st.just("online"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 40])),
)


class Story:
    def __init__(self, station: RunningCore, backend: FakeBackend) -> None:
        self.station = station
        self.backend = backend
        self.begun: list[tuple[TransactionBegin, Claim]] = []
        begin = station.core.transactions.begin

        async def noted(bay: Any, grant: Any, meter_wh: int) -> Any:
            book = station.core.sessions.reservations.book()
            allowed = claim(book, bay.id, grant.id_tag, grant.parent_id_tag, parent_known=True)
            run = await begin(bay, grant, meter_wh)
            self.begun.append((grant, allowed))
            return run

        station.core.transactions.begin = noted  # type: ignore[method-assign]

    async def do(self, what: str, *given: Any) -> None:
        core, sim = self.station.core, self.station.sim
        try:
            match what, given:
                case "plug", (n,):
                    sim.plug(n)
                case "unplug", (n,):
                    sim.unplug(n)
                case "card", (uid,):
                    sim.card(uid)
                case "charge", (n, uid):
                    if not self.station.connector(n).plugged:
                        sim.plug(n)
                    await core.commands.start(n, uid)
                    await asyncio.sleep(40)
                case "start", (n, uid):
                    await core.commands.start(n, uid)
                case "remote", (n, uid):
                    await core.commands.remote_start(uid, n)
                case "stop", (n,):
                    await core.commands.stop(n)
                case "reserve", (n, uid, number, lasts_s):
                    await core.commands.reservations.reserve(
                        reservation_id=number,
                        connector_id=n,
                        id_tag=uid,
                        parent_id_tag="FAMILY" if number == 2 else None,
                        expires_at=core.clock.now() + timedelta(seconds=lasts_s),
                    )
                case "cancel", (number,):
                    await core.commands.reservations.cancel(number)
                case "available", (n, operative):
                    await core.commands.change_availability(n, operative)
                case "fault", (n,):
                    sim.fault(n, 50)
                case "clear", (n,):
                    sim.clear(n, 50)
                case "refuse", (n,):
                    session = self.station.connector(n).session
                    if session is not None and session.local_id is not None:
                        info = IdTagInfo(status=Answer.BLOCKED)
                        await core.sessions.start_answered(session.local_id, 1, info)
                case "online", (online,):
                    self.backend.online = online
                case "wait", (seconds,):
                    await asyncio.sleep(seconds)
        except NotPossible:
            pass  # unplugging what is not plugged, and the like: the story goes on
        await asyncio.sleep(2)
        self.check()

    def check(self) -> None:
        for connector in self.station.core.state.snapshot.connectors:
            bay = self.station.core.sessions.bays[connector.id]
            open_ = bay.session is not None and not bay.session.over
            assert open_ is bay.running
            assert connector.status == bay.status
            if open_:
                assert connector.status not in ("Available", "Reserved", "Unavailable")
            elif not bay.faulted:
                assert not connector.power_w
            if connector.status == "Reserved":
                assert connector.reserved_until is not None
        for grant, allowed in self.begun:
            assert allowed is Claim.ALLOWED, f"{grant.id_tag} began at a connector reserved for another"

    async def end(self) -> None:
        for n in (1, 2):
            await self.do("stop", n)
        records = await self.station.core.commands.sessions(100)
        assert len(records) == len(self.begun)
        assert all(r.reason is not None and r.ended_at is not None for r in records)
        for one, other in itertools.pairwise(sorted(records, key=lambda r: (r.connector_id, r.started_at))):
            if one.connector_id == other.connector_id:
                assert one.ended_at is not None
                assert one.ended_at <= other.started_at
                assert (one.meter_stop_wh or 0) <= other.meter_start_wh
        used = {(g.reservation_id, g.id_tag) for g, _ in self.begun if g.reservation_id is not None}
        assert used <= {(number, tag) for number in (1, 2, 3) for tag in TAGS}
        for n in (1, 2):
            told = [status for c, status in self.station.statuses if c == n]
            for old, new in itertools.pairwise(told):
                assert (old, new) in LEGAL_STATUSES, f"connector {n}: {old} became {new}"


@settings(
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=3, max_size=14), stays=st.booleans())
def test_any_story(
    aio: Any, log_watch: Any, tmp_path_factory: pytest.TempPathFactory, steps: list[Any], stays: bool
) -> None:
    async def story() -> None:
        keys = [("StopTransactionOnEVSideDisconnect", str(stays).lower()), ("ConnectionTimeOut", "30")]
        folder = tmp_path_factory.mktemp("story")
        async with core_on(folder, keys=keys, connectors="CCS,CCS_AC") as station:
            station.core.backend.real = backend = FakeBackend(**TAGS)
            told = Story(station, backend)
            for step in steps:
                await told.do(*step)
            await told.end()

    aio(story())
    errors = [r.getMessage() for r in log_watch.records if r.levelname in ("ERROR", "CRITICAL")]
    log_watch.records.clear()  # faults and refusals are warned of, and here they are what happens
    assert errors == []
