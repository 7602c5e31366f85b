"""SQLite on its own thread: the only room with sqlite3.

``database`` owns the file, ``worker`` is the thread; ``journal`` (``owed`` its half towards the backend),
``stores``, ``tags``, ``reservations``, ``profiles``, ``security`` are what the core asks, in its own words;
``records`` are the structs that go in and out. ``salvage`` and ``rescue`` read damaged files, ``reading`` those
of a dead core. It must never decide, never format OCPP, never block the event loop.

Decisions
- WAL with ``synchronous=FULL``: a committed fact survives a power cut (design rule 8).
- One thread, one queue: order in the journal is the order of the calls.
- No ORM: eleven tables, numbered SQL migrations, each tested from the version before.
- A fact's ``owed`` mark is the outbox: there is no second queue that could disagree with the journal. Its counts
  follow each commit in memory: counting 100,000 rows for each message would make the drain quadratic.
- Samples of ended sessions go once the backend has them (``storage.keep_samples_days``), their begin and end facts
  with them; a session's own row stays for good, about 300 bytes. So the size is bounded by what is charged in a
  month, not by how long the station stands.
- The thread is our own and not an executor's: what that costs is as much as a commit on a good disk.
- An open reads only small tables for damage, because a full check of a year of history takes longer than a start
  may take; damage seen later leaves a mark beside the file, and the next open then reads it whole.
- Of a damaged file the settings and tag lists are saved, because a station without its backend's address waits
  for a technician, and whole sessions that run or are owed; what the backend has stays in the file set aside.
- idTags stand in ``transactions`` and in the begin and end facts; ``forget`` removes them in all three.
"""

from kiosk.station.storage.database import Database
from kiosk.station.storage.housekeeping import Housekeeping
from kiosk.station.storage.journal import Journal
from kiosk.station.storage.reservations import ReservationStore
from kiosk.station.storage.security import SecurityStore
from kiosk.station.storage.stores import AvailabilityStore, EventLog, MetaStore, SettingsStore
from kiosk.station.storage.tags import TagStore

__all__ = [
    "AvailabilityStore",
    "Database",
    "EventLog",
    "Housekeeping",
    "Journal",
    "MetaStore",
    "ReservationStore",
    "SecurityStore",
    "SettingsStore",
    "TagStore",
]
