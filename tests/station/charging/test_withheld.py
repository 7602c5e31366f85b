"""A connector that load management leaves no power is unavailable where it is idle, and nowhere else."""

from __future__ import annotations

import pytest

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.snapshot import Connector
from kiosk.screen.view_cards import card_state, is_free, state_text
from kiosk.station.charging.connector import LEGAL_STATUSES, Facts, Stage, status_of
from kiosk.station.ocpp import status
from tests.fakes.pictures import connector


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(withheld=True), S.UNAVAILABLE),
        (Facts(withheld=True, plugged=True), S.PREPARING),
        (Facts(withheld=True, reserved=True), S.RESERVED),
        (Facts(withheld=True, operative=False), S.UNAVAILABLE),
        (Facts(withheld=True, faulted=True), S.FAULTED),
        (Facts(withheld=True, stage=Stage.AUTHORIZED), S.PREPARING),
        (Facts(withheld=True, stage=Stage.STARTING, plugged=True), S.PREPARING),
        (Facts(withheld=True, stage=Stage.SUSPENDED_EVSE, plugged=True), S.SUSPENDED_EVSE),
        (Facts(withheld=True, stage=Stage.CHARGING, plugged=True), S.CHARGING),  # not yet told to the car
        (Facts(withheld=True, stage=Stage.FINISHED, plugged=True), S.FINISHING),
        (Facts(withheld=False), S.AVAILABLE),
    ],
)
def test_status(facts: Facts, expected: S) -> None:
    assert status_of(facts) is expected


@pytest.mark.parametrize("plugged", [False, True])
@pytest.mark.parametrize("reserved", [False, True])
@pytest.mark.parametrize("stage", Stage)
def test_its_begin_and_end_are_legal_moves(stage: Stage, reserved: bool, plugged: bool) -> None:
    before = status_of(Facts(stage=stage, reserved=reserved, plugged=plugged))
    after = status_of(Facts(stage=stage, reserved=reserved, plugged=plugged, withheld=True))
    if before is not after:
        assert {(before, after), (after, before)} <= LEGAL_STATUSES


WITHHELD = connector(2, status=S.UNAVAILABLE, withheld=True, can_start=False)


@pytest.mark.parametrize(
    ("shown", "state", "text"),
    [
        (WITHHELD, "wait", "No power free"),
        (connector(2, status=S.UNAVAILABLE, can_start=False), "out", "Unavailable"),
    ],
)
def test_the_driver_reads_that_no_power_is_free(shown: Connector, state: str, text: str) -> None:
    assert card_state(shown) == state
    assert state_text("en", shown) == text
    assert not is_free(shown)


def test_the_backend_reads_it_too() -> None:
    assert status.of_connector(WITHHELD).info == "NoFreePower"
    assert status.of_connector(connector(2, status=S.UNAVAILABLE)).info == ""
