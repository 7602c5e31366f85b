"""Rules between keys, and what the hardware makes of values beyond it.

Pure: used forms in, reasons or values out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from kiosk.model.enums import Provenance
from kiosk.settings.installation import Installation

Lookup = Callable[[str], Any]
"""Used form of the stored value of a key, by canonical name."""


class Certificates(NamedTuple):
    """What is installed, as far as SecurityProfile needs it (OCA security white paper, section 2)."""

    root: bool = False  # a root certificate of the central system
    client: bool = False  # the station's own certificate


# --- rules: None when all is well, else the reason for a person --------------------------------------------------


def _fallback_power(value: int, stored: Lookup, _certificates: Certificates, _by: Provenance) -> str | None:
    limit = stored("MaxGridPower")
    return f"it is above MaxGridPower, which is {limit} W" if value > limit else None


def _security_profile(value: int, stored: Lookup, certificates: Certificates, by: Provenance) -> str | None:
    now = stored("SecurityProfile")
    if value < now:
        return f"the security profile is {now} and can only rise"
    if value == now or by is Provenance.FILE:
        return None  # the installation file is read before anything that it could need; dialling looks again
    missing = []
    if value in (1, 2) and not stored("AuthorizationKey"):
        missing.append("an AuthorizationKey")
    if value >= 2 and not stored("WebSocketUrl").startswith("wss://"):
        missing.append("a wss:// address in WebSocketUrl")
    if value >= 2 and not certificates.root:
        missing.append("a root certificate of the backend")
    if value == 3 and not certificates.client:
        missing.append("a certificate of the station")
    return f"profile {value} needs {', '.join(missing)} first" if missing else None


def _web_socket_url(value: str, stored: Lookup, _certificates: Certificates, by: Provenance) -> str | None:
    profile = stored("SecurityProfile")
    if not value and by is Provenance.BACKEND:
        return "only the operator may take the backend away"
    return f"security profile {profile} needs wss://" if profile >= 2 and value.startswith("ws://") else None


def _authorization_key(value: str, stored: Lookup, _certificates: Certificates, by: Provenance) -> str | None:
    profile = stored("SecurityProfile")
    if value:
        return None
    if by is Provenance.BACKEND:
        return "only the operator may take it away"
    return f"security profile {profile} needs one" if profile in (1, 2) else None


RULES: Final[dict[str, Callable[[Any, Lookup, Certificates, Provenance], str | None]]] = {
    "GridFallbackPower": _fallback_power,
    "SecurityProfile": _security_profile,
    "WebSocketUrl": _web_socket_url,
    "AuthorizationKey": _authorization_key,
}
"""Checked when the key is changed. Lowering MaxGridPower below GridFallbackPower is allowed: the fallback is then
clamped, because a lower limit from the backend must never be refused for the sake of an older one."""


# --- clamps: the value as code uses it -----------------------------------------------------------------------


def _connectors_power(value: tuple[int, ...], installation: Installation, _: Lookup) -> tuple[int, ...]:
    return tuple(min(power_w, installation.connector_limit_w(i)) for i, power_w in enumerate(value, start=1))


def _max_grid_power(value: int, installation: Installation, _: Lookup) -> int:
    return min(value, installation.hardware.grid_connection_w)


def _grid_fallback_power(value: int, _: Installation, used: Lookup) -> int:
    limit: int = used("MaxGridPower")
    return min(value, limit)


CLAMPS: Final[dict[str, Callable[[Any, Installation, Lookup], Any]]] = {
    "ConnectorsPowerLimit": _connectors_power,
    "MaxGridPower": _max_grid_power,
    "GridFallbackPower": _grid_fallback_power,
    "TransactionMessageAttempts": lambda value, _installation, _used: max(value, 1),
}
"""Decision 3: values beyond the hardware are accepted, clamped where used, and the clamp is visible."""
