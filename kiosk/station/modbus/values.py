"""What each register holds now: functions of one picture of the station. Pure.

Each takes the scene and a connector, 0 for the station, and gives the raw number, text or bytes before it is
fitted into words; None is unknown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from kiosk.model.enums import ChargePointStatus, ConnectorType
from kiosk.model.faults import blocks_start
from kiosk.model.snapshot import Connector, LoadManagement, ManagedConnector, Snapshot, Station

Value = int | str | bytes | None

VERSION: Final = (2, 4, 0)
"""The vendor's software whose layout the registers have; controllers choose theirs by it."""
STATES: Final = {
    0: "Available",
    1: "Preparing: authorized, the plug is awaited",
    2: "Preparing: plugged in",
    3: "Charging",
    4: "SuspendedEV",
    5: "SuspendedEVSE",
    6: "Finishing",
    7: "Reserved",
    8: "Unavailable",
    9: "Unavailable: firmware update",
    10: "Faulted",
    11: "Unavailable: the connector's hardware is silent",
}
"""Of a connector; the station has 0, 8 and 10 of them."""
TYPES: Final = {ConnectorType.CCS: 1, ConnectorType.CHADEMO: 2, ConnectorType.CCS_AC: 3, ConnectorType.GBT: 4}
"""The enumeration of the layout up to 2.4; later ones number otherwise."""

_OF_STATUS: Final = {
    ChargePointStatus.AVAILABLE: 0,
    ChargePointStatus.CHARGING: 3,
    ChargePointStatus.SUSPENDED_EV: 4,
    ChargePointStatus.SUSPENDED_EVSE: 5,
    ChargePointStatus.FINISHING: 6,
    ChargePointStatus.RESERVED: 7,
    ChargePointStatus.UNAVAILABLE: 8,
    ChargePointStatus.FAULTED: 10,
}
_IDLE: Final = frozenset({ChargePointStatus.AVAILABLE, ChargePointStatus.RESERVED, ChargePointStatus.UNAVAILABLE})
_MAY_BEGIN: Final = frozenset(
    {
        ChargePointStatus.AVAILABLE,
        ChargePointStatus.RESERVED,
        ChargePointStatus.PREPARING,
        ChargePointStatus.FINISHING,
    }
)


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """All that a value may be made of. ``now_s``: station monotonic seconds."""

    snapshot: Snapshot
    now: datetime
    now_s: float
    serial: str

    @property
    def station(self) -> Station:
        return self.snapshot.station

    @property
    def load(self) -> LoadManagement:
        return self.snapshot.load_management

    def connector(self, n: int) -> Connector:
        """Connector ``n``, from 1."""
        return self.snapshot.connectors[n - 1]

    def managed(self, n: int) -> ManagedConnector:
        """What load management says of it."""
        return self.load.connectors[n - 1]


# --- of the station ----------------------------------------------------------------------------------------


def time_s(scene: Scene, _: int) -> Value:
    return int(scene.now.timestamp())


def count(scene: Scene, _: int) -> Value:
    return len(scene.snapshot.connectors)


def station_state(scene: Scene, _: int) -> Value:
    """Unavailable: out of service, being updated, every connector unavailable or faulted, or none of them is
    released any power. Faulted: every connector is, or the station as a whole (emergency stop)."""
    statuses = {connector.status for connector in scene.snapshot.connectors}
    if statuses == {ChargePointStatus.FAULTED} or blocks_start(scene.station.faults):
        return 10
    if not scene.station.operative or scene.station.updating:
        return 8
    if not any(managed.released_w for managed in scene.load.connectors):
        return 8
    return 8 if statuses <= {ChargePointStatus.FAULTED, ChargePointStatus.UNAVAILABLE} else 0


def total_w(scene: Scene, _: int) -> Value:
    """At the grid, by the efficiency that the limits are reckoned with, without the station's own use."""
    watts = 0.0
    for connector, managed in zip(scene.snapshot.connectors, scene.load.connectors, strict=True):
        cost = managed.most_grid_w / managed.most_w if managed.most_w else 1.0
        watts += (connector.power_w or 0) * cost
    return round(watts)


