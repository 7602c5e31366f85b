"""``python -m kiosk.cli``: the ``kiosk`` command where it is not installed."""

from kiosk.cli import main

raise SystemExit(main())
