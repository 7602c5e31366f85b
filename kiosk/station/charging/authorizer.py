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
    cacheable,
    conflicting,
    decide,
    group_of,
    judge,
    same_tag,
)
from kiosk.station.charging.ports import BackendPort, IdTagInfo
from kiosk.station.storage import TagStore
from kiosk.station.storage.records import TagEntry
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

FRESH_S = 10.0
"""A card that was asked about because it may stop a session is not asked about again when it is to start one."""


class Authorizer:
    """One for the station."""

    def __init__(
        self, settings: Settings, tags: TagStore, backend: BackendPort, clock: Clock, tasks: Tasks
    ) -> None:
        self._settings = settings
        self._tags = tags
        self._backend = backend
        self._clock = clock
        self._tasks = tasks
        self._newest: tuple[str, IdTagInfo, float] | None = None

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
            return await self._let_in(id_tag, verdict)
        try:
            info = await self._ask(id_tag)
        except BackendUnreachable as error:
            log.warning("tag %s: no answer from the backend: %s", mask(id_tag), error)
            again = decide(await self._question(id_tag, online=False))
            if isinstance(again, Granted):
                return await self._let_in(id_tag, again)
            silent = (
                self._backend.online
                and isinstance(again, Denied)
                and again.reason is RefusalReason.BACKEND_OFFLINE
            )
            return Denied(RefusalReason.BACKEND_SILENT) if silent or isinstance(again, Ask) else again
        answer = judge(info, self._clock.now())
        log.info("tag %s: %s, says the backend", mask(id_tag), _gist(answer))
        return answer

    async def parent_of(self, id_tag: str) -> str | None:
        """The parentIdTag that is known here for a tag: of the list, else of the cache, where they are in use."""
        info = await self._known(id_tag)
        return info.parent_id_tag if info is not None else None

    async def group_of(self, id_tag: str) -> str | None:
        """The parentIdTag that a tag may act for, as far as it is known here."""
        info = await self._known(id_tag)
        return group_of(info, self._clock.now()) if info is not None else None

    async def ask_parent(self, id_tag: str) -> str | None:
        """The parentIdTag of a tag, from the backend if need be; None when nobody knows one.

        OCPP 1.6 section 5.13 and errata: only a tag that the backend accepts is of its group.
        """
        info = await self._known(id_tag)
        if (info is None or info.parent_id_tag is None) and self._backend.online:
            try:
                info = await self._ask(id_tag)
            except BackendUnreachable as error:
                log.warning("tag %s: no answer from the backend: %s", mask(id_tag), error)
            else:
                self._newest = (id_tag, info, self._clock.monotonic())
        return group_of(info, self._clock.now()) if info is not None else None

    async def remember(self, id_tag: str, info: IdTagInfo) -> None:
        """The backend's newest word on a tag: into the cache, and compared with the local list."""
        if await remember(self._settings, self._tags, id_tag, info, self._clock):
            log.warning("tag %s: the backend says %s, the local list says otherwise", mask(id_tag), info.status)
            self._backend.list_conflict()

    async def _let_in(self, id_tag: str, verdict: Granted | Denied) -> Granted | Denied:
        if isinstance(verdict, Granted) and verdict.source is AuthorizationSource.CACHE:
            await self._tags.cache_used(id_tag)
        return verdict

    async def _ask(self, id_tag: str) -> IdTagInfo:
        """Authorize.req, unless ``ask_parent`` has just had its answer. Raises BackendUnreachable."""
        newest, self._newest = self._newest, None
        if newest is not None and same_tag(newest[0], id_tag) and self._clock.monotonic() - newest[2] < FRESH_S:
            return newest[1]
        info = await self._backend.authorize(id_tag)
        await self.remember(id_tag, info)
        return info

    async def _tell_kiosk(self, id_tag: str) -> None:
        """The request goes out, its answer is ignored (decision 7)."""
        try:
            await self._backend.authorize(id_tag)
        except BackendUnreachable as error:
            log.info("kiosk tag: %s", error)

    async def _known(self, id_tag: str) -> IdTagInfo | None:
        """The list's word, else the cache's."""
        entry = None
        if self._settings.bool("LocalAuthListEnabled"):
            entry = await self._tags.local_get(id_tag)
        if entry is None and self._settings.bool("AuthorizationCacheEnabled"):
            entry = await self._tags.cache_get(id_tag)
        return _info(entry)

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


async def remember(settings: Settings, tags: TagStore, id_tag: str, info: IdTagInfo, clock: Clock) -> bool:
    """Take an answer of the backend into the authorization cache, if that is on (OCPP 1.6 section 3.5.1).

    A tag of the local list is not cached (section 3.5.3). Returns whether the list contradicts the backend.
    """
    listed = _info(await tags.local_get(id_tag)) if settings.bool("LocalAuthListEnabled") else None
    if listed is not None:
        return conflicting(listed, info, clock.now())
    if settings.bool("AuthorizationCacheEnabled") and cacheable(info):
        await tags.cache_put(
            TagEntry(id_tag=id_tag, status=info.status, expiry=info.expiry, parent_id_tag=info.parent_id_tag)
        )
    return False


def _info(entry: TagEntry | None) -> IdTagInfo | None:
    if entry is None:
        return None
    return IdTagInfo(status=entry.status, expiry=entry.expiry, parent_id_tag=entry.parent_id_tag)


def _gist(verdict: Granted | Denied) -> str:
    return f"granted ({verdict.source})" if isinstance(verdict, Granted) else f"denied ({verdict.reason})"
