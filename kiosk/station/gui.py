"""The first picture of a core that starts, and the part of it that the screen needs of keys. Pure."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from kiosk import __version__
from kiosk.model.enums import ChargePointStatus
from kiosk.model.snapshot import Backend, Connector, Dialogue, Gui, Listen, Screen, Snapshot, Station
from kiosk.settings import Installation, Settings
from kiosk.station.hardware.ports import HardwarePort


def gui(settings: Settings, installation: Installation, data_dir: Path) -> Gui:
    """The GUI section as the keys in force say."""
    labels = settings.csl("GUIconnectorLabels") if settings.bool("GUIconnectorLabelsVisible") else ()
    count = len(installation.connectors)
    return Gui(
        languages=(
            settings.str("GUIprimaryLanguage"),
            settings.str("GUIsecondaryLanguage"),
            settings.str("GUItertiaryLanguage"),
        ),
        identity_visible=settings.bool("GUIchargePointIdVisible"),
        slide_time_s=settings.int("GUIslideTime"),
        overlay_visible=settings.bool("GUIchargeParameterOverlayVisible"),
        current_visible=settings.bool("GUIchargingCurrentVisible"),
        voltage_visible=settings.bool("GUIchargingVoltageVisible"),
        power_visible=settings.bool("GUIchargingPowerVisible"),
        time_remaining_visible=settings.bool("GUItimeRemainingVisible"),
        labels=tuple((labels[i] or None) if i < len(labels) else None for i in range(count)),
        connector_power_visible=settings.bool("GUIconnectorPowerVisible"),
        tariff=settings.tariff(),
        hotline=installation.hotline,
        reader_position=installation.reader.position,
        energy_is_free=installation.energy_is_free,
        stop_button=installation.stop.button,
        latitude=installation.site.latitude,
        longitude=installation.site.longitude,
        px_per_mm=installation.panel.px_per_mm,
        welcome_dir=str(installation.welcome_dir(data_dir)),
        slides_dir=str(installation.slides_dir(data_dir)),
    )


def first_picture(
    settings: Settings,
    installation: Installation,
    hardware: HardwarePort,
    *,
    started_at: datetime,
    data_dir: Path,
    operative: bool,
    embedded_url: str | None,
) -> Snapshot:
    """Before anything was measured or told; ``operative``: of the whole station, as it was left."""
    station = installation.station
    return Snapshot(
        version=__version__,
        station=Station(
            identity=settings.str("chargePointIdentity"),
            product_name=station.product_name,
            vendor=station.vendor,
            model=station.model,
            firmware=station.firmware or __version__,
            started_at=started_at,
            simulated=hardware.simulated,
            operative=operative,
            door_open=hardware.station.door_open,
        ),
        connectors=tuple(
            Connector(id=c.id, type=c.type, status=ChargePointStatus.AVAILABLE) for c in hardware.connectors
        ),
        backend=Backend(),
        screen=Screen(),
        dialogue=Dialogue(),
        gui=gui(settings, installation, data_dir),
        listen=Listen(backend=embedded_url),
    )
