"""What to start, how, and what an exit means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk.model.paths import program

STOP_ORDER: Final[tuple[str, ...]] = ("screen", "web", "core", "backend")
RESTART_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses before restarts; the last one repeats."""
STEADY_S: Final = 30.0
"""Alive this long: the next death counts as the first again."""
PANEL: Final = "1366x768"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of ``kiosk run``. ``backend``: a URL, "none", "embedded", or None for the stored one."""

    data_dir: Path
    headless: bool = False
    vnc_port: int | None = None
    backend: str | None = None
    identity: str | None = None
    password: str | None = None
    password_file: Path | None = None
    keys: tuple[str, ...] = ()
    speed: float | None = None
    connectors: str | None = None
    install: tuple[str, ...] = ()
    installation: Path | None = None

    @property
    def wants_embedded(self) -> bool:
        """The embedded backend runs unless another was asked for; the core prefers a stored address to it."""
        return self.backend in (None, "embedded")


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program to keep alive.

    ``command()``: its command line at this moment. ``ready(pid)``: it does its work now. ``after``: name of the
    program that must be ready first. ``must_start``: when it fails before it was ever ready, everything ends.
    ``ends_all``: when it ends by itself with 0, everything ends. ``grace_s``: time to stop in.
    """

    name: str
    command: Callable[[], Sequence[str]]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[int], bool] = lambda _pid: True
    after: str | None = None
    must_start: bool = False
    ends_all: bool = False
    grace_s: float = 5.0


@dataclass(frozen=True)
class Restart:
    """``failures``: deaths in a row, this one included."""

    after_s: float
    failures: int


@dataclass(frozen=True)
class EndAll:
    code: int


def verdict(program: Program, code: int, *, was_ready: bool, alive_s: float, failures: int) -> Restart | EndAll:
    """``program`` ended by itself with ``code`` (negative: by that signal) after ``alive_s``.

    ``failures``: deaths in a row before this one. A core that somebody ended cleanly is not to come back; a
    program that never became ready and says so with a code of its own has been given something impossible, and
    trying again would only repeat its message.
    """
    if program.ends_all and code == 0:
        return EndAll(0)
    if program.must_start and code > 0 and not was_ready and failures == 0:
        return EndAll(code)
    in_a_row = 0 if alive_s >= STEADY_S else failures
    return Restart(RESTART_S[min(in_a_row, len(RESTART_S) - 1)], in_a_row + 1)


def display(options: RunOptions, env: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Environment for the screen, and one word or two for the person: where the screen is."""
    if options.vnc_port is not None:
        return {"QT_QPA_PLATFORM": f"vnc:size={PANEL}:port={options.vnc_port}"}, f"VNC, port {options.vnc_port}"
    if options.headless:
        return {"QT_QPA_PLATFORM": "offscreen"}, "offscreen, as asked with --headless"
    if env.get("QT_QPA_PLATFORM"):
        return {}, f"by QT_QPA_PLATFORM={env['QT_QPA_PLATFORM']}"
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if env.get(name):
            return {}, f"on display {env[name]}"
    return {"QT_QPA_PLATFORM": "offscreen"}, "offscreen: there is no display here"


def core_command(python: str, options: RunOptions, embedded_url: str | None) -> list[str]:
    """The password is never here: every user of the machine can read command lines.

    A restart gets the same options: the core knows by ``KIOSK_LAUNCH`` that it has stored them (decision 25).
    """
    return [*program(python, "kiosk.station"), *core_options(options, embedded_url)]


def core_options(options: RunOptions, embedded_url: str | None = None) -> list[str]:
    """Options of ``python -m kiosk.station``."""
    command = ["--data", str(options.data_dir)]
    if embedded_url is not None:
        command += ["--embedded-url", embedded_url]
    if options.speed is not None:
        command += ["--speed", f"{options.speed:g}"]
    if options.connectors is not None:
        command += ["--connectors", options.connectors]
    if options.installation is not None:
        command += ["--installation", str(options.installation)]
    for item in options.install:
        command += ["--install", item]
    if options.backend is not None:
        command += ["--backend", options.backend]
    if options.identity is not None:
        command += ["--identity", options.identity]
    if options.password_file is not None:
        command += ["--password-file", str(options.password_file)]
    for item in options.keys:
        command += ["--set", item]
    return command


def screen_command(python: str, options: RunOptions) -> list[str]:
    return [*program(python, "kiosk.screen"), "--data", str(options.data_dir)]


def backend_command(python: str, options: RunOptions, port: int) -> list[str]:
    """``port`` 0: any; after a restart the one from before, because the core knows that address."""
    return [*program(python, "kiosk.backend"), "--data", str(options.data_dir), "--port", str(port)]


def summary(
    options: RunOptions, *, kiosk: str, where: str, embedded_url: str | None, default_data: Path
) -> list[str]:
    """What a person wants to know once the station runs. ``kiosk``: how the command is called here."""
    data = "" if options.data_dir == default_data else f" --data {options.data_dir}"
    lines = [
        "",
        "The charging station runs. Ctrl-C stops it.",
        f"  Data        {options.data_dir}",
        f"  Screen      {where}",
        f"              {kiosk} screenshot screen.png{data}    takes a picture of it",
    ]
    if options.vnc_port is not None:
        lines.append("              WARNING: VNC listens on every address of this machine, without a password.")
    elif where.startswith("offscreen"):
        lines.append("              --vnc 5900 lets you look and touch from a VNC viewer (no password: trusted")
        lines.append("              networks only)")
    if embedded_url is not None:
        lines.append(f"  Backend     embedded, {embedded_url} (used unless another address is stored)")
        lines.append(f"              {kiosk} backend log{data}    shows its messages")
    elif options.backend == "none":
        lines.append("  Backend     none: whitelist and kiosk mode decide")
    else:
        lines.append(f"  Backend     {options.backend}")
    lines += [
        f"  Try         {kiosk} sim plug 1{data}    plugs a car in",
        f"              {kiosk} sim card 04A1B2C3{data}    holds a card to the reader",
        f"              {kiosk} status{data}    tells how things stand",
        "",
    ]
    return lines
