"""The machine around us: reset, and later network, modem, clock, firmware slots, logs.

Two implementations stand behind ``ports``: ``simulated`` (the default) and, set only by the Debian package, the real
one. This room must never reboot, rewire or re-clock a developer's machine.
"""
