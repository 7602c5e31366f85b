"""A scenario on a real station: real processes, the embedded backend, a controller on real Modbus."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from kiosk.lab.scenario import recording
from tests.stories.site import SPEED, Site

pytestmark = pytest.mark.story

DAY = """
name = "story"
description = "A driver, a controller that takes power away, a blocked card, a backend that is gone."
starts_at = 2026-11-12T06:00:00+01:00
duration = "9min"
recorded_every = "5s"

[[at]]
do = "controller"
time = "+1s"
station_w = 60000
every = "20s"
[[at]]
do = "car"
time = "+30s"
leaves = "4min"
[[at]]
do = "controller"
time = "+2min 30s"
station_w = 20000
every = "20s"
[[at]]
do = "car"
time = "+40s"
connector = 3
pays = "blocked card"
[[at]]
do = "backend"
time = "+3min"
line = "gone"
lasts = "1min"
[[at]]
do = "door"
time = "+3min"
lasts = "30s"
"""


@asynccontextmanager
async def station(data: Path) -> AsyncIterator[Site]:
    """With the embedded backend, as `kiosk run` brings it."""
    this = Site(data, None)
    try:
        keys = ("--set", "ModbusLoadManagementEnabled=true", "--set", "ChargingStrategy=FAIR")
        await this.start(*keys, "--install", "modbus.port=0")
        await this.until("the backend accepted the station", lambda s: s.backend.online)
        yield this
        await this.stop()
    finally:
        if this.process is not None and this.process.returncode is None:
            for child in psutil.Process(this.process.pid).children(recursive=True):
                child.kill()
            this.process.kill()
            await this.process.wait()


def test_a_scenario_on_a_running_station(real_aio_long: Any, tmp_path: Path) -> None:
    day, out = tmp_path / "story.toml", tmp_path / "story.json"
    day.write_text(DAY)

    async def story() -> None:
        async with station(tmp_path / "data") as this:
            told = await this.kiosk("sim", "scenario", str(day), "--speed", SPEED, "--record", str(out), "--json")
            found = json.loads(told)
            assert found["failed"] == []
            assert found["breaches"] == []
            assert found["outcomes"] == {"charged": 1, "refused": 1}
            assert found["faults"]["1001"] == 1
            moments = recording.read(out).moments
            limits = {moment.grid_limit_w for moment in moments if moment.grid_reason == "modbus"}
            assert {60_000, 20_000} <= limits
            seen_w = [moment.grid_w for moment in moments if 180 < moment.at_s < 240]
            assert seen_w
            assert max(seen_w) <= 20_000
            # everybody has left, and the backend is there again
            await this.until(
                "all is quiet", lambda s: s.backend.online and not any(c.plugged for c in s.connectors)
            )
            [session] = await this.sessions()
            assert session.transaction_id is not None

    real_aio_long(story())


def test_what_a_station_is_not_for_is_told_before_the_start(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path / "data") as this:
            told = await this.kiosk("sim", "scenario", "lonely-week", code=1)
            assert "start it with `kiosk run --connectors CCS,CHAdeMO,CCS_AC`" in told
            assert "cannot be put wrong from outside" in told
            assert not any(c.plugged for c in (await this.snapshot()).connectors)

    real_aio_long(story())
