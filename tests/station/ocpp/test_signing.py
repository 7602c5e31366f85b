"""When a certificate of the station is asked for, and what happens to the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.backend.central import Options
from kiosk.lab.authority import DAY, Authority
from kiosk.model.enums import SecurityEventType
from kiosk.station.certificates.names import CertificateInfo, CertificateUse
from kiosk.station.ocpp import dial
from kiosk.station.ocpp.signing import FIRST_RETRY_S, LONGEST_LOOK_S, LONGEST_RETRY_S, Plan, plan
from tests.station.ocpp.conftest import START as NOW

Run = Callable[..., Any]
Opened = Callable[..., Any]
Expected = Callable[..., None]
QUIET = Options(heartbeat_interval_s=7200, ping_interval_s=None)


def own(name: str, begins: timedelta = -DAY, ends: timedelta = 90 * DAY) -> CertificateInfo:
    return CertificateInfo(
        fingerprint=name,
        subject="CN=KIOSK-0001",
        issuer="CN=Root",
        serial_number="1",
        not_before=NOW + begins,
        not_after=NOW + ends,
    )


A, B = own("a"), own("b")
SOON, TOMORROW = own("soon", ends=20 * DAY), own("tomorrow", begins=timedelta(minutes=5))
ENDS_IN_31 = own("31", ends=30 * DAY + timedelta(minutes=10))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # nothing is there, nobody asks
        ({"own": []}, Plan()),
        ({"own": [], "asked_for": True}, Plan(ask=True)),
        # a certificate that lasts: look again now and then, since the clock may be moved
        ({"own": [A]}, Plan(wait_s=LONGEST_LOOK_S)),
        ({"own": [A], "asked_for": True}, Plan(ask=True)),
        # it ends within renew_certificate_days
        ({"own": [SOON]}, Plan(ask=True)),
        ({"own": [SOON], "renew_days": 10.0}, Plan(wait_s=LONGEST_LOOK_S)),
        ({"own": [ENDS_IN_31]}, Plan(wait_s=600.0)),
        ({"own": [own("gone", begins=-9 * DAY, ends=-DAY)]}, Plan(ask=True)),
        # the renewal is there already
        ({"own": [A, SOON]}, Plan(wait_s=LONGEST_LOOK_S)),
        # no answer to the first, second, fifth, hundredth request
        ({"own": [], "asked_for": True, "tries": 1, "since_try_s": 10.0}, Plan(wait_s=FIRST_RETRY_S - 10)),
        ({"own": [], "asked_for": True, "tries": 1, "since_try_s": FIRST_RETRY_S}, Plan(ask=True)),
        ({"own": [], "asked_for": True, "tries": 2}, Plan(wait_s=2 * FIRST_RETRY_S)),
        ({"own": [SOON], "tries": 5}, Plan(wait_s=16 * FIRST_RETRY_S)),
        ({"own": [SOON], "tries": 100}, Plan(wait_s=LONGEST_RETRY_S)),
        # profile 3: another one than the one shown is the newest that is valid
        ({"own": [A], "shown": "a"}, Plan(wait_s=LONGEST_LOOK_S)),
        ({"own": [B, A], "shown": "a"}, Plan(switch=True)),
        ({"own": [TOMORROW, A], "shown": "a"}, Plan(wait_s=300.0)),
        ({"own": [A], "shown": "gone"}, Plan(switch=True)),
        ({"own": [], "shown": "gone"}, Plan()),
        # below profile 3 none is shown
        ({"own": [B, A], "shown": None}, Plan(wait_s=LONGEST_LOOK_S)),
    ],
)
def test_plan(given: dict[str, Any], expected: Plan) -> None:
    usual: dict[str, Any] = {
        "asked_for": False,
        "renew_days": 30.0,
        "tries": 0,
        "since_try_s": 0.0,
        "shown": None,
    }
    assert plan(NOW, **(usual | given)) == expected


# --- with a backend ------------------------------------------------------------------------------------------


def requests(world: Any) -> list[Any]:
    return [frame.payload["csr"] for frame in world.calls("SignCertificate")]


def test_a_refusal_is_repeated_with_patience(aio: Run, running: Opened, expected_log: Expected) -> None:
    """Lesson 32: a request without a certificate is repeated. (The demonstration backend refuses every one.)"""
    expected_log("kiosk.station.ocpp.signing", "SignCertificate Rejected")

    async def story() -> None:
        async with running(QUIET) as world:
            world.set_key("WebSocketPingInterval", "0")
            await world.online()
            world.commands.certificates.request_renewal()
            await world.until(lambda: len(requests(world)) == 3, 3600)
            first, second, third = (frame.at for frame in world.calls("SignCertificate"))
            assert round((second - first).total_seconds()) == FIRST_RETRY_S
            assert round((third - second).total_seconds()) == 2 * FIRST_RETRY_S

    aio(story())


def test_a_lost_line_does_not_begin_the_patience_anew(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log("kiosk.station.ocpp.signing", "SignCertificate Rejected")
    expected_log("kiosk.station.ocpp.client", "the connection broke")

    async def story() -> None:
        async with running(QUIET) as world:
            world.set_key("WebSocketPingInterval", "0")
            await world.online()
            world.commands.certificates.request_renewal()
            await world.until(lambda: len(requests(world)) == 2, 3600)
            world.central.stations["HYC-7"].socket.abort()
            await world.until(lambda: len(requests(world)) == 3, 3600)
            second, third = (frame.at for frame in world.calls("SignCertificate")[1:])
            assert round((third - second).total_seconds()) == 2 * FIRST_RETRY_S

    aio(story())


def test_an_answer_to_an_earlier_request_still_fits(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log("kiosk.station.ocpp.signing", "SignCertificate Rejected")
    authority = Authority(now=NOW)

    async def story() -> None:
        async with running(QUIET) as world:
            world.set_key("WebSocketPingInterval", "0")
            await world.online()
            world.commands.certificates.request_renewal()
            await world.until(lambda: len(requests(world)) == 3, 3600)
            certificates = world.commands.certificates
            pair = await certificates.signed(authority.sign(requests(world)[0], valid=31 * DAY))
            assert [each.fingerprint for each in await certificates.own()] == [pair.leaf.fingerprint]
            assert not certificates.renewal_wanted
            before = requests(world)
            await asyncio.sleep(20 * 3600)
            assert requests(world) == before, "it has what it asked for"
            await asyncio.sleep(5 * 3600)
            assert len(requests(world)) > len(before)
            assert requests(world)[-1] not in before, "a renewal has a key of its own"

    aio(story())


def test_a_certificate_that_expires_is_renewed_without_being_told(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 32: renewal begins so many days before the end as the installation says."""
    expected_log("kiosk.station.ocpp.signing", "SignCertificate Rejected")
    authority = Authority(now=NOW)

    async def story() -> None:
        async with running(QUIET) as world:
            certificates = world.commands.certificates
            request = await certificates.signing_request()
            await certificates.signed(authority.sign(request, valid=31 * DAY))
            world.set_key("WebSocketPingInterval", "0")
            await world.online()
            assert requests(world) == []
            await asyncio.sleep(2 * 86400)
            first = world.calls("SignCertificate")[0]
            assert abs(first.at - (NOW + DAY)) < timedelta(minutes=2)

    aio(story())


