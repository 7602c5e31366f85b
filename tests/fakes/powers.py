"""Any stations, cars and histories for the properties of power sharing, and cars that obey."""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import strategies as st

from kiosk.station.power import Allocation, Limits, Outlet, Request, Stacks, Strategy, allocate
from kiosk.station.power.model import MIN_DC_W, least_ac_w

watts = st.integers(0, 120_000)
maybe_watts = st.none() | watts | st.sampled_from([0, 900, 1_000, 4_140, 24_900, 25_000, 25_001, 26_300, 50_000])
own_limit = st.sampled_from([None, None, None, 0, 900, 1_547, 5_000, 30_000])
station_limit = st.none() | st.integers(0, 90_000) | st.integers(0, 7_000)

Situation = tuple[list[Request], Stacks, Limits, Strategy, Allocation | None]


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """All that one allocation is asked with."""

    requests: tuple[Request, ...]
    stacks: Stacks
    limits: Limits
    strategy: Strategy
    before: Allocation | None = None

    def now(self) -> Allocation:
        return allocate(self.requests, self.stacks, self.limits, self.strategy, self.before)

    def fresh(self) -> Scene:
        """As after a restart: nothing is remembered, nothing flows."""
        still = tuple(msgspec.structs.replace(r, draw_w=0) for r in self.requests)
        return msgspec.structs.replace(self, requests=still, before=None)

    def under(self, limits: Limits) -> Scene:
        return msgspec.structs.replace(self, limits=limits)

    @property
    def order(self) -> list[Request]:
        """First come first."""
        return sorted(self.requests, key=lambda r: (r.since_s, r.connector_id))


@st.composite
def stations(draw: st.DrawFn) -> tuple[Stacks, Limits]:
    outlets = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        dc = draw(st.sampled_from([True, True, True, False]))
        least_w = MIN_DC_W if dc else least_ac_w(draw(st.sampled_from([1, 3])))
        outlets.append(
            Outlet(
                connector_id=number,
                dc=dc,
                max_power_w=draw(st.sampled_from([11_000, 22_000, 50_000, 150_000])),
                max_current_a=150.0 if dc else None,
                min_power_w=max(least_w, draw(st.sampled_from([0, 0, 0, 6_000]))),
                derating_w=draw(own_limit),
                modbus_w=draw(own_limit),
                profile_w=draw(own_limit),
            )
        )
    limits = Limits(
        outlets=tuple(outlets),
        grid_w=draw(station_limit),
        modbus_w=draw(station_limit),
        fallback_w=draw(station_limit),
        profile_w=draw(station_limit),
    )
    stacks = Stacks(
        count=draw(st.integers(0, 3)),
        power_w=25_000,
        current_a=draw(st.sampled_from([75.0, 75.0, None])),
        derated_w=draw(st.sampled_from([None, None, None, 0, 12_500, 20_123])),
    )
    return stacks, limits


@st.composite
def requests_for(draw: st.DrawFn, limits: Limits) -> tuple[Request, ...]:
    chosen = draw(st.sets(st.sampled_from([o.connector_id for o in limits.outlets])))
    return tuple(
        Request(
            connector_id=n,
            since_s=draw(st.integers(0, 5)),
            requested_w=draw(maybe_watts),
            draw_w=draw(maybe_watts),
            voltage_v=draw(st.none() | st.floats(200, 900)),
            promised=draw(st.sampled_from([False, False, True])),
        )
        for n in sorted(chosen)
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Anything that can be, with whatever was set before under other limits."""
    stacks, limits = draw(stations())
    before = None
    for _ in range(draw(st.integers(0, 2))):
        old = msgspec.structs.replace(limits, grid_w=draw(station_limit), modbus_w=draw(station_limit))
        before = allocate(draw(requests_for(old)), stacks, old, draw(st.sampled_from(Strategy)), before)
    return Scene(
        requests=draw(requests_for(limits)),
        stacks=stacks,
        limits=limits,
        strategy=draw(st.sampled_from(Strategy)),
        before=before,
    )


def obeyed(scene: Scene, after: Allocation) -> Scene:
    """The next question: every car draws what it may, or what it wants if that is less."""
    requests = []
    for request in scene.requests:
        share = after.share(request.connector_id)
        assert share is not None
        wish_w = share.limit_w if request.requested_w is None else request.requested_w
        requests.append(msgspec.structs.replace(request, draw_w=min(share.limit_w, wish_w)))
    return msgspec.structs.replace(scene, requests=tuple(requests), before=after)


def settled(scene: Scene, most_turns: int = 12) -> tuple[Allocation, int]:
    """Ask again and again with obedient cars until nothing changes; how often that took."""
    for turn in itertools.count():
        after = scene.now()
        if turn and after == scene.before:
            return after, turn
        assert turn < most_turns, f"it swings: {scene.before} to {after}"
        scene = obeyed(scene, after)
    raise AssertionError
