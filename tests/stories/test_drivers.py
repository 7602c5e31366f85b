"""Charging as a driver lives it, through all programs: what is seen, what the backend hears, what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.link import messages as m
from kiosk.model.enums import Tap
from tests.stories.site import CARD, IDENTITY, Site, charging, check_books, on, site, status, statuses

pytestmark = pytest.mark.story


async def finish_at_the_screen(this: Site) -> None:
    """Stop by button and confirmation, with real touches on the live screen."""
    await this.until("charging is shown", on("charging"))
    await this.touch(1200, 688)  # right action: Stop charging
    await this.until("the question", on("stop_confirm"))
    await this.touch(1000, 496)  # Stop now
    await this.until("the end", on("finished"))


def test_card_first(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, keys=["MeterValueSampleInterval=1", "MinimumStatusDuration=0"]) as this:
            await this.sees(IDENTITY, "Touch")
            standby = await this.picture()
            assert standby.size == (1366, 768)
            await this.touch(1100, 670)
            await this.sees("Which plug fits your car?", "CCS", "CHAdeMO", "Available")
            await this.touch(250, 400)  # connector 1
            await this.sees("Hold your card to the reader")
            assert (await this.picture()).tobytes() != standby.tobytes()
            await this.card()
            await this.sees("Plug connector 1 into your car")
            await this.plug(1)
            await this.until("it charges", charging())
            seen = await this.sees("Charging", "kW", "Stop charging")
            assert "–" not in seen.split("Power")[1].split("kW")[0]
            await finish_at_the_screen(this)
            await this.sees("Charging finished")
            await this.unplug(1)
            await this.until("free again", status(1, "Available"))
            await check_books(this, reason="Local")
            assert this.only_transaction().id_tag == CARD
            whole = ["Available", "Preparing", "Charging", "Finishing", "Available"]
            await this.backend_has("every status once", lambda b: statuses(b, 1) == whole)
            assert this.only_transaction().meter_values

    real_aio_long(story())


def test_plug_first_and_stop_by_card(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as this:
            await this.plug(2)
            await this.sees("Hold your card to the reader")
            await this.card()
            await this.until("it charges", charging(2))
            await this.card()
            await this.sees("Charging finished")
            await check_books(this, reason="Local")
            stop = this.backend.recorder.calls("StopTransaction")[-1].payload
            assert stop["idTag"] == CARD

    real_aio_long(story())


def test_kiosk_mode_without_a_backend(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, backend=False, keys=["HycKioskModeEnabled=true"]) as this:
            await this.touch(1100, 670)
            await this.sees("Which plug fits your car?")
            await this.touch(250, 400)
            await this.sees("No card needed")
            await this.plug(1)
            await this.until("it charges", charging())
            await finish_at_the_screen(this)
            [session] = await this.sessions()
            assert session.id_tag == "HycKioskTag1"
            assert session.transaction_id is None
            assert session.meter_stop_wh == (await this.connector(1)).meter_wh

    real_aio_long(story())


def test_remote_start_and_stop(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, keys=["RemoteTxStoppableLocally=false"]) as this:
            assert (
                await this.remote(call.RemoteStartTransaction(id_tag="APP-USER-7", connector_id=1)) == "Accepted"
            )
            await this.sees("Plug connector 1 into your car")
            await this.plug(1)
            await this.until("it charges", charging())
            await this.until("charging is shown", on("charging"))
            await this.ask("driver.tap", m.DriverTap(action=Tap.STOP, connector_id=1))
            await this.until("refused here", on("stop_refused"))
            stop = call.RemoteStopTransaction(transaction_id=this.only_transaction().id)
            assert await this.remote(stop) == "Accepted"
            await this.sees("Charging finished")
            await check_books(this, reason="Remote")
            assert this.only_transaction().id_tag == "APP-USER-7"

    real_aio_long(story())
