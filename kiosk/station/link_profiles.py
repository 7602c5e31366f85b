"""Charging profiles on the local link: translates, never decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, TypeVar

from kiosk.link import profile_messages as m
from kiosk.link.params import Nothing, Params
from kiosk.model.errors import BadValue
from kiosk.station.commands.profiles import Profiles, ProfileView
from kiosk.station.power.profile_model import Kind, Purpose, Unit

Word = TypeVar("Word", bound=StrEnum)


def handlers(profiles: Profiles) -> dict[str, Callable[[Any], Awaitable[Params]]]:
    """Method name → handler, for the rows ``profiles.*``."""

    async def listed(_: Nothing) -> m.ProfileList:
        return m.ProfileList(profiles=tuple(_row(view) for view in profiles.list()))

    async def show(p: m.ProfileId) -> m.ProfileSent:
        connector_id, payload = profiles.payload(p.profile_id)
        return m.ProfileSent(connector_id=connector_id, profile=payload)

    async def clear(p: m.ProfileFilter) -> m.ProfilesCleared:
        count = await profiles.clear(
            profile_id=p.profile_id,
            connector_id=p.connector_id,
            purpose=_word("purpose", p.purpose, Purpose),
            stack_level=p.stack_level,
        )
        return m.ProfilesCleared(count=count)

    async def schedule(p: m.ScheduleQuery) -> m.Schedule:
        found = profiles.composite(p.connector_id, p.duration_s, _word("unit", p.unit, Unit))
        return m.Schedule(
            connector_id=p.connector_id,
            start=found.start,
            duration_s=found.duration_s,
            unit=found.unit.value,
            spans=tuple(
                m.ScheduleSpan(start_s=span.start_s, limit=span.limit, phases=span.phases) for span in found.spans
            ),
        )

    return {
        "profiles.list": listed,
        "profiles.show": show,
        "profiles.clear": clear,
        "profiles.schedule": schedule,
    }


def _row(view: ProfileView) -> m.ProfileRow:
    sent = view.sent
    if sent is None:
        return m.ProfileRow(profile_id=view.profile_id, problem=view.problem)
    recurs = sent.charging_profile_kind is Kind.RECURRING and sent.recurrency_kind is not None
    return m.ProfileRow(
        profile_id=view.profile_id,
        connector_id=view.connector_id,
        purpose=sent.charging_profile_purpose.value,
        stack_level=sent.stack_level,
        kind=sent.recurrency_kind.value if recurs and sent.recurrency_kind else sent.charging_profile_kind.value,
        valid_from=sent.valid_from,
        valid_to=sent.valid_to,
        transaction_id=sent.transaction_id,
        unit=sent.charging_schedule.charging_rate_unit.value,
        limit=view.limit,
        until=view.until,
        in_force=view.in_force,
        installed_at=view.installed_at,
    )


def _word(name: str, text: str | None, words: type[Word]) -> Word | None:
    """In any case. Raises BadValue."""
    if text is None:
        return None
    for word in words:
        if word.value.casefold() == text.casefold():
            return word
    raise BadValue(name, text, "it does not exist", ", ".join(word.value for word in words))
