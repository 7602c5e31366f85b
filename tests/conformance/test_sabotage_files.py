"""A station that does wrong with firmware, diagnostics or logs fails the cases, one way at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.lab.conformance.registry import find
from kiosk.lab.conformance.runner import Verdict, play
from kiosk.model.file_jobs import UploadStatus
from kiosk.station import file_wiring
from kiosk.station.commands import files, gathering
from kiosk.station.ocpp import file_news
from kiosk.station.system import update
from kiosk.station.system.update import Step

Break = Callable[[pytest.MonkeyPatch], None]


def installs_while_somebody_charges(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(file_wiring.Site, "busy", lambda _self: False)


def lets_others_begin(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(file_wiring.Site, "hold", lambda _self, _held: None)


def never_lets_go(patch: pytest.MonkeyPatch) -> None:
    original = file_wiring.Site.hold
    patch.setattr(file_wiring.Site, "hold", lambda self, held: original(self, held) if held else None)


def keeps_the_old_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(files.Files, "running_version", property(lambda _self: ""))


def forgets_to_tell_the_end(patch: pytest.MonkeyPatch) -> None:
    original = update.resumed
    patch.setattr(update, "resumed", lambda job, running: Step(original(job, running).job))


def tells_the_end_again(patch: pytest.MonkeyPatch) -> None:
    async def never_forgets(_self: Any, _job: Any) -> None:
        _self._done = ""

    patch.setattr(file_wiring.Updates, "_forget", never_forgets)


def tries_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(files, "_tries", lambda _retries: 1)


def installs_anything(patch: pytest.MonkeyPatch) -> None:
    def install(_self: Any, _image: Path, _job: str, _check: Any) -> str:
        return "9.9.9"

    patch.setattr(file_wiring.SimulatedSlots, "install", install)


def promises_a_file_of_the_future(patch: pytest.MonkeyPatch) -> None:
    async def anything(_self: Any, _oldest: Any, _latest: Any) -> bool:
        return True

    patch.setattr(gathering.Gathering, "anything", anything)


def hides_a_failure(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(file_news.DIAGNOSTICS, UploadStatus.UPLOAD_FAILURE, "Uploaded")  # type: ignore[arg-type]


def keeps_an_empty_log(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_self: Any, _oldest: Any, _latest: Any) -> str:
        return "now\tStartupOfTheDevice\t\n"

    patch.setattr(gathering.Gathering, "_security_text", nothing)


def trusts_every_signer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(file_wiring.Signatures, "check_signer", lambda _self, _pem: None)


def trusts_every_signature(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(file_wiring.Signatures, "check_file", lambda _self, _image, _pem, _signature: None)


def skips_the_signature(patch: pytest.MonkeyPatch) -> None:
    original = update.after

    def after(job: Any, outcome: Any, now: Any, **more: Any) -> Step:
        step = original(job, outcome, now, **more)
        if step.job.stage is update.Stage.VERIFYING:
            return original(step.job, update.Outcome.DONE, now)
        return step

    patch.setattr(update, "after", after)


@pytest.mark.parametrize(
    ("case_id", "breaks"),
    [
        ("044_1", installs_while_somebody_charges),
        ("044_1", lets_others_begin),
        ("044_1", keeps_the_old_version),
        ("044_1", forgets_to_tell_the_end),
        ("044_1", tells_the_end_again),
        ("044_2", tries_once),
        ("044_3", never_lets_go),
        ("044_3", installs_anything),
        ("045_1", promises_a_file_of_the_future),
        ("045_2", hides_a_failure),
        ("079", keeps_an_empty_log),
        ("080", forgets_to_tell_the_end),
        ("080", skips_the_signature),
        ("081", trusts_every_signer),
        ("081", trusts_every_signature),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_broken_station_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case_id: str, breaks: Break
) -> None:
    breaks(monkeypatch)
    assert play(find(case_id), tmp_path).verdict is Verdict.FAILED
