"""The limit that is named really binds; and what may be said of higher limits, with what may not."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from kiosk.model.enums import LimitReason
from kiosk.station.power import Limits, Outlet, Request, Share, Stacks, Strategy
from kiosk.station.power.model import grid_power_w
from tests.fakes.powers import Scene, obeyed, scenes, settled

ENDLESS_W = 10_000_000
STATION = {
    LimitReason.GRID: "grid_w",
    LimitReason.MODBUS: "modbus_w",
    LimitReason.FALLBACK: "fallback_w",
    LimitReason.PROFILE: "profile_w",
}
OWN = {LimitReason.DERATING: "derating_w", LimitReason.MODBUS: "modbus_w", LimitReason.PROFILE: "profile_w"}
SHARED = ("grid_w", "modbus_w", "fallback_w", "profile_w")


def with_outlet(scene: Scene, connector_id: int, **fields: Any) -> Scene:
    outlets = tuple(
        msgspec.structs.replace(o, **fields) if o.connector_id == connector_id else o for o in scene.limits.outlets
    )
    return scene.under(msgspec.structs.replace(scene.limits, outlets=outlets))


def with_request(scene: Scene, connector_id: int, **fields: Any) -> Scene:
    changed = [
        msgspec.structs.replace(r, **fields) if r.connector_id == connector_id else r for r in scene.requests
    ]
    return msgspec.structs.replace(scene, requests=tuple(changed))


def lifted(scene: Scene, share: Share) -> Scene:
    """The same with the one limit gone that this share names."""
    n, reason = share.connector_id, share.reason
    if reason is LimitReason.CAR:
        return with_request(scene, n, requested_w=ENDLESS_W)
    if reason is LimitReason.CONNECTOR:
        amperes = 1e6 if scene.limits.outlet(n).max_current_a is not None else None
        return with_outlet(scene, n, max_power_w=ENDLESS_W, max_current_a=amperes)
    if reason is LimitReason.STACK:
        stacks = msgspec.structs.replace(scene.stacks, count=8, power_w=ENDLESS_W, current_a=None)
        return msgspec.structs.replace(scene, stacks=stacks)
    if reason in OWN:
        scene = with_outlet(scene, n, **{OWN[reason]: None})
    if reason is LimitReason.DERATING:
        scene = msgspec.structs.replace(scene, stacks=msgspec.structs.replace(scene.stacks, derated_w=None))
    if reason in STATION:
        scene = scene.under(msgspec.structs.replace(scene.limits, **{STATION[reason]: None}))
    return scene


@given(scenes())
def test_without_the_limit_that_is_named_there_is_more_or_another_one_is_named(scene: Scene) -> None:
    result, _ = settled(scene)
    calm = obeyed(scene, result)
    for share in result.shares:
        after, _ = settled(lifted(calm, share))
        freed = after.share(share.connector_id)
        assert freed is not None
        if share.reason is LimitReason.CAR and not freed.limit_w:
            continue  # it was content with less than the minimum; with a larger wish that is too little
        assert freed.limit_w >= share.limit_w
        assert freed.limit_w > share.limit_w or freed.reason is not share.reason, share


@given(scenes(), st.floats(0.1, 0.95))
def test_less_of_the_limit_that_is_named_is_less(scene: Scene, part: float) -> None:
    result, _ = settled(scene.fresh())
    for share in result.shares:
        n, reason, outlet = share.connector_id, share.reason, scene.limits.outlet(share.connector_id)
        if not share.limit_w or reason is LimitReason.CAR:
            continue
        less = scene.fresh()

        def cut(watts: float | None) -> Any:
            return None if watts is None else type(watts)(watts * part)

        if reason is LimitReason.CONNECTOR:
            less = with_outlet(
                less, n, max_power_w=cut(outlet.max_power_w), max_current_a=cut(outlet.max_current_a)
            )
        elif reason is LimitReason.STACK:
            smaller = {"power_w": cut(less.stacks.power_w), "current_a": cut(less.stacks.current_a)}
            if less.stacks.count * smaller["power_w"] >= share.limit_w:
                continue  # more of the smaller ones would be taken
            less = msgspec.structs.replace(less, stacks=msgspec.structs.replace(less.stacks, **smaller))
        else:
            if reason in OWN:
                less = with_outlet(less, n, **{OWN[reason]: cut(getattr(outlet, OWN[reason]))})
            if reason is LimitReason.DERATING and less.stacks.derated_w is not None:
                derated = msgspec.structs.replace(less.stacks, derated_w=cut(less.stacks.derated_w))
                if less.stacks.count * cut(less.stacks.derated_w) >= share.limit_w:
                    continue
                less = msgspec.structs.replace(less, stacks=derated)
            if reason in STATION:
                if less.strategy is Strategy.FAIR and share.limit_w <= outlet.min_power_w:
                    continue  # kept at its minimum while the others give way
                station_w = getattr(less.limits, STATION[reason])
                less = less.under(msgspec.structs.replace(less.limits, **{STATION[reason]: cut(station_w)}))
        after, _ = settled(less)
        fallen = after.share(n)
        assert fallen is not None
        assert fallen.limit_w < share.limit_w, (share, fallen)


@given(scenes())
def test_a_car_that_has_all_it_wants_is_limited_by_itself_and_only_then(scene: Scene) -> None:
    """At any moment: nobody is told of a limit of ours that costs it nothing."""
    result = scene.now()
    for request in scene.requests:
        share = result.share(request.connector_id)
        assert share is not None
        has_all = request.requested_w is not None and share.limit_w >= request.requested_w
        assert (share.reason is LimitReason.CAR) is has_all
        assert not has_all or share.shared_with == ()


# --- higher limits ----------------------------------------------------------------------------------------------


def higher(scene: Scene, name: str, more_w: int) -> Scene:
    given_w = getattr(scene.limits, name)
    assume(given_w is not None)
    return scene.under(msgspec.structs.replace(scene.limits, **{name: given_w + more_w}))


def charging(scene: Scene, shares: dict[int, Share]) -> list[bool]:
    """Who has power, first come first; who wants none is left out."""
    return [shares[r.connector_id].limit_w > 0 for r in scene.order if r.requested_w != 0]


@given(scenes(), st.integers(0, 40_000) | st.integers(0, 600), st.sampled_from(SHARED))
def test_a_higher_limit_of_the_station_never_gives_less_in_all(scene: Scene, more_w: int, name: str) -> None:
    scene = scene.fresh()
    low, high = scene.now(), higher(scene, name, more_w).now()
    assert high.grid_w >= low.grid_w - len(scene.requests), "rounding down costs each at most a watt"


@given(scenes(), st.integers(0, 40_000) | st.integers(0, 600), st.sampled_from(SHARED))
def test_a_higher_limit_of_the_station_takes_from_nobody_but_for_one_who_came_before(
    scene: Scene, more_w: int, name: str
) -> None:
    """First come first, the first difference is one who charges now and did not before.

    Where the same sessions charge, each has at least what it had. Who came first never loses anything.
    """
    scene = scene.fresh()
    low = {share.connector_id: share for share in scene.now().shares}
    high = {share.connector_id: share for share in higher(scene, name, more_w).now().shares}
    before, after = charging(scene, low), charging(scene, high)
    assert after >= before, "False sorts before True"
    if after == before:
        assert all(high[n].limit_w >= low[n].limit_w - 1 for n in low)
    if scene.requests:
        first = scene.order[0].connector_id
        assert high[first].limit_w >= low[first].limit_w - 1


def test_the_minimum_of_one_who_came_before_can_cost_others_all_they_had() -> None:
    """Why no more can be promised: 4140 W are nothing to AC one watt earlier, and DC had them."""
    ac = Outlet(connector_id=1, dc=False, max_power_w=22_000, min_power_w=4_140)
    dc = Outlet(connector_id=2, dc=True, max_power_w=50_000, min_power_w=1_000)
    requests = (Request(connector_id=1, since_s=1, draw_w=0), Request(connector_id=2, since_s=2, draw_w=0))
    for strategy in Strategy:
        given_w = []
        for grid_w in (4_239, 4_240):
            scene = Scene(
                requests=requests,
                stacks=Stacks(count=2, power_w=25_000),
                limits=Limits(outlets=(ac, dc), grid_w=grid_w),
                strategy=strategy,
            )
            given_w.append([share.limit_w for share in scene.now().shares])
        assert given_w == [[0, 4_014], [4_140, 0]]


@given(
    scenes(),
    st.integers(0, 3),
    st.sampled_from(["max_power_w", "derating_w", "modbus_w", "profile_w"]),
    st.integers(0, 40_000) | st.integers(0, 600),
)
def test_a_higher_limit_of_a_connector_never_gives_it_less(
    scene: Scene, which: int, name: str, more_w: int
) -> None:
    assume(scene.requests)
    scene = scene.fresh()
    n = scene.requests[which % len(scene.requests)].connector_id
    given_w = getattr(scene.limits.outlet(n), name)
    assume(given_w is not None)
    low = scene.now().share(n)
    high = with_outlet(scene, n, **{name: given_w + more_w}).now().share(n)
    assert low is not None
    assert high is not None
    assert high.limit_w >= low.limit_w


def test_a_higher_limit_of_a_connector_can_give_less_in_all() -> None:
    """Stacks cannot be cut: for 1 W more the first keeps both, and the second has none (decision 10, FCFS)."""
    outlets = [
        Outlet(connector_id=n, dc=True, max_power_w=25_000, max_current_a=150.0, min_power_w=1_000) for n in (1, 2)
    ]
    requests = tuple(Request(connector_id=n, since_s=n, requested_w=90_000, draw_w=0) for n in (1, 2))
    scene = Scene(
        requests=requests,
        stacks=Stacks(count=2, power_w=25_000),
        limits=Limits(outlets=tuple(outlets), grid_w=75_000),
        strategy=Strategy.FCFS,
    )
    assert [share.limit_w for share in scene.now().shares] == [25_000, 25_000]
    more = with_outlet(scene, 1, max_power_w=25_001)
    assert [share.limit_w for share in more.now().shares] == [25_001, 0]
    fair = msgspec.structs.replace(more, strategy=Strategy.FAIR)
    assert [share.limit_w for share in fair.now().shares] == [25_000, 25_000]


@given(scenes())
def test_whoever_is_left_alone_has_all_that_its_own_limits_allow(scene: Scene) -> None:
    """Nothing of the others sticks."""
    result, _ = settled(scene)
    for request in scene.requests:
        alone = msgspec.structs.replace(obeyed(scene, result), requests=(request,))
        share, fresh = settled(alone)[0].shares[0], settled(alone.fresh())[0].shares[0]
        if share.stacks == fresh.stacks and share.limit_w:  # else a margin of the past holds, as it should
            assert share == fresh
        assert grid_power_w({share.connector_id: share.limit_w}, scene.limits) <= max(
            100, scene.limits.station[1] if scene.limits.station else ENDLESS_W * 100
        )
