"""Real TCP on the loopback interface, with two clients that others wrote: pymodbus and umodbus."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient
from umodbus import conf
from umodbus.client import tcp
from umodbus.exceptions import IllegalDataAddressError, IllegalDataValueError, IllegalFunctionError

from kiosk.station.commands.load_management import Quantity
from kiosk.station.modbus.server import keep_alive
from tests.station.modbus.conftest import READ, Bench, frame

LIMIT_W = 123_456
WORDS = [LIMIT_W >> 16, LIMIT_W & 0xFFFF]


def port_of(bench: Bench) -> int:
    """Where it really listens."""
    address, _ = bench.door.listening[-1]
    assert address is not None
    return int(address.rpartition(":")[2])


@contextmanager
def _umodbus(port: int) -> Any:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:

        def ask(adu: bytes) -> Any:
            return tcp.send_message(adu, connection)

        yield ask


def test_pymodbus(real_aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with (
            bench("modbus.port=0") as here,
            AsyncModbusTcpClient("127.0.0.1", port=port_of(here), timeout=10) as client,
        ):
            answer = await client.read_input_registers(0, count=53)
            assert answer.registers[2] == 2
            assert answer.registers[46:49] == [2, 4, 0]
            text = client.convert_from_registers(answer.registers[30:46], client.DATATYPE.STRING)
            assert str(text).rstrip("\0") == "CP-0421"
            assert (await client.read_input_registers(100, count=38)).registers[9] == 1
            assert (await client.read_holding_registers(0, count=2)).registers == [1, 0x24F8]
            assert not (await client.write_registers(200, WORDS)).isError()
            (setpoint,) = here.door.setpoints
            assert (setpoint.connector_id, setpoint.quantity, setpoint.value) == (2, Quantity.POWER, LIMIT_W)
            for asked, exception in (
                (client.write_register(0, 1), 3),
                (client.write_registers(0, [1]), 3),
                (client.read_input_registers(53, count=1), 2),
                (client.read_input_registers(300, count=1), 2),
                (client.read_coils(0, count=1), 1),
                (client.read_device_information(), 1),
                (client.readwrite_registers(read_address=0, read_count=1, address=0, values=[1]), 1),
                (client.read_input_registers(0, count=1, device_id=7), 11),
            ):
                assert (await asked).exception_code == exception
            assert len(here.door.setpoints) == 1

    real_aio(story())


def test_umodbus(real_aio: Any, bench: Any) -> None:
    def client(port: int) -> None:
        with _umodbus(port) as ask:
            assert ask(tcp.read_input_registers(1, 2, 1)) == [2]
            assert len(ask(tcp.read_input_registers(1, 100, 38))) == 38
            assert ask(tcp.read_holding_registers(1, 0, 2)) == [1, 0x24F8]
            assert ask(tcp.write_multiple_registers(1, 200, WORDS)) == 2
            for adu, error in (
                (tcp.write_single_register(1, 0, 1), IllegalDataValueError),
                (tcp.write_multiple_registers(1, 1, WORDS), IllegalDataValueError),
                (tcp.read_input_registers(1, 138, 1), IllegalDataAddressError),
                (tcp.read_coils(1, 0, 1), IllegalFunctionError),
            ):
                with pytest.raises(error):
                    ask(adu)

    async def story() -> None:
        async with bench("modbus.port=0") as here:
            await asyncio.to_thread(client, port_of(here))
            (setpoint,) = here.door.setpoints
            assert (setpoint.connector_id, setpoint.value) == (2, LIMIT_W)

    assert conf.SIGNED_VALUES is False
    real_aio(story())


def test_both_at_once(real_aio: Any, bench: Any) -> None:
    rounds = 50

    def second(port: int) -> list[Sequence[int]]:
        with _umodbus(port) as ask:
            return [ask(tcp.read_input_registers(1, 46, 3)) for _ in range(rounds)]

    async def story() -> None:
        async with bench("modbus.port=0") as here:
            reading = asyncio.create_task(asyncio.to_thread(second, port_of(here)))
            async with AsyncModbusTcpClient("127.0.0.1", port=port_of(here), timeout=10) as client:
                for watts in range(1, 21):
                    assert not (await client.write_registers(100, [0, watts])).isError()
            assert await reading == [[2, 4, 0]] * rounds
            assert [each.value for each in here.door.setpoints] == list(range(1, 21))

    real_aio(story())


def test_a_port_that_somebody_else_has(
    real_aio: Any, bench: Any, expected_log: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("kiosk.station.modbus.server", "another program has port")
    monkeypatch.setattr("kiosk.station.modbus.server.RETRY_S", (0.05, 0.1))

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            async with bench(f"modbus.port={port}") as here:
                assert here.state.snapshot.load_management.address is None
                assert f"port {port}" in here.state.snapshot.load_management.problem
                other.close()
                back = asyncio.Event()
                here.state.subscribe(lambda _: back.set() if here.state.snapshot.load_management.address else None)
                async with asyncio.timeout(10):
                    await back.wait()
                assert here.state.snapshot.load_management.problem == ""
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(frame(READ))
                assert (await reader.readexactly(11))[-2:] == b"\0\x02"
                writer.close()
                await writer.wait_closed()

    real_aio(story())


def test_a_host_that_is_not_ours(real_aio: Any, bench: Any, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.modbus.server", "modbus.host '192.0.2.1' is no address of this machine")
    expected_log("kiosk.station.modbus.server", "for whoever can reach it")

    async def story() -> None:
        async with bench("modbus.host=192.0.2.1") as here:
            assert here.state.snapshot.load_management.address is None

    real_aio(story())


def test_the_kernel_asks_after_silent_clients() -> None:
    """So that one whose network died does not hold its place for hours."""
    with socket.socket() as connection:
        keep_alive(connection)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        assert [connection.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 10, 6]
