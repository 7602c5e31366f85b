"""A backend changes the way to itself: what happens when the new way works, and when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.lab.authority import Authority
from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue
from kiosk.station.certificates import files
from kiosk.station.ocpp.dial import DialFailed
from kiosk.station.ocpp.dialler import WORKED
from kiosk.station.ocpp.links import Link
from kiosk.station.storage import MetaStore
from tests.fakes.secured import KEY, KEY_BYTES, Event, Site, Sites

Run = Callable[..., Any]
Expected = Callable[..., None]
NEW_KEY = "fedcba9876543210fedcba9876543210"
DIALLER = "kiosk.station.ocpp.dialler"


async def fails(s: Site, times: int, match: str | None = None) -> None:
    for _ in range(times):
        with pytest.raises(DialFailed, match=match):
            await s.dial()


async def at_profile_1(s: Site) -> Link:
    await s.listen(None, password=KEY_BYTES)
    await ready(s, "1")
    await s.reboot()
    return await s.dial()


async def rise_to_nowhere(s: Site) -> None:
    """Profile 2 at an address where nobody is."""
    await s.set(WebSocketUrl="wss://127.0.0.1:1/ocpp")
    await s.install_root()
    await s.set(SecurityProfile="2")


async def ready(s: Site, profile: str) -> None:
    """A backend and a key for it; ``profile`` is in force."""
    await s.set(Provenance.OPERATOR, WebSocketUrl=s.central.url, AuthorizationKey=KEY)
    await s.set(SecurityProfile=profile)


def test_from_0_to_3_and_never_back(real_aio: Run, site: Sites, expected_log: Expected) -> None:
    """Lesson 31: after one success on a profile there is no way back; here with a restart on each step."""

    async def story() -> None:
        async with site() as s:
            await s.set(Provenance.OPERATOR, WebSocketUrl=s.central.url)
            await s.reboot()
            assert (await s.dial()).profile == 0
            with pytest.raises(BadValue, match="profile 1 needs an AuthorizationKey"):
                await s.set(SecurityProfile="1")
            assert (await at_profile_1(s)).profile == 1

            await s.listen(s.authority.server_context(), password=KEY_BYTES)
            with pytest.raises(BadValue, match="needs a wss:// address in WebSocketUrl, a root certificate"):
                await s.set(SecurityProfile="2")
            await s.set(WebSocketUrl=s.central.url)
            await s.install_root()
            await s.set(SecurityProfile="2")
            assert (await s.dial()).profile == 2  # before any reset: the new address comes with the profile
            await s.reboot()
            assert (await s.dial()).profile == 2

            await s.listen(s.authority.server_context(clients=s.authority))
            with pytest.raises(BadValue, match="needs a certificate of the station"):
                await s.set(SecurityProfile="3")
            await s.install_own()
            await s.set(SecurityProfile="3")
            assert (await s.dial()).profile == 3
            await s.reboot()
            assert (await s.dial()).profile == 3

            # the backend loses its TLS: nothing below profile 3 is tried, however long
            await s.listen(None)
            await fails(s, 12)
            await s.reboot()
            await fails(s, 6)
            assert s.central.connects == 0
            for lower in ("0", "1", "2"):
                for by in (Provenance.BACKEND, Provenance.OPERATOR):
                    with pytest.raises(BadValue, match="can only rise"):
                        await s.set(by, SecurityProfile=lower)

    real_aio(story())


def test_an_upgrade_that_cannot_connect_falls_back(real_aio: Run, site: Sites, expected_log: Expected) -> None:
    """Lesson 31: to what worked, and never below it."""
    expected_log(DIALLER, "back to what worked, for WebSocketUrl, SecurityProfile")

    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            old_url = s.central.url
            await rise_to_nowhere(s)
            await fails(s, 2)
            assert (await s.dial()).profile == 1
            assert s.settings.int("SecurityProfile") == 1
            assert s.settings.stored_text("WebSocketUrl") == old_url
            await s.reboot()
            assert (await s.dial()).profile == 1
            await s.set(WebSocketUrl=old_url.replace("ws", "wss", 1))
            await s.set(SecurityProfile="2")  # may be tried again

    real_aio(story())


def test_a_power_cut_in_a_trial_goes_on_with_it(real_aio: Run, site: Sites, expected_log: Expected) -> None:
    expected_log(DIALLER, "back to what worked")

    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            await rise_to_nowhere(s)
            await fails(s, 1)
            await s.reboot()
            assert s.settings.int("SecurityProfile") == 2
            await fails(s, 2)
            assert (await s.dial()).profile == 1

    real_aio(story())


def test_while_both_are_down_nothing_is_decided(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            await s.install_root()
            await s.set(WebSocketUrl=s.central.url.replace("ws", "wss", 1))
            await s.set(SecurityProfile="2")
            await s.listen(None, password=b"nobody-knows-it-1")
            await fails(s, 10)
            assert s.settings.int("SecurityProfile") == 2
            await s.listen(s.authority.server_context(), password=KEY_BYTES)
            for _ in range(3):  # at most one turn of the old link comes first
                try:
                    assert (await s.dial()).profile == 2
                except DialFailed:
                    continue
                return
            raise AssertionError("the new link was not tried again")

    real_aio(story())


def test_a_new_key_is_used_at_once_and_for_good(real_aio: Run, site: Sites) -> None:
    """Lesson 30: hexadecimal digits go out as bytes, and a new key reaches the transport and survives a reboot."""

    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            await s.set(AuthorizationKey=NEW_KEY)
            await s.listen(None, password=bytes.fromhex(NEW_KEY))
            assert (await s.dial()).key == NEW_KEY
            await s.listen(None, password=KEY_BYTES)
            await fails(s, 6, "refuses HYC-7")  # what worked last is the new key: the old one is forgotten
            await s.reboot()
            await fails(s, 6, "refuses HYC-7")

    real_aio(story())


def test_a_backend_that_lost_the_new_key_is_reached_with_the_old(
    real_aio: Run, site: Sites, expected_log: Expected
) -> None:
    expected_log(DIALLER, "back to what worked, for AuthorizationKey")

    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            await s.set(AuthorizationKey=NEW_KEY)
            await fails(s, 2, "refuses HYC-7")
            assert (await s.dial()).key == KEY
            assert s.settings.str("AuthorizationKey") == KEY
            assert [event for event, _ in await s.events()] == [Event.FAILED_TO_AUTHENTICATE]
            await s.reboot()
            assert (await s.dial()).key == KEY

    real_aio(story())


def test_an_address_given_by_an_operator_is_no_trial(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            await s.set(Provenance.OPERATOR, WebSocketUrl="ws://127.0.0.1:1/ocpp")
            await s.reboot()
            await fails(s, 8)
            assert s.settings.str("WebSocketUrl") == "ws://127.0.0.1:1/ocpp"

    real_aio(story())


def test_an_address_given_by_a_backend_is_one(real_aio: Run, site: Sites, expected_log: Expected) -> None:
    expected_log(DIALLER, "back to what worked, for WebSocketUrl")

    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            worked = s.central.url
            await s.set(WebSocketUrl="ws://127.0.0.1:1/ocpp")
            assert (await s.dial()).url == worked  # not before the reset
            await s.reboot()
            await fails(s, 2)
            assert (await s.dial()).url == worked
            assert s.settings.str("WebSocketUrl") == worked
            assert (await s.dial()).url == worked  # at once, and the next time too

    real_aio(story())


def test_a_renewed_certificate_that_is_refused_gives_way(
    real_aio: Run, site: Sites, expected_log: Expected
) -> None:
    expected_log(DIALLER, "back to what worked, for the certificate of the station")

    async def story() -> None:
        async with site() as s:
            old, new = Authority("Clients of old"), Authority("Clients to come")
            await s.listen(s.authority.server_context(clients=old))
            await s.install_root()
            await s.install_root(old)
            await s.install_root(new)
            await s.install_own(old)
            await ready(s, "3")
            await s.reboot()
            first = await s.dial()
            await s.install_own(new)
            await fails(s, 2)
            assert await s.dial() == first
            assert [own.fingerprint for own in await s.certificates.own()] == [first.pair]
            assert Event.INVALID_STATION_CERTIFICATE in [event for event, _ in await s.events()]

            await s.install_own(new)
            await s.listen(s.authority.server_context(clients=new))
            second = await s.dial()
            assert second.pair != first.pair
            assert [own.fingerprint for own in await s.certificates.own()] == [second.pair], "the old one is gone"

    real_aio(story())


def test_a_replaced_root_is_trusted_until_the_new_one_was_used(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            heir = Authority("Heir", above=s.authority)
            await s.listen(s.authority.server_context())
            await s.install_root()
            await ready(s, "2")
            await s.force(AdditionalRootCertificateCheck="true")
            await s.reboot()
            await s.force(AdditionalRootCertificateCheck="true")
            await s.dial()
            await s.install_root(heir)
            await s.dial()  # the backend still shows the old chain
            await s.listen(heir.server_context())
            await s.dial()
            await s.listen(s.authority.server_context())
            await fails(s, 2, "TLS failed")

    real_aio(story())


def test_a_disk_that_is_full_does_not_take_a_good_link_down(
    real_aio: Run, site: Sites, expected_log: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log(DIALLER, "certificates that are of no more use stay")

    def full(_path: object) -> None:
        raise OSError(28, "No space left on device")

    async def story() -> None:
        async with site() as s:
            await s.listen(s.authority.server_context(clients=s.authority))
            await s.install_root()
            await s.install_own()
            await ready(s, "3")
            await s.reboot()
            await s.dial()
            await s.install_own()
            monkeypatch.setattr(files, "remove", full)
            link = await s.dial()
            monkeypatch.undo()
            newest, _older = await s.certificates.own()
            assert link.pair == newest.fingerprint
            await s.dial()
            assert len(await s.certificates.own()) == 1

    real_aio(story())


def test_a_key_that_is_damaged_gives_way_to_the_pair_that_worked(
    real_aio: Run, site: Sites, expected_log: Expected
) -> None:
    expected_log(DIALLER, "back to what worked, for the certificate of the station")

    async def story() -> None:
        async with site() as s:
            await s.listen(s.authority.server_context(clients=s.authority))
            await s.install_root()
            await s.install_own()
            await ready(s, "3")
            await s.reboot()
            first = await s.dial()
            await s.install_own()
            s.certificates.store.pairs()[0].key.write_bytes(b"half a ke")
            await fails(s, 2, "the station's certificate cannot be used")
            assert await s.dial() == first

    real_aio(story())


def test_a_memory_of_links_that_is_damaged_is_none(real_aio: Run, site: Sites, expected_log: Expected) -> None:
    expected_log(DIALLER, "not readable")

    async def story() -> None:
        async with site() as s:
            await at_profile_1(s)
            await MetaStore(s.db).set(WORKED, '{"url": 7')
            await s.reboot()
            assert (await s.dial()).profile == 1
            await s.reboot()
            assert (await s.dial()).profile == 1  # and is written anew

    real_aio(story())
