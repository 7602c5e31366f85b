"""What must hold for every allocation, whatever is asked and whatever is forbidden."""

from __future__ import annotations

import math

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.enums import LimitReason
from kiosk.station.power import Allocation, Limits, Outlet, Request, Stacks, Strategy, allocate
from kiosk.station.power.model import MIN_DC_W, grid_power_w, least_ac_w

unhurried = settings(deadline=None)
"""A busy machine is no failure."""

watts = st.integers(0, 120_000)
maybe_watts = st.none() | watts
own_limit = st.sampled_from([None, None, None, 0, 900, 5_000, 30_000])
station_limit = st.none() | st.integers(0, 90_000)


@st.composite
def stations(draw: st.DrawFn) -> tuple[Stacks, Limits]:
    count = draw(st.integers(1, 4))
    outlets = []
    for number in range(1, count + 1):
        dc = draw(st.sampled_from([True, True, True, False]))
        outlets.append(
            Outlet(
                connector_id=number,
                dc=dc,
                max_power_w=draw(st.sampled_from([11_000, 22_000, 50_000])),
                max_current_a=150.0 if dc else None,
                min_power_w=MIN_DC_W if dc else least_ac_w(draw(st.sampled_from([1, 3]))),
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
    return Stacks(count=draw(st.integers(0, 3)), power_w=25_000, current_a=75.0), limits


@st.composite
def requests_for(draw: st.DrawFn, limits: Limits) -> list[Request]:
    chosen = draw(st.sets(st.sampled_from([o.connector_id for o in limits.outlets])))
    return [
        Request(
            connector_id=n,
            since_s=draw(st.integers(0, 5)),
            requested_w=draw(maybe_watts),
            draw_w=draw(maybe_watts),
            voltage_v=draw(st.none() | st.floats(200, 900)),
        )
        for n in sorted(chosen)
    ]


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Request], Stacks, Limits, Strategy, Allocation | None]:
    """Anything that can be, with whatever was set before under other limits."""
    stacks, limits = draw(stations())
    before = None
    for _ in range(draw(st.integers(0, 2))):
        old = msgspec.structs.replace(limits, grid_w=draw(station_limit), modbus_w=draw(station_limit))
        before = allocate(draw(requests_for(old)), stacks, old, draw(st.sampled_from(Strategy)), before)
    return draw(requests_for(limits)), stacks, limits, draw(st.sampled_from(Strategy)), before


