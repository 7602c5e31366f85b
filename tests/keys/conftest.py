"""The site that tests of configuration keys act on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.site import site_on

Sites = Callable[..., Any]


@pytest.fixture
def site(tmp_path: Path, expected_log: Any) -> Sites:
    """``async with site(("HycKioskModeEnabled", "true"), install=["stop.button=true"]) as here:``"""
    return partial(site_on, tmp_path, expected_log)
