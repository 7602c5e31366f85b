"""The table of rooms, held by reading the imports. Change the table and the cut together, and say why here.

Arrows point down: a room imports rooms of a lower level, and only those named. ``model`` is open to all.

Beyond the design's table, because the code showed it:
- ``station.tasks`` (the ``supervised`` wrapper) is at the bottom of the station: every shell runs its children
  in it.
- ``station.ending`` winds the whole station down; resets and a failing grid share it.
- ``station.gui`` resolves keys for the faces; it knows settings alone.
- ``station.security`` is the security log: whoever sees something may write into it, so it stands just above
  storage. ``station.certificates`` holds keys and certificates, and knows nothing of the station.
- ``station.timekeeper`` takes the backend's time; it moves stamps that are stored, so it stands above storage.
- ``station.link_handlers``, ``link_profiles``, ``link_files``, ``link_certificates``, ``link_modbus`` and
  ``station.sim_door`` translate rows of the link into calls; they stand beside the link's server, and only
  ``sim_door`` may know the simulator. It adds to the handlers, so it stands above them; ``link_modbus`` shows the
  registers of ``station.modbus``, so it stands above that.
- ``station.file_wiring`` joins the machine's file jobs to sessions, certificates and logs: a piece of the service
  that got a file of its own, so it may know nearly as much.
- ``station.ocpp_wiring`` is another such piece: the backend's client, where there is a backend.
- ``station.modbus`` became a package: table of registers, access, frames, socket shell and docs are five things.
- ``station.commands`` knows certificates and the security log, because operators and backends wish for both.
- ``station.ocpp`` knows ``station.certificates`` because TLS is part of the dial.
- ``station.__main__`` chooses the hardware and the clock; it stands above the service, which made room for both.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kiosk"


@dataclass(frozen=True)
class Room:
    level: int
    may: frozenset[str]


def room(level: int, *may: str) -> Room:
    return Room(level, frozenset(f"kiosk.{name}" for name in may))


_CORE = (
    "station.tasks",
    "station.state",
    "station.storage",
    "station.security",
    "station.certificates",
    "station.system",
    "station.hardware",
    "station.power",
    "station.charging",
    "station.commands",
)
ROOMS = {
    "kiosk.cli": room(10, "launcher", "lab", "web", "screen", "station", "backend", "settings", "link", "i18n"),
    "kiosk.launcher": room(9),
    "kiosk.lab": room(9, "backend", "link", "station", "settings"),
    "kiosk.web": room(8, "link", "settings", "slides", "i18n"),
    "kiosk.screen": room(8, "link", "slides", "i18n"),
    "kiosk.station.__main__": room(
        9, "station.service", "station.hardware", "station.certificates", "settings", "link"
    ),
    "kiosk.station.service": room(
        8,
        *_CORE,
        "station.gui",
        "station.furnish",
        "station.ending",
        "station.file_wiring",
        "station.timekeeper",
        "station.ocpp",
        "station.link_server",
        "station.link_handlers",
        "station.link_certificates",
        "station.link_files",
        "station.link_modbus",
        "station.link_profiles",
        "station.sim_door",
        "station.modbus",
        "station.ocpp_wiring",
        "settings",
    ),
    "kiosk.station.ocpp_wiring": room(
        7,
        "station.charging",
        "station.commands",
        "station.ocpp",
        "station.security",
        "station.state",
        "station.storage",
        "station.timekeeper",
        "settings",
    ),
    "kiosk.station.file_wiring": room(
        6,
        "station.charging",
        "station.certificates",
        "station.commands",
        "station.security",
        "station.state",
        "station.storage",
        "station.system",
        "settings",
    ),
    "kiosk.station.ending": room(5, "station.tasks", "station.charging", "station.storage", "station.state"),
    "kiosk.station.sim_door": room(7, "station.link_handlers", "station.hardware", "link"),
    "kiosk.station.link_handlers": room(
        6, "station.commands", "station.charging", "station.storage", "link", "settings"
    ),
    "kiosk.station.link_files": room(6, "station.commands", "link"),
    "kiosk.station.link_profiles": room(6, "station.commands", "station.power", "link"),
    "kiosk.station.link_certificates": room(6, "station.commands", "station.certificates", "link"),
    "kiosk.station.link_modbus": room(7, "station.modbus", "station.state", "link", "settings"),
    "kiosk.station.link_server": room(6, "station.commands", "station.state", "link", "settings"),
    "kiosk.station.modbus": room(6, "station.commands", "station.state", "settings"),
    "kiosk.station.ocpp": room(
        6,
        "station.tasks",
        "station.commands",
        "station.charging",
        "station.power",
        "station.storage",
        "station.security",
        "station.certificates",
        "station.state",
        "settings",
    ),
    "kiosk.station.commands": room(
        5,
        "station.tasks",
        "station.charging",
        "station.power",
        "station.hardware",
        "station.system",
        "station.storage",
        "station.security",
        "station.certificates",
        "station.state",
        "settings",
        "slides",
    ),
    "kiosk.station.charging": room(
        4,
        "station.tasks",
        "station.power",
        "station.hardware",
        "station.storage",
        "station.state",
        "settings",
    ),
    "kiosk.station.power": room(3, "settings"),
    "kiosk.station.hardware": room(2, "settings"),
    "kiosk.station.system": room(2, "settings"),
    "kiosk.station.storage": room(2, "settings"),
    "kiosk.station.security": room(3, "station.tasks", "station.storage"),
    "kiosk.station.timekeeper": room(3, "station.storage"),
    "kiosk.station.certificates": room(2, "settings"),
    "kiosk.station.state": room(2),
    "kiosk.station.gui": room(3, "station.hardware", "settings"),
    "kiosk.station.furnish": room(2, "settings"),
    "kiosk.station.tasks": room(2),
    "kiosk.station": room(2),
    "kiosk.backend": room(1),
    "kiosk.settings": room(1),
    "kiosk.slides": room(1),
    "kiosk.i18n": room(1),
    "kiosk.link": room(1),
    "kiosk.model": room(0),
    "kiosk": room(0),
}
OPEN_TO_ALL = {"kiosk", "kiosk.model"}

ONLY_IN = {
    "PySide6": {"kiosk.screen"},
    "shiboken6": {"kiosk.screen"},
    "qasync": {"kiosk.screen"},
    "font_manrope": {"kiosk.screen", "kiosk.lab"},
    "litestar": {"kiosk.web"},
    "uvicorn": {"kiosk.web"},
    "jinja2": {"kiosk.web"},
    "sqlite3": {"kiosk.station.storage"},
    "cryptography": {"kiosk.station.certificates", "kiosk.lab"},
    "jsonschema": {"kiosk.backend"},
    "hypothesis": {"kiosk.lab"},
    "async_solipsism": {"kiosk.lab"},
    "ocpp": {"kiosk.station.ocpp", "kiosk.backend", "kiosk.lab"},
    "pymodbus": {"kiosk.station.modbus", "kiosk.lab"},
    "typer": {"kiosk.cli", "kiosk.lab"},
    "rich": {"kiosk.cli", "kiosk.lab"},
    "PIL": {"kiosk.slides", "kiosk.screen", "kiosk.web", "kiosk.lab"},
    "babel": {"kiosk.i18n"},
    "asyncssh": {"kiosk.station.system"},
}
SHELLS_OF_CHARGING = {"acts", "sessions", "host"}
"""The modules of charging that may know asyncio; the others are rules."""
WITHOUT_ASYNCIO = ("kiosk.model", "kiosk.settings", "kiosk.station.power", "kiosk.station.ocpp.outbox")
ONLY_STANDARD_LIBRARY = {"kiosk.launcher": set[str](), "kiosk.model": {"msgspec"}}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str | None:
    """The longest row of the table that ``module`` lies in; None for a module without a room."""
    name = module
    while name:
        if name in ROOMS and (name not in ("kiosk", "kiosk.station") or name == module):
            return name
        name = name.rpartition(".")[0]
    return None


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import, also the lazy ones inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield node.lineno, below if below in MODULES else node.module


def violations(module: str) -> list[str]:
    own = room_of(module)
    assert own is not None
    here = ROOMS[own]
    found: list[str] = []
    for line, name in imported(MODULES[module]):
        if name.split(".")[0] != "kiosk":
            continue
        target = room_of(name)
        where = f"{module.replace('.', '/')}.py:{line}: {own} (level {here.level})"
        if target is None:
            found.append(f"{where} imports {name}, which is in no room")
        elif target == own or target in OPEN_TO_ALL:
            continue
        elif not any(target == m or target.startswith(m + ".") for m in here.may):
            found.append(f"{where} may not import {target}")
        elif ROOMS[target].level >= here.level:
            found.append(f"{where} imports {target} (level {ROOMS[target].level}): arrows point down")
    return found


def test_every_module_has_a_room() -> None:
    assert [m for m in MODULES if room_of(m) is None] == []


def test_arrows_point_down() -> None:
    found = [v for module in MODULES if room_of(module) for v in violations(module)]
    assert not found, "\n".join(found)


def test_table_agrees_with_itself() -> None:
    """Every arrow that the table allows points down and ends in a room."""
    for name, here in ROOMS.items():
        for target in here.may:
            below = [r for r in ROOMS if r == target or r.startswith(target + ".")]
            assert below, f"{name} names {target}, which is no room"
            assert any(ROOMS[r].level < here.level for r in below), f"{name} → {target} does not point down"


def test_libraries_stay_in_their_rooms() -> None:
    found = [
        f"{module.replace('.', '/')}.py:{line}: {name} belongs to {', '.join(sorted(rooms))}"
        for module, path in MODULES.items()
        for line, name in imported(path)
        if (rooms := ONLY_IN.get(name.split(".")[0])) is not None and room_of(module) not in rooms
    ]
    assert not found, "\n".join(found)


def _decides(module: str) -> bool:
    if any(module == m or module.startswith(m + ".") for m in WITHOUT_ASYNCIO):
        return True
    return module.startswith("kiosk.station.charging.") and module.rpartition(".")[2] not in SHELLS_OF_CHARGING


def test_decisions_do_no_io() -> None:
    banned = {"asyncio", "socket", "threading", "subprocess", "websockets"}
    found = [
        f"{module}:{line}: {name}"
        for module, path in MODULES.items()
        if _decides(module)
        for line, name in imported(path)
        if name.split(".")[0] in banned
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("owner", ONLY_STANDARD_LIBRARY)
def test_rooms_of_the_standard_library(owner: str) -> None:
    allowed = ONLY_STANDARD_LIBRARY[owner] | {"kiosk"} | set(sys.stdlib_module_names)
    found = [
        f"{module}:{line}: {name}"
        for module, path in MODULES.items()
        if room_of(module) == owner
        for line, name in imported(path)
        if name.split(".")[0] not in allowed
    ]
    assert not found, "\n".join(found)


def test_every_room_has_a_charter() -> None:
    """A package's ``__init__`` says what the room is and what it must never do."""
    for path in sorted(PACKAGE.rglob("__init__.py")):
        name = module_name(path)
        if name not in ROOMS or name == "kiosk":
            continue
        charter = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert len(charter.split()) >= 15, f"{name} has no charter"
        assert "never" in charter, f"the charter of {name} does not say what it must never do"


def test_every_module_says_what_it_is() -> None:
    silent = [m for m, p in MODULES.items() if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert silent == []


# the guard is guarded: it must see a forbidden import where there is one


@pytest.mark.parametrize(
    ("module", "text", "complaint"),
    [
        ("kiosk.model.bad", "import kiosk.settings", "may not import kiosk.settings"),
        (
            "kiosk.screen.bad",
            "def f():\n    from kiosk.station.state import State",
            "may not import kiosk.station.state",
        ),
        (
            "kiosk.station.charging.bad",
            "from kiosk.station import commands",
            "may not import kiosk.station.commands",
        ),
        ("kiosk.link.bad", "from kiosk.model import enums", None),
        ("kiosk.station.power.bad", "from kiosk.settings import Settings", None),
    ],
)
def test_guard_sees(
    module: str, text: str, complaint: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setitem(MODULES, module, path)
    found = violations(module)
    if complaint is None:
        assert found == []
    else:
        assert len(found) == 1
        assert complaint in found[0]
