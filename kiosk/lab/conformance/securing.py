"""Cases of the security white paper: passwords, TLS, security profiles."""

from __future__ import annotations

import base64

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.lab.authority import Authority
from kiosk.lab.conformance.bench import IDENTITY, Bench
from kiosk.lab.conformance.certificates import authority, install, signing_request
from kiosk.lab.conformance.registry import case

OLD_KEY, NEW_KEY = "00112233445566778899aabbccddeeff00112233", "FEDCBA98765432100123456789abcdef"
WORD_KEY = "Sixteen-letters!"


def password(lab: Bench, *keys: bytes) -> None:
    """The central system takes the last of ``keys`` from now on; none: it asks for none."""
    options = lab.csms.central.options
    passwords = {IDENTITY: keys[-1]} if keys else None
    lab.csms.central.options = msgspec.structs.replace(options, passwords=passwords)


async def reconnected(lab: Bench, before: int, within_s: float = 60.0) -> str:
    """Wait for a connection after the first ``before`` ones; its Authorization header, empty without one."""
    await lab.station.until(lambda: len(lab.csms.handshakes) > before, "a new connection", within_s)
    await lab.csms.connection()
    return lab.csms.handshakes[-1].headers.get("authorization", "")


def basic(key: bytes) -> str:
    return "Basic " + base64.b64encode(f"{IDENTITY}:".encode() + key).decode()


async def to_profile(lab: Bench, profile: int) -> Authority:
    """Climb from profile 0, as a central system does it; returns the authority of server and station."""
    root = authority(lab)
    before = len(lab.csms.handshakes)
    await lab.csms.set_key("AuthorizationKey", OLD_KEY)
    assert await reconnected(lab, before) == basic(bytes.fromhex(OLD_KEY))
    await install(lab, root.pem)
    if profile == 3:
        request = await signing_request(lab)
        chain = root.sign(request.public_bytes(Encoding.PEM).decode())
        await lab.csms.accepted("CertificateSigned", {"certificateChain": chain})
    if profile >= 2:
        url = lab.csms.url.replace("ws://", "wss://", 1)
        changed = await lab.csms.call("ChangeConfiguration", {"key": "WebSocketUrl", "value": url})
        assert changed["status"] == "RebootRequired", changed
    before = len(lab.csms.handshakes)
    await lab.csms.set_key("SecurityProfile", profile)
    if profile >= 2:
        await lab.csms.offline()
        await lab.csms.online(tls=root.server_context(clients=root if profile == 3 else None))
    header = await reconnected(lab, before)
    assert header == ("" if profile == 3 else basic(bytes.fromhex(OLD_KEY))), "profile 3 needs no password"
    assert await lab.csms.get_key("SecurityProfile") == str(profile)
    return root


@case(
    "073",
    "Update the password for Basic authentication",
    profile="Security",
    keys={"AuthorizationKey": OLD_KEY, "SecurityProfile": "1"},
)
async def tc_073(lab: Bench) -> None:
    before = len(lab.csms.handshakes)
    await lab.csms.set_key("AuthorizationKey", NEW_KEY)
    password(lab, bytes.fromhex(NEW_KEY))
    assert await reconnected(lab, before) == basic(bytes.fromhex(NEW_KEY))
    assert await lab.csms.get_key("AuthorizationKey") is None, "a password is never told"
    before = len(lab.csms.handshakes)
    await lab.csms.accepted("Reset", {"type": "Hard"})
    assert await reconnected(lab, before) == basic(bytes.fromhex(NEW_KEY)), "after a reset it is the old one again"
    await lab.booted()


