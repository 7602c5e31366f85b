"""Updates, diagnostics and logs of a whole core: drivers, doors, files, and nothing personal or secret in them."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.lab.authority import Authority
from kiosk.link import file_messages as f
from kiosk.link.messages import Nothing
from kiosk.model import logs
from kiosk.model.enums import Page, RefusalReason, ResetKind
from kiosk.model.errors import BadFile, NotPossible
from kiosk.model.file_jobs import Acceptance, FirmwareStatus, LogKind, UploadStatus
from kiosk.station.certificates.names import CertificateUse
from kiosk.station.system.firmware import pack
from tests.fakes.core import RunningCore, charge, core_on
from tests.fakes.file_servers import WebServer, web_server

CARD, SECRET = "04AE179C4F6181", "0123456789abcdef"
HERE = ("transfer.allow_private=true",)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def image(tmp_path: Path) -> Path:
    (tmp_path / "payload").write_bytes(b"firmware" * 100)
    pack(tmp_path / "payload", "2.5.0", tmp_path / "2.5.0.img")
    return tmp_path / "2.5.0.img"


async def whitelisted_charge(station: RunningCore, connector_id: int = 1) -> None:
    await station.core.commands.whitelist_add(CARD)
    await charge(station, connector_id, CARD)


def statuses(station: RunningCore) -> list[str]:
    return [c.status.value for c in station.core.state.snapshot.connectors]


async def update(station: RunningCore, url: str, **more: Any) -> Acceptance:
    asked: dict[str, Any] = {
        "location": url,
        "retrieve_at": station.core.clock.now(),
        "retries": 0,
        "retry_interval_s": None,
    }
    return await station.core.files.update_firmware(**(asked | more))


def test_drivers_while_an_update_waits(
    aio: Any, tmp_path: Path, web: WebServer, image: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.service", "Soft reset")
    web.files["/2.5.0.img"] = image.read_bytes()

    async def story() -> None:
        async with core_on(tmp_path / "data", install=HERE) as station:
            core = station.core
            await whitelisted_charge(station)
            assert await update(station, web.url("/2.5.0.img")) is Acceptance.ACCEPTED
            await station.until(lambda: core.state.snapshot.station.updating)
            assert statuses(station) == ["Charging", "Unavailable", "Unavailable"]
            outcome = await core.commands.start(2, CARD)
            assert outcome.reason is RefusalReason.STATION_STOPPING
            await asyncio.sleep(300)
            assert statuses(station)[0] == "Charging", "whoever charges is not disturbed"
            assert not station.running.done()
            await core.commands.stop(1)
            station.sim.unplug(1)
            await station.until(lambda: statuses(station) == ["Unavailable"] * 3)
            await station.until(lambda: station.page == Page.OUT_OF_SERVICE)
            assert await station.running is ResetKind.SOFT
        async with core_on(tmp_path / "data", install=HERE) as station:
            assert station.core.state.snapshot.station.firmware == "2.5.0"
            assert not station.core.state.snapshot.station.updating
            assert statuses(station) == ["Available"] * 3
            await asyncio.sleep(1)
            events = await station.core.security.events(None, None)
            assert "FirmwareUpdated" in [e.type.value for e in events]
            assert station.core.files.firmware_view().status is FirmwareStatus.INSTALLED
            await charge(station, 2, CARD)

    aio(story())


@pytest.mark.parametrize("out_of_service", [0, 2])
def test_a_failed_installation_leaves_the_doors_as_they_were(
    aio: Any, tmp_path: Path, web: WebServer, image: Path, expected_log: Any, out_of_service: int
) -> None:
    """Also connector 0, and what was put out of service before or during it."""
    expected_log("kiosk.station.system.updating", "checksum does not fit")
    web.files["/bad.img"] = image.read_bytes()[:-1]

    async def story() -> None:
        async with core_on(tmp_path / "data", install=HERE) as station:
            core = station.core
            await whitelisted_charge(station)
            await core.commands.change_availability(2, False)
            await update(station, web.url("/bad.img"))
            await station.until(lambda: core.state.snapshot.station.updating)
            await core.commands.change_availability(3, False)
            await core.commands.stop(1)
            station.sim.unplug(1)
            await station.until(lambda: not core.state.snapshot.station.updating)
            assert core.files.firmware_view().status is FirmwareStatus.INSTALLATION_FAILED
            assert statuses(station) == ["Available", "Unavailable", "Unavailable"]
            assert core.state.snapshot.station.operative
            await core.commands.change_availability(0, True)
            assert statuses(station) == ["Available"] * 3

    aio(story())


def test_held_connectors_are_held_from_the_first_word_after_a_power_cut(
    aio: Any, tmp_path: Path, web: WebServer, image: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.acts", "goes on after a restart")
    web.files["/2.5.0.img"] = image.read_bytes()

    async def story() -> None:
        async with core_on(tmp_path / "data", install=HERE) as station:
            await whitelisted_charge(station)
            await update(station, web.url("/2.5.0.img"))
            await station.until(lambda: station.core.state.snapshot.station.updating)
        async with core_on(tmp_path / "data", install=HERE) as station:
            assert station.core.state.snapshot.station.updating
            assert statuses(station)[1:] == ["Unavailable"] * 2

    aio(story())


def test_an_operators_image(aio: Any, tmp_path: Path, image: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        async with core_on(tmp_path / "data") as station:
            handlers = station.core.handlers
            state = await handlers["firmware.status"](Nothing())
            assert state == f.FirmwareState(
                running="", status="Idle", stage="", version="", request_id=None, retrieve_at=None, install_at=None
            )
            with pytest.raises(BadFile, match="no firmware image"):
                await handlers["firmware.install"](f.FirmwareFile(path=str(tmp_path / "payload")))
            with pytest.raises(BadFile, match="cannot be copied: No such file"):
                await handlers["firmware.install"](f.FirmwareFile(path=str(tmp_path / "none")))
            taken = await handlers["firmware.install"](f.FirmwareFile(path=str(image)))
            assert taken == f.FirmwareTaken(version="2.5.0")
            assert await station.running is ResetKind.SOFT
        async with core_on(tmp_path / "data") as station:
            state = await station.core.handlers["firmware.status"](Nothing())
            assert (state.running, state.stage, state.status) == ("2.5.0", "over", "Installed")

    aio(story())
    assert image.exists(), "the operator's file is his"


def test_an_image_that_comes_too_late(aio: Any, tmp_path: Path, image: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        async with core_on(tmp_path / "data") as station:
            await station.core.files.install(image)
            await station.until(lambda: station.core.files.firmware_view().stage == "rebooting", 30)
            with pytest.raises(NotPossible, match="after the restart"):
                await station.core.files.install(image)
            assert await station.running is ResetKind.SOFT

    aio(story())


@pytest.mark.parametrize(("timeout_s", "waits"), [("60", True), ("0", False)])
def test_whoever_is_about_to_plug_in_is_waited_for_but_not_for_ever(
    aio: Any, tmp_path: Path, image: Path, expected_log: Any, timeout_s: str, waits: bool
) -> None:
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        async with core_on(tmp_path / "data", keys=[("ConnectionTimeOut", timeout_s)]) as station:
            await station.core.commands.whitelist_add(CARD)
            assert (await station.core.commands.start(1, CARD)).authorized
            await station.core.files.install(image)
            await asyncio.sleep(30)
            assert station.running.done() is not waits
            assert await station.running is ResetKind.SOFT

    aio(story())


# --- diagnostics and logs --------------------------------------------------------------------------------------


async def told(station: RunningCore) -> tuple[str, set[str]]:
    """All text of a fresh archive, and the names of what is in it."""
    archive = await station.core.handlers["diagnostics.archive"](Nothing())
    with zipfile.ZipFile(archive.path) as opened:
        assert opened.testzip() is None
        return "".join(opened.read(name).decode() for name in opened.namelist()), set(opened.namelist())


def test_an_archive_tells_no_secret_and_nobodys_name(aio: Any, tmp_path: Path) -> None:
    keys = [("AuthorizationKey", SECRET), ("SimPin", "4711"), ("ApnPassword", "open-sesame")]
    log_file = tmp_path / "data" / logs.CORE
    log_file.parent.mkdir(parents=True)
    log_file.write_text(
        f"2026-11-22T12:00:00.000Z core INFO    x: slipped in: {CARD.lower()} and {SECRET}\n", encoding="utf-8"
    )

    async def story() -> None:
        install = ("keys.AuthorizationKey=fedcba9876543210", "station.serial=SN-77")
        async with core_on(tmp_path / "data", keys=keys, install=install) as station:
            await whitelisted_charge(station)
            vehicle_id = station.connector(1).vehicle_id
            assert vehicle_id
            await station.core.commands.stop(1)
            text, names = await told(station)
            for word in (CARD, SECRET, "4711", "open-sesame", "fedcba9876543210", vehicle_id):
                assert word.casefold() not in text.casefold(), word
            assert "slipped in: … and …" in text
            assert "SN-77" in text
            assert names == {
                "station.json",
                "configuration.json",
                "installation.json",
                "picture.json",
                "sessions.json",
                "events.json",
                "security.log",
                "core.log",
            }
            assert "StartupOfTheDevice" in text
            assert '"HeartbeatInterval"' in text

    aio(story())


def test_diagnostics_of_a_time(aio: Any, tmp_path: Path, web: WebServer) -> None:
    log_file = tmp_path / "data" / logs.CORE
    log_file.parent.mkdir(parents=True)
    log_file.write_text(
        "".join(f"2026-11-22T{h:02d}:00:00.000Z core INFO    x: hour {h}\n" for h in range(8, 14)),
        encoding="utf-8",
    )

    async def story() -> None:
        async with core_on(tmp_path / "data", install=HERE) as station:
            now = station.core.clock.now()

            async def get(oldest_h: float | None, latest_h: float | None) -> str | None:
                return await station.core.files.get_diagnostics(
                    location=web.url("/up"),
                    oldest=None if oldest_h is None else now + timedelta(hours=oldest_h),
                    latest=None if latest_h is None else now + timedelta(hours=latest_h),
                    retries=None,
                    retry_interval_s=None,
                )

            assert await get(-100, -50) is None, "nothing is known of that time"
            assert await get(1, 2) is None, "nor of what is to come"
            assert await get(-1, -2) is None
            name = await get(-2.5, -0.5)
            assert name is not None
            assert name.startswith("diagnostics-")
            await station.until(lambda: f"/up/{name}" in web.files)
            (tmp_path / "got.zip").write_bytes(web.files[f"/up/{name}"])
            with zipfile.ZipFile(tmp_path / "got.zip") as archive:
                lines = archive.read("core.log").decode().splitlines()
                assert [line[-2:] for line in lines] == ["10", "11"]
                assert json.loads(archive.read("station.json"))["identity"]
            await station.until(lambda: station.core.files.diagnostics_status() is UploadStatus.IDLE)
            assert list((tmp_path / "data" / "uploads").iterdir()) == []

    aio(story())


def test_a_log_request_that_cannot_be(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.commands.files", "log request 1: the scheme 'gopher' is not one of")
    expected_log("kiosk.station.commands.files", "diagnostics: the address holds a space")

    async def story() -> None:
        async with core_on(tmp_path / "data") as station:
            answer = await station.core.files.get_log(
                kind=LogKind.SECURITY_LOG,
                request_id=1,
                location="gopher://h/x",
                oldest=None,
                latest=None,
                retries=None,
                retry_interval_s=None,
            )
            assert answer == (Acceptance.REJECTED, "")
            name = await station.core.files.get_diagnostics(
                location="not an address", oldest=None, latest=None, retries=None, retry_interval_s=None
            )
            assert name is None

    aio(story())


@pytest.mark.parametrize(
    ("retries", "interval_s", "tries", "pause_s"),
    [
        (None, None, 3, 60.0),
        (0, 0, 1, 1.0),
        (2, 30, 3, 30.0),
        (-5, -5, 1, 1.0),
        (10**400, 10**400, 100, 86400.0),
    ],
)
def test_absurd_retries_are_bounded(
    aio: Any,
    tmp_path: Path,
    retries: int | None,
    interval_s: int | None,
    tries: int,
    pause_s: float,
) -> None:
    async def story() -> None:
        async with core_on(tmp_path / "data") as station:
            later = station.core.clock.now() + timedelta(days=1)
            await update(station, "ftp://h/x", retrieve_at=later, retries=retries, retry_interval_s=interval_s)
            stored = json.loads(await station.core.meta.get("firmware_job") or "")
            assert (stored["tries"], stored["retry_interval_s"]) == (tries, pause_s)

    aio(story())


def test_the_backends_root_certificates_vouch_for_file_servers(
    aio: Any, tmp_path: Path, image: Path, expected_log: Any
) -> None:
    expected_log("kiosk.station.system.updating", "is not trusted")
    authority = Authority()

    async def story(url: str) -> None:
        async with core_on(tmp_path / "data", install=HERE, start=datetime.now(UTC)) as station:
            await update(station, url)
            await asyncio.sleep(5)
            assert station.core.files.firmware_view().status is FirmwareStatus.DOWNLOAD_FAILED
            await station.core.commands.certificates.install(CertificateUse.CENTRAL_ROOT, authority.pem)
            await whitelisted_charge(station, 2)  # so that it stays at that
            await update(station, url)
            await asyncio.sleep(5)
            assert station.core.files.firmware_view().status is FirmwareStatus.DOWNLOADED

    with web_server(authority.server_context("127.0.0.1")) as web:
        web.files["/2.5.0.img"] = image.read_bytes()
        aio(story(web.url("/2.5.0.img")))


def test_a_backend_may_not_send_us_to_ourselves(
    aio: Any, tmp_path: Path, web: WebServer, expected_log: Any
) -> None:
    expected_log("kiosk.station.system.updating", "where no backend may send us")
    expected_log("kiosk.station.system.uploading", "where no backend may send us")
    web.files["/x"] = b"secret of this machine"

    async def story() -> None:
        async with core_on(tmp_path / "data") as station:
            await update(station, web.url("/x"))
            await station.core.files.get_log(
                kind=LogKind.DIAGNOSTICS_LOG,
                request_id=1,
                location=web.url("/up"),
                oldest=None,
                latest=None,
                retries=None,
                retry_interval_s=None,
            )
            await asyncio.sleep(10)
            assert station.core.files.firmware_view().status is FirmwareStatus.DOWNLOAD_FAILED
            assert web.requests == []

    aio(story())
