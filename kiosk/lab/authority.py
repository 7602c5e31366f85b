"""A certificate authority for trials: roots, servers, stations, firmware; good ones and bad ones."""

from __future__ import annotations

import base64
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY: Final = timedelta(days=1)


class Issued:
    """A key and its chain, leaf first."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, chain: Sequence[x509.Certificate]
    ) -> None:
        self.key = key
        self.chain = list(chain)

    @property
    def pem(self) -> str:
        """The whole chain."""
        return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in self.chain)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def sign(self, data: bytes) -> str:
        """Signature over ``data`` in base64: ECDSA or RSA-PSS, with SHA-256."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            return base64.b64encode(self.key.sign(data, pss, hashes.SHA256())).decode()
        return base64.b64encode(self.key.sign(data, ec.ECDSA(hashes.SHA256()))).decode()

    def into(self, context: ssl.SSLContext) -> None:
        """Show this certificate in ``context``."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pair.pem")
            path.write_text(self.key_pem + self.pem, encoding="ascii")
            context.load_cert_chain(path)


class Authority:
    """``now``: time that "valid" is meant at. ``above``: makes this a sub-authority.

    ``leeway`` is added at both ends of every validity: for stations whose clock is not the machine's.
    """

    def __init__(
        self,
        name: str = "Trial Root",
        *,
        now: datetime | None = None,
        valid: timedelta = 3650 * DAY,
        above: Authority | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
        path_length: int | None = None,
        leeway: timedelta = timedelta(),
    ) -> None:
        self._leeway = leeway
        self.now = now or datetime.now(UTC)
        self.name = _name(name, "Trial")
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.above = above
        builder = self._builder(self.name, self.key.public_key(), valid, above)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        builder = builder.add_extension(_key_usage(sign_certificates=True), critical=True)
        self.certificate = builder.sign((above or self).key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def chain(self) -> list[x509.Certificate]:
        """From this authority up to, but without, the root."""
        return [self.certificate, *self.above.chain] if self.above is not None else []

    def server(self, *hosts: str, valid: timedelta = 90 * DAY, since: timedelta = -DAY) -> Issued:
        """``since``: beginning, from now; ``valid``: end, from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Issued(key, self._leaf(_name(hosts[0], "Trial"), key.public_key(), valid, since, hosts, "server"))

    def sign(
        self, request_pem: str, *, valid: timedelta = 90 * DAY, since: timedelta = -DAY, purpose: str = "client"
    ) -> str:
        """The chain that answers a signing request, PEM."""
        request = x509.load_pem_x509_csr(request_pem.encode())
        assert request.is_signature_valid
        key = request.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        leaf = self._leaf(request.subject, key, valid, since, (), purpose)
        return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in leaf)

    def client(self, name: str, *, valid: timedelta = 90 * DAY, since: timedelta = -DAY) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        return Issued(key, self._leaf(_name(name, "Trial"), key.public_key(), valid, since, (), "client"))

    def firmware(self, *, rsa_key: bool = False, valid: timedelta = 90 * DAY) -> Issued:
        """A certificate that signs firmware."""
        key = rsa.generate_private_key(65537, 2048) if rsa_key else ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(_name("Trial Firmware", "Trial"), key.public_key(), valid, -DAY, (), "code")
        return Issued(key, leaf)

    def server_context(self, host: str = "127.0.0.1", *, clients: Authority | None = None) -> ssl.SSLContext:
        """For a server at ``host``; ``clients``: whose certificates it demands."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server(host).into(context)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem)
        return context

    # --- inside ------------------------------------------------------------------------------------------------

    def _leaf(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        valid: timedelta,
        since: timedelta,
        hosts: Sequence[str],
        purpose: str,
    ) -> list[x509.Certificate]:
        builder = self._builder(subject, key, valid, self, since)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(sign_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([_PURPOSES[purpose]]), critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(h) for h in hosts]), critical=False)
        return [builder.sign(self.key, hashes.SHA256()), *self.chain]

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        valid: timedelta,
        issuer: Authority | None,
        since: timedelta = -DAY,
    ) -> x509.CertificateBuilder:
        by = issuer or self
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + min(since, valid - DAY) - self._leeway)
            .not_valid_after(self.now + valid + self._leeway)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
        )


_PURPOSES: Final = {
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code": ExtendedKeyUsageOID.CODE_SIGNING,
}


def _name(common: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        ]
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
