"""``@key("ConnectionTimeOut")``: this test shows that the configuration key changes what the station does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kiosk.settings.table import KEYS

Test = TypeVar("Test", bound=Callable[..., Any])


def key(*names: str) -> Callable[[Test], Test]:
    """Names the keys that a test is about. Raises KeyError for one that the table does not hold."""
    for name in names:
        KEYS[name]
    return lambda test: test
