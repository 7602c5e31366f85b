"""Certificates and keys on disk: roots that we trust, the station's own pairs, the key of an open request.

    central/<fingerprint>.pem         roots of the central system
    central-before/<fingerprint>.pem  replaced, still trusted until a connection with the new one worked
    manufacturer/<fingerprint>.pem    roots of firmware signatures
    station/<n>/key.pem, chain.pem    a key with its certificate; the highest n is the newest
    station/request.pem               key of a request that nobody has signed yet

Calls block on the disk: shells call them in a thread, one at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.settings.rules import Certificates
from kiosk.station.certificates import files
from kiosk.station.certificates.names import (
    BadCertificate,
    CertificateHash,
    CertificateInfo,
    CertificateUse,
    StoreFailed,
)

if TYPE_CHECKING:
    from cryptography import x509

log = logging.getLogger(__name__)

FOLDER: Final = "certificates"
_FOLDERS: Final = {CertificateUse.CENTRAL_ROOT: "central", CertificateUse.MANUFACTURER_ROOT: "manufacturer"}
_BEFORE: Final = "central-before"
_KEY, _CHAIN, _REQUEST = "key.pem", "chain.pem", "request.pem"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A private key and the chain of its certificate, leaf first. ``id``: number of the pair, as text."""

    id: str
    key: Path
    chain: Path
    leaf: CertificateInfo


def installed(data_dir: Path) -> Certificates:
    """What SecurityProfile is checked against; nothing is made or changed."""
    home = data_dir / FOLDER
    return Certificates(
        root=bool(_certificate_files(home / _FOLDERS[CertificateUse.CENTRAL_ROOT])),
        client=bool(_pair_folders(home / "station")),
    )


