"""What one driver does at the station, from the search for a free connector to driving off.

A driver acts on what can be seen: statuses, screen, power. Nothing here knows why the station decides as it does.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

import msgspec

from kiosk.lab.scenario.traffic import Driver
from kiosk.lab.scenario.world import World
from kiosk.link import messages as m
from kiosk.model.enums import ChargePointStatus, Page, Tap
from kiosk.model.errors import CoreNotRunning, KioskError, LinkError, UnfittingCar, UserFacing
from kiosk.model.snapshot import Connector, Snapshot
from kiosk.station.hardware.simulator import cars

LOOK_S: Final = 1.0
"""How often a driver looks at the screen."""
ANSWER_S: Final = 30.0
"""So long a driver waits before the reader."""
BEGIN_S: Final = 240.0
"""So long a driver waits for the first energy."""
STOP_S: Final = 20.0
"""So long a driver waits after Stop."""
DEAD_S: Final = 900.0
"""So long a driver waits before a station that is off."""
NO_POWER_W: Final = 500
"""Less than this is no charging to a driver."""
CHARGING: Final = frozenset(
    {ChargePointStatus.CHARGING, ChargePointStatus.SUSPENDED_EV, ChargePointStatus.SUSPENDED_EVSE}
)


class Outcome(StrEnum):
    """What became of a visit."""

    CHARGED = "charged"
    NO_PLACE = "no free connector"
    REFUSED = "refused"
    NO_POWER = "left without power"
    NO_SESSION = "no session began"
    STATION_DEAD = "the station was off"


class Report(msgspec.Struct, kw_only=True):
    """One visit, for the summary. Seconds of the scenario."""

    driver: Driver
    outcome: Outcome = Outcome.NO_SESSION
    why: str = ""  # refusal reason, stop reason
    connector_id: int | None = None
    charging_s: float | None = None  # first energy
    left_s: float | None = None
    energy_wh: int = 0

    @property
    def waited_s(self) -> float | None:
        """From the arrival to the first energy."""
        return None if self.charging_s is None else self.charging_s - self.driver.at_s


class Places:
    """Who stands where, and who stands before the screen: what drivers see of each other."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.screen = asyncio.Lock()


