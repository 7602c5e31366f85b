"""Keys of the modem and of name resolution, against the simulated machine."""

from __future__ import annotations

from typing import Any

from kiosk.station.system.network import Mobile, SimulatedNetwork
from tests.fakes.keys import key

SIM = Mobile(apn="iot.example", username="meter", password="s3cret", sim_pin="0042")
GOOD = (("APN", "iot.example"), ("ApnUsername", "meter"), ("ApnPassword", "s3cret"), ("SimPin", "0042"))
REPORTED = ("MobileRSSI", "MobileProvider", "MobileConnectionStandard")


async def reported(here: Any) -> list[str | None]:
    await here.settle(12)
    return [await here.value(name) for name in REPORTED]


@key("APN", "MobileRSSI", "MobileProvider", "MobileConnectionStandard")
def test_APN_MobileRSSI_MobileProvider_and_MobileConnectionStandard(aio: Any, site: Any) -> None:
    """Dialled from the next reset on; what the modem then tells can be read and not be written."""

    async def story() -> None:
        network = SimulatedNetwork()
        async with site(network=network) as here:
            assert await reported(here) == ["", "", ""]
            assert await here.change("APN", "iot.example") == "RebootRequired"
            await here.settle(30)
            assert network.dialled is None
            await here.reset()
            assert await reported(here) == ["-71", "Simulated Mobile", "4G"]
            assert network.dialled == Mobile(apn="iot.example")
            for name in REPORTED:
                assert await here.change(name, "2G") == "Rejected"
            await here.set_after_reset(("APN", ""))
            assert await reported(here) == ["", "", ""]

    aio(story())


@key("SimPin", "ApnUsername", "ApnPassword")
def test_SimPin_ApnUsername_and_ApnPassword(aio: Any, site: Any, expected_log: Any) -> None:
    """A card with a PIN behind an access point with a password connects when all of them are right."""
    expected_log("kiosk.station.system", "asks for a PIN")
    expected_log("kiosk.station.system", "refuses the PIN")
    expected_log("kiosk.station.system", "user name or password")

    async def story() -> None:
        network = SimulatedNetwork(SIM)
        async with site(network=network) as here:
            for wishes in ((GOOD[0],), (("SimPin", "42424"),), (GOOD[3],), (GOOD[1],)):
                await here.set_after_reset(*wishes)
                assert await reported(here) == ["", "", ""], wishes
            await here.set_after_reset(GOOD[2])
            assert network.dialled == SIM
            assert (await reported(here))[1] == "Simulated Mobile"
            assert network.pin_tries_left == 2
            assert await here.value("ApnUsername") == "meter"
            assert await here.value("ApnPassword") is None
            assert await here.value("SimPin") is None
            for bad in ("12", "12ab", "123456789"):
                assert await here.change("SimPin", bad) == "Rejected"

    aio(story())


@key("DnsServer", "SecondaryDnsServer")
def test_DnsServer_and_SecondaryDnsServer(aio: Any, site: Any) -> None:
    """Asked at once, in this order; empty: what the network hands out."""

    async def story() -> None:
        network = SimulatedNetwork()
        async with site(network=network) as here:
            await here.set("SecondaryDnsServer", "2001:db8::53")
            await here.settle(1)
            assert network.servers == ("2001:db8::53",)
            await here.set("DnsServer", "192.0.2.53")
            await here.settle(1)
            assert network.servers == ("192.0.2.53", "2001:db8::53")
            await here.reset()
            await here.settle(1)
            assert network.servers == ("192.0.2.53", "2001:db8::53")
            await here.set("DnsServer", "")
            await here.set("SecondaryDnsServer", "")
            await here.settle(1)
            assert network.servers == ()
            for bad in ("dns.example", "192.0.2", "192.0.2.53:53", "1.2.3.4,5.6.7.8"):
                assert await here.change("DnsServer", bad) == "Rejected", bad

    aio(story())
