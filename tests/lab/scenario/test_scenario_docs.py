"""The page about scenarios is as the structs are, and its example can be played."""

from __future__ import annotations

import re
from collections.abc import Callable

from kiosk.lab.scenario import docs, file, virtual
from kiosk.lab.scenario.kinds import EVENTS, Scenario
from kiosk.model import paths
from kiosk.settings import reading


def test_the_page_is_fresh() -> None:
    shown = (paths.assets() / "docs" / docs.PAGE).read_text(encoding="utf-8")
    assert shown == docs.page(), "run `python -m kiosk.lab.scenario.docs`"


def test_every_event_and_field_is_on_it() -> None:
    page = docs.page()
    for word, kind in EVENTS.items():
        assert f'#### `do = "{word}"`' in page
        for field in reading.fields(kind):
            assert f"| `{field.name}` |" in page
            assert field.about, f"{word}.{field.name} says nothing of itself"


def test_every_built_in_one_is_told() -> None:
    for name in file.built_in():
        assert f"**{name}**" in docs.page()


def test_its_example_can_be_played(bad_luck: None, first_hours: Callable[[Scenario, str], Scenario]) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", docs.page(), re.DOTALL)
    found = virtual.play(first_hours(file.parse(example, "scenarios.md"), "30min"), 1).summary
    assert found.breaches == ()
    assert found.charged
