"""``kiosk sim watch`` and the LED rings of ``kiosk sim state``: for eyes, pipes and terminals of all kinds."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import Any

import msgspec
import pytest
from rich.console import Console

from kiosk import cli
from kiosk.cli.rings import name, ring
from kiosk.cli.watch import line, picture
from kiosk.link.messages import SimState
from kiosk.model.enums import ChargePointStatus, LimitReason
from kiosk.model.errors import NotPermitted
from tests.cli.conftest import FakeCore
from tests.fakes.pictures import charging, connector, snapshot

WATCH = [sys.executable, "-m", "kiosk.cli", "sim", "watch"]
Capture = pytest.CaptureFixture[str]


def holder(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "CCS",
        "car": None,
        "soc_percent": None,
        "phase": "unplugged",
        "power_w": 0,
        "limit_w": 0,
        "stacks": 0,
        "led_rgb": "00FF00",
        "led_percent": 50,
        "led_flashes": 0,
        "led_seen": "00FF00",
        "faults": [],
        "armed": [],
        "meter": "ok",
        **fields,
    }


def world(*holders: dict[str, Any], **fields: Any) -> SimState:
    return SimState(connectors=holders or tuple(holder(n) for n in (1, 2, 3)), door_open=False, **fields)


def drawn(renderable: Any, *, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=140, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# --- rings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rgb", "percent", "flashes", "seen", "words"),
    [
        ("00FF00", 100, 0, None, "● green"),
        ("0000ff", 50, 0, None, "● blue 50 %"),
        ("FF0000", 100, 0, "FF0000", "● red"),
        ("12AB34", 100, 0, None, "● #12AB34"),
        ("", 100, 0, None, "○ dark"),
        ("00FF00", 0, 0, None, "○ dark"),
        ("FFFFFF", 100, 1, None, "● white, flashes 1 more time"),
        ("FFFFFF", 100, 3, None, "● white, flashes 3 more times"),
        ("0000FF", 100, 3, "00FF00", "● green, flashes"),
        ("0000FF", 50, 3, "", "○ dark, flashes"),
        ("0000FF", 50, 0, "0000FF", "● blue 50 %"),
    ],
)
def test_a_ring_in_words(rgb: str, percent: int, flashes: int, seen: str | None, words: str) -> None:
    assert ring(rgb, percent, flashes, seen).plain == words


def test_the_dot_has_the_rings_colour_and_its_brightness() -> None:
    def shade(percent: int) -> str:
        [found] = re.findall(r"\x1b\[38;2;(\d+;\d+;\d+)m●", drawn(ring("00FF00", percent), colour=True))
        return str(found)

    assert shade(100) == "0;255;0"
    levels = [int(shade(percent).split(";")[1]) for percent in (1, 50, 100)]
    assert levels == sorted(levels)
    assert levels[0] >= 80, "a faint ring is still to be seen on a terminal"
    assert not re.search(r"38;2;\d+;\d+;\d+m○", drawn(ring("", 100), colour=True))


def test_colours_have_names_where_people_have_a_word() -> None:
    assert [name(rgb) for rgb in ("", "ff0000", "FFFFFF", "010203")] == ["dark", "red", "white", "#010203"]


def test_state_draws_the_rings(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["sim.state"] = world(holder(1, led_rgb="FF0000", led_flashes=2), holder(2, led_rgb=""))
    assert cli.main(["sim", "state"]) == 0
    told = capsys.readouterr().out
    assert "● red 50 %, flashes 2 more times" in told
    assert "○ dark" in told


# --- the picture --------------------------------------------------------------------------------------------


def test_station_and_world_side_by_side() -> None:
    busy = charging(2)
    out = connector(3, status=ChargePointStatus.FAULTED, faults=(18,))
    there = world(
        holder(1, armed=[15]),
        holder(2, car="family64", soc_percent=41.4, led_rgb="0000FF", led_seen="0000FF"),
        holder(3, led_rgb="FF0000", led_seen="FF0000", led_percent=100, meter="stuck"),
    )
    told = " ".join(drawn(picture(snapshot(connector(1), busy, out), there)).split())
    assert "2 CCS Charging family64 41 % 48.5 kW" in told
    assert "● blue 50 %" in told
    assert "(15 waits)" in told
    assert re.search(r"3 \w+ Faulted .* ● red 18, \(meter stuck\)", told)
    assert "screen: standby" in told


def test_a_lost_core_is_said() -> None:
    assert "lost" in drawn(picture(None, None))
    assert "lost" in drawn(picture(snapshot(), None))


def test_troubles_of_the_whole_station_stand_below() -> None:
    picture_ = snapshot()
    told = drawn(picture(picture_, world(holder(1), holder(2))))
    assert "door" not in told
    open_door = SimState(connectors=(holder(1), holder(2)), door_open=True)
    assert "service door open" in drawn(picture(picture_, open_door))


def test_for_a_terminal_without_our_letters() -> None:
    told = drawn(picture(snapshot(), world(holder(1), holder(2)), ascii_only=True))
    assert told.isascii()
    assert "* green 50 %" in told


@pytest.mark.parametrize(
    ("fields", "there", "anew"),
    [
        ({"power_w": 47_000}, {}, False),  # figures move all the time
        ({"limit_reason": LimitReason.GRID}, {}, True),
        ({"status": ChargePointStatus.SUSPENDED_EV}, {}, True),
        ({"faults": (18,)}, {}, True),
        ({}, {"led_rgb": "FF0000"}, True),
        ({}, {"led_flashes": 2, "led_seen": ""}, False),
        ({}, {"car": "mini"}, True),
    ],
)
def test_a_line_is_told_anew_when_something_happened(
    fields: dict[str, Any], there: dict[str, Any], anew: bool
) -> None:
    before = line(charging(2), holder(2, car="family64"))
    after = line(msgspec.structs.replace(charging(2), **fields), holder(2, **{"car": "family64"} | there))
    assert (before[1] != after[1]) is anew
    assert before[0] == "2 CCS Charging, car family64, 48.5 kW, 1.23 kWh, ring green 50 %, no fault"


def test_a_line_says_what_binds() -> None:
    bound = msgspec.structs.replace(charging(2), limit_w=50_000, limit_reason=LimitReason.GRID)
    assert "48.5 kW of 50.0 kW (grid), 1.23 kWh" in line(bound, holder(2))[0]
    refused = connector(1, can_start=False)
    assert line(refused, holder(1))[0] == "1 CCS Available, car -, – (no power free), ring green 50 %, no fault"


# --- as a person uses it ------------------------------------------------------------------------------------


def test_through_a_pipe_it_is_a_line_per_change(fake_core: FakeCore) -> None:
    fake_core.answers["sim.state"] = world(holder(1), holder(2))
    with subprocess.Popen(WATCH, stdout=subprocess.PIPE, text=True, env=os.environ | {"TERM": "dumb"}) as watching:
        assert watching.stdout is not None
        first = [watching.stdout.readline() for _ in range(2)]
        assert [re.sub(r"^[\d:]{8} ", "", text)[:16] for text in first] == ["1 CCS Available,", "2 CCS Available,"]
        fake_core.answers["sim.state"] = world(holder(1), holder(2, led_rgb="0000FF", car="mini"))
        fake_core.change(lambda s: s.set_connector(charging(2)))
        told = ""
        while "mini" not in told or "Charging" not in told:
            told = watching.stdout.readline()
        assert "ring blue 50 %" in told
        assert "\x1b" not in told
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 0


def test_with_real_hardware_it_is_refused(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["sim.state"] = NotPermitted("this station has real hardware")
    assert cli.main(["sim", "watch"]) == 1
    assert "real hardware" in capsys.readouterr().err


def test_without_a_core_it_says_so(tmp_path: Any, capsys: Capture) -> None:
    assert cli.main(["sim", "watch", "--data", str(tmp_path)]) == 1
    assert "no station core is running" in capsys.readouterr().err


class Terminal:
    """A terminal of 140 columns with a program on it."""

    def __init__(self, command: list[str], **env: str) -> None:
        self._ours, theirs = pty.openpty()
        full = os.environ | {"TERM": "xterm-256color", "COLUMNS": "140", "LINES": "40"} | env
        self.program = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=full, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""

    def until(self, text: str, timeout_s: float = 20.0) -> None:
        """Read on until ``text`` was shown."""
        deadline = time.monotonic() + timeout_s
        while text not in self.shown:
            left_s = deadline - time.monotonic()
            assert left_s > 0, self.shown[-2000:]
            ready, _, _ = select.select([self._ours], [], [], left_s)
            if ready:
                self.shown += os.read(self._ours, 65536).decode(errors="replace")

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def close(self) -> int:
        try:
            return self.program.wait(15)
        finally:
            self.program.kill()
            os.close(self._ours)


@pytest.mark.parametrize("end", ["q", "Ctrl-C"])
def test_on_a_terminal_it_moves_and_a_key_ends_it(fake_core: FakeCore, end: str) -> None:
    fake_core.answers["sim.state"] = world(holder(1), holder(2))
    terminal = Terminal(WATCH)
    terminal.until("q ends")
    assert "green" in terminal.shown
    fake_core.answers["sim.state"] = world(holder(1), holder(2, led_rgb="0000FF", led_flashes=3, led_seen=""))
    fake_core.change(lambda s: s.set_connector(charging(2)))
    terminal.until("dark, flashes")
    terminal.until("Charging")
    terminal.press("x")  # other keys do nothing
    fake_core.stop()
    terminal.until("core is lost")
    if end == "q":
        terminal.press("q")
    else:
        terminal.program.send_signal(signal.SIGINT)
    terminal.until("\x1b[?1049l")  # the screen from before is back
    assert terminal.close() == 0
