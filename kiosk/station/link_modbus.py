"""The Modbus registers on the local link: what a controller would read, for people and other faces.

The table is read when somebody asks: a start does not pay for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from kiosk.link.modbus_messages import RegisterList, RegisterRow
from kiosk.link.params import Nothing, Params
from kiosk.model.clock import Clock
from kiosk.settings import Installation
from kiosk.station.state import State

if TYPE_CHECKING:
    from kiosk.station.modbus.registers import Register
    from kiosk.station.modbus.values import Scene


def handlers(
    state: State, installation: Installation, clock: Clock
) -> dict[str, Callable[[Any], Awaitable[Params]]]:
    """Method name → handler, for the rows ``modbus.*``."""

    async def registers(_: Nothing) -> RegisterList:
        from kiosk.station.modbus.values import Scene

        scene = Scene(
            snapshot=state.snapshot,
            now=clock.now(),
            now_s=clock.monotonic(),
            serial=installation.station.serial,
        )
        return RegisterList(registers=tuple(rows(scene)))

    return {"modbus.registers": registers}


def rows(scene: Scene) -> Iterator[RegisterRow]:
    """All registers of the station and of each connector, by function and address."""
    from kiosk.station.modbus.registers import Access, Block, of

    for access in Access:
        for n in range(len(scene.snapshot.connectors) + 1):
            for register in of(Block.CONNECTOR if n else Block.STATION, access):
                yield _row(register, scene, n)


def _row(register: Register, scene: Scene, n: int) -> RegisterRow:
    from kiosk.station.modbus.registers import decode

    words = register.encoded(scene, n)
    value = decode(register.kind, words)
    return RegisterRow(
        connector_id=n,
        access=register.access.value,
        address=register.address(n),
        words=words,
        type=register.kind.value,
        name=register.name,
        value=value.hex() if isinstance(value, bytes) else value,
        shown=register.shown(value),
        meaning=register.meaning,
    )
