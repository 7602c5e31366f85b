"""From the installation to outlets and stacks."""

from __future__ import annotations

import pytest

from kiosk.model.enums import ConnectorType
from kiosk.settings.installation import Installation, connector
from kiosk.station.power import Limits, Request, Stacks, Strategy, allocate, outlets_of, stacks_of
from kiosk.station.power.model import MIN_DC_W

WITH_AC = Installation(connectors=(connector(ConnectorType.CCS), connector(ConnectorType.CCS_AC)))


def test_the_stacks_are_those_fitted() -> None:
    assert stacks_of(WITH_AC) == Stacks(count=2, power_w=25_000, current_a=75.0)


@pytest.mark.parametrize(
    ("keys", "powers"),
    [
        ((), [50_000, 22_000]),
        ((300_000, 300_000), [50_000, 22_000]),  # above the hardware: clamped where used (decision 3)
        ((30_000,), [30_000, 22_000]),
        ((30_000, 11_000, 5_000), [30_000, 11_000]),
        ((0, -5), [0, 0]),
    ],
)
def test_connectors_power_limit_is_clamped_to_the_hardware(keys: tuple[int, ...], powers: list[int]) -> None:
    outlets = outlets_of(WITH_AC, keys)
    assert [outlet.max_power_w for outlet in outlets] == powers
    assert [outlet.connector_id for outlet in outlets] == [1, 2]


def test_ac_and_dc_have_their_own_minimum_and_current() -> None:
    dc, ac = outlets_of(WITH_AC)
    assert (dc.dc, dc.max_current_a, dc.min_power_w) == (True, 150.0, MIN_DC_W)
    assert (ac.dc, ac.max_current_a, ac.min_power_w) == (False, None, 4140)


def test_two_requests_of_one_connector_are_a_mistake() -> None:
    limits = Limits(outlets=outlets_of(WITH_AC))
    twice = [Request(connector_id=1, since_s=1), Request(connector_id=1, since_s=2)]
    with pytest.raises(ValueError, match="two requests"):
        allocate(twice, stacks_of(WITH_AC), limits, Strategy.FCFS, None)
    with pytest.raises(KeyError):
        allocate([Request(connector_id=3, since_s=1)], stacks_of(WITH_AC), limits, Strategy.FCFS, None)


def test_an_empty_limit_list_names_no_station_limit() -> None:
    assert Limits(outlets=()).station is None
    assert Limits(outlets=(), grid_w=5, fallback_w=5).station == ("grid", 5), "of equals the first is named"
