"""Everything that goes wrong at a site, with the real programs: nothing is lost, and nobody is lied to."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kiosk.link import messages as m
from kiosk.model.enums import Tap
from tests.stories.site import CARD, IDENTITY, Site, charging, check_books, differing, on, site, status

pytestmark = pytest.mark.story


async def begin(this: Site, connector_id: int = 1) -> None:
    """A card session that charges and is shown."""
    await this.plug(connector_id)
    await this.until("the card is asked for", on("card"))
    await this.card()
    await this.until("it charges", charging(connector_id))
    await this.until("charging is shown", on("charging"))


async def still_charging_on_screen(this: Site, before: Image.Image) -> None:
    """The driver reads live values again, on the page as it was, and it is not just any page."""
    await this.until("the screen shows it again", on("charging"))
    await this.sees("Charging", "Stop charging", "kWh")
    await this.looks_like(before)


async def end(this: Site, connector_id: int = 1) -> None:
    await this.ask("session.stop", m.ConnectorParams(connector_id=connector_id))
    await this.until("finished", status(connector_id, "Finishing"))


def test_connection_lost_in_a_session(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, keys=["MeterValueSampleInterval=1"]) as this:
            await begin(this)
            before_picture = await this.picture()
            port = this.backend.port
            before = len(this.only_transaction().meter_values)
            await this.backend.stop()
            await this.until("the link is seen as lost", lambda s: not s.backend.connected)
            energy_wh = (await this.connector(1)).energy_wh or 0
            await this.until("charging goes on", lambda s: (s.connector(1).energy_wh or 0) > energy_wh + 100)
            await still_charging_on_screen(this, before_picture)
            await end(this)  # ends offline
            await this.sees("Charging finished")
            assert differing(await this.picture(), before_picture) > 0.15
            await this.backend.start(port=port)
            await this.until("back online", lambda s: s.backend.online)
            await check_books(this, reason="Local")
            assert len(this.only_transaction().meter_values) > before
            last = await this.snapshot()
            assert last.backend.waiting_messages == 0
            boots = this.backend.boots[IDENTITY]
            assert len(boots) >= 1

    real_aio_long(story())


def test_core_killed_in_a_session(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, keys=["MeterValueSampleInterval=1"]) as this:
            await begin(this)
            before = await this.picture()
            local_id = (await this.connector(1)).session.local_id
            await this.kiosk("sim", "powercut")
            back = await this.until(
                "the same session goes on",
                lambda s: charging(1)(s) and s.connector(1).session.local_id == local_id,
            )
            assert back.connector(1).session.transaction_id == this.only_transaction().id
            await still_charging_on_screen(this, before)
            await end(this)
            await check_books(this, reason="Local")

    real_aio_long(story())


def test_core_killed_and_not_back_in_time(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, "--install", "session.resume_within_s=0") as this:
            await begin(this)
            this.child("kiosk.station").send_signal(signal.SIGKILL)
            await this.backend_has("StopTransaction", lambda b: all(t.stopped_at for t in b.transactions.values()))
            await this.until("the core is back", lambda s: s.backend.online)
            await check_books(this, reason="PowerLoss")

    real_aio_long(story())


def test_core_frozen_and_woken(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as this:
            await begin(this)
            alive = await this.picture()
            core = this.child("kiosk.station")
            core.suspend()
            # longer than the hardware's watchdog waits; the screen must notice by itself, nobody can be asked
            await asyncio.sleep(7)
            core.resume()
            await this.until("the session is still there", charging(1))
            await still_charging_on_screen(this, alive)
            assert "the station core is lost" in this.output  # nobody could be asked for a picture meanwhile
            await end(this)
            await check_books(this, reason="Local")

    real_aio_long(story())


def test_screen_killed_and_restarted(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as this:
            await begin(this)
            before = await this.picture()
            screen = this.child("kiosk.screen")
            energy_wh = (await this.connector(1)).energy_wh or 0
            screen.send_signal(signal.SIGKILL)
            await this.until("the core sees no screen", lambda s: s.screen.name is None)
            await this.until(
                "charging goes on without a screen", lambda s: (s.connector(1).energy_wh or 0) > energy_wh
            )
            await this.until("a new screen lands on the right page", on("charging"))
            assert this.child("kiosk.screen").pid != screen.pid
            await still_charging_on_screen(this, before)
            await this.ask("driver.tap", m.DriverTap(action=Tap.STOP, connector_id=1))
            await this.ask("driver.tap", m.DriverTap(action=Tap.CONFIRM_STOP, connector_id=1))
            await this.sees("Charging finished")
            await check_books(this, reason="Local")
            assert this.only_transaction().id_tag == CARD

    real_aio_long(story())


def test_soft_reset_in_a_session(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as this:
            await begin(this)
            pid = this.child("kiosk.station").pid
            await this.ask("station.reset", m.Reset())
            await this.backend_has("a second BootNotification", lambda b: len(b.boots[IDENTITY]) == 2)
            await this.until("back online", lambda s: s.backend.online)
            assert this.child("kiosk.station").pid == pid  # restarted in place
            await check_books(this, reason="SoftReset")

    real_aio_long(story())
