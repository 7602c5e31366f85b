"""What follows what in a charging session, and how long it takes."""

from __future__ import annotations

import pytest

from kiosk.model.enums import ConnectorType, Phase
from kiosk.station.hardware.simulator import phases
from kiosk.station.hardware.simulator.phases import LEGAL, SEQUENCES, Progress

P = Phase
CCS = [P.SLAC, P.LINK, P.V2G, P.LOCK, P.CABLE_CHECK, P.PRECHARGE, P.ENERGY]
WAYS = {
    ConnectorType.CCS: CCS,
    ConnectorType.CHADEMO: CCS[1:],
    ConnectorType.GBT: CCS[1:],
    ConnectorType.CCS_AC: [P.LOCK, P.ENERGY],
}


@pytest.mark.parametrize("kind", ConnectorType)
def test_the_way_from_plug_to_energy(kind: ConnectorType) -> None:
    progress = phases.start(phases.plug(Progress(kind=kind)))
    seen = [progress.phase]
    while progress.left_s is not None:
        progress, used_s = phases.advance(progress, 1000)
        assert used_s > 0
        seen.append(progress.phase)
    assert seen == WAYS[kind]


@pytest.mark.parametrize(
    ("phase", "seconds"),
    [(P.SLAC, 1.5), (P.LINK, 3.0), (P.V2G, 5.0), (P.LOCK, 1.5), (P.CABLE_CHECK, 15.0), (P.PRECHARGE, 1.5)],
)
def test_durations_of_a_ccs_session(phase: Phase, seconds: float) -> None:
    assert dict(SEQUENCES[ConnectorType.CCS])[phase] == seconds
    here = Progress(kind=ConnectorType.CCS, phase=phase)
    still, used_s = phases.advance(here, seconds - 0.25)
    assert (still.phase, used_s) == (phase, seconds - 0.25)
    beyond, used_s = phases.advance(still, 10)
    assert beyond.phase is not phase
    assert used_s == pytest.approx(0.25)
    assert beyond.elapsed_s == 0


@pytest.mark.parametrize(
    ("kind", "phase"), [(kind, phase) for kind, table in LEGAL.items() for phase in sorted(table)]
)
def test_stop_unplug_and_start_in_every_phase(kind: ConnectorType, phase: Phase) -> None:
    here = Progress(kind=kind, phase=phase)
    under_way = phase not in {P.UNPLUGGED, P.PLUGGED, P.ENDED}
    assert phases.stop(here).phase is (P.STOPPING if under_way else phase)
    assert phases.unplug(here).phase is P.UNPLUGGED
    begun = WAYS[kind][0] if phase in {P.PLUGGED, P.ENDED} else phase
    assert phases.start(here).phase is begun


@pytest.mark.parametrize(
    ("offered", "wanted", "phase"),
    [
        (True, True, P.ENERGY),
        (True, False, P.SUSPENDED_EV),
        (False, True, P.SUSPENDED_EVSE),
        (False, False, P.SUSPENDED_EVSE),
    ],
)
@pytest.mark.parametrize("before", sorted(phases.CONTACTOR_CLOSED))
def test_who_holds_the_energy_back(before: Phase, offered: bool, wanted: bool, phase: Phase) -> None:
    here = Progress(kind=ConnectorType.CCS, phase=before)
    assert phases.settle(here, offered=offered, wanted=wanted).phase is phase


def test_with_an_open_contactor_nothing_is_held_back() -> None:
    here = Progress(kind=ConnectorType.CCS, phase=P.PRECHARGE)
    assert phases.settle(here, offered=False, wanted=False) is here


def test_stopping_takes_half_a_second() -> None:
    ended, used_s = phases.advance(Progress(kind=ConnectorType.GBT, phase=P.STOPPING), 1)
    assert (ended.phase, used_s) == (P.ENDED, 0.5)


def test_a_forbidden_step_is_refused() -> None:
    with pytest.raises(ValueError, match="energy cannot follow unplugged"):
        Progress(kind=ConnectorType.CCS).to(P.ENERGY)
    with pytest.raises(ValueError, match="slac cannot follow plugged"):
        Progress(kind=ConnectorType.CHADEMO, phase=P.PLUGGED).to(P.SLAC)


@pytest.mark.parametrize("kind", ConnectorType)
def test_every_phase_leads_back_to_unplugged(kind: ConnectorType) -> None:
    assert all(P.UNPLUGGED in following for phase, following in LEGAL[kind].items() if phase is not P.UNPLUGGED)


def test_what_lies_before_a_phase() -> None:
    assert phases.passed(ConnectorType.CCS, P.V2G) == {P.SLAC, P.LINK}
    assert phases.passed(ConnectorType.CCS, P.PLUGGED) == frozenset()
    assert phases.passed(ConnectorType.CCS_AC, P.ENERGY) == {P.LOCK}
