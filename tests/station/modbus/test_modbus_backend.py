"""Load management as the backend sees it: statuses and their info, starts that are refused, keys."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call
from pymodbus.client import AsyncModbusTcpClient

from tests.fakes.site import Site, site_on

pytestmark = pytest.mark.filterwarnings("ignore:Ignoring socket option")
PORT = 5502


@pytest.fixture
def site(tmp_path: Path, expected_log: Any) -> Any:
    keys = [("ModbusLoadManagementEnabled", "true"), ("GridFallbackTimeout", "3600")]
    return partial(site_on, tmp_path, expected_log, *keys, install=[f"modbus.port={PORT}"])


async def write(watts: int, n: int = 0) -> None:
    async with AsyncModbusTcpClient("127.0.0.1", port=PORT) as client:
        assert not (await client.write_registers(n * 100, [watts >> 16, watts & 0xFFFF])).isError()
    await asyncio.sleep(0.2)


def told(here: Site, n: int, after: int) -> list[tuple[str, str, str]]:
    """Status, info and vendor code of each StatusNotification of a connector."""
    return [
        (f.payload["status"], f.payload.get("info", ""), f.payload["vendorErrorCode"])
        for f in here.calls("StatusNotification", after)
        if f.payload["connectorId"] == n
    ]


def test_without_power_idle_connectors_are_unavailable_with_a_reason(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            mark = here.mark
            await write(0)
            await here.settle()
            assert [told(here, n, mark) for n in (0, 1)] == [[], [("Unavailable", "NoFreePower", "0")]]
            answer = await here.ask(call.RemoteStartTransaction(id_tag="04AE179C4F6181", connector_id=1))
            assert answer.status == "Rejected"
            mark = here.mark
            await write(40_000)
            await here.settle()
            assert told(here, 1, mark) == [("Available", "", "0")]
            answer = await here.ask(call.RemoteStartTransaction(id_tag="04AE179C4F6181", connector_id=1))
            assert answer.status == "Accepted"

    aio(story())


def test_a_short_pause_is_no_news_where_a_status_must_last(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.set("MinimumStatusDuration", "10")
            await here.settle(12)
            mark = here.mark
            await write(0)
            await here.settle(4)
            await write(40_000)
            await here.settle(30)
            assert told(here, 1, mark) == []

    aio(story())


def test_a_reservation_outlives_a_pause(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            expiry = "2026-11-22T20:00:00Z"
            reserve = call.ReserveNow(
                connector_id=1, expiry_date=expiry, id_tag="04AE179C4F6181", reservation_id=7
            )
            assert (await here.ask(reserve)).status == "Accepted"
            await write(0)
            await here.settle()
            await write(40_000)
            await here.settle()
            assert here.station.connector(1).status == "Reserved"
            assert (await here.ask(call.CancelReservation(reservation_id=7))).status == "Accepted"

    aio(story())


def test_the_key_counts_from_the_next_soft_reset_on(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            assert here.station.core.state.snapshot.listen.modbus == f"127.0.0.1:{PORT}"
            assert await here.change("ModbusLoadManagementEnabled", "false") == "RebootRequired"
            await write(30_000)  # still there
            assert here.station.core.state.snapshot.load_management.available_w == 30_000
            await here.reset()
            load = here.station.core.state.snapshot.load_management
            assert (load.enabled, load.address, load.available_w) == (False, None, 75_000)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", PORT)
            await here.set_after_reset(("ModbusLoadManagementEnabled", "true"))
            await write(30_000)
            assert here.station.core.state.snapshot.load_management.available_w == 30_000

    aio(story())
