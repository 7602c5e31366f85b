"""With cars that obey it comes to rest, stays there, and does not switch to and fro for a wish that wavers."""

from __future__ import annotations

import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.enums import LimitReason
from kiosk.station.power import Limits, Outlet, Request, Stacks, Strategy
from kiosk.station.power.allocation import RETURN_MARGIN_W
from kiosk.station.power.model import EFFICIENCY, least_ac_w
from kiosk.station.power.stacks import TAKE_BACK_MARGIN
from tests.fakes.powers import Scene, obeyed, scenes, settled

STACKS = Stacks(count=2, power_w=25_000, current_a=75.0)
DC = [Outlet(connector_id=n, dc=True, max_power_w=50_000, max_current_a=150.0, min_power_w=1_000) for n in (1, 2)]
AC = Outlet(connector_id=3, dc=False, max_power_w=22_000, min_power_w=least_ac_w(3))


@given(scenes())
def test_it_settles_and_stays(scene: Scene) -> None:
    result, turns = settled(scene)
    assert turns <= 5
    assert not any(share.waits for share in result.shares), "nothing waits for ever"


@given(scenes())
def test_after_a_restart_everything_is_right_at_once(scene: Scene) -> None:
    """Nothing flows then, so nothing needs to be waited for."""
    fresh = scene.fresh()
    first = fresh.now()
    assert not any(share.waits for share in first.shares)
    assert settled(fresh)[0] == first


@given(scenes(), st.integers(0, 2))
def test_cars_that_tell_nothing_settle_too(scene: Scene, silent: int) -> None:
    """Unknown draws count in full, but what was lowered counts as lowered."""
    requests = [
        msgspec.structs.replace(r, draw_w=None) if i == silent else r for i, r in enumerate(scene.requests)
    ]
    before = scene.before
    for turn in itertools.count():
        after = msgspec.structs.replace(scene, requests=tuple(requests), before=before).now()
        if turn and after == before:
            break
        assert turn < 12, "it swings"
        told = {s.connector_id: s.limit_w for s in after.shares}
        requests = [
            msgspec.structs.replace(r, draw_w=None if r.draw_w is None else min(r.draw_w, told[r.connector_id]))
            for r in requests
        ]
        before = after


@given(
    scenes(), st.integers(0, 3), st.lists(st.floats(0, 1), min_size=1, max_size=25), st.integers(1_001, 120_000)
)
def test_a_wish_that_wavers_moves_the_stacks_once_at_most(
    scene: Scene, who: int, ups: list[float], lowest_w: int
) -> None:
    """As long as it wavers by less than the margin; whatever else is going on stands still."""
    if not scene.requests:
        return
    who %= len(scene.requests)
    width_w = lowest_w * (TAKE_BACK_MARGIN - 1) * 0.99
    seen = []
    for up in ups:
        requests = list(scene.requests)
        requests[who] = msgspec.structs.replace(requests[who], requested_w=int(lowest_w + up * width_w))
        after, _ = settled(msgspec.structs.replace(scene, requests=tuple(requests)))
        scene = obeyed(msgspec.structs.replace(scene, requests=tuple(requests)), after)
        seen.append(tuple(share.stacks for share in after.shares))
    assert sum(a != b for a, b in itertools.pairwise(seen)) <= 1


@given(
    st.sampled_from(Strategy),
    st.lists(st.integers(0, RETURN_MARGIN_W - 1), min_size=2, max_size=25),
    st.integers(0, 9_000),
)
def test_a_limit_that_wavers_switches_nobody_on_and_off(strategy: Strategy, ups: list[int], lowest_w: int) -> None:
    """Around the minimum of any of three sessions, by less than the margin: each is switched once at most."""
    requests = tuple(Request(connector_id=n, since_s=n, draw_w=0) for n in (1, 2, 3))
    scene = Scene(requests=requests, stacks=STACKS, limits=Limits(outlets=(*DC, AC)), strategy=strategy)
    seen = []
    for up in ups:
        scene = scene.under(Limits(outlets=(*DC, AC), grid_w=lowest_w + up))
        after, _ = settled(scene)
        scene = obeyed(scene, after)
        seen.append([share.limit_w > 0 for share in after.shares])
    for one in range(3):
        assert sum(a[one] != b[one] for a, b in itertools.pairwise(seen)) <= 1, seen


