"""What tests of scenarios share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from kiosk.lab.scenario import file, times
from kiosk.lab.scenario.kinds import Scenario

HEAD = """
name = "test"
description = "Of a test."
starts_at = 2026-11-12T06:00:00+01:00
duration = "{duration}"
"""


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """``scenario(body, duration="1h")``: a checked one with that body."""

    def build(body: str = "", duration: str = "1h") -> Scenario:
        return file.parse(HEAD.format(duration=duration) + body, "test.toml")

    return build


@pytest.fixture
def first_hours() -> Callable[[Scenario, str], Scenario]:
    """The same scenario, over earlier."""

    def cut(whole: Scenario, duration: str) -> Scenario:
        lasts_s = times.duration_s(duration)
        whole_s = times.duration_s(whole.duration)
        early = [
            event
            for event in whole.at
            if times.moments_s(event.time, event.repeat, whole.starts_at, whole_s)[0] < lasts_s
        ]
        return msgspec.structs.replace(whole, duration=duration, at=tuple(early))

    return cut


@pytest.fixture
def bad_luck(log_watch: Any) -> Iterator[None]:
    """What the station warns of is part of the play; an error is not."""
    yield
    log_watch.records[:] = [
        r for r in log_watch.records if r.levelno > logging.WARNING or not r.name.startswith("kiosk.station.")
    ]
