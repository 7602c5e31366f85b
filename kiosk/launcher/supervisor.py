"""Keeps programs alive until told to stop, then stops them in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kiosk.launcher.child import Child
from kiosk.launcher.plan import STOP_ORDER, EndAll, Program, verdict

READY_POLL_S: Final = 0.05


class Supervisor:
    """``env``: what every program inherits. ``tell(name, line)``: output of a program, or news about it."""

    def __init__(
        self, programs: Sequence[Program], env: Mapping[str, str], tell: Callable[[str, str], None]
    ) -> None:
        self._programs = {p.name: p for p in programs}
        self._env = env
        self._tell = tell
        self._children: dict[str, Child] = {}
        self._ready = {p.name: asyncio.Event() for p in programs}
        self._stop = asyncio.Event()
        self._stops_asked = 0
        self._code = 0

    async def ready(self, name: str) -> None:
        """Wait until that program does its work (again)."""
        await self._ready[name].wait()

    async def run(self) -> int:
        """Until SIGINT, SIGTERM, SIGHUP, ``stop`` or an end that ends everything; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        tasks = [asyncio.create_task(self._keep(p), name=p.name) for p in self._programs.values()]
        waiting = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {waiting}:
                task.result()  # a fault of ours is to be seen
        finally:
            self._stop.set()
            for task in (*tasks, waiting):
                task.cancel()
            await asyncio.gather(*tasks, waiting, return_exceptions=True)
            await self._stop_all()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)
        return self._code

    def stop(self, code: int = 0) -> None:
        """End everything in order; asked again, at once."""
        self._stops_asked += 1
        if self._stops_asked == 1:
            self._code = code
            self._stop.set()
        else:
            for child in self._children.values():
                child.kill()

    async def _keep(self, program: Program) -> None:
        loop = asyncio.get_running_loop()
        ready = self._ready[program.name]
        failures = 0
        if program.after is not None:
            await self.ready(program.after)
        while True:
            begun = loop.time()
            child = Child(
                program.command(),
                {**self._env, **program.env},
                lambda line: self._tell(program.name, line),
            )
            self._children[program.name] = child
            getting_ready = asyncio.create_task(self._await_ready(program, child))
            try:
                code = await child.wait()
            finally:
                getting_ready.cancel()
            was_ready = ready.is_set()
            ready.clear()
            alive_s = loop.time() - begun
            what = verdict(program, code, was_ready=was_ready, alive_s=alive_s, failures=failures)
            if isinstance(what, EndAll):
                self._tell(program.name, f"ended ({exit_text(code)}); everything is stopped")
                self.stop(what.code)
                return
            failures = what.failures
            self._tell(program.name, f"ended ({exit_text(code)}); starting it again in {what.after_s:g} s")
            await asyncio.sleep(what.after_s)

    async def _await_ready(self, program: Program, child: Child) -> None:
        while not program.ready(child.pid):  # noqa: ASYNC110  # a file of another process: nobody sets an event
            await asyncio.sleep(READY_POLL_S)
        self._ready[program.name].set()

    async def _stop_all(self) -> None:
        names = [n for n in STOP_ORDER if n in self._children]
        names += [n for n in self._children if n not in names]
        for name in names:
            await self._children[name].stop(self._programs[name].grace_s)


def exit_text(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
