"""The socket shell on virtual time: many clients, silent ones, floods, nonsense, refusals, a taken port."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.station.commands.load_management import Quantity
from kiosk.station.modbus import server as shell
from kiosk.station.modbus.server import (
    BURST,
    IDLE_S,
    MOST_CLIENTS,
    REQUESTS_PER_S,
)
from tests.station.modbus.conftest import PORT, READ, Bytes, frame

pytestmark = pytest.mark.filterwarnings("ignore:Ignoring socket option")
LOG = "kiosk.station.modbus.server"
TWO = bytes.fromhex("04020002")  # two connectors
LIMIT = bytes.fromhex("100000000204") + (20_000).to_bytes(4, "big")


def test_it_says_where_it_listens_and_when_no_longer(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            assert here.door.listening == [(f"127.0.0.1:{PORT}", "")]
        assert here.door.listening[-1] == (None, "")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", PORT)

    aio(story())


def test_reads_and_writes(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            assert await client.ask(READ, transaction=0xFFFF) == TWO
            assert (here.door.reads, here.door.setpoints) == (1, [])
            assert await client.ask(LIMIT) == bytes.fromhex("1000000002")
            (setpoint,) = here.door.setpoints
            assert (setpoint.connector_id, setpoint.quantity, setpoint.value) == (0, Quantity.POWER, 20_000)
            assert await client.ask(bytes.fromhex("0300000002")) == bytes.fromhex("0304000124f8")

    aio(story())


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("0600000001", "8603"),  # half a setpoint
        ("0600090001", "8602"),
        ("100000000102" "4e20", "9003"),
        ("10000a000204" "00004e20", "9002"),
        ("0400000000", "8403"),
        ("040000007e", "8403"),
        ("0400350001", "8402"),
        ("0301900002", "8302"),
        ("0100000001", "8101"),
        ("2b0e0100", "ab01"),
    ],
)  # fmt: skip
def test_exceptions_change_nothing(aio: Any, bench: Any, body: str, answer: str) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            assert (await client.ask(bytes.fromhex(body))).hex() == answer
            assert (here.door.reads, here.door.setpoints) == (0, [])
            assert await client.ask(READ) == TWO  # and the line is as good as before

    aio(story())


@pytest.mark.parametrize(("unit", "served"), [(0, True), (1, True), (255, True), (2, False), (254, False)])
def test_unit_ids(aio: Any, bench: Any, unit: int, served: bool) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            assert await client.ask(READ, unit=unit) == (TWO if served else b"\x84\x0b")
            await client.ask(LIMIT, unit=unit)
            assert bool(here.door.setpoints) == served

    aio(story())


def test_requests_that_do_not_wait_for_answers_get_all_of_them_in_order(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            client.writer.write(b"".join(frame(READ, transaction=n) for n in range(150)))
            for n in range(150):
                assert await client.answer(transaction=n) == TWO

    aio(story())


def test_a_frame_in_crumbs(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            for byte in frame(READ):
                client.writer.write(bytes([byte]))
                await asyncio.sleep(0.3)
            assert await client.answer() == TWO

    aio(story())


def test_a_frame_that_never_ends(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            for part in (1, 3, 7, 11):
                client = await here.connect()
                client.writer.write(frame(READ)[:part])
                began_s = asyncio.get_running_loop().time()
                assert await client.is_gone()
                assert asyncio.get_running_loop().time() - began_s == pytest.approx(shell.FRAME_S, abs=0.2)

    aio(story())


@pytest.mark.parametrize(
    "nonsense", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"\0" * 64, b"\xff" * 64]
)
def test_nonsense_ends_that_line_only_and_is_logged_once(
    aio: Any, bench: Any, expected_log: Any, caplog: pytest.LogCaptureFixture, nonsense: bytes
) -> None:
    expected_log(LOG, "does not speak Modbus TCP")

    async def story() -> None:
        async with bench() as here:
            good = await here.connect()
            for _ in range(3):
                bad = await here.connect()
                bad.writer.write(nonsense)
                assert await bad.is_gone()
            assert await good.ask(READ) == TWO

    aio(story())
    assert sum("does not speak" in record.getMessage() for record in caplog.records) == 1


def test_a_client_that_leaves_in_the_middle(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            for part in (0, 1, 6, 9):
                client = await here.connect()
                client.writer.write(frame(READ)[:part])
                client.leave()
            await asyncio.sleep(1)
            assert await (await here.connect()).ask(READ) == TWO

    aio(story())


def test_a_silent_client_may_stay(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            for pause_s in (0.0, 130.0, 86_000.0):  # from one request to the next
                await asyncio.sleep(pause_s)
                assert await client.ask(READ) == TWO

    aio(story())


def test_several_at_once(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            clients = [await here.connect() for _ in range(MOST_CLIENTS)]
            for _ in range(3):
                answers = await asyncio.gather(*(client.ask(READ) for client in clients))
                assert answers == [TWO] * MOST_CLIENTS

    aio(story())


def test_one_too_many_is_sent_away(aio: Any, bench: Any, expected_log: Any) -> None:
    expected_log(LOG, "8 clients are connected")

    async def story() -> None:
        async with bench() as here:
            clients = [await here.connect() for _ in range(MOST_CLIENTS)]
            assert [await client.ask(READ) for client in clients] == [TWO] * MOST_CLIENTS
            assert await (await here.connect()).is_gone()
            assert [await client.ask(READ) for client in clients] == [TWO] * MOST_CLIENTS
            clients[3].leave()
            await asyncio.sleep(0.1)
            assert await (await here.connect()).ask(READ) == TWO

    aio(story())


def test_who_was_silent_longest_gives_way(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            clients = [await here.connect() for _ in range(MOST_CLIENTS)]
            await asyncio.sleep(IDLE_S + 1)
            for client in clients[1:]:
                await client.ask(READ)
            new = await here.connect()
            assert await new.ask(READ) == TWO
            assert await clients[0].is_gone()
            assert [await client.ask(READ) for client in clients[1:]] == [TWO] * (MOST_CLIENTS - 1)

    aio(story())


async def _flood(client: Bytes, body: bytes, count: int) -> None:
    """Send as fast as it goes, and read what comes."""

    async def send() -> None:
        for _ in range(count):
            client.writer.write(frame(body))
            await client.writer.drain()

    sending = asyncio.create_task(send())
    for _ in range(count):
        await client.answer()
    await sending


def test_a_flood_is_slowed_down_to_its_pace(aio: Any, bench: Any) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with bench() as here:
            flood = asyncio.create_task(_flood(await here.connect(), READ, BURST + 1_000))
            other = await here.connect()
            for _ in range(20):  # nobody else feels it
                asked_s = loop.time()
                assert await other.ask(READ) == TWO
                assert loop.time() - asked_s < 0.05
                await asyncio.sleep(0.1)
            assert not flood.done()
            await flood
            assert loop.time() == pytest.approx(1_000 / REQUESTS_PER_S, abs=0.5)

    aio(story())


def test_writes_have_a_slower_pace(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            await _flood(await here.connect(), LIMIT, BURST // shell.WRITE_COSTS + 400)
            wanted_s = 400 * shell.WRITE_COSTS / REQUESTS_PER_S
            assert asyncio.get_running_loop().time() == pytest.approx(wanted_s, abs=0.5)
            assert len(here.door.setpoints) == BURST // shell.WRITE_COSTS + 400

    aio(story())


def test_a_client_that_takes_no_answers_is_let_go(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench() as here:
            client = await here.connect()
            client.writer.transport.pause_reading()
            body = bytes.fromhex("0400640026")
            with pytest.raises(ConnectionError):  # noqa: PT012
                while True:
                    client.writer.write(frame(body))
                    await client.writer.drain()
                    await asyncio.sleep(0.001)
            assert await (await here.connect()).ask(READ) == TWO

    aio(story())


def test_a_mistake_of_ours_costs_one_line_and_is_logged(aio: Any, bench: Any, expected_log: Any) -> None:
    expected_log(LOG, "serving .* failed")

    async def story() -> None:
        async with bench() as here:
            here.door.fails = True
            client = await here.connect()
            client.writer.write(frame(LIMIT))
            assert await client.is_gone()
            assert await (await here.connect()).ask(READ) == TWO

    aio(story())
