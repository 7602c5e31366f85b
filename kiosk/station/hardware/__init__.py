"""Hardware as small Protocols with duties, and the simulator as an ordinary, complete implementation.

The core talks to ``ports`` only; the installation file chooses who stands behind them. This room must never
know OCPP, sessions, people or screens: a connector knows plugs, phases, volts and faults.

Decisions
- Events come by callback on the core's event loop, in order, never from another thread.
- Faults are levels (raised, cleared, by vendor code), not exceptions (design rule 5).
- What a controller would lose in a power cut, the implementation must survive: meters are durable.
"""
