"""A new data folder of a simulated station gets the demo slides, so that a newcomer sees a slide show."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from kiosk.model import paths
from kiosk.settings import Installation

log = logging.getLogger(__name__)


def furnish(data_dir: Path, installation: Installation) -> None:
    """Lay the demo slides into the slide folder if there is none yet, whole or not at all.

    An empty folder stays empty: somebody meant it. A folder outside the data folder is the operator's own.
    """
    target = installation.slides_dir(data_dir)
    demo = paths.assets() / "slides"
    if target.exists() or not demo.is_dir() or data_dir not in target.parents:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".slides-", dir=target.parent))
    try:
        for slide in sorted(demo.glob("*.png")):
            shutil.copyfile(slide, fresh / slide.name)
        fresh.chmod(0o755)
        os.rename(fresh, target)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        log.warning("no demo slides in %s: %s; the welcome images are shown alone", target, error.strerror)
