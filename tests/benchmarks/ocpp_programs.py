"""The programs of the OCPP comparison, each in a process of its own: ``python -m tests.benchmarks.ocpp_programs``.

``server`` answers everything at once. ``bare``: the ``ocpp`` library's ChargePoint. ``wire``: our messages on our
connection. ``core``: the same out of the journal, every answer committed to the disk. All three tell the same
sessions; each prints ``{"messages", "cpu_s", "wall_s"}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

SAMPLES = 8
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROTOCOL = [Subprotocol("ocpp1.6")]
VALUES = {
    "Energy.Active.Import.Register": 1000.0,
    "Power.Active.Import": 22000.0,
    "Current.Import": 55.5,
    "Voltage": 396.0,
    "SoC": 40.0,
}
_NOW = START.isoformat().replace("+00:00", "Z")
_TAG = {"idTagInfo": {"status": "Accepted"}}


def say(**figures: Any) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


async def server() -> None:
    """Prints its port and each BootNotification; ends when its standard input does."""
    numbers = itertools.count(1)
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "BootNotification": lambda: {"status": "Accepted", "currentTime": _NOW, "interval": 3600},
        "Heartbeat": lambda: {"currentTime": _NOW},
        "StartTransaction": lambda: {"transactionId": next(numbers), **_TAG},
        "StopTransaction": lambda: _TAG,
    }

    async def station(socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for raw in socket:
                _, message_id, action, _ = json.loads(raw)
                if action == "BootNotification":
                    say(action=action)
                await socket.send(json.dumps([3, message_id, answers.get(action, dict)()]))

    async with serve(station, "127.0.0.1", 0, subprotocols=PROTOCOL, compression=None) as listening:
        say(port=next(iter(listening.sockets)).getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def measured(sessions: int, tell: Callable[[int], Awaitable[None]]) -> None:
    await tell(0)  # whatever is loaded once is loaded now
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for n in range(1, sessions + 1):
        await tell(n)
    say(
        messages=sessions * (SAMPLES + 2),
        cpu_s=time.process_time() - cpu_s,
        wall_s=time.perf_counter() - wall_s,
    )


async def bare(url: str, sessions: int) -> None:
    from ocpp.v16 import ChargePoint, call

    units = ("Wh", "W", "A", "V", "Percent")
    sampled = [
        {"value": f"{value:g}", "context": "Sample.Periodic", "measurand": measurand, "unit": unit}
        for (measurand, value), unit in zip(VALUES.items(), units, strict=True)
    ]
    async with connect(f"{url}/bare", subprotocols=PROTOCOL, ping_interval=None) as socket:
        station = ChargePoint("bare", socket)
        reading = asyncio.create_task(station.start())

        async def tell(_: int) -> None:
            start = await station.call(
                call.StartTransaction(connector_id=1, id_tag="E36432E5", meter_start=1000, timestamp=_NOW)
            )
            for _n in range(SAMPLES):
                value = {"timestamp": _NOW, "sampled_value": [dict(s) for s in sampled]}
                await station.call(
                    call.MeterValues(connector_id=1, transaction_id=start.transaction_id, meter_value=[value])
                )
            await station.call(
                call.StopTransaction(
                    transaction_id=start.transaction_id, meter_stop=2000, timestamp=_NOW, reason="Local"
                )
            )

        await measured(sessions, tell)
        reading.cancel()


async def bare_boot(url: str) -> None:
    """What the library's documentation shows as a charge point, until it is ended."""
    from ocpp.v16 import ChargePoint, call

    async with connect(f"{url}/bare", subprotocols=PROTOCOL) as socket:
        station = ChargePoint("bare", socket)
        reading = asyncio.create_task(station.start())
        await station.call(call.BootNotification(charge_point_model="Model", charge_point_vendor="Vendor"))
        await reading


def facts(n: int) -> list[Any]:
    from kiosk.model.enums import AuthorizationSource, StopReason
    from kiosk.station.storage.records import MeterSample, TransactionBegin, TransactionEnd

    local_id = f"{n:032x}"
    at = START + timedelta(minutes=n)
    begin = TransactionBegin(
        local_id=local_id,
        connector_id=1,
        id_tag="E36432E5",
        started_at=at,
        meter_start_wh=1000,
        source=AuthorizationSource.BACKEND,
    )
    samples = [
        MeterSample(local_id=local_id, connector_id=1, at=at, context="Sample.Periodic", values=VALUES)
        for _ in range(SAMPLES)
    ]
    return [
        begin,
        *samples,
        TransactionEnd(local_id=local_id, ended_at=at, meter_stop_wh=2000, reason=StopReason.LOCAL),
    ]


async def wire(url: str, sessions: int) -> None:
    from kiosk.station.ocpp import answers, outbox
    from kiosk.station.ocpp.wire import Wire
    from kiosk.station.storage.records import Fact, FactKind

    kinds = [FactKind.BEGIN, *[FactKind.SAMPLE] * SAMPLES, FactKind.END]
    keys = outbox.Keys(
        sampled=tuple(VALUES),
        aligned=(),
        stop_sampled=(),
        stop_aligned=(),
        attempts=5,
        retry_interval_s=10,
    )

    async def nobody(action: str, payload: dict[str, Any]) -> Any:
        raise AssertionError(action)

    async with connect(f"{url}/wire", subprotocols=PROTOCOL, ping_interval=None) as socket:
        line = Wire(socket, nobody, call_timeout_s=30, now_s=time.monotonic)
        serving = asyncio.create_task(line.serve())

        async def tell(n: int) -> None:
            number = None
            for kind, payload in zip(kinds, facts(n), strict=True):
                fact = Fact(
                    seq=n,
                    kind=kind,
                    local_id=payload.local_id,
                    connector_id=1,
                    payload=payload,
                    attempts=0,
                    transaction_id=number,
                )
                message = outbox.message(fact, keys)
                assert message is not None
                answered = await line.request(message.action, message.payload)
                if kind is FactKind.BEGIN:
                    number = answers.read(answered, answers.Start).transaction_id

        await measured(sessions, tell)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def core(url: str, sessions: int, folder: str) -> None:
    """Queued sessions, delivered by the whole client."""
    from tests.benchmarks.queued import delivered, queue

    await queue(Path(folder), sessions)
    say(**await delivered(Path(folder), url))


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    what, *given = sys.argv[1:]
    jobs: dict[str, Callable[..., Any]] = {
        "server": lambda: server(),
        "bare_boot": lambda url: bare_boot(url),
        "bare": lambda url, n: bare(url, int(n)),
        "wire": lambda url, n: wire(url, int(n)),
        "core": lambda url, n, folder: core(url, int(n), folder),
    }
    asyncio.run(jobs[what](*given))


if __name__ == "__main__":
    main()
