"""A translation must keep its source's placeholders, else formatting would fail in front of a driver."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.i18n.placeholders import fits_one_of, placeholders, same_placeholders
from kiosk.i18n.pseudo import plus50

SAME = [
    ("Free", "Frei"),
    ("to 80%", "bis 80\u00a0%"),
    ("in %(time)s", "in %(time)s"),
    ("%(a)s and %(b)s", "%(b)s und %(a)s"),
    ("%(a)s", "%(a)s %(a)s"),
    ("%1 of %2", "%2: %1"),
    ("%(a)s%%", "%(a)s %%"),
]
OTHER = [
    ("in %(time)s", "gleich"),
    ("in %(time)s", "in %(zeit)s"),
    ("Free", "Frei %(time)s"),
    ("%1", "%2"),
    ("in %(time)s", "in %(time)s, 100 %"),
    ("in %(time)s", "in %(time) s"),
    ("in %(time)s", "in %s %(time)s"),
]


@pytest.mark.parametrize(("source", "translation"), SAME)
def test_kept(source: str, translation: str) -> None:
    assert same_placeholders(source, translation)


@pytest.mark.parametrize(("source", "translation"), OTHER)
def test_lost_or_invented(source: str, translation: str) -> None:
    assert not same_placeholders(source, translation)


def test_a_plural_form_may_leave_the_number_out_where_the_singular_does() -> None:
    sources = ("one car", "%(count)s cars")
    assert fits_one_of(sources, "un'auto")
    assert fits_one_of(sources, "%(count)s auto")
    assert not fits_one_of(sources, "%(number)s auto")


PIECES = st.lists(
    st.one_of(st.sampled_from(["%(a)s", "%(b)s", "%%"]), st.text("abcAZ äž.,!?-", max_size=8)), max_size=8
)


@given(PIECES)
def test_what_passes_can_be_formatted(pieces: list[str]) -> None:
    source, translation = "%(a)s %(b)s", " ".join(pieces)
    if same_placeholders(source, translation):
        assert translation % {"a": 1, "b": 2}


@given(PIECES)
def test_the_made_up_language_keeps_placeholders(pieces: list[str]) -> None:
    text = " ".join(pieces)
    assert placeholders(plus50(text)) == placeholders(text)


def test_the_made_up_language_is_half_as_long_again() -> None:
    text = "Please hold another charging card against the reader"
    assert 1.4 <= len(plus50(text)) / len(text) <= 1.6
    assert plus50(text) != text
    assert plus50("to 80%") == "töö 80%"
