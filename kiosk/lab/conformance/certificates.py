"""Cases of the security white paper: certificates that the central system installs, deletes and signs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from kiosk.lab.authority import Authority
from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

CENTRAL, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
LEEWAY = timedelta(days=20 * 365)
"""The bench's calendar stands still at a day of its own, TLS looks at the machine's."""


def authority(lab: Bench, name: str = "Trial Root", **how: Any) -> Authority:
    return Authority(name, now=lab.csms.now(), leeway=LEEWAY, **how)


def hash_data(certificate: x509.Certificate) -> dict[str, str]:
    """CertificateHashData of a self-signed certificate, counted by another piece of code than the station's."""
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, hashes.SHA256()).build()
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


async def install(lab: Bench, pem: str, kind: str = CENTRAL, status: str = "Accepted") -> None:
    await lab.csms.accepted("InstallCertificate", {"certificateType": kind, "certificate": pem}, status)


async def listed(lab: Bench, kind: str = CENTRAL) -> list[dict[str, str]]:
    """What GetInstalledCertificateIds tells, digits in lower case."""
    answered = await lab.csms.call("GetInstalledCertificateIds", {"certificateType": kind})
    found = answered.get("certificateHashData", [])
    assert answered["status"] == ("Accepted" if found else "NotFound"), answered
    return [
        {name: value if name == "hashAlgorithm" else value.lower() for name, value in h.items()} for h in found
    ]


async def signing_request(lab: Bench) -> x509.CertificateSigningRequest:
    """Ask for a SignCertificate; its request is well formed, and for this station."""
    await lab.csms.accepted("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    asked = await lab.csms.expect("SignCertificate")
    request = x509.load_pem_x509_csr(asked["csr"].encode())
    assert request.is_signature_valid
    names = {each.rfc4514_attribute_name: each.value for each in request.subject}
    assert names["CN"] == lab.station.installation.station.serial, names
    return request


async def _install_and_find(lab: Bench, kind: str) -> None:
    root = authority(lab)
    assert await listed(lab, kind) == []
    await install(lab, root.pem, kind)
    assert await listed(lab, kind) == [hash_data(root.certificate)]
    other = MANUFACTURER if kind == CENTRAL else CENTRAL
    assert await listed(lab, other) == []
    await lab.station.restart(kill=True)
    await lab.booted()
    assert await listed(lab, kind) == [hash_data(root.certificate)], "a power cut took the certificate"


@case("075_1", "Install a manufacturer's root certificate", profile="Security")
async def tc_075_1(lab: Bench) -> None:
    await _install_and_find(lab, MANUFACTURER)


@case("075_2", "Install a central system's root certificate", profile="Security")
async def tc_075_2(lab: Bench) -> None:
    await _install_and_find(lab, CENTRAL)
    await install(lab, "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n", status="Rejected")
    await install(lab, authority(lab).server("backend.example").pem, status="Rejected")
    assert len(await listed(lab)) == 1


@case("076", "Delete a certificate", profile="Security")
async def tc_076(lab: Bench) -> None:
    one, other = authority(lab, "One"), authority(lab, "Other")
    for each in (one, other):
        await install(lab, each.pem)
    assert len(await listed(lab)) == 2
    wanted = hash_data(one.certificate)
    await lab.csms.accepted("DeleteCertificate", {"certificateHashData": wanted})
    assert await listed(lab) == [hash_data(other.certificate)]
    await lab.csms.accepted("DeleteCertificate", {"certificateHashData": wanted}, "NotFound")


@case("074", "Update the station's certificate", profile="Security", keys={"CpoName": "Trial CPO"})
async def tc_074(lab: Bench) -> None:
    root = authority(lab)
    await install(lab, root.pem)
    request = await signing_request(lab)
    assert "O=Trial CPO" in request.subject.rfc4514_string()
    chain = root.sign(request.public_bytes(Encoding.PEM).decode())
    await lab.csms.accepted("CertificateSigned", {"certificateChain": chain})
    (own,) = await lab.station.commands.certificates.own()
    assert own.serial_number == f"{x509.load_pem_x509_certificates(chain.encode())[0].serial_number:X}"
    # a further one gets a key of its own
    again = await signing_request(lab)
    assert again.public_key() != request.public_key()


@case("077", "Event InvalidChargePointCertificate", profile="Security")
async def tc_077(lab: Bench) -> None:
    root, stranger = authority(lab), authority(lab, "Stranger")
    await install(lab, root.pem)
    request = (await signing_request(lab)).public_bytes(Encoding.PEM).decode()
    for wrong in (stranger.sign(request), root.client("KIOSK-0001").pem, "no certificate at all"):
        await lab.csms.accepted("CertificateSigned", {"certificateChain": wrong}, "Rejected")
        event = await lab.csms.expect("SecurityEventNotification", type="InvalidChargePointCertificate")
        assert abs((event.when - event.at).total_seconds()) < 5
    assert await lab.station.commands.certificates.own() == []
    await lab.csms.accepted("CertificateSigned", {"certificateChain": root.sign(request)})


@case(
    "078",
    "Event InvalidCentralSystemCertificate",
    profile="Security",
    install=("keys.AdditionalRootCertificateCheck=true",),
)
async def tc_078(lab: Bench) -> None:
    root, stranger = authority(lab), authority(lab, "Stranger")
    await install(lab, root.pem)
    await install(lab, stranger.pem, status="Rejected")
    event = await lab.csms.expect("SecurityEventNotification", type="InvalidCentralSystemCertificate")
    assert event["techInfo"]
    assert await listed(lab) == [hash_data(root.certificate)]
    heir = authority(lab, "Heir", above=root)
    await install(lab, heir.pem)
    (only,) = await listed(lab)
    assert only["serialNumber"] == f"{heir.certificate.serial_number:x}"
