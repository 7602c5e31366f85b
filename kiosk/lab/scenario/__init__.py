"""Scenarios: cars, cards, faults, limits and outages over hours and days, played by ``kiosk sim scenario``.

``kinds`` and ``file`` are what a scenario file holds, ``timetable`` turns it into moments, ``traffic`` invents
drivers, ``visit`` is what one driver does, ``virtual`` plays it all in this process on virtual time under the
judge, ``live`` plays it on a station that runs, ``recording`` is what was seen, ``summary`` what came of it.
This room must never share a decision with the core: what a driver does follows from what a driver sees.

Decisions
- One seed, many streams: each source of chance draws from a ``random.Random`` of its own, named after its purpose,
  so that a further source, or one more draw in another, moves nothing else.
- What a driver is like is drawn before the play, what becomes of him follows from the station. So a slower station
  changes what happens, never who comes.
"""