def serial(scene: Scene, _: int) -> Value:
    return scene.serial


def has_control(scene: Scene, _: int) -> Value:
    return int(scene.load.connected)


def identity(scene: Scene, _: int) -> Value:
    return scene.station.identity


def major(_: Scene, __: int) -> Value:
    return VERSION[0]


def minor(_: Scene, __: int) -> Value:
    return VERSION[1]


def patch(_: Scene, __: int) -> Value:
    return VERSION[2]


def station_limit_w(scene: Scene, _: int) -> Value:
    written_w = scene.load.written_w
    return scene.load.max_grid_w if written_w is None else written_w


def station_reactive_var(scene: Scene, _: int) -> Value:
    return scene.load.reactive_var


# --- of a connector ----------------------------------------------------------------------------------------


def state(scene: Scene, n: int) -> Value:
    """A key of ``STATES``. With the plug in it is 2 whoever is authorized: the car is there."""
    connector = scene.connector(n)
    if connector.status is ChargePointStatus.PREPARING:
        return 2 if connector.plugged else 1
    if connector.status in _IDLE and _silent(connector):
        return 11
    if connector.status is ChargePointStatus.UNAVAILABLE and scene.station.updating:
        return 9
    return _OF_STATUS[connector.status]


def _silent(connector: Connector) -> bool:
    return connector.power_w is None and connector.current_a is None and connector.voltage_v is None


def voltage_cv(scene: Scene, n: int) -> Value:
    return _hundredths(scene.connector(n).voltage_v)


def current_ca(scene: Scene, n: int) -> Value:
    return _hundredths(scene.connector(n).current_a)


def power_w(scene: Scene, n: int) -> Value:
    return scene.connector(n).power_w


def duration_s(scene: Scene, n: int) -> Value:
    session = scene.connector(n).session
    if session is None or session.started_s is None or session.ended_at is not None:
        return None
    return int(scene.now_s - session.started_s)


def session_cwh(scene: Scene, n: int) -> Value:
    """Hundredths of a kWh; begun ones do not count."""
    session = scene.connector(n).session
    if session is None or session.energy_wh is None or session.ended_at is not None:
        return None
    return session.energy_wh // 10


def soc(scene: Scene, n: int) -> Value:
    return _hundredths(scene.connector(n).soc_percent)


def connector_type(scene: Scene, n: int) -> Value:
    return TYPES[scene.connector(n).type]


def offered_w(scene: Scene, n: int) -> Value:
    """The setpoint of a session that runs, else what one that begins now could get."""
    connector = scene.connector(n)
    if connector.limit_w is not None:
        return connector.limit_w
    begins = connector.status in _MAY_BEGIN and connector.can_start
    return scene.managed(n).released_w if begins else 0


def least_w(scene: Scene, n: int) -> Value:
    return scene.managed(n).least_w


def vehicle(scene: Scene, n: int) -> Value:
    told = scene.connector(n).vehicle_id
    return None if told is None else bytes.fromhex(told)


def id_tag(scene: Scene, n: int) -> Value:
    session = scene.connector(n).session
    return None if session is None or session.ended_at is not None else session.id_tag


def meter_wh(scene: Scene, n: int) -> Value:
    return scene.connector(n).meter_wh


def most_grid_w(scene: Scene, n: int) -> Value:
    return scene.managed(n).most_grid_w


def connector_limit_w(scene: Scene, n: int) -> Value:
    managed = scene.managed(n)
    return managed.most_w if managed.limit_w is None else managed.limit_w


def connector_reactive_var(scene: Scene, n: int) -> Value:
    return scene.managed(n).reactive_var


def nothing(_: Scene, __: int) -> Value:
    """The station has none of it."""
    return 0


def _hundredths(value: float | None) -> int | None:
    return None if value is None else round(value * 100)
