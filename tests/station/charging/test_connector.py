"""Stages, statuses and their legal moves."""

from __future__ import annotations

import itertools

import pytest

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.enums import Phase
from kiosk.station.charging.connector import (
    LED_ITEM,
    LEGAL_STAGES,
    LEGAL_STATUSES,
    RUNNING,
    STAGE_OF_PHASE,
    Facts,
    IllegalMove,
    Stage,
    check_stage,
    led_rgb,
    status_of,
)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (Facts(), S.AVAILABLE),
        (Facts(plugged=True), S.PREPARING),
        (Facts(stage=Stage.AUTHORIZED), S.PREPARING),
        (Facts(stage=Stage.STARTING, plugged=True), S.PREPARING),
        (Facts(stage=Stage.CHARGING, plugged=True, under_way=True), S.CHARGING),
        (Facts(stage=Stage.SUSPENDED_EV, plugged=True), S.SUSPENDED_EV),
        (Facts(stage=Stage.SUSPENDED_EVSE, plugged=True), S.SUSPENDED_EVSE),
        (Facts(stage=Stage.STOPPING, plugged=True, under_way=True), S.CHARGING),
        (Facts(stage=Stage.STOPPING, plugged=True), S.PREPARING),
        (Facts(stage=Stage.FINISHED, plugged=True), S.FINISHING),
        (Facts(stage=Stage.FINISHED), S.FINISHING),
        (Facts(operative=False), S.UNAVAILABLE),
        (Facts(operative=False, plugged=True, stage=Stage.CHARGING), S.CHARGING),
        (Facts(reserved=True), S.RESERVED),
        (Facts(reserved=True, operative=False), S.UNAVAILABLE),
        (Facts(faulted=True, stage=Stage.CHARGING, plugged=True), S.FAULTED),
    ],
)
def test_status(facts: Facts, status: S) -> None:
    assert status_of(facts) is status


def test_every_legal_move_of_a_stage_is_a_legal_move_of_the_status() -> None:
    for (old, new), plugged, operative, under_way in itertools.product(
        LEGAL_STAGES, (True, False), (True, False), (True, False)
    ):
        if (new in RUNNING or old in RUNNING or new is Stage.FINISHED) and not plugged:
            continue  # without a plug there is no transaction
        before = status_of(Facts(stage=old, plugged=plugged, operative=operative, under_way=under_way))
        after = status_of(Facts(stage=new, plugged=plugged, operative=operative, under_way=under_way))
        assert before is after or (before, after) in LEGAL_STATUSES, f"{old} to {new}: {before} to {after}"


def test_plug_and_fault_move_between_legal_statuses() -> None:
    for stage, operative, reserved in itertools.product(Stage, (True, False), (True, False)):

        def status(
            stage: Stage = stage, operative: bool = operative, reserved: bool = reserved, **more: bool
        ) -> S:
            return status_of(Facts(stage=stage, operative=operative, reserved=reserved, **more))

        assert (status(plugged=True), S.FAULTED) in LEGAL_STATUSES
        assert (S.FAULTED, status(plugged=True)) in LEGAL_STATUSES
        if stage is Stage.IDLE:
            assert (status(plugged=False), status(plugged=True)) in LEGAL_STATUSES


def test_illegal_moves_are_refused() -> None:
    with pytest.raises(IllegalMove, match="idle may not become charging"):
        check_stage(Stage.IDLE, Stage.CHARGING)
    check_stage(Stage.CHARGING, Stage.CHARGING)


def test_every_stage_can_be_left_and_reached() -> None:
    assert {old for old, _ in LEGAL_STAGES} == set(Stage)
    assert {new for _, new in LEGAL_STAGES} == set(Stage)


def test_phases_of_a_session_are_mapped() -> None:
    outside = {Phase.UNPLUGGED, Phase.PLUGGED, Phase.STOPPING, Phase.ENDED}
    assert set(STAGE_OF_PHASE) == set(Phase) - outside


def test_led_colours_follow_the_five_states() -> None:
    colors = ("", "00FF00", "0000FF", "FFFFFF", "FF0000")
    assert led_rgb(S.UNAVAILABLE, colors) == ""
    assert led_rgb(S.AVAILABLE, colors) == "00FF00"
    assert led_rgb(S.CHARGING, colors) == "0000FF"
    assert led_rgb(S.FINISHING, colors) == "FFFFFF"
    assert led_rgb(S.FAULTED, colors) == "FF0000"
    assert led_rgb(S.FAULTED, colors[:2]) == ""
    assert set(LED_ITEM) == set(S)
