"""Plays a case and judges how it went."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import time
import traceback
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.backend.judge import Breach
from kiosk.backend.recording import Frame
from kiosk.lab.conformance.bench import Bench, bench_for
from kiosk.lab.conformance.registry import Case, NotApplicable
from kiosk.lab.missing import LabMissing

REAL_LIMIT_S: Final = 60.0
"""A case on a real loop that takes longer has failed."""


class Verdict(StrEnum):
    PASS = "pass"
    NOT_APPLICABLE = "not applicable"
    FAILED = "FAILED"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a case went. ``took_s`` is real time, ``virtual_s`` the time the station lived through."""

    id: str
    title: str
    profile: str
    verdict: Verdict
    reason: str = ""
    took_s: float = 0.0
    virtual_s: float = 0.0
    frames: tuple[Frame, ...] = ()
    notes: tuple[tuple[int, datetime, str], ...] = ()
    breaches: tuple[Breach, ...] = ()
    detail: str = ""  # traceback of a failure, for whoever mends it


def play(case: Case, folder: Path | None = None) -> Outcome:
    """Run one case on a loop of its own, in ``folder`` (else one that is thrown away). Raises LabMissing."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="kiosk-conformance-") as temporary:
            return play(case, Path(temporary))
    began_s = time.perf_counter()
    with _errors_heard() as errors, asyncio.Runner(loop_factory=_loop_factory(real=case.real)) as runner:
        outcome = runner.run(_played(case, folder))
        virtual_s = runner.get_loop().time()
    if outcome.verdict is Verdict.PASS and errors:
        outcome = msgspec.structs.replace(
            outcome, verdict=Verdict.FAILED, reason=f"the station logged: {errors[0]}", detail="\n".join(errors)
        )
    return msgspec.structs.replace(
        outcome, took_s=time.perf_counter() - began_s, virtual_s=0.0 if case.real else virtual_s
    )


def _loop_factory(*, real: bool) -> Any:
    if real:
        return asyncio.new_event_loop
    try:
        import async_solipsism
    except ImportError as error:
        raise LabMissing("async-solipsism") from error
    return async_solipsism.EventLoop


async def _played(case: Case, folder: Path) -> Outcome:
    bench: Bench | None = None
    verdict, reason, detail = Verdict.PASS, "", ""
    try:
        async with asyncio.timeout(REAL_LIMIT_S if case.real else case.limit_s):
            async with bench_for(case, folder) as bench:
                await case.play(bench)
    except NotApplicable as why:
        verdict, reason = Verdict.NOT_APPLICABLE, str(why)
    except TimeoutError:
        verdict, reason, detail = Verdict.FAILED, "the case did not come to an end", traceback.format_exc()
    except AssertionError as error:
        verdict, reason, detail = Verdict.FAILED, str(error) or _line_of(error), traceback.format_exc()
    except Exception as error:  # noqa: BLE001  whatever breaks in a case: the other cases go on
        verdict, reason, detail = Verdict.FAILED, f"{type(error).__name__}: {error}", traceback.format_exc()
    breaches = bench.csms.judge.breaches if bench is not None else []
    if breaches and verdict is not Verdict.FAILED:
        more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
        verdict, reason = Verdict.FAILED, f"{breaches[0]}{more}"
    if breaches:
        detail = "\n".join([detail, *(f"frame {b.seq}: {b}" for b in breaches)]).strip()
    return Outcome(
        id=case.id,
        title=case.title,
        profile=case.profile,
        verdict=verdict,
        reason=reason,
        frames=tuple(bench.csms.central.recorder.frames) if bench is not None else (),
        notes=tuple(bench.csms.notes) if bench is not None else (),
        breaches=tuple(breaches),
        detail=detail,
    )


def _line_of(error: AssertionError) -> str:
    """The line of an assert without words."""
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].line or "an assertion" if frames else "an assertion"


class _Errors(logging.Handler):
    """Keeps records that tell of an exception nobody expected."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.texts.append(f"{record.name}: {record.getMessage()}: {record.exc_info[1]!r}")
        elif record.name == "asyncio":
            self.texts.append(f"asyncio: {record.getMessage()}")


@contextlib.contextmanager
def _errors_heard() -> Iterator[list[str]]:
    handler = _Errors()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.texts
    finally:
        root.removeHandler(handler)
