"""Virtual time in strides: late where nothing happens, exact where somebody has an appointment."""

from __future__ import annotations

import asyncio

from kiosk.lab.scenario.pace import Pace


def ticks(stride_s: float, *appointments: float, lasts_s: float = 10.0) -> tuple[list[float], list[float]]:
    """Times at which a timer of one second came, and at which the appointments were kept."""
    pace = Pace()
    kept: list[float] = []

    async def keep(at_s: float) -> None:
        await pace.until(at_s)
        kept.append(pace.now_s)

    async def play() -> list[float]:
        keeping.extend(asyncio.create_task(keep(at_s)) for at_s in appointments)
        pace.stride_s = lambda: stride_s
        seen = []
        while pace.now_s < lasts_s:
            await asyncio.sleep(1.0)
            seen.append(round(pace.now_s, 3))
        await asyncio.gather(*keeping)
        return seen

    keeping: list[asyncio.Task[None]] = []
    with asyncio.Runner(loop_factory=pace.loop) as runner:
        return runner.run(play()), [round(at_s, 3) for at_s in kept]


def test_without_a_stride_every_timer_is_on_time() -> None:
    assert ticks(0.0, lasts_s=4.0) == ([1.0, 2.0, 3.0, 4.0], [])


def test_a_stride_puts_timers_off() -> None:
    assert ticks(4.0, 100.0, lasts_s=12.0)[0] == [4.0, 8.0, 12.0]


def test_nobody_is_late_for_an_appointment() -> None:
    seen, kept = ticks(4.0, 5.5, 2.0, 9.0, 100.0, lasts_s=9.0)
    assert kept == [2.0, 5.5, 9.0, 100.0]
    assert seen == [2.0, 5.5, 9.0]


def test_an_appointment_in_the_past_is_now() -> None:
    assert ticks(0.0, -1.0, lasts_s=1.0)[1] == [0.0]


def test_a_far_timer_is_gone_to_at_once() -> None:
    pace = Pace()

    async def play() -> float:
        await asyncio.sleep(3600)
        return pace.now_s

    with asyncio.Runner(loop_factory=pace.loop) as runner:
        assert runner.run(play()) == 3600.0
