"""Budgets of the screen, as ratios measured in one run: the same show in our program, a browser, a bare window.

All three show the same five noisy pictures of 2.5 MB, 3 s each, 600 ms crossfade, on one display without a GPU;
pixels are read from the display's frame buffer and touches come from the display, so nobody measures itself.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest
from PIL import Image, ImageDraw

from tests.benchmarks.programs import (
    BANDS,
    BARE,
    BARE_QML,
    BROWSER,
    FADE_S,
    NAMES,
    PROBE,
    QT,
    SHOW_S,
    Core,
    Program,
    cpu_s,
    near,
    pss_mb,
    pss_over_a_slide_mb,
)
from tests.fakes.xdisplay import XDisplay, watch, x_display

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("Xvfb", "chromium")
MISSING = [name for name in TOOLS if shutil.which(name) is None]
pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (packages xvfb, chromium)"),
]

STARTS = 5
WATCH_S = 15.0
TAPS = 25
BUTTON = (1300, 640)  # inside the call to touch, beside its words


def report(what: str, ours: float, unit: str, **others: tuple[float, float]) -> None:
    """One line: our figure, and for each other program its figure, the ratio and the budget."""
    parts = [
        f"{name} {figure:.1f} {unit}: {ours / figure:.2f}x (at most {budget}x)"
        for name, (figure, budget) in others.items()
    ]
    print(f"\n  {what}: ours {ours:.1f} {unit}; " + "; ".join(parts))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    for name, colour in zip(NAMES, BANDS, strict=True):
        noise = Image.merge("RGB", [Image.effect_noise((1366, 768), 80) for _ in range(3)])
        ImageDraw.Draw(noise).rectangle((0, 180, 1366, 340), fill=colour)
        noise.save(folder / name, compress_level=1)
    return folder


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XDisplay]:
    with x_display(tmp_path_factory.mktemp("x")) as one:
        yield one


@pytest.fixture(scope="module")
def programs(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Program]]:
    subprocess.run([sys.executable, str(ROOT / "packaging" / "compile_catalogues.py")], check=True, timeout=60)
    folder = tmp_path_factory.mktemp("programs")
    data = tmp_path_factory.mktemp("data")
    terms = {
        "urls": ", ".join(f'"{(pictures / name).as_uri()}"' for name in NAMES),
        "fade_ms": FADE_S * 1000,
        "show_ms": SHOW_S * 1000,
    }
    (folder / "bare.py").write_text(BARE)
    (folder / "bare.qml").write_text(BARE_QML % terms)
    (folder / "show.html").write_text(BROWSER % terms)
    slides = tmp_path_factory.mktemp("slides")
    for name in NAMES[2:]:
        os.link(pictures / name, slides / name)
    browser = "--kiosk --no-sandbox --disable-gpu --disable-quic --disable-background-networking --no-first-run"
    with Core(data, pictures, slides):
        yield {
            "ours": Program("ours", [sys.executable, "-m", "kiosk.screen", "--data", str(data)], QT),
            "bare": Program("bare", [sys.executable, str(folder / "bare.py"), str(folder / "bare.qml")], QT),
            "browser": Program(
                "browser",
                [
                    "chromium",
                    *browser.split(),
                    "--allow-file-access-from-files",
                    "--window-size=1366,768",
                    f"--user-data-dir={folder / 'profile'}",
                    (folder / "show.html").as_uri(),
                ],
                {},
            ),
        }


def test_start(programs: dict[str, Program], display: XDisplay) -> None:
    """From the command to the first frame; the first start of each fills the caches and does not count."""
    frame_ms: dict[str, list[float]] = {name: [] for name in programs}
    slide_ms: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(STARTS + 1):
        for name, program in programs.items():
            with program.running(display):
                frame_ms[name].append(program.first_frame_s(display) * 1000)
                slide_ms[name].append(program.first_slide_s(display) * 1000)
    ours, bare = (median(frame_ms[name][1:]) for name in ("ours", "bare"))
    browser = median(slide_ms["browser"][1:])  # its first frame is an empty page
    report("exec to first frame", ours, "ms", browser=(browser, 0.5), bare=(bare, 2.0))
    slides = {name: round(median(values[1:])) for name, values in slide_ms.items()}
    print(f"  for comparison, exec to first slide in ms: {slides}")
    assert ours <= 0.5 * browser
    assert ours <= 2.0 * bare


def test_memory_cpu_and_touch(programs: dict[str, Program], display: XDisplay) -> None:
    memory_mb: dict[str, float] = {}
    cpu_percent: dict[str, float] = {}
    paint_ms: dict[str, list[float]] = {}
    frames: dict[str, float] = {}
    for name, program in programs.items():
        with program.running(display) as process:
            program.first_slide_s(display)
            time.sleep(SHOW_S + 1)
            began_s, before_s = time.perf_counter(), cpu_s(process)
            time.sleep(WATCH_S)
            cpu_percent[name] = 100 * (cpu_s(process) - before_s) / (time.perf_counter() - began_s)
            frames[name] = median(frames_of_a_fade(display) for _ in range(3))
            if name != "bare":
                paint_ms[name] = touch(display)
            memory_mb[name] = pss_over_a_slide_mb(process)
    report(
        "memory, PSS of the tree",
        memory_mb["ours"],
        "MB",
        browser=(memory_mb["browser"], 0.35),
        bare=(memory_mb["bare"], 1.6),
    )
    report(
        "CPU in the slide show",
        cpu_percent["ours"],
        "%",
        browser=(cpu_percent["browser"], 0.3),
        bare=(cpu_percent["bare"], 1.5),
    )
    middle = {name: median(values) for name, values in paint_ms.items()}
    tail = {name: quantiles(values, n=20)[-1] for name, values in paint_ms.items()}
    report("touch to paint, median", middle["ours"], "ms", browser=(middle["browser"], 1.0))
    report("touch to paint, p95", tail["ours"], "ms", browser=(tail["browser"], 0.5))
    print(f"\n  frames of a crossfade: ours {frames['ours']:.0f}, bare {frames['bare']:.0f} (at least 0.95x)")
    assert memory_mb["ours"] <= 0.35 * memory_mb["browser"]
    assert memory_mb["ours"] <= 1.6 * memory_mb["bare"]
    assert cpu_percent["ours"] <= 0.3 * cpu_percent["browser"]
    assert cpu_percent["ours"] <= 1.5 * cpu_percent["bare"]
    assert middle["ours"] <= middle["browser"]
    assert tail["ours"] <= 0.5 * tail["browser"]
    assert frames["ours"] >= 0.95 * frames["bare"]


def frames_of_a_fade(display: XDisplay) -> int:
    """How many different pictures one fade shows at the probe; a black one fails."""
    assert watch(lambda: near(display.pixel(*PROBE), BANDS), 10) is not None
    assert watch(lambda: not near(display.pixel(*PROBE), BANDS), 10) is not None
    seen = {display.pixel(*PROBE)}

    def over() -> bool:
        pixel = display.pixel(*PROBE)
        assert max(pixel) > 60, "a black frame"
        seen.add(pixel)
        return near(pixel, BANDS)

    assert watch(over, 5) is not None
    return len(seen)


def touch(display: XDisplay) -> list[float]:
    """Milliseconds from the press to the changed button, at odd moments."""
    rng = random.Random(1)
    took_ms = []
    display.move(*BUTTON)
    time.sleep(0.5)
    for _ in range(TAPS):
        idle = display.pixel(*BUTTON)
        display.button(True)
        took_s = watch(lambda idle=idle: display.pixel(*BUTTON) != idle, 5)  # type: ignore[misc]
        display.button(False)
        assert took_s is not None, "the button does not answer"
        took_ms.append(took_s * 1000)
        assert watch(lambda idle=idle: display.pixel(*BUTTON) == idle, 5) is not None  # type: ignore[misc]
        time.sleep(rng.uniform(0.15, 0.35))
    return took_ms


def test_ten_thousand_slides(pictures: Path, display: XDisplay, tmp_path: Path) -> None:
    """Memory and start with 10,000 slides against 10."""
    memory_mb, start_ms = {}, {}
    for count in (10, 10_000):
        slides, data = tmp_path / f"slides{count}", tmp_path / f"data{count}"
        slides.mkdir()
        data.mkdir()
        for number in range(count):
            os.link(pictures / NAMES[2], slides / f"{number:05}.png")
        program = Program("ours", [sys.executable, "-m", "kiosk.screen", "--data", str(data)], QT)
        with Core(data, pictures, slides):
            took = []
            for _ in range(STARTS + 1):
                with program.running(display) as process:
                    took.append(program.first_slide_s(display) * 1000)
                    time.sleep(2 * SHOW_S + 1)
                    memory_mb[count] = pss_mb(process)
            start_ms[count] = median(took[1:])
    report("memory with 10,000 slides", memory_mb[10_000], "MB", ten=(memory_mb[10], 1.1))
    report("start with 10,000 slides", start_ms[10_000], "ms", ten=(start_ms[10], 1.1))
    assert memory_mb[10_000] <= 1.1 * memory_mb[10]
    assert start_ms[10_000] <= 1.1 * start_ms[10]
