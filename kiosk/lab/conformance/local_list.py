"""Cases of the LocalAuthListManagement profile."""

from __future__ import annotations

from typing import Any

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

PROFILE = "LocalAuthListManagement"


async def _send(lab: Bench, kind: str, version: int, *tags: str, status: str = "Accepted") -> None:
    """A list update with these tags, all good; a tag with a leading minus has no idTagInfo."""
    entries: list[dict[str, Any]] = [
        {"idTag": tag[1:]} if tag.startswith("-") else {"idTag": tag, "idTagInfo": {"status": "Accepted"}}
        for tag in tags
    ]
    payload: dict[str, Any] = {"listVersion": version, "updateType": kind}
    if entries:
        payload["localAuthorizationList"] = entries
    await lab.csms.accepted("SendLocalList", payload, status=status)


async def _version(lab: Bench) -> int:
    version: int = (await lab.csms.call("GetLocalListVersion"))["listVersion"]
    return version


async def _listed(lab: Bench) -> None:
    """TAG-1 is in the list, and the list is in use while the backend is there."""
    await lab.csms.set_key("LocalAuthListEnabled", True)
    await lab.csms.set_key("LocalPreAuthorize", True)
    await _send(lab, "Full", 1, "TAG-1")


@case("008_1", "Start with an id of the local list", profile=PROFILE)
async def tc_008_1(lab: Bench) -> None:
    await _listed(lab)
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    await lab.csms.status(1, "Charging", within_s=120)
    assert not lab.csms.calls("Authorize"), "the list was not used"


@case("008_2", "Remote start with an id of the local list", profile=PROFILE)
async def tc_008_2(lab: Bench) -> None:
    await _listed(lab)
    await lab.csms.set_key("AuthorizeRemoteTxRequests", True)
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    await lab.csms.status(1, "Charging", within_s=120)
    assert not lab.csms.calls("Authorize"), "the list was not used"


@case("042_1", "Local list version, not supported", profile=PROFILE)
async def tc_042_1(lab: Bench) -> None:
    await lab.csms.set_key("LocalAuthListEnabled", False)
    assert await _version(lab) == -1


@case("042_2", "Local list version, empty list", profile=PROFILE)
async def tc_042_2(lab: Bench) -> None:
    await lab.csms.set_key("LocalAuthListEnabled", True)
    assert await _version(lab) == 0
    await _send(lab, "Full", 1)
    assert await _version(lab) == 0


@case("043", "Send a local list", profile=PROFILE)
async def tc_043(lab: Bench) -> None:
    await lab.csms.set_key("LocalAuthListEnabled", True)
    await lab.csms.set_key("LocalAuthorizeOffline", True)
    await _send(lab, "Full", 1, "TAG-1", "TAG-2")
    assert await _version(lab) == 1
    await _send(lab, "Differential", 2, "TAG-3", "-TAG-2")
    assert await _version(lab) == 2
    await lab.csms.offline()
    for tag, known in (("TAG-1", True), ("TAG-2", False), ("TAG-3", True)):
        lab.driver.card(tag, connector_id=1)
        wanted = "Preparing" if known else "Available"
        await lab.sleep(2)
        assert lab.station.connector(1).status == wanted, f"{tag}: {lab.station.connector(1).status}"
        await lab.station.core.sessions.cancel(1)


@case("043_1", "Send a local list, not supported", profile=PROFILE)
async def tc_043_1(lab: Bench) -> None:
    await lab.csms.set_key("LocalAuthListEnabled", False)
    await _send(lab, "Full", 1, "TAG-1", status="NotSupported")


@case("043_2", "Send a local list, version mismatch", profile=PROFILE)
async def tc_043_2(lab: Bench) -> None:
    await lab.csms.set_key("LocalAuthListEnabled", True)
    await _send(lab, "Full", 2, "TAG-1")
    assert await _version(lab) == 2
    await _send(lab, "Differential", 5, "TAG-2")
    assert await _version(lab) == 5
    for stale in (4, 5):
        await _send(lab, "Differential", stale, "TAG-3", status="VersionMismatch")
        assert await _version(lab) == 5


@case("043_3", "Send a local list, failed", profile=PROFILE)
async def tc_043_3(lab: Bench) -> None:
    await lab.csms.set_key("LocalAuthListEnabled", True)
    await _send(lab, "Full", 1, "TAG-1")
    most = int(await lab.csms.get_key("SendLocalListMaxLength") or 0)
    await _send(lab, "Full", 2, *(f"TAG-{n}" for n in range(most + 1)), status="Failed")
    await _send(lab, "Full", 2, "TAG-2", "-TAG-3", status="Failed")
    assert await _version(lab) == 1, "the list that was kept lost its version"
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.status(1, "Preparing")
    assert not lab.csms.calls("Authorize"), "the list that was kept lost its tags"
