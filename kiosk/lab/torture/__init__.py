"""Kills a real station core at bad moments, hundreds of times, and audits the books afterwards.

``run`` is the whole of it: a recording backend in this process, a core in another (``core``), cars and cards
(``drivers``), a backend that asks for things (``asking``), a wire that fails (``weather``), and the killings
(``killing``), whose moments are chosen at random or aimed at the most dangerous frames. ``evidence`` is what was
seen from outside, ``audit`` (pure) judges it, ``damage`` spoils the files of a dead core as a power cut may.

Decisions
- Everything is watched from outside: frames at the backend, the data folder of a core that is dead, the
  operator's door. Nothing in the core knows that it is tortured.
- A repeat is allowed only where no answer had been committed. What was committed at a kill is read from a copy of
  the dead core's journal, so the allowance is exact and not a guess.
- Energy is judged by the simulator's own registers: what a connector counted is what its transactions add up to,
  each beginning where the one before ended.
"""
