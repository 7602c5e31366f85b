"""Keys of the Core profile: the connection, connectors, lights, resets, and what the station says it is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from ocpp.exceptions import OCPPError
from ocpp.v16 import call
from websockets.asyncio.client import ClientConnection

from kiosk.backend.central import CentralSystem
from kiosk.model.enums import ResetKind
from kiosk.model.errors import MachineFailed
from kiosk.settings.table import KEYS
from kiosk.station.system import retries
from kiosk.station.system.simulated import SimulatedSystem
from tests.fakes.keys import key
from tests.fakes.site import IDENTITY

# --- connection -----------------------------------------------------------------------------------------------


@key("HeartbeatInterval")
def test_HeartbeatInterval(aio: Any, site: Any) -> None:
    """After so much silence; any message counts; the backend's word at the boot wins."""

    async def story() -> None:
        async with site() as here:
            assert await here.value("HeartbeatInterval") == "300"  # BootNotification.conf
            await here.set("HeartbeatInterval", "20")
            mark = here.mark
            await here.settle(90)
            assert len(here.calls("Heartbeat", mark)) == 4
            await here.get("HeartbeatInterval")
            mark = here.mark
            for _ in range(5):  # never silent for so long
                await here.settle(15)
                await here.get("HeartbeatInterval")
            assert not here.calls("Heartbeat", mark)
            await here.set("HeartbeatInterval", "0")
            mark = here.mark
            await here.settle(100)
            assert not here.calls("Heartbeat", mark)

    aio(story())


