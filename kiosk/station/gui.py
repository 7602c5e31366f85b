"""What the screen needs of keys and installation, resolved into one section of the snapshot. Pure."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kiosk.model.snapshot import Gui
from kiosk.settings import Installation, Settings, languages


def gui(settings: Settings, installation: Installation, data_dir: Path) -> Gui:
    """The GUI section as the keys in force say."""
    labels = settings.csl("GUIconnectorLabels") if settings.bool("GUIconnectorLabelsVisible") else ()
    count = len(installation.connectors)
    return Gui(
        languages=(
            _code(settings.str("GUIprimaryLanguage")),
            _code(settings.str("GUIsecondaryLanguage")),
            _code(settings.str("GUItertiaryLanguage")),
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
        tariff=tariff(settings, installation),
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


def tariff(settings: Settings, installation: Installation) -> dict[str, str]:
    """Language code (or "" for all others) → text; the key beats the installation (decision 28)."""
    text = settings.str("TariffText").strip()
    if not text:
        return dict(installation.tariff)
    if text.startswith("{"):
        return msgspec.json.decode(text.replace("'", '"'), type=dict[str, str])
    return {"": text}


def _code(name: str) -> str:
    found = languages.find(name)
    return found.code if found is not None else "en"
