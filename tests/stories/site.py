"""One real site for a story: ``kiosk run`` with its processes, and a real backend in the test's own process."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
from PIL import Image, ImageChops

from kiosk.backend.central import CentralSystem, Options, Transaction
from kiosk.link import messages as m
from kiosk.link.client import fetch_snapshot, one_shot, one_shot_grab
from kiosk.model.enums import ChargePointStatus
from kiosk.model.errors import CoreNotRunning, KioskError
from kiosk.model.snapshot import Connector, Snapshot

PATIENCE_S = 60.0
IDENTITY = "CP-0421"
CARD = "04AE179C4F6181"
SPEED = "20"


class Site:
    def __init__(self, data: Path, backend: CentralSystem | None) -> None:
        self.data = data
        self._backend = backend
        self.process: asyncio.subprocess.Process | None = None
        self.output = ""

    @property
    def backend(self) -> CentralSystem:
        assert self._backend is not None, "this story has no backend"
        return self._backend

    # --- what a person does -----------------------------------------------------------------------------

    async def ask(self, method: str, params: m.Params | None = None) -> Any:
        return await one_shot(self.data, method, params)

    async def plug(self, connector_id: int, soc_percent: int = 40) -> None:
        await self.ask("sim.plug", m.SimPlug(connector_id=connector_id, soc_percent=soc_percent))

    async def unplug(self, connector_id: int) -> None:
        await self.ask("sim.unplug", m.ConnectorParams(connector_id=connector_id))

    async def card(self, uid: str = CARD) -> None:
        await self.ask("sim.card", m.SimCard(uid=uid))

    async def touch(self, x: int, y: int) -> None:
        await self.ask("screen.tap", m.TapAt(x=x, y=y))

    async def kiosk(self, *words: str, code: int = 0) -> str:
        """Run the real command line; returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kiosk.cli",
            *words,
            "--data",
            str(self.data),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == code, f"kiosk {' '.join(words)}: {process.returncode}\n{out.decode()}"
        return out.decode()

    # --- what can be seen -------------------------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        return await fetch_snapshot(self.data)

    async def connector(self, connector_id: int = 1) -> Connector:
        found = (await self.snapshot()).connector(connector_id)
        assert found is not None
        return found

    async def texts(self) -> str:
        """All that can be read on the live screen."""
        answer = await self.ask("screen.texts")
        assert isinstance(answer, m.Texts)
        return "\n".join(answer.texts)

    async def picture(self) -> Image.Image:
        _, png = await one_shot_grab(self.data)
        return Image.open(io.BytesIO(png)).convert("RGB")

    async def looks_like(self, reference: Image.Image, *, at_most: float = 0.15) -> None:
        """Wait until the driver's screen differs from an earlier picture in figures only, not in the page."""
        share = 1.0

        async def look() -> bool:
            nonlocal share
            try:
                share = differing(await self.picture(), reference)
            except KioskError:
                return False
            return share <= at_most

        if not await _poll(look, PATIENCE_S):
            raise AssertionError(f"{share:.0%} of the screen differ from the picture before\n{self.tail}")

    async def until(
        self, what: str, condition: Callable[[Snapshot], bool], *, timeout_s: float = PATIENCE_S
    ) -> Snapshot:
        """Wait for the station; a core that is away meanwhile is waited for too."""
        last: Snapshot | None = None

        async def look() -> bool:
            nonlocal last
            try:
                last = await self.snapshot()
            except (CoreNotRunning, KioskError):
                return False
            return condition(last)

        if not await _poll(look, timeout_s):
            picture = msgspec.json.format(msgspec.json.encode(last), indent=1).decode() if last else "no core"
            raise AssertionError(f"not within {timeout_s:g} s: {what}\n{picture}\n{self.tail}")
        assert last is not None
        return last

    async def sees(self, *words: str, timeout_s: float = PATIENCE_S) -> str:
        """Wait until the driver can read all ``words`` on the live screen."""
        seen = ""

        async def look() -> bool:
            nonlocal seen
            try:
                seen = await self.texts()
            except KioskError:
                return False
            return all(word in seen for word in words)

        if not await _poll(look, timeout_s):
            raise AssertionError(f"the driver does not read {words} but:\n{seen}\n{self.tail}")
        return seen

    async def backend_has(self, what: str, condition: Callable[[CentralSystem], bool]) -> None:
        async def look() -> bool:
            return condition(self.backend)

        if not await _poll(look, PATIENCE_S):
            heard = [f"{f.action} {f.payload}" for f in self.backend.recorder.calls()]
            raise AssertionError(f"the backend did not hear {what}, but:\n" + "\n".join(heard) + self.tail)

    async def remote(self, payload: Any) -> str:
        """Send a call from the backend; returns the status that the station answered."""
        answer = await self.backend.stations[IDENTITY].ask(payload)
        return str(getattr(answer.status, "value", answer.status))

    def only_transaction(self) -> Transaction:
        transactions = list(self.backend.transactions.values())
        assert len(transactions) == 1, transactions
        return transactions[0]

    async def sessions(self) -> tuple[m.SessionRow, ...]:
        """What the store holds."""
        answer = await self.ask("session.list", m.SessionQuery())
        assert isinstance(answer, m.SessionList)
        return answer.sessions

    # --- processes --------------------------------------------------------------------------------------

    def child(self, module: str) -> psutil.Process:
        """The running child ``python -m <module>``."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if module in child.cmdline():
                return child
        raise AssertionError(f"{module} does not run\n{self.tail}")

    @property
    def tail(self) -> str:
        return "\n--- output ---\n" + "\n".join(self.output.splitlines()[-60:])

    async def start(self, *words: str) -> None:
        env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kiosk.cli",
            "run",
            "--data",
            str(self.data),
            "--headless",
            "--speed",
            SPEED,
            "--install",
            "backend.retry_min_s=0.2",
            "--install",
            "backend.retry_random_s=0.1",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
        )
        self._reader = asyncio.create_task(self._read())
        await self.until("the screen is up", lambda s: s.screen.name is not None)

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output += line.decode("utf-8", "replace")

    async def stop(self) -> None:
        """End it as a service manager would; it must end cleanly and have nothing to be ashamed of in its log."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self.process.wait(), 30)
        await self._reader
        assert self.process.returncode == 0, self.tail
        bad = [
            line
            for line in self.output.splitlines()
            if "Traceback" in line or " ERROR " in line or "CRITICAL" in line
        ]
        assert not bad, "\n".join(bad) + self.tail


