"""Asks the lists, then the backend: the shell around the pure rules of ``authorization``."""

from __future__ import annotations

import logging

from kiosk.model.clock import Clock
from kiosk.model.enums import AuthorizationSource, RefusalReason
from kiosk.model.errors import BackendUnreachable
from kiosk.model.logs import mask
from kiosk.settings import Settings
from kiosk.station.charging.authorization import (
    Ask,
    Denied,
    Granted,
    Question,
    decide,
    judge,
)
from kiosk.station.charging.ports import BackendPort, IdTagInfo
from kiosk.station.storage import TagStore
from kiosk.station.storage.records import TagEntry
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)


class Authorizer:
    def __init__(
        self, settings: Settings, tags: TagStore, backend: BackendPort, clock: Clock, tasks: Tasks
    ) -> None:
        self._settings = settings
        self._tags = tags
        self._backend = backend
        self._clock = clock
        self._tasks = tasks

    @property
    def kiosk(self) -> bool:
        """HycKioskModeEnabled, or KioskModeWhenOffline while the backend cannot be reached (decision 7)."""
        if self._settings.bool("HycKioskModeEnabled"):
            return True
        return (
            self._settings.bool("KioskModeWhenOffline") and self._backend.configured and self._backend.unreachable
        )

    async def authorize(self, id_tag: str, *, kiosk: bool, remote: bool) -> Granted | Denied:
        """Answer a tag; never raises for an unreachable backend."""
        if remote and not self._settings.bool("AuthorizeRemoteTxRequests"):
            return Granted(AuthorizationSource.REMOTE)
        if kiosk:
            if self._backend.online:
                self._tasks.spawn("kiosk authorize", self._tell_kiosk(id_tag))
            return Granted(AuthorizationSource.KIOSK)
        verdict = decide(await self._question(id_tag, online=self._backend.online))
        if not isinstance(verdict, Ask):
            log.info("tag %s: %s, without the backend", mask(id_tag), _gist(verdict))
            return verdict
        try:
            info = await self._backend.authorize(id_tag)
        except BackendUnreachable as error:
            log.warning("tag %s: no answer from the backend: %s", mask(id_tag), error)
            again = decide(await self._question(id_tag, online=False))
            if isinstance(again, Granted):
                return again
            silent = (
                self._backend.online
                and isinstance(again, Denied)
                and again.reason is RefusalReason.BACKEND_OFFLINE
            )
            return Denied(RefusalReason.BACKEND_SILENT) if silent or isinstance(again, Ask) else again
        await self.remember(id_tag, info)
        answer = judge(info, self._clock.now())
        if isinstance(answer, Ask):
            raise AssertionError("judge never asks")
        log.info("tag %s: %s, says the backend", mask(id_tag), _gist(answer))
        return answer

    async def parent_of(self, id_tag: str) -> str | None:
        """The parentIdTag that is known here for a tag."""
        entry = await self._tags.local_get(id_tag) or await self._tags.cache_get(id_tag)
        return entry.parent_id_tag if entry else None

    async def remember(self, id_tag: str, info: IdTagInfo) -> None:
        """The backend's newest word on a tag goes into the authorization cache."""
        await remember(self._settings, self._tags, id_tag, info)

    async def _tell_kiosk(self, id_tag: str) -> None:
        """The request goes out, its answer is ignored (decision 7)."""
        try:
            await self._backend.authorize(id_tag)
        except BackendUnreachable as error:
            log.info("kiosk tag: %s", error)

    async def _question(self, id_tag: str, *, online: bool) -> Question:
        settings = self._settings
        return Question(
            id_tag=id_tag,
            now=self._clock.now(),
            configured=self._backend.configured,
            online=online,
            whitelisted=await self._tags.whitelist_has(id_tag),
            list_entry=_info(await self._tags.local_get(id_tag)),
            cache_entry=_info(await self._tags.cache_get(id_tag)),
            list_enabled=settings.bool("LocalAuthListEnabled"),
            cache_enabled=settings.bool("AuthorizationCacheEnabled"),
            pre_authorize=settings.bool("LocalPreAuthorize"),
            authorize_offline=settings.bool("LocalAuthorizeOffline"),
            allow_unknown_offline=settings.bool("AllowOfflineTxForUnknownId"),
        )


async def remember(settings: Settings, tags: TagStore, id_tag: str, info: IdTagInfo) -> None:
    """Every answer of the backend updates the authorization cache, if it is on (OCPP 1.6 section 3.4.1)."""
    if settings.bool("AuthorizationCacheEnabled"):
        await tags.cache_put(
            TagEntry(id_tag=id_tag, status=info.status, expiry=info.expiry, parent_id_tag=info.parent_id_tag)
        )


def _info(entry: TagEntry | None) -> IdTagInfo | None:
    if entry is None:
        return None
    return IdTagInfo(status=entry.status, expiry=entry.expiry, parent_id_tag=entry.parent_id_tag)


def _gist(verdict: Granted | Denied) -> str:
    return f"granted ({verdict.source})" if isinstance(verdict, Granted) else f"denied ({verdict.reason})"
