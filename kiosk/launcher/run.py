"""``kiosk run``: the programs of a whole station, put together."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from kiosk.launcher import plan
from kiosk.launcher.output import Output
from kiosk.launcher.plan import Program, RunOptions
from kiosk.launcher.supervisor import Supervisor
from kiosk.model.errors import AlreadyRunning, BadFile
from kiosk.model.paths import LAUNCHER_LOCK_FILE, default_data_dir

BACKEND_TIMEOUT_S: Final = 30.0
WIDTH: Final = 8


def run(options: RunOptions) -> int:
    """Start the station and stay until it is stopped; the exit code.

    Raises AlreadyRunning when another ``kiosk run`` holds the data folder, BadFile when it cannot be made.
    """
    try:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(options.data_dir / LAUNCHER_LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadFile(
            options.data_dir, error.strerror or str(error), "give a folder of yours with --data"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise AlreadyRunning(
            f"a station already runs from {options.data_dir}; stop it, or give another folder with --data"
        ) from error
    try:
        return asyncio.run(_run(options, os.environ, command_name(sys.argv[0])))
    finally:
        os.close(lock)


async def _run(options: RunOptions, environ: Mapping[str, str], kiosk: str) -> int:
    later = asyncio.get_running_loop().call_later
    news, lines = Output(sys.stdout.fileno(), later), Output(sys.stderr.fileno(), later)
    screen_env, where = plan.display(options, environ)
    supervisor = Supervisor(
        programs(options, environ, screen_env),
        inherited(environ),
        lambda name, line: lines.line(f"{name:<{WIDTH}}| {line}"),
    )
    news.line("Starting the charging station; a few seconds.")
    greeting = asyncio.create_task(_greet(supervisor, options, kiosk, where, news.line))
    try:
        return await supervisor.run()
    finally:
        greeting.cancel()
        await asyncio.gather(greeting, return_exceptions=True)
        news.line("The charging station is stopped.")


def programs(options: RunOptions, environ: Mapping[str, str], screen_env: Mapping[str, str]) -> list[Program]:
    """Backend (if embedded), core, screen. The core waits for the backend's address."""
    python = sys.executable
    data_dir = options.data_dir
    password = options.password if options.password is not None else environ.get("KIOSK_PASSWORD")
    found: list[Program] = []
    if options.wants_embedded:
        (data_dir / "backend.json").unlink(missing_ok=True)
        port = 0

        def backend() -> list[str]:
            nonlocal port
            known = read_json(data_dir / "backend.json").get("port")
            port = known if isinstance(known, int) else port
            return plan.backend_command(python, options, port)

        found.append(
            Program(
                name="backend",
                command=backend,
                ready=lambda pid: (
                    read_json(data_dir / "backend.json").get("pid", pid) == pid
                    and embedded_url(data_dir) is not None
                ),
                must_start=True,
            )
        )
    found.append(
        Program(
            name="core",
            command=lambda: plan.core_command(python, options, embedded_url(data_dir)),
            env={"KIOSK_LAUNCH": uuid.uuid4().hex} | ({} if password is None else {"KIOSK_PASSWORD": password}),
            ready=lambda pid: read_json(data_dir / "run.json").get("pid") == pid,
            after="backend" if options.wants_embedded else None,
            must_start=True,
            ends_all=True,
            grace_s=20.0,
        )
    )
    found.append(Program(name="screen", command=lambda: plan.screen_command(python, options), env=screen_env))
    return found


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What every program inherits: not the password, and output line by line."""
    return {k: v for k, v in environ.items() if k != "KIOSK_PASSWORD"} | {"PYTHONUNBUFFERED": "1"}


def embedded_url(data_dir: Path) -> str | None:
    """Where the embedded backend listens, None before it does or when there is none."""
    url = read_json(data_dir / "backend.json").get("url")
    return url if isinstance(url, str) else None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a small file that another program writes; empty while it is not there or not whole."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def command_name(argv0: str) -> str:
    """How a person calls us: ``kiosk`` when that is what the shell would find, else the path that was used."""
    path = Path(argv0)
    found = shutil.which("kiosk")
    if found is not None and path.exists() and Path(found).samefile(path):
        return "kiosk"
    if path.name != "kiosk":
        return "kiosk"
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else argv0


async def _greet(
    supervisor: Supervisor, options: RunOptions, kiosk: str, where: str, say: Callable[[str], None]
) -> None:
    try:
        async with asyncio.timeout(BACKEND_TIMEOUT_S):
            await supervisor.ready("core")
    except TimeoutError:
        say("The station core has not started yet; its lines above tell why. Still trying; Ctrl-C stops.")
        await supervisor.ready("core")
    url = embedded_url(options.data_dir) if options.wants_embedded else None
    for line in plan.summary(options, kiosk=kiosk, where=where, embedded_url=url, default_data=default_data_dir()):
        say(line)
