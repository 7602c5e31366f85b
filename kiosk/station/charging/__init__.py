"""Sessions: what a connector is doing, who may charge, what the driver is asked, what is owed to the backend.

``connector``, ``authorization``, ``dialogue`` are pure (facts and ``now`` in, decisions out, no asyncio);
``sessions`` is the shell that journals first and then acts. This room must never format an OCPP message,
never draw, and never open a socket: what it needs of a backend stands in ``ports``.
"""