class CertificateStore:
    def __init__(self, data_dir: Path) -> None:
        """Opens or makes the folder and clears away what a power cut left. Raises StoreFailed."""
        self._home = data_dir / FOLDER
        with self._writing("be prepared"):
            for name in ("", *_FOLDERS.values(), _BEFORE, "station"):
                files.folder(self._home / name)
                files.tidy(self._home / name)

    @property
    def installed(self) -> Certificates:
        """What SecurityProfile is checked against."""
        return installed(self._home.parent)

    # --- roots -----------------------------------------------------------------------------------------------

    def roots(self, use: CertificateUse) -> list[bytes]:
        """PEM of all that are trusted for this use, also a replaced one that is still needed."""
        names = [_FOLDERS[use], *([_BEFORE] if use is CertificateUse.CENTRAL_ROOT else [])]
        return [path.read_bytes() for name in names for path in self._files(name)]

    def fingerprints(self, use: CertificateUse) -> list[str]:
        return [path.stem for path in self._files(_FOLDERS[use])]

    def infos(self, use: CertificateUse) -> list[CertificateInfo]:
        from kiosk.station.certificates import chains

        return [chains.info(certificate) for _, certificate in self._readable(self._files(_FOLDERS[use]))]

    def names(self, use: CertificateUse, algorithm: str = "SHA256") -> list[tuple[str, CertificateHash]]:
        """(fingerprint, name on the wire) of each root."""
        from kiosk.station.certificates import chains

        found = self._readable(self._files(_FOLDERS[use]))
        known = [certificate for _, certificate in found]
        return [(stem, chains.name(certificate, algorithm, known)) for stem, certificate in found]

    def find(self, wanted: CertificateHash) -> tuple[CertificateUse, str] | None:
        """(use, fingerprint) of the root of that name."""
        from kiosk.station.certificates import chains

        for use in CertificateUse:
            for stem, name in self.names(use, wanted.hash_algorithm):
                if chains.same_name(name, wanted):
                    return use, stem
        return None

    def install_root(
        self, use: CertificateUse, pem: str, now: datetime, *, most: int, replace: bool = False
    ) -> CertificateInfo:
        """``most``: roots of all uses together (CertificateStoreMaxLength).

        ``replace``: it takes the place of the present ones and must be signed by one of them
        (AdditionalRootCertificateCheck); those stay trusted until ``confirm_roots``.
        Raises BadCertificate when it cannot be used, StoreFailed when it cannot be written.
        """
        from kiosk.station.certificates import chains

        root = chains.check_root(pem, now)
        stem = chains.fingerprint(root)
        home = self._home / _FOLDERS[use]
        present = self._files(_FOLDERS[use])
        if stem in [path.stem for path in present]:
            return chains.info(root)
        count = sum(len(self._files(name)) for name in _FOLDERS.values())
        if count >= most and not (replace and present):
            raise BadCertificate(
                f"there are {count} root certificates already, and {most} is the most; remove one"
            )
        if replace and present:
            signers = [signer for _, signer in self._readable(present)]
            if not any(chains.issued(root, signer) for signer in signers):
                raise BadCertificate("it is not signed by the root certificate that it would replace")
        with self._writing("be written"):
            files.write(home / f"{stem}.pem", chains.write([root]))
            for path in present if replace else []:
                files.write(self._home / _BEFORE / path.name, path.read_bytes())
                files.remove(path)
        return chains.info(root)

    def remove_root(self, use: CertificateUse, stem: str) -> None:
        """Raises StoreFailed."""
        with self._writing("be removed"):
            files.remove(self._home / _FOLDERS[use] / f"{stem}.pem")

    def confirm_roots(self, stem: str) -> None:
        """A connection with this root worked: what it replaced is trusted no more. Raises StoreFailed."""
        if stem in self.fingerprints(CertificateUse.CENTRAL_ROOT):
            with self._writing("be removed"):
                for path in self._files(_BEFORE):
                    files.remove(path)

    # --- the station's own -----------------------------------------------------------------------------------

    def request(self, *, serial: str, organization: str) -> str:
        """A signing request in PEM form.

        Its key is kept until it is signed, and used again when the request is repeated, so that the answer to an
        earlier one still fits. Raises StoreFailed.
        """
        from kiosk.station.certificates import requests

        path = self._home / "station" / _REQUEST
        with self._writing("be written"):
            key = path.read_bytes() if path.exists() else requests.new_key()
            try:
                made = requests.signing_request(key, serial=serial, organization=organization)
            except BadCertificate:
                log.warning("the key of the open certificate request is damaged: a new one is made")
                key = requests.new_key()
                made = requests.signing_request(key, serial=serial, organization=organization)
            files.write(path, key)
        return made

    @property
    def requested(self) -> bool:
        """A request is open."""
        return (self._home / "station" / _REQUEST).exists()

    def install_signed(self, pem: str, now: datetime, *, serial: str | None = None) -> Pair:
        """The answer to ``request``: a chain, leaf first. Raises BadCertificate, StoreFailed.

        ``serial``: where given, the leaf must be about this station, as the request was. The same chain again
        changes nothing.
        """
        from cryptography.x509.oid import ExtendedKeyUsageOID

        from kiosk.station.certificates import chains, requests

        chain = chains.read(pem)
        leaf = chain[0]
        trusted = [*self._files(_FOLDERS[CertificateUse.CENTRAL_ROOT]), *self._files(_BEFORE)]
        roots = [root for _, root in self._readable(trusted)]
        chains.check_chain(chain, roots, now, future=True)
        chains.check_purpose(leaf, ExtendedKeyUsageOID.CLIENT_AUTH)
        for pair in self.pairs():
            if pair.leaf.fingerprint == chains.fingerprint(leaf):
                return pair
        if serial is not None:
            requests.check_subject(leaf, serial)
        path = self._home / "station" / _REQUEST
        if not path.exists():
            raise BadCertificate("the station has not asked for a certificate")
        key = path.read_bytes()
        if not chains.same_key(leaf, requests.load_key(key).public_key()):
            raise BadCertificate("the certificate is about another key than the station's request")
        number = max((int(folder.name) for folder in self._pair_folders()), default=0) + 1
        with self._writing("be written"):
            files.write_folder(self._home / "station" / str(number), {_KEY: key, _CHAIN: chains.write(chain)})
            files.remove(path)
        return self._pair(self._home / "station" / str(number))

    def pairs(self) -> list[Pair]:
        """Newest first; a damaged one is left out."""
        found = []
        for folder in self._pair_folders():
            try:
                found.append(self._pair(folder))
            except (BadCertificate, OSError) as error:
                log.warning("%s is left out: %s", folder, error)
        return found

    def pair(self, now: datetime) -> Pair | None:
        """The newest that is valid already."""
        return next((pair for pair in self.pairs() if pair.leaf.not_before <= now), None)

    def remove_pair(self, pair_id: str) -> None:
        """Raises StoreFailed."""
        with self._writing("be removed"):
            files.remove(self._home / "station" / pair_id)

    def confirm_pair(self, pair_id: str) -> None:
        """A connection with this pair worked: older ones are of no more use. Raises StoreFailed."""
        for folder in self._pair_folders():
            if int(folder.name) < int(pair_id):
                self.remove_pair(folder.name)

    # --- inside ----------------------------------------------------------------------------------------------

    def _pair(self, folder: Path) -> Pair:
        from kiosk.station.certificates import chains

        chain = folder / _CHAIN
        leaf = chains.info(chains.read(chain.read_bytes())[0])
        return Pair(id=folder.name, key=folder / _KEY, chain=chain, leaf=leaf)

    def _pair_folders(self) -> list[Path]:
        return _pair_folders(self._home / "station")

    def _files(self, name: str) -> list[Path]:
        return _certificate_files(self._home / name)

    def _readable(self, paths: Iterable[Path]) -> list[tuple[str, x509.Certificate]]:
        """(fingerprint, certificate); a damaged file is left out, so that it does not take the others along."""
        from kiosk.station.certificates import chains

        found = []
        for path in paths:
            try:
                found.append((path.stem, chains.read(path.read_bytes())[0]))
            except (BadCertificate, OSError) as error:
                log.warning("%s is left out: %s", path, error)
        return found

    @contextmanager
    def _writing(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreFailed(
                f"{self._home}: cannot {done}: {error.strerror or error};"
                " make the folder writable and free some space"
            ) from error


def _pair_folders(home: Path) -> list[Path]:
    """Newest first."""
    found = [path for path in home.glob("*/") if path.name.isdigit() and (path / _CHAIN).exists()]
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def _certificate_files(home: Path) -> list[Path]:
    """In a fixed order, but of no meaning."""
    return sorted(path for path in home.glob("*.pem") if _is_stem(path.stem))


def _is_stem(stem: str) -> bool:
    return len(stem) == 64 and all(c in "0123456789abcdef" for c in stem)