@key("WebSocketPingInterval")
def test_WebSocketPingInterval(aio: Any, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pings = 0
    ping = ClientConnection.ping

    async def counted(self: ClientConnection, *args: Any) -> Any:
        nonlocal pings
        pings += 1
        return await ping(self, *args)

    monkeypatch.setattr(ClientConnection, "ping", counted)

    async def pings_in(here: Any, seconds: float) -> int:
        before = pings
        await here.settle(seconds)
        return pings - before

    async def story() -> None:
        async with site() as here:
            assert await pings_in(here, 95) == 3
            await here.set("WebSocketPingInterval", "10")
            assert await pings_in(here, 45) == 4
            assert await here.change("WebSocketPingInterval", "-1") == "Rejected"
            await here.set("WebSocketPingInterval", "0")
            assert await pings_in(here, 100) == 0
            assert here.snapshot.backend.online  # and the server's pings are answered

    aio(story())


@key("WebSocketUrl")
def test_WebSocketUrl(aio: Any, site: Any) -> None:
    """Another backend, from the next reset on."""

    async def story() -> None:
        other = CentralSystem()
        await other.start("127.0.0.1", 9001)
        async with site() as here:
            assert await here.change("WebSocketUrl", other.url) == "RebootRequired"
            await here.settle(60)
            assert not other.connects
            assert here.snapshot.backend.url == f"{here.central.url}/{IDENTITY}"
            await here.reset()
            assert other.boots[IDENTITY]
            assert not here.central.stations
            assert here.snapshot.backend.url == f"{other.url}/{IDENTITY}"
        await other.stop()

    aio(story())


@key("chargePointIdentity")
def test_chargePointIdentity(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            assert await here.change("chargePointIdentity", "RDAM 123") == "RebootRequired"
            await here.settle(60)
            assert list(here.central.stations) == [IDENTITY]
            await here.reset()
            assert list(here.central.stations) == ["RDAM 123"]
            assert here.snapshot.station.identity == "RDAM 123"
            assert here.snapshot.backend.url == f"{here.central.url}/RDAM%20123"
            answer = await here.ask(call.ChangeConfiguration(key="chargePointIdentity", value="a:b"), "RDAM 123")
            assert answer.status == "Rejected"

    aio(story())


# --- connectors -----------------------------------------------------------------------------------------------


@key("ConnectionTimeOut")
def test_ConnectionTimeOut(aio: Any, site: Any) -> None:
    """From Preparing on: card first returns to Available, plug first ends in Finishing; 0 waits without end."""

    async def story() -> None:
        async with site() as here:
            await here.set("ConnectionTimeOut", "20")
            assert (await here.card(1)).authorized
            here.station.sim.plug(2)
            await here.settle(19)
            assert [here.station.connector(c).status for c in (1, 2)] == ["Preparing", "Preparing"]
            await here.settle(4)
            assert here.statuses(1)[-2:] == ["Preparing", "Available"]
            assert here.statuses(2)[-2:] == ["Preparing", "Finishing"]
            await here.set("ConnectionTimeOut", "0")
            assert (await here.card(1)).authorized
            await here.settle(90)
            assert here.station.connector(1).status == "Preparing"
            here.station.sim.plug(1)
            await here.status_is(1, "Charging")

    aio(story())


@key("MinimumStatusDuration")
def test_MinimumStatusDuration(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.set("MinimumStatusDuration", "10")
            mark = here.mark
            here.station.sim.plug(1)
            await here.settle(8)
            here.station.sim.unplug(1)
            await here.settle(60)
            assert here.statuses(1, mark) == []  # too short to be told, and back where it was
            plugged_at = here.now
            here.station.sim.plug(1)
            await here.settle(15)
            [told] = here.calls("StatusNotification", mark)
            assert told.payload["status"] == "Preparing"
            assert told.at - plugged_at >= timedelta(seconds=10)
            await here.set("MinimumStatusDuration", "0")
            here.station.sim.unplug(1)
            await here.settle(1)
            assert here.statuses(1, mark) == ["Preparing", "Available"]

    aio(story())


@key("NumberOfConnectors", "Connectors")
@pytest.mark.parametrize("connectors", ["CCS", "CCS,CHAdeMO,GBT,CCS_AC"])
def test_NumberOfConnectors_and_Connectors(aio: Any, site: Any, connectors: str) -> None:
    """Read-only, and what is fitted; the list is JSON whose double quotes travel as single ones."""

    async def story() -> None:
        async with site(connectors=connectors) as here:
            kinds = connectors.split(",")
            assert await here.value("NumberOfConnectors") == str(len(kinds))
            text = await here.value("Connectors")
            assert '"' not in text
            fitted = json.loads(text.replace("'", '"'))["connectors"]
            assert [(entry["pos"], entry["type"]) for entry in fitted] == list(enumerate(kinds, start=1))
            current = {"CCS": 150, "CHAdeMO": 125, "GBT": 125, "CCS_AC": 32}
            assert [entry["max_current"] for entry in fitted] == [current[kind] for kind in kinds]
            told = {f.payload["connectorId"] for f in here.calls("StatusNotification")}
            assert told == set(range(len(kinds) + 1))
            for name in ("NumberOfConnectors", "Connectors"):
                assert await here.change(name, "1") == "Rejected"

    aio(story())


@key("ConnectorPhaseRotation", "ConnectorPhaseRotationMaxLength")
def test_ConnectorPhaseRotation_and_ConnectorPhaseRotationMaxLength(aio: Any, site: Any) -> None:
    """Held and reported per connector; a longer list, or one of connectors that are not there, is refused."""

    async def story() -> None:
        async with site(connectors="CCS,CCS,CHAdeMO,CCS_AC") as here:
            default = "0.RST,1.NotApplicable,2.NotApplicable,3.NotApplicable,4.RST"
            assert await here.value("ConnectorPhaseRotation") == default
            assert len(default.split(",")) == int(await here.value("ConnectorPhaseRotationMaxLength"))
            await here.set("ConnectorPhaseRotation", "0.rts, 4.STR")
            assert await here.value("ConnectorPhaseRotation") == "0.RTS,4.STR"
            await here.reset()
            assert await here.value("ConnectorPhaseRotation") == "0.RTS,4.STR"
            for bad in ("0.RST,0.RTS", "5.RST", "0.ABC", "RST", f"{default},0.RST"):
                assert await here.change("ConnectorPhaseRotation", bad) == "Rejected", bad
            assert await here.change("ConnectorPhaseRotationMaxLength", "6") == "Rejected"

    aio(story())


# --- lights ---------------------------------------------------------------------------------------------------


@key("BlinkRepeat")
@pytest.mark.parametrize("times", [0, 3])
def test_BlinkRepeat(aio: Any, site: Any, times: int) -> None:
    """So often the ring flashes: green for a card that was accepted, red for one that was refused."""

    async def flashes(here: Any, connector_id: int) -> list[str]:
        """Colours of the flashes from now on."""
        found, lit = [], ""
        for _ in range(200):
            view = here.ring(connector_id)
            if view.led_flashes and view.led_seen and not lit:
                found.append(view.led_seen)
            lit = view.led_seen if view.led_flashes else ""
            await here.settle(0.05)
        return found

    async def story() -> None:
        async with site() as here:
            await here.set("BlinkRepeat", str(times))
            assert (await here.card(1)).authorized
            assert await flashes(here, 1) == ["00FF00"] * times
            assert here.ring(1).led_seen == "0000FF"  # and then what it is: occupied
            assert not here.ring(2).led_flashes
            await here.until(lambda: here.page == "standby")
            await here.offline()
            here.station.sim.plug(2)
            await here.until(lambda: here.page == "card")
            here.station.sim.card("E36432E5")
            await here.until(lambda: here.page == "card_refused")
            assert await flashes(here, 2) == ["FF0000"] * times

    aio(story())


@key("LightIntensity")
def test_LightIntensity(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            assert [here.ring(c).led_percent for c in (1, 2, 3)] == [50, 50, 50]
            await here.set("LightIntensity", "80")
            assert [here.ring(c).led_percent for c in (1, 2, 3)] == [80, 80, 80]
            assert here.ring(1).led_seen == "00FF00"
            await here.set("LightIntensity", "0")
            assert here.ring(1).led_seen == ""
            for bad in ("101", "-1", "50.5", "bright"):
                assert await here.change("LightIntensity", bad) == "Rejected", bad

    aio(story())


@key("GUIConnectorHolderColors")
def test_GUIConnectorHolderColors(aio: Any, site: Any, expected_log: Any) -> None:
    """One colour for each of the five states, taken over at once; an empty item is dark."""
    expected_log("kiosk.station.charging", "fault_raised 18")

    async def story() -> None:
        async with site(("BlinkRepeat", "0")) as here:
            colours = {"Unavailable": "010101", "Available": "#020202", "Occupied": "030303", "Finished": "04aaFf"}
            await here.set("GUIConnectorHolderColors", ",".join([*colours.values(), ""]))
            assert here.ring(1).led_seen == "020202"
            await here.ask(call.ChangeAvailability(connector_id=2, type="Inoperative"))
            await here.charge(1)
            await here.settle()
            assert [here.ring(c).led_seen for c in (1, 2, 3)] == ["030303", "010101", "020202"]
            await here.stop(1)
            assert here.ring(1).led_seen == "04AAFF"
            here.station.sim.fault(3, 18)
            here.station.sim.plug(3)
            await here.card(3)
            await here.status_is(3, "Faulted")
            assert here.ring(3).led_seen == ""
            assert here.station.connector(3).led_rgb == ""
            assert await here.change("GUIConnectorHolderColors", "010101,020202") == "Rejected"

    aio(story())


# --- what the station says it is ------------------------------------------------------------------------------


@key("GetConfigurationMaxKeys")
def test_GetConfigurationMaxKeys(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            most = int(await here.value("GetConfigurationMaxKeys"))
            rows = await here.ask(call.GetConfiguration(key=["HeartbeatInterval"] * most))
            assert len(rows.configuration_key) == most
            with pytest.raises(OCPPError, match=f"at most {most} keys"):
                await here.ask(call.GetConfiguration(key=["HeartbeatInterval"] * (most + 1)))
            assert here.central.recorder.frames[-1].payload["code"] == "OccurenceConstraintViolation"
            assert most >= len(KEYS)  # so that all can be asked for by name
            assert await here.change("GetConfigurationMaxKeys", "1000") == "Rejected"

    aio(story())


@key("SupportedFeatureProfiles", "SupportedFeatureProfilesMaxLength")
def test_SupportedFeatureProfiles_and_SupportedFeatureProfilesMaxLength(aio: Any, site: Any) -> None:
    """Of each profile that is reported a message is understood, and there are as many as may be."""
    asked = {
        "Core": call.GetConfiguration(key=["HeartbeatInterval"]),
        "FirmwareManagement": call.UpdateFirmware(
            location="http://127.0.0.1/f", retrieve_date="2099-01-01T00:00:00Z"
        ),
        "LocalAuthListManagement": call.GetLocalListVersion(),
        "Reservation": call.CancelReservation(reservation_id=7),
        "SmartCharging": call.ClearChargingProfile(id=7),
        "RemoteTrigger": call.TriggerMessage(requested_message="Heartbeat"),
    }

    async def story() -> None:
        async with site() as here:
            profiles = (await here.value("SupportedFeatureProfiles")).split(",")
            assert set(profiles) == set(asked)
            assert await here.value("SupportedFeatureProfilesMaxLength") == str(len(profiles))
            for profile in profiles:
                await here.ask(asked[profile])  # raises NotSupported or NotImplemented for a hollow promise
            for name in ("SupportedFeatureProfiles", "SupportedFeatureProfilesMaxLength"):
                assert await here.change(name, "1") == "Rejected"

    aio(story())


@key("ChargePointModelLegacyMode")
def test_ChargePointModelLegacyMode(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            assert here.calls("BootNotification")[-1].payload["chargePointModel"] == "HYC_50"
            await here.set_after_reset(("ChargePointModelLegacyMode", "true"))
            model = here.calls("BootNotification")[-1].payload["chargePointModel"]
            assert model == "HYC_50_CCS_CCS_CHA"
            assert len(model) <= 20

    aio(story())


# --- resets ---------------------------------------------------------------------------------------------------


class Stubborn(SimulatedSystem):
    """A machine that resets at the ``works_at``-th try."""

    def __init__(self, works_at: int) -> None:
        super().__init__()
        self.works_at = works_at
        self.tries = 0

    def reset(self, kind: ResetKind) -> None:
        self.tries += 1
        if self.tries < self.works_at:
            raise MachineFailed("the watchdog device is busy")
        super().reset(kind)


@key("ResetRetries")
@pytest.mark.parametrize(
    ("allowed", "works_at", "tries", "done"),
    [(3, 3, 3, True), (3, 9, 4, False), (0, 2, 1, False), (1, 2, 2, True)],
)
def test_ResetRetries(
    aio: Any, site: Any, expected_log: Any, allowed: int, works_at: int, tries: int, done: bool
) -> None:
    expected_log("kiosk.station.system", "Soft reset failed")

    async def story() -> None:
        system = Stubborn(works_at)
        async with site(system=system) as here:
            await here.set("ResetRetries", str(allowed))
            began = here.now
            await here.reset()
            assert system.tries == tries
            assert (system.resets == [ResetKind.SOFT]) is done
            assert here.now - began >= timedelta(seconds=retries.PAUSE_S * (tries - 1))

    aio(story())
