"""``allocate``: every limit, the stacks and the strategy, in one step from what was to what is."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import msgspec

from kiosk.model.enums import LimitReason
from kiosk.station.power import stacks as stack_rules
from kiosk.station.power.model import (
    LEAST_VOLTAGE_V,
    OWN_USE_W,
    Allocation,
    Limits,
    Outlet,
    Request,
    Share,
    Stacks,
    Strategy,
    grid_cost,
    grid_power_w,
)
from kiosk.station.power.sharing import Claim, fill

RETURN_MARGIN_W = 500
"""At the plug, above the minimum: so much must be there before a session that got nothing gets something again, so
that a limit or a neighbour's wish which wavers around the minimum does not switch it on and off."""


class _Target(msgspec.Struct, frozen=True):
    limit_w: int
    reason: LimitReason
    common: bool  # the station's limit binds, not one of the connector's own


def allocate(
    requests: Sequence[Request], stacks: Stacks, limits: Limits, strategy: Strategy, previous: Allocation | None
) -> Allocation:
    """The setpoints and stacks to set now (decision 10).

    Lower setpoints hold at once. A higher one, and a stack for another connector, wait until the measured draws
    leave room: the caller asks again with every new measurement. ``previous`` is what was set last, None at the
    beginning. Raises KeyError for a request of a connector without an outlet, ValueError for two of the same.
    """
    ids = [r.connector_id for r in requests]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two requests of one connector: {ids}")
    order = sorted(requests, key=lambda r: (r.since_s, r.connector_id))
    before = {share.connector_id: share for share in previous.shares} if previous else {}
    set_w = {r.connector_id: before[r.connector_id].limit_w if r.connector_id in before else 0 for r in order}
    held = {r.connector_id: before[r.connector_id].stacks if r.connector_id in before else 0 for r in order}
    starved = {n for n, share in before.items() if share.limit_w == 0 and not share.waits}
    # unknown counts as the worst that was allowed
    draws_w = {r.connector_id: set_w[r.connector_id] if r.draw_w is None else r.draw_w for r in order}

    aim = _stack_targets(order, stacks, limits, strategy, held)
    fed = stack_rules.switched(list(aim), aim, held, draws_w, stacks)
    usable = {n: min(aim[n], fed[n]) for n in aim}
    targets = _targets(order, stacks, limits, strategy, usable, starved)
    meant = {n: max(aim[n], fed[n]) for n in aim}
    now_w = _raised(order, limits, targets, set_w, draws_w)
    shares = []
    for request in sorted(order, key=lambda r: r.connector_id):
        n = request.connector_id
        waits_for_stack = fed.get(n, 0) < aim.get(n, 0)
        reason = _reason_now(request, now_w[n], targets[n], limits, waits_for_stack=waits_for_stack)
        shares.append(
            Share(
                connector_id=n,
                limit_w=now_w[n],
                stacks=fed.get(n, 0),
                reason=reason,
                shared_with=() if reason is LimitReason.CAR else _sharers(n, targets, meant, now_w),
                waits=now_w[n] < targets[n].limit_w or waits_for_stack,
            )
        )
    return Allocation(
        shares=tuple(shares),
        startable=_startable(order, stacks, limits, strategy, held, starved),
        grid_w=math.ceil(grid_power_w(now_w, limits) - 1e-6),
    )


def _caps(request: Request, outlet: Outlet, stacks: Stacks, fed: int) -> tuple[LimitReason, float]:
    """The lowest limit of the connector's own, without the car's, W at the plug; of equals the first."""
    told_v = request.voltage_v
    volts = math.inf if told_v is None or told_v < LEAST_VOLTAGE_V else told_v
    caps = [(LimitReason.CONNECTOR, float(outlet.max_power_w))]
    if outlet.max_current_a is not None:
        caps.append((LimitReason.CONNECTOR, outlet.max_current_a * volts))
    for reason, watts in (
        (LimitReason.DERATING, outlet.derating_w),
        (LimitReason.DERATING, None if stacks.derated_w is None or not outlet.dc else fed * stacks.derated_w),
        (LimitReason.MODBUS, outlet.modbus_w),
        (LimitReason.PROFILE, outlet.profile_w),
    ):
        if watts is not None:
            caps.append((reason, float(watts)))
    if outlet.dc:  # last: a stack that another limit makes useless is given away, and then is no cause
        caps.append((LimitReason.STACK, float(fed * stacks.power_w)))
        if stacks.current_a is not None and fed:
            caps.append((LimitReason.STACK, fed * stacks.current_a * volts))
    return min(caps, key=lambda cap: cap[1])


def _need_w(request: Request, cap_w: float) -> float:
    return cap_w if request.requested_w is None else min(cap_w, float(request.requested_w))


def _stack_targets(
    order: Sequence[Request], stacks: Stacks, limits: Limits, strategy: Strategy, held: Mapping[int, int]
) -> dict[int, int]:
    dc = [r for r in order if limits.outlet(r.connector_id).dc]
    needs_w = {}
    for request in dc:
        _, cap_w = _caps(request, limits.outlet(request.connector_id), stacks, stacks.count)
        needs_w[request.connector_id] = _need_w(request, cap_w)
    promised = {request.connector_id for request in dc if request.promised}
    return stack_rules.targets([r.connector_id for r in dc], needs_w, held, stacks, strategy, promised)


