"""Keys and signing requests."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.station.certificates.names import BadCertificate

MAX_NAME = 64
"""X.520: commonName and organizationName."""


def new_key() -> bytes:
    """A private key in PEM form: elliptic curve P-256, as the white paper's cipher suites want it."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Raises BadCertificate when the file is not what ``new_key`` wrote."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise BadCertificate("the station's private key is damaged; request a new certificate") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadCertificate("the station's private key is of a foreign kind; request a new certificate")
    return key


def signing_request(key_pem: bytes, *, serial: str, organization: str) -> str:
    """A PKCS#10 request in PEM form.

    Subject as the white paper wants it: commonName is the station's serial number, organizationName the
    operator's name (key CpoName); left out while nobody has set it.
    """
    key = load_key(key_pem)
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name(serial))]
    if organization:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:MAX_NAME]))
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def common_name(serial: str) -> str:
    """What the station asks to be called."""
    return serial[:MAX_NAME]


def check_subject(leaf: x509.Certificate, serial: str) -> None:
    """The certificate names the station that asked for it (white paper A02). Raises BadCertificate."""
    wanted = common_name(serial)
    named = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if named != [wanted]:
        raise BadCertificate(f"the certificate is about {', '.join(named) or 'nobody'}, but {wanted} has asked")
