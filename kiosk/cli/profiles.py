"""``kiosk profiles``: the charging profiles that the backend installed, and what they come to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kiosk.cli import common
from kiosk.cli.common import Data, Json

if TYPE_CHECKING:
    from kiosk.link.profile_messages import ProfileRow, Schedule

app = typer.Typer(
    invoke_without_command=True,
    help="Charging profiles of the backend, and the schedules they come to. Alone: a list of them.",
)
_PURPOSES: Final = {
    "ChargePointMaxProfile": "station",
    "TxDefaultProfile": "default",
    "TxProfile": "session",
}
Id = Annotated[int, typer.Argument(metavar="ID", help="The profile's id, as `kiosk profiles` shows it.")]


@app.callback()
def profiles(context: typer.Context, data: Data, as_json: Json = False) -> None:
    """Charging profiles of the backend, and the schedules they come to. Alone: a list of them."""
    if context.invoked_subcommand is None:
        show_list(data, as_json=as_json)


@app.command("list")
def list_profiles(data: Data, as_json: Json = False) -> None:
    """All installed profiles; * marks those that count now."""
    show_list(data, as_json=as_json)


@app.command("show")
def show(data: Data, profile_id: Id) -> None:
    """One profile, as the backend sent it (JSON)."""
    from kiosk.link.profile_messages import ProfileId, ProfileSent

    common.print_json(common.ask(data, "profiles.show", ProfileId(profile_id=profile_id), ProfileSent))


@app.command("clear")
def clear(
    data: Data,
    profile_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="One profile. Without it: all that match the options.")
    ] = None,
    connector_id: Annotated[
        int | None, typer.Option("--connector", metavar="N", help="Those of connector N; 0: of the station.")
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option("--purpose", metavar="WORD", help="ChargePointMaxProfile, TxDefaultProfile or TxProfile."),
    ] = None,
    level: Annotated[int | None, typer.Option("--level", metavar="L", help="Those of stack level L.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All profiles.")] = False,
) -> None:
    """Remove one profile, those that match all options, or all.

    Examples: kiosk profiles clear 7, kiosk profiles clear --connector 1 --purpose TxDefaultProfile
    """
    from kiosk.link.profile_messages import ProfileFilter, ProfilesCleared

    chosen = [each for each in (profile_id, connector_id, purpose, level) if each is not None]
    if everything == bool(chosen):
        common.fail("say which profiles: an ID, options, or --all for every one of them", 2)
    wanted = ProfileFilter(profile_id=profile_id, connector_id=connector_id, purpose=purpose, stack_level=level)
    count = common.ask(data, "profiles.clear", wanted, ProfilesCleared).count
    if chosen and not count:
        common.fail("no such profile is installed; `kiosk profiles` shows what is")
    common.say(f"{common.count(count, 'profile')} removed")


@app.command("schedule")
def schedule(
    data: Data,
    connector_id: Annotated[int, typer.Argument(metavar="N", help="Connector, from 1; 0: the whole station.")],
    hours: Annotated[float, typer.Option("--hours", min=0, max=168, help="How far ahead.")] = 24,
    unit: Annotated[str | None, typer.Option("--unit", metavar="U", help="A or W.")] = None,
    as_json: Json = False,
) -> None:
    """What profiles and local limits allow connector N from now on."""
    from kiosk.link.profile_messages import Schedule, ScheduleQuery

    query = ScheduleQuery(connector_id=connector_id, duration_s=round(hours * 3600), unit=unit)
    found = common.ask(data, "profiles.schedule", query, Schedule)
    if as_json:
        common.print_json(found)
        return
    table = common.table("From (UTC)", "Limit", "Phases", right=("Limit",))
    for span in found.spans:
        begin = found.start + timedelta(seconds=span.start_s)
        table.add_row(
            f"{begin:%Y-%m-%d %H:%M:%S}",
            f"{span.limit:g} {found.unit}",
            "" if span.phases is None else str(span.phases),
        )
    table.add_row(f"{found.start + timedelta(seconds=found.duration_s):%Y-%m-%d %H:%M:%S}", *_end(found))
    common.console().print(table)


def _end(found: Schedule) -> tuple[str, str]:
    return f"end, after {_duration(found.duration_s)}", ""


def _duration(seconds: int) -> str:
    """Hours, minutes and seconds, as in 24:00:00."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def show_list(data: Data, *, as_json: bool) -> None:
    """The table of all profiles."""
    from kiosk.link.profile_messages import ProfileList

    rows = common.ask(data, "profiles.list", None, ProfileList).profiles
    if as_json:
        common.print_json(rows)
        return
    if not rows:
        common.say("no charging profile is installed")
        return
    table = common.table(
        "", "Id", "N", "For", "Level", "Kind", "Valid (UTC)", "Limit now", "Until (UTC)", right=("Id", "Limit now")
    )
    for row in rows:
        if row.problem is not None:
            table.add_row("!", str(row.profile_id), "", "", "", "damaged", row.problem, "", "")
            continue
        table.add_row(
            "*" if row.in_force else "",
            str(row.profile_id),
            str(row.connector_id),
            _PURPOSES.get(row.purpose or "", row.purpose or ""),
            str(row.stack_level),
            row.kind or "",
            _valid(row),
            "–" if row.limit is None else f"{row.limit:g} {row.unit}",
            f"{row.until:%Y-%m-%d %H:%M}" if row.until else "",
        )
    common.console().print(table)


def _valid(row: ProfileRow) -> str:
    if row.valid_from is None and row.valid_to is None:
        return "always"
    begin = f"from {row.valid_from:%Y-%m-%d %H:%M}" if row.valid_from else ""
    end = f"to {row.valid_to:%Y-%m-%d %H:%M}" if row.valid_to else ""
    return f"{begin} {end}".strip()
