"""The station core: one asyncio service that owns all state.

Faces never decide: all wishes go through ``commands``, all facts come from ``state``. ``service`` builds the
core and keeps it running; what stands beside the rooms here is too small for one: ``security`` (the security
log), ``timekeeper``, ``ending`` (all sessions at once), ``gui`` (keys for the screen), ``file_wiring``, and
``link_*``, the socket of the local link with its methods as calls of ``commands``.
"""
