"""Kiosk application and station software of a DC fast-charging station.

The rooms and who may import whom stand in ``tests/house/test_imports.py``; every room's
``__init__`` is its charter.
"""

__version__ = "0.1.0"
