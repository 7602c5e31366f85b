"""Builds the core's parts from the installation file, wires their ports, and keeps them running.

The only place that knows all station rooms. ``Core`` is also what tests run in one process on a virtual clock:
``async with Core(...) as core`` opens everything, ``await core.run()`` lasts until a reset, a stop or a lost
journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import Provenance, ResetKind, SecurityEventType, StopReason
from kiosk.settings import Installation, Settings
from kiosk.station import (
    file_wiring,
    link_certificates,
    link_files,
    link_handlers,
    link_modbus,
    link_profiles,
    ocpp_wiring,
    sim_door,
)
from kiosk.station.certificates.store import CertificateStore
from kiosk.station.charging.authorization import card_tag
from kiosk.station.charging.authorizer import Authorizer
from kiosk.station.charging.host import Host
from kiosk.station.charging.ports import LateBackend
from kiosk.station.charging.profiles import ProfileBook
from kiosk.station.charging.rings import Rings
from kiosk.station.charging.sessions import Sessions
from kiosk.station.charging.supply import Supply
from kiosk.station.charging.transactions import Transactions
from kiosk.station.commands import Commands
from kiosk.station.commands.certificates import Certificates
from kiosk.station.commands.load_management import LoadManagement
from kiosk.station.commands.messages import Messages
from kiosk.station.commands.profiles import Profiles
from kiosk.station.ending import Ending
from kiosk.station.furnish import furnish
from kiosk.station.gui import first_picture, gui
from kiosk.station.hardware.ports import HardwarePort
from kiosk.station.link_server import LinkServer
from kiosk.station.security import SecurityLog
from kiosk.station.state import State
from kiosk.station.storage import (
    AvailabilityStore,
    Database,
    EventLog,
    Housekeeping,
    Journal,
    MetaStore,
    ReservationStore,
    SecurityStore,
    SettingsStore,
    TagStore,
)
from kiosk.station.storage.profiles import ProfileStore
from kiosk.station.system import retries
from kiosk.station.system.network import Network, NetworkPort, SimulatedNetwork
from kiosk.station.system.ports import SystemPort
from kiosk.station.system.simulated import SimulatedSystem
from kiosk.station.tasks import Tasks
from kiosk.station.timekeeper import Timekeeper

log = logging.getLogger(__name__)

STEP_S = 0.25
"""Control step: deadlines, power, meter samples."""
ANSWER_FIRST_S = 1.0
"""Reset.conf leaves before anything else of the reset happens (lesson 21)."""
DELIVERY_S = 10.0
"""How long a reset waits for the backend to take the StopTransactions."""


class Core:
    """One station core on one data folder."""

    def __init__(
        self,
        *,
        data_dir: Path,
        installation: Installation,
        clock: Clock,
        hardware: HardwarePort,
        embedded_url: str | None = None,
        system: SystemPort | None = None,
        network: NetworkPort | None = None,
        start_options: Iterable[tuple[str, str]] = (),
        launch: str = "",
        doors: bool = True,
    ) -> None:
        """``doors``: open the local sockets; False on a virtual loop, which knows no Unix sockets.

        ``embedded_url``: backend to use while WebSocketUrl is empty; never stored.

        ``start_options``: keys given with the start, written once per ``launch`` (decision 25).
        """
        self.data_dir = data_dir
        self.installation = installation
        self.clock = clock
        self.hardware = hardware
        self.system = system or SimulatedSystem()
        self.tasks = Tasks()
        self.settings = Settings(installation)
        self.network = Network(network or SimulatedNetwork(), self.settings)
        self._embedded_url = embedded_url
        self._start_options = tuple(start_options)
        self._launch = launch
        self._doors = doors
        self.link: LinkServer | None = None
        self._stack = AsyncExitStack()
        self._leave: asyncio.Future[ResetKind | None] | None = None

    async def __aenter__(self) -> Core:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.tasks.close()
        await self._stack.aclose()

    async def run(self) -> ResetKind | None:
        """Run until ``stop`` (None) or a reset (its kind). Raises StorageFailed when the journal is lost."""
        loop = asyncio.get_running_loop()
        self._leave = loop.create_future()
        self.tasks.fatal = loop.create_future()
        self.tasks.supervise("hardware", self.hardware.run)
        self.tasks.supervise("hardware events", self.sessions.run)
        self.tasks.supervise("control", self._control)
        if self.link is not None:
            self.tasks.supervise("local link", self.link.run)
        self.tasks.supervise("housekeeping", self.housekeeping.run)
        self.tasks.supervise("network", self.network.run)
        self.tasks.supervise("files", self.files.run)
        if self.ocpp is not None:
            self.tasks.supervise("ocpp", self.ocpp.run)
        if self.settings.bool("ModbusLoadManagementEnabled"):
            from kiosk.station.modbus.server import Server  # who has no controller does not pay for its protocol

            modbus = Server(self.commands.load_management, self.state, self.installation, self.clock)
            self.tasks.supervise("modbus", modbus.run)
        try:
            ends: set[asyncio.Future[Any]] = {self._leave, self.tasks.fatal}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.sessions.stopping = True
            await self.security.flush()
            await self.tasks.close()
        if self.tasks.fatal.done():
            raise self.tasks.fatal.result()
        await self.transactions.checkpoint(self.sessions.bays.values())
        kind = self._leave.result()
        if kind is not None:
            await retries.reset(self.system, kind, self.settings.int("ResetRetries"))
        return kind

    def stop(self, kind: ResetKind | None = None) -> None:
        """Leave cleanly; running sessions stay open in the journal and go on at the next start."""
        if self._leave is not None and not self._leave.done():
            self._leave.set_result(kind)

    # --- building ---------------------------------------------------------------------------------------

    async def _open(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if self.hardware.simulated:
            furnish(self.data_dir, self.installation)
        database = await Database.open(self.data_dir / "station.sqlite3", self.clock)
        self._stack.push_async_callback(database.close)
        self.journal = Journal(database, self.installation.storage.most_waiting)
        settings_store, availability_store = SettingsStore(database), AvailabilityStore(database)
        self.tags, self.events = TagStore(database), EventLog(database)
        for problem in self.settings.load(await settings_store.load()):
            log.warning("stored key ignored: %s", problem)
        self.meta = MetaStore(database)
        self.timekeeper = Timekeeper(
            self.clock,
            self.meta,
            self.journal,
            report=lambda kind, text: self.security.record(kind, text),
            on_moved=lambda by, was_set: self.transactions.clock_moved(self.sessions.bays.values(), by, was_set),
        )
        await self.timekeeper.restore()
        certificates = CertificateStore(self.data_dir)
        self.settings.certificates_are(certificates.installed)
        await self._apply_start_options(settings_store, self.meta)
        availability = dict(await availability_store.load())
        self.state = State(
            first_picture(
                self.settings,
                self.installation,
                self.hardware,
                started_at=self.clock.now(),
                data_dir=self.data_dir,
                operative=availability.get(0, True),
                embedded_url=self._embedded_url,
            )
        )
        self.backend = backend = LateBackend()
        self.security = SecurityLog(
            SecurityStore(database), self.clock, self.tasks, owes=lambda: backend.configured
        )
        self.transactions = Transactions(self.journal, backend, self.settings, self.clock)
        self.authorizer = Authorizer(self.settings, self.tags, backend, self.clock, self.tasks)
        self.sessions = Sessions(
            hardware=self.hardware,
            settings=self.settings,
            installation=self.installation,
            state=self.state,
            transactions=self.transactions,
            reservations=ReservationStore(database),
            authorizer=self.authorizer,
            events=self.events,
            meta=self.meta,
            clock=self.clock,
            tasks=self.tasks,
        )
        self.sessions.alarms.tampered = lambda: self.security.record(
            SecurityEventType.TAMPER_DETECTION, "the service door was opened"
        )
        self.profiles = ProfileBook(ProfileStore(database), self.settings, self.installation)
        await self.profiles.load()
        self.supply = Supply(
            self.hardware,
            self.sessions,
            self.settings,
            self.installation,
            self.state,
            self.profiles,
            self.clock,
        )
        self.commands = Commands(
            sessions=self.sessions,
            settings=self.settings,
            installation=self.installation,
            state=self.state,
            journal=self.journal,
            settings_store=settings_store,
            availability=availability_store,
            tags=self.tags,
            clock=self.clock,
            tasks=self.tasks,
            on_reset=self._begin_reset,
        )
        self.commands.messages = Messages(self.journal, backend, self.clock)
        self.commands.certificates = Certificates(
            store=certificates,
            settings=self.settings,
            settings_store=settings_store,
            installation=self.installation,
            security=self.security,
            clock=self.clock,
        )
        self.commands.profiles = Profiles(
            self.profiles, self.sessions, self.settings, self.installation, self.clock
        )
        self.commands.load_management = LoadManagement(
            self.supply, self.settings, self.installation, self.state, self.clock
        )
        self.commands.load_management.publish()
        self.sessions.prepare_with(self.commands.profiles.prepare)
        self.files = file_wiring.build(self, certificates)
        await self.files.load()
        self.ocpp = ocpp_wiring.build(self, embedded_url=self._embedded_url)
        if self.ocpp is not None:
            backend.real = self.ocpp
        self.ending = Ending(
            sessions=self.sessions,
            journal=self.journal,
            state=self.state,
            online=lambda: self.backend.online,
            clock=self.clock,
            tasks=self.tasks,
            backup_s=self.installation.hardware.backup_supply_s,
        )
        self.host = Host(self.sessions, self.authorizer, self.settings, self.state, self.clock, self.tasks)
        await self.sessions.restore(availability)
        await self.commands.profiles.tidy()
        self.host.begin()
        self.rings = Rings(self.hardware, self.settings, self.state).begin()
        self.housekeeping = Housekeeping(
            database=database,
            journal=self.journal,
            forget=(self.journal.forget, self.events.forget, self.security.forget, self.tags.forget),
            rules=self.installation.storage,
            clock=self.clock,
            idle=lambda: not any(bay.running for bay in self.sessions.bays.values()),
            on_damage=self._damaged,
        )
        if database.damage:
            self._damaged(database.damage)
        self.security.record(SecurityEventType.STARTUP)
        self.hardware.card_reader.subscribe(self._card)
        self.hardware.station.subscribe_mains(self.ending.mains)
        self.settings.subscribe(self._key_changed)
        self.handlers = link_handlers.handlers(self.commands, self.host) | sim_door.handlers(self.hardware)
        self.handlers |= link_profiles.handlers(self.commands.profiles) | link_files.handlers(self.files)
        self.handlers |= link_certificates.handlers(self.commands.certificates)
        self.handlers |= link_modbus.handlers(self.state, self.installation, self.clock)
        if self._doors:
            self.link = LinkServer(self.state, self.clock, self.handlers, self._reading_ages, self.data_dir)
            await self._stack.enter_async_context(self.link)

    async def _apply_start_options(self, store: SettingsStore, meta: MetaStore) -> None:
        """All or nothing: every option is checked before the first is written."""
        if self._start_options and (not self._launch or await meta.get("launch") != self._launch):
            for change in self.settings.check_all(self._start_options, Provenance.OPERATOR):
                await store.save(change, self.clock.now())
                self.settings.apply(change)
            await meta.set("launch", self._launch)
        self.settings.restart()

    # --- running ----------------------------------------------------------------------------------------

    async def _control(self) -> None:
        while True:
            self.supply.step(self.clock.monotonic())
            self.commands.load_management.publish()
            await self.sessions.step()
            await self.commands.profiles.tidy()
            station = self.state.snapshot.station
            if station.kiosk is not self.sessions.kiosk:
                self.state.set(station=msgspec.structs.replace(station, kiosk=self.sessions.kiosk))
            self.host.step()
            self.rings.renew()
            await asyncio.sleep(STEP_S)

    def _card(self, uid: str) -> None:
        tag = card_tag(uid, reverse=self.installation.reader.reverse_uid)
        self.tasks.spawn("card", self.host.card(tag))

    def _begin_reset(self, kind: ResetKind) -> None:
        self.tasks.spawn("reset", self._reset(kind))

    async def _reset(self, kind: ResetKind) -> None:
        self.security.record(SecurityEventType.RESET, kind.value)
        await asyncio.sleep(ANSWER_FIRST_S)
        log.warning("%s reset", kind)
        reason = StopReason.SOFT_RESET if kind is ResetKind.SOFT else StopReason.HARD_RESET
        try:
            await self.ending.end_all(reason, DELIVERY_S)
        finally:  # a reset that was promised happens, whatever goes wrong on the way
            self.stop(kind)

    def _damaged(self, problem: str) -> None:
        """The operator is to see it, and a technician later; charging goes on."""
        self.state.set(station=msgspec.structs.replace(self.state.snapshot.station, storage_problem=problem))
        self.tasks.spawn("event log", self.events.add(self.clock.now(), "storage_damaged", None, None, problem))

    def _key_changed(self, name: str) -> None:
        if name.casefold().startswith("gui") or name == "TariffText":
            self.state.set(gui=gui(self.settings, self.installation, self.data_dir))
        if name == "GUIConnectorHolderColors":
            for bay in self.sessions.bays.values():
                self.sessions.publish(bay)

    def _reading_ages(self) -> dict[int, int | None]:
        now_s = self.clock.monotonic()
        return {
            port.id: round((now_s - reading.at_s) * 1000) if (reading := port.reading()) is not None else None
            for port in self.hardware.connectors
        }
