#!/usr/bin/env python3
"""Bring the catalogues up to date with the texts in code, QML and fault table.

    .venv/bin/python packaging/update_catalogues.py            write locales/kiosk.pot and all kiosk.po
    .venv/bin/python packaging/update_catalogues.py --check    write nothing; exit 1 when something is stale
    .venv/bin/python packaging/update_catalogues.py --progress only print how complete each language is

New messages come in empty (shown in English until translated), messages that are gone leave the catalogues.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kiosk.i18n import LANGUAGES, check, extract  # noqa: E402 - the checkout's own, not an installed one

LOCALES = ROOT / "locales"
TEMPLATE = LOCALES / "kiosk.pot"
MAPPING = ROOT / "packaging" / "babel.cfg"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only compare; exit 1 when a file is stale")
    what.add_argument("--progress", action="store_true", help="only print how complete each language is")
    options = parser.parse_args()
    if options.progress:
        return progress()
    stale = [path for path, text in wanted().items() if read(path) != text]
    if options.check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run packaging/update_catalogues.py")
        return 1 if stale else 0
    for path, text in wanted().items():
        if path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} updated")
    return progress()


def wanted() -> dict[Path, str]:
    """Every file as it should be."""
    template = extract.template(ROOT, MAPPING)
    files = {TEMPLATE: extract.as_text(template, None)}
    for language in LANGUAGES:
        path = LOCALES / language.code / "LC_MESSAGES" / "kiosk.po"
        files[path] = extract.as_text(extract.updated(language, template, old(path)), language)
    return files


def old(path: Path) -> Catalog | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def progress() -> int:
    for report in check.all_catalogues():
        print(report.line())
    return 0


if __name__ == "__main__":
    sys.exit(main())
