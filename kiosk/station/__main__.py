"""``python -m kiosk.station``: one station core, until it is stopped. Restarts itself in place after a reset."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from kiosk.link.rundir import RUN_FILE, CoreLock
from kiosk.model import logs
from kiosk.model.clock import SystemClock
from kiosk.model.disk import unwritten
from kiosk.model.enums import Provenance, ResetKind
from kiosk.model.errors import BadFile, BadValue, UsageError, UserFacing
from kiosk.model.paths import default_data_dir, program
from kiosk.settings import Installation, Settings
from kiosk.station.certificates.store import installed

log = logging.getLogger("kiosk.station")

LAUNCH = "KIOSK_LAUNCH"
"""Environment: names the start that a person made. Restarts inherit it, so options apply once (decision 25)."""
PASSWORD = "KIOSK_PASSWORD"
INSTALLATION_FILE = "installation.toml"


def parser() -> argparse.ArgumentParser:
    """Options of ``kiosk run`` and ``kiosk core`` that concern the core."""
    p = argparse.ArgumentParser(prog="kiosk core", description="Run the station core.")
    p.add_argument("--data", type=Path, default=None, metavar="DIR", help="data folder")
    p.add_argument("--installation", type=Path, default=None, metavar="FILE", help="installation file")
    p.add_argument("--install", action="append", default=[], metavar="KEY=VALUE", help="override one value of it")
    p.add_argument("--connectors", default=None, metavar="TYPES", help="for example CCS,CCS,CHAdeMO")
    p.add_argument("--speed", type=float, default=None, help="hasten the simulated hardware")
    p.add_argument("--backend", default=None, metavar="URL|none|embedded", help="backend, stored once")
    p.add_argument(
        "--embedded-url", default=None, metavar="URL", help="backend while none is stored; never stored"
    )
    p.add_argument("--identity", default=None, help="chargePointIdentity, stored once")
    p.add_argument(
        "--password-file", type=Path, default=None, metavar="FILE", help="AuthorizationKey, stored once"
    )
    p.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="configuration key, stored once"
    )
    p.add_argument("--verbose", action="store_true", help="log everything")
    return p


def start_options(args: argparse.Namespace) -> list[tuple[str, str]]:
    """Configuration keys that the options stand for. Raises BadValue, BadFile."""
    options: list[tuple[str, str]] = []
    if args.backend is not None:
        url = "" if args.backend in ("none", "embedded") else args.backend
        options.append(("WebSocketUrl", url))
    if args.identity is not None:
        options.append(("chargePointIdentity", args.identity))
    password = os.environ.get(PASSWORD)
    if args.password_file is not None:
        try:
            password = args.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadFile(
                args.password_file, f"cannot be read: {error}", "give a text file with the key"
            ) from error
    if password:
        options.append(("AuthorizationKey", password))
    for word in args.set:
        name, sign, value = word.partition("=")
        if not sign:
            raise BadValue("--set", word, "there is no =", "KEY=VALUE, for example HeartbeatInterval=60")
        options.append((name.strip(), value))
    return options


def installation(args: argparse.Namespace, data_dir: Path) -> Installation:
    """The installation file (given, or in the data folder, or all defaults) with its overrides."""
    path = args.installation
    if path is None and (data_dir / INSTALLATION_FILE).exists():
        path = data_dir / INSTALLATION_FILE
    overrides = list(args.install)
    if args.speed is not None:
        overrides.append(f"hardware.speed={args.speed}")
    built = Installation.load(path, overrides)
    return built if args.connectors is None else built.with_connectors(args.connectors)


def check(words: Sequence[str], data_dir: Path, password: str | None = None) -> None:
    """Whether a core would start with these options, before anything is started. Raises UserFacing."""
    args = parser().parse_args(list(words))
    options = start_options(args)
    if password is not None:
        options.append(("AuthorizationKey", password))
    settings = Settings(installation(args, data_dir))
    settings.certificates_are(installed(data_dir))
    settings.check_all(options, Provenance.OPERATOR)


async def serve(args: argparse.Namespace, data_dir: Path) -> ResetKind | None:
    """Run the core until it is to leave; returns the kind of reset, None when stopped."""
    from kiosk.station.hardware import simulator
    from kiosk.station.service import Core

    clock = SystemClock()
    built = installation(args, data_dir)
    hardware = simulator.build(built, data_dir, clock, built.hardware.speed)
    core = Core(
        data_dir=data_dir,
        installation=built,
        clock=clock,
        hardware=hardware,
        embedded_url=args.embedded_url,
        start_options=start_options(args),
        launch=os.environ.setdefault(LAUNCH, uuid.uuid4().hex),
    )
    async with core:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, core.stop)
        log.info("station %s is up on %s", core.state.snapshot.station.identity, data_dir)
        return await core.run()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped, 1 cannot run, 2 the options are off."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = parser().parse_args(words)
    logs.configure("core", logging.DEBUG if args.verbose else logging.INFO)
    for library in ("asyncssh", "websockets"):
        logging.getLogger(library).setLevel(logging.WARNING)
    data_dir = (args.data or default_data_dir()).expanduser().absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with CoreLock(data_dir), logs.keeping("core", data_dir / logs.CORE):
            kind = asyncio.run(serve(args, data_dir))
    except UsageError as error:
        print(f"kiosk core: {error}", file=sys.stderr)
        return 2
    except UserFacing as error:
        print(f"kiosk core: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"kiosk core: {unwritten(Path(error.filename or data_dir / RUN_FILE), error)}", file=sys.stderr)
        return 1
    if kind is not None:
        log.info("restarting in place after a %s reset", kind)
        sys.stderr.flush()
        os.execv(sys.executable, [*program(sys.executable, "kiosk.station"), *words])
    return 0


if __name__ == "__main__":
    sys.exit(main())
