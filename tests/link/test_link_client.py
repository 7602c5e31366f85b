"""Client and doors over real Unix sockets: what faces see, what they may do, what happens when one side fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from kiosk.link import client as client_module
from kiosk.link.client import LinkClient, fetch_snapshot, one_shot
from kiosk.link.messages import (
    ConnectorParams,
    DriverTap,
    KeyList,
    StartSession,
    StopResult,
)
from kiosk.model.enums import RefusalReason, Tap
from kiosk.model.errors import (
    CoreNotRunning,
    LinkClosed,
    NotPermitted,
    NotPossible,
    Refused,
    UnknownMethod,
    UsageError,
    UserFacing,
)
from kiosk.model.snapshot import Changes, Snapshot, Station, Tick
from kiosk.station import link_server
from kiosk.station.link_server import LinkServer
from kiosk.station.state import State
from tests.conftest import Run
from tests.fakes.clock import ManualClock
from tests.fakes.faces import HELLO, Face, connected, core, exists, mode, raw
from tests.fakes.pictures import charging, connector, snapshot

# --- what a face sees


def test_snapshot_then_changes_then_ticks(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path, "cli") as face:
            running.state.set_connector(charging(2))
            changes = await face.a(Changes)
            assert changes.connectors == (charging(2),)
            running.server.tick()
            tick = await face.a(Tick)
            assert (tick.seq, tick.reading_age_ms) == (1, {1: 20, 2: None})
            assert tick.now == ManualClock().now()
            assert face.client.snapshot == running.state.snapshot
            assert face.client.connected

    real_aio(story())


def test_driver_never_sees_whose_card(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        picture = snapshot(charging(1), connector(2))
        async with core(tmp_path, picture) as running, connected(tmp_path) as face:
            running.state.set_connector(charging(2))
            await face.a(Changes)
            assert face.client.snapshot is not None
            for seen in face.client.snapshot.connectors:
                assert seen.session is not None
                assert (seen.session.id_tag, seen.vehicle_id) == ("04A1…", "0011…")
                assert seen.session.energy_wh == 1234
            told = (await fetch_snapshot(tmp_path)).connectors[0]
            assert told.session is not None
            assert told.session.id_tag == "04A1B2C3D4"

    real_aio(story())


def test_welcome_comes_before_the_snapshot(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path), await raw(tmp_path) as socket:
            await socket.send(HELLO)
            first, second = await socket.recv(), await socket.recv()
            assert '"result"' in str(first)
            assert '"snapshot"' in str(second)

    real_aio(story())


def test_one_shot_gets_nothing_it_did_not_ask_for(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running, await raw(tmp_path) as socket:
            await socket.send(HELLO.replace('"cli"', '"cli","subscribe":false'))
            assert '"result"' in str(await socket.recv())
            running.server.tick()
            running.state.set_connector(charging(2))
            await socket.send('{"jsonrpc":"2.0","id":2,"method":"keys.list"}')
            assert '"id":2' in str(await socket.recv())

    real_aio(story())


# --- what a face may do


def test_driver_taps_and_nothing_more(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path) as face:
            await face.client.call("driver.tap", DriverTap(action=Tap.WAKE))
            assert running.commands.seen == [DriverTap(action=Tap.WAKE)]
            with pytest.raises(NotPermitted, match="operator"):
                await face.client.call("session.stop", ConnectorParams(connector_id=1))

    real_aio(story())


def test_doors_by_file_permission(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running:
            listen = running.state.snapshot.listen
            modes = [mode(str(path)) for path in (listen.driver_socket, listen.operator_socket)]
            assert modes == [0o660, 0o600]
        assert not exists(str(listen.driver_socket))

    real_aio(story())


def test_errors_arrive_as_they_were_raised(
    tmp_path: Path, real_aio: Run, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.link.channel", "connector.unlock failed")

    async def story() -> None:
        async with core(tmp_path):
            with pytest.raises(Refused, match="card X is blocked") as refused:
                await one_shot(tmp_path, "session.start", StartSession(connector_id=1, id_tag="X"))
            assert refused.value.reason is RefusalReason.CARD_BLOCKED
            with pytest.raises(UserFacing, match="internal error") as internal:
                await one_shot(tmp_path, "connector.unlock", ConnectorParams(connector_id=1))
            assert "fault of ours" not in str(internal.value)
            with pytest.raises(UnknownMethod):  # in the contract, but nobody serves it here
                await one_shot(tmp_path, "whitelist.list")

    real_aio(story())


def test_hello_first(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path), await raw(tmp_path) as socket:
            await socket.send('{"jsonrpc":"2.0","id":1,"method":"keys.list"}')
            assert "hello" in str(await socket.recv())
            await socket.send(HELLO.replace('"cli"', '"cli","protocol":2'))
            assert "protocol 2" in str(await socket.recv())
            await socket.send(HELLO)
            assert '"result"' in str(await socket.recv())
            await socket.recv()  # the snapshot
            await socket.send(HELLO)
            assert "hello was said before" in str(await socket.recv())

    real_aio(story())


def test_many_questions_at_once(tmp_path: Path, real_aio: Run) -> None:
    """A slow command holds up nobody, not even on its own connection."""

    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path, "cli") as face:
            slow = asyncio.create_task(face.client.call("session.stop", ConnectorParams(connector_id=7)))
            await running.commands.begun.wait()
            assert await face.client.call("keys.list") == KeyList(keys=())
            assert not slow.done()
            running.commands.go_on.set()
            assert await slow == StopResult(local_id="s-1", energy_wh=7)

    real_aio(story())


def test_no_answer_in_time(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path, "cli") as face:
            with pytest.raises(NotPossible, match="did not answer"):
                await face.client.call("session.stop", ConnectorParams(connector_id=1), timeout_s=0.05)
            running.commands.go_on.set()  # its late answer disturbs nobody
            assert await face.client.call("keys.list") == KeyList(keys=())
            assert await face.client.call("keys.list") == KeyList(keys=())

    real_aio(story())


# --- when something fails


def test_reconnects_after_a_restart(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        face = Face(tmp_path, "cli")
        running_face = asyncio.create_task(face.client.run())  # before there is any core
        async with core(tmp_path):
            await face.a(Snapshot)
        await face.a("lost")
        assert not face.client.connected
        with pytest.raises(LinkClosed):
            await face.client.call("keys.list")
        async with core(tmp_path, snapshot(charging(1))) as again:
            assert await face.a(Snapshot) == again.state.snapshot
            assert await face.client.call("keys.list") == KeyList(keys=())
        running_face.cancel()
        await asyncio.gather(running_face, return_exceptions=True)

    real_aio(story())


def test_silence_is_a_loss_and_a_tick_ends_it(
    tmp_path: Path, real_aio: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen core keeps its connections; only the missing ticks tell."""
    monkeypatch.setattr(client_module, "LOST_AFTER_S", 0.05)

    async def story() -> None:
        async with core(tmp_path) as running, connected(tmp_path, "cli") as face:
            await face.a("lost")
            running.state.set_connector(charging(2))  # kept for the picture, not shown as live
            running.server.tick()
            back = await face.a(Snapshot)
            assert back.connector(2) == charging(2)
            await face.a(Tick)

    real_aio(story())


