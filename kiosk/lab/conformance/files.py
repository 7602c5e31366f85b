"""Cases of FirmwareManagement and of the security white paper's files: firmware, diagnostics, logs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any, Final

from kiosk.lab.authority import Authority, Issued
from kiosk.lab.conformance.bench import START, Bench
from kiosk.lab.conformance.registry import case
from kiosk.lab.depot import Depot, depot

HERE: Final = ("transfer.allow_private=true",)
"""The depot is on loopback, where a backend may send a station in trials only."""
VERSION: Final = "9.9.9"


def _image(version: str = VERSION, body: bytes = b"firmware" * 500) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return f"kiosk-firmware 1\nversion={version}\nsha256={digest}\n\n".encode() + body


async def _update(lab: Bench, location: str, **more: Any) -> None:
    answer = await lab.csms.call(
        "UpdateFirmware", {"location": location, "retrieveDate": lab.csms.time_in(0), **more}
    )
    assert answer == {}


async def _signed(lab: Bench, location: str, certificate: str, signature: str, **more: Any) -> None:
    firmware = {
        "location": location,
        "retrieveDateTime": lab.csms.time_in(0),
        "signingCertificate": certificate,
        "signature": signature,
        **more,
    }
    await lab.csms.accepted("SignedUpdateFirmware", {"requestId": 80, "firmware": firmware})


async def _told(lab: Bench, action: str, *statuses: str, **fields: Any) -> None:
    """These statuses in this order, and no other in between."""
    heard = [(await lab.csms.expect(action, status=s, within_s=300, **fields)) for s in statuses]
    told = [h.get("status") for h in lab.csms.calls(action)]
    assert told == list(statuses), f"told were {told}"
    assert heard


def _unpacked(files: Depot, path: str) -> zipfile.ZipFile:
    assert path in files.files, f"no {path} was delivered, but {sorted(files.files)}"
    return zipfile.ZipFile(io.BytesIO(files.files[path]))


# --- firmware ------------------------------------------------------------------------------------------------


@case("044_1", "Firmware downloaded and installed", profile="FirmwareManagement", install=HERE)
async def tc_044_1(lab: Bench) -> None:
    with depot() as files:
        await lab.charge(1)
        await _update(lab, files.put("/fw/image.bin", _image()))
        await lab.csms.expect("FirmwareStatusNotification", status="Downloading")
        await lab.csms.expect("FirmwareStatusNotification", status="Downloaded")
        # whoever charges is not disturbed; nobody else begins
        await lab.csms.status(2, "Unavailable")
        await lab.csms.never("FirmwareStatusNotification", for_s=120)
        lab.driver.card("TAG-1")
        await lab.csms.expect("StopTransaction")
        await lab.csms.expect("FirmwareStatusNotification", status="Installing", within_s=120)
        boot = await lab.csms.expect("BootNotification", within_s=120)
        assert boot["firmwareVersion"] == VERSION
        await lab.csms.status(2, "Available")
        await lab.csms.expect("FirmwareStatusNotification", status="Installed", within_s=120)
        told = [h["status"] for h in lab.csms.calls("FirmwareStatusNotification")]
        assert told == ["Downloading", "Downloaded", "Installing", "Installed"], told
        # nothing is told twice, and a question is answered with the truth
        await lab.sleep(5)
        await lab.station.restart(kill=True)
        await lab.csms.never("FirmwareStatusNotification", for_s=120)
        await lab.csms.accepted("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
        await lab.csms.expect("FirmwareStatusNotification", status="Idle")


@case("044_2", "Firmware download failed", profile="FirmwareManagement", install=HERE)
async def tc_044_2(lab: Bench) -> None:
    with depot() as files:
        files.broken.add("/fw/image.bin")
        await _update(lab, files.url + "/fw/image.bin", retries=2, retryInterval=30)
        await _told(lab, "FirmwareStatusNotification", "Downloading", "DownloadFailed")
        assert files.requests == [("GET", "/fw/image.bin")] * 3
        await lab.csms.never("StatusNotification", for_s=60)
        # the next one is not hindered by it
        lab.csms.mark()
        await _update(lab, files.put("/fw/good.bin", _image()))
        await lab.csms.expect("FirmwareStatusNotification", status="Downloaded", within_s=60)


@case("044_3", "Firmware installation failed", profile="FirmwareManagement", install=HERE)
async def tc_044_3(lab: Bench) -> None:
    with depot() as files:
        damaged = bytearray(_image())
        damaged[-1] ^= 1
        await _update(lab, files.put("/fw/image.bin", bytes(damaged)))
        await _told(
            lab, "FirmwareStatusNotification", "Downloading", "Downloaded", "Installing", "InstallationFailed"
        )
        await lab.csms.never("BootNotification", for_s=60)
        assert lab.station.starts == 1, "a damaged image is no reason to restart"
        for connector_id in lab.connector_ids:
            assert lab.station.connector(connector_id).status == "Available"
        assert not lab.station.state.station.updating
        await lab.charge(1)


# --- diagnostics ---------------------------------------------------------------------------------------------


@case("045_1", "Get diagnostics", profile="FirmwareManagement", install=HERE)
async def tc_045_1(lab: Bench) -> None:
    with depot() as files:
        asked = {"location": files.url + "/logs/", "startTime": lab.csms.time_in(-3600)}
        answer = await lab.csms.call("GetDiagnostics", {**asked, "stopTime": lab.csms.time_in(60)})
        await _told(lab, "DiagnosticsStatusNotification", "Uploading", "Uploaded")
        archive = _unpacked(files, "/logs/" + answer["fileName"])
        assert archive.testzip() is None
        assert {"station.json", "configuration.json", "events.json", "core.log"} <= set(archive.namelist())
        # nothing of a time to come
        lab.csms.mark()
        future = {"startTime": lab.csms.time_in(3600), "stopTime": lab.csms.time_in(7200)}
        assert await lab.csms.call("GetDiagnostics", {**asked, **future}) == {}
        await lab.csms.never("DiagnosticsStatusNotification", for_s=60)
        await lab.csms.accepted("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})
        await lab.csms.expect("DiagnosticsStatusNotification", status="Idle")


@case("045_2", "Get diagnostics, upload failed", profile="FirmwareManagement", install=HERE)
async def tc_045_2(lab: Bench) -> None:
    with depot() as files:
        files.broken.add("/logs/")
        answer = await lab.csms.call(
            "GetDiagnostics", {"location": files.url + "/logs", "retries": 1, "retryInterval": 10}
        )
        assert answer["fileName"]
        await _told(lab, "DiagnosticsStatusNotification", "Uploading", "UploadFailed")
        assert [method for method, _ in files.requests] == ["PUT", "PUT"]


@case("079", "Get the security log", profile="Security", install=HERE)
async def tc_079(lab: Bench) -> None:
    with depot() as files:
        await lab.csms.set_key("AuthorizationKey", "0123456789abcdef")
        await lab.csms.expect("Heartbeat")  # connected anew
        answer = await lab.csms.accepted(
            "GetLog", {"logType": "SecurityLog", "requestId": 79, "log": {"remoteLocation": files.url + "/logs"}}
        )
        await lab.csms.expect("LogStatusNotification", status="Uploading", requestId=79)
        await lab.csms.expect("LogStatusNotification", status="Uploaded", requestId=79)
        lines = files.files["/logs/" + answer["filename"]].decode().splitlines()
        kinds = [line.split("\t")[1] for line in lines]
        assert kinds[0] == "StartupOfTheDevice"
        assert "ReconfigurationOfSecurityParameters" in kinds
        assert "0123456789abcdef" not in "".join(lines)


# --- signed firmware -----------------------------------------------------------------------------------------


def _manufacturer(*, rsa_key: bool = False) -> tuple[Authority, Issued]:
    authority = Authority("Trial Manufacturer", now=START)
    return authority, authority.firmware(rsa_key=rsa_key)


async def _trust(lab: Bench, authority: Authority) -> None:
    await lab.csms.accepted(
        "InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": authority.pem}
    )


@case("080", "Secure firmware update", profile="Security", install=HERE)
async def tc_080(lab: Bench) -> None:
    with depot() as files:
        for rsa_key, version in ((False, "8.0.1"), (True, "8.0.2")):
            authority, signer = _manufacturer(rsa_key=rsa_key)
            await _trust(lab, authority)
            image = _image(version)
            lab.csms.mark()
            await _signed(lab, files.put("/fw/image.bin", image), signer.pem, signer.sign(image))
            for status in ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"):
                await lab.csms.expect("SignedFirmwareStatusNotification", status=status, requestId=80)
            boot = await lab.csms.expect("BootNotification", within_s=120)
            assert boot["firmwareVersion"] == version
            await lab.csms.status(1, "Available")
            await lab.csms.expect_all(
                ("SignedFirmwareStatusNotification", {"status": "Installed", "requestId": 80}),
                ("SecurityEventNotification", {"type": "FirmwareUpdated"}),
                within_s=120,
            )
        await lab.csms.accepted("ExtendedTriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
        idle = await lab.csms.expect("SignedFirmwareStatusNotification", status="Idle")
        assert "requestId" not in idle.payload


@case("081", "Secure firmware update, invalid signature", profile="Security", install=HERE)
async def tc_081(lab: Bench) -> None:
    with depot() as files:
        authority, signer = _manufacturer()
        image = _image()
        location = files.put("/fw/image.bin", image)
        # nobody vouches for the certificate yet
        firmware = {
            "location": location,
            "retrieveDateTime": lab.csms.time_in(0),
            "signingCertificate": signer.pem,
            "signature": signer.sign(image),
        }
        answer = await lab.csms.call("SignedUpdateFirmware", {"requestId": 80, "firmware": firmware})
        assert answer["status"] == "InvalidCertificate"
        await lab.csms.expect("SecurityEventNotification", type="InvalidFirmwareSigningCertificate")
        assert files.requests == []
        await _trust(lab, authority)
        await _signed(lab, location, signer.pem, signer.sign(image + b"!"))
        action = "SignedFirmwareStatusNotification"
        await lab.csms.expect_all(
            (action, {"status": "InvalidSignature", "requestId": 80}),
            ("SecurityEventNotification", {"type": "InvalidFirmwareSignature"}),
        )
        assert [h["status"] for h in lab.csms.calls(action)] == ["Downloading", "Downloaded", "InvalidSignature"]
        await lab.csms.never("BootNotification", for_s=60)
        assert not lab.station.state.station.updating
