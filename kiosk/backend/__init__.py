"""The embedded central system: an OCPP 1.6-J backend for demonstrations and tests.

``central`` accepts any station and keeps what it is told, ``station`` answers one station on the ``ocpp`` library,
``recording`` keeps every frame and can misbehave on purpose, ``judge`` hears every frame and names the rule it
breaks (``strict`` prints that while a backend runs), ``control`` is the door by which a test or a person
asks it to act. It must never share a decision with the station core: it is the other side of the wire, so a
mistake on one side shows.

Decisions
- Messages are validated with the library's schemas on both ways; a station that sends nonsense gets a CALLERROR.
- A repeated StartTransaction (same connector, idTag, time, register) gets the number it got before, because
  OCPP 1.6 has no other way to tell a repeat from a second session.
- Control is a path on the same loopback port, found through ``backend.json`` in the data folder: one thing to
  start, one thing to stop. ``/ocpp/<identity>`` is for stations, so no station can be called "control".
- Chaos sits between the library and the socket: what stations suffer from is the wire, not our handlers.
"""
