"""Who we are and where we dial. Pure."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from kiosk.model.enums import ConnectorType
from kiosk.settings import Installation, Settings
from kiosk.settings.valuetypes import authorization_key_bytes

LONGEST_PAUSE_S: Final = 3600.0
"""A server may not send us away for longer."""
_SHORT: Final = {
    ConnectorType.CCS: "CCS",
    ConnectorType.CHADEMO: "CHA",
    ConnectorType.GBT: "GBT",
    ConnectorType.CCS_AC: "AC",
}


def model(general: str, connectors: Iterable[ConnectorType], *, legacy: bool) -> str:
    """chargePointModel, at most 20 characters; ``legacy``: with the connectors' letters (decision 12)."""
    parts = [general, *(_SHORT[c] for c in connectors)] if legacy else [general]
    return "_".join(parts)[:20]


def boot_payload(settings: Settings, installation: Installation, version: str) -> dict[str, Any]:
    """BootNotification.req (OCPP 1.6 section 6.3); what the installation leaves empty is left out.

    ``version``: of the firmware that runs.
    """
    station = installation.station
    payload = {
        "chargePointVendor": station.vendor[:20],
        "chargePointModel": model(
            station.model,
            (c.type for c in installation.connectors),
            legacy=settings.bool("ChargePointModelLegacyMode"),
        ),
        "chargePointSerialNumber": station.serial[:25],
        "chargeBoxSerialNumber": station.charge_box_serial,
        "firmwareVersion": version[:50],
        "meterSerialNumber": station.meter_serial,
        "meterType": station.meter_type,
    }
    return {name: value for name, value in payload.items() if value}


def address(base_url: str, identity: str) -> str:
    """WebSocketUrl with the percent-encoded identity appended (decision 23)."""
    parts = urlsplit(base_url)
    path = f"{parts.path.rstrip('/')}/{quote(identity, safe='')}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def without_credentials(url: str) -> str:
    """The address as people may see it."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def basic_auth(identity: str, key: str) -> str | None:
    """Authorization header; None without a key. 32 to 40 hex digits stand for bytes (decision 23)."""
    if not key:
        return None
    return "Basic " + base64.b64encode(identity.encode() + b":" + authorization_key_bytes(key)).decode("ascii")


def retry_after_s(header: str | None) -> float:
    """A Retry-After header in seconds; 0 for none, for a date, and for nonsense. At most ``LONGEST_PAUSE_S``."""
    text = (header or "").strip()
    return min(float(text), LONGEST_PAUSE_S) if text.isascii() and text.isdigit() else 0.0


class Backoff:
    """Waits between dials: doubling from ``first_s`` to ``longest_s``, plus up to ``random_s`` at random.

    The random part never exceeds the wait itself, so that a station set to dial fast does dial fast.
    """

    def __init__(self, first_s: float, longest_s: float, random_s: float, chance: random.Random) -> None:
        self._first_s, self._longest_s, self._random_s = first_s, longest_s, random_s
        self._chance = chance
        self._tries = 0

    def reset(self) -> None:
        """The backend took us: the next wait is a short one again."""
        self._tries = 0

    def next_s(self) -> float:
        wait_s = min(self._first_s * 2.0 ** min(self._tries, 60), max(self._first_s, self._longest_s))
        self._tries += 1
        return wait_s + self._chance.uniform(0, min(self._random_s, wait_s))
