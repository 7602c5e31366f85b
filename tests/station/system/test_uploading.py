"""The shell of uploads: stored before told, tried again, replaced, resumed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.model.errors import TransferFailed
from kiosk.model.file_jobs import Acceptance
from kiosk.model.file_jobs import UploadStatus as U
from tests.fakes.file_machine import Machine


def test_an_upload_is_tried_again_and_told_once(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.uploading", "no answer")

    async def story(m: Machine) -> None:
        m.carrier.ends = [TransferFailed("no answer")]
        assert await m.uploads.request(m.upload_job()) is Acceptance.ACCEPTED
        await asyncio.sleep(15)
        assert m.uploads.status is U.UPLOADING
        await asyncio.sleep(100)
        assert m.uploads_told == [U.UPLOADING, U.UPLOADED]
        assert m.carrier.delivered == {"http://h/up/u1.zip": b"u1.zip"}
        assert m.uploads.status is U.IDLE
        assert list(m.folder.iterdir()) == []
        await m.cut()
        await asyncio.sleep(60)
        assert m.uploads_told[2:] == []

    play(story)


@pytest.mark.parametrize(
    ("failure", "end", "tries"),
    [
        (TransferFailed("500"), U.UPLOAD_FAILURE, 2),
        (TransferFailed("404", final=True), U.UPLOAD_FAILURE, 1),
        (TransferFailed("403", final=True, refused=True), U.PERMISSION_DENIED, 1),
        (TransferFailed("405", final=True, unsupported=True), U.NOT_SUPPORTED, 1),
    ],
)
def test_how_an_upload_fails(play: Any, expected_log: Any, failure: TransferFailed, end: U, tries: int) -> None:
    expected_log("kiosk.station.system.uploading", str(failure))

    async def story(m: Machine) -> None:
        m.carrier.ends = [failure] * 5
        await m.uploads.request(m.upload_job())
        await asyncio.sleep(200)
        assert m.uploads_told == [U.UPLOADING, end]
        assert len(m.carrier.asked) == tries

    play(story)


def test_a_file_that_cannot_be_written(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.uploading", "No space left")

    async def story(m: Machine) -> None:
        m.write_fails = OSError(28, "No space left on device")
        await m.uploads.request(m.upload_job(tries=1))
        await asyncio.sleep(5)
        assert m.uploads_told == [U.UPLOADING, U.UPLOAD_FAILURE]
        assert m.carrier.asked == []

    play(story)


def test_a_newer_upload_takes_the_place(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.uploading", "u1.zip gives way to u2.zip")

    async def story(m: Machine) -> None:
        await m.uploads.request(m.upload_job("u1"))
        await asyncio.sleep(3)
        assert await m.uploads.request(m.upload_job("u2")) is Acceptance.ACCEPTED_CANCELED
        await asyncio.sleep(20)
        assert m.carrier.given_up == 1
        assert list(m.carrier.delivered) == ["http://h/up/u2.zip"]
        assert m.uploads_told == [U.UPLOADING, U.UPLOADING, U.UPLOADED]

    play(story)


@pytest.mark.parametrize("seconds", [0, 5, 9.9, 10.1, 40])
def test_an_upload_outlives_power_cuts(play: Any, seconds: float, expected_log: Any) -> None:
    async def story(m: Machine) -> None:
        await m.uploads.request(m.upload_job())
        await asyncio.sleep(seconds)
        await m.cut()
        await asyncio.sleep(40)
        assert m.carrier.delivered == {"http://h/up/u1.zip": b"u1.zip"}
        assert m.uploads_told[-1] is U.UPLOADED
        assert m.uploads_told.count(U.UPLOADED) == 1 + (seconds == 10.1), "told again where nobody had heard it"

    play(story)
