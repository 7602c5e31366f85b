"""What a scenario is played on: a station with its surroundings, virtual or running."""

from __future__ import annotations

from typing import Any, Protocol

from kiosk.lab.scenario.kinds import Line
from kiosk.link.messages import Params
from kiosk.model.enums import LimitReason
from kiosk.model.snapshot import Snapshot


class World(Protocol):
    """Seconds are those of the scenario, from its start. Every deed raises KioskError when it cannot be done."""

    @property
    def now_s(self) -> float: ...

    async def until(self, at_s: float) -> None:
        """Wait for that moment."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    @property
    def snapshot(self) -> Snapshot | None:
        """The station's picture; None while its core is down."""
        ...

    async def ask(self, method: str, params: Params) -> Params:
        """A row of the local link's contract, at the operator's door."""
        ...

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The backend asks the station; payload and answer as on the wire."""
        ...

    async def line(self, line: Line, actions: tuple[str, ...]) -> None:
        """The line to the backend fails, or works again."""
        ...

    async def controller(self, station_w: int | None, connectors_w: dict[int, int]) -> None:
        """The load-management controller writes, once."""
        ...

    async def mains(self, on: bool) -> None: ...

    async def clock(self, off_s: float) -> None:
        """The station's clock jumps by so much."""
        ...

    def requested_w(self, connector_id: int) -> int | None:
        """What the car would take; None where nobody can tell."""
        ...

    @property
    def grid_limit(self) -> tuple[LimitReason, int] | None:
        """The lowest limit of the whole station, W at the grid; None where nobody can tell."""
        ...
