"""Options of a start: written once, all or none, by the start that carries them (decision 25)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.clock import LoopClock
from kiosk.model.enums import Provenance
from kiosk.model.errors import BadFile, BadValue
from kiosk.settings import Installation
from kiosk.station.__main__ import installation, main, parser, start_options
from kiosk.station.hardware import simulator
from kiosk.station.service import Core
from tests.fakes.core import START


async def keys_after(
    data: Path, launch: str, *options: tuple[str, str], change: tuple[str, str] | None = None
) -> Any:
    """Start a core with options, perhaps change a key as a backend does, and stop it; returns its settings."""
    clock = LoopClock(asyncio.get_running_loop().time, START)
    built = Installation()
    core = Core(
        data_dir=data,
        installation=built,
        clock=clock,
        hardware=simulator.build(built, data, clock),
        start_options=options,
        launch=launch,
        doors=False,
    )
    async with core:
        if change is not None:
            await core.commands.change_key(*change, Provenance.BACKEND)
        return core.settings


def test_options_are_stored_with_the_operator_as_source(aio: Any, tmp_path: Path) -> None:
    settings = aio(keys_after(tmp_path, "a", ("HeartbeatInterval", "77"), ("chargePointIdentity", "CP-9")))
    assert settings.int("HeartbeatInterval") == 77
    assert settings.provenance("HeartbeatInterval") is Provenance.OPERATOR
    assert settings.str("chargePointIdentity") == "CP-9"  # in force at once, though it needs a reboot otherwise
    again = aio(keys_after(tmp_path, "b"))
    assert again.int("HeartbeatInterval") == 77


def test_a_restart_of_the_same_start_does_not_apply_them_again(aio: Any, tmp_path: Path) -> None:
    option = ("HeartbeatInterval", "77")
    aio(keys_after(tmp_path, "a", option, change=("HeartbeatInterval", "500")))
    assert aio(keys_after(tmp_path, "a", option)).int("HeartbeatInterval") == 500
    assert aio(keys_after(tmp_path, "b", option)).int("HeartbeatInterval") == 77  # a person started it anew


def test_one_bad_option_leaves_all_unwritten(aio: Any, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="HeartbeatInterval: 'soon' refused"):
        aio(keys_after(tmp_path, "a", ("ConnectionTimeOut", "99"), ("HeartbeatInterval", "soon")))
    settings = aio(keys_after(tmp_path, "b"))
    assert settings.provenance("ConnectionTimeOut") is Provenance.DEFAULT


def test_words_become_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "key.txt"
    secret.write_text("0123456789abcdef0123\n")
    args = parser().parse_args(
        ["--backend", "ws://csms/ocpp", "--identity", "CP-7", "--password-file", str(secret), "--set", "A=b=c"]
    )
    assert start_options(args) == [
        ("WebSocketUrl", "ws://csms/ocpp"),
        ("chargePointIdentity", "CP-7"),
        ("AuthorizationKey", "0123456789abcdef0123"),
        ("A", "b=c"),
    ]
    assert start_options(parser().parse_args(["--backend", "none"])) == [("WebSocketUrl", "")]
    assert start_options(parser().parse_args(["--backend", "embedded"])) == [("WebSocketUrl", "")]
    monkeypatch.setenv("KIOSK_PASSWORD", "abcdefghijklmnopqrst")
    assert start_options(parser().parse_args([])) == [("AuthorizationKey", "abcdefghijklmnopqrst")]


def test_a_word_without_a_sign_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="KEY=VALUE"):
        start_options(parser().parse_args(["--set", "HeartbeatInterval"]))
    with pytest.raises(BadFile, match=r"none\.txt"):
        start_options(parser().parse_args(["--password-file", str(tmp_path / "none.txt")]))


def test_the_installation_of_the_data_folder_is_found_and_overridden(tmp_path: Path) -> None:
    (tmp_path / "installation.toml").write_text('hotline = "0800 1"\n[reader]\nposition = "below"\n')
    args = parser().parse_args(["--speed", "5", "--connectors", "CCS,GBT", "--install", "stop.button=true"])
    built = installation(args, tmp_path)
    assert (built.hotline, built.reader.position, built.hardware.speed) == ("0800 1", "below", 5.0)
    assert [c.type.value for c in built.connectors] == ["CCS", "GBT"]
    assert built.stop.button


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--connectors", "CCS,Tesla"], 2, "'Tesla' is no connector type"),
        (["--install", "hardware.sped=2"], 2, "speed"),
        (["--set", "HeartbeatInterval=x"], 2, "HeartbeatInterval"),
        (["--installation", "/nowhere.toml"], 1, "/nowhere.toml"),
    ],
)
def test_wrong_words_end_with_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr("kiosk.model.logs.configure", lambda *_: None)
    monkeypatch.setenv("KIOSK_LAUNCH", "")
    assert main(["--data", str(tmp_path), *words]) == code
    err = capsys.readouterr().err
    assert err.startswith("kiosk core: ")
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run.json").exists()
