"""A scenario that was played: what was seen, and what came of it."""

from __future__ import annotations

import msgspec

from kiosk.lab.scenario.recording import Recording
from kiosk.lab.scenario.summary import Summary


class Played(msgspec.Struct, frozen=True, kw_only=True):
    recording: Recording
    summary: Summary
