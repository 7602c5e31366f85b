"""What of the simulated world outlives the program: plugged cars, their charge, faults, cycles, the door, heat.

A JSON file, replaced as a whole. A file that cannot be read is kept aside and a fresh world begins.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from kiosk.station.hardware.simulator.registers import Told

log = logging.getLogger(__name__)


class PluggedCar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    car: str
    soc_percent: float
    vehicle_id: str


class Holder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One connector and what is plugged into it."""

    plugged: PluggedCar | None = None
    faults: tuple[int, ...] = ()
    cycles: int = 0


class World(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int = 1
    door_open: bool = False
    emergency_stop: bool = False
    emergency_stops: int = 0
    heated_c: float | None = None  # air inside the cabinet, None: the usual temperature
    holders: dict[int, Holder] = {}
    meters: dict[int, Told] = {}  # those that lie


def load(path: Path) -> World:
    """The stored world, or a fresh one."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return World()
    except OSError as error:
        log.warning("%s cannot be read (%s); a fresh world begins", path, error)
        return World()
    try:
        world = msgspec.json.decode(raw, type=World)
        if world.version != World().version:
            raise msgspec.ValidationError(f"version {world.version} is not ours")
    except msgspec.DecodeError as error:
        aside = path.with_suffix(".broken")
        try:
            os.replace(path, aside)
        except OSError as failed:
            log.warning("%s is damaged (%s) and cannot be kept aside (%s)", path, error, failed)
        else:
            log.warning("%s is damaged (%s); kept as %s, a fresh world begins", path, error, aside.name)
        return World()
    return world


def save(path: Path, world: World) -> None:
    """Replace the file at one instant. Raises OSError."""
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(world))
    os.replace(new, path)
