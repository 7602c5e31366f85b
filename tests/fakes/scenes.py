"""Scenes for the Modbus registers: a picture of the station with its load management."""

from __future__ import annotations

from typing import Any

from kiosk.model.enums import ConnectorType
from kiosk.model.snapshot import Connector, LoadManagement, ManagedConnector, Station
from kiosk.station.modbus.values import Scene
from tests.fakes.core import START
from tests.fakes.pictures import connector, snapshot

NOW_S = 5_000.0


def idle(connector_id: int = 1, **fields: Any) -> Connector:
    """A connector whose hardware lives."""
    return connector(connector_id, **{"power_w": 0, "current_a": 0.0, "voltage_v": 0.0} | fields)


def managed(**fields: Any) -> ManagedConnector:
    given = {"most_w": 50_000, "least_w": 1_000, "most_grid_w": 51_547, "released_w": 50_000} | fields
    return ManagedConnector(**given)


def scene(*connectors: Connector, serial: str = "KIOSK-0001", station: Any = None, **load: Any) -> Scene:
    """``load``: fields of the section ``load_management``; ``station``: fields of that section."""
    fitted = connectors or (idle(1), idle(2, type=ConnectorType.CHADEMO))
    given = {
        "enabled": True,
        "available_w": 75_000,
        "max_grid_w": 75_000,
        "connectors": tuple(managed() for _ in fitted),
    } | load
    return Scene(
        snapshot=snapshot(
            *fitted,
            station=Station(**{"identity": "CP-0421"} | (station or {})),
            load_management=LoadManagement(**given),
        ),
        now=START,
        now_s=NOW_S,
        serial=serial,
    )
