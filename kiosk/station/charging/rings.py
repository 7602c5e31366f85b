"""The LED rings follow the picture: steady light by status, flashes when a card was accepted or refused.

The keys behind them: GUIConnectorHolderColors (in ``Connector.led_rgb`` already), LightIntensity, BlinkRepeat.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kiosk.model.enums import ChargePointStatus, Page
from kiosk.model.snapshot import Changes, Connector
from kiosk.settings import Settings
from kiosk.station.charging.connector import led_rgb
from kiosk.station.hardware.ports import HardwarePort
from kiosk.station.state import State

_REFUSALS: Final = frozenset({Page.CARD_REFUSED, Page.STOP_REFUSED})


class Rings:
    """Sets a ring only when its light changes. ``begin`` after the sessions were restored."""

    def __init__(self, hardware: HardwarePort, settings: Settings, state: State) -> None:
        self._ports = {port.id: port for port in hardware.connectors}
        self._settings = settings
        self._state = state
        self._shown: dict[int, tuple[str, int]] = {}
        self._granted: dict[int, bool] = {}
        self._page: Page | None = None

    def begin(self) -> None:
        snapshot = self._state.snapshot
        self._granted = {c.id: _granted(c) for c in snapshot.connectors}
        self._page = snapshot.dialogue.page
        for connector in snapshot.connectors:
            self._show(connector)
        self._state.subscribe(self._changed)
        self._settings.subscribe(self._key_changed)

    def _changed(self, changes: Changes) -> None:
        if changes.connectors is not msgspec.UNSET:
            for connector in changes.connectors:
                self._show(connector)
                before, self._granted[connector.id] = self._granted.get(connector.id), _granted(connector)
                if self._granted[connector.id] and not before:
                    self._flash(connector.id, ChargePointStatus.AVAILABLE)
        if changes.dialogue is not msgspec.UNSET:
            before_page, self._page = self._page, changes.dialogue.page
            connector_id = changes.dialogue.connector_id
            if self._page in _REFUSALS and before_page is not self._page and connector_id in self._ports:
                self._flash(connector_id, ChargePointStatus.FAULTED)

    def _key_changed(self, name: str) -> None:
        if name == "LightIntensity":
            for connector in self._state.snapshot.connectors:
                self._show(connector)

    def _show(self, connector: Connector) -> None:
        light = (connector.led_rgb, self._settings.int("LightIntensity"))
        if self._shown.get(connector.id) != light:
            self._shown[connector.id] = light
            self._ports[connector.id].set_led(*light)

    def _flash(self, connector_id: int, like: ChargePointStatus) -> None:
        """In the colour of a status; a dark one would be no signal, so the light goes off and on instead."""
        steady, _ = self._shown[connector_id]
        rgb = led_rgb(like, self._settings.csl("GUIConnectorHolderColors")) or steady
        self._ports[connector_id].flash_led(rgb, self._settings.int("BlinkRepeat"))


def _granted(connector: Connector) -> bool:
    """Somebody may charge here, or does."""
    return connector.session is not None and connector.session.ended_at is None
