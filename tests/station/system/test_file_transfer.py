"""Files fetched and delivered over FTP, FTPS and SFTP, with real servers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.errors import TransferFailed
from kiosk.station.system import cord
from kiosk.station.system.transfer import Transfer
from tests.fakes.file_servers import BODY, ftp_server, sftp_server

Make = Callable[..., Transfer]


@pytest.mark.parametrize("refuse_size", [False, True])
def test_ftp_fetches(real_aio: Any, make: Make, tmp_path: Path, refuse_size: bool) -> None:
    with ftp_server() as ftp:
        ftp.files["dir/image one.bin"] = BODY
        ftp.login, ftp.refuse_size = ("cp", "p@ss"), refuse_size
        ftp.pasv_host = "10,9,8,7"  # a lie: the data connection goes where the control connection went
        url = f"ftp://cp:p%40ss@127.0.0.1:{ftp.port}/dir/image%20one.bin"
        real_aio(make().download(url, tmp_path / "x"))
    assert (tmp_path / "x").read_bytes() == BODY


def test_ftp_delivers_and_makes_the_folder(real_aio: Any, make: Make, archive: Path) -> None:
    with ftp_server() as ftp:
        real_aio(make().upload(f"ftp://127.0.0.1:{ftp.port}/logs/cp1/", archive))
        assert ftp.files["logs/cp1/log.zip"] == BODY
        assert "USER anonymous" in ftp.commands
        real_aio(make().upload(f"ftp://127.0.0.1:{ftp.port}/logs/cp2", archive))
        assert ftp.files["logs/cp2/log.zip"] == BODY
        real_aio(make().upload(f"ftp://127.0.0.1:{ftp.port}", archive))
        assert ftp.files["log.zip"] == BODY


def test_ftp_refusals(failing: Any, make: Make, archive: Path, tmp_path: Path) -> None:
    with ftp_server() as ftp:
        error = failing(make().download(f"ftp://127.0.0.1:{ftp.port}/none", tmp_path / "x"))
        assert error.final
        assert "550" in str(error)
        ftp.login = ("cp", "right")
        error = failing(make().upload(f"ftp://cp:wrong@127.0.0.1:{ftp.port}/", archive))
        assert error.refused
        assert "wrong" not in str(error)
        ftp.login, ftp.break_off = None, True
        ftp.files["half"] = BODY
        error = failing(make().download(f"ftp://127.0.0.1:{ftp.port}/half", tmp_path / "x"))
        assert not error.final
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("implicit", [False, True])
def test_ftps(
    real_aio: Any,
    failing: Any,
    make: Make,
    server_tls: ssl.SSLContext,
    archive: Path,
    tmp_path: Path,
    implicit: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kiosk.station.system import addresses

    with ftp_server(server_tls, implicit=implicit) as ftp:
        if implicit:
            monkeypatch.setitem(addresses.PORTS, "ftps", ftp.port)
        ftp.files["x"] = BODY
        real_aio(make().download(f"ftps://files.example:{ftp.port}/x", tmp_path / "x"))
        assert (tmp_path / "x").read_bytes() == BODY
        real_aio(make().upload(f"ftps://files.example:{ftp.port}/", archive))
        assert ftp.files["log.zip"] == BODY
        assert "PROT P" in ftp.commands
        assert ("AUTH TLS" in ftp.commands) is not implicit
        error = failing(make(trusted=False).download(f"ftps://files.example:{ftp.port}/x", tmp_path / "y"))
        assert "not trusted" in str(error)


def test_ftps_with_a_server_that_has_none(failing: Any, make: Make, tmp_path: Path) -> None:
    """Never in the clear where a secured transfer was asked for."""
    with ftp_server() as ftp:
        error = failing(make().download(f"ftps://cp:secret@files.example:{ftp.port}/x", tmp_path / "x"))
        assert error.final
        assert not [c for c in ftp.commands if c.startswith(("USER", "PASS"))]


# --- SFTP ----------------------------------------------------------------------------------------------------


def test_sftp_both_ways(real_aio: Any, make: Make, archive: Path, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.system.sftp_transfer", "for the first time")
    root = tmp_path / "root"
    root.mkdir()
    (root / "image.bin").write_bytes(BODY)

    async def story() -> None:
        async with sftp_server(root) as port:
            await make().download(f"sftp://cp:pw@127.0.0.1:{port}/image.bin", tmp_path / "x")
            await make().upload(f"sftp://cp:pw@127.0.0.1:{port}/logs/cp1", archive)

    real_aio(story())
    assert (tmp_path / "x").read_bytes() == BODY
    assert (root / "logs" / "cp1" / "log.zip").read_bytes() == BODY


def test_sftp_keeps_the_event_loop_from_the_disk(
    real_aio: Any, make: Make, tmp_path: Path, expected_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("kiosk.station.system.sftp_transfer", "for the first time")
    root = tmp_path / "root"
    root.mkdir()
    (root / "image.bin").write_bytes(BODY)
    synced_by: list[str] = []
    monkeypatch.setattr(cord, "sync_folder", lambda _: synced_by.append(threading.current_thread().name))

    async def story() -> None:
        async with sftp_server(root) as port:
            await make().download(f"sftp://cp:pw@127.0.0.1:{port}/image.bin", tmp_path / "x")

    real_aio(story())
    assert len(synced_by) == 1
    assert synced_by != [threading.current_thread().name]


def test_sftp_refusals(real_aio: Any, make: Make, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.system.sftp_transfer", "for the first time")
    root = tmp_path / "root"
    root.mkdir()

    async def story() -> None:
        async with sftp_server(root) as port:
            with pytest.raises(TransferFailed, match="refuses the login") as caught:
                await make().download(f"sftp://cp:wrong@127.0.0.1:{port}/x", tmp_path / "x")
            assert caught.value.refused
            with pytest.raises(TransferFailed, match="there is no") as caught:
                await make().download(f"sftp://cp:pw@127.0.0.1:{port}/x", tmp_path / "x")
            assert caught.value.final
        async with sftp_server(root, port=port):
            with pytest.raises(TransferFailed, match="another key") as caught:
                await make().download(f"sftp://cp:pw@127.0.0.1:{port}/x", tmp_path / "x")
            assert caught.value.refused

    real_aio(story())
