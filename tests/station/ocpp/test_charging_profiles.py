"""The SmartCharging profile on the wire: what is asked becomes a wish, what is found becomes an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from kiosk.model.errors import BadValue, NotPossible, UnknownConnector
from kiosk.station.power.profile_model import Purpose, Unit
from kiosk.station.power.profiles import Composite, Span

Opened = Callable[..., Any]
Run = Callable[..., Any]
PROFILE: dict[str, Any] = {
    "chargingProfileId": 7,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.1, "numberPhases": 3}],
    },
}


class Said(StrEnum):
    ACCEPTED = "Accepted"
    NOT_SUPPORTED = "NotSupported"


class FakeProfiles:
    """Writes down what it is asked; ``says`` and ``fails`` are what comes of it."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.says: Any = Said.ACCEPTED
        self.fails: Exception | None = None
        self.refusal: str | None = None

    def _note(self, *asked: Any) -> None:
        self.asked.append(asked)
        if self.fails is not None:
            raise self.fails

    async def set(self, connector_id: int, payload: Mapping[str, Any]) -> StrEnum:
        self._note("set", connector_id, payload)
        return self.says

    def refusal_of_start(self, payload: Mapping[str, Any]) -> str | None:
        self._note("start", payload)
        return self.refusal

    async def clear(self, **criteria: Any) -> int:
        self._note("clear", {name: value for name, value in criteria.items() if value is not None})
        return int(self.says)

    def composite(self, connector_id: int, duration_s: int, unit: Unit | None = None) -> Composite:
        self._note("composite", connector_id, duration_s, unit)
        return Composite(
            start=datetime(2026, 11, 22, 12, tzinfo=UTC),
            duration_s=min(duration_s, 600),
            unit=unit or Unit.WATT,
            spans=(Span(start_s=0, limit=8.1), Span(start_s=60, limit=16.0, phases=1)),
            least=self.says if isinstance(self.says, float) else None,
        )


async def ask(world: Any, action: str, payload: Any) -> tuple[int, Any]:
    """(3, payload) or (4, error code), past the central system's own checks."""
    frames = world.central.recorder.frames
    number = f"raw-{len(frames)}"
    await world.central.stations["HYC-7"].socket.send(json.dumps([2, number, action, payload]))
    await world.until(lambda: any(f.message_id == number and not f.to_station for f in frames), 60)
    found = next(f for f in frames if f.message_id == number and not f.to_station)
    return (3, found.payload) if found.kind == "result" else (4, found.payload["code"])


def started(world: Any) -> list[Any]:
    """The remote starts that became wishes."""
    return [tuple(asked) for name, *asked in world.commands.asked if name == "remote_start"]


def played(aio: Run, running: Opened, story: Callable[[Any, FakeProfiles], Any]) -> None:
    async def play() -> None:
        async with running() as world:
            world.commands.profiles = FakeProfiles()
            await world.online()
            await story(world, world.commands.profiles)

    aio(play())


@pytest.mark.parametrize("says", [Said.ACCEPTED, Said.NOT_SUPPORTED])
def test_set(aio: Run, running: Opened, says: Said) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        profiles.says = says
        answer = await ask(world, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE})
        assert answer == (3, {"status": says.value})
        [(_, connector_id, payload)] = profiles.asked
        assert connector_id == 1
        assert float(payload["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]) == 8.1

    played(aio, running, story)


@pytest.mark.parametrize(
    ("fails", "code"),
    [
        (UnknownConnector(9, 3), "PropertyConstraintViolation"),  # errata 3.39
        (BadValue("charging profile", "", "no date", "a date"), "TypeConstraintViolation"),
    ],
)
def test_set_that_cannot_be(aio: Run, running: Opened, fails: Exception, code: str) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        profiles.fails = fails
        asked = {"connectorId": 9, "csChargingProfiles": PROFILE}
        assert await ask(world, "SetChargingProfile", asked) == (4, code)

    played(aio, running, story)


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        ({"chargingRateUnit": "kW"}, "PropertyConstraintViolation"),  # errata 3.38
        ({"chargingRateUnit": None}, "TypeConstraintViolation"),
        ({"chargingSchedulePeriod": [{"startPeriod": 0}]}, "OccurenceConstraintViolation"),
        ({"duration": "1 h"}, "TypeConstraintViolation"),
    ],
)
def test_set_that_does_not_fit_its_schema(aio: Run, running: Opened, schedule: Any, code: str) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        wrong = PROFILE | {"chargingSchedule": PROFILE["chargingSchedule"] | schedule}
        kind, told = await ask(world, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wrong})
        assert kind == 4
        assert told == code
        assert profiles.asked == []

    played(aio, running, story)