def test_question_open_while_the_core_dies(tmp_path: Path, real_aio: Run) -> None:
    async def story() -> None:
        async with core(tmp_path) as running:
            asking = asyncio.create_task(one_shot(tmp_path, "session.stop", ConnectorParams(connector_id=1)))
            await running.commands.begun.wait()
        with pytest.raises(LinkClosed, match="lost"):
            await asking
        with pytest.raises(CoreNotRunning):
            await one_shot(tmp_path, "keys.list")

    real_aio(story())


def test_slow_face_gets_a_fresh_picture(tmp_path: Path, real_aio: Run) -> None:
    """It does not read; the core goes on at once, and keeps no more than it must."""

    async def story() -> None:
        async with core(tmp_path) as running:
            socket = await raw(tmp_path)
            await socket.send(HELLO)
            await socket.recv()
            await socket.recv()
            socket.transport.pause_reading()
            identity = ""
            for number in range(6_000):
                identity = f"{number}-" + "x" * 500
                running.state.set(station=Station(identity=identity))
                if number % 50 == 0:
                    await asyncio.sleep(0)
            face = next(iter(running.server._faces))
            assert face.channel.outbox.dropped > 0
            socket.transport.resume_reading()
            seen = 0
            while True:
                frame = msgspec.json.decode(await socket.recv())
                seen += 1
                if frame["params"]["station"]["identity"] == identity:
                    break
            assert seen < 6_000
            assert frame["method"] == "snapshot"
            await socket.close()

    real_aio(story())


