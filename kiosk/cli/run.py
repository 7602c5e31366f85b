"""``kiosk run``, and the help of ``kiosk core`` and ``kiosk screen``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import Data


def run(
    data: Data,
    headless: Annotated[
        bool, typer.Option("--headless", help="Draw the screen offscreen even on a desktop.")
    ] = False,
    vnc: Annotated[
        int | None,
        typer.Option(
            "--vnc",
            metavar="PORT",
            min=1,
            max=65535,
            help="Show the screen to VNC viewers. Listens on every address, WITHOUT a password.",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="URL|none|embedded",
            help="Central system (ws:// or wss://). Default: the stored address, else the embedded one.",
        ),
    ] = None,
    identity: Annotated[
        str | None, typer.Option("--identity", metavar="ID", help="Charge point identity at the central system.")
    ] = None,
    password: Annotated[
        str | None,
        typer.Option("--password", metavar="KEY", help="Its password; others on this machine can see it here."),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="F", exists=True, dir_okay=False, help="File with the password."),
    ] = None,
    keys: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set a configuration key (repeat for more)."),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="N", min=0.01, help="Simulated hardware runs N times faster."),
    ] = None,
    connectors: Annotated[
        str | None,
        typer.Option("--connectors", metavar="CCS,CCS,CHAdeMO", help="Connector types of the simulated station."),
    ] = None,
    install: Annotated[
        list[str] | None,
        typer.Option("--install", metavar="KEY=VALUE", help="Override a value of the installation file."),
    ] = None,
    installation: Annotated[
        Path | None,
        typer.Option(
            "--installation", metavar="FILE", exists=True, dir_okay=False, help="Installation file (TOML)."
        ),
    ] = None,
) -> int:
    """Start the whole station: core, driver's screen, simulated hardware, embedded central system.

    What dies is started again. Ctrl-C stops everything in order, a second Ctrl-C at once. Without a display the
    screen is drawn offscreen and `kiosk screenshot` shows it.

    --backend, --identity, --password and --set are stored by the start that carries them.

    Examples:

        kiosk run --data ~/demo --speed 20

        kiosk run --backend ws://csms.example/ocpp --identity CP-7 --password-file key.txt

        kiosk run --backend none --set HycKioskModeEnabled=true
    """
    from kiosk.launcher.plan import RunOptions, core_options
    from kiosk.launcher.run import run as launch
    from kiosk.station.__main__ import check

    for name, given in (("--set", keys), ("--install", install)):
        for item in given or ():
            if "=" not in item:
                raise typer.BadParameter(f"{name} {item}: KEY=VALUE is needed")
    if password is not None and password_file is not None:
        raise typer.BadParameter("--password and --password-file exclude each other")
    options = RunOptions(
        data_dir=data.expanduser().absolute(),
        headless=headless,
        vnc_port=vnc,
        backend=backend,
        identity=identity,
        password=password,
        password_file=password_file.absolute() if password_file else None,
        keys=tuple(keys or ()),
        speed=speed,
        connectors=connectors,
        install=tuple(install or ()),
        installation=installation.absolute() if installation else None,
    )
    check(core_options(options), options.data_dir, password)  # before the first program starts
    return launch(options)


def core() -> None:
    """Start the station core alone, without screen and embedded central system (options: kiosk core --help).

    Takes the options of `kiosk run`. Default backend: the stored address, else none.
    """
    raise AssertionError("kiosk.cli.programs starts it")


def screen() -> None:
    """Start the driver's screen alone; it finds the core of the data folder and waits for one."""
    raise AssertionError("kiosk.cli.programs starts it")
