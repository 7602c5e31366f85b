"""Who may draw how much: one setpoint per connector from stacks, strategies and limits, each with its reason.

Pure arithmetic on frozen structs: requests, stacks, limits, strategy and the previous allocation in, the next
one out. This room must never measure, wait, switch or remember; the shell that calls it does. An unknown draw
counts as the whole setpoint, an unknown request as all the connector can give.

``model`` (what goes in and out), ``stacks`` (which stack feeds whom), ``sharing`` (watts under one budget),
``allocation`` (``allocate``: targets first, then what may be raised now), ``inputs`` (from installation and keys),
``load_management`` and ``derating`` (two of the limits). Charging profiles: ``profile_model`` (as sent, and as
reckoned with), ``profile_rules`` (which are refused), ``timeline`` (who prevails when), ``profiles`` (the limit of
the moment, composite schedules).

Decisions
- Two stages. Targets depend only on requests and limits; what may be raised towards them depends on what others
  still draw. So a lowered limit holds at once, a raise waits, and nothing swings back and forth.
- Watts that nobody asks for are handed out as headroom, so that a car whose request rises need not wait for us.
- Limits of the whole station are watts at the grid (DC / 0.97 + AC + 100 W own use), limits of a connector are
  watts at its plug.
- A profile's limit of the moment is asked for anew every control step, not by a timer set for its next edge: then
  a clock that is corrected, a profile that is replaced or a session that begins need no care.
- Schedules are reckoned in whole milliseconds and tenths of watts or amperes, so that equal is equal and a sum has
  no crumbs.
"""

from kiosk.station.power.allocation import allocate
from kiosk.station.power.inputs import outlets_of, stacks_of
from kiosk.station.power.model import Allocation, Limits, Outlet, Request, Share, Stacks, Strategy

__all__ = [
    "Allocation",
    "Limits",
    "Outlet",
    "Request",
    "Share",
    "Stacks",
    "Strategy",
    "allocate",
    "outlets_of",
    "stacks_of",
]
