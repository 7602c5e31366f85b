"""What the driver is asked: stories on the pure rules, and properties over any order of events."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.enums import Page, RefusalReason, Tap
from kiosk.station.charging import dialogue
from kiosk.station.charging.connector import RUNNING, Stage
from kiosk.station.charging.dialogue import CancelWish, StartWish, State, StopWish, View, World

CARD = "04AE179C4F6181"


def view(connector_id: int = 1, stage: Stage = Stage.IDLE, **more: object) -> View:
    given: dict[str, object] = {"id": connector_id, "stage": stage, "status": S.AVAILABLE, "unusable": None}
    if stage in RUNNING or stage is Stage.AUTHORIZED:
        given["unusable"] = RefusalReason.CONNECTOR_BUSY
        given["plugged"] = stage is not Stage.AUTHORIZED
    return View(**(given | more))  # type: ignore[arg-type]


def world(*views: View, now_s: float = 100.0, **more: object) -> World:
    return World(views=views or (view(1), view(2), view(3)), now_s=now_s, **more)  # type: ignore[arg-type]


def page(state: State) -> Page:
    return state.dialogue.page


def at(w: World, page: Page, connector_id: int | None = 1) -> State:
    return dialogue.show(w, page, connector_id)


def test_card_first() -> None:
    w = world()
    state, wish = dialogue.on_tap(dialogue.rest(w), Tap.BEGIN, None, w)
    assert (page(state), wish) == (Page.SELECTION, None)
    state, wish = dialogue.on_tap(state, Tap.SELECT, 2, w)
    assert (page(state), state.dialogue.connector_id, wish) == (Page.CARD, 2, None)
    state, wish = dialogue.on_card(state, CARD, (), w)
    assert (page(state), wish) == (Page.CARD_CHECKING, StartWish(2, CARD))
    w = world(view(1), view(2, Stage.AUTHORIZED, plug_in_until_s=160.0), view(3))
    state = dialogue.on_start_outcome(state, 2, None, w)
    assert (page(state), state.dialogue.until_s, state.dialogue.total_s) == (Page.PLUG_IN, 160.0, 60.0)
    for stage, expected in (
        (Stage.STARTING, Page.PREPARING),
        (Stage.CHARGING, Page.CHARGING),
        (Stage.SUSPENDED_EV, Page.CHARGING),
    ):
        state = dialogue.follow(state, world(view(1), view(2, stage), view(3)))
        assert page(state) is expected
    w = world(view(1), view(2, Stage.CHARGING), view(3))
    state, wish = dialogue.on_tap(state, Tap.STOP, None, w)
    assert (page(state), wish) == (Page.STOP_CONFIRM, None)
    state, wish = dialogue.on_tap(state, Tap.CONFIRM_STOP, None, w)
    assert (page(state), wish) == (Page.STOPPING, StopWish(2, None))
    assert page(dialogue.follow(state, w)) is Page.STOPPING  # not back to charging while it is being stopped
    state = dialogue.follow(
        state, world(view(1), view(2, Stage.FINISHED, plugged=True, session_over=True), view(3))
    )
    assert page(state) is Page.FINISHED
    state, _ = dialogue.on_tap(state, Tap.DONE, None, w)
    assert page(state) is Page.STANDBY


def test_plug_first_asks_for_the_card_at_that_connector() -> None:
    w = world(view(1), view(2, plugged=True), view(3))
    state, wish = dialogue.plugged_in(dialogue.rest(w), 2, w)
    assert (page(state), state.dialogue.connector_id, wish) == (Page.CARD, 2, None)
    _, wish = dialogue.on_card(dialogue.rest(w), CARD, (), w)  # even from standby: the only plug that waits
    assert wish == StartWish(2, CARD)


def test_a_plug_that_finds_no_power_is_told_at_once() -> None:
    w = world(view(1), view(2, plugged=True, unusable=RefusalReason.NO_POWER_FREE))
    state, wish = dialogue.plugged_in(dialogue.rest(w), 2, w)
    assert (page(state), state.dialogue.reason, wish) == (Page.CARD_REFUSED, RefusalReason.NO_POWER_FREE, None)


def test_a_card_before_the_choice_is_kept_30_s() -> None:
    w = world()
    state, wish = dialogue.on_card(dialogue.rest(w), CARD, (), w)
    assert (page(state), wish, state.dialogue.holds_card) == (Page.SELECTION, None, True)
    assert state.dialogue.until_s == w.now_s + 30
    _, wish = dialogue.on_tap(state, Tap.SELECT, 3, w)
    assert wish == StartWish(3, CARD)
    late = msgspec.structs.replace(w, now_s=130.0)
    state = dialogue.on_time(state, late)
    assert (page(state), state.held_uid) == (Page.STANDBY, None)


def test_a_card_stops_its_own_session_and_no_other() -> None:
    w = world(view(1, Stage.CHARGING), view(2, Stage.CHARGING), view(3))
    state, wish = dialogue.on_card(dialogue.rest(w), CARD, (1,), w)
    assert (page(state), wish) == (Page.STOPPING, StopWish(1, CARD))
    state, wish = dialogue.on_card(at(w, Page.STOP_CONFIRM, 2), CARD, (), w)
    assert (page(state), state.dialogue.reason, wish) == (Page.STOP_REFUSED, RefusalReason.NOT_THIS_CARD, None)
    _, wish = dialogue.on_card(at(w, Page.STOP_CARD, 2), CARD, (1, 2), w)
    assert wish == StopWish(2, CARD)  # the one whose end was asked for
    state, wish = dialogue.on_card(at(w, Page.CHARGING, 2), CARD, (1, 2), w)
    assert (page(state), wish) == (Page.WHICH_SESSION, None)


def test_a_card_cannot_end_what_only_the_backend_may_end() -> None:
    remote = view(1, Stage.CHARGING, remote=True, stoppable=False)
    w = world(remote, view(2, Stage.CHARGING))
    state, wish = dialogue.on_card(dialogue.rest(w), CARD, (1,), w)
    assert (page(state), state.dialogue.reason, wish) == (Page.STOP_REFUSED, RefusalReason.STOP_ONLY_REMOTE, None)
    asked, _ = dialogue.on_card(dialogue.rest(w), CARD, (1, 2), w)
    state, wish = dialogue.on_tap(asked, Tap.SELECT, 1, w)
    assert (page(state), wish) == (Page.STOP_REFUSED, None)


def test_a_second_driver_is_served_while_the_first_ones_page_is_shown() -> None:
    w = world(view(1, Stage.CHARGING), view(2, plugged=True))
    state, wish = dialogue.plugged_in(at(w, Page.CHARGING, 1), 2, w)
    assert (page(state), state.dialogue.connector_id, wish) == (Page.CARD, 2, None)
    _, wish = dialogue.on_card(at(w, Page.CHARGING, 1), CARD, (), w)
    assert wish == StartWish(2, CARD)
    asking = at(w, Page.STOP_CONFIRM, 1)
    assert dialogue.plugged_in(asking, 2, w) == (asking, None)  # a question is not taken away


def test_who_plugs_in_does_not_read_the_fault_of_another_connector() -> None:
    w = world(view(1, plugged=True, status=S.FAULTED), view(2, plugged=True))
    state, wish = dialogue.plugged_in(at(w, Page.FAULT, 1), 2, w)
    assert (page(state), state.dialogue.connector_id, wish) == (Page.CARD, 2, None)
    both = world(view(1, plugged=True, status=S.FAULTED), view(2, plugged=True, status=S.FAULTED))
    state, _ = dialogue.plugged_in(at(both, Page.FAULT, 1), 2, both)
    assert (page(state), state.dialogue.connector_id) == (Page.FAULT, 2)  # his own fault is what he has to read


@pytest.mark.parametrize(
    ("stage", "expected"),
    [(Stage.AUTHORIZED, Page.PLUG_IN), (Stage.STARTING, Page.PREPARING), (Stage.CHARGING, Page.CHARGING)],
)
def test_the_next_session_takes_the_page_of_the_finished_one(stage: Stage, expected: Page) -> None:
    w = world(view(1, stage, plug_in_until_s=160.0), view(2))
    assert page(dialogue.follow(at(w, Page.FINISHED, 1), w)) is expected


def test_one_card_with_several_sessions_is_asked_which() -> None:
    w = world(view(1, Stage.CHARGING), view(2, Stage.CHARGING), view(3))
    state, wish = dialogue.on_card(dialogue.rest(w), CARD, (1, 2), w)
    assert (page(state), state.dialogue.choices, wish) == (Page.WHICH_SESSION, (1, 2), None)
    unchanged, wish = dialogue.on_tap(state, Tap.SELECT, 3, w)
    assert (unchanged, wish) == (state, None)
    state, wish = dialogue.on_tap(state, Tap.SELECT, 2, w)
    assert (page(state), wish) == (Page.STOPPING, StopWish(2, CARD))


def test_refused_card_says_why_and_takes_another() -> None:
    w = world()
    state, _ = dialogue.on_card(at(w, Page.CARD), CARD, (), w)
    state = dialogue.on_start_outcome(state, 1, RefusalReason.CARD_BLOCKED, w)
    assert (page(state), state.dialogue.reason) == (Page.CARD_REFUSED, RefusalReason.CARD_BLOCKED)
    state, wish = dialogue.on_card(state, "E36432E5", (), w)
    assert wish == StartWish(1, "E36432E5")


def test_an_outcome_that_comes_after_the_driver_left_changes_nothing() -> None:
    w = world()
    state, _ = dialogue.on_card(at(w, Page.CARD), CARD, (), w)
    away, _ = dialogue.on_tap(state, Tap.DONE, None, w)
    assert dialogue.on_start_outcome(away, 1, RefusalReason.CARD_BLOCKED, w) == away


def test_kiosk_mode_starts_on_the_screen() -> None:
    w = world(kiosk=True)
    state, _ = dialogue.on_tap(at(w, Page.SELECTION, None), Tap.SELECT, 1, w)
    assert page(state) is Page.FREE
    state, wish = dialogue.on_tap(state, Tap.START, None, w)
    assert (page(state), wish) == (Page.CARD_CHECKING, StartWish(1, None))


@pytest.mark.parametrize(
    ("more", "expected", "reason"),
    [
        ({}, Page.STOP_CONFIRM, None),
        ({"stoppable": False, "remote": True}, Page.STOP_REFUSED, RefusalReason.STOP_ONLY_REMOTE),
        ({"needs_card": True}, Page.STOP_CARD, None),
    ],
)
def test_asking_to_stop(more: dict[str, object], expected: Page, reason: RefusalReason | None) -> None:
    w = world(view(1, Stage.CHARGING, **more))
    state, wish = dialogue.on_tap(at(w, Page.CHARGING), Tap.STOP, None, w)
    assert (page(state), state.dialogue.reason, wish) == (expected, reason, None)


def test_no_answer_to_stop_means_keep_charging() -> None:
    w = world(view(1, Stage.CHARGING))
    state = at(w, Page.STOP_CONFIRM)
    assert page(dialogue.on_time(state, msgspec.structs.replace(w, now_s=119.9))) is Page.STOP_CONFIRM
    assert page(dialogue.on_time(state, msgspec.structs.replace(w, now_s=120.0))) is Page.CHARGING


def test_the_charging_screen_locks_and_a_touch_gives_time() -> None:
    w = world(view(1, Stage.CHARGING), lock_s=60.0)
    state = at(w, Page.CHARGING)
    later = msgspec.structs.replace(w, now_s=150.0)
    touched, wish = dialogue.on_tap(state, Tap.WAKE, None, later)
    assert (touched.dialogue.until_s, wish) == (210.0, None)
    assert page(dialogue.on_time(touched, msgspec.structs.replace(w, now_s=209.0))) is Page.CHARGING
    assert page(dialogue.on_time(touched, msgspec.structs.replace(w, now_s=210.0))) is Page.STANDBY
    never = at(world(view(1, Stage.CHARGING), lock_s=0.0), Page.CHARGING)
    assert never.dialogue.until_s is None


def test_a_touch_gives_no_more_time_to_plug_in() -> None:
    w = world(view(1, Stage.AUTHORIZED, plug_in_until_s=150.0))
    state = at(w, Page.PLUG_IN)
    assert dialogue.on_tap(state, Tap.WAKE, None, msgspec.structs.replace(w, now_s=140.0))[0] == state


def test_cancel_before_and_after_the_plug() -> None:
    w = world(view(1, Stage.AUTHORIZED), view(2))
    state, wish = dialogue.on_tap(at(w, Page.PLUG_IN), Tap.CANCEL, None, w)
    assert (page(state), wish) == (Page.SELECTION, CancelWish(1))
    w = world(view(1, Stage.STARTING), view(2))
    state, wish = dialogue.on_tap(at(w, Page.PREPARING), Tap.CANCEL, None, w)
    assert (page(state), wish) == (Page.STOPPING, StopWish(1, None))


def test_a_fault_takes_the_page_of_its_own_driver_only() -> None:
    broken = view(1, Stage.STOPPING, status=S.FAULTED)
    w = world(broken, view(2, Stage.CHARGING))
    assert page(dialogue.follow(at(w, Page.PREPARING, 1), w)) is Page.FAULT
    assert page(dialogue.follow(at(w, Page.CHARGING, 2), w)) is Page.CHARGING
    assert page(dialogue.follow(at(w, Page.STANDBY, None), w)) is Page.STANDBY


@pytest.mark.parametrize("reason", [RefusalReason.NO_POWER_FREE, RefusalReason.CONNECTOR_UNAVAILABLE])
def test_an_unusable_connector_says_why_on_the_spot(reason: RefusalReason) -> None:
    w = world(view(1, unusable=reason), view(2))
    state, wish = dialogue.on_tap(at(w, Page.SELECTION, None), Tap.SELECT, 1, w)
    d = state.dialogue
    assert (d.page, d.notice_connector, d.notice, wish) == (Page.SELECTION, 1, reason, None)


@pytest.mark.parametrize("before", [Page.STANDBY, Page.SELECTION, Page.FINISHED])
def test_a_remote_start_shows_which_plug(before: Page) -> None:
    w = world(view(1), view(2, Stage.AUTHORIZED, plug_in_until_s=150.0, remote=True))
    state = dialogue.follow(at(w, before, 1 if before is Page.FINISHED else None), w)
    assert (page(state), state.dialogue.connector_id) == (Page.PLUG_IN, 2)


@pytest.mark.parametrize("before", [Page.CARD, Page.STOP_CONFIRM, Page.CHARGING])
def test_a_remote_start_takes_no_question_away(before: Page) -> None:
    first = view(1) if before is Page.CARD else view(1, Stage.CHARGING)
    w = world(first, view(2, Stage.AUTHORIZED, plug_in_until_s=150.0, remote=True))
    assert page(dialogue.follow(at(w, before, 1), w)) is before


@pytest.mark.parametrize(("began_s", "expected"), [(97.0, Page.PREPARING), (90.0, Page.STANDBY)])
def test_a_remote_start_of_a_plugged_car_is_shown_once(began_s: float, expected: Page) -> None:
    w = world(view(1), view(2, Stage.STARTING, began_s=began_s, remote=True))
    assert page(dialogue.follow(dialogue.rest(w), w)) is expected


def test_a_plug_nobody_paid_for_is_still_asked_for_a_card() -> None:
    w = world(view(1, Stage.FINISHED, plugged=True))
    assert dialogue.page_of(w.views[0], w) is Page.CARD
    _, wish = dialogue.on_card(at(w, Page.CARD), CARD, (), w)
    assert wish == StartWish(1, CARD)


def test_out_of_service_and_back() -> None:
    out = world(view(1, status=S.FAULTED, unusable=RefusalReason.CONNECTOR_FAULTED), out_of_service=True)
    state = dialogue.follow(dialogue.rest(world()), out)
    assert page(state) is Page.OUT_OF_SERVICE
    assert page(dialogue.on_tap(state, Tap.BEGIN, None, out)[0]) is Page.OUT_OF_SERVICE
    assert page(dialogue.follow(state, world())) is Page.STANDBY


VIEWS = st.builds(
    lambda stage, plugged, unusable, faulted, over: view(
        1,
        stage,
        plugged=plugged or stage in RUNNING or stage is Stage.FINISHED,
        unusable=RefusalReason.CONNECTOR_BUSY if stage in RUNNING else unusable,
        status=S.FAULTED if faulted else S.PREPARING,
        session_over=over,
        plug_in_until_s=150.0,
    ),
    st.sampled_from(Stage),
    st.booleans(),
    st.sampled_from((None, RefusalReason.NO_POWER_FREE)),
    st.booleans(),
    st.booleans(),
)
EVENTS = st.lists(
    st.tuples(
        VIEWS,
        VIEWS,
        st.one_of(st.sampled_from(Tap), st.just("card"), st.just("time"), st.just("plug"), st.just("refused")),
        st.sampled_from((None, 1, 2)),
        st.floats(0, 90),
    ),
    max_size=25,
)


@given(EVENTS, st.booleans(), st.integers(0, 120))
def test_any_order_of_events(
    events: list[tuple[View, View, object, int | None, float]], kiosk: bool, lock: int
) -> None:
    state, now_s = State(), 0.0
    for one, two, what, connector_id, wait_s in events:
        now_s += wait_s
        w = World(views=(one, msgspec.structs.replace(two, id=2)), now_s=now_s, kiosk=kiosk, lock_s=float(lock))
        wish = None
        if isinstance(what, Tap):
            state, wish = dialogue.on_tap(state, what, connector_id, w)
        elif what == "card":
            mine = tuple(v.id for v in w.views if v.running and v.id == connector_id)
            state, wish = dialogue.on_card(state, CARD, mine, w)
        elif what == "plug":
            state, wish = dialogue.plugged_in(state, connector_id or 1, w)
        elif what == "refused":
            state = dialogue.on_start_outcome(state, 1, RefusalReason.CARD_INVALID, w)
        else:
            state = dialogue.on_time(state, w)
        if isinstance(wish, StartWish):
            asked = w.view(wish.connector_id)
            assert asked is not None
            assert not asked.running, "a start was wished where a session runs"
        if isinstance(wish, StopWish):
            asked = w.view(wish.connector_id)
            assert asked is not None
            assert asked.running, "a stop was wished where nothing runs"
        followed = dialogue.follow(state, w)
        assert dialogue.follow(followed, w) == followed, "following twice is following once"
        state = followed
        if state.dialogue.page not in (
            Page.STANDBY,
            Page.OUT_OF_SERVICE,
            Page.PREPARING,
            Page.STOPPING,
            Page.CHARGING,
        ):
            assert state.dialogue.until_s is not None, "a page that asks something returns by itself"
