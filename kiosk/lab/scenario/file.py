"""Scenario files: found, read, and checked before the start; mistakes of one kind are told together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.lab.scenario import checks
from kiosk.lab.scenario.kinds import EVENTS, Event, Scenario
from kiosk.model.errors import BadFile
from kiosk.model.paths import assets
from kiosk.settings import reading

FOLDER: Final = "scenarios"
SUFFIX: Final = ".toml"
REMEDY: Final = "correct this; the page scenarios.md describes every field"


def built_in() -> dict[str, Path]:
    """The scenarios of the package, by name."""
    return {path.stem: path for path in sorted((assets() / FOLDER).glob(f"*{SUFFIX}"))}


def find(text: str) -> Path:
    """The file that a person means: a path, or the name of a built-in one. Raises BadFile."""
    path = Path(text).expanduser()
    if path.suffix == SUFFIX or path.is_file():
        return path
    known = built_in()
    if text in known:
        return known[text]
    meant = reading.nearest(text, known)
    remedy = f"did you mean {meant}?" if meant else f"give a path, or one of {', '.join(known) or 'none'}"
    raise BadFile(text, "is neither a file nor a built-in scenario", remedy)


def load(text: str) -> Scenario:
    """The checked scenario that ``find`` finds. Raises BadFile with every problem."""
    path = find(text)
    try:
        return parse(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise BadFile(path, f"cannot be read ({error.strerror or error})", "give a path, or a name") from error
    except UnicodeDecodeError as error:
        raise BadFile(path, f"byte {error.start} is not UTF-8", "save it as UTF-8") from error


def parse(text: str, source: object) -> Scenario:
    """``source`` names it in an error. Raises BadFile with every problem."""
    try:
        raw = msgspec.toml.decode(text)
    except msgspec.DecodeError as error:
        raise BadFile(source, f"is not valid TOML: {error}", "correct that place") from error
    problems: list[str] = []
    events = _events(raw.pop("at", []), problems)
    scenario: Scenario | None = reading.convert(Scenario, raw, problems)
    if scenario is not None and not problems:
        scenario = msgspec.structs.replace(scenario, at=events)
        problems = checks.problems(scenario)
    if scenario is None or problems:
        raise BadFile(source, "; ".join(problems), REMEDY)
    return scenario


def _events(raw: Any, problems: list[str]) -> tuple[Event, ...]:
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        problems.append("at is a list of tables: write [[at]] above each event")
        return ()
    found: list[Event] = []
    for number, entry in enumerate(raw, 1):
        word = entry.get("do")
        kind = EVENTS.get(word) if isinstance(word, str) else None
        if kind is None:
            meant = reading.nearest(str(word), EVENTS)
            hint = f"; did you mean {meant}?" if meant else ""
            given = "is missing" if word is None else f"= {word!r} does not exist"
            problems.append(f"at {number}: do {given} (one of {', '.join(EVENTS)}){hint}")
            continue
        fields = {name: value for name, value in entry.items() if name != "do"}
        event = reading.convert(kind, fields, problems, f"at {number} ({word}): ")
        if event is not None:
            found.append(event)
    return tuple(found)
