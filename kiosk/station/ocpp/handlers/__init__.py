"""Handlers of what a backend may ask, one module per subject; ``actions`` has the table of them.

A handler gets the payload as validated by OCPP's schema and returns the answer's payload, or an ``Answer`` with
what is to happen once it has left. It raises OCPPError for a CALLERROR. It must never call the backend back and
never decide: it translates between OCPP's words and the one door.
"""
