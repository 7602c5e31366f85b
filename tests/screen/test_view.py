"""The view model itself: pages, languages, touches, and that it speaks only when something changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QObject

from kiosk.i18n.languages import LANGUAGES
from kiosk.model.enums import Page, Tap
from kiosk.model.errors import BadValue
from kiosk.model.snapshot import Changes, Snapshot, Tick
from kiosk.screen.sample_parts import FINISHED, FOUR, GUI, NOW, NOW_S, charging, free, snapshot
from kiosk.screen.view import LANGUAGES_OPEN_S, StationView
from kiosk.screen.view_cards import TextRow
from kiosk.screen.view_language import KEPT_S
from kiosk.screen.view_lists import TextModel


def tick(picture: Snapshot, after_s: float = 0.0, age_ms: int | None = 200) -> Tick:
    return Tick(
        seq=1, now=NOW, monotonic_s=NOW_S + after_s, reading_age_ms={c.id: age_ms for c in picture.connectors}
    )


@pytest.fixture
def view(qapp: object) -> StationView:
    return StationView()


def dialogue(picture: Snapshot, page: Page, **more: Any) -> Changes:
    return Changes(dialogue=msgspec.structs.replace(picture.dialogue, page=page, **more))


def test_before_the_core_answers_it_is_starting(view: StationView) -> None:
    assert (view.page, view.pageFile) == ("starting", "pages/Starting.qml")
    view.change(Changes())
    assert view.page == "starting"


@pytest.mark.parametrize("page", [p for p in Page if p not in (Page.STARTING, Page.CORE_LOST, Page.LANGUAGES)])
def test_the_core_decides_the_page(view: StationView, page: Page) -> None:
    view.apply(snapshot(page, connector_id=2))
    assert view.page == page.value


def test_core_lost_covers_everything_and_goes_by_itself(view: StationView) -> None:
    view.apply(snapshot(Page.CHARGING, connector_id=2))
    view.openLanguages()
    view.set_core_lost(True)
    assert view.page == "core_lost"
    view.set_core_lost(False)
    view.closeLanguages()
    assert view.page == "charging"


@pytest.mark.parametrize(("age_ms", "shown"), [(0, "62"), (5000, "62"), (5001, "–"), (None, "–")])
def test_readings_older_than_5_s_vanish(view: StationView, age_ms: int | None, shown: str) -> None:
    picture = snapshot(Page.CHARGING, connector_id=2)
    view.apply(picture)
    view.tick(tick(picture, age_ms=age_ms))
    assert view.focus.property("heroNumber") == shown


def test_identity_and_lock(view: StationView) -> None:
    view.apply(snapshot())
    assert (view.identity, view.locked) == ("CP-0421", True)
    view.change(Changes(gui=msgspec.structs.replace(GUI, identity_visible=False)))
    assert view.identity == ""
    view.apply(snapshot(connectors=(free(1),)))
    assert not view.locked


def count(signal: Any) -> Callable[[], int]:
    heard: list[None] = []
    signal.connect(lambda *_: heard.append(None))
    return lambda: len(heard)


def test_it_is_silent_where_nothing_changed(view: StationView) -> None:
    picture = snapshot(Page.CHARGING, connector_id=2, until_s=NOW_S + 40, total_s=60.0)
    view.apply(picture)
    view.tick(tick(picture))
    signals = [view.pageChanged, view.frameChanged, view.languageChanged]
    signals += [getattr(view.focus, "changed"), view.connectors.dataChanged, view.bar.dataChanged]  # noqa: B009
    heard = [count(signal) for signal in signals]
    view.apply(picture)
    view.tick(tick(picture))
    view.change(Changes(connectors=(FOUR[0],)))
    assert [one() for one in heard] == [0] * len(heard)
    view.change(Changes(connectors=(charging(2, soc_percent=63),)))
    assert [one() for one in heard] == [0, 0, 0, 1, 1, 0]


def test_every_language_is_offered_in_its_own_script(view: StationView) -> None:
    view.apply(snapshot())
    assert [row.title for row in view.languages.rows] == [language.name for language in LANGUAGES]
    assert [row.title for row in view.bar.rows] == ["Deutsch", "English", "Italiano"]
    assert [row.current for row in view.bar.rows] == [True, False, False]


def test_the_driver_chooses_a_language(view: StationView) -> None:
    chosen: list[str] = []
    view.languageChosen.connect(chosen.append)
    view.apply(snapshot(Page.SELECTION))
    view.openLanguages()
    assert view.page == "languages"
    view.chooseLanguage("fi")
    assert (view.page, view.language, chosen) == ("selection", "fi", ["fi"])
    assert not view.languageListed
    with pytest.raises(BadValue):
        view.set_language("xx")


def test_the_list_of_languages_closes_by_itself_or_when_the_core_moves_on(view: StationView) -> None:
    picture = snapshot(Page.SELECTION)
    view.apply(picture)
    view.tick(tick(picture))
    view.openLanguages()
    view.tick(tick(picture, LANGUAGES_OPEN_S - 0.5))
    assert view.page == "languages"
    view.tick(tick(picture, LANGUAGES_OPEN_S))
    assert view.page == "selection"
    view.openLanguages()
    view.change(dialogue(picture, Page.CARD, connector_id=1))
    assert view.page == "card"


@pytest.mark.parametrize(
    ("connectors", "language"),
    [((free(1), FINISHED), "de"), ((free(1), charging(2)), "it")],
)
def test_after_the_session_the_first_language_is_back(view: StationView, connectors: Any, language: str) -> None:
    picture = snapshot(Page.FINISHED, connectors, connector_id=2)
    view.apply(picture)
    view.chooseLanguage("it")
    view.change(dialogue(picture, Page.STANDBY, connector_id=None))
    assert view.language == language


def test_it_comes_back_when_the_last_session_ends_behind_the_lock(view: StationView) -> None:
    view.apply(snapshot(connectors=(free(1), charging(2))))
    view.chooseLanguage("it")
    view.change(Changes(connectors=(charging(2, soc_percent=70),)))
    assert view.language == "it"
    view.change(Changes(connectors=(FINISHED,)))
    assert view.language == "de"


def test_a_language_chosen_on_standby_is_kept_for_a_minute(view: StationView) -> None:
    picture = snapshot(connectors=(free(1),))
    view.apply(picture)
    view.tick(tick(picture))
    view.chooseLanguage("it")
    view.tick(tick(picture, KEPT_S - 1))
    assert view.language == "it"
    view.tick(tick(picture, KEPT_S))
    assert view.language == "de"


def test_a_new_first_language_shows_at_once(view: StationView) -> None:
    view.apply(snapshot(Page.SELECTION))
    view.change(Changes(gui=msgspec.structs.replace(GUI, languages=("it", "en", "de"))))
    assert view.language == "it"


@pytest.mark.parametrize("action", list(Tap))
def test_touches_reach_the_core(view: StationView, action: Tap) -> None:
    heard: list[tuple[str, int]] = []
    view.tapped.connect(lambda word, number: heard.append((word, number)))
    view.tap(action.value, 3)
    view.tap(action.value)
    assert heard == [(action.value, 3), (action.value, 0)]


def test_a_touch_without_meaning_is_a_mistake(view: StationView, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.screen.view", "means nothing")
    heard = count(view.tapped)
    view.tap("dance")
    assert heard() == 0


# --- rows -------------------------------------------------------------------------------------------------


class Mirror:
    """Rebuilds the rows from the model's signals alone, as a view does."""

    def __init__(self, model: TextModel) -> None:
        self.model, self.rows = model, [*model.rows]
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(self._removed)
        model.rowsMoved.connect(self._moved)
        model.dataChanged.connect(self._changed)
        model.modelReset.connect(lambda: pytest.fail("a reset"))

    def _inserted(self, _: QModelIndex, first: int, last: int) -> None:
        self.rows[first:first] = self.model.rows[first : last + 1]

    def _removed(self, _: QModelIndex, first: int, last: int) -> None:
        del self.rows[first : last + 1]

    def _moved(self, _: QModelIndex, first: int, __: int, ___: QModelIndex, to: int) -> None:
        self.rows.insert(to, self.rows.pop(first))

    def _changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        assert roles
        for at in range(first.row(), last.row() + 1):
            self.rows[at] = self.model.rows[at]


ROWS = st.lists(
    st.builds(TextRow, st.sampled_from("abcdef"), st.sampled_from("xy"), st.just("z")),
    unique_by=lambda row: row.key,
)


@given(before=ROWS, after=ROWS)
def test_row_operations_tell_the_whole_truth(before: list[TextRow], after: list[TextRow]) -> None:
    owner = QObject()
    model = TextModel(owner)
    model.set_rows(before)
    mirror = Mirror(model)
    model.set_rows(after)
    assert [*model.rows] == after
    assert mirror.rows == after
    names = {bytes(name.data()).decode(): role for role, name in model.roleNames().items()}
    assert [model.data(model.index(at, 0), names["label"]) for at in range(len(after))] == [
        row.label for row in after
    ]
