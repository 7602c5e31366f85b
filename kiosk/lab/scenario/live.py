"""Plays a scenario on a station that runs, by the operator's door, its backend's door and Modbus.

What cannot be done from outside is told before the start. The backend's side of it needs the embedded backend of
the same data folder: nobody else lets himself be told to fall silent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient

from kiosk.backend import control
from kiosk.lab.scenario import checks, kinds, summary, times, timetable
from kiosk.lab.scenario.kinds import Line, Scenario
from kiosk.lab.scenario.observer import Observer
from kiosk.lab.scenario.play import Play
from kiosk.lab.scenario.played import Played
from kiosk.lab.scenario.timetable import Timetable
from kiosk.link import messages as m
from kiosk.link.client import LinkClient, fetch_snapshot
from kiosk.link.messages import Params
from kiosk.model.enums import LimitReason
from kiosk.model.errors import NotPossible
from kiosk.model.snapshot import Snapshot
from kiosk.settings.installation import key_text
from kiosk.station.modbus import registers

CONNECT_S: Final = 10.0
POWER: Final = "power limit"
"""Name of the register that a controller writes."""


class Running:
    """Implements ``World``. ``speed``: seconds of the scenario in one of ours."""

    def __init__(self, data_dir: Path, speed: float) -> None:
        self.speed = speed
        self._data_dir = data_dir
        self._client = LinkClient(data_dir, "cli")
        self._loop = asyncio.get_running_loop()
        self._origin_s = self._loop.time()
        self._modbus: AsyncModbusTcpClient | None = None
        self._cut = False

    async def connect(self) -> asyncio.Task[Any]:
        """Returns the task that keeps the line to the core. Raises NotPossible."""
        keeping = asyncio.create_task(self._client.run(), name="link")
        try:
            async with asyncio.timeout(CONNECT_S):
                while self._client.snapshot is None:  # noqa: ASYNC110  the client has callbacks, we have time
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            keeping.cancel()
            raise NotPossible("the station core does not answer; look at the log of `kiosk run`") from error
        return keeping

    def begin(self) -> None:
        """The scenario starts now."""
        self._origin_s = self._loop.time()

    def close(self) -> None:
        if self._modbus is not None:
            self._modbus.close()
            self._modbus = None

    # --- World -------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        return (self._loop.time() - self._origin_s) * self.speed

    async def until(self, at_s: float) -> None:
        await self.sleep(at_s - self.now_s)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    @property
    def snapshot(self) -> Snapshot | None:
        return self._client.snapshot if self._client.connected else None

    async def ask(self, method: str, params: Params) -> Params:
        return await self._client.call(method, params)

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await control.call(self._data_dir, "ask", action=action, payload=payload)
        return answer

    async def line(self, line: Line, actions: tuple[str, ...]) -> None:
        """Gone: nothing arrives any more, and the line is cut so that it is noticed."""
        which = list(actions or ("*",))
        await control.call(
            self._data_dir,
            "chaos",
            deaf=line == "gone",
            mute=which if line == "silent" else [],
            refuse=which if line == "refusing" else [],
        )
        if (line == "gone") is not self._cut:
            self._cut = line == "gone"
            await self._hang_up()

    async def _hang_up(self) -> None:
        try:
            await control.call(self._data_dir, "disconnect")
        except NotPossible:
            return  # there is no line that could be cut

    async def tag(self, id_tag: str, status: str) -> None:
        """What the backend says of a card from now on."""
        await control.call(self._data_dir, "tag", id_tag=id_tag, status=status)

    async def controller(self, station_w: int | None, connectors_w: dict[int, int]) -> None:
        """Over Modbus TCP (FC16), as any controller does it."""
        try:
            client = await self._controller_line()
            for number, watts in {**({} if station_w is None else {0: station_w}), **connectors_w}.items():
                row = power_register(number)
                answer = await client.write_registers(
                    row.address(number), list(registers.encode(row.kind, row.words, watts))
                )
                if answer.isError():
                    raise NotPossible(f"the station refused a limit of {watts} W: {answer}")
        except ModbusException as error:
            self.close()
            raise NotPossible(f"the station's Modbus server does not answer: {error}") from error

    async def _controller_line(self) -> AsyncModbusTcpClient:
        if self._modbus is None:
            snapshot = self.snapshot
            address = None if snapshot is None else snapshot.load_management.address
            if address is None:
                raise NotPossible("the station listens to no load-management controller")
            host, _, port = address.rpartition(":")
            client = AsyncModbusTcpClient(host.strip("[]"), port=int(port), retries=0)
            if not await client.connect():
                raise NotPossible(f"the station's Modbus server does not answer at {address}")
            self._modbus = client
        return self._modbus

    async def mains(self, on: bool) -> None:
        """Without a back-up supply the core dies, and comes back when `kiosk run` starts it again."""
        try:
            await self.ask("sim.mains", m.SimMains(on=on))
        except NotPossible:
            if not on:
                await self.ask("sim.powercut", m.Nothing())

    async def clock(self, off_s: float) -> None:
        raise NotPossible("the clock of a running station cannot be put wrong from outside")

    def requested_w(self, connector_id: int) -> int | None:
        return None

    @property
    def grid_limit(self) -> tuple[LimitReason, int] | None:
        snapshot = self.snapshot
        return None if snapshot is None else told_limit(snapshot)


def power_register(number: int) -> registers.Register:
    """Where a controller writes the limit of connector ``number``; 0: of the station."""
    block = registers.Block.CONNECTOR if number else registers.Block.STATION
    rows = registers.of(block, registers.Access.HOLDING)
    return next(row for row in rows if row.name == POWER)


def told_limit(snapshot: Snapshot) -> tuple[LimitReason, int] | None:
    """The lowest limit of the station, as far as its picture tells: profiles of the backend are not in it."""
    load = snapshot.load_management
    if load.available_w is None:
        return None
    reason = LimitReason.GRID
    if load.available_w < load.max_grid_w:
        reason = LimitReason.FALLBACK if load.fallback else LimitReason.MODBUS
    return reason, load.available_w


# --- before the start -----------------------------------------------------------------------------------------


def obstacles(scenario: Scenario, plan: Timetable, snapshot: Snapshot, *, embedded: bool) -> list[str]:
    """What stands in the way of playing it on this station. Pure."""
    found = list(_misfits(scenario, snapshot))
    if not embedded:
        wanted = sorted(set(_needs_backend(scenario, plan)))
        if wanted:
            found.append(
                f"{', '.join(wanted)} need the embedded backend, and none runs for this data folder: "
                "start the station with `kiosk run` without --backend, or play it with --virtual"
            )
    clocks = [event for event in scenario.at if isinstance(event, kinds.Clock)]
    if clocks:
        found.append("the clock of a running station cannot be put wrong from outside: play it with --virtual")
    controlled = any(isinstance(event, kinds.Controller) for event in scenario.at)
    if controlled and snapshot.load_management.address is None:
        found.append(
            "the station listens to no load-management controller: "
            "`kiosk keys set ModbusLoadManagementEnabled true`, then `kiosk backend reset`, "
            "or play it with --virtual"
        )
    return found


def _misfits(scenario: Scenario, snapshot: Snapshot) -> Iterator[str]:
    if not snapshot.station.simulated:
        yield "this station has real hardware: scenarios are for simulated ones"
        return
    wanted = [fitted.type for fitted in checks.installation(scenario).connectors]
    fitted = [connector.type for connector in snapshot.connectors]
    if wanted != fitted:
        yield (
            f"it is about a station with {','.join(wanted)}, this one has {','.join(fitted)}: "
            f"start it with `kiosk run --connectors {','.join(wanted)}`, or play it with --virtual"
        )


def _needs_backend(scenario: Scenario, plan: Timetable) -> Iterator[str]:
    for event in scenario.at:
        if isinstance(event, kinds.Backend | kinds.Profile | kinds.Ask):
            yield f"{event.__struct_config__.tag} events"
        elif isinstance(event, kinds.Key) and event.by == "backend":
            yield "keys changed by the backend"
        elif isinstance(event, kinds.Card) and event.status != "Accepted":
            yield "refused cards"
    for driver in plan.drivers:
        if driver.pays == "remote" or driver.stops == "remote":
            yield "remote drivers"
        elif driver.card_status != "Accepted":
            yield "refused cards"


# --- playing --------------------------------------------------------------------------------------------------


async def play(
    scenario: Scenario,
    seed: int,
    data_dir: Path,
    speed: float,
    told: Callable[[float, float], None] = lambda _at_s, _lasts_s: None,
) -> Played:
    """``speed`` must be that of the station. Raises CoreNotRunning, NotPossible with all that stands in the way.

    Cancelled: cars stay plugged in and sessions go on; the backend is let loose again.
    """
    began_s = time.perf_counter()
    plan = timetable.build(scenario, seed)
    embedded = _embedded(data_dir)
    found = obstacles(scenario, plan, await fetch_snapshot(data_dir), embedded=embedded)
    if found:
        raise NotPossible(f"{scenario.name} cannot be played on this station: {'; '.join(found)}")
    world = Running(data_dir, speed)
    keeping = await world.connect()
    try:
        await _prepare(scenario, plan, world, embedded=embedded)
    except BaseException:
        keeping.cancel()
        raise
    world.begin()
    observer = Observer(world, speed)
    show = Play(plan, scenario.starts_at, world, observer.mark)
    watching = asyncio.create_task(observer.watch(), name="observer")
    recording = asyncio.create_task(_record(scenario, world, observer, told), name="recording")
    try:
        await show.run()
        recording.cancel()
        await show.wind_down()
    finally:
        await show.abandon()
        if embedded:
            await world.line("back", ())
        world.close()
        for task in (watching, recording, keeping):
            task.cancel()
        show.broke_off(await asyncio.gather(watching, recording, keeping, return_exceptions=True))
    return Played(
        recording=observer.recording(scenario, seed),
        summary=summary.of(
            name=scenario.name,
            seed=seed,
            starts_at=scenario.starts_at,
            lasted_s=world.now_s,
            took_s=time.perf_counter() - began_s,
            reports=show.reports,
            figures=observer.figures,
            sessions=None,
            energy_wh=None,
            starts=None,
            told_codes=(),
            breaches=[],
            failed=show.failed,
        ),
    )


def _embedded(data_dir: Path) -> bool:
    try:
        control.find(data_dir)
    except control.BackendNotRunning:
        return False
    return True


async def _prepare(scenario: Scenario, plan: Timetable, world: Running, *, embedded: bool) -> None:
    for name, value in scenario.station.keys.items():
        await world.ask("keys.set", m.KeySet(name=name, value=key_text(value)))
    if embedded:
        for id_tag, status in timetable.cards(scenario, plan):
            await world.tag(id_tag, status)


async def _record(
    scenario: Scenario, world: Running, observer: Observer, told: Callable[[float, float], None]
) -> None:
    every_s, lasts_s = times.duration_s(scenario.recorded_every), times.duration_s(scenario.duration)
    for number in range(int(lasts_s / every_s) + 1):
        await world.until(number * every_s)
        observer.moment()
        told(world.now_s, lasts_s)
