"""Values that follow from the installation: computed keys and defaults that depend on what is fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.settings import valuetypes
from kiosk.settings.installation import Installation
from kiosk.settings.table import KEYS


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _connectors(installation: Installation) -> str:
    fitted = [
        {"max_current": _number(c.max_current_a), "pos": i, "type": c.type.value}
        for i, c in enumerate(installation.connectors, start=1)
    ]
    return valuetypes.written(KEYS["Connectors"], {"connectors": fitted})


def _phase_rotation(installation: Installation) -> str:
    """The main meter sees the phases in order; so does an AC outlet; DC has none."""
    orders = ["RST", *("NotApplicable" if c.type.is_dc else "RST" for c in installation.connectors)]
    return ",".join(f"{i}.{order}" for i, order in enumerate(orders))


def _power_limits(installation: Installation) -> str:
    return ",".join(str(installation.connector_limit_w(i + 1)) for i in range(len(installation.connectors)))


def _labels(installation: Installation) -> str:
    return ",".join(c.label.strip() or str(i) for i, c in enumerate(installation.connectors, start=1))


def _profiles(installation: Installation) -> str:
    profiles = KEYS["SupportedFeatureProfiles"].default.split(",")
    return ",".join(p for p in profiles if p != "Reservation" or installation.reservation.connectors)


def _station_reservable(installation: Installation) -> str:
    return str(installation.reservation.connectors and installation.reservation.station).lower()


DERIVED: Final[dict[str, Callable[[Installation], str]]] = {
    "NumberOfConnectors": lambda installation: str(len(installation.connectors)),
    "Connectors": _connectors,
    "ConnectorPhaseRotation": _phase_rotation,
    "ConnectorsPowerLimit": _power_limits,
    "GUIconnectorLabels": _labels,
    "ReserveConnectorZeroSupported": _station_reservable,
    "SupportedFeatureProfiles": _profiles,
    "chargePointIdentity": lambda installation: installation.station.serial,
}
"""Key to its value (where the row's source is the installation) or its default (elsewhere)."""
