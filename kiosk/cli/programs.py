"""The subcommands that are programs of their own: started without typer, with their own options.

``kiosk core``, ``kiosk screen`` and ``kiosk backend`` (without a further word) hand their options on as they are.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable, Sequence
from typing import Final

MODULES: Final = {"core": "kiosk.station", "screen": "kiosk.screen", "backend": "kiosk.backend"}
WITHOUT_MEANING: Final = {"core": {"--headless": 0, "--vnc": 1}}
"""Options of ``kiosk run`` that say nothing to a program, and how many values they take."""


def direct(arguments: Sequence[str]) -> Callable[[], int] | None:
    """How to start the program that ``arguments`` ask for, None when they are for the command line proper."""
    if not arguments or arguments[0] not in MODULES:
        return None
    name, options = arguments[0], list(arguments[1:])
    if name == "backend" and options and (not options[0].startswith("-") or options[0] in ("-h", "--help")):
        return None  # kiosk backend log ..., whose help is that of the program as well
    return lambda: start(name, options)


def start(name: str, options: list[str]) -> int:
    """Become that program: its module's ``main``, in this process."""
    options, password = without_password(options)
    if password is not None:
        os.environ["KIOSK_PASSWORD"] = password
    options, ignored = without_meaning(name, options)
    for option in ignored:
        sys.stderr.write(f"kiosk: {option} means nothing to `kiosk {name}`, it has no screen\n")
    sys.argv = [f"kiosk {name}", *options]
    try:
        runpy.run_module(MODULES[name], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(ended.code + "\n")
            return 1
        return ended.code or 0
    return 0


def without_password(options: Sequence[str]) -> tuple[list[str], str | None]:
    """``options`` without ``--password KEY``, and the key: programs take it from the environment only."""
    kept: list[str] = []
    password = None
    rest = iter(options)
    for option in rest:
        if option == "--password":
            password = next(rest, None)
        elif option.startswith("--password="):
            password = option.removeprefix("--password=")
        else:
            kept.append(option)
    return kept, password


def without_meaning(name: str, options: Sequence[str]) -> tuple[list[str], list[str]]:
    """``options`` without those that belong to other programs, and which they were."""
    foreign = WITHOUT_MEANING.get(name, {})
    kept: list[str] = []
    ignored: list[str] = []
    rest = iter(options)
    for option in rest:
        word = option.split("=", 1)[0]
        if word not in foreign:
            kept.append(option)
            continue
        ignored.append(word)
        if "=" not in option:
            for _ in range(foreign[word]):
                next(rest, None)
    return kept, ignored
