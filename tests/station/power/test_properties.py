"""What must hold for every single allocation, whatever is asked, measured and forbidden."""

from __future__ import annotations

import math
import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.power import allocate
from kiosk.station.power.model import grid_power_w
from tests.fakes.powers import Scene, scenes


@given(scenes())
def test_no_limit_in_force_is_ever_passed(scene: Scene) -> None:
    result, limits, stacks = scene.now(), scene.limits, scene.stacks
    given_w = {share.connector_id: share.limit_w for share in result.shares}
    for limit_w in (limits.grid_w, limits.modbus_w, limits.fallback_w, limits.profile_w):
        if limit_w is not None:
            assert grid_power_w(given_w, limits) <= max(limit_w, 100) + 1e-6, "own use alone may be above"
    assert result.grid_w == math.ceil(grid_power_w(given_w, limits) - 1e-6)
    assert sum(share.stacks for share in result.shares) <= stacks.count
    by_id = {r.connector_id: r for r in scene.requests}
    assert [share.connector_id for share in result.shares] == sorted(by_id)
    for share in result.shares:
        outlet = limits.outlet(share.connector_id)
        own = (outlet.max_power_w, outlet.derating_w, outlet.modbus_w, outlet.profile_w)
        assert all(0 <= share.limit_w <= limit for limit in own if limit is not None)
        volts = by_id[share.connector_id].voltage_v
        if outlet.dc:
            assert share.limit_w <= share.stacks * stacks.each_w
            amperes = (outlet.max_current_a, stacks.current_a and share.stacks * stacks.current_a)
            assert volts is None or all(share.limit_w <= a * volts + 1e-6 for a in amperes if a is not None)
        else:
            assert share.stacks == 0
        assert share.connector_id not in share.shared_with
        assert set(share.shared_with) <= set(by_id)


@given(scenes())
def test_nobody_is_between_nothing_and_the_minimum(scene: Scene) -> None:
    """At any moment, not only in the end. A car that wants less than the minimum has all it wants."""
    result = scene.now()
    for request in scene.requests:
        share = result.share(request.connector_id)
        assert share is not None
        least_w = scene.limits.outlet(request.connector_id).min_power_w
        assert share.limit_w in (0, request.requested_w) or share.limit_w >= least_w


@given(scenes(), st.randoms(use_true_random=False))
def test_the_same_question_has_the_same_answer_in_whatever_order_it_is_put(
    scene: Scene, chance: random.Random
) -> None:
    once = scene.now()
    requests, outlets = list(scene.requests), list(scene.limits.outlets)
    chance.shuffle(requests)
    chance.shuffle(outlets)
    limits = msgspec.structs.replace(scene.limits, outlets=tuple(outlets))
    assert allocate(requests, scene.stacks, limits, scene.strategy, scene.before) == once


@given(scenes(), st.integers(-1000, 1000))
def test_only_the_order_of_coming_counts_not_the_time(scene: Scene, later_s: int) -> None:
    shifted = tuple(msgspec.structs.replace(r, since_s=r.since_s + later_s) for r in scene.requests)
    assert msgspec.structs.replace(scene, requests=shifted).now() == scene.now()


@given(scenes())
def test_never_more_sessions_with_power_than_stacks_and_ac_outlets(scene: Scene) -> None:
    fed = [share for share in scene.now().shares if share.limit_w and scene.limits.outlet(share.connector_id).dc]
    assert len(fed) <= scene.stacks.count
    assert all(share.stacks >= 1 for share in fed)


@given(scenes())
def test_a_stack_never_leaves_a_car_that_still_draws_from_it(scene: Scene) -> None:
    result, before = scene.now(), scene.before
    for request in scene.requests:
        held = before.share(request.connector_id) if before else None
        share = result.share(request.connector_id)
        assert share is not None
        if held is None or share.stacks >= held.stacks:
            continue
        drawn_w = held.limit_w if request.draw_w is None else request.draw_w
        assert drawn_w <= share.stacks * scene.stacks.each_w


@given(scenes())
def test_what_flows_and_what_is_allowed_stay_within_the_limit_together(scene: Scene) -> None:
    """A raise never lifts the worst case (each draws the more of draw and setpoint) above the limit."""
    if scene.limits.station is None:
        return
    result, before = scene.now(), scene.before
    earlier_w = {s.connector_id: s.limit_w for s in before.shares} if before else {}
    flowing_w = {
        r.connector_id: earlier_w.get(r.connector_id, 0) if r.draw_w is None else r.draw_w for r in scene.requests
    }
    now_w = {s.connector_id: s.limit_w for s in result.shares}
    if any(now_w[n] > max(earlier_w.get(n, 0), flowing_w[n]) for n in now_w):
        worst_w = {n: max(now_w[n], flowing_w[n]) for n in now_w}
        assert grid_power_w(worst_w, scene.limits) <= scene.limits.station[1] + 1e-6
