"""A whole station with cars, cards and faults, on an injected clock.

Chosen by ``hardware.kind = "simulator"``. Its control door (``control.SimulatorControl``) is reached by ``sim.*``
at the operator door and exists only here.
"""
