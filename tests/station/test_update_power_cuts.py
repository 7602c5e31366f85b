"""A whole station whose power is cut again and again while it is updated: it ends installed, and says so."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import Case
from kiosk.lab.conformance.runner import Verdict, play
from tests.fakes.file_servers import web_server

BODY = b"firmware" * 200
IMAGE = f"kiosk-firmware 1\nversion=3.1.4\nsha256={hashlib.sha256(BODY).hexdigest()}\n\n".encode() + BODY


@pytest.fixture(autouse=True)
def log_watch() -> None:
    """Takes the place of the fixture that fails a test on any warning: the case's judge reads the log."""


@pytest.mark.parametrize("seed", range(10))
def test_power_cuts_during_an_update(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    cuts = [chance.choice((0.0, 0.05, 0.3, 1.0, 2.0, 4.0, 6.0, 9.0)) for _ in range(chance.randint(1, 6))]

    with web_server() as web:
        web.files["/image"] = IMAGE

        async def story(lab: Bench) -> None:
            asked = {"location": web.url("/image"), "retrieveDate": lab.csms.time_in(chance.choice((0, 5)))}
            assert await lab.csms.call("UpdateFirmware", asked) == {}
            for cut_s in cuts:
                await lab.sleep(cut_s)
                await lab.station.restart(kill=True, pause_s=1.0)
            await lab.csms.expect("FirmwareStatusNotification", status="Installed", within_s=300)
            await lab.sleep(60)
            told = [h["status"] for h in lab.csms.calls("FirmwareStatusNotification")]
            assert set(told) <= {"Downloading", "Downloaded", "Installing", "Installed"}, told
            assert told[-1] == "Installed"
            firsts = [told.index(s) for s in ("Downloading", "Downloaded", "Installing", "Installed") if s in told]
            assert firsts == sorted(firsts), told
            assert lab.csms.calls("BootNotification")[-1]["firmwareVersion"] == "3.1.4"
            assert [lab.station.connector(i).status for i in lab.connector_ids] == ["Available"] * 3
            assert list((lab.folder / "firmware").glob("*.img")) == []

        case = Case(
            id="999",
            title=f"power cuts after {cuts} s",
            profile="FirmwareManagement",
            play=story,
            install=("transfer.allow_private=true",),
        )
        outcome = play(case, tmp_path)
    assert outcome.verdict is not Verdict.FAILED, f"{outcome.reason}\n\n{outcome.detail}"
