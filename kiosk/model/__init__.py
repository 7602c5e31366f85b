"""The vocabulary that every room speaks: values, enums, errors, the fault table, paths, the clock.

Level 0, open to all. It must never do I/O beyond reading its own data files, never know a socket,
a screen or a database, and never import another room (standard library and msgspec only).

Decisions
- Words that OCPP defines keep OCPP's spelling, because they are what a technician reads on both ends.
- Unknown is ``None``, never 0: a zero on the screen is a measured zero.
- Snapshot structs (``snapshot``) are the one picture of the station that all faces share, so they live here
  and not in ``link``: the core builds them, the link only carries them.
"""
