"""Judges what a station says, frame by frame, against OCPP 1.6 as a backend reads it.

``Judge`` hears every frame of one station and its connections, and keeps the breaches it saw. ``line`` has the
rules of OCPP-J's framing, ``schemas`` the JSON schemas, ``content`` what a single message may hold beyond its
schema, ``registration`` what may be said before BootNotification was accepted, ``story`` the rules between
messages: statuses, transactions, registers. Everything is pure: frames in, breaches out.

It must never use the station's code or its tables: a mistake made on both sides would not show.

Decisions
- The schemas are read as files and checked with ``jsonschema`` directly, not through the library that the station
  uses.
- A rule has a name. Whoever provokes a breach on purpose names it (``Judge.allow``); there is no switch for all.
- Where the specification leaves room, the judge leaves room. A rule here is a sentence of the specification or of
  its errata, named at the rule.
"""

from kiosk.backend.judge.judge import Judge
from kiosk.backend.judge.words import RULES, Breach

__all__ = ["RULES", "Breach", "Judge"]
