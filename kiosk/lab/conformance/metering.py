"""Cases of the Core profile: meter values."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

INTERVAL_S = 20
MEASURANDS = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"


async def _values(lab: Bench, number: int, count: int) -> list[tuple[datetime, list[dict[str, Any]]]]:
    """(time, sampled values) of the next MeterValues of a transaction."""
    found = []
    for _ in range(count):
        heard = await lab.csms.expect("MeterValues", transactionId=number, within_s=INTERVAL_S + 5)
        assert len(heard["meterValue"]) == 1
        found.append(
            (lab.csms.judge_time(heard["meterValue"][0]["timestamp"]), heard["meterValue"][0]["sampledValue"])
        )
    return found


def _check(found: list[tuple[datetime, list[dict[str, Any]]]], context: str, measurands: str) -> None:
    for (one, _), (other, _) in pairwise(found):
        assert other - one == timedelta(seconds=INTERVAL_S), f"{other - one} between two values"
    for _, sampled in found:
        told = [s.get("measurand", "Energy.Active.Import.Register") for s in sampled]
        assert sorted(told) == sorted(measurands.split(",")), told
        for s in sampled:
            assert s.get("context", "Sample.Periodic") == context, s
            assert s.get("format", "Raw") == "Raw", s
            assert s.get("location") != "EV" or s.get("measurand") == "SoC", s


@case("070", "Sampled meter values", profile="Core")
async def tc_070(lab: Bench) -> None:
    await lab.csms.set_key("MeterValueSampleInterval", INTERVAL_S)
    await lab.csms.set_key("ClockAlignedDataInterval", 0)
    await lab.csms.set_key("MeterValuesSampledData", MEASURANDS)
    assert await lab.csms.get_key("MeterValuesSampledData") == MEASURANDS
    number = await lab.charge(1)
    began = lab.csms.calls("StartTransaction")[-1].when
    found = await _values(lab, number, 4)
    _check(found, "Sample.Periodic", MEASURANDS)
    for at, _ in found:
        assert (at - began).total_seconds() % INTERVAL_S == 0, f"{at} is not on the grid of the transaction"


@case("071", "Clock-aligned meter values", profile="Core")
async def tc_071(lab: Bench) -> None:
    wanted = "Energy.Active.Import.Register,Power.Active.Import"
    await lab.csms.set_key("MeterValueSampleInterval", 0)
    await lab.csms.set_key("ClockAlignedDataInterval", INTERVAL_S)
    await lab.csms.set_key("MeterValuesAlignedData", wanted)
    await lab.sleep(7)  # off the grid
    number = await lab.charge(1)
    found = await _values(lab, number, 4)
    _check(found, "Sample.Clock", wanted)
    for at, _ in found:
        assert at.microsecond == 0, at
        assert at.second % INTERVAL_S == 0, f"{at} is not on the clock's grid"
