"""Which connector is fed by how many stacks: who should have them, and who can have them now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kiosk.station.power.model import Stacks, Strategy

TAKE_BACK_MARGIN = 1.05
"""A further stack is taken only for clearly more than the present ones give, so the relay does not chatter."""


def wanted(need_w: float, held: int, stacks: Stacks) -> int:
    """How many stacks a session can use: at least one, released when it needs no more than the others give."""
    count = 1
    while count < stacks.count and stacks.each_w:
        enough_w = count * stacks.each_w
        if need_w <= enough_w * (TAKE_BACK_MARGIN if 0 < held <= count else 1.0):
            break
        count += 1
    return count


def targets(
    order: Sequence[int],
    needs_w: Mapping[int, float],
    held: Mapping[int, int],
    stacks: Stacks,
    strategy: Strategy,
    promised: Collection[int] = (),
) -> dict[int, int]:
    """Stacks each DC session should have. ``order``: connector ids, first come first; ``held``: what each has now.

    Who holds one keeps one, and who was promised one gets it. FCFS: then the first takes all it can use, and so
    on. FAIR: one for everybody first, then one at a time round the table. Who comes to an empty table gets none.
    """
    want = {n: wanted(needs_w[n], held.get(n, 0), stacks) for n in order}
    give = dict.fromkeys(order, 0)
    free = stacks.count
    for n in [*(n for n in order if held.get(n, 0)), *(n for n in order if n in promised and not held.get(n, 0))]:
        if free:
            give[n], free = 1, free - 1
    if strategy is Strategy.FCFS:
        for n in order:
            more = min(want[n] - give[n], free)
            give[n], free = give[n] + more, free - more
        return give
    while free:
        hungry = [n for n in order if give[n] < want[n]]
        if not hungry:
            break
        n = min(hungry, key=lambda n: (give[n], order.index(n)))
        give[n], free = give[n] + 1, free - 1
    return give


def switched(
    order: Sequence[int],
    target: Mapping[int, int],
    held: Mapping[int, int],
    draws_w: Mapping[int, float],
    stacks: Stacks,
) -> dict[int, int]:
    """The assignment for now: a stack leaves a session only when what remains carries its draw."""
    now = {}
    for n in order:
        carried = draws_w[n] <= target[n] * stacks.each_w or target[n] >= held.get(n, 0)
        now[n] = min(held.get(n, 0), target[n]) if carried else held.get(n, 0)
    free = stacks.count - sum(now.values())
    for n in order:
        more = max(0, min(target[n] - now[n], free))
        now[n], free = now[n] + more, free - more
    return now
