"""What the screen needs of keys and installation, resolved into one section of the snapshot. Pure."""

from __future__ import annotations

from pathlib import Path

from kiosk.model.snapshot import Gui
from kiosk.settings import Installation, Settings


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
