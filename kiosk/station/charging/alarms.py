"""Faults as they come and go: kept steady, written down, remembered over a restart, shown, and obeyed.

Called with no lock held, except ``take`` and ``unplugged``, which are part of a connector's reaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.faults import DOOR_OPENED, EMERGENCY_STOP, FAULTS, METER_ERROR
from kiosk.station.charging.acts import Acts
from kiosk.station.charging.bay import Bay
from kiosk.station.charging.levels import Change, Levels
from kiosk.station.hardware.ports import FaultCleared, FaultRaised, StationEvent, StationPort
from kiosk.station.state import State
from kiosk.station.storage import EventLog, MetaStore

log = logging.getLogger(__name__)

STATION: Final = 0
MEMORY: Final = "faults"  # name of the stored text


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives the core; by connector, 0 = the station. [stored]"""

    raised: dict[int, tuple[int, ...]] = {}
    streaks: dict[int, dict[int, int]] = {}
    cycles: dict[int, int] = {}  # of the plugs that are in: the same figure later means the same plug
    by_hand: dict[int, int] = {}  # see ``Bay.by_hand_cycles``
    emergency_stops: int | None = None


class Alarms:
    """``tampered``: the service door was opened. ``publish``: puts a bay into the picture."""

    def __init__(
        self,
        acts: Acts,
        station: StationPort,
        state: State,
        events: EventLog,
        meta: MetaStore,
        clock: Clock,
        publish: Callable[[Bay], None],
    ) -> None:
        self._acts = acts
        self._station = station
        self._state = state
        self._events = events
        self._meta = meta
        self._clock = clock
        self._publish = publish
        self._stored = Memory()
        self.slept_through = False
        """The emergency stop was pressed while no core ran, or still is: what was under way then has ended."""
        self.tampered: Callable[[], None] = lambda: None

    # --- life -------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Before anything goes on: compare what the last core knew with what the hardware tells now."""
        known = self._stored = await self._recall()
        now_pressed, stops = self._station.emergency_stop, self._station.emergency_stops
        self.slept_through = now_pressed or known.emergency_stops not in (None, stops)
        told = [code for code, on in ((DOOR_OPENED, self._station.door_open), (EMERGENCY_STOP, now_pressed)) if on]
        self._acts.station.codes.update(told)
        for bay in self._acts.bays.values():
            same_plug = bay.port.plugged and known.cycles.get(bay.id) == bay.port.cycles
            for code in set(known.raised.get(bay.id, ())) & FAULTS.keys() - bay.levels.codes:
                if same_plug and FAULTS[code].latched_until_replug:
                    bay.levels.keep_until_replug(code)
            bay.by_hand_cycles = known.by_hand.get(bay.id)
            if self.slept_through:
                bay.needs_a_hand()
        for place, levels in self._places():
            levels.streaks.update(known.streaks.get(place, {}))
            before = set(known.raised.get(place, ()))
            for code in sorted(before - levels.codes):
                await self._note(place, Change.CLEARED, code)
            for code in sorted(levels.codes - before):
                levels.count(code)
                await self._note(place, Change.RAISED, code)
        self._show_station()
        await self._remember()

    async def catch_up(self, bay: Bay) -> None:
        """Levels that moved before anybody listened to this connector, or whose event is still to be handled."""
        for code in sorted(bay.port.faults - bay.levels.codes):
            await self.take(bay, FaultRaised(code))
        doubted = {METER_ERROR} if bay.meter_doubted else set()
        for code in sorted(bay.levels.codes - bay.port.faults - doubted):
            await self.take(bay, FaultCleared(code))

    async def step(self) -> None:
        """What has been quiet for long enough is over; what changed is remembered."""
        now_s = self._clock.monotonic()
        for place, levels in self._places():
            gone = levels.quiet(now_s)
            for code in gone:
                await self._note(place, Change.CLEARED, code)
            if gone and place == STATION:
                await self._over_station()
            elif gone:
                self._publish(self._acts.bays[place])
        await self._remember()

    # --- events -----------------------------------------------------------------------------------------

    async def take(self, bay: Bay, event: StationEvent) -> None:
        """A connector's level, with its lock held."""
        change = self._turn(bay.levels, event, plugged=bay.port.plugged)
        await self._acts.obey_faults(bay)
        if change is not None:
            await self._note(bay.id, change, event.code)

    async def unplugged(self, bay: Bay) -> None:
        """The plug left, with the connector's lock held."""
        for code in bay.levels.plug_out():
            await self._note(bay.id, Change.CLEARED, code)

    async def take_of_station(self, event: StationEvent) -> None:
        """A level of the whole station; no lock is held."""
        change = self._turn(self._acts.station, event, plugged=False)
        await self._over_station()
        if change is not None:
            await self._note(STATION, change, event.code)

    # --- inside -----------------------------------------------------------------------------------------

    def _places(self) -> Iterator[tuple[int, Levels]]:
        yield STATION, self._acts.station
        for bay in self._acts.bays.values():
            yield bay.id, bay.levels

    def _turn(self, levels: Levels, event: StationEvent, *, plugged: bool) -> Change | None:
        if event.code not in FAULTS:
            log.error("the hardware tells of error code %d, which the table does not hold", event.code)
            return None
        if isinstance(event, FaultRaised):
            return levels.rises(event.code, self._clock.monotonic())
        return levels.falls(event.code, self._clock.monotonic(), plugged=plugged)

    async def _over_station(self) -> None:
        """The station first, so that a backend reads why before it reads what became of the connectors."""
        was = self._state.snapshot.station.faults
        self._show_station()
        if (EMERGENCY_STOP in was) is (EMERGENCY_STOP in self._acts.station.codes):
            return
        for bay in self._acts.bays.values():
            async with self._acts.locks[bay.id]:
                bay.needs_a_hand()
                await self._acts.obey_faults(bay)
            self._publish(bay)

    def _show_station(self) -> None:
        station = self._state.snapshot.station
        faults = tuple(sorted(self._acts.station.codes))
        shown = msgspec.structs.replace(
            station,
            faults=faults,
            door_open=self._station.door_open,
            emergency_stop=EMERGENCY_STOP in faults,
        )
        self._state.set(station=shown)

    async def _note(self, place: int, change: Change, code: int) -> None:
        row = FAULTS.get(code)
        name = row.name if row is not None else "?"
        where = f"{self._acts.bays[place].port.type}{place}" if place != STATION else "station"
        log.warning("%s: %s %d %s", where, change, code, name)
        if change is Change.RAISED and code == DOOR_OPENED:
            self.tampered()
        await self._events.add(self._clock.now(), change.value, place, code, name)

    async def _recall(self) -> Memory:
        text = await self._meta.get(MEMORY)
        try:
            return Memory() if text is None else msgspec.json.decode(text, type=Memory)
        except msgspec.DecodeError as error:
            log.error("what was known of faults cannot be read (%s); it begins anew", error)
            return Memory()

    async def _remember(self) -> None:
        bays = self._acts.bays.values()
        memory = Memory(
            raised={place: tuple(sorted(levels.codes)) for place, levels in self._places() if levels.codes},
            streaks={place: dict(levels.streaks) for place, levels in self._places() if levels.streaks},
            cycles={bay.id: bay.port.cycles for bay in bays if bay.port.plugged},
            by_hand={bay.id: bay.by_hand_cycles for bay in bays if bay.by_hand_cycles is not None},
            emergency_stops=self._station.emergency_stops,
        )
        if memory != self._stored:
            await self._meta.set(MEMORY, msgspec.json.encode(memory).decode())
            self._stored = memory
