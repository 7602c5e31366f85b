"""Timetables: everything at its moment, in order, with the end of what lasts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk.lab.scenario import kinds, timetable
from kiosk.lab.scenario.kinds import Scenario
from kiosk.lab.scenario.timetable import Undo
from kiosk.settings.installation import Installation
from kiosk.station.hardware import simulator
from kiosk.station.hardware.simulator import cars
from tests.fakes.clock import ManualClock

EVERYTHING = """
[[at]]
do = "car"
time = "06:01"
car = "tourer77"
connector = 2
[[at]]
do = "card"
time = "06:02"
card = "04AE179C4F6181"
status = "Blocked"
[[at]]
do = "plug"
time = "06:03"
connector = 1
[[at]]
do = "unplug"
time = "06:04"
connector = 1
[[at]]
do = "stop"
time = "06:05"
connector = 1
[[at]]
do = "fault"
time = "06:06"
connector = 1
code = 18
lasts = "2min"
[[at]]
do = "clear"
time = "06:07"
connector = 0
code = 1001
[[at]]
do = "door"
time = "06:08"
lasts = "5s"
[[at]]
do = "emergency"
time = "06:09"
lasts = "5s"
[[at]]
do = "heat"
time = "06:10"
celsius = 61.5
[[at]]
do = "mains"
time = "06:11"
lasts = "2h"
[[at]]
do = "key"
time = "06:12"
key = "ChargingStrategy"
value = "FAIR"
[[at]]
do = "backend"
time = "06:13"
line = "silent"
actions = ["Authorize"]
lasts = "5s"
[[at]]
do = "controller"
time = "06:14"
station_w = 30000
connector_w = { 1 = 5000 }
[[at]]
do = "controller"
time = "06:15"
[[at]]
do = "profile"
time = "06:16"
watts = [5000, 0]
lasts = "5s"
[[at]]
do = "ask"
time = "06:17"
action = "Reset"
payload = { type = "Soft" }
[[at]]
do = "clock"
time = "06:18"
off = "-90s"
"""
TOLD = [
    "Thu 06:01:00  driver 1: tourer77 with 20 % comes to connector 2, pays: card",
    "Thu 06:02:00  card 04AE179C4F6181 at the reader",
    "Thu 06:03:00  any car with 20 % is plugged in at connector 1",
    "Thu 06:04:00  the plug of connector 1 is pulled",
    "Thu 06:05:00  stop at connector 1",
    "Thu 06:06:00  fault 18 at connector 1",
    "Thu 06:07:00  fault 1001 at the station: cause gone",
    "Thu 06:08:00  service door open",
    "Thu 06:08:00  fault 18 at connector 1: over",
    "Thu 06:08:05  service door open: over",
    "Thu 06:09:00  emergency stop pressed",
    "Thu 06:09:05  emergency stop pressed: over",
    "Thu 06:10:00  61.5 °C inside the cabinet",
    "Thu 06:11:00  mains out",
    "Thu 06:12:00  ChargingStrategy = FAIR by the operator",
    "Thu 06:13:00  backend silent (Authorize)",
    "Thu 06:13:05  backend silent (Authorize): over",
    "Thu 06:14:00  load management: station 30000 W, connector 1 5000 W",
    "Thu 06:15:00  load management: silent",
    "Thu 06:16:00  charging profile 1 (ChargePointMaxProfile) for the station: 5000 W",
    "Thu 06:17:00  backend sends Reset",
    "Thu 06:18:00  the station's clock is off by -90s",
]


def test_every_event_is_told_in_order(scenario: Callable[..., Scenario]) -> None:
    whole = scenario(EVERYTHING)
    assert {event.__struct_config__.tag for event in whole.at} == set(kinds.EVENTS)
    head, *lines = timetable.lines(whole, timetable.build(whole, 1))
    assert head == "test: 1 h from 2026-11-12 06:00 +0100 on"
    # what outlasts the scenario is not undone, a profile ends by itself
    assert sorted(lines) == sorted(TOLD)
    assert [line[:12] for line in lines] == sorted(line[:12] for line in TOLD)


def test_what_is_repeated_comes_again(scenario: Callable[..., Scenario]) -> None:
    body = '[[at]]\ndo = "door"\ntime = "07:00"\nrepeat = ["daily"]\nlasts = "1h"\n'
    entries = timetable.build(scenario(body, "2d"), 1).entries
    assert [(e.at_s, isinstance(e.deed, Undo)) for e in entries] == [
        (3600.0, False),
        (7200.0, True),
        (90_000.0, False),
        (93_600.0, True),
    ]


def test_the_backend_knows_every_card(scenario: Callable[..., Scenario]) -> None:
    body = EVERYTHING + '[[at]]\ndo = "car"\ntime = "06:30"\ncar = "grand93"\npays = "autocharge"\n'
    whole = scenario(body)
    known = dict(timetable.cards(whole, timetable.build(whole, 1)))
    assert known["04AE179C4F6181"] == "Blocked"
    assert known[f"VID:{cars.find('grand93').vehicle_id}"] == "Accepted"
    assert known[f"VID:{cars.find('tourer77').vehicle_id}"] == "Invalid"


def test_vehicle_ids_are_those_of_the_simulator(tmp_path: Path) -> None:
    hardware = simulator.build(Installation().with_connectors("CCS,CCS,CCS"), tmp_path, ManualClock())
    for connector_id in (1, 2, 3):
        hardware.control.plug(connector_id, "tourer77")
    seen = {view.vehicle_id for view in hardware.control.state().connectors}
    hardware.close()
    assert len(seen) == 3
    assert seen <= set(timetable.macs(cars.find("tourer77")))
