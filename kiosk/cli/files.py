"""``kiosk firmware`` and ``kiosk diagnostics``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json
from kiosk.model.errors import BadFile

if TYPE_CHECKING:
    from kiosk.link.file_messages import FirmwareState

ARCHIVE_TIMEOUT_S: Final = 120.0
INSTALL_TIMEOUT_S: Final = 300.0

app = typer.Typer(
    invoke_without_command=True, help="The station's firmware: what runs, what is coming. Alone: its status."
)
_STAGES: Final = {
    "scheduled": "waits for its time",
    "downloading": "is being downloaded",
    "paused": "could not be downloaded, another try comes",
    "verifying": "its signature is being checked",
    "waiting": "waits until nobody charges",
    "installing": "is being installed",
    "rebooting": "is started by a restart",
}


@app.callback()
def firmware(context: typer.Context, data: Data, as_json: Json = False) -> None:
    """The station's firmware: what runs, what is coming. Alone: its status."""
    if context.invoked_subcommand is None:
        show(data, as_json=as_json)


@app.command("status")
def status(data: Data, as_json: Json = False) -> None:
    """Which firmware runs, and how an update stands."""
    show(data, as_json=as_json)


@app.command("install")
def install(
    data: Data, image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Firmware image of this station.")]
) -> None:
    """Install a firmware image as soon as nobody charges. Returns when the station has taken it.

    Example: kiosk firmware install station-2.5.0.img
    """
    from kiosk.link.file_messages import FirmwareFile, FirmwareTaken

    params = FirmwareFile(path=str(image.expanduser().absolute()))
    taken = common.ask(data, "firmware.install", params, FirmwareTaken, timeout_s=INSTALL_TIMEOUT_S)
    common.say(
        f"firmware {taken.version} is installed as soon as nobody charges; `kiosk firmware` tells how it goes"
    )


@app.command("pack")
def pack(
    payload: Annotated[Path, typer.Argument(metavar="FILE", help="What the firmware consists of.")],
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Where the image is written.")],
    version: Annotated[str, typer.Option("--version", metavar="TEXT", help="1 to 50 characters.")],
) -> None:
    """Make a firmware image for a simulated station.

    Example: kiosk firmware pack build.tar station-2.5.0.img --version 2.5.0
    """
    from kiosk.station.system.firmware import pack as packed

    try:
        header = packed(payload.expanduser(), version, image.expanduser())
    except OSError as error:
        raise BadFile(error.filename or payload, f"{error.strerror}", "check path and rights") from error
    common.say(f"{image}: firmware {header.version}, SHA-256 {header.sha256}")


def diagnostics(data: Data, file: Annotated[Path, typer.Argument(metavar="FILE", help="Zip to write.")]) -> None:
    """Write logs, configuration, events and the present picture to a zip, without secrets or card numbers.

    Example: kiosk diagnostics station.zip
    """
    from kiosk.link.file_messages import Archive
    from kiosk.link.messages import Nothing

    target = file.expanduser()
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise BadFile(target, "is no file in a folder that exists", "give a file name, for example station.zip")
    made = Path(common.ask(data, "diagnostics.archive", Nothing(), Archive, timeout_s=ARCHIVE_TIMEOUT_S).path)
    try:
        shutil.move(made, target)
    except OSError as error:
        raise BadFile(target, f"cannot be written: {error.strerror}", f"the archive is still at {made}") from error
    common.say(f"{target}: {target.stat().st_size / 1000:.0f} kB")


def show(data: Path, *, as_json: bool) -> None:
    from kiosk.link.file_messages import FirmwareState
    from kiosk.link.messages import Nothing

    state = common.ask(data, "firmware.status", Nothing(), FirmwareState)
    if as_json:
        common.print_json(state)
        return
    common.say(f"running: {state.running or 'as delivered'}")
    common.say(f"update:  {_update(state)}")


def _update(state: FirmwareState) -> str:
    if not state.stage:
        return "none"
    name = state.version or (f"request {state.request_id}" if state.request_id is not None else "requested")
    why = f": {state.problem}" if state.problem else ""
    if state.stage == "over":
        return f"{name}, {state.status}{why}"
    if state.stage == "downloading" and state.downloaded_bytes is not None:
        return f"{name} {_STAGES[state.stage]}, {_amount(state.downloaded_bytes, state.size_bytes)}"
    when = state.retrieve_at if state.stage == "scheduled" else state.install_at
    at = f" ({when:%Y-%m-%d %H:%M} UTC)" if when is not None and state.stage in ("scheduled", "waiting") else ""
    return f"{name} {_STAGES[state.stage]}{at}{why}"


def _amount(done: int, size: int | None) -> str:
    megabytes = f"{done / 1e6:.1f} MB"
    return f"{megabytes} of {size / 1e6:.1f} MB ({100 * done // size} %)" if size else megabytes
