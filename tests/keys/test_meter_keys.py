"""Keys that say which meter values are told, when, and in which message."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from kiosk.settings.measurands import SUPPORTED
from kiosk.settings.table import KEYS
from tests.fakes.keys import key
from tests.fakes.site import Site

ENERGY = "Energy.Active.Import.Register"


def told(here: Site, context: str, after: int = 0) -> list[tuple[int, datetime, set[str]]]:
    """(connector, time, measurands) of every reading of that context in MeterValues."""
    found = []
    for frame in here.calls("MeterValues", after):
        for value in frame.payload["meterValue"]:
            sampled = value["sampledValue"]
            contexts = {each.get("context", "Sample.Periodic") for each in sampled}
            assert len(contexts) == 1, "a set of values has one context"
            if contexts == {context}:
                at = datetime.fromisoformat(value["timestamp"])
                names = {each.get("measurand", ENERGY) for each in sampled}
                found.append((frame.payload["connectorId"], at, names))
    return found


def kept(here: Site, context: str) -> list[set[str]]:
    """Measurands of every set of that context in the newest StopTransaction."""
    sets = here.calls("StopTransaction")[-1].payload.get("transactionData", [])
    found = []
    for value in sets:
        names = {
            each.get("measurand", ENERGY)
            for each in value["sampledValue"]
            if each.get("context", "Sample.Periodic") == context
        }
        if names:
            found.append(names)
    return found


@key("MeterValueSampleInterval")
def test_MeterValueSampleInterval(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site(("MeterValueSampleInterval", "10"), ("ClockAlignedDataInterval", "0")) as here:
            await here.charge(1)
            began = here.now
            await here.settle(65)
            times = [at for _, at, _ in told(here, "Sample.Periodic") if at > began]
            assert len(times) in (6, 7)
            assert {(b - a).total_seconds() for a, b in pairwise(times)} == {10}
            await here.set("MeterValueSampleInterval", "0")
            await here.settle()
            mark = here.mark
            await here.settle(40)
            assert not here.calls("MeterValues", mark)

    aio(story())


@key("MeterValuesSampledData")
def test_MeterValuesSampledData(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site(("MeterValueSampleInterval", "10"), ("ClockAlignedDataInterval", "0")) as here:
            await here.charge(1)
            await here.settle(15)
            assert told(here, "Sample.Periodic")[-1][2] == {
                ENERGY,
                "Power.Active.Import",
                "Current.Import",
                "Voltage",
                "SoC",
            }
            await here.set("MeterValuesSampledData", "SoC,Power.Offered")
            mark = here.mark
            await here.settle(25)
            assert [names for _, _, names in told(here, "Sample.Periodic", mark)] == [{"SoC", "Power.Offered"}] * 2
            await here.set("MeterValuesSampledData", "")
            await here.settle()
            mark = here.mark
            await here.settle(50)
            assert not told(here, "Sample.Periodic", mark)

    aio(story())


@key("ClockAlignedDataInterval")
def test_ClockAlignedDataInterval(aio: Any, site: Any) -> None:
    """On the grid of the day, whatever the moment of the change; every connector, in a session or not."""

    async def story() -> None:
        async with site(("MeterValueSampleInterval", "0")) as here:
            await here.settle(77)
            await here.set("ClockAlignedDataInterval", "60")
            mark = here.mark
            await here.charge(1)
            await here.settle(140)
            for connector_id in (1, 2, 3):
                times = [at for c, at, _ in told(here, "Sample.Clock", mark) if c == connector_id]
                assert len(times) == 2, "a part of a slot has no register of its begin"
                assert all(at.second == at.microsecond == 0 for at in times), times
            await here.set("ClockAlignedDataInterval", "0")
            await here.settle()
            mark = here.mark
            await here.settle(130)
            assert not told(here, "Sample.Clock", mark)
            assert await here.change("ClockAlignedDataInterval", "86401") == "Rejected"

    aio(story())


@key("MeterValuesAlignedData")
def test_MeterValuesAlignedData(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site(("MeterValueSampleInterval", "0"), ("ClockAlignedDataInterval", "20")) as here:
            await here.charge(1)
            await here.settle(20)
            assert {frozenset(names) for _, _, names in told(here, "Sample.Clock")} == {frozenset({ENERGY})}
            await here.set("MeterValuesAlignedData", "Voltage,Power.Active.Import")
            await here.settle(20)
            mark = here.mark
            await here.settle(20)
            mine = [names for c, _, names in told(here, "Sample.Clock", mark) if c == 1]
            assert mine == [{"Voltage", "Power.Active.Import"}]
            await here.set("MeterValuesAlignedData", "")
            await here.settle(20)
            mark = here.mark
            await here.settle(40)
            assert not told(here, "Sample.Clock", mark)

    aio(story())


@key("StopTxnSampledData")
def test_StopTxnSampledData(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site(("MeterValueSampleInterval", "10"), ("StopTxnAlignedData", "")) as here:
            for measurands in ("SoC,Voltage", ENERGY, ""):
                await here.set("StopTxnSampledData", measurands)
                await here.charge(1)
                await here.settle(25)
                await here.leave(1)
                wanted = set(measurands.split(",")) - {""}
                sets = kept(here, "Sample.Periodic")
                assert all(names == wanted for names in sets)
                assert len(sets) >= 4 if wanted else not sets

    aio(story())


@key("StopTxnAlignedData")
def test_StopTxnAlignedData(aio: Any, site: Any) -> None:
    """One set for each slot of the session."""

    async def story() -> None:
        async with site(("ClockAlignedDataInterval", "10"), ("StopTxnSampledData", "")) as here:
            for measurands in ("Voltage,Current.Import", ENERGY, ""):
                await here.set("StopTxnAlignedData", measurands)
                await here.charge(1)
                await here.settle(25)
                await here.leave(1)
                wanted = set(measurands.split(",")) - {""}
                sets = kept(here, "Sample.Clock")
                assert all(names <= wanted for names in sets)
                assert sum(names == wanted for names in sets) >= 3 if wanted else not sets

    aio(story())


@key(
    "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledDataMaxLength",
    "StopTxnAlignedDataMaxLength",
    "StopTxnSampledDataMaxLength",
)
@pytest.mark.parametrize(
    "limit",
    [
        "MeterValuesAlignedDataMaxLength",
        "MeterValuesSampledDataMaxLength",
        "StopTxnAlignedDataMaxLength",
        "StopTxnSampledDataMaxLength",
    ],
)
def test_MaxLength_of_measurands(aio: Any, site: Any, limit: str) -> None:
    """Read-only; as many items as it says are accepted, one more is not."""

    async def story() -> None:
        async with site() as here:
            name = limit.removesuffix("MaxLength")
            most = int(await here.value(limit))
            assert most == int(KEYS[limit].default)
            await here.set(name, ",".join(SUPPORTED[:most]))
            assert await here.change(name, ",".join(SUPPORTED[: most + 1])) == "Rejected"
            assert await here.value(name) == ",".join(SUPPORTED[:most])
            assert await here.change(limit, str(most + 1)) == "Rejected"
            for bad in (
                "Voltage,voltage",
                "Volts",
                "Voltage;SoC",
                "Voltage,,SoC",
                "SoC,Frequency",
                "Power.Factor.L1",
            ):
                assert await here.change(name, bad) == "Rejected", bad

    aio(story())
