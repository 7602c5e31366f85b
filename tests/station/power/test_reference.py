"""Watts and stacks beside a second reading of decision 10 that tries every possibility, in small numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.station.power import Limits, Outlet, Request, Stacks, Strategy, allocate
from kiosk.station.power import stacks as stack_rules
from kiosk.station.power.model import OWN_USE_W
from kiosk.station.power.sharing import Claim, fill

thorough = settings(max_examples=400)

Vector = tuple[int, ...]


@st.composite
def claims(draw: st.DrawFn, most: int = 4, highest: int = 6) -> list[Claim]:
    found = []
    for number in range(1, draw(st.integers(0, most)) + 1):
        cap = draw(st.integers(0, highest))
        need = draw(st.integers(0, cap))
        least = draw(st.integers(0, 3))
        floor = min(least, need)
        entry = floor + (draw(st.sampled_from([0, 0, 1])) if need else 0)
        found.append(Claim(connector_id=number, need=need, cap=cap, floor=floor, entry=entry, least=least))
    return found


def possible(asked: Sequence[Claim], budget: int, *, served: Sequence[bool] | None = None) -> Iterator[Vector]:
    """All whole watts that may be given for needs: within the budget, from the floor to the need, or nothing."""
    choices = [
        [0] if served is not None and not served[i] else sorted({0} | set(range(int(c.floor), int(c.need) + 1)))
        for i, c in enumerate(asked)
    ]
    for vector in itertools.product(*choices):
        if sum(vector) <= budget and (
            served is None or all(not on or w >= c.floor for on, w, c in zip(served, vector, asked, strict=True))
        ):
            yield vector


def admissions(asked: Sequence[Claim], budget: int) -> Iterator[tuple[bool, ...]]:
    """All ways to let sessions in: each with its entry beside the floors of those before it."""
    for served in itertools.product([False, True], repeat=len(asked)):
        floors = 0.0
        for on, claim in zip(served, asked, strict=True):
            if on and floors + claim.entry > budget:
                break
            floors += claim.floor if on else 0
        else:
            yield served


def whole(grants: dict[int, float]) -> Vector:
    assert all(abs(w - round(w)) < 1e-6 for w in grants.values())
    return tuple(round(w) for w in grants.values())


@thorough
@given(claims(), st.integers(0, 16))
def test_fcfs_gives_the_first_the_most_then_the_second(asked: list[Claim], budget: int) -> None:
    """Of all vectors the lexicographically greatest; who starved before is let in with its margin only."""
    best: Vector = ()
    for i in range(len(asked)):  # the greatest for one more, given those before
        left = budget - sum(best)
        allowed = [0]
        if left >= asked[i].entry:
            allowed = [v[i] for v in possible(asked[: i + 1], budget) if v[:i] == best]
        best = (*best, max(allowed))
    headroom_free = [Claim(**{**_fields(c), "cap": c.need}) for c in asked]
    assert whole(fill(headroom_free, budget, Strategy.FCFS)) == best


@thorough
@given(claims(most=3, highest=5), st.integers(0, 12))
def test_fair_lets_in_by_order_and_then_makes_the_poorest_as_rich_as_can_be(
    asked: list[Claim], budget: int
) -> None:
    """Admission: the lexicographically greatest. Among those, the greatest sorted vector, to less than a watt."""
    served = max(admissions(asked, budget))
    headroom_free = [Claim(**{**_fields(c), "cap": c.need}) for c in asked]
    grants = list(fill(headroom_free, budget, Strategy.FAIR).values())
    best = max(possible(asked, budget, served=served), key=lambda v: sorted(_open(v, served)))
    assert all(
        abs(a - b) < 1 for a, b in zip(sorted(_open(grants, served)), sorted(_open(best, served)), strict=True)
    )
    assert [w for w, on in zip(grants, served, strict=True) if not on] == [0] * served.count(False)


@thorough
@given(claims(highest=50), st.integers(0, 150))
def test_fair_parts_cannot_be_made_more_equal(asked: list[Claim], budget: int) -> None:
    """Exactly: nothing is left while somebody needs more, and nobody has more than a poorer one could use."""
    served = max(admissions(asked, budget))
    headroom_free = [Claim(**{**_fields(c), "cap": c.need}) for c in asked]
    grants = fill(headroom_free, budget, Strategy.FAIR)
    inside = [(c, grants[c.connector_id]) for c, on in zip(asked, served, strict=True) if on]
    assert all(c.floor - 1e-6 <= w <= c.need + 1e-6 for c, w in inside)
    assert abs(sum(w for _, w in inside) - min(budget, sum(c.need for c, _ in inside))) < 1e-6
    for (poor, poor_w), (rich, rich_w) in itertools.permutations(inside, 2):
        if poor_w < poor.need - 1e-6 and rich_w > rich.floor + 1e-6:
            assert rich_w <= poor_w + 1e-6


@thorough
@given(claims(highest=50), st.integers(0, 150), st.sampled_from(Strategy))
def test_headroom_is_what_nobody_needs_and_never_less_than_is_of_use(
    asked: list[Claim], budget: int, strategy: Strategy
) -> None:
    bare = fill([Claim(**{**_fields(c), "cap": c.need}) for c in asked], budget, strategy)
    full = fill(asked, budget, strategy)
    assert sum(full.values()) <= budget + 1e-6
    for claim in asked:
        more_w = full[claim.connector_id] - bare[claim.connector_id]
        assert more_w >= -1e-6
        if more_w > 1e-6:
            assert claim.least - 1e-6 <= full[claim.connector_id] <= claim.cap + 1e-6
            assert all(bare[c.connector_id] >= c.need - 1e-6 or not bare[c.connector_id] for c in asked)


@thorough
@given(claims(highest=9), st.integers(0, 30), st.sampled_from(Strategy))
def test_the_whole_allocation_is_that_of_the_watts(asked: list[Claim], budget: int, strategy: Strategy) -> None:
    """AC outlets, so that a watt at the plug is one at the grid, and stacks are not in the way."""
    outlets = tuple(
        Outlet(connector_id=c.connector_id, dc=False, max_power_w=int(c.cap), min_power_w=int(c.least))
        for c in asked
    )
    requests = [
        Request(connector_id=c.connector_id, since_s=c.connector_id, requested_w=int(c.need), draw_w=0)
        for c in asked
    ]
    result = allocate(
        requests, Stacks(count=0, power_w=1), Limits(outlets=outlets, grid_w=budget + OWN_USE_W), strategy, None
    )
    # what an outlet cannot give in a useful amount, it does not claim
    kept = [
        Claim(
            **{**_fields(c), "entry": c.floor, **({"cap": 0, "need": 0} if c.cap < min(c.least, c.need) else {})}
        )
        for c in asked
    ]
    expected = fill(kept, budget, strategy)
    for share in result.shares:
        assert abs(share.limit_w - expected[share.connector_id]) < 1
        assert share.limit_w <= expected[share.connector_id] + 1e-6


def _fields(claim: Claim) -> dict[str, float]:
    return {name: getattr(claim, name) for name in claim.__struct_fields__}


def _open(vector: Sequence[float], served: Sequence[bool]) -> list[float]:
    return [w for w, on in zip(vector, served, strict=True) if on]


# --- stacks -----------------------------------------------------------------------------------------------------

needs = st.lists(st.integers(0, 110_000), max_size=4)


def useful(need_w: int, stacks: Stacks) -> int:
    return next((n for n in range(1, stacks.count) if n * stacks.power_w >= need_w), max(1, stacks.count))


@thorough
@given(needs, st.integers(0, 4))
def test_stacks_from_an_empty_table(wishes_w: list[int], count: int) -> None:
    """FCFS: the first all it can use, then the second. FAIR: the poorest as many as can be, ties to who came."""
    stacks = Stacks(count=count, power_w=25_000)
    order = list(range(len(wishes_w)))
    want = [useful(w, stacks) for w in wishes_w]
    all_ways = [v for v in itertools.product(*(range(n + 1) for n in want)) if sum(v) == min(count, sum(want))]
    for strategy in Strategy:
        given_to = stack_rules.targets(order, dict(enumerate(wishes_w)), {}, stacks, strategy)
        found = tuple(given_to[n] for n in order)
        if strategy is Strategy.FCFS:
            assert found == max(all_ways)
        else:
            assert found == max(all_ways, key=lambda v: (sorted(v), v))


@thorough
@given(
    needs,
    st.integers(1, 4),
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.sets(st.integers(0, 3)),
    st.sampled_from(Strategy),
)
def test_who_holds_a_stack_keeps_one_and_a_promise_comes_before_all_wishes(
    wishes_w: list[int], count: int, held: list[int], promised: set[int], strategy: Strategy
) -> None:
    stacks = Stacks(count=count, power_w=25_000)
    order = list(range(len(wishes_w)))
    holds: dict[int, int] = {}
    for n in order:
        holds[n] = min(held[n], count - sum(holds.values()))
    aim = stack_rules.targets(order, dict(enumerate(wishes_w)), holds, stacks, strategy, promised)
    assert sum(aim.values()) <= count
    assert all(aim[n] >= 1 for n in order if holds[n])
    first = [n for n in order if n in promised and not holds[n]]
    room = count - sum(holds[n] > 0 for n in order)
    assert all(aim[n] >= 1 for n in first[:room])
    assert all(aim[n] <= stack_rules.wanted(wishes_w[n], holds[n], stacks) for n in order)
    idle = count - sum(aim.values())
    assert not idle or all(aim[n] == stack_rules.wanted(wishes_w[n], holds[n], stacks) for n in order)
