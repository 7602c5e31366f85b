"""Budgets of the charging profiles: the best of several rounds, so that it is not the machine's load."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kiosk.station.power.profile_model import Circuit, Profile, SentProfile, profile_of, to_ms
from kiosk.station.power.profiles import Held, Outlook, bound_of_session, composite, station_composite

pytestmark = pytest.mark.benchmark

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONNECTORS, LEVELS, PERIODS = 20, 10, 100
BUDGET_MS = 50.0
STEP_BUDGET_MS = 0.2
"""A fifth of what one control step may take, for four connectors."""
MOST_READINGS = 3
"""On any machine: composing costs no more than so many times reading the same profiles as JSON."""
DAY_S = 86_400

FRAMES = json.dumps(
    [
        {
            "chargingProfileId": number,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "startSchedule": NOW.isoformat(),
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [
                    {"startPeriod": 60 * n, "limit": 10_000.5 + 100 * n} for n in range(PERIODS)
                ],
            },
        }
        for number in range(CONNECTORS * LEVELS)
    ]
)

OUTLOOKS = [
    Outlook(
        connector_id=n,
        circuit=Circuit(dc=True, volts=400.0),
        ceiling_w=50_000,
        session=Held(local_id="one", begin_ms=to_ms(NOW)),
    )
    for n in range(1, CONNECTORS + 1)
]


def profile(connector_id: int, level: int, start_s: int, **more: Any) -> Profile:
    """A hundred periods of a minute each, all different."""
    schedule = {
        "startSchedule": (NOW + timedelta(seconds=start_s)).isoformat(),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [
            {"startPeriod": 60 * n, "limit": 10_000 + 100 * n + level} for n in range(PERIODS)
        ],
    }
    if "duration" in more:
        schedule["duration"] = more.pop("duration")
    payload = {
        "chargingProfileId": connector_id * 100 + level,
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    return profile_of(msgspec.convert(payload | more, SentProfile), connector_id, NOW)


def in_turn(connector_id: int, level: int) -> Profile:
    """Each level has its own hours, so that every one of its periods shows."""
    return profile(connector_id, level, level * PERIODS * 60, duration=PERIODS * 60)


def interleaved(connector_id: int, level: int) -> Profile:
    """All run at once; the higher end earlier, and each shows its last tenth."""
    return profile(connector_id, level, 0, duration=(LEVELS - level) * PERIODS * 6)


def daily(connector_id: int, level: int) -> Profile:
    """Each level has its own hours of every day of the week."""
    start_s = level * PERIODS * 60 - DAY_S
    return profile(
        connector_id,
        level,
        start_s,
        duration=PERIODS * 60,
        chargingProfileKind="Recurring",
        recurrencyKind="Daily",
    )


def best_ms(work: Callable[[], object], rounds: int = 7) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        taken.append((time.process_time() - begun) * 1000)
    return min(taken)


@pytest.mark.parametrize(
    ("shape", "duration_s", "spans"),
    [(in_turn, DAY_S, LEVELS * PERIODS + 1), (interleaved, DAY_S, PERIODS + 1), (daily, DAY_S, LEVELS * PERIODS)],
    ids=["in turn", "interleaved", "daily"],
)
def test_twenty_connectors_of_ten_profiles_of_a_hundred_periods(
    shape: Callable[[int, int], Profile], duration_s: int, spans: int, record_property: Callable[..., None]
) -> None:
    profiles = [shape(n, level) for n in range(1, CONNECTORS + 1) for level in range(LEVELS)]
    assert len(composite(profiles, OUTLOOKS[0], NOW, duration_s).spans) >= spans - 2, "all of it is reckoned"

    each_ms = best_ms(lambda: [composite(profiles, outlook, NOW, duration_s) for outlook in OUTLOOKS])
    sum_ms = best_ms(lambda: station_composite(profiles, OUTLOOKS, NOW, duration_s))
    read_ms = best_ms(lambda: json.loads(FRAMES))
    record_property("connectors_ms", round(each_ms, 1))
    record_property("station_ms", round(sum_ms, 1))
    record_property("ratio", round(each_ms / read_ms, 1))
    print(
        f"\n{shape.__name__}: connectors {each_ms:.1f} ms, station {sum_ms:.1f} ms (budget {BUDGET_MS:.0f} ms);"
        f" reading the same profiles with the standard library {read_ms:.1f} ms ({each_ms / read_ms:.1f}x)"
    )
    assert each_ms < BUDGET_MS
    assert sum_ms < BUDGET_MS
    assert each_ms < MOST_READINGS * read_ms


def test_a_control_step_hardly_notices(record_property: Callable[..., None]) -> None:
    """A hundred profiles, as many as may be installed; four connectors with sessions."""
    profiles = [in_turn(n, level) for n in range(1, 11) for level in range(LEVELS)]
    step_ms = best_ms(
        lambda: [[bound_of_session(profiles, outlook, NOW) for outlook in OUTLOOKS[:4]] for _ in range(100)]
    )
    record_property("step_ms", round(step_ms / 100, 3))
    print(f"\nfour limits in {step_ms / 100:.3f} ms")
    assert step_ms / 100 < STEP_BUDGET_MS
