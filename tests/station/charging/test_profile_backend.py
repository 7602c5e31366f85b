"""Charging profiles between a whole core and its central system: through outages, and in what the meter tells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call

from tests.fakes.charging_profiles import profile
from tests.fakes.site import Site, site_on

Run = Callable[..., Any]
Sites = Callable[..., Any]


@pytest.fixture
def site(tmp_path: Path, expected_log: Any) -> Sites:
    return partial(site_on, tmp_path, expected_log)


async def install(here: Site, connector_id: int, payload: dict[str, Any]) -> str:
    answer = await here.ask(call.SetChargingProfile(connector_id=connector_id, cs_charging_profiles=payload))
    return str(answer.status)


def test_limits_hold_and_change_in_time_while_the_backend_is_gone(aio: Run, site: Sites) -> None:
    """Lesson 29: a profile forgotten with the connection would mean full power."""

    async def story() -> None:
        async with site() as here:
            await here.charge(1)
            began_s = round((here.now - here.station.core.sessions.bay(1).session.started_at).total_seconds())
            session = profile(
                (0, 12_000), (began_s + 400, 6_000), purpose="TxProfile", chargingProfileKind="Relative"
            ) | {"transactionId": here.transaction.id}
            assert await install(here, 1, session) == "Accepted"
            await here.settle(5)
            assert here.station.connector(1).limit_w == 12_000
            await here.offline()
            await here.settle(60)
            assert here.station.connector(1).limit_w == 12_000, "gone is not forgotten"
            await here.settle(400)
            assert here.station.connector(1).limit_w == 6_000
            await here.online()
            await here.settle(30)
            assert here.station.connector(1).limit_w == 6_000, "back is not forgotten either"
            await here.stop(1)
            answer = await here.ask(call.ClearChargingProfile(id=1))
            assert answer.status == "Unknown", "its session is over"

    aio(story())


def test_the_meter_tells_what_is_offered(aio: Run, site: Sites) -> None:
    keys = (
        ("MeterValuesSampledData", "Power.Offered,Current.Offered,Power.Active.Import"),
        ("MeterValueSampleInterval", "10"),
    )

    def samples(here: Site, after: int) -> list[dict[str, float]]:
        values = [value for frame in here.calls("MeterValues", after) for value in frame.payload["meterValue"]]
        periodic = [v["sampledValue"] for v in values if v["sampledValue"][0].get("context") == "Sample.Periodic"]
        return [{each["measurand"]: float(each["value"]) for each in sampled} for sampled in periodic]

    async def story() -> None:
        async with site(*keys) as here:
            await here.charge(1)
            assert (
                await install(here, 1, profile((0, 40), purpose="TxProfile", chargingRateUnit="A")) == "Accepted"
            )
            await here.settle(10)
            mark = here.mark
            await here.settle(21)
            told = samples(here, mark)
            assert len(told) == 2
            for sample in told:
                assert sample["Current.Offered"] == 40.0
                volts = here.station.connector(1).voltage_v
                assert volts is not None
                assert abs(sample["Power.Offered"] - 40 * volts) < 0.02 * 40 * volts
                assert 0.9 * sample["Power.Offered"] < sample["Power.Active.Import"] <= sample["Power.Offered"]
            assert await install(here, 1, profile((0, 0), purpose="TxProfile")) == "Accepted"
            await here.status_is(1, "SuspendedEVSE")
            await here.settle(1)
            mark = here.mark
            await here.settle(10)
            assert samples(here, mark)[-1]["Power.Offered"] == 0
            assert samples(here, mark)[-1]["Current.Offered"] == 0

    aio(story())
