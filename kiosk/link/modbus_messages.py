"""Results of the methods ``modbus.*``."""

from __future__ import annotations

from kiosk.link.params import Params


class RegisterRow(Params, frozen=True, kw_only=True):
    """One value of the Modbus register map, as a controller would read it now."""

    connector_id: int  # 0: the station
    access: str  # input (function 4), holding (functions 3 and 16)
    address: int  # of its first word
    words: tuple[int, ...]
    type: str
    name: str
    value: int | str  # the raw number, the text, or bytes as hex digits
    shown: str  # for people, with its unit
    meaning: str


class RegisterList(Params, frozen=True, kw_only=True):
    registers: tuple[RegisterRow, ...]
