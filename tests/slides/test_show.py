"""The decisions of a running slide show, driven by hand: what is loaded, faded, skipped, reloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kiosk.slides.check import Finding, Problem
from kiosk.slides.folder import Candidate, Stamp
from kiosk.slides.playlist import WELCOME, Item, Kind, playlist
from kiosk.slides.show import Show

BAD = Finding(problem=Problem.SIZE, reason="r", remedy="m")
TIME_S = 5.0


class Stage:
    """A folder in memory and two layers that decode at once; ``versions`` says what stands in each place."""

    def __init__(self, *slides: str, time_s: float = TIME_S) -> None:
        self.show = Show(playlist(slides, time_s))
        self.versions: dict[str, int] = {}
        self.bad: set[str] = set()
        self.undecodable: set[str] = set()
        self.now_s = 0.0
        self.seen: list[str] = []
        self.in_memory = 0

    def candidate(self, item: Item) -> Candidate:
        version = self.versions.get(item.name, 1)
        findings = (BAD,) if item.name in self.bad else ()
        return Candidate(item=item, stamp=Stamp(item.name, version), findings=findings)

    def turn(self) -> None:
        """One pass of the shell, with everything going well at once."""
        for item in self.show.watch():
            self.show.looked(self.candidate(item))
        for _ in range(50):
            item = self.show.want(self.now_s)
            if item is None:
                break
            generation = self.show.offer(self.candidate(item))
            if generation is None:
                continue
            if item.name in self.undecodable:
                assert self.show.failed(generation) is not None
            else:
                assert self.show.ready(generation)
        generation = self.show.start(self.now_s)
        if generation is not None:
            assert self.show.done(generation, self.now_s)
            assert self.show.shown is not None
            self.seen.append(self.show.shown.item.name)
            self.turn()

    def run(self, seconds: float, step_s: float = 0.5) -> list[str]:
        """What came to the front in that time."""
        self.seen = []
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.turn()
            self.now_s += step_s
        return self.seen


def test_logo_at_once_then_each_for_its_time_round_and_round() -> None:
    stage = Stage("b", "A")
    assert stage.run(4 * TIME_S) == ["Logo.png", "Authenticate.png", "A", "b"]
    assert stage.run(TIME_S) == ["Logo.png"]


def test_the_first_picture_waits_until_it_is_decoded() -> None:
    show = Show(playlist((), 0))
    generation = show.offer(Candidate(item=WELCOME[0], stamp=Stamp("a", 1)))
    assert generation is not None
    assert show.start(100.0) is None
    assert show.ready(generation)
    assert show.start(100.0) == generation


def test_the_next_picture_is_decoded_long_before_it_is_due_and_only_that_one() -> None:
    stage = Stage("a", "b")
    stage.turn()
    show = stage.show
    assert [item.name for item in show.watch()] == ["Logo.png", "Authenticate.png"]
    assert show.want(stage.now_s) is None
    assert show.due_s() == TIME_S
    assert show.start(TIME_S - 0.01) is None
    assert show.start(TIME_S) is not None
    assert show.start(TIME_S) is None, "a fade begins once"


def test_wrong_and_undecodable_files_are_skipped_and_come_back_when_mended() -> None:
    stage = Stage("a", "b", "c")
    stage.bad, stage.undecodable = {"a"}, {"b"}
    stage.versions["b"] = 7
    assert stage.run(4 * TIME_S) == ["Logo.png", "Authenticate.png", "c", "Logo.png"]
    stage.bad, stage.undecodable, stage.versions["b"] = set(), set(), 8
    assert stage.run(4 * TIME_S) == ["Authenticate.png", "a", "b", "c"]


def test_a_file_that_could_not_be_decoded_is_not_decoded_again_until_it_changes() -> None:
    stage = Stage("b")
    stage.undecodable = {"b"}
    stage.run(6 * TIME_S)
    before = stage.show.generation
    item = Item(Kind.SLIDE, "b")
    assert stage.show.undecodable(item) == Stamp("b", 1)
    assert stage.show.offer(stage.candidate(item)) is None
    assert stage.show.generation == before


def test_one_good_picture_stands_still() -> None:
    stage = Stage()
    stage.bad = {"Authenticate.png"}
    assert stage.run(60) == ["Logo.png"]
    generation = stage.show.generation
    stage.run(60)
    assert stage.show.generation == generation, "nothing is loaded for nothing"


def test_with_nothing_good_the_last_picture_stays_and_the_search_rests() -> None:
    stage = Stage("a")
    stage.run(1)
    stage.bad = {"Logo.png", "Authenticate.png", "a"}
    stage.versions = dict.fromkeys(stage.bad, 2)
    assert stage.run(30) == []
    assert stage.show.shown is not None
    stage.bad = set()
    assert stage.run(TIME_S + 1) != []


def test_a_replaced_picture_is_shown_at_once() -> None:
    stage = Stage("a", "b")
    stage.run(2 * TIME_S + 1)
    assert stage.seen[-1] == "a"
    stage.versions["a"] = 2
    assert stage.run(1) == ["a"]
    assert stage.show.shown is not None
    assert stage.show.shown.stamp == Stamp("a", 2)
    assert stage.run(TIME_S) == ["b"]


def test_a_picture_replaced_by_a_broken_one_makes_room_at_once() -> None:
    stage = Stage("a", "b")
    stage.run(2 * TIME_S + 1)
    stage.versions["a"], stage.bad = 2, {"a"}
    assert stage.run(1) == ["b"]


def test_a_removed_picture_leaves_at_once_and_an_added_one_comes_in_its_turn() -> None:
    stage = Stage("a", "c")
    stage.run(2 * TIME_S + 1)
    stage.show.replace(playlist(["b", "c"], TIME_S))
    assert stage.run(1) == ["b"]
    stage.show.replace(playlist(["b", "bb", "c"], TIME_S))
    assert stage.run(TIME_S) == ["bb"]


def test_the_waiting_picture_is_dropped_when_its_file_changes_or_goes() -> None:
    stage = Stage("a")
    stage.run(TIME_S + 1)
    assert [i.name for i in stage.show.watch()] == ["Authenticate.png", "a"]
    old = stage.show.generation
    stage.versions["a"] = 2
    stage.turn()
    assert stage.show.generation > old
    assert not stage.show.ready(old)
    assert stage.show.watch()[-1].name == "a", "loaded again, not passed over"
    stage.show.replace(playlist([], TIME_S))
    assert stage.run(TIME_S) == ["Logo.png"]


def test_a_new_slide_time_counts_for_the_picture_shown() -> None:
    stage = Stage("a", time_s=100)
    stage.run(10)
    stage.show.replace(playlist(["a"], 12))
    assert stage.run(1) == []
    assert stage.run(2) == ["Authenticate.png"]


def test_time_does_not_run_out_unseen() -> None:
    stage = Stage("a")
    stage.run(1)
    stage.now_s += 500
    stage.show.resume(stage.now_s)
    assert stage.run(TIME_S - 1) == []
    assert stage.run(2) == ["Authenticate.png"]


def test_new_layers_begin_anew_and_old_reports_are_ignored() -> None:
    stage = Stage("a")
    stage.run(TIME_S + 1)
    old = stage.show.generation
    stage.show.restart()
    assert stage.show.shown is None
    assert not stage.show.ready(old)
    assert stage.show.failed(old) is None
    assert not stage.show.done(old, stage.now_s)
    assert stage.run(1) == ["Logo.png"]


def test_ours_stands_in_at_once_for_an_own_welcome_image_that_cannot_be_decoded() -> None:
    show = Show(playlist(["a"], TIME_S))
    logo = show.want(0.0)
    assert logo == WELCOME[0]
    generation = show.offer(Candidate(item=logo, stamp=Stamp("own", 1)))
    assert generation is not None
    assert show.failed(generation) is not None
    assert show.want(0.0) == logo
    generation = show.offer(Candidate(item=logo, stamp=Stamp("ours", 1), standard=True))
    assert generation is not None
    assert show.failed(generation) is not None
    assert show.want(0.0) == WELCOME[1], "ours failed as well: go on"


names = st.sampled_from(["a", "b", "c", "d"])
events = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0.5, TIME_S, 3 * TIME_S])),
        st.tuples(st.just("names"), st.frozensets(names)),
        st.tuples(st.just("touch"), names),
        st.tuples(st.just("break"), names),
        st.tuples(st.just("damage"), names),
        st.tuples(st.just("mend"), names),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("resume"), st.none()),
    ),
    max_size=30,
)


@given(events)
def test_whatever_happens_to_the_folder_the_show_goes_on(happened: list[tuple[str, object]]) -> None:
    stage = Stage("a", "b")
    stage.turn()
    touched = 1
    do: dict[str, Callable[[str], object]] = {
        "break": stage.bad.add,
        "damage": stage.undecodable.add,
        "mend": lambda n: (stage.bad.discard(n), stage.undecodable.discard(n)),
        "touch": lambda n: None,
    }
    for what, value in happened:
        if what == "wait":
            assert isinstance(value, float)
            stage.run(value)
        elif what == "names":
            assert isinstance(value, frozenset)
            stage.show.replace(playlist(value, TIME_S))
        elif what == "restart":
            stage.show.restart()
        elif what == "resume":
            stage.show.resume(stage.now_s)
        else:
            assert isinstance(value, str)
            do[what](value)
            touched += 1
            stage.versions[value] = touched
        stage.turn()
        assert stage.show.shown is not None, "never black: the welcome images are always good"
    stage.run(1.5)
    shown = stage.show.shown
    assert shown is not None
    assert shown.item in stage.show.playlist
    assert shown.item.name not in stage.bad | stage.undecodable
    round_s = TIME_S * (len(stage.show.playlist.items) + 2)
    good = {i.name for i in stage.show.playlist.items} - stage.bad - stage.undecodable
    assert set(stage.run(round_s)) == good


def test_a_candidate_keeps_what_is_wrong_with_the_operators_own_file() -> None:
    found = Candidate(item=WELCOME[0], stamp=Stamp("ours", 1), standard=True, own_path="x", own_findings=(BAD,))
    assert Show(playlist((), 0)).offer(found) is not None
    assert msgspec.structs.asdict(found)["own_findings"] == (BAD,)
    assert Path(found.own_path).name == "x"
