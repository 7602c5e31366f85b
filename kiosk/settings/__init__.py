"""Configuration keys and the installation file: two tables, and the values in force.

``table`` is the list of keys (data in ``keys.toml``), ``valuetypes`` the three representations of a value,
``rules`` what holds between keys and what the hardware clamps, ``values`` the ``Settings`` of one station,
``installation`` the TOML file of what was built, ``docs`` the reference pages. Level 1, on ``model`` alone. This
room must never know a socket, a database, OCPP messages or an event loop; it reads its own data file and the
installation file, nothing else.

Decisions
- Keys are data, not code: validation, web forms, OCPP answers, help and documentation read the same row.
- What is typed is forgiven (spaces, capitals, the manual's spellings), what is stored is canonical: checking a
  stored text again gives that text, so a backend reads back what compares equal.
- A value beyond the hardware is accepted and clamped where it is used, and the clamp is visible: a fleet-wide
  setting must not fail at the smaller station.
- ``check`` is pure and ``apply`` comes after the store has committed: a power cut between them loses nothing.
- Rules between keys refuse the change that breaks them, but never a lower grid limit: that one clamps the others.
- The installation file is checked field by field and not by one decoder call, so that all misfits show at once.
"""

from kiosk.settings import table
from kiosk.settings.installation import ConnectorInstallation, Installation
from kiosk.settings.rules import Certificates
from kiosk.settings.values import Change, KeyView, Settings, StoredKey

__all__ = [
    "Certificates",
    "Change",
    "ConnectorInstallation",
    "Installation",
    "KeyView",
    "Settings",
    "StoredKey",
    "table",
]
