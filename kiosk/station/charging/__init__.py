"""Sessions: what a connector is doing, who may charge, what the driver is asked, what is owed to the backend.

``connector``, ``authorization``, ``reserving``, ``dialogue`` and ``plausibility`` (of a register) are pure (facts
and ``now`` in, decisions out, no asyncio). ``sessions`` is the shell: wishes come in through it, ``reactions`` has
what follows from the hardware's events, and ``acts`` is what both do under a connector's lock, journal first.
``authorizer`` and ``reservations`` put the rules to the stores and the backend; ``transactions`` writes the
facts, with what ``metering`` (pure) says is measured; ``supply`` and ``profiles`` bring the limits of ``power``,
``rings`` the light, ``host`` the dialogue to the screen. This room must never format an OCPP message, never draw,
and never open a socket: what it needs of a backend stands in ``ports``.

``alarms`` takes the levels that the hardware tells, ``levels`` (pure) says which of them count.

Decisions
- A reservation is asked about before the tag is: a stranger costs the backend no question.
- It ends with the committed begin of its transaction, not with the card; the begin names it, so a core that dies
  in between knows at its start that it was used.
- A reservation of any connector holds none by name; while no more are free than such reservations need, those
  count as reserved. Power is not held back for it: with both stacks in use its holder waits like anybody.
- A refused tag is a register value (``energy_until_wh``), not a state: the allowance of MaxEnergyOnInvalidId, a
  restart and a key that changes later need no rules of their own.
- A register is an input like any other: what goes beyond power and time is not billed, and a meter that keeps
  telling it has failed (fault 22), as if the hardware had said so.
- Whether a plug is in decides whether a late answer still counts: the car that was there may charge, a driver who
  only showed a card and went may not.
- A fault does what the table says of its code. The core obeys although the hardware has opened the contactor
  already. After an emergency stop no plug that was in starts anything by itself.
"""
