"""What a driver reads when the session is over."""

from __future__ import annotations

import msgspec
import pytest

from kiosk.model.snapshot import Gui
from kiosk.screen.sample_parts import FINISHED
from kiosk.screen.view_focus import lists_of


@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [(80, 79, "80"), (None, 79, "79"), (None, None, None), (0, 79, "0")],
)
def test_the_battery_is_told_after_the_car_has_gone(
    now: int | None, told: int | None, expected: str | None
) -> None:
    assert FINISHED.session is not None
    session = msgspec.structs.replace(FINISHED.session, soc_percent=told)
    connector = msgspec.structs.replace(FINISHED, plugged=False, soc_percent=now, session=session)
    lists = lists_of("en", Gui(), connector, fresh=False, elapsed_s=None)
    facts = {fact.key: fact.number for fact in lists.result}
    assert facts.get("soc") == expected
    assert facts["energy"] not in ("", "–")
