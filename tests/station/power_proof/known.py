"""Stories that chance would find late: each brings the station to one of its edges for certain."""

from __future__ import annotations

from typing import Final

from tests.station.power_proof.deeds import (
    Arrive,
    Break,
    ChangeKey,
    ClearProfiles,
    Control,
    Deed,
    Disobey,
    Emergency,
    Freeze,
    Heat,
    Leave,
    Profile,
    Restart,
    Wish,
)

Story = tuple[str, int, dict[str, str], list[tuple[float, Deed]]]

ALL = "CCS,CCS,CHAdeMO,CCS_AC"
FCFS, FAIR = {"ChargingStrategy": "FCFS"}, {"ChargingStrategy": "FAIR"}
MANAGED = FAIR | {"ModbusLoadManagementEnabled": "true"}
PREPARED_S = 33.0
"""Longer than any car and connector take to prepare."""

THREE: list[tuple[float, Deed]] = [
    (0.5, Arrive(1, 0, 20)),
    (0.5, Arrive(2, 3, 30)),
    (PREPARED_S, Arrive(4, 0, 15)),
]


def cap(*watts: int, every_s: int = 10, duration_s: int | None = None, least_w: int = 0) -> Profile:
    """Of the whole station."""
    return Profile(1, "ChargePointMaxProfile", False, watts, every_s, duration_s, least_w)


def default(connector_id: int, *watts: int, least_w: int = 0) -> Profile:
    """Of one connector's sessions."""
    return Profile(connector_id, "TxDefaultProfile", True, watts, 10, None, least_w)


KNOWN: Final[dict[str, Story]] = {
    "killed for longer than the watchdog waits": (ALL, 2, FAIR, [*THREE, (1.0, Restart(1, True, 7.0))]),
    "killed for a moment": (ALL, 2, FCFS, [*THREE, (1.0, Restart(1, True, 0.0)), (5.0, Restart(1, True, 2.0))]),
    "frozen for longer than the watchdog waits": (ALL, 2, FAIR, [*THREE, (10.0, Freeze(1, 6.0))]),
    "frozen while the limit falls": (
        ALL,
        2,
        FAIR,
        [*THREE, (0.1, cap(75_000, 8_000, every_s=2)), (10.0, Freeze(1, 3.0))],
    ),
    "a car that does not obey, and a falling grid": (
        ALL,
        2,
        FAIR,
        [*THREE, (0.1, Disobey(1)), (3.0, ChangeKey(1, "MaxGridPower", 12_000)), (5.0, Disobey(2))],
    ),
    "everybody disobeys": (
        ALL,
        2,
        FAIR,
        [
            *THREE,
            (0.1, Disobey(1)),
            (0.1, Disobey(2)),
            (0.1, Disobey(4)),
            (5.0, ChangeKey(1, "MaxGridPower", 900)),
        ],
    ),
    "the grid falls to nothing and comes back": (
        ALL,
        2,
        FCFS,
        [*THREE, (10.0, ChangeKey(1, "MaxGridPower", 0)), (10.0, ChangeKey(1, "MaxGridPower", 60_000))],
    ),
    "less than two minimums": (ALL, 2, FAIR, [*THREE, (10.0, ChangeKey(1, "MaxGridPower", 2_900))]),
    "a controller lowers, falls silent, comes back": (
        ALL,
        2,
        MANAGED,
        [
            (0.1, Control(1, True, 75_000)),
            *[(4.0, Control(1, True, watts)) for watts in (75_000, 70_000, 75_000)],
            *THREE,
            (3.0, Control(1, True, 20_000)),
            (3.0, Control(2, False, 3_000)),
            (12.0, Control(4, False, 0)),
            (3.0, Control(1, True, 75_000)),
        ],
    ),
    "a relay that is handed over": (
        "CCS,CHAdeMO,GBT",
        2,
        FAIR,
        [
            (PREPARED_S, Arrive(1, 0, 20)),
            (PREPARED_S, Arrive(2, 0, 20)),
            (5.0, Leave(1)),
            (20.0, Wish(2, 12_000)),
            (PREPARED_S, Arrive(3, 0, 20)),
            (20.0, Wish(2, None)),
        ],
    ),
    "the first needs less, the second comes, both are killed": (
        "CCS,CCS",
        2,
        FCFS,
        [
            (PREPARED_S, Arrive(1, 3, 20)),
            (5.0, Wish(1, 15_000)),
            (PREPARED_S, Arrive(2, 3, 20)),
            (5.0, Wish(1, None)),
            (40.0, Restart(1, True, 2.0)),
        ],
    ),
    "heat, less and less, and then none": (
        ALL,
        2,
        FAIR,
        [*THREE, (5.0, Heat(1, 55.0)), (5.0, Heat(1, 70.0)), (5.0, Heat(1, 80.0)), (5.0, Heat(1, 74.0))],
    ),
    "profiles below the minimum, their own and ours": (
        ALL,
        2,
        FAIR,
        [
            *THREE,
            (5.0, default(1, 900)),
            (5.0, default(2, 2_500, least_w=3_000)),
            (5.0, cap(30_000, 4_000, 60_000, duration_s=40, least_w=3_000)),
            (30.0, default(4, 1_380)),
            (5.0, ClearProfiles(1)),
        ],
    ),
    "the emergency stop, with and without a core": (
        ALL,
        2,
        FAIR,
        [*THREE, (3.0, Emergency(1, True)), (2.0, Restart(1, True, 2.0)), (3.0, Emergency(1, False))],
    ),
    "a fault of one frees the other": (ALL, 2, FAIR, [*THREE, (10.0, Break(1, 18)), (10.0, Break(4, 18))]),
    "the strategy changes in a session": (
        ALL,
        2,
        FCFS,
        [
            *THREE,
            (10.0, ChangeKey(1, "ChargingStrategy", "FAIR")),
            (PREPARED_S, Arrive(2, 3, 30)),
            (10.0, ChangeKey(1, "ChargingStrategy", "FCFS")),
            (10.0, ChangeKey(1, "ConnectorsPowerLimit", 4_000)),
        ],
    ),
    "one stack for three": (
        "CCS,CCS,CHAdeMO",
        1,
        FAIR,
        [*THREE[:2], (PREPARED_S, Arrive(3, 0, 10)), (2.0, Leave(1))],
    ),
}
