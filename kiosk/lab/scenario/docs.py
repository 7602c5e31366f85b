"""The page about scenarios, rendered from ``guide.md`` and the structs of the file.

``python -m kiosk.lab.scenario.docs`` writes ``assets/docs/scenarios.md``; a test fails when it is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.lab.scenario.kinds import EVENTS, Event, Scenario, Station, Traffic
from kiosk.model import paths
from kiosk.settings import reading

PAGE: Final = "scenarios.md"
RESULTS: Final = "results.toml"
"""What the built-in scenarios came to, in words, beside this file."""
_COMMON: Final = ("time", "repeat")


def page() -> str:
    """The whole page, Markdown."""
    parts = [(Path(__file__).parent / "guide.md").read_text(encoding="utf-8").format(**results())]
    parts += ["## Every field", "", *_table("The head of the file", Scenario, skip=("station", "traffic", "at"))]
    parts += _table("`[station]`", Station)
    parts += _table("`[[traffic]]`: drivers who come by chance", Traffic)
    parts += ["### `[[at]]`: events", "", "Fields of every event, besides `do`:", "", *_rows(Event, ())]
    for word, kind in EVENTS.items():
        about = " ".join((kind.__doc__ or "").split())
        parts += ["", f'#### `do = "{word}"`', "", about, *_own(kind)]
    return "\n".join(parts).rstrip() + "\n"


def results() -> dict[str, str]:
    """What the built-in scenarios came to, by the first word of their names."""
    raw = (Path(__file__).parent / RESULTS).read_text(encoding="utf-8")
    return {name: text.strip() for name, text in msgspec.toml.decode(raw, type=dict[str, str]).items()}


def _table(title: str, kind: type[msgspec.Struct], skip: tuple[str, ...] = ()) -> list[str]:
    return [f"### {title}", "", *_rows(kind, skip), ""]


def _own(kind: type[msgspec.Struct]) -> list[str]:
    return ["", *_rows(kind, _COMMON)] if set(_COMMON) != {f.name for f in reading.fields(kind)} else []


def _rows(kind: type[msgspec.Struct], skip: tuple[str, ...]) -> Iterator[str]:
    yield "| field | allowed | default | meaning |"
    yield "|---|---|---|---|"
    for field in reading.fields(kind):
        if field.name not in skip:
            allowed = reading.allowed(field.kind, field.meta) if field.kind is not Any else "anything"
            yield f"| `{field.name}` | {allowed} | {_default(field.default)} | {_cell(field.about)} |"


def _default(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "must be given"
    if value is None or value in ("", (), {}):
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    (paths.assets() / "docs" / PAGE).write_text(page(), encoding="utf-8")
