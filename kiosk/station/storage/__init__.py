"""SQLite on its own thread: the only room with sqlite3.

``database`` owns the file and the thread; ``journal``, ``settings_store``, ``tags``, ``events`` are what the
core asks in its own words. It must never decide, never format OCPP, never block the event loop.

Decisions
- WAL with ``synchronous=FULL``: a committed fact survives a power cut (design rule 8).
- One writer thread, one queue: order in the journal is the order of the calls.
- No ORM: eight tables, numbered SQL migrations, each tested from the version before.
"""
