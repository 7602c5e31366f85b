"""``kiosk run``: starts the programs of a station, restarts what dies, stops them in order.

``plan`` decides (pure: options in, command lines and verdicts out), ``child`` is one process, ``supervisor`` keeps
them alive, ``output`` passes their lines on, ``run`` puts it together and tells the person. It must never know
what the programs do: it sees their exit codes, ``run.json`` and ``backend.json``. In the field systemd does this.

Decisions
- Standard library only, so that it starts at once and outlives a broken installation of anything else.
- No threads: a child's parent-death signal is set between fork and exec, which is only safe without them; exits
  come through a pidfd, output through pipes, both on one event loop.
- Each program gets its own session, so Ctrl-C reaches the launcher alone and the stop order holds.
- A run has a name of its own (``KIOSK_LAUNCH``), by which a restarted core knows that it has stored the options
  already: a restart must not undo what an operator changed since.
"""
