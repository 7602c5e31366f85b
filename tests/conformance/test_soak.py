"""Hours of a station's life at random, under the judge: what no case thought of."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kiosk.lab.conformance import report
from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.csms import CallError
from kiosk.lab.conformance.registry import Case
from kiosk.lab.conformance.runner import Verdict, play
from kiosk.model.errors import UserFacing

TAGS = ("TAG-1", "TAG-2", "TAG-3", "BAD-1")
FAULTS = (2, 15, 18, 20, 22)
Deed = Callable[[], Awaitable[None]]


class Life:
    """One deed after the other; those that are impossible at the moment are left out by the station itself."""

    def __init__(self, lab: Bench, chance: random.Random) -> None:
        self.lab = lab
        self.chance = chance
        self.deeds: dict[Deed, int] = {
            self.plug: 8,
            self.unplug: 6,
            self.card: 8,
            self.stop_button: 2,
            self.fault: 2,
            self.clear: 3,
            self.remote_start: 4,
            self.remote_stop: 4,
            self.unlock: 1,
            self.availability: 2,
            self.key: 3,
            self.trigger: 2,
            self.reserve: 2,
            self.profile: 2,
            self.cut: 2,
            self.away: 2,
            self.lost_answer: 2,
            self.refused: 1,
            self.reset: 1,
            self.power_cut: 1,
        }

    @property
    def connector(self) -> int:
        return self.chance.choice(self.lab.connector_ids)

    async def live(self, deeds: int) -> None:
        names = list(self.deeds)
        weights = list(self.deeds.values())
        for _ in range(deeds):
            deed = self.chance.choices(names, weights)[0]
            with contextlib.suppress(UserFacing, CallError):
                await deed()
            await self.lab.sleep(self.chance.choice((0.0, 0.3, 2.0, 10.0, 45.0)))

    async def end(self) -> None:
        """Everybody goes home; the backend is there, and hears of everything."""
        lab = self.lab
        lab.csms.kindly()
        await lab.csms.online()
        for connector_id in lab.connector_ids:
            for code in FAULTS:
                lab.station.sim.clear(connector_id, code)
            with contextlib.suppress(UserFacing):
                lab.station.sim.unplug(connector_id)
        await lab.sleep(30)
        await lab.csms.connection()
        for number, told in list(lab.csms.central.transactions.items()):
            with contextlib.suppress(AssertionError):  # those that are over are Rejected
                await lab.csms.call("RemoteStopTransaction", {"transactionId": number})
            assert told.station
        await lab.sleep(300)
        assert await lab.station.core.journal.waiting() == (0, 0), "something was never told"
        stopped = {h["transactionId"] for h in lab.csms.calls("StopTransaction")}
        open_still = sorted(set(lab.csms.central.transactions) - stopped)
        assert open_still == [], f"transactions that never ended: {open_still}"

    # --- in front of the station -----------------------------------------------------------------------------

    async def plug(self) -> None:
        self.lab.driver.plug(self.connector, self.chance.choice((20, 60, 99)))

    async def unplug(self) -> None:
        self.lab.driver.unplug(self.connector)

    async def card(self) -> None:
        self.lab.driver.card(self.chance.choice(TAGS), self.chance.choice((None, self.connector)))

    async def stop_button(self) -> None:
        self.lab.driver.press_stop(self.connector)

    async def fault(self) -> None:
        self.lab.station.sim.fault(self.connector, self.chance.choice(FAULTS))

    async def clear(self) -> None:
        for code in FAULTS:
            self.lab.station.sim.clear(self.connector, code)

    # --- the central system ----------------------------------------------------------------------------------

    async def _ask(self, action: str, **payload: object) -> None:
        if self.lab.csms.is_connected:
            with contextlib.suppress(AssertionError):  # the line may break before the answer
                await self.lab.csms.call(action, dict(payload))

    async def remote_start(self) -> None:
        await self._ask("RemoteStartTransaction", idTag=self.chance.choice(TAGS), connectorId=self.connector)

    async def remote_stop(self) -> None:
        known = list(self.lab.csms.central.transactions) or [1]
        await self._ask("RemoteStopTransaction", transactionId=self.chance.choice(known))

    async def unlock(self) -> None:
        await self._ask("UnlockConnector", connectorId=self.connector)

    async def availability(self) -> None:
        kind = self.chance.choice(("Inoperative", "Operative", "Operative"))
        await self._ask("ChangeAvailability", connectorId=self.chance.choice((0, self.connector)), type=kind)

    async def key(self) -> None:
        name, values = self.chance.choice(
            [
                ("MeterValueSampleInterval", ("0", "10", "60")),
                ("ClockAlignedDataInterval", ("0", "60", "900")),
                ("MinimumStatusDuration", ("0", "1", "5")),
                ("StopTransactionOnInvalidId", ("true", "false")),
                ("StopTransactionOnEVSideDisconnect", ("true", "false")),
                ("AuthorizationCacheEnabled", ("true", "false")),
                ("AllowOfflineTxForUnknownId", ("true", "false")),
                ("ConnectionTimeOut", ("10", "60")),
                ("HycKioskModeEnabled", ("true", "false", "false")),
            ]
        )
        await self._ask("ChangeConfiguration", key=name, value=self.chance.choice(values))

    async def trigger(self) -> None:
        message = self.chance.choice(("StatusNotification", "MeterValues", "Heartbeat", "BootNotification"))
        await self._ask("TriggerMessage", requestedMessage=message)

    async def reserve(self) -> None:
        until = self.lab.csms.time_in(self.chance.choice((20, 120)))
        where = self.chance.choice((0, self.connector))
        await self._ask(
            "ReserveNow",
            connectorId=where,
            expiryDate=until,
            idTag="TAG-1",
            reservationId=self.chance.randint(1, 3),
        )

    async def profile(self) -> None:
        limit = self.chance.choice((0.0, 6.5, 32.0))
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        if self.chance.random() < 0.5:
            await self._ask("ClearChargingProfile")
        else:
            await self._ask("SetChargingProfile", connectorId=0, csChargingProfiles=profile)

    async def cut(self) -> None:
        self.lab.csms.cut()

    async def away(self) -> None:
        await self.lab.csms.offline()
        for _ in range(self.chance.randint(1, 3)):
            with contextlib.suppress(UserFacing):
                await self.chance.choice((self.plug, self.unplug, self.card))()
            await self.lab.sleep(self.chance.choice((1.0, 20.0)))
        await self.lab.csms.online()

    async def lost_answer(self) -> None:
        self.lab.csms.mute(self.chance.choice(("StartTransaction", "StopTransaction", "MeterValues")), times=1)

    async def refused(self) -> None:
        self.lab.csms.refuse(
            self.chance.choice(("StartTransaction", "StopTransaction", "StatusNotification")), times=1
        )

    async def reset(self) -> None:
        await self._ask("Reset", type=self.chance.choice(("Soft", "Hard")))
        await self.lab.sleep(20)

    async def power_cut(self) -> None:
        await self.lab.station.restart(kill=True, pause_s=self.chance.choice((3.0, 200.0)))


def life_of(seed: int, deeds: int) -> Case:
    async def soak(lab: Bench) -> None:
        lab.csms.tag("BAD-1", status="Invalid")
        life = Life(lab, random.Random(seed))
        await life.live(deeds)
        await life.end()

    return Case(
        id="000",
        title=f"Life {seed}",
        profile="Core",
        play=soak,
        connectors="CCS,CCS,CHAdeMO,CCS_AC",
        limit_s=90_000,
    )


def _live(seed: int, deeds: int, folder: Path) -> None:
    outcome = play(life_of(seed, deeds), folder)
    if outcome.verdict is not Verdict.PASS:
        trace = folder / "trace.txt"
        trace.write_text(report.trace(outcome), encoding="utf-8")
        pytest.fail(f"life {seed}: {outcome.reason}\n{outcome.detail}\nthe conversation: {trace}", pytrace=False)


@pytest.mark.conformance
@pytest.mark.parametrize("seed", range(3))
def test_an_hour_at_random_breaks_no_rule(seed: int, tmp_path: Path) -> None:
    _live(seed, 80, tmp_path)


@pytest.mark.conformance
@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
def test_many_hours_at_random_break_no_rule(seed: int, tmp_path: Path) -> None:
    _live(seed, 400, tmp_path)
