"""The simulated modem, and what the keys do with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.model.enums import Provenance
from kiosk.model.errors import MachineFailed
from kiosk.settings import Installation, Settings
from kiosk.station.system.network import POLL_S, Mobile, MobileState, Network, SimulatedNetwork

SIM = Mobile(apn="iot.example", username="meter", password="s3cret", sim_pin="0042")


@pytest.mark.parametrize(
    ("wanted", "trouble"),
    [
        (SIM, None),
        (Mobile(), None),  # hangs up
        (Mobile(apn="iot.example", username="meter", password="s3cret"), "asks for a PIN"),
        (Mobile(apn="iot.example", username="meter", password="s3cret", sim_pin="42"), "refuses the PIN"),
        (Mobile(apn="other", username="meter", password="s3cret", sim_pin="0042"), "no access point other"),
        (Mobile(apn="iot.example", username="meter", password="?", sim_pin="0042"), "user name or password"),
        (Mobile(apn="iot.example", sim_pin="0042"), "user name or password"),
    ],
)
def test_dialling(aio: Any, wanted: Mobile, trouble: str | None) -> None:
    port = SimulatedNetwork(SIM)
    if trouble is None:
        aio(port.dial(wanted))
    else:
        with pytest.raises(MachineFailed, match=trouble):
            aio(port.dial(wanted))
    connected = trouble is None and bool(wanted.apn)
    assert (aio(port.mobile()).provider is not None) is connected


def test_a_refused_pin_is_tried_once(aio: Any) -> None:
    """The third wrong PIN locks a real card for good."""
    port = SimulatedNetwork(SIM)
    for _ in range(5):
        with pytest.raises(MachineFailed):
            aio(port.dial(Mobile(apn="iot.example", sim_pin="1111")))
        with pytest.raises(MachineFailed):
            aio(port.dial(Mobile(apn="iot.example")))
    assert port.pin_tries_left == 2


def test_a_sim_without_wishes_takes_any_access_point(aio: Any) -> None:
    port = SimulatedNetwork()
    aio(port.dial(Mobile(apn="any", username="u", password="p", sim_pin="1234")))
    assert aio(port.mobile()) == MobileState(rssi_dbm=-71, provider="Simulated Mobile", standard="4G")


def test_secrets_are_not_written() -> None:
    assert repr(SIM) == "Mobile(apn='iot.example')"


def settings(*keys: str) -> Settings:
    return Settings(Installation.load(None, [f"keys.{key}" for key in keys]))


async def _running(network: Network, seconds: float) -> None:
    task = asyncio.create_task(network.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Moody(SimulatedNetwork):
    """Fails ``times`` times to dial and to resolve, then works."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.tries = 0

    async def dial(self, mobile: Mobile) -> None:
        self.tries += 1
        if self.tries <= self.times:
            raise MachineFailed("the modem is not there")
        await super().dial(mobile)


def test_what_failed_is_tried_again_and_told_once(aio: Any, log_watch: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.system", "the modem is not there")
    keys, port = settings("APN=a"), Moody(3)
    aio(_running(Network(port, keys), 5 * POLL_S))
    assert port.tries == 4
    assert port.dialled == Mobile(apn="a")
    assert len(log_watch.records) == 1
    assert keys.text("MobileProvider") == "Simulated Mobile"


class Mute(SimulatedNetwork):
    async def mobile(self) -> MobileState:
        raise MachineFailed("no modem")


class Odd(SimulatedNetwork):
    async def mobile(self) -> MobileState:
        return MobileState(provider="Bad\x07Net", standard="9G", rssi_dbm=-88)


@pytest.mark.parametrize(("port", "rssi"), [(Mute(), ""), (Odd(), "-88")])
def test_what_the_modem_does_not_tell_is_empty(aio: Any, port: SimulatedNetwork, rssi: str) -> None:
    keys = settings()
    aio(_running(Network(port, keys), 1))
    told = [keys.text(name) for name in ("MobileRSSI", "MobileProvider", "MobileConnectionStandard")]
    assert told == [rssi, "", ""]


def test_a_key_wakes_the_modem_at_once(aio: Any) -> None:
    async def story() -> None:
        keys, port = settings(), SimulatedNetwork()
        network = Network(port, keys)
        task = asyncio.create_task(network.run())
        await asyncio.sleep(1)
        keys.apply(keys.check("SecondaryDnsServer", "9.9.9.9", Provenance.OPERATOR))
        await asyncio.sleep(0.1)
        assert port.servers == ("9.9.9.9",)
        keys.apply(keys.check("APN", "late", Provenance.OPERATOR))
        await asyncio.sleep(2 * POLL_S)
        assert port.dialled is None  # waits for a reset
        keys.restart()
        await asyncio.sleep(0.1)
        assert port.dialled == Mobile(apn="late")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    aio(story())