class Visit:
    """One driver's visit; ``report`` is complete when ``run`` returns."""

    def __init__(self, driver: Driver, world: World, places: Places, report: Report) -> None:
        self._driver = driver
        self._world = world
        self._places = places
        self.report = report
        self._leaving = asyncio.Event()  # the scenario is over
        self._tag = driver.card

    def call_off(self) -> None:
        """The scenario is over: everybody leaves as soon as they can."""
        self._leaving.set()

    async def run(self) -> None:
        driver, report, world = self._driver, self.report, self._world
        place = await self._find()
        if place is None:
            report.outcome = Outcome.NO_PLACE
            report.left_s = world.now_s
            return
        report.connector_id = place
        try:
            if await self._pay_and_plug(place):
                await self._charge(place)
        except (CoreNotRunning, LinkError):
            report.outcome = Outcome.STATION_DEAD
        finally:
            if not self._leaving.is_set():
                await world.sleep(driver.lingers_s)
            await self._drive_off(place)
            self._places.taken.discard(place)
            report.left_s = world.now_s

    # --- a place -----------------------------------------------------------------------------------------------

    async def _find(self) -> int | None:
        """The first free connector that fits, plugged in or claimed; None when patience has run out."""
        until_s = self._world.now_s + self._driver.patience_s
        misfits: set[int] = set()
        while not self._leaving.is_set():
            snapshot = self._world.snapshot
            for connector in self._candidates(snapshot) if snapshot is not None else ():
                if connector.id in misfits:
                    continue
                self._places.taken.add(connector.id)
                if not self._driver.plug_first or await self._fits(connector.id, misfits):
                    return connector.id
                self._places.taken.discard(connector.id)
            if self._world.now_s >= until_s:
                return None
            await self._world.sleep(LOOK_S)
        return None

    def _candidates(self, snapshot: Snapshot) -> list[Connector]:
        """Free ones whose plug the car has an inlet for, fast charging first."""
        car = None if self._driver.car is None else cars.find(self._driver.car)
        free = [
            c
            for c in snapshot.connectors
            if c.id not in self._places.taken
            and self._driver.connector in (None, c.id)
            and c.status is ChargePointStatus.AVAILABLE
            and c.can_start
            and not c.plugged
            and (car is None or c.type in car.inlets)
        ]
        return sorted(free, key=lambda c: (not c.type.is_dc, c.id))

    async def _fits(self, connector_id: int, misfits: set[int]) -> bool:
        try:
            await self._plug(connector_id)
        except UnfittingCar:
            misfits.add(connector_id)
            return False
        except UserFacing:
            return False  # somebody was quicker
        return True

    async def _plug(self, connector_id: int) -> None:
        wish = m.SimPlug(connector_id=connector_id, car=self._driver.car, soc_percent=self._driver.soc_percent)
        await self._world.ask("sim.plug", wish)

    # --- getting leave to charge -------------------------------------------------------------------------------

    async def _pay_and_plug(self, place: int) -> bool:
        """True when a session begins, or may still begin."""
        driver = self._driver
        plugged = driver.plug_first
        if not plugged and driver.pays in ("autocharge", "nobody", "kiosk"):
            await self._plug(place)  # nothing else they could do first
            plugged = True
        await self._world.sleep(2.0)
        reason = await self._pay(place)
        if reason:
            self.report.outcome, self.report.why = Outcome.REFUSED, reason
            return False
        if not plugged:
            try:
                await self._plug(place)
            except UserFacing as error:
                self.report.why = str(error)
                return False
        return True

    async def _pay(self, place: int) -> str:
        """Why not, empty when nothing stands against it."""
        match self._driver.pays:
            case "autocharge" | "nobody":
                return ""
            case "kiosk":
                return await self._press_start(place)
            case "remote":
                return await self._remote_start(place)
        return await self._show_card(place)

    async def _press_start(self, place: int) -> str:
        async with self._places.screen:
            await self._taps((Tap.BEGIN, None), (Tap.OVERVIEW, None), (Tap.SELECT, place), (Tap.START, place))
            return await self._answer(place)

    async def _remote_start(self, place: int) -> str:
        try:
            answer = await self._world.call(
                "RemoteStartTransaction", {"connectorId": place, "idTag": self._driver.card}
            )
        except UserFacing:
            return "backend_offline"  # the app cannot reach the station
        if answer.get("status") != "Accepted":
            return "remote_start_rejected"
        return await self._answer(place)

    async def _show_card(self, place: int) -> str:
        async with self._places.screen:
            await self._taps((Tap.BEGIN, None), (Tap.OVERVIEW, None), (Tap.SELECT, place))
            await self._world.ask("sim.card", m.SimCard(uid=self._driver.card))
            return await self._answer(place)

    async def _taps(self, *taps: tuple[Tap, int | None]) -> None:
        for action, connector_id in taps:
            await self._world.ask("driver.tap", m.DriverTap(action=action, connector_id=connector_id))

    async def _answer(self, place: int) -> str:
        """Watch the screen till it says yes (a session is there) or no."""
        until_s = self._world.now_s + ANSWER_S
        while self._world.now_s < until_s:
            await self._world.sleep(LOOK_S / 2)
            snapshot = self._world.snapshot
            if snapshot is None:
                continue
            connector = snapshot.connector(place)
            if connector is not None and connector.session is not None:
                return ""
            if connector is not None and connector.faults:
                return f"fault {connector.faults[0]}"
            dialogue = snapshot.dialogue
            if dialogue.page is Page.CARD_REFUSED:
                return str(dialogue.reason)
            if dialogue.page is Page.SELECTION and dialogue.notice is not None:
                return str(dialogue.notice)
        return "no_answer"

    # --- charging ----------------------------------------------------------------------------------------------

    async def _charge(self, place: int) -> None:
        driver, report, world = self._driver, self.report, self._world
        waits_until_s = world.now_s + BEGIN_S
        dry_s: float | None = None
        while True:
            await world.sleep(LOOK_S)
            connector = await self._seen(place)
            session = connector.session
            if session is not None:
                report.energy_wh = session.energy_wh or 0
            if report.charging_s is None and connector.status in CHARGING and connector.power_w:
                report.charging_s, report.outcome = world.now_s, Outcome.CHARGED
            if session is not None and session.ended_at is not None:
                report.why = str(session.stop_reason)
                return
            if session is None and report.charging_s is not None:
                report.why = "the station ended it while it was off"
                return
            running = session is not None and session.local_id is not None
            if not running and (world.now_s >= waits_until_s or connector.faults):
                report.why = ", ".join(f"fault {code}" for code in connector.faults) or "no energy came"
                return
            dry_s = None if (connector.power_w or 0) >= NO_POWER_W else (dry_s or world.now_s)
            if driver.gives_up_s is not None and dry_s is not None and world.now_s - dry_s >= driver.gives_up_s:
                if report.charging_s is None:
                    report.outcome = Outcome.NO_POWER
                report.why = "gave up"
                await self._stop(place)
                return
            if running and self._enough(connector):
                await self._stop(place)
                connector = await self._seen(place)
                session = connector.session
                if session is not None:
                    report.energy_wh = session.energy_wh or 0
                    report.why = "pulled out" if session.ended_at is None else str(session.stop_reason)
                return

    def _enough(self, connector: Connector) -> bool:
        want, begun_s = self._driver.leaving, self.report.charging_s
        if self._leaving.is_set():
            return True
        if want.soc_percent is not None and (connector.soc_percent or 0) >= want.soc_percent:
            return True
        return want.after_s is not None and begun_s is not None and self._world.now_s - begun_s >= want.after_s

    async def _stop(self, place: int) -> None:
        """End the session in the driver's own way; where that does not work, on the screen, else by the plug."""
        for way in dict.fromkeys((self._driver.stops, "screen", "remote", "pull")):
            if way == "pull":
                return
            try:
                await self._stop_by(way, place)
            except UserFacing:
                continue
            until_s = self._world.now_s + STOP_S
            while self._world.now_s < until_s:
                await self._world.sleep(LOOK_S / 2)
                session = (await self._seen(place)).session
                if session is None or session.ended_at is not None:
                    return

    async def _stop_by(self, way: str, place: int) -> None:
        connector = await self._seen(place)
        match way:
            case "remote":
                number = None if connector.session is None else connector.session.transaction_id
                if number is not None:
                    await self._world.call("RemoteStopTransaction", {"transactionId": number})
            case "card" if self._driver.pays == "card":
                async with self._places.screen:
                    await self._world.ask("sim.card", m.SimCard(uid=self._driver.card))
            case _:
                async with self._places.screen:
                    await self._taps(
                        (Tap.OVERVIEW, None), (Tap.SELECT, place), (Tap.STOP, place), (Tap.CONFIRM_STOP, place)
                    )

    async def _drive_off(self, place: int) -> None:
        """Pull the plug, by force where it is stuck; a station that is off keeps nobody."""
        until_s = self._world.now_s + DEAD_S
        while True:
            try:
                connector = await self._seen(place)
                if not connector.plugged:
                    return
                await self._world.ask("sim.unplug", m.ConnectorParams(connector_id=place))
            except (CoreNotRunning, LinkError):
                if self._world.now_s >= until_s:
                    return
                await self._world.sleep(LOOK_S)
            except KioskError:
                await self._world.sleep(LOOK_S)
            else:
                return

    async def _seen(self, place: int) -> Connector:
        """The connector as it is shown. A station that is off is waited for. Raises CoreNotRunning."""
        until_s = self._world.now_s + DEAD_S
        while self._world.now_s < until_s:
            snapshot = self._world.snapshot
            if snapshot is not None and (connector := snapshot.connector(place)) is not None:
                return connector
            await self._world.sleep(LOOK_S)
        raise CoreNotRunning("the station stays off")