def differing(one: Image.Image, other: Image.Image) -> float:
    """Share of pixels that differ visibly."""
    gray = ImageChops.difference(one, other).convert("L")
    return sum(gray.histogram()[16:]) / (gray.width * gray.height)


async def _poll(look: Callable[[], Awaitable[bool]], timeout_s: float) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while True:
        if await look():
            return True
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.1)


@asynccontextmanager
async def site(
    data: Path, *words: str, backend: bool = True, options: Options | None = None, keys: Sequence[str] = ()
) -> AsyncIterator[Site]:
    """A started station, its screen in English; stopped and checked at the end."""
    central = CentralSystem(options) if backend else None
    if central is not None:
        await central.start()
    this = Site(data, central)
    given = [
        *words,
        "--identity",
        IDENTITY,
        "--set",
        "GUIprimaryLanguage=English",
        "--set",
        "GUIsecondaryLanguage=Deutsch",
    ]
    for key in keys:
        given += ["--set", key]
    given += ["--backend", central.url if central is not None else "none"]
    try:
        await this.start(*given)
        if central is not None:
            await this.until("the backend accepted the station", lambda s: s.backend.online)
        yield this
        await this.stop()
    finally:
        if this.process is not None and this.process.returncode is None:
            for child in psutil.Process(this.process.pid).children(recursive=True):
                child.kill()
            this.process.kill()
            await this.process.wait()
        if central is not None:
            await central.stop()


def charging(connector_id: int = 1) -> Any:
    def there(snapshot: Snapshot) -> bool:
        connector = snapshot.connector(connector_id)
        return bool(
            connector and connector.status is ChargePointStatus.CHARGING and (connector.energy_wh or 0) > 50
        )

    return there


def on(page: str) -> Any:
    return lambda snapshot: snapshot.dialogue.page == page and snapshot.screen.name == page


def status(connector_id: int, word: str) -> Any:
    return lambda snapshot: snapshot.connector(connector_id).status == word


def statuses(backend: CentralSystem, connector_id: int) -> list[str]:
    frames = backend.recorder.calls("StatusNotification", IDENTITY)
    return [f.payload["status"] for f in frames if f.payload["connectorId"] == connector_id]


def stopped(backend: CentralSystem) -> bool:
    return bool(backend.transactions) and all(t.stopped_at for t in backend.transactions.values())


async def check_books(this: Site, *, reason: str) -> None:
    """Simulator's register, store and backend agree to the watt-hour."""
    await this.backend_has("StopTransaction", stopped)
    transaction = this.only_transaction()
    [session] = await this.sessions()
    connector = await this.connector(session.connector_id)
    assert session.meter_stop_wh == connector.meter_wh == transaction.meter_stop_wh
    assert session.meter_start_wh == transaction.meter_start_wh
    assert session.transaction_id == transaction.id
    assert session.stop_reason == transaction.reason == reason
    assert transaction.repeats == 0
    readings = [
        int(float(value["value"]))
        for entry in transaction.meter_values
        for value in entry["sampled_value"]
        if value.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
    ]
    assert readings == sorted(readings)
