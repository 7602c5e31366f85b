"""Why an update failed, or why another try comes: the core tells it, in a sentence, till a better word comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.link.file_messages import FirmwareState
from kiosk.link.messages import Nothing
from kiosk.station.system.firmware import pack
from tests.fakes.core import START, RunningCore, core_on
from tests.fakes.file_servers import WebServer, web_server

HERE = ("transfer.allow_private=true",)


def good_image(folder: Path) -> bytes:
    (folder / "payload").write_bytes(b"firmware" * 100)
    pack(folder / "payload", "2.5.0", folder / "2.5.0.img")
    return (folder / "2.5.0.img").read_bytes()


async def told(station: RunningCore) -> FirmwareState:
    """As ``kiosk firmware`` asks for it."""
    state = await station.core.handlers["firmware.status"](Nothing())
    assert isinstance(state, FirmwareState)
    return state


async def update(station: RunningCore, url: str, retries: int = 0) -> None:
    await station.core.files.update_firmware(
        location=url, retrieve_at=station.core.clock.now(), retries=retries, retry_interval_s=30
    )


def cut_short(image: bytes) -> bytes:
    return image[:-1]


def no_image(_: bytes) -> bytes:
    return b"<html>not what you wanted</html>"


def nothing(_: bytes) -> None:
    return None


@pytest.mark.parametrize(
    ("what_comes", "status", "cause"),
    [
        (nothing, "DownloadFailed", "404"),
        (cut_short, "InstallationFailed", "checksum"),
        (no_image, "InstallationFailed", "no firmware image"),
    ],
)
def test_a_failure_is_told_with_its_cause_till_the_next_update(
    aio: Any,
    tmp_path: Path,
    expected_log: Any,
    what_comes: Callable[[bytes], bytes | None],
    status: str,
    cause: str,
) -> None:
    expected_log("kiosk.station.system.updating", cause)
    expected_log("kiosk.station.service", "Soft reset")
    image = good_image(tmp_path)

    async def story(web: WebServer) -> None:
        async with core_on(tmp_path / "data", install=HERE) as station:
            assert (await told(station)).problem == ""
            await update(station, web.url("/new.img"))
            await asyncio.sleep(20)
            state = await told(station)
            assert (state.status, state.stage) == (status, "over")
            assert cause in state.problem
            assert "\n" not in state.problem
            assert str(tmp_path) not in state.problem, "no business of whoever looks from elsewhere"
            web.files["/new.img"] = image
            await update(station, web.url("/new.img"))
            await station.until(lambda: station.core.files.firmware_view().stage == "rebooting", 60)
            assert (await told(station)).problem == ""
            await station.running

    with web_server() as web:
        came = what_comes(image)
        if came is not None:
            web.files["/new.img"] = came
        aio(story(web))


def test_the_cause_of_a_try_is_told_while_the_next_is_awaited_and_after_a_restart(
    aio: Any, tmp_path: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.system.updating", "does not answer")

    async def before() -> None:
        async with core_on(tmp_path / "data", install=HERE) as station:
            await update(station, gone, retries=3)
            await asyncio.sleep(5)
            state = await told(station)
            assert (state.status, state.stage) == ("Downloading", "paused")
            assert "does not answer" in state.problem
            station.running.cancel()

    async def after() -> None:
        async with core_on(tmp_path / "data", install=HERE, start=START + timedelta(seconds=10)) as station:
            state = await told(station)
            assert state.stage == "paused"
            assert "does not answer" in state.problem

    with web_server() as web:
        gone = web.url("/new.img")
    with contextlib.suppress(asyncio.CancelledError):
        aio(before())
    aio(after())
