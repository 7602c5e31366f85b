"""Composite schedules against a second reading of the text: second by second, profile by profile, with dates."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.station.power.profile_model import Circuit, SentProfile, Unit, profile_of, to_ms
from kiosk.station.power.profiles import (
    Composite,
    Held,
    Outlook,
    bound_of_session,
    bound_of_station,
    composite,
    station_composite,
)

fewer = settings(max_examples=60)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HORIZON_S = 120
DAY_S = 86_400

SESSIONS = {1: "one", 2: "two"}
"""Our own id of the session with that transactionId."""

Sent = tuple[int, SentProfile, datetime]


def at(offset_s: int) -> datetime:
    return NOW + timedelta(seconds=offset_s)


offsets = st.integers(-HORIZON_S, HORIZON_S)
moments = st.builds(lambda days, s: at(s - days * DAY_S), st.sampled_from([0, 0, 0, 1, 6, 7, 8]), offsets)
durations = st.none() | st.integers(0, 2 * HORIZON_S) | st.sampled_from([DAY_S - 60, DAY_S, DAY_S + 60])
limits = st.sampled_from([0, 0, 60, 81, 100, 163, 320, 100_000, 110_003, 500_000, 999_999])


@st.composite
def sent_profiles(draw: st.DrawFn, number: int) -> Sent:
    purpose = draw(st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile", "TxDefaultProfile", "TxProfile"]))
    places = {"ChargePointMaxProfile": [0], "TxProfile": [1, 2]}.get(purpose, [0, 1, 2])
    connector = draw(st.sampled_from(places))
    starts = sorted(draw(st.sets(st.integers(1, HORIZON_S) | st.just(DAY_S - 30), max_size=4)))
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    schedule: dict[str, Any] = {
        "chargingRateUnit": draw(st.sampled_from(["A", "W"])),
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": draw(limits) / 10}
            | ({"numberPhases": phases} if (phases := draw(st.sampled_from([None, None, 1, 3]))) else {})
            for start in [0, *starts]
        ],
    }
    if (duration := draw(durations)) is not None:
        schedule["duration"] = duration
    if (least := draw(st.sampled_from([None, None, 6.0, 41.7, 6_000.0]))) is not None:
        schedule["minChargingRate"] = least
    if draw(st.integers(0, 5)):
        schedule["startSchedule"] = draw(moments).isoformat()
    payload: dict[str, Any] = {
        "chargingProfileId": number,
        "stackLevel": draw(st.integers(0, 20)) * 10 + number,  # levels differ, as the station sees to it
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
    }
    if purpose == "TxProfile":
        payload["transactionId"] = draw(st.sampled_from([1, 1, 2]))
    if kind == "Recurring":
        payload["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
    if draw(st.booleans()):
        payload["validFrom"] = draw(moments).isoformat()
    if draw(st.booleans()):
        payload["validTo"] = draw(moments).isoformat()
    return connector, msgspec.convert(payload, SentProfile), draw(moments)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Sent], list[Outlook]]:
    sent = [draw(sent_profiles(number)) for number in range(draw(st.integers(0, 5)))]
    outlooks = []
    for connector_id in (1, 2):
        dc = draw(st.booleans())
        begun = draw(st.none() | offsets)
        outlooks.append(
            Outlook(
                connector_id=connector_id,
                circuit=Circuit(dc=True, volts=float(draw(st.sampled_from([400, 387, 812]))))
                if dc
                else Circuit(dc=False, volts=230.0, phases=draw(st.sampled_from([1, 3]))),
                ceiling_w=draw(st.sampled_from([11_000, 22_000, 50_000])),
                session=None
                if begun is None
                else Held(local_id=SESSIONS[draw(st.sampled_from([1, 1, 2]))], begin_ms=to_ms(at(begun))),
            )
        )
    return sent, outlooks


# --- the second reading ----------------------------------------------------------------------------------------


def says(sent: SentProfile, installed: datetime, begun: datetime, moment: datetime) -> tuple[Fraction, Any] | None:
    """Limit and phases of one profile at one moment; None: it says nothing."""
    if sent.valid_from is not None and moment < sent.valid_from:
        return None
    if sent.valid_to is not None and moment >= sent.valid_to:
        return None
    schedule = sent.charging_schedule
    station = sent.charging_profile_purpose == "ChargePointMaxProfile"
    start = schedule.start_schedule
    if start is None or sent.charging_profile_kind == "Relative":
        start = installed if station else begun
    elapsed = (moment - start).total_seconds()
    if elapsed < 0:
        return None
    if sent.charging_profile_kind == "Recurring":
        elapsed %= DAY_S if sent.recurrency_kind == "Daily" else 7 * DAY_S
    if schedule.duration is not None and elapsed >= schedule.duration:
        return None
    found = None
    for period in schedule.charging_schedule_period:
        if period.start_period <= elapsed:
            found = period
    assert found is not None
    return Fraction(str(found.limit)), found.number_phases


def volts(circuit: Circuit, phases: int | None) -> Fraction:
    used = 1 if circuit.dc else min(circuit.phases, phases or 3)
    return Fraction(circuit.volts) * used


def down(value: Fraction) -> Fraction:
    """To one digit."""
    return Fraction(math.floor(value * 10), 10)


GRID = Circuit(dc=False, volts=230.0, phases=3)


def first_word(ranked: list[Sent], begun: datetime, moment: datetime, circuit: Circuit) -> Any:
    """(watts, unit it was said in, limit in it, phases, least watts of use), or None."""
    for _, sent, installed in sorted(ranked, key=lambda each: -each[1].stack_level):
        said = says(sent, installed, begun, moment)
        if said is not None:
            limit, phases = said
            unit = sent.charging_schedule.charging_rate_unit
            watts = limit if unit == "W" else down(limit * volts(circuit, phases))
            rate = Fraction(str(sent.charging_schedule.min_charging_rate or 0))
            least = rate if unit == "W" else down(rate * volts(circuit, phases))
            return watts, unit, limit, phases, least
    return None


def session_word(sent: list[Sent], outlook: Outlook, moment: datetime, asked_at: datetime) -> Any:
    n = outlook.connector_id
    begun = asked_at
    if outlook.session is not None:
        begun = datetime.fromtimestamp(outlook.session.begin_ms / 1000, UTC)
        own = [
            each
            for each in sent
            if each[1].charging_profile_purpose == "TxProfile"
            and each[0] == n
            and SESSIONS[each[1].transaction_id or 0] == outlook.session.local_id
        ]
        word = first_word(own, begun, moment, outlook.circuit)
        if word is not None:
            return word
    defaults = [each for each in sent if each[1].charging_profile_purpose == "TxDefaultProfile"]
    mine = {each[1].stack_level for each in defaults if each[0] == n}
    counting = [each for each in defaults if each[0] == n or (each[0] == 0 and each[1].stack_level not in mine)]
    return first_word(counting, begun, moment, outlook.circuit)


def station_word(sent: list[Sent], moment: datetime) -> Any:
    mine = [each for each in sent if each[1].charging_profile_purpose == "ChargePointMaxProfile"]
    return first_word(mine, moment, moment, GRID)


def connector_watts(sent: list[Sent], outlook: Outlook, moment: datetime, *, alone: bool = False) -> Fraction:
    word = session_word(sent, outlook, moment, NOW)
    watts = [Fraction(outlook.ceiling_w)]
    if word is not None:
        watts.append(word[0])
    if not alone and (station := station_word(sent, moment)) is not None:
        watts.append(station[0])
    return min(watts)


def value_at(schedule: Composite, second: int) -> Fraction:
    spans = [span for span in schedule.spans if span.start_s <= second]
    return Fraction(str(spans[-1].limit))


def installed(sent: list[Sent]) -> list[Any]:
    return [
        profile_of(each, connector, when, SESSIONS.get(each.transaction_id or 0)) for connector, each, when in sent
    ]


# --- what must hold ---------------------------------------------------------------------------------------------


@fewer
@given(situations())
def test_watts_of_every_second_are_as_the_text_says(situation: tuple[list[Sent], list[Outlook]]) -> None:
    sent, outlooks = situation
    for outlook in outlooks:
        schedule = composite(installed(sent), outlook, NOW, HORIZON_S, Unit.WATT)
        for second in range(HORIZON_S):
            assert value_at(schedule, second) == connector_watts(sent, outlook, at(second)), second


@fewer
@given(situations())
def test_amperes_are_told_as_sent_or_fit_the_watts(situation: tuple[list[Sent], list[Outlook]]) -> None:
    sent, outlooks = situation
    for outlook in outlooks:
        schedule = composite(installed(sent), outlook, NOW, HORIZON_S, Unit.AMPERE)
        for second in range(0, HORIZON_S, 7):
            watts = connector_watts(sent, outlook, at(second))
            word = session_word(sent, outlook, at(second), NOW)
            told = value_at(schedule, second)
            if word is not None and word[0] == watts and word[1] == "A":
                assert told == word[2], second
            else:
                phases = {1, 2, 3}
                assert any(told == down(watts / volts(outlook.circuit, n)) for n in phases), second


@fewer
@given(situations(), st.none() | st.sampled_from([5_000, 30_000, 75_000]), st.none() | st.just(25_000))
def test_connector_0_is_the_sum_at_the_grid_under_the_stations_limits(
    situation: tuple[list[Sent], list[Outlook]], grid_w: int | None, stacks_w: int | None
) -> None:
    """Lesson 29: neither the limit of the station alone nor the sum alone."""
    sent, outlooks = situation
    limits: dict[str, Any] = {"ceiling_w": grid_w, "stacks_w": stacks_w}
    schedule = station_composite(installed(sent), outlooks, NOW, HORIZON_S, Unit.WATT, **limits)
    amps = station_composite(installed(sent), outlooks, NOW, HORIZON_S, Unit.AMPERE, **limits)
    for second in range(HORIZON_S):
        plugs = {True: Fraction(0), False: Fraction(0)}  # DC, AC
        for outlook in outlooks:
            plugs[outlook.circuit.dc] += connector_watts(sent, outlook, at(second), alone=True)
        dc_w = plugs[True] if stacks_w is None else min(plugs[True], Fraction(stacks_w))
        watts = down(dc_w * 100 / 97) + plugs[False] + 100
        if (word := station_word(sent, at(second))) is not None:
            watts = min(watts, word[0])
        if grid_w is not None:
            watts = min(watts, Fraction(grid_w))
        assert value_at(schedule, second) == watts, second
        assert value_at(amps, second) == down(watts / 690), second


@fewer
@given(situations())
def test_the_least_rate_is_told_where_it_is_one_and_the_same(
    situation: tuple[list[Sent], list[Outlook]],
) -> None:
    """Of the profile that prevails; nobody has named one where the station or the place allows less."""
    sent, outlooks = situation
    for outlook in outlooks:
        leasts = set()
        for second in range(HORIZON_S):
            word = session_word(sent, outlook, at(second), NOW)
            prevails = word is not None and word[0] == connector_watts(sent, outlook, at(second))
            leasts.add(word[4] if prevails else Fraction(0))
        told = composite(installed(sent), outlook, NOW, HORIZON_S, Unit.WATT).least
        assert (Fraction(str(told)) if told is not None else 0) == (leasts.pop() if len(leasts) == 1 else 0)


@fewer
@given(situations(), st.integers(1, 3))
def test_the_shape_of_a_schedule(situation: tuple[list[Sent], list[Outlook]], most: int) -> None:
    sent, outlooks = situation
    whole = composite(installed(sent), outlooks[0], NOW, HORIZON_S, Unit.WATT)
    starts = [span.start_s for span in whole.spans]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert all(start < HORIZON_S for start in starts)
    assert all(
        (a.limit, a.phases) != (b.limit, b.phases) for a, b in zip(whole.spans, whole.spans[1:], strict=False)
    )
    cut = composite(installed(sent), outlooks[0], NOW, HORIZON_S, Unit.WATT, most_spans=most)
    assert cut.spans == whole.spans[:most]
    assert cut.duration_s == (whole.spans[most].start_s if len(whole.spans) > most else HORIZON_S)


@fewer
@given(situations(), st.integers(-HORIZON_S, HORIZON_S))
def test_the_limit_of_the_moment_holds_until_the_next_change(
    situation: tuple[list[Sent], list[Outlook]], offset_s: int
) -> None:
    sent, outlooks = situation
    profiles, moment = installed(sent), at(offset_s)
    bounds = [bound_of_station(profiles, moment)]
    words = [station_word(sent, moment)]
    for outlook in outlooks:
        if outlook.session is not None:
            bounds.append(bound_of_session(profiles, outlook, moment))
            words.append(session_word(sent, outlook, moment, moment))
    for bound, word in zip(bounds, words, strict=True):
        assert bound.limit_w == (None if word is None else math.floor(word[0]))
        assert bound.min_w == (0 if word is None else math.ceil(word[4])), "less is of no use"
    change = min((bound.until for bound in bounds if bound.until is not None), default=None)
    for ahead_s in range(1, HORIZON_S):
        later = at(offset_s + ahead_s)
        if change is not None and later >= change:
            break
        assert station_word(sent, later) == words[0]
        held = [outlook for outlook in outlooks if outlook.session is not None]
        assert [session_word(sent, outlook, later, later) for outlook in held] == words[1:]


@fewer
@given(situations())
def test_the_limit_of_the_moment_is_the_first_of_the_schedule(
    situation: tuple[list[Sent], list[Outlook]],
) -> None:
    sent, outlooks = situation
    profiles = installed(sent)
    station = bound_of_station(profiles, NOW).limit_w
    for outlook in outlooks:
        bound = bound_of_session(profiles, outlook, NOW).limit_w
        lowest = min(watts for watts in (outlook.ceiling_w, station, bound) if watts is not None)
        assert math.floor(composite(profiles, outlook, NOW, 0, Unit.WATT).spans[0].limit) == lowest
