"""The page on meters and rings tells the figures that are in force."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.faults import FAULTS, METER_ERROR
from kiosk.settings import table
from kiosk.station.charging import plausibility as p
from kiosk.station.charging.connector import LED_ITEM
from kiosk.station.charging.sessions import CHECKPOINT_S
from kiosk.station.hardware.simulator.registers import MeterLie

PAGE = (Path(__file__).resolve().parents[3] / "assets/docs/metering.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
WATCH = p.Watch(50_000)


@pytest.mark.parametrize(
    "words",
    [
        f"committed every {CHECKPOINT_S:.0f} s",
        f"{p.OVER_RATED} times the connector's rated power",
        f"lower than before | {p.PATIENCE_S:.0f} s",
        f"does not say why | {p.SILENCE_S:.0f} s",
        f"{p.TOLERANCE:.0%}".replace("%", " %") + " between the two instruments",
        f"{p.ROUNDING_WH} Wh of rounding",
        f"flows in {p.FRESH_S + p.METER_LAG_S} s",
        f"a register that is {p.METER_LAG_S:.0f} s old",
        f"measured {p.FRESH_S} s ago: {WATCH.slack_wh:.0f} Wh at 50 kW",
        f"fault {METER_ERROR} ({FAULTS[METER_ERROR].name})",
        f"told {FAULTS[METER_ERROR].error_code}",
        f"speaks for {p.SETTLED_S:.0f} s",
        f"the plug has been out for {p.SETTLED_S:.0f} s",
    ],
)
def test_a_figure_is_that_of_the_program(words: str) -> None:
    assert words in TEXT


def test_the_last_trial_and_the_ways_to_lie_are_told() -> None:
    assert f"The {['', 'first', 'second', 'third', 'fourth'][p.MOST_STRIKES]} trial in a row" in TEXT
    assert all(f"`{lie}`" in TEXT or f" {lie}`" in TEXT for lie in MeterLie)


def test_the_five_items_stand_in_the_keys_order() -> None:
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (dark|green|blue|white|red) \|$", PAGE, re.MULTILINE)
    codes = {"dark": "", "green": "00FF00", "blue": "0000FF", "white": "FFFFFF", "red": "FF0000"}
    assert [name for name, _ in rows] == ["Unavailable", "Available", "Occupied", "Finished", "Faulted"]
    assert ",".join(codes[colour] for _, colour in rows) == table.find("GUIConnectorHolderColors").default
    assert {
        S.UNAVAILABLE: 0,
        S.AVAILABLE: 1,
        S.CHARGING: 2,
        S.FINISHING: 3,
        S.FAULTED: 4,
    }.items() <= LED_ITEM.items()
