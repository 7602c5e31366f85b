"""Allocation and simulated cars together: what is measured, not only what is set, keeps to the limits."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.enums import ConnectorType
from kiosk.station.power import Allocation, Limits, Request, Strategy, allocate, outlets_of, stacks_of
from kiosk.station.power.model import grid_power_w
from tests.fakes.bench import Bench, installation

STATION = installation(ConnectorType.CCS, ConnectorType.CCS, ConnectorType.CHADEMO, ConnectorType.CCS_AC)
CONTROL_STEP_S = 0.5


class Site(Bench):
    """A core that does nothing but power: measure, allocate, switch, set."""

    def __init__(self, folder: Path, strategy: Strategy, grid_w: int) -> None:
        super().__init__(folder, built=STATION)
        self.strategy = strategy
        self.limits = Limits(outlets=outlets_of(STATION), grid_w=grid_w)
        self.since_s: dict[int, float] = {}
        self.allocation: Allocation | None = None

    def arrive(self, connector_id: int, soc_percent: int = 20) -> None:
        self.sim.control.plug(connector_id, soc_percent=soc_percent)
        self.since_s[connector_id] = self.clock.monotonic()
        self[connector_id].start()

    def leave(self, connector_id: int) -> None:
        del self.since_s[connector_id]
        self.sim.control.unplug(connector_id)

    def control(self) -> None:
        requests = []
        for connector_id, since_s in self.since_s.items():
            reading = self[connector_id].reading()
            assert reading is not None
            requests.append(
                Request(
                    connector_id=connector_id,
                    since_s=since_s,
                    requested_w=reading.requested_w,
                    draw_w=reading.power_w,
                    voltage_v=reading.voltage_v or None,
                )
            )
        new = allocate(requests, stacks_of(STATION), self.limits, self.strategy, self.allocation)
        after = {share.connector_id: share.stacks for share in new.shares}
        for port in sorted(self.sim.connectors, key=lambda c: after.get(c.id, 0) - c.stacks):
            if port.type.is_dc:
                self.sim.stacks.assign(port.id, after.get(port.id, 0))
        for share in new.shares:
            self[share.connector_id].set_limit_w(share.limit_w)
        self.allocation = new

    def live(self, seconds: float) -> None:
        """Control every half second; the measured draw never passes a limit that holds for a second."""
        for _ in range(round(seconds / CONTROL_STEP_S)):
            self.sim.step()
            self.control()
            for _ in range(5):
                self.clock.advance(CONTROL_STEP_S / 5)
                self.sim.step()

    @property
    def grid_w(self) -> float:
        return grid_power_w({port.id: self.power_w(port.id) for port in self.sim.connectors}, self.limits)

    def lower(self, grid_w: int) -> None:
        self.limits = msgspec.structs.replace(self.limits, grid_w=grid_w)


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("grid_w", [60_000, 31_000, 12_000, 2_000, 0])
def test_a_lowered_limit_is_kept_by_the_cars_a_second_later(
    tmp_path: Path, strategy: Strategy, grid_w: int
) -> None:
    site = Site(tmp_path, strategy, 75_000)
    site.arrive(1, 30)
    site.arrive(4)
    site.live(45)
    assert site.grid_w > 60_000
    site.lower(grid_w)
    site.live(1.0)
    assert site.grid_w <= max(grid_w, 100) + 1
    assert all(site[n].contactor_closed for n in (1, 4)), "an obedient car is suspended, not cut off"
    site.lower(75_000)
    site.live(20)
    assert site.grid_w > 60_000


def test_fair_hands_a_stack_over_without_a_dip_below_one(tmp_path: Path) -> None:
    site = Site(tmp_path, Strategy.FAIR, 75_000)
    site.arrive(1, 30)
    site.live(45)
    assert (site.power_w(1), site[1].stacks) == (50_000, 2)
    site.arrive(2, 30)
    lowest_w = 50_000
    for _ in range(90):
        site.live(0.5)
        lowest_w = min(lowest_w, site.power_w(1))
    assert lowest_w >= 24_900
    assert (site[1].stacks, site[2].stacks) == (1, 1)
    assert site.power_w(2) == 25_000
    site.leave(1)
    site.live(15)
    assert (site.power_w(2), site[2].stacks) == (50_000, 2)


def test_fcfs_lets_the_second_start_when_the_first_has_enough(tmp_path: Path) -> None:
    site = Site(tmp_path, Strategy.FCFS, 75_000)
    site.arrive(1, 30)
    site.live(45)
    assert site.allocation is not None
    assert not site.allocation.can_start(3)
    assert site.allocation.can_start(4)
    site.sim.control.request(1, 20_000)
    site.live(2)
    assert site.allocation.can_start(3)
    site.arrive(3, 30)
    site.live(40)
    assert site.power_w(1) == 20_000
    assert site.power_w(3) == pytest.approx(25_000, rel=0.005)


arrivals = st.lists(
    st.tuples(st.sampled_from(["come", "go", "limit"]), st.integers(1, 4), st.integers(0, 80_000)), max_size=12
)


@given(strategy=st.sampled_from(Strategy), story=arrivals)
@settings(max_examples=12)
def test_whoever_comes_and_goes_the_grid_limit_holds(
    tmp_path_factory: pytest.TempPathFactory, strategy: Strategy, story: list[tuple[str, int, int]]
) -> None:
    site = Site(tmp_path_factory.mktemp("site"), strategy, 75_000)
    for what, connector_id, watts in story:
        if what == "limit":
            site.lower(watts)
        elif what == "go" and connector_id in site.since_s:
            site.leave(connector_id)
        elif what == "come" and connector_id not in site.since_s:
            site.arrive(connector_id)
        site.live(1.0)
        for _ in range(12):
            assert site.grid_w <= max(site.limits.grid_w or 0, 100) + 1
            site.live(1.0)
    site.sim.step()
    dc = [port for port in site.sim.connectors if port.type.is_dc]
    assert sum(site.power_w(port.id) for port in dc) <= 50_000
