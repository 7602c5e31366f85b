"""Drivers by chance: the same for the same seed, and each question with a chance of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import msgspec
import pytest

from kiosk.lab.scenario import timetable, traffic
from kiosk.lab.scenario.kinds import Scenario, Traffic

START = datetime.fromisoformat("2026-11-12T00:00:00+01:00")
DAY_S = 86_400.0
STREAM = Traffic(
    name="day",
    per_hour=(2.0,),
    cars={"family64": 1.0, "tourer77": 1.0},
    pays={"card": 3.0, "remote": 1.0},
    impatient=0.5,
)


def drivers(stream: Traffic = STREAM, seed: int = 1, days: int = 10) -> tuple[traffic.Driver, ...]:
    return traffic.drivers(stream, seed, START, days * DAY_S)


def test_the_same_seed_gives_the_same_drivers() -> None:
    assert drivers() == drivers()
    assert drivers() != drivers(seed=2)
    assert drivers() != drivers(msgspec.structs.replace(STREAM, name="other"))


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"cars": {"grand93": 1.0, "any": 2.0}}, {"car"}),
        ({"pays": {"card": 1.0}}, {"pays"}),
        ({"soc": (60.0, 5.0)}, {"soc_percent"}),
        ({"impatient": 0.1}, {"gives_up_s"}),
        ({"card_first": 0.9}, {"plug_first"}),
        ({"lingers": "1h"}, {"lingers_s"}),
        ({"stops": {"remote": 1.0}}, {"stops"}),
        ({"leaves": {"1h": 1.0}}, {"leaving"}),
    ],
)
def test_another_answer_moves_nothing_else(change: dict[str, object], moved: set[str]) -> None:
    before, after = drivers(), drivers(msgspec.structs.replace(STREAM, **change))
    assert len(before) == len(after)
    differing = {
        field
        for one, other in zip(before, after, strict=True)
        for field in one.__struct_fields__
        if getattr(one, field) != getattr(other, field)
    }
    assert differing == moved


def test_a_further_stream_moves_nobody(scenario: Callable[..., Scenario]) -> None:
    one = scenario('[[traffic]]\nname = "a"\nper_hour = [3]\n', "1d")
    two = scenario('[[traffic]]\nname = "b"\nper_hour = [3]\n[[traffic]]\nname = "a"\nper_hour = [3]\n', "1d")
    alone = timetable.build(one, 1).drivers
    assert alone
    assert [d for d in timetable.build(two, 1).drivers if d.name.startswith("a ")] == alone


def test_rates_follow_the_hours() -> None:
    hours = tuple(4.0 if hour in (8, 9) else 0.5 if hour == 20 else 0.0 for hour in range(24))
    found = drivers(msgspec.structs.replace(STREAM, per_hour=hours), days=200)
    per_hour = Counter(int(driver.at_s % DAY_S // 3600) for driver in found)
    assert set(per_hour) == {8, 9, 20}
    assert per_hour[8] == pytest.approx(800, rel=0.12)  # four standard deviations
    assert per_hour[9] == pytest.approx(800, rel=0.12)
    assert per_hour[20] == pytest.approx(100, rel=0.4)


def test_only_on_its_days() -> None:
    found = drivers(msgspec.structs.replace(STREAM, days=("weekend",)), days=7)
    assert {int(driver.at_s // DAY_S) for driver in found} == {2, 3}  # the twelfth is a Thursday


def test_shares_and_bounds() -> None:
    found = drivers(msgspec.structs.replace(STREAM, soc=(50.0, 50.0)), days=100)
    assert sum(d.pays == "remote" for d in found) == pytest.approx(len(found) / 4, rel=0.2)
    assert {min(d.soc_percent for d in found), max(d.soc_percent for d in found)} == {3, 95}
    assert len({d.card for d in found}) == len(found)
    assert all(a.at_s <= b.at_s for a, b in pairwise(found))
    assert all(0 <= d.lingers_s <= 300 for d in found)


def test_nobody_comes_at_no_rate() -> None:
    assert drivers(msgspec.structs.replace(STREAM, per_hour=(0.0,))) == ()


def test_a_card_says_what_it_is() -> None:
    found = drivers(msgspec.structs.replace(STREAM, pays={"blocked card": 1.0, "expired card": 1.0, "card": 1.0}))
    assert {(d.pays, d.card_status) for d in found} == {
        ("blocked card", "Blocked"),
        ("expired card", "Expired"),
        ("card", "Accepted"),
    }
