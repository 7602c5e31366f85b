"""The machine around us: reset, and later network, modem, clock, firmware slots, logs.

Behind ``ports`` stands ``simulated``, the default; an implementation for the Debian package, which alone may touch
the machine, comes with it. This room must never reboot, rewire or re-clock a developer's machine.
"""
