"""Order (decision 14) and schedule (decision 15)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.slides.playlist import (
    WELCOME,
    Item,
    Kind,
    Playlist,
    demo_slides,
    next_item,
    order,
    playlist,
    standard_image,
)

NAMES = st.lists(st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,6}", fullmatch=True), unique=True, max_size=12)


def names(slide_names: list[str], time_s: float) -> list[str]:
    return [item.name for item in playlist(slide_names, time_s).items]


def test_alphabetical_without_case_and_digits_as_text() -> None:
    given = ["b.png", "A.png", "a.png", "B.png", "10.png", "9.png", "1.png", "_x", "Z"]
    assert order(given) == ["1.png", "10.png", "9.png", "_x", "A.png", "a.png", "B.png", "b.png", "Z"]


def test_wrong_names_are_left_out() -> None:
    assert order(["a b.png", ".part", "ok.png"]) == ["ok.png"]


def test_welcome_images_come_first_whatever_the_slides_are_called() -> None:
    assert names(["0.png", "Authenticate.png"], 5) == ["Logo.png", "Authenticate.png", "0.png", "Authenticate.png"]


@pytest.mark.parametrize(("time_s", "count", "each_s"), [(0, 2, 10), (-1, 2, 10), (1, 4, 1), (600, 4, 600)])
def test_no_slide_time_means_welcome_images_only(time_s: float, count: int, each_s: float) -> None:
    made = playlist(["a", "b"], time_s)
    assert (len(made.items), made.time_s) == (count, each_s)


@given(NAMES)
def test_one_round_shows_everything_once_in_order(slide_names: list[str]) -> None:
    made = playlist(slide_names, 3)
    seen, item = [], None
    for _ in made.items:
        item = next_item(made, item)
        seen.append(item)
    assert tuple(seen) == made.items
    assert next_item(made, item) == made.items[0]
    assert all(item in made for item in made.items)


@given(NAMES, NAMES, st.data())
def test_a_place_that_left_the_round_still_has_a_next_one(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    current = data.draw(st.sampled_from(playlist(before, 3).items))
    made = playlist(after, 3)
    following = next_item(made, current)
    assert following in made
    later = [i for i in made.items if i.key > current.key]
    assert following == (later[0] if later else made.items[0])


def test_an_empty_round_has_no_next_one() -> None:
    assert next_item(Playlist((), 10), None) is None
    assert Item(Kind.SLIDE, "x") not in Playlist((), 10)


def test_ten_thousand_slides_are_a_matter_of_milliseconds() -> None:
    made = playlist([f"{i}.png" for i in range(10_000)], 5)
    began = time.perf_counter()
    item = None
    for _ in range(10_002):
        item = next_item(made, item)
    assert item == made.items[-1]
    assert time.perf_counter() - began < 2.0


def test_standard_images_fall_back_to_english() -> None:
    assert standard_image(Kind.LOGO, "de").parts[-2:] == ("de", "Logo.png")
    assert standard_image(Kind.AUTHENTICATE, "xx").parts[-2:] == ("en", "Authenticate.png")
    assert all(standard_image(i.kind, "it").is_file() for i in WELCOME)
    assert any(demo_slides().glob("*.png"))
