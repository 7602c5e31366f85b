"""A whole station with cars, cards and faults, on an injected clock.

Chosen by ``hardware.kind = "simulator"``. Its control door (``control.SimulatorControl``) is reached by ``sim.*``
at the operator door and exists only here.

``cars`` (a data file), ``physics``, ``phases``, ``leash`` are pure; ``connector`` puts them together on the clock,
``registers`` (and how their meters lie, when told to) and ``world`` are what survives a kill. This room must never
know who asks: no OCPP, no sessions.

Decisions
- Events are queued and told from the event loop, never inside the call that caused them: the core is not
  re-entered while it acts.
- Every call first lets the time pass since the last one. So a slow loop, a frozen process or a speed of 600
  change nothing in the figures; a frozen core finds its contactor opened by the watchdog, as on a real station.
- The speed factor applies to phases and charging only. The watchdog and the rule that a draw is within a lowered
  limit after 1 s stay in real time, because they watch over the core, not over the car.
- Registers are written before they can be read. No fsync: a kill of the program loses nothing, and the meter
  that this stands for has its own memory.
"""

from kiosk.station.hardware.simulator.control import SimulatorControl
from kiosk.station.hardware.simulator.simulator import Simulator, build

__all__ = ["Simulator", "SimulatorControl", "build"]
