"""All subcommands under one roof, and the one place where errors become a line and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import typer

from kiosk.cli import (
    backend,
    certificates,
    common,
    conformance,
    faults,
    files,
    fuzz,
    keys,
    messages,
    modbus,
    profiles,
    run,
    scenario,
    screenshot,
    sessions,
    sim,
    status,
    torture,
    whitelist,
)
from kiosk.model.errors import KioskError

# typer carries its own click or uses the installed one, depending on its version; this is true of both
_Usage: Final[type[Exception]] = typer.BadParameter.__mro__[1]

EXAMPLES: Final = """
A charging station in one command.

[bold]First steps[/bold]

    kiosk run                                     the whole station, with a simulated car park

    kiosk status                                  how things stand

    kiosk sim plug 1                              plug a car in at connector 1

    kiosk sim card 04A1B2C3                       hold a card to the reader

    kiosk screenshot now.png                      what the driver sees

All commands take --data DIR for another station on the same machine. Exit code 0: it worked; 1: it did not
(no station runs, refused); 2: something in the command is wrong.
"""

app = typer.Typer(
    name="kiosk",
    help=EXAMPLES,
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_STATION: Final = "Station"
_OPERATE: Final = "Operate"
_SIMULATE: Final = "Simulate"
_PROVE: Final = "Prove"

app.command("run", rich_help_panel=_STATION)(run.run)
app.command("core", rich_help_panel=_STATION, context_settings={"ignore_unknown_options": True})(run.core)
app.command("screen", rich_help_panel=_STATION)(run.screen)
app.add_typer(backend.app, name="backend", rich_help_panel=_STATION)
app.command("status", rich_help_panel=_OPERATE)(status.status)
app.add_typer(keys.app, name="keys", rich_help_panel=_OPERATE)
app.command("start", rich_help_panel=_OPERATE)(sessions.start)
app.command("stop", rich_help_panel=_OPERATE)(sessions.stop)
app.command("sessions", rich_help_panel=_OPERATE)(sessions.sessions)
app.add_typer(faults.app, name="faults", rich_help_panel=_OPERATE)
app.command("unlock", rich_help_panel=_OPERATE)(faults.unlock)
app.add_typer(messages.app, name="messages", rich_help_panel=_OPERATE)
app.add_typer(whitelist.app, name="whitelist", rich_help_panel=_OPERATE)
app.add_typer(profiles.app, name="profiles", rich_help_panel=_OPERATE)
app.add_typer(modbus.app, name="modbus", rich_help_panel=_OPERATE)
app.add_typer(certificates.app, name="certificates", rich_help_panel=_OPERATE)
app.add_typer(files.app, name="firmware", rich_help_panel=_OPERATE)
app.command("diagnostics", rich_help_panel=_OPERATE)(files.diagnostics)
app.command("screenshot", rich_help_panel=_OPERATE)(screenshot.screenshot)
sim.app.command("scenario")(scenario.scenario)
app.add_typer(sim.app, name="sim", rich_help_panel=_SIMULATE)
app.command("conformance", rich_help_panel=_PROVE)(conformance.conformance)
app.command("torture", rich_help_panel=_PROVE)(torture.torture)
app.command("fuzz", rich_help_panel=_PROVE)(fuzz.fuzz)


def run_app(arguments: Sequence[str]) -> int:
    """Parse and carry out; the exit code. Errors are told here, in one line."""
    try:
        code = app(list(arguments) or ["--help"], prog_name="kiosk", standalone_mode=False)
    except typer.Abort:
        common.complain("interrupted")
        return 130
    except KeyboardInterrupt:
        return 130
    except KioskError as error:
        common.complain(error)
        return common.exit_code(error)
    except _Usage as error:
        return _misused(error)
    return code if isinstance(code, int) else 0


def _misused(error: Exception) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        return 2  # typer has printed the help
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "kiosk"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    common.complain(f"{message.rstrip('.')}; `{where} --help` explains the command")
    return 2
