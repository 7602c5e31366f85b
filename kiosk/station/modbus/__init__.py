"""Modbus TCP for an external load-management controller: it reads the station and limits its power.

A face like the others: it translates registers from and to ``state`` and ``commands.load_management``. It must
never decide what a limit means, never keep a value of its own, and never hold up the core, whatever a client does.

``registers`` (the one table: address, type, scale, access, meaning, source), ``access`` (pure: what a request
yields, or the exception it meets), ``frames`` (pure: bytes and requests), ``server`` (the socket shell),
``docs`` (``assets/docs/modbus.md`` from the table).

Decisions
- The map is the vendor's for software 2.4 (decision 11): what controllers in the field know. The version registers
  say so; they tell the layout, not our software.
- Unknown is 0, because a register has no null. So is what is older than 5 s. What does not fit saturates.
- A block may be read from any of its registers to any other, also across the gap of the station's block, which
  reads 0: controllers fetch blocks. Beyond the last register of a block, and for connectors that are not fitted,
  it is exception 2.
- A write is checked as a whole before any of it counts. A power above what the station has is taken, and clamped:
  the register reads back what holds. Reactive power is taken and read back, and has no effect.
- Limits of the station are watts at the grid, of a connector watts at its plug; a limit of 0 W, or below what a
  connector needs to charge, releases nothing. More holds as it is written: 1547 W, with which a well-known
  controller pauses, is a trickle that keeps a DC session Charging.
- Frames and messages are pymodbus's, its server is not: it throws away what a client sends before the answer to
  its request, answers function codes nobody offers, and knows neither a limit of clients nor a pace.
- Unit ids 0, 1 and 255 are this station; any other is exception 11, so that a wrong setting shows at once.
- The key ModbusLoadManagementEnabled counts from the next soft reset on, as its row says; so does this server.
"""
