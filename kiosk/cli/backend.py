"""``kiosk backend``: the embedded central system; without a further word it is started."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The embedded central system: start it, look at it, command it.")
