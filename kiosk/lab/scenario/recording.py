"""What was seen while a scenario was played: the station at even intervals, and marks for what happened to it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec

from kiosk.model.enums import LimitReason
from kiosk.model.errors import BadFile


class Point(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One connector at one moment; watts at the plug. Unknown is None."""

    id: int
    status: str  # ChargePointStatus
    power_w: int  # measured; 0 with nothing plugged in
    limit_w: int | None = None  # the setpoint; None without a session
    reason: LimitReason | None = None  # what binds the setpoint
    requested_w: int | None = None  # what the car would take
    soc_percent: int | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The station ``at_s`` seconds after the beginning; watts at the grid.

    ``grid_reason`` names whose limit ``grid_limit_w`` is: the lowest one of the whole station.
    """

    at_s: float
    connectors: tuple[Point, ...]
    grid_w: int  # measured draws, losses and own use
    grid_limit_w: int | None = None
    grid_reason: LimitReason | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something happened: a car came, a fault was raised, the backend was gone."""

    at_s: float
    text: str


class Recording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A played scenario. ``types``: connector types, of connector 1 on. ``starts_at`` bears the site's offset."""

    name: str
    seed: int
    starts_at: datetime
    step_s: float  # between two moments
    types: tuple[str, ...]
    moments: tuple[Moment, ...]
    marks: tuple[Mark, ...] = ()


def encode(recording: Recording) -> bytes:
    """JSON, one moment a line; the same recording always gives the same bytes."""
    head = msgspec.structs.replace(recording, moments=(), marks=())
    text = msgspec.json.encode(head)
    lines = b",\n".join(msgspec.json.encode(moment) for moment in recording.moments)
    marks = b",\n".join(msgspec.json.encode(mark) for mark in recording.marks)
    return (
        text.replace(b'"moments":[],"marks":[]', b'"moments":[\n%b\n],"marks":[\n%b\n]' % (lines, marks)) + b"\n"
    )


def decode(raw: bytes) -> Recording:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(raw, type=Recording)


def write(recording: Recording, path: Path) -> None:
    """Whole or not at all. Raises BadFile."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(encode(recording))
        os.replace(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BadFile(path, f"cannot be written ({error.strerror or error})", "choose another place") from error


def read(path: Path) -> Recording:
    """Raises BadFile."""
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise BadFile(path, f"cannot be read ({error.strerror or error})", "name a recording") from error
    except msgspec.DecodeError as error:
        raise BadFile(
            path, f"is no recording: {error}", "make one with `kiosk sim scenario ... --record`"
        ) from error
