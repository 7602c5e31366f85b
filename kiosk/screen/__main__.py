"""``python -m kiosk.screen``."""

from kiosk.screen.app import main

raise SystemExit(main())
