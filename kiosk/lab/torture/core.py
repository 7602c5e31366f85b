"""One real station core as a process of its own: started, killed without a word, started again."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kiosk.lab.torture import damage
from kiosk.lab.torture.evidence import Death, Evidence
from kiosk.link import messages as m
from kiosk.link.client import fetch_snapshot, one_shot
from kiosk.model.errors import KioskError
from kiosk.model.paths import program
from kiosk.model.snapshot import Snapshot
from kiosk.station.storage.reading import owed_span

STORE: Final = "station.sqlite3"
START_S: Final = 30.0
STOP_S: Final = 30.0
COMPLAINTS: Final = (" ERROR ", " CRITICAL ", "Traceback (most recent call last)")


class CoreDead(KioskError):
    """The core ended by itself, or did not come up."""


class CoreProcess:
    """``words``: options of ``python -m kiosk.station`` besides the data folder.

    ``forgiven``: pieces of text that excuse a line of the log.
    """

    def __init__(self, data: Path, scratch: Path, evidence: Evidence, words: list[str]) -> None:
        self.data = data
        self.evidence = evidence
        self.words = words
        self.life = 0
        self.forgiven: tuple[str, ...] = ()
        self._scratch = scratch
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._log = scratch / "core.log"

    # --- life and death ------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.returncode

    async def start(self, *more: str, before: Callable[[], None] | None = None) -> None:
        """Start it; it is not up yet when this returns. ``before``: called in the child, between fork and exec."""
        assert not self.running
        self.life += 1
        self._process = await asyncio.create_subprocess_exec(
            *program(sys.executable, "kiosk.station"),
            "--data",
            str(self.data),
            *self.words,
            *more,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"KIOSK_LAUNCH": "torture"},
            preexec_fn=before,
        )
        self._reader = asyncio.create_task(self._read(self._process, self.life))

    async def _read(self, process: asyncio.subprocess.Process, life: int) -> None:
        assert process.stderr is not None
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"=== life {life}, process {process.pid}\n")
            async for raw in process.stderr:
                line = raw.decode("utf-8", "replace")
                log.write(line)
                log.flush()
                if any(c in line for c in COMPLAINTS) and not any(f in line for f in self.forgiven):
                    self.evidence.complaints.append(f"life {life}: {line.rstrip()}")

    def strike(self) -> None:
        """SIGKILL, this very moment; ``bury`` must follow."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)

    async def bury(self, why: str, chance: random.Random | None = None) -> Death:
        """Wait until it is gone, look into a copy of its journal, and note the death.

        ``chance``: also spoil its files as a power cut may (``damage.power_cut``).
        """
        await self._gone()
        owed_from, last = await asyncio.to_thread(self._look)
        done = await asyncio.to_thread(damage.power_cut, self.data / STORE, chance) if chance else ""
        death = Death(
            life=self.life,
            after=self.evidence.last_seq,
            why=why,
            owed_from=owed_from,
            last_fact=last,
            damage=done,
        )
        self.evidence.deaths.append(death)
        return death

    async def leaves(self, within_s: float = START_S) -> int:
        """Wait until it has ended by itself; the exit code. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            await self._gone()
        assert self.exit_code is not None
        return self.exit_code

    @property
    def said(self) -> str:
        """All that it logged, over all its lives."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    async def stop(self) -> int:
        """End it as a service manager would; the exit code."""
        assert self._process is not None
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            await self._gone()
        assert self._process.returncode is not None
        return self._process.returncode

    async def _gone(self) -> None:
        assert self._process is not None
        await self._process.wait()
        if self._reader is not None:
            await self._reader
            self._reader = None

    def copy_store(self) -> Path:
        """A copy of the journal's files, to be looked into."""
        folder = self._scratch / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for suffix in ("", "-wal"):
            source = self.data / (STORE + suffix)
            if source.exists():
                shutil.copyfile(source, folder / source.name)
        return folder / STORE

    def _look(self) -> tuple[int | None, int]:
        copy = self.copy_store()
        return owed_span(copy) if copy.exists() and copy.stat().st_size else (None, 0)

    # --- what it says --------------------------------------------------------------------------------------

    async def ask(self, method: str, params: m.Params | None = None) -> Any:
        """At the operator's door. Raises KioskError."""
        return await one_shot(self.data, method, params)

    async def snapshot(self) -> Snapshot:
        """Raises KioskError."""
        picture = await fetch_snapshot(self.data)
        for connector in picture.connectors:
            session = connector.session
            if session is not None and session.local_id is not None:
                self.evidence.seen[session.local_id] = connector.id
        return picture

    async def up(self) -> Snapshot:
        """Wait until it answers. Raises CoreDead when it ends instead."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_S
        while True:
            try:
                return await self.snapshot()
            except KioskError as error:
                if not self.running:
                    raise CoreDead(f"life {self.life} ended with {self.exit_code}; see {self._log}") from error
                if loop.time() > deadline:
                    raise CoreDead(f"life {self.life} is not up in {START_S:g} s; see {self._log}") from error
            await asyncio.sleep(0.02)