@pytest.mark.parametrize(
    ("asked", "wish"),
    [
        ({}, {}),
        ({"id": 0}, {"profile_id": 0}),
        (
            {"connectorId": 0, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0},
            {"connector_id": 0, "purpose": Purpose.TX_DEFAULT, "stack_level": 0},
        ),
    ],
)
@pytest.mark.parametrize("found", [0, 1, 3])
def test_clear(aio: Run, running: Opened, asked: Any, wish: Any, found: int) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        profiles.says = found
        status = "Accepted" if found else "Unknown"
        assert await ask(world, "ClearChargingProfile", asked) == (3, {"status": status})
        assert profiles.asked == [("clear", wish)]

    played(aio, running, story)


def test_composite_schedule(aio: Run, running: Opened) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        kind, told = await ask(
            world, "GetCompositeSchedule", {"connectorId": 0, "duration": 3600, "chargingRateUnit": "A"}
        )
        assert profiles.asked == [("composite", 0, 3600, Unit.AMPERE)]
        assert (kind, told) == (
            3,
            {
                "status": "Accepted",
                "connectorId": 0,
                "scheduleStart": "2026-11-22T12:00:00.000Z",
                "chargingSchedule": {
                    "duration": 600,
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [
                        {"startPeriod": 0, "limit": 8.1},
                        {"startPeriod": 60, "limit": 16.0, "numberPhases": 1},
                    ],
                },
            },
        )
        profiles.says = 4.5
        _, told = await ask(world, "GetCompositeSchedule", {"connectorId": 1, "duration": 0})
        assert told["chargingSchedule"]["minChargingRate"] == 4.5
        assert profiles.asked[-1] == ("composite", 1, 0, None)

    played(aio, running, story)


@pytest.mark.parametrize("fails", [UnknownConnector(9, 3), NotPossible("a schedule of -1 s is none")])
def test_no_composite_schedule(aio: Run, running: Opened, fails: Exception) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        profiles.fails = fails
        asked = {"connectorId": 9, "duration": -1}
        assert await ask(world, "GetCompositeSchedule", asked) == (3, {"status": "Rejected"})

    played(aio, running, story)


def test_remote_start_with_a_profile(aio: Run, running: Opened) -> None:
    async def story(world: Any, profiles: FakeProfiles) -> None:
        asked = {"idTag": "T", "connectorId": 1, "chargingProfile": PROFILE}
        assert await ask(world, "RemoteStartTransaction", asked) == (3, {"status": "Accepted"})
        [(id_tag, connector_id, profile)] = started(world)
        assert (id_tag, connector_id) == ("T", 1)
        assert profile["chargingProfileId"] == 7
        profiles.refusal = "no"
        assert await ask(world, "RemoteStartTransaction", asked) == (3, {"status": "Rejected"})
        assert len(started(world)) == 1
        profiles.fails = BadValue("charging profile", "", "no date", "a date")
        assert await ask(world, "RemoteStartTransaction", asked) == (4, "TypeConstraintViolation")

    played(aio, running, story)


def test_a_station_without_smart_charging(aio: Run, running: Opened) -> None:
    """NotSupported as a CALLERROR (errata 3.39); a remote start leaves its profile alone (section 5.11)."""

    async def story(world: Any, profiles: FakeProfiles) -> None:
        usual = world.settings.csl
        world.settings.csl = lambda name: ("Core",) if name == "SupportedFeatureProfiles" else usual(name)
        for action, payload in (
            ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}),
            ("ClearChargingProfile", {}),
            ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
        ):
            assert await ask(world, action, payload) == (4, "NotSupported")
        asked = {"idTag": "T", "connectorId": 1, "chargingProfile": PROFILE}
        assert await ask(world, "RemoteStartTransaction", asked) == (3, {"status": "Accepted"})
        assert started(world) == [("T", 1)]
        assert profiles.asked == []

    played(aio, running, story)
