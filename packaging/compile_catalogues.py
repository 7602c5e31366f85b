#!/usr/bin/env python3
"""Build the catalogues: every ``locales/<language>/LC_MESSAGES/kiosk.po`` gets its ``kiosk.mo`` beside it.

    packaging/compile_catalogues.py          what is missing or older than its source

The same work is done when a wheel is built: hatchling finds the hook class below. Needs Babel.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def stale(root: Path) -> list[Path]:
    """Sources whose ``.mo`` is missing or older."""
    found: list[Path] = []
    for po in sorted((root / "locales").glob("*/LC_MESSAGES/kiosk.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime_ns < po.stat().st_mtime_ns:
            found.append(po)
    return found


def build(po: Path) -> Path:
    """The ``.mo`` of ``po``, without unsure (fuzzy) messages, written whole or not at all."""
    with po.open("rb") as source:
        catalogue = read_po(source, locale=po.parent.parent.name, abort_invalid=True)
    mo = po.with_suffix(".mo")
    fresh = mo.with_suffix(".mo.new")
    with fresh.open("wb") as target:
        write_mo(target, catalogue, use_fuzzy=False)
    return fresh.replace(mo)


def main(root: Path = ROOT) -> int:
    built = [build(po) for po in stale(root)]
    if built:
        print(f"{len(built)} catalogues built")
    return 0


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # on its own, outside of a build
    BuildHookInterface = None

if BuildHookInterface is not None:

    class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]
        """Called by hatchling before the files of a wheel are gathered."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            main(Path(self.root))


if __name__ == "__main__":
    sys.exit(main())
