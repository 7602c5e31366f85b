"""Keys that decide who may charge."""

from __future__ import annotations

from typing import Any

from ocpp.v16 import call

from kiosk.backend.central import Options
from kiosk.model.enums import RefusalReason, Tap
from tests.fakes.keys import key
from tests.fakes.site import CARD, Site

BLOCKED = Options(blocked=frozenset({CARD}))


async def whitelisted(here: Site) -> None:
    await here.station.core.commands.whitelist_add(CARD)


@key("AllowOfflineTxForUnknownId")
def test_AllowOfflineTxForUnknownId(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.offline()
            assert (await here.card(1)).reason is RefusalReason.BACKEND_OFFLINE
            await here.online()
            await here.set("AllowOfflineTxForUnknownId", "true")
            await here.offline()
            await here.charge(1)
            await here.station.core.commands.stop(1)
            await here.online()
            assert here.transaction.id_tag == CARD
            assert here.transaction.stopped_at is not None
            assert not here.calls("Authorize")

    aio(story())


@key("AuthorizationCacheEnabled")
def test_AuthorizationCacheEnabled(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            for enabled, asked in (("false", 1), ("false", 1), ("true", 1), ("true", 0)):
                await here.set("AuthorizationCacheEnabled", enabled)
                mark = here.mark
                await here.charge(1)
                assert len(here.calls("Authorize", mark)) == asked, enabled
                await here.leave(1)

    aio(story())


@key("AuthorizationCacheEnabled")
def test_AuthorizationCacheEnabled_off_keeps_what_is_stored_unused(aio: Any, site: Any) -> None:
    """The store is neither consulted nor filled, and it cannot be cleared."""

    async def story() -> None:
        async with site(("AuthorizationCacheEnabled", "true")) as here:
            await here.charge(1)
            await here.stop(1)
            await here.set("AuthorizationCacheEnabled", "false")
            assert (await here.ask(call.ClearCache())).status == "Rejected"
            mark = here.mark
            await here.charge(2)
            assert len(here.calls("Authorize", mark)) == 1
            await here.set("AuthorizationCacheEnabled", "true")
            assert (await here.ask(call.ClearCache())).status == "Accepted"
            await here.stop(2)

    aio(story())


@key("AuthorizeRemoteTxRequests")
def test_AuthorizeRemoteTxRequests(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site(options=BLOCKED) as here:
            here.station.sim.plug(1)
            here.station.sim.plug(2)
            await here.set("AuthorizeRemoteTxRequests", "true")
            await here.ask(call.RemoteStartTransaction(id_tag=CARD, connector_id=1))
            await here.settle(20)
            assert len(here.calls("Authorize")) == 1
            assert not here.calls("StartTransaction")
            await here.set("AuthorizeRemoteTxRequests", "false")
            await here.ask(call.RemoteStartTransaction(id_tag=CARD, connector_id=2))
            await here.until(lambda: bool(here.calls("StartTransaction")))
            assert here.calls("StartTransaction")[0].payload["connectorId"] == 2
            assert len(here.calls("Authorize")) == 1

    aio(story())


@key("LocalAuthorizeOffline")
def test_LocalAuthorizeOffline(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await whitelisted(here)
            await here.set("LocalAuthorizeOffline", "false")
            await here.offline()
            assert (await here.card(1)).reason is RefusalReason.BACKEND_OFFLINE
            await here.online()
            await here.set("LocalAuthorizeOffline", "true")
            await here.offline()
            assert (await here.card(1)).authorized

    aio(story())


@key("LocalPreAuthorize")
def test_LocalPreAuthorize(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await whitelisted(here)
            await here.charge(1)
            assert not here.calls("Authorize")
            await here.stop(1)
            await here.set("LocalPreAuthorize", "false")
            await here.charge(2)
            assert [f.payload for f in here.calls("Authorize")] == [{"idTag": CARD}]

    aio(story())


@key("HycKioskModeEnabled")
def test_HycKioskModeEnabled(aio: Any, site: Any) -> None:
    """Anyone may charge; the virtual tag is told to the backend, whose refusal does not matter."""

    async def story() -> None:
        blocked = Options(blocked=frozenset({"HycKioskTag1"}))
        async with site(options=blocked) as here:
            here.station.sim.plug(1)
            await here.until(lambda: here.page == "card")
            await here.settle(30)
            assert not here.calls("StartTransaction")
            await here.set("HycKioskModeEnabled", "true")
            await here.until(lambda: here.snapshot.station.kiosk)
            here.tap(Tap.OVERVIEW)
            here.tap(Tap.SELECT, 1)
            assert here.page == "free"
            here.tap(Tap.START)
            await here.status_is(1, "Charging")
            await here.settle()
            assert [f.payload for f in here.calls("Authorize")] == [{"idTag": "HycKioskTag1"}]
            assert here.calls("StartTransaction")[0].payload["idTag"] == "HycKioskTag1"
            await here.settle(60)
            assert here.station.connector(1).status == "Charging"

    aio(story())


@key("HycKioskModeTagIds")
def test_HycKioskModeTagIds(aio: Any, site: Any) -> None:
    """Tags by connector; a connector without one gets the generic tag with its number."""

    async def story() -> None:
        async with site(("HycKioskModeEnabled", "true"), ("ChargingStrategy", "FAIR")) as here:
            await here.set("HycKioskModeTagIds", "FREE-A")
            for connector_id in (1, 2):
                here.station.sim.plug(connector_id)
            await here.until(lambda: len(here.central.transactions) == 2)
            tags = {t.connector_id: t.id_tag for t in here.central.transactions.values()}
            assert tags == {1: "FREE-A", 2: "HycKioskTag2"}
            assert await here.change("HycKioskModeTagIds", "A,B,C-is-longer-than-twenty") == "Rejected"

    aio(story())


@key("KioskModeWhenOffline")
def test_KioskModeWhenOffline(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.set("KioskModeWhenOffline", "true")
            await here.settle(5)
            assert not here.snapshot.station.kiosk
            await here.offline()
            await here.until(lambda: here.snapshot.station.kiosk)
            here.station.sim.plug(1)
            await here.status_is(1, "Charging")
            await here.online()
            await here.until(lambda: not here.snapshot.station.kiosk)
            assert here.station.connector(1).status == "Charging"  # a running session keeps its mode
            assert here.transaction.id_tag == "HycKioskTag1"
            await here.set("KioskModeWhenOffline", "false")
            await here.offline()
            await here.settle(5)
            assert not here.snapshot.station.kiosk

    aio(story())


@key("AutochargeEnabled")
def test_AutochargeEnabled(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            here.station.sim.plug(1)
            await here.settle(60)
            assert not here.calls("StartTransaction")
            here.station.sim.unplug(1)
            await here.set_after_reset(("AutochargeEnabled", "true"))
            here.station.sim.plug(1)
            await here.until(lambda: bool(here.calls("StartTransaction")))
            vehicle = here.station.connector(1).vehicle_id
            assert vehicle is not None
            assert here.calls("StartTransaction")[0].payload["idTag"] == f"VID:{vehicle}"
            assert here.calls("Authorize")[0].payload["idTag"] == f"VID:{vehicle}"

    aio(story())


@key("RemoteTxStoppableLocally")
def test_RemoteTxStoppableLocally(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.set("RemoteTxStoppableLocally", "false")
            here.station.sim.plug(1)
            await here.ask(call.RemoteStartTransaction(id_tag=CARD, connector_id=1))
            await here.until(lambda: here.page == "charging")
            session = here.station.connector(1).session
            assert session is not None
            assert not session.stoppable
            here.tap(Tap.STOP)
            assert here.page == "stop_refused"
            assert here.snapshot.dialogue.reason is RefusalReason.STOP_ONLY_REMOTE
            here.station.sim.card(CARD)
            await here.settle(10)
            assert here.station.connector(1).status == "Charging"
            await here.set("RemoteTxStoppableLocally", "true")
            await here.settle(1)
            here.tap(Tap.KEEP)
            here.tap(Tap.STOP)
            here.tap(Tap.CONFIRM_STOP)
            await here.until(lambda: here.page == "finished")

    aio(story())
