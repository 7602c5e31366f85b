"""Building blocks of the samples: a station, its connectors and sessions as they are in real life."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from kiosk.model.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    ConnectorType,
    Page,
    Phase,
    RegistrationStatus,
    StopReason,
)
from kiosk.model.snapshot import (
    Backend,
    Connector,
    Dialogue,
    Gui,
    Listen,
    Screen,
    Session,
    Snapshot,
    Station,
    Tick,
)

NOW_S: Final = 5000.0
NOW: Final = datetime(2026, 11, 22, 14, 12, tzinfo=UTC)
S = ChargePointStatus
T = ConnectorType


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """``snapshot`` None: the core has not answered yet."""

    name: str
    snapshot: Snapshot | None
    tick: Tick | None
    core_lost: bool = False
    languages_open: bool = False


GUI: Final = Gui(
    languages=("de", "en", "it"),
    connector_power_visible=True,
    tariff={"": ""},
    hotline="0800 000 0000",
)
TARIFF: Final = {
    "de": "0,59 € pro kWh, ab 4 Stunden 0,10 € pro Minute",
    "en": "€0.59 per kWh, from 4 hours on €0.10 per minute",
    "it": "0,59 € al kWh, dopo 4 ore 0,10 € al minuto",
}


def free(number: int, kind: ConnectorType = T.CCS, **more: Any) -> Connector:
    """A connector that nobody uses."""
    most_w = {T.CCS: 50000, T.CHADEMO: 50000, T.GBT: 50000, T.CCS_AC: 22000}[kind]
    fields: dict[str, Any] = {"status": S.AVAILABLE, "max_power_w": most_w, "meter_wh": 1_234_567} | more
    return Connector(id=number, type=kind, **fields)


def session(**more: Any) -> Session:
    fields: dict[str, Any] = {
        "local_id": "S-0042",
        "transaction_id": 731,
        "id_tag": "****9F3C",
        "started_at": datetime(2026, 11, 22, 13, 51, tzinfo=UTC),
        "started_s": NOW_S - 1260,
        "energy_wh": 18_412,
    } | more
    return Session(**fields)


def charging(number: int, kind: ConnectorType = T.CCS, **more: Any) -> Connector:
    """A car at 62 %, 47.8 kW."""
    fields: dict[str, Any] = {
        "status": S.CHARGING,
        "plugged": True,
        "phase": Phase.ENERGY,
        "power_w": 47_812,
        "current_a": 120.7,
        "voltage_v": 396.1,
        "soc_percent": 62,
        "time_to_80_s": 14 * 60 - 20,
        "time_to_100_s": 41 * 60,
        "session": session(),
    } | more
    return free(number, kind, **fields)


def faulted(number: int, kind: ConnectorType = T.CHADEMO, code: int = 18) -> Connector:
    return free(
        number,
        kind,
        status=S.FAULTED,
        error_code=ChargePointErrorCode.GROUND_FAILURE,
        vendor_error_code=code,
        faults=(code,),
    )


FOUR: Final = (
    free(1),
    charging(2, power_w=38_200),
    faulted(3),
    free(4, T.CCS_AC),
)


def snapshot(
    page: Page = Page.STANDBY,
    connectors: tuple[Connector, ...] = FOUR,
    *,
    gui: Gui = GUI,
    station: Station | None = None,
    backend: Backend | None = None,
    **dialogue: Any,
) -> Snapshot:
    """A whole picture whose dialogue stands at ``page``."""
    asked: dict[str, Any] = {"since_s": NOW_S - 18} | dialogue
    return Snapshot(
        version="1.0",
        station=station or Station(identity="CP-0421", product_name="Charging station", firmware="1.0"),
        connectors=connectors,
        backend=backend or Backend(configured=True, connected=True, boot=RegistrationStatus.ACCEPTED),
        screen=Screen(),
        dialogue=Dialogue(page=page, **asked),
        gui=gui,
        listen=Listen(),
    )


def tick_for(picture: Snapshot, age_ms: int | None = 300) -> Tick:
    return Tick(seq=1, now=NOW, monotonic_s=NOW_S, reading_age_ms={c.id: age_ms for c in picture.connectors})


AC_CHARGING: Final = charging(
    4,
    T.CCS_AC,
    soc_percent=None,
    time_to_80_s=None,
    time_to_100_s=None,
    power_w=10_900,
    current_a=15.8,
    voltage_v=230.4,
)
THREE_RUNNING: Final = (
    charging(1, soc_percent=31, power_w=12_100, time_to_80_s=46 * 60, time_to_100_s=80 * 60),
    charging(2, power_w=37_900),
    charging(3, T.CHADEMO, soc_percent=91, power_w=22_400, time_to_80_s=None, time_to_100_s=18 * 60),
    free(4, T.CCS_AC),
)
PREPARING: Final = free(
    1,
    status=S.PREPARING,
    plugged=True,
    phase=Phase.CABLE_CHECK,
    phase_since_s=NOW_S - 3,
    session=session(energy_wh=0),
)
FINISHED: Final = free(
    2,
    status=S.FINISHING,
    plugged=True,
    phase=Phase.ENDED,
    soc_percent=80,
    session=session(
        energy_wh=31_240,
        duration_s=38 * 60 + 12,
        ended_at=NOW,
        stop_reason=StopReason.LOCAL,
    ),
)
PREPARING_AT_2: Final = msgspec.structs.replace(PREPARING, id=2)
