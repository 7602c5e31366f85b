"""Which link is tried: the truth table of trials, and the turns."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.enums import Provenance
from kiosk.settings import Change, Installation, Settings
from kiosk.station.ocpp import links
from kiosk.station.ocpp.links import Link, Turns

OLD = Link(url="wss://a.example", identity="HYC-7", profile=2, key="0123456789abcdef", pair="")
OPERATOR, BACKEND, DEFAULT = Provenance.OPERATOR, Provenance.BACKEND, Provenance.DEFAULT


def but(**changed: Any) -> Link:
    return msgspec.structs.replace(OLD, **changed)


@pytest.mark.parametrize(
    ("new", "by", "trial"),
    [
        (OLD, BACKEND, False),  # nothing is new
        (but(key="fedcba9876543210"), BACKEND, True),
        (but(key="fedcba9876543210"), OPERATOR, False),
        (but(url="wss://b.example"), BACKEND, True),
        (but(url="wss://b.example"), OPERATOR, False),
        (but(url="wss://b.example"), DEFAULT, False),  # the embedded backend, at another port each time
        (but(identity="HYC-8"), BACKEND, True),
        (but(identity="HYC-8"), OPERATOR, False),
        (but(profile=3), BACKEND, True),
        (but(profile=3), OPERATOR, True),  # he cannot lower it again
        (but(profile=3, pair="aa"), BACKEND, True),
        (but(pair="bb"), OPERATOR, True),  # a renewed certificate
    ],
)
def test_what_is_a_trial(new: Link, by: Provenance, trial: bool) -> None:
    assert links.on_trial(new, OLD, lambda _key: by) is trial


def test_each_key_is_asked_for_its_own_giver() -> None:
    new = but(key="fedcba9876543210", url="wss://b.example")
    given_by = {"AuthorizationKey": OPERATOR, "WebSocketUrl": BACKEND}
    assert links.on_trial(new, OLD, lambda key: given_by[key])


def test_the_differences_are_keys_with_their_old_texts() -> None:
    new = but(key="fedcba9876543210", profile=3)
    assert links.differences(OLD, new) == {"AuthorizationKey": "0123456789abcdef", "SecurityProfile": "2"}


def test_a_link_does_not_show_its_key() -> None:
    assert OLD.key not in repr(OLD)


def settings_with(**keys: str) -> Settings:
    settings = Settings(Installation.load(None, []))
    for name, text in keys.items():
        settings.apply(Change(name=name, text=text, provenance=BACKEND, reboot_required=False))
    return settings


@pytest.mark.parametrize(
    ("in_force", "stored", "profile", "dialled"),
    [
        ("ws://a", "", 0, "ws://a"),
        ("ws://a", "wss://b", 1, "ws://a"),  # a new address waits for the reset
        ("ws://a", "wss://b", 2, "wss://b"),  # but a security profile cannot wait for it
        ("wss://a", "wss://b", 2, "wss://a"),
        ("ws://a", "ws://b", 2, "ws://a"),  # the dial refuses it, with a sentence
        ("wss://a", "", 0, "wss://a"),  # profile 0 makes no ws of it
    ],
)
def test_which_address_is_dialled(in_force: str, stored: str, profile: int, dialled: str) -> None:
    settings = settings_with(WebSocketUrl=in_force, SecurityProfile=str(profile))
    settings.apply(Change(name="WebSocketUrl", text=stored, provenance=BACKEND, reboot_required=True))
    assert links.wanted(settings, "").url == dialled


def test_only_profile_3_shows_a_certificate() -> None:
    shown = [links.wanted(settings_with(SecurityProfile=str(p)), "aa").pair for p in range(4)]
    assert shown == ["", "", "", "aa"]


# --- turns ---------------------------------------------------------------------------------------------------


def tried(turns: Turns, new: Link, worked: Link | None, times: int) -> list[Link]:
    made = []
    for _ in range(times):
        link = turns.next(new, worked)
        turns.failed(link)
        made.append(link)
    return made


def test_the_old_link_has_a_turn_after_so_many_failures() -> None:
    new = but(profile=3)
    assert tried(Turns(3), new, OLD, 9) == [new, new, new, OLD, new, new, new, OLD, new]


def test_without_an_old_link_there_is_only_the_new_one() -> None:
    assert set(tried(Turns(3), OLD, None, 9)) == {OLD}


def test_a_further_change_begins_anew() -> None:
    turns, new, newer = Turns(3), but(profile=3), but(profile=3, key="fedcba9876543210")
    assert tried(turns, new, OLD, 2) == [new, new]
    assert tried(turns, newer, OLD, 4) == [newer, newer, newer, OLD]


@given(st.integers(1, 10), st.integers(1, 200))
def test_nobody_is_locked_out_for_ever(tries: int, times: int) -> None:
    """Both links get a turn again and again, whatever fails."""
    new = but(key="fedcba9876543210")
    made = tried(Turns(tries), new, OLD, times)
    runs = [(link, len(list(group))) for link, group in itertools.groupby(made, key=lambda link: link.key)]
    assert all(length <= (tries if key == new.key else 1) for key, length in runs)
    assert made[0] == new
