"""``python -m kiosk.backend``: the embedded central system as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.backend import control
from kiosk.backend.central import CentralSystem, Options
from kiosk.model import logs, paths

if TYPE_CHECKING:
    from kiosk.backend.strict import Strict


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="kiosk backend",
        description="A small OCPP 1.6-J central system for demonstrations and tests. It accepts any station.",
    )
    p.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    p.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    p.add_argument("--data", type=Path, default=None, metavar="DIR", help="data folder, for backend.json")
    p.add_argument("--heartbeat", type=int, default=300, metavar="S", help="heartbeat interval (default: 300)")
    p.add_argument(
        "--boot",
        default="Accepted",
        metavar="A,B,...",
        help="answers to BootNotification in turn: Accepted, Pending, Rejected (default: Accepted)",
    )
    p.add_argument("--accept", action="append", metavar="TAG", help="accept only these tags; may be repeated")
    p.add_argument("--block", action="append", metavar="TAG", help="block this tag; may be repeated")
    p.add_argument("--quiet", action="store_true", help="do not print the messages")
    p.add_argument(
        "--strict", action="store_true", help="judge every message, print what breaks OCPP 1.6, end with 1 then"
    )
    return p


def options(given: argparse.Namespace) -> Options:
    """Raises SystemExit through argparse for a wrong answer word."""
    boot = tuple(given.boot.split(","))
    wrong = [answer for answer in boot if answer not in ("Accepted", "Pending", "Rejected")]
    if wrong:
        parser().error(f"--boot: {wrong[0]!r} is not one of Accepted, Pending, Rejected")
    return Options(
        heartbeat_interval_s=given.heartbeat,
        boot=boot,
        accepted=frozenset(given.accept) if given.accept else None,
        blocked=frozenset(given.block or ()),
    )


def say(text: str) -> None:
    print(text, flush=True)


def _strict(central: CentralSystem) -> Strict:
    # only a strict one pays for the schemas of the judge
    from kiosk.backend.strict import Strict

    return Strict(central, say)


async def serve(given: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    data_dir = given.data or paths.default_data_dir()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    central = CentralSystem(options(given), out=None if given.quiet else say)
    strict = _strict(central) if given.strict else None
    try:
        await central.start(given.host, given.port)
    except OSError as error:
        print(f"cannot listen on {given.host}:{given.port}: {error.strerror or error}", file=sys.stderr)
        return 1
    info = control.BackendInfo(pid=os.getpid(), port=central.port, url=central.url, control=central.control_url)
    try:
        control.write(data_dir, info)
        say(f"central system at {central.url}/<identity>")
        await stop.wait()
    finally:
        control.remove(data_dir, info.pid)
        await central.stop()
    say("central system stopped")
    if strict is None:
        return 0
    for told in strict.summary():
        say(told)
    return 1 if strict.breaches else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 after a clean stop, 1 when it cannot listen or a strict one saw a breach, 2 for a
    wrong option."""
    given = parser().parse_args(argv)
    logs.configure("backend")
    logging.getLogger("websockets").setLevel(logging.WARNING)  # we print connections ourselves
    return asyncio.run(serve(given))


if __name__ == "__main__":
    sys.exit(main())
