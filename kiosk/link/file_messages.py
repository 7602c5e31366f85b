"""Params and results of the methods ``firmware.*`` and ``diagnostics.*``."""

from __future__ import annotations

from datetime import datetime

from kiosk.link.params import Params


class FirmwareFile(Params, frozen=True, kw_only=True):
    """Absolute path of a firmware image that the core can read."""

    path: str


class FirmwareTaken(Params, frozen=True, kw_only=True):
    """The image is installed as soon as nobody charges."""

    version: str


class FirmwareState(Params, frozen=True, kw_only=True):
    """The update that goes on, or the last one since the start."""

    running: str  # empty: the firmware the station was delivered with
    status: str  # as FirmwareStatusNotification says it; Idle: nothing goes on
    stage: str  # scheduled, downloading, paused, verifying, waiting, installing, rebooting, over; empty: none
    version: str  # of the update, empty while unknown
    request_id: int | None
    retrieve_at: datetime | None
    install_at: datetime | None
    downloaded_bytes: int | None = None  # while it is being downloaded
    size_bytes: int | None = None  # where the server tells it
    problem: str = ""  # why it failed, or why another try comes


class Archive(Params, frozen=True, kw_only=True):
    """A zip in the core's data folder; whoever asked for it takes it away."""

    path: str
