"""Files fetched and delivered over HTTP and HTTPS: each bound, each trick of the other side."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.station.system.cord import Limits
from kiosk.station.system.transfer import Transfer
from tests.fakes.file_servers import BODY, WebHandler, WebServer, web_server

Make = Callable[..., Transfer]


def test_a_file_is_fetched_whole(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    target = tmp_path / "in" / "image"
    size = real_aio(make().download(web.url("/image.bin", login="us%40er:secret@"), target))
    assert target.read_bytes() == BODY
    assert size == len(BODY)
    assert target.stat().st_mode & 0o077 == 0
    assert list(target.parent.iterdir()) == [target]
    assert web.headers[0]["Host"] == f"127.0.0.1:{web.port}"
    assert web.headers[0]["Authorization"] == "Basic dXNAZXI6c2VjcmV0"


def test_progress_is_told(real_aio: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    real_aio(
        make().download(web.url("/image.bin"), tmp_path / "x", lambda moved, size: seen.append((moved, size)))
    )
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))
    web.special["/silent"] = _silent
    seen.clear()
    real_aio(make().download(web.url("/silent"), tmp_path / "x", lambda moved, size: seen.append((moved, size))))
    assert seen[-1] == (5000, None)


def test_credentials_are_never_logged(
    real_aio: Any, failing: Any, web: WebServer, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    web.files["/x?sig=hunter3"] = b"x"
    real_aio(make().download(web.url("/x?sig=hunter3", login="me:hunter2@"), tmp_path / "x"))
    error = failing(make().download(web.url("/no?sig=hunter3", login="me:hunter2@"), tmp_path / "x"))
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
    failing: Any, web: WebServer, make: Make, tmp_path: Path, status: int, final: bool, refused: bool
) -> None:
    web.special["/x"] = lambda h: h.refuse(status)
    error = failing(make().download(web.url("/x"), tmp_path / "x"))
    assert (error.final, error.refused) == (final, refused)
    assert str(status) in str(error)
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_followed_and_counted(
    real_aio: Any, failing: Any, web: WebServer, make: Make, tmp_path: Path
) -> None:
    web.special["/moved"] = lambda h: h.refuse(302, Location="/image.bin")
    real_aio(make().download(web.url("/moved"), tmp_path / "x"))
    assert (tmp_path / "x").read_bytes() == BODY
    web.special["/round"] = lambda h: h.refuse(302, Location="/round")
    error = failing(make().download(web.url("/round"), tmp_path / "y"))
    assert "redirects" in str(error)
    assert len([r for r in web.requests if r[1] == "/round"]) == 6


@pytest.mark.parametrize("location", ["https://files.example/x", "ftp://files.example/x", "file:///etc/passwd"])
def test_no_redirect_to_another_scheme(
    failing: Any, web: WebServer, make: Make, tmp_path: Path, location: str
) -> None:
    web.special["/x"] = lambda h: h.refuse(302, Location=location)
    assert failing(make().download(web.url("/x"), tmp_path / "x")).final


def test_a_redirect_to_a_forbidden_place_is_not_dialled(
    failing: Any, web: WebServer, make: Make, tmp_path: Path
) -> None:
    web.special["/x"] = lambda h: h.refuse(302, Location="http://169.254.169.254/latest/meta-data")
    error = failing(make().download(web.url("/x"), tmp_path / "x"))
    assert error.refused
    assert "link-local" in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "files.example", "localhost.example"])
def test_this_station_itself_is_never_asked(
    failing: Any, web: WebServer, make: Make, tmp_path: Path, host: str
) -> None:
    error = failing(make(allow_private=False).download(web.url("/image.bin", host=host), tmp_path / "x"))
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
    failing: Any, web: WebServer, make: Make, tmp_path: Path, breaks: Callable[[WebHandler], None]
) -> None:
    web.special["/x"] = breaks
    error = failing(make().download(web.url("/x"), tmp_path / "x"))
    assert not error.final, "another try may help"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/image.bin", "/silent"])
def test_too_much_is_refused_announced_or_not(
    failing: Any, web: WebServer, make: Make, tmp_path: Path, path: str
) -> None:
    web.special["/silent"] = _silent
    error = failing(make(max_bytes=4000).download(web.url(path), tmp_path / "x"))
    assert error.final
    assert "4000" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_seen_before_it_is_full(
    failing: Any, web: WebServer, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _p: usage._replace(free=64 * 1024 * 1024 + 1000))
    error = failing(make().download(web.url("/image.bin"), tmp_path / "x"))
    assert error.final
    assert "no room" in str(error)


def test_a_server_that_stalls_is_left(failing: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    web.special["/x"] = lambda h: h.stall(b"abc")
    error = failing(make(stall_s=0.2).download(web.url("/x"), tmp_path / "x"))
    assert "stalled" in str(error)
    assert not error.final
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_drips_for_ever_is_left(failing: Any, web: WebServer, make: Make, tmp_path: Path) -> None:
    def drip(h: WebHandler) -> None:
        h.send_response(200)
        h.end_headers()
        while not h.server.released.wait(0.02):
            h.wfile.write(b"x")
            h.wfile.flush()

    web.special["/x"] = drip
    failing(make(total_s=0.4).download(web.url("/x"), tmp_path / "x"))
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


def test_a_name_server_that_does_not_answer_is_not_waited_for(real_aio: Any, tmp_path: Path) -> None:
    answered, asked = threading.Event(), threading.Event()

    def silent(_host: str, _port: int) -> list[str]:
        asked.set()
        answered.wait(20)
        return []

    async def story() -> None:
        transfer = Transfer(allow_private=True, limits=Limits(), known_hosts=tmp_path / "k", resolve=silent)
        task = asyncio.create_task(transfer.download("http://slow.example/x", tmp_path / "x"))
        await asyncio.to_thread(asked.wait, 10)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.cancelled()
        answered.set()

    real_aio(story())


def test_nobody_there(failing: Any, make: Make, tmp_path: Path) -> None:
    with web_server() as gone:
        url = gone.url("/x")
    error = failing(make().download(url, tmp_path / "x"))
    assert "does not answer" in str(error)
    assert not error.final


def test_an_unknown_name(failing: Any, tmp_path: Path) -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    transfer = Transfer(allow_private=False, limits=Limits(), known_hosts=tmp_path / "k", resolve=unknown)
    assert "not known" in str(failing(transfer.download("http://no.example/x", tmp_path / "x")))


# --- uploads -------------------------------------------------------------------------------------------------


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
    failing: Any, web: WebServer, make: Make, archive: Path, status: int, refused: bool, unsupported: bool
) -> None:
    web.special["/up/log.zip"] = web.special["/up"] = lambda h: h.refuse(status)
    error = failing(make().upload(web.url("/up"), archive))
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
    failing: Any, make: Make, server_tls: ssl.SSLContext, tmp_path: Path, host: str, trusted: bool
) -> None:
    with web_server(server_tls) as web:
        error = failing(make(trusted=trusted).download(web.url("/x", host=host), tmp_path / "x"))
    assert "not trusted" in str(error)
    assert error.refused
