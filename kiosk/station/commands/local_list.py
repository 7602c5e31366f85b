"""The backend's list of idTags: OCPP 1.6 sections 3.5.2, 5.10 and 5.15."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import StrEnum

from kiosk.settings import Settings
from kiosk.station.storage import TagStore
from kiosk.station.storage.records import TagEntry
from kiosk.station.storage.tags import ListTooLong, OldVersion

log = logging.getLogger(__name__)

PROFILE = "LocalAuthListManagement"
NOT_SUPPORTED = -1
"""GetLocalListVersion.conf of a station that keeps no list."""

Entry = tuple[str, TagEntry | None]
"""An idTag and what the backend says of it; None: nothing, which in a differential update removes it."""


class UpdateKind(StrEnum):
    """SendLocalList.req updateType."""

    FULL = "Full"
    DIFFERENTIAL = "Differential"


class UpdateOutcome(StrEnum):
    """SendLocalList.conf status."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_SUPPORTED = "NotSupported"
    VERSION_MISMATCH = "VersionMismatch"


def fault_of(kind: UpdateKind, version: int, entries: Sequence[Entry], longest: int) -> str | None:
    """Why an update can never be applied, whatever the list holds; None: it can.

    Versions 0 and -1 have meanings of their own (errata 3.52). A tag that is named twice says two things.
    """
    if version <= 0:
        return f"version {version} means no list"
    if len(entries) > longest:
        return f"{len(entries)} tags, at most {longest} in one update"
    if len({id_tag.casefold() for id_tag, _ in entries}) < len(entries):
        return "a tag is named twice"
    if kind is UpdateKind.FULL and any(entry is None for _, entry in entries):
        return "a tag without idTagInfo in a full update"
    return None


class LocalList:
    def __init__(self, tags: TagStore, settings: Settings) -> None:
        self._tags = tags
        self._settings = settings

    @property
    def supported(self) -> bool:
        """The profile is implemented, and LocalAuthListEnabled."""
        return PROFILE in self._settings.csl("SupportedFeatureProfiles") and self._settings.bool(
            "LocalAuthListEnabled"
        )

    async def version(self) -> int:
        """0 while the list is empty, -1 where it is not supported (OCPP 1.6 section 5.10)."""
        return await self._tags.local_version() if self.supported else NOT_SUPPORTED

    async def update(self, kind: UpdateKind, version: int, entries: Sequence[Entry]) -> UpdateOutcome:
        """Apply an update, whole or not at all; on the disk when this returns Accepted.

        Raises StorageFailed.
        """
        if not self.supported:
            return UpdateOutcome.NOT_SUPPORTED
        fault = fault_of(kind, version, entries, self._settings.int("SendLocalListMaxLength"))
        if fault is not None:
            log.warning("local list: an update to version %d is refused: %s", version, fault)
            return UpdateOutcome.FAILED
        most = self._settings.int("LocalAuthListMaxLength")
        put = [entry for _, entry in entries if entry is not None]
        remove = [id_tag for id_tag, entry in entries if entry is None]
        try:
            if kind is UpdateKind.FULL:
                await self._tags.local_replace(put, version, most)
            else:
                await self._tags.local_update(put, remove, version, most)
        except ListTooLong as error:
            log.warning("local list: an update to version %d is refused: %s", version, error)
            return UpdateOutcome.FAILED
        except OldVersion as error:
            log.warning("local list: an update to version %d is refused: %s", version, error)
            return UpdateOutcome.VERSION_MISMATCH
        log.info("local list: version %d, %s, %d tags", version, kind, len(entries))
        return UpdateOutcome.ACCEPTED
