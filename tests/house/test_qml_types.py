"""QML is checked against the Python classes it binds to, and nobody runs a loop inside the loop."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCREEN = ROOT / "kiosk" / "screen"
QML = SCREEN / "qml"
TOOLS = Path(sysconfig.get_path("scripts"))


def tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TOOLS / f"pyside6-{name}"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def qobject_sources() -> list[Path]:
    """Files with classes that QML sees: they set QML_IMPORT_NAME, or derive what such a class hands out."""
    return [
        p for p in sorted(SCREEN.glob("*.py")) if "Property(" in p.read_text() or "@QmlElement" in p.read_text()
    ]


def live_types() -> dict[tuple[str, str], Any]:
    """What stands behind the properties of Station that are typed QObject only, by class and property."""
    from PySide6.QtCore import QAbstractItemModel

    from kiosk.screen.view import StationView

    view = StationView()
    meta = view.metaObject()
    found: dict[tuple[str, str], Any] = {}
    for number in range(meta.propertyCount()):
        row = meta.property(number)
        value = view.property(row.name())
        if isinstance(value, QAbstractItemModel):
            found["StationView", row.name()] = "QVariant"  # views take any model
        elif row.typeName() == "QObject*" and value is not None:
            found["StationView", row.name()] = f"{type(value).__name__}*"
        if row.isConstant():
            found["StationView", f"{row.name()} constant"] = True
    return found


def mend(dump: list[dict[str, Any]], live: dict[tuple[str, str], Any]) -> list[dict[str, Any]]:
    """The dump says "float" for Python's floats, nothing of constants, and QObject where a class is meant."""

    def doubles(node: Any) -> None:
        if isinstance(node, dict):
            for key in ("type", "returnType"):
                if node.get(key) == "float":
                    node[key] = "double"
            for value in node.values():
                doubles(value)
        elif isinstance(node, list):
            for value in node:
                doubles(value)

    doubles(dump)
    for file in dump:
        file["classes"] = [
            c for c in file["classes"] if any(s["name"] == "QObject" for s in c.get("superClasses", ()))
        ]
        for row in file["classes"]:
            row.setdefault("classInfos", [{"name": "QML.Element", "value": "anonymous"}])
            for prop in row.get("properties", ()):
                key = (row["className"], prop["name"])
                prop["type"] = live.get(key, prop["type"])
                if (key[0], f"{key[1]} constant") in live:
                    prop["constant"] = True
    return [file for file in dump if file["classes"]]


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An import path whose module ``Kiosk`` knows the Python classes."""
    folder = tmp_path_factory.mktemp("imports")
    shutil.copytree(QML / "Kiosk", folder / "Kiosk")
    dumped = tool("metaobjectdump", *qobject_sources())
    assert dumped.returncode == 0, dumped.stderr
    rows = mend(json.loads(dumped.stdout), live_types())
    given = folder / "types.json"
    given.write_text(json.dumps(rows))
    made = folder / "Kiosk" / "python.qmltypes"
    registered = tool(
        "qmltyperegistrar",
        "--generate-qmltypes",
        made,
        "--import-name",
        "Kiosk",
        "--major-version",
        "1",
        "-o",
        folder / "unused.cpp",
        given,
    )
    assert registered.returncode == 0, registered.stderr
    with (folder / "Kiosk" / "qmldir").open("a") as qmldir:
        qmldir.write("typeinfo python.qmltypes\n")
    return folder


def lint(types: Path, *files: Path) -> list[str]:
    """Warnings as lines; the tool's own complaints count too."""
    result = tool("qmllint", "--json", "-", "-I", types, *files)
    assert result.returncode in (0, 255), result.stderr  # 255: there are warnings
    rows = json.loads(result.stdout)["files"]
    assert len(rows) == len(files)
    return [
        f"{Path(row['filename']).name}:{w.get('line', 0)}: {w['message']} [{w.get('id', '')}]"
        for row in rows
        for w in row["warnings"]
        if w["type"] != "info"
    ]


def test_every_page_fits_the_python_classes(types: Path) -> None:
    files = sorted(QML.rglob("*.qml"))
    assert len(files) > 20
    warnings = lint(types, *files)
    assert not warnings, "\n".join(warnings)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("width: Station.pageX", "pageX"),
        ("width: Station.focus.percentt", "percentt"),
        ("height: Theme.nightt", "nightt"),
        ("Component.onCompleted: Slides.atach()", "atach"),
        ("width: Station.focus.percent", None),
    ],
)
def test_the_gate_sees_a_misspelt_name(types: Path, tmp_path: Path, body: str, expected: str | None) -> None:
    page = tmp_path / "Wrong.qml"
    page.write_text(f"import QtQuick\nimport Kiosk\n\nItem {{\n    {body}\n}}\n")
    warnings = lint(types, page)
    if expected is None:
        assert warnings == []
    else:
        assert any(expected in w for w in warnings), warnings


# --- no loop inside the loop --------------------------------------------------------------------------------

FORBIDDEN = {"exec", "exec_", "processEvents", "qWait", "qWaitFor", "QEventLoop"}


def nested_loops(tree: ast.AST) -> Iterator[str]:
    """Names that would run Qt's events from inside a coroutine. qasync's QEventLoop is the one that is meant."""
    ours: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "qasync":
            ours |= {a.asname or a.name for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("PySide6"):
            yield from (f"{node.lineno}: import {a.name}" for a in node.names if a.name in FORBIDDEN)
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN:
            yield f"{node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN - ours:
            yield f"{node.lineno}: {node.id}"


def test_nothing_runs_a_loop_inside_the_loop() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{what}"
        for path in sorted((ROOT / "kiosk").rglob("*.py"))
        for what in nested_loops(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("app.exec()", 1),
        ("from PySide6.QtCore import QEventLoop", 1),
        ("QCoreApplication.processEvents()", 1),
        ("QTest.qWait(10)", 1),
        ("dialog.exec_()", 1),
        ("exec('x')", 1),
        ("from qasync import QEventLoop\nloop = QEventLoop(app)", 0),
        ("execute()", 0),
    ],
)
def test_the_ban_sees_each_way(source: str, count: int) -> None:
    assert len(list(nested_loops(ast.parse(source)))) == count
