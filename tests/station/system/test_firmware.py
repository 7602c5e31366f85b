"""Firmware images and slots: what is refused, what starts, and what a power cut leaves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.errors import BadFile
from kiosk.station.system.cord import KEEP_FREE_BYTES
from kiosk.station.system.firmware import Running, SimulatedSlots, pack, read_header


def image(folder: Path, version: str = "2.0", body: bytes = b"new" * 1000) -> Path:
    payload = folder / f"payload-{version}"
    payload.write_bytes(body)
    packed = folder / f"{version}.img"
    pack(payload, version, packed)
    return packed


def fine() -> None:
    """Nobody wants the work to end."""


class Cut(Exception):
    """The power is cut here."""


def test_an_image_says_what_it_is(tmp_path: Path) -> None:
    header = read_header(image(tmp_path, "2.5.0-rc1"))
    assert header.version == "2.5.0-rc1"
    assert len(header.sha256) == 64


@pytest.mark.parametrize("version", ["", "a b", "ü", "x" * 51, "1\n2"])
def test_a_version_must_fit_a_boot_notification(tmp_path: Path, version: str) -> None:
    (tmp_path / "p").write_bytes(b"x")
    with pytest.raises(BadFile, match="version"):
        pack(tmp_path / "p", version, tmp_path / "i")
    assert not (tmp_path / "i").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00",
        b"kiosk-firmware 2\nversion=1\nsha256=" + b"0" * 64 + b"\n\nx",
        b"kiosk-firmware 1\nversion=1\nsha256=xyz\n\nx",
        b"kiosk-firmware 1\nversion=1\nsha256=" + b"0" * 64 + b"\nx",
        b"<html>please log in</html>",
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.img"
    path.write_bytes(content)
    with pytest.raises(BadFile, match="no firmware image"):
        SimulatedSlots(tmp_path / "slots").install(path, "j1", fine)
    assert SimulatedSlots(tmp_path / "slots").boot() == Running()


def test_installed_is_what_starts_next(tmp_path: Path) -> None:
    slots = SimulatedSlots(tmp_path / "slots")
    assert slots.boot() == Running()
    assert slots.install(image(tmp_path), "j1", fine) == "2.0"
    assert SimulatedSlots(tmp_path / "slots").boot() == Running(version="2.0", job="j1")
    slots.install(image(tmp_path, "3.0"), "j2", fine)
    slots.install(image(tmp_path, "3.0"), "j2", fine)  # twice does no harm
    assert slots.boot() == Running(version="3.0", job="j2")
    assert slots.boot() == Running(version="3.0", job="j2")
    assert sorted(p.name for p in (tmp_path / "slots").glob("slot-*")) == ["slot-A.bin", "slot-B.bin"]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda b: b[:-1], "damaged"),
        (lambda b: b[:-1] + b"!", "damaged"),
        (lambda b: b + b"!", "damaged"),
        (lambda b: b[: b.index(b"\n\n") + 2], "no firmware"),
    ],
)
def test_a_damaged_image_is_never_started(tmp_path: Path, harm: Any, words: str) -> None:
    slots = SimulatedSlots(tmp_path / "slots")
    slots.install(image(tmp_path), "j1", fine)
    slots.boot()
    bad = image(tmp_path, "3.0")
    bad.write_bytes(harm(bad.read_bytes()))
    with pytest.raises(BadFile, match=words):
        slots.install(bad, "j2", fine)
    assert slots.boot() == Running(version="2.0", job="j1")


def test_cut_while_the_waiting_slot_is_written_anew(tmp_path: Path) -> None:
    """What was installed before, but never started, must not start half overwritten."""
    slots = SimulatedSlots(tmp_path / "slots")
    slots.install(image(tmp_path), "j1", fine)

    def cut() -> None:
        raise Cut

    with pytest.raises(Cut):
        slots.install(image(tmp_path, "3.0"), "j2", cut)
    assert slots.boot() == Running()


def test_the_disk_is_not_filled_by_a_firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    packed = image(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _p: usage._replace(free=KEEP_FREE_BYTES + 100))
    with pytest.raises(OSError, match="No space left"):
        SimulatedSlots(tmp_path / "slots").install(packed, "j1", fine)
    assert not list((tmp_path / "slots").glob("slot-*"))


def test_a_slot_that_broke_on_the_disk_is_not_started(tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.system.firmware", "is damaged")
    slots = SimulatedSlots(tmp_path / "slots")
    slots.install(image(tmp_path), "j1", fine)
    slots.boot()
    slots.install(image(tmp_path, "3.0"), "j2", fine)
    (tmp_path / "slots" / "slot-B.bin").write_bytes(b"rot")
    assert slots.boot() == Running(version="2.0", job="j1")
    assert slots.boot() == Running(version="2.0", job="j1"), "and not tried again"


def test_a_slot_that_is_gone_is_not_started(tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.system.firmware", "cannot be read")
    expected_log("kiosk.station.system.firmware", "is damaged")
    slots = SimulatedSlots(tmp_path / "slots")
    slots.install(image(tmp_path), "j1", fine)
    (tmp_path / "slots" / "slot-A.bin").unlink()
    assert slots.boot() == Running()


@pytest.mark.parametrize("content", [b"", b"{", b'{"active": 5}', b"\xff"])
def test_a_broken_book_means_the_delivered_firmware(tmp_path: Path, expected_log: Any, content: bytes) -> None:
    expected_log("kiosk.station.system.firmware", "is unreadable")
    (tmp_path / "slots").mkdir()
    (tmp_path / "slots" / "slots.json").write_bytes(content)
    assert SimulatedSlots(tmp_path / "slots").boot() == Running()
