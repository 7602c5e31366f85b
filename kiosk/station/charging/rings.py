"""The LED rings follow the picture: steady light by status, flashes when a card was accepted or refused.

The keys behind them: GUIConnectorHolderColors (in ``Connector.led_rgb`` already), LightIntensity, BlinkRepeat.

Decisions
- The manual's five words are those of somebody who looks for a place: what another driver has or may have is
  Occupied, from the card on (Preparing, Reserved, a paused session); Finished is only the cable still in a car.
- A flash is a word to the driver who stands there: green, the colour of Available, where a session may begin, red
  where a card was refused. Nobody stands there when a core starts, so nothing flashes then.
- The light is renewed with every control step, and the hardware darkens a ring that nobody renews: a green one at
  a station whose core is dead would invite drivers to wait in vain.
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
    """``begin`` after the sessions were restored, then ``renew`` with every control step."""

    def __init__(self, hardware: HardwarePort, settings: Settings, state: State) -> None:
        self._ports = {port.id: port for port in hardware.connectors}
        self._settings = settings
        self._state = state
        self._shown: dict[int, tuple[str, int]] = {}
        self._granted: dict[int, bool] = {}
        self._asked: tuple[Page, float] | None = None  # the page of the dialogue, and since when

    def begin(self) -> Rings:
        snapshot = self._state.snapshot
        self._granted = {c.id: _granted(c) for c in snapshot.connectors}
        self._asked = (snapshot.dialogue.page, snapshot.dialogue.since_s)
        for connector in snapshot.connectors:
            self._show(connector)
        self._state.subscribe(self._changed)
        self._settings.subscribe(self._key_changed)
        return self

    def renew(self) -> None:
        """The core lives: what is shown goes on."""
        for connector_id, light in self._shown.items():
            self._ports[connector_id].set_led(*light)

    def _changed(self, changes: Changes) -> None:
        if changes.connectors is not msgspec.UNSET:
            for connector in changes.connectors:
                self._show(connector)
                before, self._granted[connector.id] = self._granted.get(connector.id), _granted(connector)
                if self._granted[connector.id] and not before:
                    self._flash(connector.id, ChargePointStatus.AVAILABLE)
        if changes.dialogue is not msgspec.UNSET:
            dialogue = changes.dialogue
            before_page, self._asked = self._asked, (dialogue.page, dialogue.since_s)
            if self._asked != before_page and dialogue.page in _REFUSALS and dialogue.connector_id in self._ports:
                self._flash(dialogue.connector_id, ChargePointStatus.FAULTED)

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
