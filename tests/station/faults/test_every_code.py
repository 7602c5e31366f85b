"""Every error code in every phase: hardware, session, backend, screen, light, log, and how it is over again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import ConnectorType, Page, Phase
from kiosk.model.faults import FAULTS, FaultScope
from kiosk.station.charging.connector import Stage
from kiosk.station.hardware.simulator import phases
from tests.conftest import LogWatch, Run
from tests.fakes.site import Site
from tests.station.faults import stage
from tests.station.faults.stage import PREPARING, RED, ROWS, WITHOUT_TRANSACTION, Row

P = Phase


def _there(kind: ConnectorType) -> frozenset[Phase]:
    """The phases that this kind of connector goes through."""
    return frozenset(phases.LEGAL[kind])


CASES = [(row, phase) for row in ROWS.values() for phase in Phase]
OTHER_KINDS = [
    (row, phase, kind)
    for kind in (ConnectorType.CHADEMO, ConnectorType.GBT, ConnectorType.CCS_AC)
    for row in ROWS.values()
    if kind not in row.not_on
    for phase in Phase
    if phase in row.fires_in and phase in _there(kind)
]
NAMES = [f"{row.code}-{phase}" for row, phase in CASES]


def test_the_cases_are_the_codes_of_connectors() -> None:
    own = {code for code, row in FAULTS.items() if row.scope is FaultScope.CONNECTOR}
    assert set(ROWS) == own
    assert len(ROWS) == 26 - 3, "all but no error and the two of the door"


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: str(row.code))
def test_the_fault_table_says_what_the_cases_say(row: Row) -> None:
    known = FAULTS[row.code]
    assert (known.name, known.error_code.value) == (row.name, row.error)
    assert set(known.phases) == row.fires_in
    assert known.stops_charging is (row.ends == "session")
    assert known.blocks_start
    assert known.latched_until_replug is (row.gone == "with the plug")
    assert known.ends_with_replug is (row.gone != "with its cause")


@pytest.mark.parametrize(("row", "phase"), CASES, ids=NAMES)
def test_a_code_in_a_phase(
    aio: Run, tmp_path: Path, expected_log: Any, log_watch: LogWatch, row: Row, phase: Phase
) -> None:
    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log) as site:
            await stage.reach(site, phase)
            if phase in row.fires_in:
                expected_log("kiosk.station.charging", f"CCS1: fault_raised {row.code} {row.name}$")
                expected_log("kiosk.station.charging", f"CCS1: fault_cleared {row.code} {row.name}$")
                await _fires(site, row, phase)
                await _is_over(site, row, phase)
                raised = [r for r in log_watch.records if f"fault_raised {row.code} " in r.getMessage()]
                assert len(raised) == 1
            else:
                await _waits(site, row, phase)

    aio(story())


@pytest.mark.long
@pytest.mark.parametrize(
    ("row", "phase", "kind"), OTHER_KINDS, ids=[f"{kind}-{row.code}-{phase}" for row, phase, kind in OTHER_KINDS]
)
def test_a_code_at_other_kinds_of_connector(
    aio: Run, tmp_path: Path, expected_log: Any, row: Row, phase: Phase, kind: ConnectorType
) -> None:
    expected_log("kiosk.station.charging", f"{kind}1: fault_raised {row.code} {row.name}$")
    expected_log("kiosk.station.charging", f"{kind}1: fault_cleared {row.code} {row.name}$")

    async def story() -> None:
        async with stage.theatre(tmp_path, expected_log, kind) as site:
            await stage.reach(site, phase)
            await _fires(site, row, phase)
            await _is_over(site, row, phase)

    aio(story())


async def _fires(site: Site, row: Row, phase: Phase) -> None:
    """The chain, link by link."""
    mark, before_wh, at = site.mark, site.station.connector(1).meter_wh, site.now
    site.station.sim.fault(1, row.code)
    assert not site.ring(1).contactor_closed, "the hardware waits for nobody"
    await site.settle(3)

    view = site.ring(1)
    assert (view.faults, view.armed, view.power_w) == ((row.code,), (), 0)
    assert view.phase is (phase if phase in WITHOUT_TRANSACTION else P.ENDED)
    assert view.led_rgb == RED

    bay = site.station.core.sessions.bays[1]
    resting = {P.UNPLUGGED: Stage.IDLE, P.PLUGGED: Stage.IDLE}
    assert bay.stage is resting.get(phase, Stage.FINISHED)

    shown = site.station.connector(1)
    assert (shown.status, shown.error_code, shown.vendor_error_code) == ("Faulted", row.error, row.code)
    assert shown.faults == (row.code,)

    told = stage.told_of(site, 1, mark)
    final = told[-1]
    assert stage.brief(final) == (row.told, row.error, str(row.code))
    assert final["info"] == row.name
    assert final["vendorId"] == "alpitronic GmbH"
    assert 0 <= (stage.moment(final) - at).total_seconds() < 0.5
    assert len(told) == 1, told

    _check_transaction(site, row, phase, mark, before_wh)
    _check_screen(site, row, phase)
    assert await stage.events(site, 1) == [("fault_raised", row.code)]

    other = site.station.connector(2)
    assert (other.status, other.faults, other.can_start) == ("Available", (), True), (
        "the neighbour is not concerned"
    )
    assert stage.told_of(site, 2, mark) == []
    again = await site.card(1)
    assert (again.authorized, again.reason) == (False, "connector_faulted")


def _check_transaction(site: Site, row: Row, phase: Phase, mark: int, before_wh: int | None) -> None:
    stops = [frame.payload for frame in site.calls("StopTransaction", mark)]
    if phase in WITHOUT_TRANSACTION:
        assert stops == []
        return
    assert len(stops) == 1
    stop = stops[0]
    assert stop["reason"] == ("Local" if phase is P.STOPPING else "Other")
    starts = [frame.payload for frame in site.calls("StartTransaction")]
    register_wh = site.station.core.hardware.connectors[0]._meter.wh  # type: ignore[attr-defined]
    assert isinstance(before_wh, int)
    assert before_wh <= stop["meterStop"] <= register_wh
    energy_wh = stop["meterStop"] - starts[-1]["meterStart"]
    assert energy_wh == 0 if phase in PREPARING else energy_wh > 50
    if row.code != 22:
        assert stop["meterStop"] == register_wh
    session = site.station.connector(1).session
    assert session is not None
    assert session.ended_at is not None


def _check_screen(site: Site, row: Row, phase: Phase) -> None:
    """A driver who stands there reads what is wrong; one who is done reads it where the plug may be stuck."""
    if phase is P.UNPLUGGED:
        assert site.page == Page.STANDBY
    elif phase is P.ENDED and row.error != "ConnectorLockFailure":
        assert site.page == Page.FINISHED
    else:
        assert site.page == Page.FAULT
        assert site.snapshot.dialogue.connector_id == 1
        stage.check_texts(site, row.code)


async def _is_over(site: Site, row: Row, phase: Phase) -> None:
    """The cause is taken away, or the plug; then the connector is as good as before."""
    mark = site.mark
    resting = {P.UNPLUGGED: "Available", P.PLUGGED: "Preparing"}.get(phase, "Finishing")
    site.station.sim.clear(1, row.code)
    await site.settle()
    if row.gone == "with the plug":
        assert stage.told_of(site, 1, mark) == []
        site.station.sim.unplug(1)
        await site.settle()
        resting = "Available"
    assert [stage.brief(told) for told in stage.told_of(site, 1, mark)] == [(resting, "NoError", "0")]
    assert "info" not in stage.told_of(site, 1, mark)[-1]
    assert site.station.connector(1).status == resting
    assert site.ring(1).led_rgb != RED
    assert await stage.events(site, 1) == [("fault_raised", row.code), ("fault_cleared", row.code)]
    await stage.replug_and_charge(site)


async def _waits(site: Site, row: Row, phase: Phase) -> None:
    """An injected code whose phase this is not shows nowhere until its phase comes."""
    mark, closed = site.mark, site.ring(1).contactor_closed
    site.station.sim.fault(1, row.code)
    await site.settle(0.05)
    view = site.ring(1)
    assert (view.faults, view.armed) == ((), (row.code,))
    assert view.contactor_closed is closed
    site.station.sim.clear(1, row.code)
    await site.settle(2)
    assert site.ring(1).armed == ()
    assert [t for t in stage.told_of(site, 1, mark) if t["errorCode"] != "NoError"] == []
    assert await stage.events(site, 1) == []
    if phase in (P.ENERGY, P.SUSPENDED_EV, P.SUSPENDED_EVSE):
        assert site.ring(1).contactor_closed
        assert site.calls("StopTransaction", mark) == []
