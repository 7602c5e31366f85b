"""``kiosk sim watch``: station and simulated world side by side, as they are at this moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kiosk.cli import common
from kiosk.cli.rings import ring
from kiosk.cli.status import obstacle, present_session, quantity
from kiosk.model.errors import LinkClosed, UserFacing

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from kiosk.link.messages import SimState
    from kiosk.model.snapshot import Connector, Snapshot

EVERY_S: Final = 0.1
"""Often enough that a flash, which is lit for a quarter of a second, is seen."""

PLAIN_EVERY_S: Final = 1.0
QUIT_KEYS: Final = (b"q", b"Q", b"\x03", b"\x04")


def watch(folder: Path, console: Console) -> None:
    """Show it until q or Ctrl-C. Raises CoreNotRunning, NotPermitted (real hardware)."""
    from kiosk.link.messages import SimState

    common.ask(folder, "sim.state", None, SimState)  # who cannot be watched says so before anything is drawn
    moving = console.is_terminal and not console.is_dumb_terminal
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_moving(folder, console) if moving else _plain(folder, console))


def picture(snapshot: Snapshot | None, world: SimState | None, *, ascii_only: bool = False) -> RenderableType:
    """Both as one table; either may be unknown: the core is lost."""
    from rich.console import Group
    from rich.text import Text

    if snapshot is None or world is None:
        return Text("the station core is lost; waiting for it")
    figures = ("SoC", "Power", "Limit")
    table = common.table(
        "", "Type", "Status", "Car", *figures, "Why", "Ring", "Faults", right=figures, words=("Status", "Faults")
    )
    for connector, there in zip(snapshot.connectors, world.connectors, strict=True):
        table.add_row(*cells(connector, there))
    foot = [f"screen: {snapshot.dialogue.page.value.replace('_', ' ')}", *_troubles(snapshot, world)]
    lines = Group(table, Text(""), Text(", ".join(foot)), Text("q ends", style="dim"))
    return _in_ascii(lines) if ascii_only else lines


def cells(connector: Connector, there: dict[str, Any]) -> tuple[RenderableType, ...]:
    """One connector as the station has it, and ``there`` as it is in the simulated world."""
    unseen = [f"({code} waits)" for code in there["armed"]]
    if there["meter"] != "ok":
        unseen.append(f"(meter {there['meter']})")
    return (
        str(connector.id),
        connector.type,
        connector.status,
        there["car"] or "-",
        quantity(there["soc_percent"], "%", 1, 0),
        quantity(connector.power_w, "kW", 1000, 1),
        quantity(connector.limit_w, "kW", 1000, 1),
        connector.limit_reason or obstacle(connector) or "-",
        ring(there["led_rgb"], there["led_percent"], there["led_flashes"], there["led_seen"]),
        ", ".join([*map(str, connector.faults), *unseen]) or "-",
    )


def line(connector: Connector, there: dict[str, Any]) -> tuple[str, tuple[object, ...]]:
    """One connector in a line of words, and what of it must change for the line to be told anew."""
    session = present_session(connector)
    light = ring(there["led_rgb"], there["led_percent"]).plain
    faults = ", ".join(map(str, connector.faults)) or "no fault"
    why = connector.limit_reason or obstacle(connector)
    power = quantity(connector.power_w, "kW", 1000, 1)
    if connector.limit_w is not None:
        power += f" of {quantity(connector.limit_w, 'kW', 1000, 1)}"
    parts = [
        f"{connector.id} {connector.type} {connector.status}",
        f"car {there['car'] or '-'}",
        power + (f" ({why})" if why else ""),
        *([quantity(session.energy_wh, "kWh", 1000, 2)] if session is not None else []),
        f"ring {light[2:]}",
        faults,
    ]
    text = ", ".join(parts)
    return text, (connector.status, there["car"], why, light, faults)


def _troubles(snapshot: Snapshot, world: SimState) -> Iterator[str]:
    backend = snapshot.backend
    if backend.configured and not backend.online:
        yield "backend not connected"
    if world.door_open:
        yield "service door open"
    if snapshot.station.faults:
        yield "station: " + ", ".join(map(str, snapshot.station.faults))


def _in_ascii(lines: RenderableType) -> RenderableType:
    from rich.console import Console

    console = Console(width=120, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(lines)
    return captured.get().translate({ord("●"): "*", ord("○"): "o", ord("–"): "-"})


class _Eyes:
    """Sees both until cancelled."""

    def __init__(self, folder: Path) -> None:
        from kiosk.link.client import LinkClient

        self._client = LinkClient(folder, "cli")
        self.world: SimState | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        return self._client.snapshot if self._client.connected else None

    async def run(self) -> None:
        await self._client.run()

    async def look(self) -> None:
        """Take the simulated world as it is; None while the core is away."""
        from kiosk.link.messages import SimState

        try:
            answer = await self._client.call("sim.state", timeout_s=2.0)
        except (LinkClosed, UserFacing):
            self.world = None
        else:
            assert isinstance(answer, SimState)
            self.world = answer


async def _moving(folder: Path, console: Console) -> None:
    from rich.live import Live

    ended = asyncio.Event()
    eyes = _Eyes(folder)
    seeing = asyncio.create_task(eyes.run())
    ascii_only = not (console.encoding or "").lower().startswith("utf")
    try:
        with _keys(ended), Live(console=console, auto_refresh=False, screen=True) as live:
            while not ended.is_set():
                await eyes.look()
                live.update(picture(eyes.snapshot, eyes.world, ascii_only=ascii_only), refresh=True)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), EVERY_S)
    finally:
        seeing.cancel()


async def _plain(folder: Path, console: Console) -> None:
    """A line per connector, and again whenever it changes: for pipes and terminals that cannot move the cursor."""
    from datetime import datetime

    eyes = _Eyes(folder)
    seeing = asyncio.create_task(eyes.run())
    told: dict[int, tuple[object, ...]] = {}
    try:
        while True:
            await eyes.look()
            if eyes.snapshot is not None and eyes.world is not None:
                for connector, there in zip(eyes.snapshot.connectors, eyes.world.connectors, strict=True):
                    text, gist = line(connector, there)
                    if told.get(connector.id) != gist:
                        told[connector.id] = gist
                        _write(f"{datetime.now().astimezone():%H:%M:%S} {text}", console)
            await asyncio.sleep(PLAIN_EVERY_S if told else EVERY_S)
    finally:
        seeing.cancel()


def _write(text: str, console: Console) -> None:
    encoding = console.encoding or "ascii"
    text = text.replace("–", "-").encode(encoding, "replace").decode(encoding)
    try:
        common.say(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(0)  # whoever reads has enough


@contextlib.contextmanager
def _keys(ended: asyncio.Event) -> Iterator[None]:
    """Single keys, without Enter and unseen, while the picture moves."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(stdin)

    def pressed() -> None:
        if os.read(stdin, 1) in (b"", *QUIT_KEYS):
            ended.set()

    tty.setcbreak(stdin)
    loop.add_reader(stdin, pressed)
    try:
        yield
    finally:
        loop.remove_reader(stdin)
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
