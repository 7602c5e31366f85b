"""``kiosk certificates``: whom the station trusts, and what it shows itself."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json
from kiosk.model.errors import BadFile

if TYPE_CHECKING:
    from kiosk.link.certificate_messages import CertificateRow

app = typer.Typer(
    invoke_without_command=True,
    help="Certificates: roots that the station trusts, and its own. Alone: a list of them.",
)


class Use(StrEnum):
    """What a certificate is for, in an operator's words."""

    BACKEND = "backend"
    MANUFACTURER = "manufacturer"
    STATION = "station"


_WORDS: Final = {
    Use.BACKEND: "CentralSystemRootCertificate",
    Use.MANUFACTURER: "ManufacturerRootCertificate",
    Use.STATION: "Station",
}
_SHOWN_DIGITS: Final = 16


@app.callback()
def certificates(context: typer.Context, data: Data, as_json: Json = False) -> None:
    """Certificates: roots that the station trusts, and its own. Alone: a list of them."""
    if context.invoked_subcommand is None:
        show(data, as_json=as_json)


@app.command("list")
def list_certificates(data: Data, as_json: Json = False) -> None:
    """All installed certificates; * marks those of the present connection."""
    show(data, as_json=as_json)


@app.command("install")
def install(
    data: Data,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Certificate in PEM form; of a station: the chain.")
    ],
    use: Annotated[
        Use,
        typer.Option(
            "--for",
            help="backend: root of the backend's certificate; manufacturer: root of firmware signatures;"
            " station: the answer to `kiosk certificates csr`.",
        ),
    ] = Use.BACKEND,
) -> None:
    """Trust a root certificate, or take the station's signed one."""
    from kiosk.link.certificate_messages import CertificateInstall, CertificateRow

    try:
        pem = file.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise BadFile(file, "is not in PEM form", "convert it: openssl x509 -inform der -in FILE") from error
    except OSError as error:
        raise BadFile(file, f"cannot be read: {error.strerror}", "give the file of a certificate") from error
    row = common.ask(data, "certificates.install", CertificateInstall(use=_WORDS[use], pem=pem), CertificateRow)
    common.say(f"installed: {row.subject}, valid until {row.not_after:%Y-%m-%d}")


@app.command("remove")
def remove(
    data: Data,
    fingerprint: Annotated[
        str, typer.Argument(metavar="FINGERPRINT", help="Its first digits, as the list shows.")
    ],
) -> None:
    """Trust a root certificate no longer."""
    from kiosk.link.certificate_messages import CertificateRemove
    from kiosk.link.messages import Nothing

    common.ask(data, "certificates.remove", CertificateRemove(fingerprint=fingerprint), Nothing)
    common.say("removed")


@app.command("csr")
def csr(data: Data) -> None:
    """Print a signing request for a certificate of the station; its private key never leaves the station."""
    from kiosk.link.certificate_messages import SigningRequest

    common.say(common.ask(data, "certificates.csr", None, SigningRequest).csr.rstrip())


def show(data: Path, *, as_json: bool) -> None:
    from kiosk.link.certificate_messages import CertificateList

    found = common.ask(data, "certificates.list", None, CertificateList)
    if as_json:
        common.print_json(found)
        return
    if found.certificates:
        table = common.table("", "for", "subject", "valid until", "fingerprint")
        for row in found.certificates:
            table.add_row(*_cells(row))
        common.console().print(table)
    else:
        common.say("no certificate is installed; `kiosk certificates install FILE` trusts the backend's root")
    if found.requested:
        common.say("a signing request is open; `kiosk certificates csr` prints it again")


def _cells(row: CertificateRow) -> tuple[str, ...]:
    use = next(word for word, name in _WORDS.items() if name == row.use)
    mark = "*" if row.in_use else ""
    return mark, use.value, row.subject, f"{row.not_after:%Y-%m-%d}", row.fingerprint[:_SHOWN_DIGITS]