@unhurried
@given(situations())
def test_no_limit_in_force_is_ever_passed(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    requests, stacks, limits, strategy, before = situation
    result = allocate(requests, stacks, limits, strategy, before)
    given_w = {share.connector_id: share.limit_w for share in result.shares}
    if limits.station is not None:
        assert grid_power_w(given_w, limits) <= max(limits.station[1], 100) + 1e-6
    assert result.grid_w == math.ceil(grid_power_w(given_w, limits) - 1e-6)
    assert sum(share.stacks for share in result.shares) <= stacks.count
    by_id = {r.connector_id: r for r in requests}
    assert [share.connector_id for share in result.shares] == sorted(by_id)
    for share in result.shares:
        outlet = limits.outlet(share.connector_id)
        own = (outlet.max_power_w, outlet.derating_w, outlet.modbus_w, outlet.profile_w)
        assert all(share.limit_w <= limit for limit in own if limit is not None)
        volts = by_id[share.connector_id].voltage_v
        if outlet.dc:
            assert share.limit_w <= share.stacks * stacks.power_w
            assert volts is None or share.limit_w <= min(150.0, share.stacks * 75.0) * volts + 1e-6
        else:
            assert share.stacks == 0
        assert share.connector_id not in share.shared_with
        assert set(share.shared_with) <= set(by_id)


@unhurried
@given(situations())
def test_the_same_question_has_the_same_answer(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    requests, stacks, limits, strategy, before = situation
    once = allocate(requests, stacks, limits, strategy, before)
    assert allocate(list(reversed(requests)), stacks, limits, strategy, before) == once


def settled(
    requests: list[Request], stacks: Stacks, limits: Limits, strategy: Strategy, before: Allocation | None
) -> tuple[Allocation, int]:
    """Ask again and again with obedient cars until nothing changes; how often that took."""
    draws = {r.connector_id: r.draw_w for r in requests}
    for turn in range(12):
        now = [msgspec.structs.replace(r, draw_w=draws[r.connector_id]) for r in requests]
        after = allocate(now, stacks, limits, strategy, before)
        if before is not None and after == before and turn:
            return after, turn
        for request in requests:
            share = after.share(request.connector_id)
            assert share is not None
            wish_w = share.limit_w if request.requested_w is None else request.requested_w
            draws[request.connector_id] = min(share.limit_w, wish_w)
        before = after
    raise AssertionError(f"it swings: {before}")


@unhurried
@given(situations())
def test_it_settles_and_stays(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    requests, stacks, limits, strategy, before = situation
    result, turns = settled(requests, stacks, limits, strategy, before)
    assert turns <= 5
    assert not any(share.waits for share in result.shares), "nothing waits for ever"


@unhurried
@given(situations())
def test_once_settled_nobody_gets_less_than_the_minimum(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    requests, stacks, limits, strategy, before = situation
    result, _ = settled(requests, stacks, limits, strategy, before)
    for request in requests:
        share = result.share(request.connector_id)
        assert share is not None
        least_w = limits.outlet(request.connector_id).min_power_w
        asked_w = request.requested_w
        assert share.limit_w == 0 or share.limit_w >= least_w or (asked_w is not None and share.limit_w >= asked_w)


@unhurried
@given(situations())
def test_the_reason_is_true(situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None]) -> None:
    requests, stacks, limits, strategy, before = situation
    result, _ = settled(requests, stacks, limits, strategy, before)
    for request in requests:
        share = result.share(request.connector_id)
        assert share is not None
        outlet = limits.outlet(request.connector_id)
        own = {
            LimitReason.DERATING: outlet.derating_w,
            LimitReason.MODBUS: outlet.modbus_w,
            LimitReason.PROFILE: outlet.profile_w,
        }
        if share.reason is LimitReason.CAR:
            assert request.requested_w is not None
            assert share.limit_w >= request.requested_w
            continue
        asked_w = request.requested_w
        assert asked_w is None or share.limit_w < asked_w, "a car that has all it wants is limited by itself"
        station = limits.station
        if station is not None and share.reason is station[0] and own.get(share.reason) is None:
            assert share.reason in {
                LimitReason.GRID,
                LimitReason.MODBUS,
                LimitReason.FALLBACK,
                LimitReason.PROFILE,
            }
        elif share.reason is LimitReason.STACK:
            assert outlet.dc
        elif share.reason is not LimitReason.CONNECTOR:
            assert own[share.reason] is not None


@given(situations(), st.integers(0, 40_000), st.sampled_from(["grid_w", "modbus_w", "fallback_w", "profile_w"]))
@settings(max_examples=200, deadline=None)
def test_a_higher_limit_never_gives_less_in_all(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None], more_w: int, name: str
) -> None:
    requests, stacks, limits, strategy, _ = situation
    before_w = getattr(limits, name)
    if before_w is None:
        return
    wider = msgspec.structs.replace(limits, **{name: before_w + more_w})
    low, _ = settled(requests, stacks, limits, strategy, None)
    high, _ = settled(requests, stacks, wider, strategy, None)
    assert high.grid_w >= low.grid_w - len(requests), "rounding down costs each at most a watt"
    assert set(high.startable) >= set(low.startable)


@unhurried
@given(situations())
def test_where_a_start_is_allowed_there_is_power_for_it(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    requests, stacks, limits, strategy, before = situation
    result, _ = settled(requests, stacks, limits, strategy, before)
    busy = {r.connector_id for r in requests}
    assert not busy & set(result.startable)
    assert all(result.can_start(n) for n in busy | set(result.startable))
    for outlet in limits.outlets:
        if outlet.connector_id in busy:
            continue
        newcomer = Request(connector_id=outlet.connector_id, since_s=1e9, draw_w=0)
        joined, _ = settled([*requests, newcomer], stacks, limits, strategy, result)
        share = joined.share(outlet.connector_id)
        assert share is not None
        assert (share.limit_w >= outlet.min_power_w > 0) is (outlet.connector_id in result.startable)


@unhurried
@given(situations())
def test_never_more_sessions_with_power_than_stacks_and_ac_outlets(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    requests, stacks, limits, strategy, before = situation
    result = allocate(requests, stacks, limits, strategy, before)
    fed = [share for share in result.shares if share.limit_w and limits.outlet(share.connector_id).dc]
    assert len(fed) <= stacks.count
    assert all(share.stacks >= 1 for share in fed)


@unhurried
@given(situations())
def test_what_flows_and_what_is_allowed_stay_within_the_limit_together(
    situation: tuple[list[Request], Stacks, Limits, Strategy, Allocation | None],
) -> None:
    """A raise never lifts the worst case (each draws the more of draw and setpoint) above the limit."""
    requests, stacks, limits, strategy, before = situation
    if limits.station is None:
        return
    result = allocate(requests, stacks, limits, strategy, before)
    for share in result.shares:
        earlier = before.share(share.connector_id) if before else None
        earlier_w = earlier.limit_w if earlier else 0
        draws = {r.connector_id: r.draw_w for r in requests}
        flowing_w = earlier_w if draws[share.connector_id] is None else (draws[share.connector_id] or 0)
        if share.limit_w <= max(earlier_w, flowing_w):
            continue
        worst = {}
        for other in result.shares:
            past = before.share(other.connector_id) if before else None
            drawn = draws[other.connector_id]
            drawn = (past.limit_w if past else 0) if drawn is None else drawn
            worst[other.connector_id] = max(other.limit_w, drawn)
        assert grid_power_w(worst, limits) <= limits.station[1] + 1e-6
