"""The reference page of the Modbus registers, rendered from ``guide.md`` and the table.

``python -m kiosk.station.modbus.docs`` writes ``assets/docs/modbus.md``; a test fails when it is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.model import paths
from kiosk.station.modbus.access import MOST_READ, MOST_WRITTEN, Fault
from kiosk.station.modbus.registers import BLOCK, Access, Block, Register, of
from kiosk.station.modbus.server import FRAME_S, IDLE_S, MOST_CLIENTS, REQUESTS_PER_S, UNITS, WRITE_COSTS
from kiosk.station.modbus.values import STATES, VERSION

PAGE: Final = "modbus.md"

_LEGEND: Final = """\
*Unit* is that of the raw number. *Layout*: which versions of the vendor's software have it so, as far as it is
known that others differ. *Sure*: how well the vendor's meaning is known: high = from frames of a real station or
two independent sources, medium = from one, ours = the place is known, what exactly it counts is our choice.
"""


def page() -> str:
    """The whole page, Markdown."""
    guide = (Path(__file__).parent / "guide.md").read_text(encoding="utf-8")
    intro = guide.format(
        version=".".join(map(str, VERSION[:2])),
        units=", ".join(map(str, sorted(UNITS)[:-1])) + f" and {max(UNITS)} are the station",
        function=Fault.FUNCTION.value,
        address=Fault.ADDRESS.value,
        value=Fault.VALUE.value,
        target=Fault.TARGET.value,
        block=BLOCK,
        most_read=MOST_READ,
        most_written=MOST_WRITTEN,
        clients=MOST_CLIENTS,
        idle=IDLE_S,
        frame=FRAME_S,
        pace=REQUESTS_PER_S,
        write=WRITE_COSTS,
    )
    parts = [intro, "## Registers\n", _LEGEND]
    for block in Block:
        for access in Access:
            functions = "function 4" if access is Access.INPUT else "functions 3 and 16"
            parts.append(f"### {_TITLES[block]}, {access} registers ({functions})\n")
            parts += [*_table(of(block, access)), ""]
    parts += ["## States\n", "| value | state |", "|---|---|"]
    parts += [f"| {value} | {text} |" for value, text in STATES.items()]
    parts.append(
        "\nWith the plug in and the session not yet begun the state is 2, whether or not somebody is authorized: "
        "a car is there. The station is 0, 8 (out of service, being updated, no connector usable, or no power "
        "released) or 10 (every connector faulted, or an emergency stop)."
    )
    return "\n".join(parts).rstrip() + "\n"


_TITLES: Final = {Block.STATION: "Station", Block.CONNECTOR: f"Connector n, address n * {BLOCK} + offset"}


def _table(rows: tuple[Register, ...]) -> Iterator[str]:
    place = "address" if rows[0].block is Block.STATION else "offset"
    yield f"| {place} | type | unit | register | source | layout | sure |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        last = row.end - 1
        place = str(row.offset) if last == row.offset else f"{row.offset}-{last}"
        size = f" ({row.words * 2} bytes)" if row.kind in ("text", "bytes") else ""
        cells = (
            place,
            row.kind + size,
            row.unit,
            f"**{row.name}**: {row.meaning}",
            row.source,
            row.layout,
            row.sure,
        )
        yield "| " + " | ".join(cells) + " |"


def write(folder: Path) -> None:
    """Write the page into ``folder``."""
    (folder / PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(paths.assets() / "docs")