@case("083", "Upgrade of the security profile", profile="Security", real=True)
async def tc_083(lab: Bench) -> None:
    await to_profile(lab, 2)
    for kind in ("Soft", "Hard"):
        before = len(lab.csms.handshakes)
        await lab.csms.accepted("Reset", {"type": kind})
        assert await reconnected(lab, before) == basic(bytes.fromhex(OLD_KEY))
        await lab.booted()
        assert await lab.csms.get_key("SecurityProfile") == "2"
    before = len(lab.csms.handshakes)
    await lab.station.restart(kill=True)
    await reconnected(lab, before)
    assert await lab.csms.get_key("SecurityProfile") == "2", "a power cut brought the old profile back"
    assert lab.csms.url.startswith("wss://"), "nobody listens in the clear, so this was TLS"


@case(
    "084",
    "Downgrade of the security profile, rejected",
    profile="Security",
    keys={"AuthorizationKey": OLD_KEY, "SecurityProfile": "1"},
)
async def tc_084(lab: Bench) -> None:
    before = len(lab.csms.handshakes)
    changed = await lab.csms.call("ChangeConfiguration", {"key": "SecurityProfile", "value": "0"})
    assert changed["status"] == "Rejected", changed
    assert await lab.csms.get_key("SecurityProfile") == "1"
    await lab.sleep(60)
    assert len(lab.csms.handshakes) == before, "a rejected change is no reason to leave"


@case(
    "085",
    "Basic authentication, valid",
    profile="Security",
    keys={"AuthorizationKey": OLD_KEY, "SecurityProfile": "1"},
    booted=False,
)
async def tc_085(lab: Bench) -> None:
    password(lab, b"another-password")
    lab.station.power_on()
    await lab.station.up()
    await lab.sleep(60)
    assert lab.csms.handshakes == [], "refused, and yet connected"
    password(lab, bytes.fromhex(OLD_KEY))
    assert await reconnected(lab, 0) == basic(bytes.fromhex(OLD_KEY)), "hexadecimal digits stand for bytes"
    await lab.booted()
    await lab.csms.expect("SecurityEventNotification", type="FailedToAuthenticateAtCentralSystem")
    before = len(lab.csms.handshakes)
    await lab.csms.set_key("AuthorizationKey", WORD_KEY)
    password(lab, WORD_KEY.encode())
    assert await reconnected(lab, before) == basic(WORD_KEY.encode()), "other characters stand for themselves"


@case("086", "TLS with the server's certificate", profile="Security", real=True)
async def tc_086(lab: Bench) -> None:
    root = await to_profile(lab, 2)
    before = len(lab.csms.handshakes)
    await lab.csms.offline()
    await lab.csms.online(tls=authority(lab, "Impostor").server_context())
    await lab.sleep(4)
    assert len(lab.csms.handshakes) == before, "connected to a server that nobody vouches for"
    await lab.csms.offline()
    lab.csms.mark()
    await lab.csms.online(tls=root.server_context())
    await reconnected(lab, before)
    await lab.csms.expect("SecurityEventNotification", type="InvalidCentralSystemCertificate")
    before = len(lab.csms.handshakes)
    await lab.csms.offline()
    await lab.csms.online(tls=root.server_context("backend.example"))
    await lab.sleep(4)
    assert len(lab.csms.handshakes) == before, "connected to a server of another name"


@case("087", "TLS with the station's certificate", profile="Security", real=True)
async def tc_087(lab: Bench) -> None:
    root = await to_profile(lab, 3)
    before = len(lab.csms.handshakes)
    await lab.csms.accepted("Reset", {"type": "Hard"})
    await reconnected(lab, before)
    await lab.booted()
    # a renewal: the new certificate is shown at once, and the old key is gone
    (old,) = await lab.station.commands.certificates.own()
    before = len(lab.csms.handshakes)
    request = await signing_request(lab)
    chain = root.sign(request.public_bytes(Encoding.PEM).decode())
    await lab.csms.accepted("CertificateSigned", {"certificateChain": chain})
    await reconnected(lab, before)
    await lab.csms.expect("StatusNotification")
    (new,) = await lab.station.commands.certificates.own()
    assert new.fingerprint != old.fingerprint
