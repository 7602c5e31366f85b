"""``kiosk firmware`` and ``kiosk diagnostics``: what is asked, what is said, and what is left behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.link.file_messages import Archive, FirmwareFile, FirmwareState, FirmwareTaken
from kiosk.model import errors
from kiosk.station.system.firmware import read_header
from tests.cli.conftest import FakeCore

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def state(**more: Any) -> FirmwareState:
    given: dict[str, Any] = {
        "running": "",
        "status": "Idle",
        "stage": "",
        "version": "",
        "request_id": None,
        "retrieve_at": None,
        "install_at": None,
    }
    return FirmwareState(**(given | more))


@pytest.mark.parametrize(
    ("given", "running", "words"),
    [
        ({}, "as delivered", "none"),
        (
            {"running": "2.0", "stage": "scheduled", "request_id": 7, "retrieve_at": AT},
            "2.0",
            "request 7 waits for its time (2026-11-23 02:00 UTC)",
        ),
        (
            {"stage": "waiting", "version": "2.0", "install_at": AT},
            "as delivered",
            "nobody charges (2026-11-23 02:00",
        ),
        ({"stage": "downloading", "retrieve_at": AT}, "as delivered", "requested is being downloaded"),
        ({"stage": "downloading", "downloaded_bytes": 1_500_000}, "as delivered", "downloaded, 1.5 MB"),
        (
            {"stage": "downloading", "downloaded_bytes": 1_500_000, "size_bytes": 6_000_000},
            "as delivered",
            "1.5 MB of 6.0 MB (25 %)",
        ),
        ({"running": "2.0", "stage": "over", "version": "2.0", "status": "Installed"}, "2.0", "2.0, Installed"),
        (
            {
                "stage": "over",
                "request_id": 7,
                "status": "DownloadFailed",
                "problem": "there is no such file",
            },
            "as delivered",
            "request 7, DownloadFailed: there is no such file",
        ),
        ({"stage": "paused", "problem": "no route"}, "as delivered", "another try comes: no route"),
    ],
)
@pytest.mark.parametrize("line", ["firmware", "firmware status"])
def test_how_an_update_stands(
    fake_core: FakeCore,
    capsys: pytest.CaptureFixture[str],
    line: str,
    given: dict[str, Any],
    running: str,
    words: str,
) -> None:
    fake_core.answers["firmware.status"] = state(**given)
    assert cli.main(line.split()) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(running)
    assert words in second
    assert cli.main(["firmware", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stage"] == given.get("stage", "")


def test_an_image_is_made_and_handed_to_the_core(
    fake_core: FakeCore, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "build").write_bytes(b"firmware")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["firmware", "pack", "build", "my.img", "--version", "2.5.0"]) == 0
    assert read_header(tmp_path / "my.img").version == "2.5.0"
    fake_core.answers["firmware.install"] = FirmwareTaken(version="2.5.0")
    assert cli.main(["firmware", "install", "my.img"]) == 0
    assert fake_core.asked == [("firmware.install", FirmwareFile(path=str(tmp_path / "my.img")))]
    assert "firmware 2.5.0 is installed as soon as" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("firmware pack none out.img --version 1", "No such file"),
        ("firmware pack file out.img --version ü", "printable ASCII"),
    ],
)
def test_an_image_that_cannot_be_made(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"x")
    assert cli.main(line.split()) == 1
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_a_refused_image_is_told(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["firmware.install"] = errors.NotPossible("a new firmware is about to be started")
    assert cli.main(["firmware", "install", "x.img"]) == 1
    assert "about to be started" in capsys.readouterr().err


def test_the_archive_is_taken_out_of_the_data_folder(
    fake_core: FakeCore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = tmp_path / "made.zip"
    made.write_bytes(b"x" * 2400)
    fake_core.answers["diagnostics.archive"] = Archive(path=str(made))
    assert cli.main(["diagnostics", str(tmp_path / "mine.zip")]) == 0
    assert (tmp_path / "mine.zip").read_bytes() == b"x" * 2400
    assert not made.exists()
    assert "2 kB" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["none/mine.zip", "."])
def test_a_place_that_is_none_is_told_before_anything_is_made(
    fake_core: FakeCore, capsys: pytest.CaptureFixture[str], tmp_path: Path, target: str
) -> None:
    assert cli.main(["diagnostics", str(tmp_path / target)]) == 1
    assert fake_core.asked == []
    assert "give a file name" in capsys.readouterr().err
