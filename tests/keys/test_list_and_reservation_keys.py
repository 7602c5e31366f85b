"""Keys of the LocalAuthListManagement and Reservation profiles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ocpp.v16 import call

from tests.fakes.keys import key
from tests.fakes.site import CARD, Site


async def send(here: Site, version: int, tags: list[str], kind: str = "Full") -> str:
    """SendLocalList of accepted tags; its status."""
    entries = [{"idTag": tag, "idTagInfo": {"status": "Accepted"}} for tag in tags]
    answer = await here.raw(
        "SendLocalList", {"listVersion": version, "localAuthorizationList": entries, "updateType": kind}
    )
    return str(answer.payload["status"])


async def version(here: Site) -> int:
    return int((await here.ask(call.GetLocalListVersion())).list_version)


@key("LocalAuthListEnabled")
def test_LocalAuthListEnabled(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            assert await send(here, 7, [CARD]) == "Accepted"
            await here.charge(1)
            assert not here.calls("Authorize")  # LocalPreAuthorize: the list knows the card
            await here.leave(1)
            await here.set("LocalAuthListEnabled", "false")
            await here.charge(1)
            assert len(here.calls("Authorize")) == 1
            assert await version(here) == -1
            assert await send(here, 8, [CARD]) == "NotSupported"
            await here.leave(1)
            await here.set("LocalAuthListEnabled", "true")
            assert await version(here) == 7
            await here.charge(1)
            assert len(here.calls("Authorize")) == 1

    aio(story())


@key("SendLocalListMaxLength")
def test_SendLocalListMaxLength(aio: Any, site: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.commands", "at most [0-9]+ in one update")

    async def story() -> None:
        async with site() as here:
            most = int(await here.value("SendLocalListMaxLength"))
            tags = [f"TAG{n:05d}" for n in range(most + 1)]
            assert await send(here, 1, tags) == "Failed"
            assert await version(here) == 0
            assert await send(here, 1, tags[:-1]) == "Accepted"
            assert await version(here) == 1
            assert await here.change("SendLocalListMaxLength", "9999") == "Rejected"

    aio(story())


@key("LocalAuthListMaxLength")
def test_LocalAuthListMaxLength(aio: Any, site: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.commands", "an update to version 9999 is refused")

    async def story() -> None:
        async with site() as here:
            most = int(await here.value("LocalAuthListMaxLength"))
            at_once = int(await here.value("SendLocalListMaxLength"))
            tags = [f"TAG{n:05d}" for n in range(most + 1)]
            for number, begin in enumerate(range(0, most, at_once), start=1):
                sent = await send(here, number, tags[begin : min(begin + at_once, most)], "Differential")
                assert sent == "Accepted"
            full = await version(here)
            assert await send(here, 9999, tags[most:], "Differential") == "Failed"
            assert await version(here) == full
            assert await send(here, full + 1, tags[:1], "Differential") == "Accepted"  # known already
            assert await here.change("LocalAuthListMaxLength", "99999") == "Rejected"

    aio(story())


def reserve(here: Site, connector_id: int) -> call.ReserveNow:
    """For the card of these tests, for ten minutes."""
    until = (here.now + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    return call.ReserveNow(connector_id=connector_id, expiry_date=until, id_tag=CARD, reservation_id=5)


@key("ReserveConnectorZeroSupported")
def test_ReserveConnectorZeroSupported(aio: Any, site: Any) -> None:
    """True: with a reservation of the station as a whole, one connector is left for its driver."""

    async def story() -> None:
        async with site(connectors="CCS") as here:
            assert await here.value("ReserveConnectorZeroSupported") == "true"
            assert await here.change("ReserveConnectorZeroSupported", "false") == "Rejected"
            assert (await here.ask(reserve(here, 0))).status == "Accepted"
            assert not (await here.card(1, "SOMEBODY")).authorized
            await here.charge(1)
            assert here.calls("StartTransaction")[0].payload["reservationId"] == 5

    aio(story())


@key("ReserveConnectorZeroSupported")
def test_ReserveConnectorZeroSupported_is_the_operators_choice(aio: Any, site: Any) -> None:
    """The installation file says whether a backend may reserve the station, or anything at all."""

    async def story() -> None:
        async with site(install=["reservation.station=false"]) as here:
            assert await here.value("ReserveConnectorZeroSupported") == "false"
            assert (await here.ask(reserve(here, 0))).status == "Rejected"
            assert (await here.ask(reserve(here, 1))).status == "Accepted"

    aio(story())


@key("SupportedFeatureProfiles")
def test_SupportedFeatureProfiles_without_reservation(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site(install=["reservation.connectors=false"]) as here:
            assert "Reservation" not in (await here.value("SupportedFeatureProfiles")).split(",")
            assert (await here.ask(reserve(here, 1))).status == "Rejected"
            assert await here.value("ReserveConnectorZeroSupported") == "false"

    aio(story())
