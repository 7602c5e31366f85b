"""A station's picture for tests that need one and do not care which."""

from __future__ import annotations

from kiosk.model.enums import ChargePointStatus, ConnectorType
from kiosk.model.snapshot import Backend, Connector, Dialogue, Gui, Listen, Screen, Session, Snapshot, Station


def connector(connector_id: int = 1, **fields: object) -> Connector:
    given = {
        "id": connector_id,
        "type": ConnectorType.CCS,
        "status": ChargePointStatus.AVAILABLE,
    } | fields
    return Connector(**given)  # type: ignore[arg-type]


def charging(connector_id: int = 1, **fields: object) -> Connector:
    """A connector in the middle of a session."""
    return connector(
        connector_id,
        **{
            "status": ChargePointStatus.CHARGING,
            "power_w": 48_500,
            "voltage_v": 398.4,
            "current_a": 121.7,
            "soc_percent": 41,
            "meter_wh": 120_000,
            "vehicle_id": "0011223344AA",
            "session": Session(local_id="s-1", transaction_id=7, id_tag="04A1B2C3D4", energy_wh=1234),
        }
        | fields,
    )


def snapshot(*connectors: Connector, **sections: object) -> Snapshot:
    given = {
        "version": "0.1.0",
        "station": Station(identity="CP-1"),
        "connectors": connectors or (connector(1), connector(2)),
        "backend": Backend(),
        "screen": Screen(),
        "dialogue": Dialogue(),
        "gui": Gui(),
        "listen": Listen(),
    } | sections
    return Snapshot(**given)  # type: ignore[arg-type]