@pytest.mark.parametrize(
    "frame",
    [
        b"binary",
        "x" * 70_000,
        '{"jsonrpc":"2.0","id":5,"result":{}}',
        '{"jsonrpc":"2.0","method":"tick"}',
        '{"jsonrpc":"2.0","method":"' + "€" * 100 + '"}',  # its name does not fit into a close frame
    ],
    ids=["binary", "large", "unasked", "notification", "long"],
)
def test_nonsense_ends_one_conversation_only(
    tmp_path: Path, real_aio: Run, expected_log: Callable[..., None], frame: str | bytes
) -> None:
    expected_log("kiosk.station.link_server", "was let go")

    async def story() -> None:
        async with core(tmp_path), connected(tmp_path, "web") as face:
            socket = await raw(tmp_path)
            await socket.send(HELLO)
            await socket.recv()
            await socket.recv()
            await socket.send(frame)
            await socket.wait_closed()
            assert socket.close_code == 1002
            assert await face.client.call("keys.list") == KeyList(keys=())

    real_aio(story())


def test_who_never_says_hello_is_let_go(tmp_path: Path, real_aio: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_server, "HELLO_TIMEOUT_S", 0.02)

    async def story() -> None:
        async with core(tmp_path):
            socket = await raw(tmp_path)
            await socket.wait_closed()

    real_aio(story())


def test_so_many_faces_and_no_more(
    tmp_path: Path, real_aio: Run, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    monkeypatch.setattr(link_server, "MAX_FACES", 2)
    expected_log("kiosk.station.link_server", "sent away")

    async def story() -> None:
        async with core(tmp_path), connected(tmp_path, "web") as face, await raw(tmp_path):
            too_many = await raw(tmp_path)
            await too_many.wait_closed()
            assert too_many.close_code == 1013
            assert await face.client.call("keys.list") == KeyList(keys=())

    real_aio(story())


def test_a_face_that_fails_gets_a_fresh_start(
    tmp_path: Path, real_aio: Run, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.link.client", "a face failed")

    async def story() -> None:
        async with core(tmp_path) as running:
            seen: list[Snapshot] = []
            twice = asyncio.Event()

            def on_snapshot(picture: Snapshot) -> None:
                seen.append(picture)
                if len(seen) == 1:
                    raise ValueError("a bug in a face")
                twice.set()

            client = LinkClient(tmp_path, "web", on_snapshot)
            task = asyncio.create_task(client.run())
            await twice.wait()
            assert seen == [running.state.snapshot] * 2
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    real_aio(story())


def test_a_newer_core_speaks_another_protocol(
    tmp_path: Path, real_aio: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_server, "PROTOCOL_VERSION", 2)

    async def story() -> None:
        async with core(tmp_path):
            with pytest.raises(UsageError, match="one version"):
                await one_shot(tmp_path, "keys.list")

    real_aio(story())


def test_a_stale_socket_is_no_core(tmp_path: Path, real_aio: Run) -> None:
    """Its process id lives on as another process's: connecting tells."""

    async def story() -> None:
        async with core(tmp_path):
            left_behind = (tmp_path / "run.json").read_bytes()
        (tmp_path / "run.json").write_bytes(left_behind)
        with pytest.raises(CoreNotRunning, match="kiosk run"):
            await one_shot(tmp_path, "keys.list")

    real_aio(story())


def test_ticks_come_by_themselves(tmp_path: Path, aio: Run, caplog: pytest.LogCaptureFixture) -> None:
    """On virtual time, with the sockets left out: half a second between ticks, no burst after a freeze."""
    caplog.set_level(logging.INFO)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        server = LinkServer(State(snapshot()), ManualClock(), {}, dict, tmp_path)
        times: list[float] = []
        server.tick = lambda: times.append(loop.time())  # type: ignore[method-assign]
        task = asyncio.create_task(server.run())
        await asyncio.sleep(2.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [round(t - times[0], 3) for t in times] == [0.0, 0.5, 1.0, 1.5, 2.0]

    aio(story())
