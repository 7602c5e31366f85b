"""The shell of updates: stored before told, replaced, cancelled, resumed, tidied."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.errors import BadFile, StorageFailed, TransferFailed
from kiosk.model.file_jobs import Acceptance
from kiosk.model.file_jobs import FirmwareStatus as F
from kiosk.model.file_jobs import UploadStatus as U
from kiosk.station.system import update
from kiosk.station.system.updating import BROUGHT, HEARD_S, Updates
from tests.fakes.file_machine import Machine, Site, lay


def test_an_update_from_beginning_to_end(play: Any) -> None:
    async def story(m: Machine) -> None:
        assert await m.updates.request(m.job()) is Acceptance.ACCEPTED
        await asyncio.sleep(5)
        assert m.updates.status is F.DOWNLOADING
        assert m.updates.progress == (2, 5)
        assert not m.site.held
        m.site.is_busy = True
        await asyncio.sleep(10)
        assert m.told == [F.DOWNLOADING, F.DOWNLOADED]
        assert m.site.held
        await asyncio.sleep(600)
        assert m.told == [F.DOWNLOADING, F.DOWNLOADED], "somebody charges"
        m.site.is_busy = False
        await asyncio.sleep(HEARD_S + 2)
        assert m.told[2:] == [F.INSTALLING]
        assert m.site.resets == 1
        await m.cut()
        assert m.updates.running.version == "2.0"
        assert m.updates.just_installed
        await asyncio.sleep(2)
        assert m.told[3:] == [F.INSTALLED]
        assert not m.site.held
        assert m.updates.status is F.IDLE
        assert m.updates.job is None
        assert m.updates.last is not None
        assert m.updates.last.version == "2.0"
        assert list(m.folder.iterdir()) == [], "the image is not needed any more"
        await m.cut()
        await asyncio.sleep(60)
        assert m.told[4:] == [], "heard once is enough"
        assert not m.updates.just_installed

    play(story)


def test_an_end_that_was_not_heard_is_told_after_the_restart(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.updating", "404")

    async def story(m: Machine) -> None:
        m.hears = False
        m.carrier.ends = [TransferFailed("404", final=True)]
        await m.updates.request(m.job())
        await asyncio.sleep(60)
        assert m.told == [F.DOWNLOADING, F.DOWNLOAD_FAILED]
        m.hears = True
        await m.cut()
        await asyncio.sleep(2)
        assert m.told[2:] == [F.DOWNLOAD_FAILED]
        await m.cut()
        await asyncio.sleep(2)
        assert m.told[3:] == []

    play(story)


def test_a_signed_update_tells_every_step(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.updating", "no answer")

    async def story(m: Machine) -> None:
        m.carrier.ends = [TransferFailed("no answer")]
        later = m.clock.now() + timedelta(hours=1)
        job = m.job(request_id=7, certificate="c", signature="s", retrieve_at=later)
        await m.updates.request(job)
        await asyncio.sleep(3599)
        assert m.told == [F.DOWNLOAD_SCHEDULED]
        m.site.is_busy = True
        await asyncio.sleep(100)
        await asyncio.sleep(3)
        m.site.is_busy = False
        await asyncio.sleep(HEARD_S + 5)
        await m.cut()
        await asyncio.sleep(5)
        assert m.told == [
            F.DOWNLOAD_SCHEDULED,
            F.DOWNLOADING,
            F.DOWNLOAD_PAUSED,
            F.DOWNLOADING,
            F.DOWNLOADED,
            F.SIGNATURE_VERIFIED,
            F.INSTALL_SCHEDULED,
            F.INSTALLING,
            F.INSTALL_REBOOTING,
            F.INSTALLED,
        ]

    play(story)


def test_an_installation_date_is_waited_for_without_holding_drivers(play: Any) -> None:
    async def story(m: Machine) -> None:
        night = m.clock.now() + timedelta(hours=10)
        await m.updates.request(m.job(install_at=night, request_id=7))
        await asyncio.sleep(3600)
        assert m.told[-1] is F.INSTALL_SCHEDULED
        assert not m.site.held
        await m.cut()
        assert not m.site.held
        await asyncio.sleep(9 * 3600 - 20)
        assert m.site.resets == 0
        await asyncio.sleep(60)
        assert m.site.resets == 1

    play(story)


@pytest.mark.parametrize(
    ("fails", "signed", "end"),
    [
        (BadFile("x", "damaged", "again"), False, F.INSTALLATION_FAILED),
        (BadFile("x", "damaged", "again"), True, F.INSTALL_VERIFICATION_FAILED),
        (OSError(28, "No space left on device"), True, F.INSTALLATION_FAILED),
    ],
)
def test_a_failed_installation_lets_drivers_in_again(
    play: Any, expected_log: Any, fails: Exception, signed: bool, end: F
) -> None:
    expected_log("kiosk.station.system.updating", "firmware update j1")

    async def story(m: Machine) -> None:
        m.slots.fails = fails
        await m.updates.request(m.job(request_id=7 if signed else None))
        await asyncio.sleep(30)
        assert m.told[-1] is end
        assert not m.site.held
        assert m.site.resets == 0
        assert list(m.folder.iterdir()) == []

    play(story)


def test_what_nobody_foresaw_ends_the_job_and_not_the_station(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.updating", "download failed")
    expected_log("kiosk.station.system.uploading", "u1.zip")

    async def story(m: Machine) -> None:
        m.carrier.ends = [RuntimeError("a bug"), RuntimeError("a bug")]
        await m.updates.request(m.job())
        await m.uploads.request(m.upload_job())
        await asyncio.sleep(30)
        assert m.told[-1] is F.DOWNLOAD_FAILED
        assert m.uploads_told[-1] is U.UPLOAD_FAILURE
        await m.cut()
        await asyncio.sleep(30)
        assert len(m.carrier.asked) == 2

    play(story)


def test_a_lost_journal_goes_through(aio: Any, tmp_path: Path) -> None:
    """Only that may end the core (design rule 7); the job is taken up at the next start."""

    async def story() -> None:
        m = Machine(tmp_path)
        await m.start()
        await m.updates.request(m.job())
        await asyncio.sleep(5)
        m.store.fails = True
        with pytest.raises(StorageFailed):
            await m.tasks[0]
        assert m.told == [F.DOWNLOADING]
        m.store.fails = False
        await m.cut()
        await asyncio.sleep(5)
        assert m.told == [F.DOWNLOADING, F.DOWNLOADING]
        for task in m.tasks:
            task.cancel()
        await asyncio.gather(*m.tasks, return_exceptions=True)

    aio(story())


def test_a_firmware_that_does_not_start(play: Any) -> None:
    async def story(m: Machine) -> None:
        m.slots.damaged = True
        await m.updates.request(m.job())
        await asyncio.sleep(30)
        assert m.site.resets == 1
        await m.cut()
        await asyncio.sleep(1)
        assert m.told[-1] is F.INSTALLATION_FAILED
        assert not m.site.held
        assert not m.updates.just_installed

    play(story)


def test_a_bad_signature_is_never_installed(play: Any) -> None:
    async def story(m: Machine) -> None:
        m.good_signature = False
        await m.updates.request(m.job(request_id=7))
        await asyncio.sleep(60)
        assert m.told == [F.DOWNLOADING, F.DOWNLOADED, F.INVALID_SIGNATURE]
        assert m.slots.next is None
        assert not m.site.held

    play(story)


def test_a_newer_request_takes_the_place(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.updating", "j1 gives way to j2")

    async def story(m: Machine) -> None:
        await m.updates.request(m.job("j1"))
        await asyncio.sleep(5)
        assert await m.updates.request(m.job("j2", request_id=8)) is Acceptance.ACCEPTED_CANCELED
        await asyncio.sleep(1)
        assert m.carrier.given_up == 1
        assert m.carrier.asked == ["http://h/j1", "http://h/j2"]
        await asyncio.sleep(20)
        assert m.told == [
            F.DOWNLOADING,
            F.DOWNLOADING,
            F.DOWNLOADED,
            F.SIGNATURE_VERIFIED,
            F.INSTALLING,
            F.INSTALL_REBOOTING,
        ]

    play(story)


def test_a_restart_that_is_due_is_not_replaced(play: Any) -> None:
    async def story(m: Machine) -> None:
        m.hears = False  # so that the restart waits for somebody to hear
        await m.updates.request(m.job("j1"))
        await asyncio.sleep(11)
        assert m.updates.job is not None
        assert m.updates.job.stage is update.Stage.REBOOTING
        assert await m.updates.request(m.job("j2")) is Acceptance.REJECTED
        await asyncio.sleep(HEARD_S)
        assert m.site.resets == 1

    play(story)


@pytest.mark.parametrize("seconds", [0, 3, 9.9, 10.1, 30, 3000])
def test_the_power_may_be_cut_at_any_time(play: Any, seconds: float) -> None:
    async def story(m: Machine) -> None:
        await m.updates.request(m.job(retrieve_at=m.clock.now()))
        await asyncio.sleep(seconds)
        for _ in range(3):
            await m.cut()
            await asyncio.sleep(40)
        assert m.updates.running.version == "2.0"
        assert m.told[-1] is F.INSTALLED
        assert [s for s in m.told if s is F.INSTALLED] == [F.INSTALLED]
        assert not m.site.held

    play(story)


def test_held_before_anything_begins_after_a_power_cut(play: Any) -> None:
    """The core holds the connectors before it tells their statuses."""

    async def story(m: Machine) -> None:
        m.site.is_busy = True
        await m.updates.request(m.job())
        await asyncio.sleep(20)
        for task in m.tasks:
            task.cancel()
        await asyncio.gather(*m.tasks, return_exceptions=True)
        m.site = Site()
        updates = Updates(
            slots=m.slots,
            transfer=m.carrier,
            folder=m.folder,
            store=m.store,
            site=m.site,
            clock=m.clock,
            verify=m._verify,
        )
        await updates.load()
        assert m.site.held
        await m.start()

    play(story)


def test_an_image_that_is_being_copied_is_not_tidied_away(play: Any, expected_log: Any) -> None:
    """The end of the job before is heard while an operator's image comes in."""
    expected_log("kiosk.station.system.updating", "j1: no")

    async def story(m: Machine) -> None:
        m.carrier.ends = [TransferFailed("no", final=True)]
        await m.updates.request(m.job())
        await asyncio.sleep(m.carrier.takes_s + 0.1)
        assert m.told[-1] is F.DOWNLOAD_FAILED
        job = m.job("j2", location="", stage=update.Stage.WAITING)
        brought = m.updates.image(job).with_suffix(BROUGHT)
        lay(brought, b"image")
        await asyncio.sleep(1)
        assert m.updates.job is None, "heard, and tidied after"
        assert await m.updates.request(job, brought) is Acceptance.ACCEPTED
        await asyncio.sleep(10)
        assert m.site.resets == 1, "it was installed"
        assert not brought.exists()

    play(story)


def test_a_copy_that_a_power_cut_left_is_tidied_away(play: Any) -> None:
    async def story(m: Machine) -> None:
        left = m.updates.image(m.job()).with_suffix(BROUGHT)
        lay(left, b"ima")
        await m.cut()
        assert not left.exists()

    play(story)


def test_a_stored_job_that_is_unreadable_is_given_up(play: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system.one_job", "unreadable")

    async def story(m: Machine) -> None:
        m.store.texts = {"firmware_job": '{"id": 5}', "upload": "{"}
        await m.cut()
        assert m.updates.job is None
        assert m.uploads.job is None
        assert m.store.texts == {"firmware_job": "", "upload": ""}

    play(story)


def test_a_job_that_cannot_be_stored_is_not_begun(play: Any) -> None:
    async def story(m: Machine) -> None:
        m.store.fails = True
        with pytest.raises(StorageFailed):
            await m.updates.request(m.job())
        with pytest.raises(StorageFailed):
            await m.uploads.request(m.upload_job())
        await asyncio.sleep(60)
        assert m.carrier.asked == []

    play(story)
