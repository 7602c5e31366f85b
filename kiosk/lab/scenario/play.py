"""Plays a timetable on a world: every entry at its moment, every driver on his own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kiosk.lab.scenario import kinds, times, words
from kiosk.lab.scenario.timetable import Deed, Entry, Timetable, Undo, told
from kiosk.lab.scenario.traffic import Driver
from kiosk.lab.scenario.visit import Outcome, Places, Report, Visit
from kiosk.lab.scenario.world import World
from kiosk.link import messages as m
from kiosk.model.enums import Tap
from kiosk.model.errors import KioskError, NotPossible
from kiosk.settings.installation import key_text

log = logging.getLogger(__name__)

LEAVE_S: Final = 1800.0
"""So long everybody has to leave when the scenario is over."""


LATER: Final = "RebootRequired"


class Play:
    """``reports``: one per driver, in the order of arrival. ``failed``: what could not be done, and why."""

    def __init__(
        self, timetable: Timetable, starts_at: datetime, world: World, mark: Callable[[str], None]
    ) -> None:
        self._starts_at = starts_at
        self._timetable = timetable
        self._world = world
        self._mark = mark
        self._places = Places()
        self._visits: dict[asyncio.Task[None], Visit] = {}
        self._deeds: set[asyncio.Task[None]] = set()
        self._controller: asyncio.Task[None] | None = None
        self.reports: list[Report] = []
        self.failed: list[str] = []

    async def run(self) -> None:
        """Till the end of the scenario; drivers who are still there stay."""
        for entry in self._timetable.entries:
            await self._world.until(entry.at_s)
            self._begin(entry)
        await self._world.until(self._timetable.lasts_s)

    async def wind_down(self) -> None:
        """Everybody ends his session and leaves. Returns when they have gone."""
        for visit in self._visits.values():
            visit.call_off()
        tasks = [*self._visits, *self._deeds]
        if tasks:
            await asyncio.wait(tasks, timeout=LEAVE_S)
        await self.abandon()

    async def abandon(self) -> None:
        """Drop everything where it stands: cars stay plugged in, sessions go on."""
        self._silence()
        tasks = [*self._visits, *self._deeds]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def broke_off(self, ends: Iterable[BaseException | None]) -> None:
        """How the tasks beside the play ended; whoever failed saw nothing of the rest."""
        self.failed += [f"{type(end).__name__}: {end}" for end in ends if isinstance(end, Exception)]

    # --- entries -----------------------------------------------------------------------------------------------

    def _begin(self, entry: Entry) -> None:
        deed = entry.deed
        self._mark(told(deed))
        if isinstance(deed, Driver):
            report = Report(driver=deed)
            self.reports.append(report)
            visit = Visit(deed, self._world, self._places, report)
            task = asyncio.create_task(self._visit(visit), name=deed.name)
            self._visits[task] = visit
            task.add_done_callback(lambda done: self._visits.pop(done, None))
        elif isinstance(deed, kinds.Controller) or (
            isinstance(deed, Undo) and isinstance(deed.of, kinds.Controller)
        ):
            self._control(deed)
        else:
            doing = asyncio.create_task(self._do(deed), name=told(deed))
            self._deeds.add(doing)
            doing.add_done_callback(self._deeds.discard)

    async def _visit(self, visit: Visit) -> None:
        report = visit.report
        try:
            await visit.run()
        except KioskError as error:
            self.failed.append(f"{report.driver.name}: {error}")
        except Exception as error:
            log.exception("the visit of %s broke off", report.driver.name)
            self.failed.append(f"{report.driver.name}: {type(error).__name__}: {error}")
        what = report.outcome.value
        if report.outcome is Outcome.CHARGED:
            what = f"leaves with {report.energy_wh / 1000:.1f} kWh"
        where = "" if report.connector_id is None else f", connector {report.connector_id}"
        why = f" ({report.why})" if report.why else ""
        self._mark(f"{report.driver.name}: {what}{why}{where}")

    async def _do(self, deed: Deed) -> None:
        try:
            await self.carry_out(deed)
        except KioskError as error:
            self.failed.append(f"{told(deed)}: {error}")
            self._mark(f"{told(deed)}: did not work: {error}")
        except Exception as error:
            log.exception("%s broke off", told(deed))
            self.failed.append(f"{told(deed)}: {type(error).__name__}: {error}")

    async def carry_out(self, deed: Deed) -> None:
        """One event, or its end. Raises KioskError."""
        world = self._world
        match deed:
            case Undo(of=event):
                await self._undo(event)
            case kinds.Card():
                if deed.connector is not None:
                    await self._choose(deed.connector)
                await world.ask("sim.card", m.SimCard(uid=deed.card))
            case kinds.Plug():
                car = None if deed.car == "any" else deed.car
                wish = m.SimPlug(connector_id=deed.connector, car=car, soc_percent=deed.soc, seated=deed.seated)
                await world.ask("sim.plug", wish)
            case kinds.Unplug():
                await world.ask("sim.unplug", m.ConnectorParams(connector_id=deed.connector))
            case kinds.Stop():
                await self._choose(deed.connector)
                for tap in (Tap.STOP, Tap.CONFIRM_STOP):
                    await world.ask("driver.tap", m.DriverTap(action=tap, connector_id=deed.connector))
            case kinds.Fault():
                await world.ask("sim.fault", m.SimFault(connector_id=deed.connector, code=deed.code))
            case kinds.Clear():
                await world.ask("sim.clear", m.SimFault(connector_id=deed.connector, code=deed.code))
            case kinds.Door():
                await world.ask("sim.door", m.SimDoor(open=True))
            case kinds.Emergency():
                await world.ask("sim.emergency", m.SimEmergency(pressed=True))
            case kinds.Heat():
                await world.ask("sim.heat", m.SimHeat(celsius=deed.celsius))
            case kinds.Mains():
                await world.mains(False)
            case kinds.Key():
                await self._key(deed)
            case kinds.Backend():
                await world.line(deed.line, deed.actions)
            case kinds.Profile():
                await self._comply("SetChargingProfile", profile(deed, self._now))
            case kinds.Ask():
                answer = await world.call(deed.action, deed.payload)
                self._mark(f"{deed.action}: {answer.get('status', 'answered')}")
            case kinds.Clock():
                await world.clock(words.offset_s(deed.off))

    async def _undo(self, event: kinds.Event) -> None:
        world = self._world
        match event:
            case kinds.Fault():
                await world.ask("sim.clear", m.SimFault(connector_id=event.connector, code=event.code))
            case kinds.Door():
                await world.ask("sim.door", m.SimDoor(open=False))
            case kinds.Emergency():
                await world.ask("sim.emergency", m.SimEmergency(pressed=False))
            case kinds.Heat():
                await world.ask("sim.heat", m.SimHeat(celsius=None))
            case kinds.Mains():
                await world.mains(True)
            case kinds.Backend():
                await world.line("back", ())

    @property
    def _now(self) -> datetime:
        return self._starts_at + timedelta(seconds=self._world.now_s)

    async def _choose(self, connector_id: int) -> None:
        """Walk up to the screen and touch that connector."""
        for tap, number in ((Tap.BEGIN, None), (Tap.OVERVIEW, None), (Tap.SELECT, connector_id)):
            await self._world.ask("driver.tap", m.DriverTap(action=tap, connector_id=number))

    async def _key(self, deed: kinds.Key) -> None:
        value = key_text(deed.value)
        if deed.by == "operator":
            changed = await self._world.ask("keys.set", m.KeySet(name=deed.key, value=value))
            later = isinstance(changed, m.KeyChanged) and changed.reboot_required
        else:
            later = await self._comply("ChangeConfiguration", {"key": deed.key, "value": value}) == LATER
        if later:
            self._mark(f"{deed.key} takes effect with the next reset")

    async def _comply(self, action: str, payload: dict[str, Any]) -> str:
        """A call that the station is to comply with; its answer. Raises NotPossible when it does not."""
        status = str((await self._world.call(action, payload)).get("status"))
        if status not in ("Accepted", LATER):
            raise NotPossible(f"the station answered {status}")
        return status

    # --- load management ---------------------------------------------------------------------------------------

    def _control(self, deed: Deed) -> None:
        self._silence()
        if isinstance(deed, kinds.Controller) and (deed.station_w is not None or deed.connector_w):
            self._controller = asyncio.create_task(self._write(deed), name="controller")

    def _silence(self) -> None:
        if self._controller is not None:
            self._controller.cancel()
            self._controller = None

    async def _write(self, deed: kinds.Controller) -> None:
        every_s = times.duration_s(deed.every)
        limits = {int(number): watts for number, watts in deed.connector_w.items()}
        problem, next_s = "", self._world.now_s
        while True:
            await self._world.until(next_s)  # a controller is punctual, or the station believes it is gone
            next_s += every_s
            try:
                await self._world.controller(deed.station_w, limits)
            except KioskError as error:
                if str(error) != problem:
                    problem = str(error)
                    self.failed.append(f"{told(deed)}: {problem}")
            except Exception as error:
                log.exception("%s broke off", told(deed))
                self.failed.append(f"{told(deed)}: {type(error).__name__}: {error}")
                return


def profile(deed: kinds.Profile, now: datetime) -> dict[str, Any]:
    """SetChargingProfile.req (OCPP 1.6 section 6.43)."""
    period_s = round(times.duration_s(deed.period))
    schedule: dict[str, Any] = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [
            {"startPeriod": number * period_s, "limit": float(watts)} for number, watts in enumerate(deed.watts)
        ],
    }
    absolute = deed.purpose == "ChargePointMaxProfile"  # the others begin with their session
    if absolute:
        schedule["startSchedule"] = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if deed.lasts:
        schedule["duration"] = round(times.duration_s(deed.lasts))
    return {
        "connectorId": deed.connector,
        "csChargingProfiles": {
            "chargingProfileId": deed.id,
            "stackLevel": deed.stack_level,
            "chargingProfilePurpose": deed.purpose,
            "chargingProfileKind": "Absolute" if absolute else "Relative",
            "chargingSchedule": schedule,
        },
    }
