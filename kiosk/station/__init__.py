"""The station core: one asyncio service that owns all state.

Faces never decide: all wishes go through ``commands``, all facts come from ``state``.
"""
