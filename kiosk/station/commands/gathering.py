"""Collects what goes into diagnostics and logs; decides nothing, and tells no secret."""

from __future__ import annotations

import asyncio
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk import __version__
from kiosk.model import logs
from kiosk.model.clock import Clock
from kiosk.model.enums import AuthorizationSource
from kiosk.model.file_jobs import LogKind
from kiosk.settings import Installation, Settings, table
from kiosk.station.security import SecurityLog
from kiosk.station.state import State
from kiosk.station.storage import EventLog, Journal
from kiosk.station.system.diagnostics import as_json, impersonal, without, write_archive
from kiosk.station.system.upload import Job

MOST_EVENTS: Final = 5000
MOST_SESSIONS: Final = 200


class Gathering:
    """``data_dir``: holds the station's log files."""

    def __init__(
        self,
        *,
        data_dir: Path,
        settings: Settings,
        installation: Installation,
        state: State,
        journal: Journal,
        events: EventLog,
        security: SecurityLog,
        clock: Clock,
    ) -> None:
        self._log = data_dir / logs.CORE
        self._settings = settings
        self._installation = installation
        self._state = state
        self._journal = journal
        self._events = events
        self._security = security
        self._clock = clock

    async def anything(self, oldest: datetime | None, latest: datetime | None) -> bool:
        """Whether there is something to tell of that time. Raises OSError, StorageFailed."""
        now = self._clock.now()
        if oldest is not None and (oldest > now or (latest is not None and latest < oldest)):
            return False
        if latest is None or latest >= (self._state.snapshot.station.started_at or now):
            return True  # the station runs: its present picture is worth something
        if await self._events_of(oldest, latest):
            return True
        return await asyncio.to_thread(lambda: next(logs.kept(self._log, oldest, latest), None) is not None)

    async def write(self, job: Job, path: Path) -> None:
        """What an upload asks for. Raises OSError, StorageFailed."""
        if job.kind is LogKind.SECURITY_LOG:
            await self._write_security(path, job.oldest, job.latest)
        else:
            await self.write_diagnostics(path, job.oldest, job.latest)

    async def write_diagnostics(self, path: Path, oldest: datetime | None, latest: datetime | None) -> None:
        """A zip. Raises OSError, StorageFailed."""
        sessions = await self._journal.sessions(MOST_SESSIONS)
        words = [self._settings.stored_text(key.name) for key in table.KEYS.values() if key.secret]
        for session in sessions:
            if session.source is not AuthorizationSource.KIOSK:
                words += [session.id_tag, session.parent_id_tag or "", session.vehicle_id or ""]
        files: dict[str, Any] = {
            "station.json": self._station(oldest, latest),
            "configuration.json": {
                view.name: {"value": view.value, "in_force": view.in_force, "by": view.provenance}
                for view in self._settings.views()
            },
            "installation.json": self._installation_file(),
            "picture.json": impersonal(self._state.snapshot),
            "sessions.json": [
                msgspec.structs.replace(s, id_tag="", parent_id_tag=None, vehicle_id=None) for s in sessions
            ],
            "events.json": await self._events_of(oldest, latest),
            "security.log": await self._security_text(oldest, latest),
        }

        def work() -> None:
            lines = "".join(logs.kept(self._log, oldest, latest))
            write_archive(path, files | {"core.log": without(lines, words)})

        await asyncio.to_thread(work)

    async def _write_security(self, path: Path, oldest: datetime | None, latest: datetime | None) -> None:
        text = await self._security_text(oldest, latest)
        await asyncio.to_thread(path.write_text, text, encoding="utf-8")

    async def _security_text(self, oldest: datetime | None, latest: datetime | None) -> str:
        """One event a line, tab separated: time, type, what a technician should know."""
        events = await self._security.events(oldest, latest)
        return "".join(f"{_stamp(e.at)}\t{e.type.value}\t{e.tech_info}\n" for e in events)

    async def _events_of(self, oldest: datetime | None, latest: datetime | None) -> list[Any]:
        events = await self._events.list(MOST_EVENTS)
        return [
            e
            for e in reversed(events)
            if (oldest is None or e.at >= oldest) and (latest is None or e.at <= latest)
        ]

    def _station(self, oldest: datetime | None, latest: datetime | None) -> dict[str, Any]:
        station = self._state.snapshot.station
        return {
            "identity": station.identity,
            "vendor": station.vendor,
            "model": station.model,
            "firmware": station.firmware,
            "software": __version__,
            "python": sys.version.split()[0],
            "system": platform.platform(),
            "started_at": station.started_at,
            "gathered_at": self._clock.now(),
            "oldest": oldest,
            "latest": latest,
        }

    def _installation_file(self) -> Any:
        """The installation as read; values of secret keys are told nowhere (decision 6)."""
        raw = msgspec.json.decode(as_json(self._installation))
        for name in list(raw.get("keys", {})):
            if table.find(name).secret:
                raw["keys"][name] = "…"
        return raw


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