def _budget_w(limits: Limits) -> float:
    """What the sessions may take from the grid together."""
    station = limits.station
    return math.inf if station is None else max(0.0, float(station[1] - OWN_USE_W))


def _targets(
    order: Sequence[Request],
    stacks: Stacks,
    limits: Limits,
    strategy: Strategy,
    usable: Mapping[int, int],
    starved: Collection[int],
) -> dict[int, _Target]:
    """Where each setpoint should go, whatever flows at the moment. ``starved``: who gets nothing at present."""
    claims, bounds = [], {}
    for request in order:
        n = request.connector_id
        outlet = limits.outlet(n)
        reason, cap_w = _caps(request, outlet, stacks, usable.get(n, 0))
        cost = grid_cost(outlet)
        margin_w = RETURN_MARGIN_W if n in starved else 0
        if cap_w < outlet.min_power_w and (request.requested_w is None or cap_w < request.requested_w):
            cap_w = 0.0  # too little to charge with
        need_w = _need_w(request, cap_w)
        floor_w = min(float(outlet.min_power_w), need_w)
        entry_w = floor_w + margin_w if need_w > 0 else 0.0
        claims.append(
            Claim(
                connector_id=n,
                need=need_w * cost,
                cap=cap_w * cost,
                floor=floor_w * cost,
                entry=entry_w * cost,
                least=outlet.min_power_w * cost,
            )
        )
        bounds[n] = (reason, cap_w, request.requested_w)
    grants = fill(claims, _budget_w(limits), strategy)
    targets = {}
    for n, (reason, cap_w, requested_w) in bounds.items():
        limit_w = math.floor(grants[n] / grid_cost(limits.outlet(n)) + 1e-6)
        station = limits.station
        if requested_w is not None and limit_w >= requested_w:
            targets[n] = _Target(limit_w, LimitReason.CAR, common=False)
        elif limit_w < math.floor(cap_w) and station is not None:
            targets[n] = _Target(limit_w, station[0], common=True)
        else:
            targets[n] = _Target(limit_w, reason, common=False)
    return targets


def _raised(
    order: Sequence[Request],
    limits: Limits,
    targets: Mapping[int, _Target],
    set_w: Mapping[int, int],
    draws_w: Mapping[int, float],
) -> dict[int, int]:
    """What may be set now: never above the target, raised only by what nobody still draws, nothing rather than
    less than the least that is of use."""
    now_w = {n: min(targets[n].limit_w, set_w[n]) for n in targets}
    busy_w = {n: max(float(now_w[n]), draws_w[n]) for n in targets}
    left = _budget_w(limits) - sum(busy_w[n] * grid_cost(limits.outlet(n)) for n in targets)
    for request in order:
        n = request.connector_id
        outlet = limits.outlet(n)
        cost = grid_cost(outlet)
        room_w = busy_w[n] + max(0.0, left) / cost
        goal_w = min(targets[n].limit_w, math.floor(min(room_w, 1e12) + 1e-6))
        least_w = min(outlet.min_power_w, targets[n].limit_w)
        if goal_w < least_w:
            now_w[n] = 0
        elif goal_w > now_w[n]:
            now_w[n] = goal_w
            left -= max(0.0, goal_w - busy_w[n]) * cost
    return now_w


def _reason_now(
    request: Request, now_w: int, target: _Target, limits: Limits, *, waits_for_stack: bool
) -> LimitReason:
    if request.requested_w is not None and now_w >= request.requested_w:
        return LimitReason.CAR
    if waits_for_stack:
        return LimitReason.STACK
    station = limits.station
    return station[0] if now_w < target.limit_w and station is not None else target.reason


def _sharers(
    n: int, targets: Mapping[int, _Target], meant: Mapping[int, int], now_w: Mapping[int, int]
) -> tuple[int, ...]:
    """Who holds what ``n`` would take if it could."""
    if targets[n].common or now_w[n] < targets[n].limit_w:
        return tuple(sorted(m for m, other in targets.items() if m != n and other.limit_w))
    if targets[n].reason is LimitReason.STACK:
        return tuple(sorted(m for m, count in meant.items() if m != n and count))
    return ()


def _startable(
    order: Sequence[Request],
    stacks: Stacks,
    limits: Limits,
    strategy: Strategy,
    held: Mapping[int, int],
    starved: Collection[int],
) -> tuple[int, ...]:
    """Connectors where one more session would get power, if it came now and nobody's draw stood in the way."""
    busy = {r.connector_id for r in order}
    found = []
    for outlet in limits.outlets:
        if outlet.connector_id in busy:
            continue
        tried = [*order, Request(connector_id=outlet.connector_id, since_s=math.inf)]
        aim = _stack_targets(tried, stacks, limits, strategy, held)
        if _targets(tried, stacks, limits, strategy, aim, starved)[outlet.connector_id].limit_w > 0:
            found.append(outlet.connector_id)
    return tuple(sorted(found))
