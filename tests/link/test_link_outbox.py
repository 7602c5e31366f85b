"""A slow face never makes the core wait, and never makes it grow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.link.outbox import FRESH_SNAPSHOT, MAX_CHANGES, MAX_FRAMES, Outbox
from kiosk.model.errors import LinkClosed
from kiosk.model.snapshot import Changes, Screen, Tick
from tests.fakes.clock import ManualClock


def change(name: str) -> Changes:
    return Changes(screen=Screen(name=name))


def tick(seq: int) -> Tick:
    clock = ManualClock()
    return Tick(seq=seq, now=clock.now(), monotonic_s=clock.monotonic(), reading_age_ms={})


def emptied(box: Outbox) -> list[object]:
    found: list[object] = []
    while (item := box.take()) is not None:
        found.append(item)
    return found


def test_everything_in_order() -> None:
    box = Outbox()
    box.changes(change("a"))
    box.frames("answer", b"picture")
    box.changes(change("b"))
    assert emptied(box) == [change("a"), "answer", b"picture", change("b")]


def test_newest_tick_only_and_last() -> None:
    box = Outbox()
    box.tick(tick(1))
    box.changes(change("a"))
    box.tick(tick(2))
    assert emptied(box) == [change("a"), tick(2)]


def test_too_many_changes_become_a_snapshot() -> None:
    box = Outbox()
    for number in range(MAX_CHANGES):
        box.changes(change(str(number)))
    box.frames("answer")
    assert box.dropped == 0
    box.changes(change("one too many"))
    box.changes(change("contained in the snapshot"))
    assert box.dropped == 1
    assert emptied(box) == ["answer", FRESH_SNAPSHOT]
    box.changes(change("after"))
    assert emptied(box) == [change("after")]


def test_answers_are_kept_and_bounded() -> None:
    box = Outbox()
    for _ in range(MAX_FRAMES):
        box.frames("answer")
    with pytest.raises(LinkClosed):
        box.frames("answer")


@given(st.lists(st.sampled_from(["change", "frame", "tick", "snapshot", "take"]), max_size=400))
def test_bounded_whatever_happens(steps: list[str]) -> None:
    box = Outbox()
    sent: list[str] = []
    got: list[object] = []
    for number, step in enumerate(steps):
        if step == "change":
            box.changes(change(str(number)))
        elif step == "tick":
            box.tick(tick(number))
        elif step == "snapshot":
            box.snapshot()
        elif step == "take":
            got.append(box.take())
        elif len(sent) < MAX_FRAMES:
            sent.append(str(number))
            box.frames(str(number))
    rest = emptied(box)
    assert len(rest) <= MAX_CHANGES + MAX_FRAMES + 2
    assert [i for i in got + rest if isinstance(i, str)] == sent  # no answer lost, order kept
    changed = [
        int(str(i.screen.name)) for i in got + rest if isinstance(i, Changes) and isinstance(i.screen, Screen)
    ]
    assert changed == sorted(changed)
