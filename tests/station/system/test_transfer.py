"""Files fetched and delivered over real sockets: each scheme, each bound, each trick of the other side."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from kiosk.model.errors import TransferFailed
from kiosk.station.system.cord import Limits
from kiosk.station.system.transfer import Transfer
from tests.fakes.file_servers import WebHandler, WebServer, ftp_server, sftp_server, web_server

BODY = bytes(range(256)) * 3000


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("files.example").configure_cert(context)
    return context


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        server.files["/image.bin"] = BODY
        yield server


Make = Callable[..., Transfer]


@pytest.fixture
def make(tmp_path: Path, authority: trustme.CA) -> Make:
    def transfer(*, allow_private: bool = True, trusted: bool = True, **limits: Any) -> Transfer:
        def trust() -> ssl.SSLContext:
            context = ssl.create_default_context()
            if trusted:
                authority.configure_trust(context)
            return context

        return Transfer(
            allow_private=allow_private,
            limits=Limits(**({"stall_s": 5.0, "total_s": 20.0} | limits)),
            known_hosts=tmp_path / "known_hosts",
            trust=trust,
            resolve=lambda host, _port: ["127.0.0.1"] if host.endswith(".example") else [host],
        )

    return transfer


def failing(run: Any, work: Any) -> TransferFailed:
    with pytest.raises(TransferFailed) as caught:
        run(work)
    return caught.value


# --- HTTP ----------------------------------------------------------------------------------------------------


def test_a_file_is_fetched_whole(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    target = tmp_path / "in" / "image"
    size = real_aio(make().download(web.url("/image.bin", login="us%40er:secret@"), target))
    assert target.read_bytes() == BODY
    assert size == len(BODY)
    assert target.stat().st_mode & 0o077 == 0
    assert list(target.parent.iterdir()) == [target]
    assert web.headers[0]["Host"] == f"127.0.0.1:{web.port}"
    assert web.headers[0]["Authorization"] == "Basic dXNAZXI6c2VjcmV0"


def test_credentials_are_never_logged(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    web.files["/x?sig=hunter3"] = b"x"
    real_aio(make().download(web.url("/x?sig=hunter3", login="me:hunter2@"), tmp_path / "x"))
    error = failing(real_aio, make().download(web.url("/no?sig=hunter3", login="me:hunter2@"), tmp_path / "x"))
    assert "hunter" not in caplog.text + str(error)
    assert "download of http://127.0.0.1" in caplog.text


@pytest.mark.parametrize(
    ("status", "final", "refused"),
    [
        (404, True, False),
        (403, True, True),
        (500, False, False),
        (503, False, False),
        (429, False, False),
        (206, False, False),
    ],
)
def test_what_a_server_refuses(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, status: int, final: bool, refused: bool
) -> None:
    web.special["/x"] = lambda h: h.refuse(status)
    error = failing(real_aio, make().download(web.url("/x"), tmp_path / "x"))
    assert (error.final, error.refused) == (final, refused)
    assert str(status) in str(error)
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_followed_and_counted(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    web.special["/moved"] = lambda h: h.refuse(302, Location="/image.bin")
    real_aio(make().download(web.url("/moved"), tmp_path / "x"))
    assert (tmp_path / "x").read_bytes() == BODY
    web.special["/round"] = lambda h: h.refuse(302, Location="/round")
    error = failing(real_aio, make().download(web.url("/round"), tmp_path / "y"))
    assert "redirects" in str(error)
    assert len([r for r in web.requests if r[1] == "/round"]) == 6


@pytest.mark.parametrize("location", ["https://files.example/x", "ftp://files.example/x", "file:///etc/passwd"])
def test_no_redirect_to_another_scheme(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, location: str
) -> None:
    web.special["/x"] = lambda h: h.refuse(302, Location=location)
    assert failing(real_aio, make().download(web.url("/x"), tmp_path / "x")).final


def test_a_redirect_to_a_forbidden_place_is_not_dialled(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path
) -> None:
    web.special["/x"] = lambda h: h.refuse(302, Location="http://169.254.169.254/latest/meta-data")
    error = failing(real_aio, make().download(web.url("/x"), tmp_path / "x"))
    assert error.refused
    assert "link-local" in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "files.example", "localhost.example"])
def test_this_station_itself_is_never_asked(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, host: str
) -> None:
    error = failing(real_aio, make(allow_private=False).download(web.url("/image.bin", host=host), tmp_path / "x"))
    assert error.refused
    assert web.requests == []


def test_the_judged_address_is_the_one_dialled(real_aio: Any, web: WebServer, tmp_path: Path) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    transfer = Transfer(
        allow_private=True,
        limits=Limits(stall_s=5.0, total_s=20.0),
        known_hosts=tmp_path / "k",
        resolve=lambda _host, _port: answers.pop(0),
    )
    real_aio(transfer.download(web.url("/image.bin", host="rebind.example"), tmp_path / "x"))
    assert len(answers) == 1
    assert web.headers[0]["Host"] == f"rebind.example:{web.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(real_aio: Any, web: WebServer, tmp_path: Path) -> None:
    transfer = Transfer(
        allow_private=True,
        limits=Limits(stall_s=5.0, total_s=20.0),
        known_hosts=tmp_path / "k",
        resolve=lambda _host, _port: ["127.0.0.9", "127.0.0.1"],
    )
    real_aio(transfer.download(web.url("/image.bin", host="two.example"), tmp_path / "x"))
    assert (tmp_path / "x").read_bytes() == BODY


def _silent(h: WebHandler) -> None:
    h.send_response(200)
    h.end_headers()
    h.wfile.write(b"x" * 5000)
    h.close_connection = True


def _short(h: WebHandler) -> None:
    h.send_response(200)
    h.send_header("Content-Length", "6000")
    h.end_headers()
    h.wfile.write(b"x" * 5000)
    h.close_connection = True


def _chunked(h: WebHandler) -> None:
    h.send_response(200)
    h.send_header("Transfer-Encoding", "chunked")
    h.end_headers()
    h.wfile.write(b"5\r\nhello\r\n")
    h.close_connection = True


def test_a_size_nobody_announced_is_fine(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    web.special["/x"] = _silent
    real_aio(make().download(web.url("/x"), tmp_path / "x"))
    assert (tmp_path / "x").read_bytes() == b"x" * 5000


@pytest.mark.parametrize("breaks", [_short, _chunked])
def test_half_a_file_is_no_file(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, breaks: Callable[[WebHandler], None]
) -> None:
    web.special["/x"] = breaks
    error = failing(real_aio, make().download(web.url("/x"), tmp_path / "x"))
    assert not error.final, "another try may help"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/image.bin", "/silent"])
def test_too_much_is_refused_announced_or_not(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, path: str
) -> None:
    web.special["/silent"] = _silent
    error = failing(real_aio, make(max_bytes=4000).download(web.url(path), tmp_path / "x"))
    assert error.final
    assert "4000" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_seen_before_it_is_full(
    real_aio: Any, web: WebServer, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _p: usage._replace(free=64 * 1024 * 1024 + 1000))
    error = failing(real_aio, make().download(web.url("/image.bin"), tmp_path / "x"))
    assert error.final
    assert "no room" in str(error)


def test_a_server_that_stalls_is_left(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    web.special["/x"] = lambda h: h.stall(b"abc")
    error = failing(real_aio, make(stall_s=0.2).download(web.url("/x"), tmp_path / "x"))
    assert "stalled" in str(error)
    assert not error.final
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_drips_for_ever_is_left(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    def drip(h: WebHandler) -> None:
        h.send_response(200)
        h.end_headers()
        while not h.server.released.wait(0.02):
            h.wfile.write(b"x")
            h.wfile.flush()

    web.special["/x"] = drip
    failing(real_aio, make(total_s=0.4).download(web.url("/x"), tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


def test_cancelled_cleanly(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    web.special["/x"] = lambda h: h.stall(b"abc")

    async def story() -> None:
        task = asyncio.create_task(make(stall_s=15.0).download(web.url("/x"), tmp_path / "x"))
        await asyncio.to_thread(web.stalled.wait, 10)
        task.cancel()
        began = asyncio.get_running_loop().time()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.get_running_loop().time() - began < 5, "the thread was waited for, not cut"

    real_aio(story())
    assert list(tmp_path.iterdir()) == []


def test_nobody_there(real_aio: Any, make: Make, tmp_path: Path) -> None:
    with web_server() as gone:
        url = gone.url("/x")
    error = failing(real_aio, make().download(url, tmp_path / "x"))
    assert "does not answer" in str(error)
    assert not error.final


def test_an_unknown_name(real_aio: Any, tmp_path: Path) -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    transfer = Transfer(allow_private=False, limits=Limits(), known_hosts=tmp_path / "k", resolve=unknown)
    assert "not known" in str(failing(real_aio, transfer.download("http://no.example/x", tmp_path / "x")))


# --- uploads -------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "log.zip"
    path.write_bytes(BODY)
    return path


@pytest.mark.parametrize(("folder", "path"), [("/up", "/up/log.zip"), ("/up/", "/up/log.zip"), ("", "/log.zip")])
def test_an_upload_is_put_under_its_name(
    real_aio: Any, web: WebServer, make: Make, archive: Path, folder: str, path: str
) -> None:
    real_aio(make().upload(web.url(folder), archive))
    assert web.files[path] == BODY
    assert web.requests == [("PUT", path)]


def test_a_signed_address_is_taken_as_it_is(real_aio: Any, web: WebServer, make: Make, archive: Path) -> None:
    real_aio(make().upload(web.url("/bucket/key?sig=1"), archive))
    assert web.files["/bucket/key?sig=1"] == BODY


def test_a_server_without_put_gets_a_post(real_aio: Any, web: WebServer, make: Make, archive: Path) -> None:
    web.special["/up/log.zip"] = lambda h: h.refuse(405)
    real_aio(make().upload(web.url("/up"), archive))
    assert web.files["/up"] == BODY
    assert [r[0] for r in web.requests] == ["PUT", "POST"]
    assert 'filename="log.zip"' in web.headers[1]["Content-Disposition"]


@pytest.mark.parametrize(
    ("status", "refused", "unsupported"), [(403, True, False), (405, False, True), (507, False, False)]
)
def test_an_upload_that_is_refused(
    real_aio: Any, web: WebServer, make: Make, archive: Path, status: int, refused: bool, unsupported: bool
) -> None:
    web.special["/up/log.zip"] = web.special["/up"] = lambda h: h.refuse(status)
    error = failing(real_aio, make().upload(web.url("/up"), archive))
    assert (error.refused, error.unsupported) == (refused, unsupported)


def test_an_upload_follows_a_redirect(real_aio: Any, web: WebServer, make: Make, archive: Path) -> None:
    web.special["/up/log.zip"] = lambda h: h.refuse(307, Location="/there/log.zip")
    real_aio(make().upload(web.url("/up"), archive))
    assert web.files["/there/log.zip"] == BODY


# --- TLS -----------------------------------------------------------------------------------------------------


def test_https_with_a_trusted_certificate(
    real_aio: Any, make: Make, server_tls: ssl.SSLContext, archive: Path, tmp_path: Path
) -> None:
    with web_server(server_tls) as web:
        web.files["/x"] = BODY
        real_aio(make().download(web.url("/x", host="files.example"), tmp_path / "x"))
        assert (tmp_path / "x").read_bytes() == BODY
        real_aio(make().upload(web.url("/up", host="files.example"), archive))
        assert web.files["/up/log.zip"] == BODY


@pytest.mark.parametrize(("host", "trusted"), [("files.example", False), ("other.example", True)])
def test_https_with_a_wrong_certificate(
    real_aio: Any, make: Make, server_tls: ssl.SSLContext, tmp_path: Path, host: str, trusted: bool
) -> None:
    with web_server(server_tls) as web:
        error = failing(real_aio, make(trusted=trusted).download(web.url("/x", host=host), tmp_path / "x"))
    assert "not trusted" in str(error)
    assert error.refused


# --- FTP -----------------------------------------------------------------------------------------------------


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
        real_aio(make().upload(f"ftp://127.0.0.1:{ftp.port}", archive))
        assert ftp.files["log.zip"] == BODY


def test_ftp_refusals(real_aio: Any, make: Make, archive: Path, tmp_path: Path) -> None:
    with ftp_server() as ftp:
        error = failing(real_aio, make().download(f"ftp://127.0.0.1:{ftp.port}/none", tmp_path / "x"))
        assert error.final
        assert "550" in str(error)
        ftp.login = ("cp", "right")
        error = failing(real_aio, make().upload(f"ftp://cp:wrong@127.0.0.1:{ftp.port}/", archive))
        assert error.refused
        assert "wrong" not in str(error)
        ftp.login, ftp.break_off = None, True
        ftp.files["half"] = BODY
        error = failing(real_aio, make().download(f"ftp://127.0.0.1:{ftp.port}/half", tmp_path / "x"))
        assert not error.final
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("implicit", [False, True])
def test_ftps(
    real_aio: Any,
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
        error = failing(
            real_aio, make(trusted=False).download(f"ftps://files.example:{ftp.port}/x", tmp_path / "y")
        )
        assert "not trusted" in str(error)


def test_ftps_with_a_server_that_has_none(real_aio: Any, make: Make, tmp_path: Path) -> None:
    """Never in the clear where a secured transfer was asked for."""
    with ftp_server() as ftp:
        error = failing(real_aio, make().download(f"ftps://cp:secret@files.example:{ftp.port}/x", tmp_path / "x"))
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
