"""Configuration keys, read and written.

What is read back is the value last accepted, also while it waits for a reset: a backend that compares what it
wrote with what it reads must not find them different, and RebootRequired has told it the rest.
"""

from __future__ import annotations

import logging
from typing import Final

from ocpp.exceptions import OccurenceConstraintViolationError

from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue, NotPossible, ReadOnlyKey, UnknownKey
from kiosk.settings.values import KeyView
from kiosk.station.ocpp.asked import Payload, Station

log = logging.getLogger(__name__)

MAX_VALUE: Final = 500
"""CiString500 of KeyValue.value."""


async def change_configuration(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.3."""
    try:
        change = await station.commands.change_key(asked["key"], asked["value"], Provenance.BACKEND)
    except UnknownKey as error:
        log.info("ChangeConfiguration: %s", error)
        return {"status": "NotSupported"}
    except (ReadOnlyKey, BadValue, NotPossible) as error:
        log.info("ChangeConfiguration: %s", error)
        return {"status": "Rejected"}
    return {"status": "RebootRequired" if change.reboot_required else "Accepted"}


async def get_configuration(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.8: without names all keys; unknown names apart; secrets without their value.

    More names than GetConfigurationMaxKeys are refused whole: a part of them would look like an answer.
    """
    names: list[str] = asked.get("key") or []
    most = station.settings.int("GetConfigurationMaxKeys")
    if len(names) > most:
        raise OccurenceConstraintViolationError(description=f"at most {most} keys in one request")
    if not names:
        return {"configurationKey": [_key_value(view) for view in station.settings.views()]}
    known, unknown = [], []
    for name in names:
        try:
            known.append(_key_value(station.settings.view(name)))
        except UnknownKey:
            unknown.append(name)
    told: Payload = {}
    if known:
        told["configurationKey"] = known
    if unknown:
        told["unknownKey"] = unknown
    return told


def _key_value(view: KeyView) -> Payload:
    told: Payload = {"key": view.name, "readonly": view.access == "R"}
    if view.value is not None:
        told["value"] = view.value[:MAX_VALUE]
    return told
