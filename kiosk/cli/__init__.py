"""The ``kiosk`` command: one small module per subcommand. It asks the core and prints; it must never have rules.

``main`` first looks whether a program of its own is wanted (``core``, ``screen``, ``backend``): those start
without typer and rich, which would cost them a sixth of a second. Everything else goes through ``app``.

Decisions
- Exit codes: 0 it worked; 1 it did not (no core, refused); 2 the words were wrong (unknown connector, key, code,
  car, an unfitting car, a bad option). Errors are one line with the remedy on standard error.
- A module imports what it needs inside its functions, so that ``kiosk --help`` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the ``kiosk`` command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    from kiosk.cli import programs

    direct = programs.direct(arguments)
    if direct is not None:
        return direct()
    from kiosk.cli.app import run_app

    return run_app(arguments)
