"""The worked examples of the page on power are the cases they name."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "assets" / "docs" / "power.md").read_text(encoding="utf-8")
CASES = ROOT / "tests" / "cases" / "power"
ROWS = re.findall(r"^\| `([\w-]+)` \| [^|]* \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)


def shares(name: str) -> list[list[tuple[int, str | None]]]:
    """By step: watts and reason as expected of each connector, in order."""
    steps = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))["steps"]
    return [
        [(share["limit_w"], share.get("reason")) for _, share in sorted(step["expect"].get("shares", {}).items())]
        for step in steps
    ]


def test_every_example_is_a_step_of_its_case() -> None:
    assert len(ROWS) >= 8
    for name, *cells in ROWS:
        told = [int(m[1].replace(",", "")) for cell in cells if (m := re.match(r"([\d,]+) W", cell))]
        steps = shares(name)
        fitting = [step for step in steps if [watts for watts, _ in step] == told]
        assert fitting, (name, told, steps)
        named = [re.findall(r"W, (\w+)", cell) for cell in cells[: len(told)]]
        assert any(_agree(step, named) for step in fitting), (name, named, fitting)


def _agree(step: list[tuple[int, str | None]], named: list[list[str]]) -> bool:
    """Every name on the page is the case's, where the case tells one."""
    return all(reason is None or names in ([], [reason]) for (_, reason), names in zip(step, named, strict=True))


def test_the_picture_is_there() -> None:
    assert re.findall(r"!\[[^\]]*\]\(([\w-]+\.png)\)", PAGE) == ["power-day.png"]
    assert (ROOT / "assets" / "docs" / "power-day.png").read_bytes().startswith(b"\x89PNG")
