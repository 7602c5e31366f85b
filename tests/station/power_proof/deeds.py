"""What happens to a station in a story: drivers, operators, a controller, a backend, failures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue, NotPossible
from kiosk.station.commands.profiles import SetOutcome
from kiosk.station.hardware.simulator import cars
from tests.station.power_proof.judge import Judge
from tests.station.power_proof.law import Plan
from tests.station.power_proof.plant import START, Plant

POWERS_W = st.one_of(
    st.sampled_from([0, 99, 100, 900, 1_131, 1_480, 11_000, 25_000, 25_873, 26_000, 50_000, 51_647, 75_000]),
    st.integers(0, 80_000),
)
CARS, CHARGES = st.integers(0, 30), st.integers(3, 88)
FAULTS = (2, 4, 8, 15, 18, 20, 50, 51)


@dataclass(frozen=True)
class Deed(ABC):
    connector_id: int

    @abstractmethod
    async def do(self, plant: Plant, judge: Judge) -> None:
        """Happen."""


@dataclass(frozen=True)
class Arrive(Deed):
    """A car is plugged in where none is, and its driver shows a card."""

    car: int
    soc_percent: int

    async def do(self, plant: Plant, judge: Judge) -> None:
        port = plant.hardware.connector(self.connector_id)
        if not port.plugged:
            fitting = cars.fitting(port.fitted)
            plant.sim.plug(self.connector_id, fitting[self.car % len(fitting)].name, self.soc_percent)
        await plant.live(0.1)
        await plant.core.commands.start(self.connector_id, f"04AE179C4F618{self.connector_id}")


@dataclass(frozen=True)
class Leave(Deed):
    async def do(self, plant: Plant, judge: Judge) -> None:
        if plant.hardware.connector(self.connector_id).plugged:
            plant.sim.unplug(self.connector_id)


@dataclass(frozen=True)
class Wish(Deed):
    watts: int | None

    async def do(self, plant: Plant, judge: Judge) -> None:
        if plant.hardware.connector(self.connector_id).plugged:
            plant.sim.request(self.connector_id, self.watts)


@dataclass(frozen=True)
class Disobey(Deed):
    async def do(self, plant: Plant, judge: Judge) -> None:
        if plant.hardware.connector(self.connector_id).plugged:
            plant.sim.disobey(self.connector_id)


@dataclass(frozen=True)
class Break(Deed):
    """A fault, gone again at the end of the story at the latest."""

    code: int

    async def do(self, plant: Plant, judge: Judge) -> None:
        try:
            plant.sim.fault(self.connector_id, self.code)
        except (NotPossible, BadValue):
            return  # no such thing on this kind of connector


@dataclass(frozen=True)
class ChangeKey(Deed):
    """In force at once, as if there had been a reset in no time: the sessions see it happen."""

    name: str
    value: Any

    async def do(self, plant: Plant, judge: Judge) -> None:
        text = str(self.value)
        if self.name == "ConnectorsPowerLimit":
            items = plant.law.keys[self.name].split(",")
            items[self.connector_id - 1] = text
            text = ",".join(items)
        await change(plant, self.name, text)


async def change(plant: Plant, name: str, text: str) -> None:
    try:
        await plant.core.commands.change_key(name, text, Provenance.OPERATOR)
    except BadValue:
        return  # a fallback above MaxGridPower
    plant.core.settings.restart()
    plant.law.keys[name] = text


@dataclass(frozen=True)
class Control(Deed):
    """A load-management controller writes a limit: of one connector, or of the whole station."""

    whole: bool
    watts: int

    async def do(self, plant: Plant, judge: Judge) -> None:
        controller, now_s = plant.core.supply.controller, plant.now_s
        controller.connected(plant.core.settings, now_s)
        if self.whole:
            controller.limit_station(self.watts, now_s)
        else:
            controller.limit_connector(self.connector_id, self.watts, now_s)
        plant.law.wrote(0 if self.whole else self.connector_id, self.watts, now_s)


@dataclass(frozen=True)
class Profile(Deed):
    """The backend: a limit for the station, for all sessions, or for those of one connector."""

    purpose: str
    own: bool
    watts: tuple[int, ...]
    every_s: int
    duration_s: int | None
    least_w: int

    async def do(self, plant: Plant, judge: Judge) -> None:
        place = self.connector_id if self.own and self.purpose == "TxDefaultProfile" else 0
        began_s = float(int(plant.now_s))
        periods = tuple((number * self.every_s, watts) for number, watts in enumerate(self.watts))
        schedule: dict[str, Any] = {
            "startSchedule": (START + timedelta(seconds=began_s)).isoformat(),
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": s, "limit": float(watts)} for s, watts in periods],
        }
        if self.duration_s is not None:
            schedule["duration"] = self.duration_s
        if self.least_w:
            schedule["minChargingRate"] = float(self.least_w)
        payload = {
            "chargingProfileId": 10 * len(self.purpose) + place,
            "stackLevel": 0,
            "chargingProfilePurpose": self.purpose,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        }
        assert await plant.core.commands.profiles.set(place, payload) is SetOutcome.ACCEPTED
        plan = Plan(self.purpose, place, began_s, periods, self.duration_s, self.least_w)
        plant.law.plans[self.purpose, place] = plan


@dataclass(frozen=True)
class ClearProfiles(Deed):
    async def do(self, plant: Plant, judge: Judge) -> None:
        await plant.core.commands.profiles.clear()
        plant.law.plans.clear()


@dataclass(frozen=True)
class Heat(Deed):
    """Of the air inside the cabinet; None: what it is by itself."""

    celsius: float | None

    async def do(self, plant: Plant, judge: Judge) -> None:
        plant.sim.heat(self.celsius)


@dataclass(frozen=True)
class Emergency(Deed):
    """Somebody presses the button, or turns it free."""

    pressed: bool

    async def do(self, plant: Plant, judge: Judge) -> None:
        plant.sim.emergency_stop(self.pressed)


@dataclass(frozen=True)
class Restart(Deed):
    """The programs end, killed or told to, and come back after a while."""

    killed: bool
    dead_s: float

    async def do(self, plant: Plant, judge: Judge) -> None:
        if self.killed:
            await plant.kill(self.dead_s)
        else:
            await plant.stop()
        await plant.start()
        judge.interrupted()


@dataclass(frozen=True)
class Freeze(Deed):
    """The machine stands still, the world goes on."""

    seconds: float

    async def do(self, plant: Plant, judge: Judge) -> None:
        plant.freeze(self.seconds)
        judge.interrupted()


def deeds(connectors: int) -> st.SearchStrategy[Deed]:
    n = st.integers(1, connectors)
    least = st.sampled_from([0, 0, 0, 3_000])
    keys = st.one_of(
        st.builds(ChangeKey, n, st.just("MaxGridPower"), POWERS_W),
        st.builds(ChangeKey, n, st.just("ConnectorsPowerLimit"), POWERS_W),
        st.builds(ChangeKey, n, st.just("ChargingStrategy"), st.sampled_from(["FCFS", "FAIR"])),
        st.builds(ChangeKey, n, st.just("GridFallbackPower"), POWERS_W),
        st.builds(ChangeKey, n, st.just("GridFallbackTimeout"), st.integers(1, 20)),
        st.builds(ChangeKey, n, st.just("ModbusLoadManagementEnabled"), st.sampled_from(["true", "false"])),
    )
    return st.one_of(
        st.builds(Arrive, n, CARS, CHARGES),
        st.builds(Arrive, n, CARS, CHARGES),
        st.builds(Leave, n),
        st.builds(Wish, n, st.one_of(st.none(), POWERS_W)),
        keys,
        st.builds(Control, n, st.booleans(), POWERS_W),
        st.builds(
            Profile,
            n,
            st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile"]),
            st.booleans(),
            st.lists(POWERS_W, min_size=1, max_size=3).map(tuple),
            st.integers(2, 20),
            st.one_of(st.none(), st.integers(5, 60)),
            least,
        ),
        st.builds(ClearProfiles, n),
        st.builds(Disobey, n),
        st.builds(Heat, n, st.sampled_from([None, 45.0, 55.0, 63.0, 70.0, 74.0, 80.0])),
        st.builds(Emergency, n, st.sampled_from([True, False, False])),
        st.builds(Break, n, st.sampled_from(FAULTS)),
        st.builds(Restart, n, st.booleans(), st.sampled_from([0.0, 2.0, 7.0])),
        st.builds(Freeze, n, st.sampled_from([0.7, 3.0, 6.0])),
    )