def test_a_chain_that_is_too_long_is_refused(aio: Run, running: Opened) -> None:
    """CertificateSignedMaxChainSize; the event says why."""

    async def story() -> None:
        async with running(QUIET) as world:
            await world.online()
            asked = call.CertificateSigned(certificate_chain="x" * 9000)
            assert (await world.central.stations["HYC-7"].ask(asked)).status == "Rejected"
            await world.until(lambda: bool(world.calls("SecurityEventNotification")))
            (event,) = world.calls("SecurityEventNotification")
            assert event.payload["type"] == SecurityEventType.INVALID_STATION_CERTIFICATE

    aio(story())


def test_a_certificate_that_comes_in_makes_the_station_dial_at_once(
    aio: Run, opened: Opened, expected_log: Expected
) -> None:
    """A technician installs a root while the back-off waits its two minutes."""
    expected_log("kiosk.station.ocpp.client", "No socket listening")

    async def story() -> None:
        async with opened(None, "backend.retry_min_s=600", "backend.retry_max_s=600") as world:
            await world.central.stop()
            running = asyncio.create_task(world.client.run())
            await asyncio.sleep(60)
            await world.central.start("127.0.0.1", 9000)
            await world.commands.certificates.install(CertificateUse.CENTRAL_ROOT, Authority(now=NOW).pem)
            since = world.clock.now()
            await world.online()
            assert world.clock.now() - since < timedelta(seconds=5)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    aio(story())


@pytest.mark.parametrize("when", ["connected", "waiting", "dialling"])
def test_a_changed_link_is_dialled_soon(
    aio: Run, opened: Opened, expected_log: Expected, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Whenever the change comes; a dial under way still fails for the old key."""
    expected_log("kiosk.station.ocpp.client", "AuthorizationKey changed" if when == "connected" else "nobody")
    real, in_vain = dial.Connect, 0 if when == "connected" else 1

    async def nobody() -> None:
        await asyncio.sleep(10)
        raise OSError("nobody listens")

    def connect(*args: Any, **kwargs: Any) -> Any:
        nonlocal in_vain
        in_vain -= 1
        return nobody() if in_vain >= 0 else real(*args, **kwargs)

    monkeypatch.setattr(dial, "Connect", connect)

    async def story() -> None:
        async with opened(None, "backend.retry_min_s=300", "backend.retry_max_s=300") as world:
            running = asyncio.create_task(world.client.run())
            await asyncio.sleep({"connected": 60, "waiting": 60, "dialling": 8}[when])
            already = world.central.connects
            assert already == (when == "connected")
            world.set_key("AuthorizationKey", "0123456789abcdef")
            await world.until(lambda: world.central.connects == already + 1, 5)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    aio(story())
