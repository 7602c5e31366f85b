"""``python -m kiosk.lab.conformance``: play all cases and write the reference page."""

from __future__ import annotations

from kiosk.lab.conformance import report
from kiosk.lab.conformance.registry import cases
from kiosk.lab.conformance.runner import play
from kiosk.model import paths


def main() -> None:
    verdicts = {case.id: ((outcome := play(case)).verdict, outcome.reason) for case in cases().values()}
    (paths.assets() / "docs" / "conformance.md").write_text(report.page(verdicts), encoding="utf-8")


if __name__ == "__main__":
    main()
