"""The mobile modem and name resolution of the machine, behind one port; and what keys have to do with them.

``Network`` brings SimPin, APN, ApnUsername, ApnPassword, DnsServer and SecondaryDnsServer to the port and reports
MobileRSSI, MobileProvider and MobileConnectionStandard from it. Behind the port stands ``SimulatedNetwork``, the
default. The port asks for no more than a connection profile of NetworkManager and the modem's properties can
give, so an implementation with these needs no other cut.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

import msgspec

from kiosk.model.errors import BadValue, MachineFailed
from kiosk.settings import Settings

log = logging.getLogger(__name__)

POLL_S: Final = 10.0
_MOBILE_KEYS: Final = frozenset({"SimPin", "APN", "ApnUsername", "ApnPassword"})
_DNS_KEYS: Final = frozenset({"DnsServer", "SecondaryDnsServer"})


class Mobile(msgspec.Struct, frozen=True, kw_only=True):
    """How the customer's SIM dials. Empty: no PIN, no access point (no dialling), no authentication."""

    apn: str = ""
    username: str = ""
    password: str = ""
    sim_pin: str = ""

    def __repr__(self) -> str:
        """Without the secrets: it ends up in logs and tracebacks."""
        return f"Mobile(apn={self.apn!r})"


class MobileState(msgspec.Struct, frozen=True, kw_only=True):
    """What the modem tells now. None: unknown, or there is no connection."""

    rssi_dbm: int | None = None
    provider: str | None = None
    standard: str | None = None  # 4G, 3G, 2G


class NetworkPort(Protocol):
    """The machine's network. Duty: what was set stays until it is set anew; every method raises MachineFailed."""

    async def dial(self, mobile: Mobile) -> None:
        """Use these from now on; returns when the connection stands. An empty access point hangs up.

        A PIN that the SIM has refused is never tried again, also not after a restart, because the third wrong one
        locks the card for good.
        """
        ...

    async def resolve_with(self, servers: tuple[str, ...]) -> None:
        """Resolve names at these addresses, in this order; empty: at those that the network hands out."""
        ...

    async def mobile(self) -> MobileState:
        """As the modem is now."""
        ...


class SimulatedNetwork:
    """Implements ``NetworkPort`` without touching the machine. ``sim``: what the simulated card asks for."""

    def __init__(self, sim: Mobile | None = None) -> None:
        self._sim = sim or Mobile()
        self._refused_pin: str | None = None
        self.pin_tries_left = 3
        self.dialled: Mobile | None = None  # None: no connection
        self.servers: tuple[str, ...] = ()

    async def dial(self, mobile: Mobile) -> None:
        self.dialled = None
        if not mobile.apn:
            return
        if self._sim.sim_pin and mobile.sim_pin != self._sim.sim_pin:
            if mobile.sim_pin and mobile.sim_pin != self._refused_pin:
                self._refused_pin = mobile.sim_pin
                self.pin_tries_left -= 1
            raise MachineFailed(
                "the SIM card refuses the PIN" if mobile.sim_pin else "the SIM card asks for a PIN"
            )
        if self._sim.apn and mobile.apn != self._sim.apn:
            raise MachineFailed(f"the operator knows no access point {mobile.apn}")
        if self._sim.username and (mobile.username, mobile.password) != (self._sim.username, self._sim.password):
            raise MachineFailed("the access point refuses user name or password")
        self.dialled = mobile

    async def resolve_with(self, servers: tuple[str, ...]) -> None:
        self.servers = servers

    async def mobile(self) -> MobileState:
        if self.dialled is None:
            return MobileState()
        return MobileState(rssi_dbm=-71, provider="Simulated Mobile", standard="4G")


class Network:
    """Keys to the port, the port's news to keys. What failed is tried again; the same trouble is told once."""

    def __init__(self, port: NetworkPort, settings: Settings) -> None:
        self.port = port
        self._settings = settings
        self._mobile_due = self._dns_due = True
        self._wake = asyncio.Event()
        self._told: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        unsubscribe = self._settings.subscribe(self._key_changed)
        try:
            while True:
                self._wake.clear()
                await self._step()
                await self._pause()
        finally:
            unsubscribe()

    async def _step(self) -> None:
        try:
            if self._dns_due:
                given = (self._settings.str("DnsServer"), self._settings.str("SecondaryDnsServer"))
                await self.port.resolve_with(tuple(server for server in given if server))
                self._dns_due = False
            if self._mobile_due:
                await self.port.dial(self._mobile())
                self._mobile_due = False
        except MachineFailed as error:
            log.log(logging.INFO if str(error) == self._told else logging.WARNING, "network: %s", error)
            self._told = str(error)
        else:
            self._told = None
        await self._report()

    async def _report(self) -> None:
        try:
            state = await self.port.mobile()
        except MachineFailed as error:
            log.info("the modem does not tell: %s", error)
            state = MobileState()
        self._tell("MobileRSSI", "" if state.rssi_dbm is None else str(state.rssi_dbm))
        self._tell("MobileProvider", state.provider or "")
        self._tell("MobileConnectionStandard", state.standard or "")

    def _tell(self, name: str, text: str) -> None:
        """Names of networks come from outside: one that is no value of its key is left out."""
        try:
            self._settings.report(name, text)
        except BadValue as error:
            log.info("the modem tells what cannot be reported: %s", error)
            self._settings.report(name, "")

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        except TimeoutError:
            return

    def _mobile(self) -> Mobile:
        text = self._settings.str
        return Mobile(
            apn=text("APN"),
            username=text("ApnUsername"),
            password=text("ApnPassword"),
            sim_pin=text("SimPin"),
        )

    def _key_changed(self, name: str) -> None:
        self._mobile_due |= name in _MOBILE_KEYS
        self._dns_due |= name in _DNS_KEYS
        if name in _MOBILE_KEYS | _DNS_KEYS:
            self._wake.set()