@given(scenes())
def test_who_starves_gets_power_again_once_there_is_some(scene: Scene) -> None:
    """Whatever kept it from charging is taken away: then nothing but the lack of a stack does."""
    result, _ = settled(scene)
    plenty = tuple(
        msgspec.structs.replace(
            o, max_power_w=50_000, min_power_w=1_000, derating_w=None, modbus_w=None, profile_w=None
        )
        for o in scene.limits.outlets
    )
    freed = msgspec.structs.replace(
        obeyed(scene, result),
        limits=Limits(outlets=plenty, grid_w=1_000_000),
        stacks=msgspec.structs.replace(scene.stacks, derated_w=None),
    )
    after, _ = settled(freed)
    for request in freed.requests:
        share, outlet = after.share(request.connector_id), freed.limits.outlet(request.connector_id)
        assert share is not None
        if request.requested_w == 0 or (outlet.dc and not share.stacks):
            continue  # it wants none, or waits for a stack
        assert share.limit_w >= outlet.min_power_w, share


@given(scenes())
def test_where_a_start_is_allowed_there_is_power_for_it(scene: Scene) -> None:
    result, _ = settled(scene)
    busy = {r.connector_id for r in scene.requests}
    assert not busy & set(result.startable)
    assert all(result.can_start(n) for n in busy | set(result.startable))
    calm = obeyed(scene, result)
    for outlet in scene.limits.outlets:
        if outlet.connector_id in busy:
            continue
        newcomer = Request(connector_id=outlet.connector_id, since_s=1e9, draw_w=0)
        joined, _ = settled(msgspec.structs.replace(calm, requests=(*calm.requests, newcomer)))
        share = joined.share(outlet.connector_id)
        assert share is not None
        assert (share.limit_w >= outlet.min_power_w > 0) is (outlet.connector_id in result.startable)


@given(scenes())
def test_a_newcomer_takes_no_stack_from_fcfs_and_all_but_one_from_fair(scene: Scene) -> None:
    """Decision 10: FCFS leaves the first what it can use; FAIR gives one each when the second starts."""
    result, _ = settled(scene)
    calm = obeyed(scene, result)
    free = [o for o in scene.limits.outlets if o.dc and result.share(o.connector_id) is None]
    if not free:
        return
    newcomer = Request(connector_id=free[0].connector_id, since_s=1e9, draw_w=0, requested_w=50_000)
    joined, _ = settled(msgspec.structs.replace(calm, requests=(*calm.requests, newcomer)))
    before = {s.connector_id: s.stacks for s in result.shares}
    after = {s.connector_id: s.stacks for s in joined.shares if s.connector_id in before}
    if scene.strategy is Strategy.FCFS:
        assert after == before
    else:
        assert all(after[n] >= min(1, before[n]) for n in before)
        got = joined.share(newcomer.connector_id)
        assert got is not None
        assert got.stacks >= min(1, scene.stacks.count - sum(min(1, held) for held in before.values()))


@pytest.mark.parametrize(
    ("left_w", "charges"),
    [
        ([4_139], [False]),
        ([4_140], [True]),  # who begins needs the minimum only
        ([4_139, 4_639, 4_640], [False, False, True]),  # who starved needs the margin too
        ([4_640, 4_140, 4_139, 4_639], [True, True, False, False]),  # and then lives down to the minimum
    ],
)
def test_who_starved_comes_back_with_a_margin(left_w: list[int], charges: list[bool]) -> None:
    """FCFS: AC lives on what DC leaves of the grid."""
    outlets = (*DC, AC)
    requests = (
        Request(connector_id=1, since_s=1, requested_w=40_000, draw_w=0, voltage_v=400.0),
        Request(connector_id=3, since_s=3, draw_w=0),
    )
    scene = Scene(requests=requests, stacks=STACKS, limits=Limits(outlets=outlets), strategy=Strategy.FCFS)
    seen = []
    for watts in left_w:
        grid_w = 100 + math.ceil(40_000 / EFFICIENCY) + watts
        after, _ = settled(scene.under(Limits(outlets=outlets, grid_w=grid_w)))
        scene = obeyed(scene, after)
        share = after.share(3)
        assert share is not None
        seen.append(share.limit_w > 0)
    assert seen == charges


def test_the_limit_that_starves_a_session_stays_the_one_that_is_named() -> None:
    """Its own limit would be enough for what it wants, also with the margin of coming back in mind."""
    outlet = msgspec.structs.replace(DC[0], modbus_w=900)
    scene = Scene(
        requests=(Request(connector_id=1, since_s=1, requested_w=401, draw_w=0),),
        stacks=STACKS,
        limits=Limits(outlets=(outlet,), profile_w=0),
        strategy=Strategy.FCFS,
    )
    once = scene.now()
    assert [(share.limit_w, share.reason) for share in once.shares] == [(0, LimitReason.PROFILE)]
    assert obeyed(scene, once).now() == once
