"""From installation and configuration keys to what an allocation needs; more than the hardware has is clamped."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.settings.installation import ConnectorInstallation, Installation
from kiosk.station.power.model import AC_V, MIN_DC_W, Outlet, Stacks, least_ac_w


def stacks_of(installation: Installation) -> Stacks:
    """The stacks that are fitted."""
    hardware = installation.hardware
    return Stacks(count=hardware.stacks, power_w=hardware.stack_power_w, current_a=hardware.stack_current_a)


def phases_of(fitted: ConnectorInstallation) -> int:
    """Phases of an AC outlet, as its figures tell."""
    return max(1, min(3, round(fitted.max_power_w / (AC_V * fitted.max_current_a))))


def outlets_of(installation: Installation, connector_limits_w: Sequence[int] = ()) -> tuple[Outlet, ...]:
    """The connectors. ``connector_limits_w``: items of ConnectorsPowerLimit, in order; missing = no cap.

    The least of an AC outlet is that of a car which uses all its phases: nobody knows before it draws.
    """
    outlets = []
    for number, fitted in enumerate(installation.connectors, start=1):
        power_w = fitted.max_power_w
        if number <= len(connector_limits_w):
            power_w = min(power_w, max(0, connector_limits_w[number - 1]))
        outlets.append(
            Outlet(
                connector_id=number,
                dc=fitted.type.is_dc,
                max_power_w=power_w,
                max_current_a=fitted.max_current_a if fitted.type.is_dc else None,
                min_power_w=MIN_DC_W if fitted.type.is_dc else least_ac_w(phases_of(fitted)),
            )
        )
    return tuple(outlets)
