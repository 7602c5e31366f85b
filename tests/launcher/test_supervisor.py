"""Real processes, small ones: restart, order, parent death."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kiosk.launcher import plan
from kiosk.launcher.plan import Program
from kiosk.launcher.supervisor import Supervisor, exit_text
from tests.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
QUIET = 'import signal, sys\nprint("up", flush=True)\n'
WAITS = QUIET + "signal.pause()"
POLITE = (
    "import signal, sys\n"
    "def end(*_): print('bye', flush=True); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('up', flush=True)\n"
    "signal.pause()"
)
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS


def program(name: str, code: str, *arguments: str, **options: object) -> Program:
    return Program(
        name=name,
        command=lambda: [sys.executable, "-S", "-c", code, *arguments],
        **options,  # type: ignore[arg-type]
    )


class Watched:
    """A supervisor whose words can be waited for."""

    def __init__(self, programs: Sequence[Program], env: dict[str, str] | None = None) -> None:
        self.lines: list[tuple[str, str]] = []
        self._news = asyncio.Event()
        self.supervisor = Supervisor(programs, {**os.environ, **(env or {})}, self._tell)
        self.running = asyncio.create_task(self.supervisor.run())

    def _tell(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._news.set()

    async def until(self, wanted: Callable[[list[tuple[str, str]]], bool]) -> None:
        while not wanted(self.lines):
            self._news.clear()
            await self._news.wait()

    async def said(self, name: str, line: str, times: int = 1) -> None:
        await self.until(lambda lines: sum(n == name and line in text for n, text in lines) >= times)

    def pid(self, name: str) -> int:
        return self.supervisor._children[name].pid


@pytest.fixture(autouse=True)
def quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "RESTART_S", (0.01, 0.02))


def test_stop_order(real_aio: Run) -> None:
    async def story() -> None:
        watched = Watched([program(n, POLITE) for n in ("backend", "core", "web", "screen")])
        for name in ("backend", "core", "web", "screen"):
            await watched.said(name, "up")
        watched.supervisor.stop()
        assert await watched.running == 0
        assert [n for n, line in watched.lines if line == "bye"] == ["screen", "web", "core", "backend"]

    real_aio(story())


def test_what_dies_is_started_again(real_aio: Run) -> None:
    async def story() -> None:
        watched = Watched([program("screen", WAITS)])
        await watched.said("screen", "up")
        first = watched.pid("screen")
        os.kill(first, signal.SIGKILL)
        await watched.said("screen", "killed by SIGKILL")
        await watched.said("screen", "up", times=2)
        assert watched.pid("screen") != first
        watched.supervisor.stop()
        assert await watched.running == 0

    real_aio(story())


def test_frozen_and_stubborn_programs_end_too(real_aio: Run) -> None:
    async def story() -> None:
        watched = Watched([program("core", STUBBORN, grace_s=0.2), program("screen", POLITE)])
        await watched.said("core", "up")
        await watched.said("screen", "up")
        os.kill(watched.pid("screen"), signal.SIGSTOP)
        watched.supervisor.stop()
        assert await watched.running == 0
        assert ("screen", "bye") in watched.lines
        assert any("is killed" in line for name, line in watched.lines if name == "core")

    real_aio(story())


def test_second_stop_kills_at_once(real_aio: Run) -> None:
    async def story() -> None:
        watched = Watched([program("core", STUBBORN, grace_s=60.0)])
        await watched.said("core", "up")
        watched.supervisor.stop()
        watched.supervisor.stop()
        assert await watched.running == 0

    real_aio(story())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_stop_cleanly(real_aio: Run, number: signal.Signals) -> None:
    async def story() -> None:
        watched = Watched([program("core", POLITE)])
        await watched.said("core", "up")
        os.kill(os.getpid(), number)
        assert await watched.running == 0
        assert ("core", "bye") in watched.lines

    real_aio(story())


@pytest.mark.parametrize("code", [0, 3])
def test_end_of_the_core_ends_everything(real_aio: Run, code: int) -> None:
    async def story() -> None:
        watched = Watched(
            [
                program(
                    "core", f"raise SystemExit({code})", must_start=True, ends_all=True, ready=lambda _: False
                ),
                program("screen", WAITS),
            ]
        )
        assert await watched.running == code

    real_aio(story())


def test_core_waits_for_the_backend(tmp_path: Path, real_aio: Run) -> None:
    address = tmp_path / "backend.json"
    writes = QUIET + f"open({str(address)!r}, 'w').write('here')\nsignal.pause()"
    reads = f"import signal\nprint(open({str(address)!r}).read(), flush=True)\nsignal.pause()"

    async def story() -> None:
        watched = Watched(
            [
                program("core", reads, after="backend"),
                program("backend", writes, ready=lambda _: address.exists() and address.read_text() == "here"),
            ]
        )
        await watched.said("core", "here")
        watched.supervisor.stop()
        await watched.running

    real_aio(story())


def test_output_arrives_whole(real_aio: Run) -> None:
    """Long lines, the last line without an end, bytes that are no text, and errors besides."""
    code = (
        "import sys, os\n"
        "os.write(1, b'x' * 40000 + b'\\n')\n"
        "os.write(2, b'\\xff bad\\n')\n"
        "os.write(1, b'no end')\n"
    )

    async def story() -> None:
        watched = Watched([program("core", code, ends_all=True)])
        await watched.running
        text = "".join(line for name, line in watched.lines if name == "core")
        assert text.count("x") >= 40000
        assert "\ufffd bad" in text
        assert "no end" in text

    real_aio(story())


HOLDS = (
    "import signal, sys\n"
    "held = open(sys.argv[1], 'w')\n"
    "held.write('open')\n"
    "held.flush()\n"
    "print('up', flush=True)\n"
    "signal.pause()"
)
"""Holds a pipe open as long as it lives: whoever reads the other end knows."""


def test_nothing_is_left_behind(tmp_path: Path, real_aio: Run) -> None:
    """A child of a program that was killed dies with its group."""
    held = tmp_path / "held"
    os.mkfifo(held)
    spawns = (
        "import subprocess, sys, signal\n"
        "subprocess.Popen([sys.executable, '-S', '-c', sys.argv[2], sys.argv[1]])\n"
        "signal.pause()"
    )

    async def story() -> None:
        loop = asyncio.get_running_loop()
        reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
        opened, closed = asyncio.Event(), asyncio.Event()
        loop.add_reader(reader, lambda: (opened if os.read(reader, 10) else closed).set())
        watched = Watched([program("core", spawns, str(held), HOLDS)])
        await opened.wait()
        os.kill(watched.pid("core"), signal.SIGKILL)
        await closed.wait()
        loop.remove_reader(reader)
        os.close(reader)
        watched.supervisor.stop()
        await watched.running

    real_aio(story())


def test_programs_die_with_the_launcher(tmp_path: Path) -> None:
    """The launcher is killed so hard that it can stop nobody: the kernel tells the programs."""
    launcher = (
        "import asyncio, os, sys\n"
        "from kiosk.launcher.plan import Program\n"
        "from kiosk.launcher.supervisor import Supervisor\n"
        "held, code = sys.argv[1:]\n"
        "p = Program(name='core', command=lambda: [sys.executable, '-S', '-c', code, held])\n"
        "die = lambda name, line: os.kill(os.getpid(), 9)\n"
        "asyncio.run(Supervisor([p], dict(os.environ), die).run())\n"
    )
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    ended = subprocess.run([sys.executable, "-c", launcher, str(held), HOLDS], cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert os.read(reader, 10) == b"open"  # the program did run
    watch = select.poll()
    watch.register(reader, select.POLLIN)
    assert watch.poll(20_000), "the program outlived the launcher"
    assert os.read(reader, 10) == b""
    os.close(reader)


@pytest.mark.parametrize(
    ("code", "text"), [(0, "exit code 0"), (2, "exit code 2"), (-9, "killed by SIGKILL"), (-99, "signal 99")]
)
def test_exit_in_words(code: int, text: str) -> None:
    assert text in exit_text(code)
