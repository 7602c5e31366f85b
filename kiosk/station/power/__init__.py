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
- Watts that nobody asks for are handed out as headroom, so that a car whose request rises need not wait for us;
  never less than the outlet's minimum, which would be of no use.
- Equal parts (FAIR) begin at the minimums: first come first, a session is let in if its minimum can be had beside
  those before it, and then all get the same but nobody less than its minimum. Dealing out equal parts first and
  dropping who then has too little would leave watts idle that would have been enough.
- Hysteresis where something is switched: a further stack is taken for 5 % more than the present ones give; who
  starves needs 500 W above the minimum to come back; heat that stopped us must fall by 5 K.
- A higher limit of the station never gives less in all, nor to who came first. It can take from one who came
  later, but only when one before it, who had nothing, reaches its minimum; where the same sessions charge, nobody
  has less. More cannot be had without leaving power idle. A higher limit of one connector never gives less there;
  the sum may fall, because the first then keeps a second stack that another one used (decision 10, FCFS).
- The least on AC is 6 A on each phase that the car uses, as seen at the meter, and before it draws on each phase
  there is: the station cannot know better, and less is nothing that a car can be told.
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
