"""A station with its central system, brought to any phase of a session, and the whole chain that a fault pulls."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from ocpp.v16 import call

from kiosk.i18n import LANGUAGES, texts
from kiosk.model.enums import ConnectorType, Phase, StopReason
from kiosk.model.faults import FAULTS
from kiosk.screen import view_ask
from kiosk.station.storage.records import Event
from tests.fakes.charging_profiles import profile
from tests.fakes.site import CARD, Site, site_on

P = Phase
TABLE: Final = Path(__file__).resolve().parents[2] / "cases" / "faults" / "codes.toml"
IN_WORDS: Final = {
    "nothing plugged": (P.UNPLUGGED,),
    "plugged": (P.PLUGGED,),
    "match": (P.SLAC,),
    "link": (P.LINK,),
    "messages": (P.V2G,),
    "lock": (P.LOCK,),
    "insulation test": (P.CABLE_CHECK,),
    "precharge": (P.PRECHARGE,),
    "charging": (P.ENERGY, P.SUSPENDED_EV, P.SUSPENDED_EVSE),
    "stopping": (P.STOPPING,),
    "over": (P.ENDED,),
}
WITHOUT_TRANSACTION: Final = frozenset({P.UNPLUGGED, P.PLUGGED, P.ENDED})
PREPARING: Final = frozenset({P.SLAC, P.LINK, P.V2G, P.LOCK, P.CABLE_CHECK, P.PRECHARGE})
RED: Final = "FF0000"


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one code must do; ``codes.toml`` in words."""

    code: int
    name: str
    error: str
    told: str
    phases: tuple[str, ...]
    ends: str
    gone: str
    not_on: tuple[ConnectorType, ...] = ()

    @property
    def fires_in(self) -> frozenset[Phase]:
        return frozenset(phase for word in self.phases for phase in IN_WORDS[word])


ROWS: Final = {
    row.code: row
    for row in msgspec.convert(tomllib.loads(TABLE.read_text(encoding="utf-8"))["code"], tuple[Row, ...])
}


@asynccontextmanager
async def theatre(
    data_dir: Path, allow: Any, kind: str = "CCS", *keys: tuple[str, str], **build: Any
) -> AsyncIterator[Site]:
    """Two connectors of one kind, a stack for each; every change of status is told at once."""
    given = [("MinimumStatusDuration", "0"), ("ChargingStrategy", "FAIR"), *keys]
    async with site_on(data_dir, allow, *given, connectors=f"{kind},{kind}", **build) as site:
        yield site


def port(site: Site, connector_id: int = 1) -> Any:
    return site.station.core.hardware.connectors[connector_id - 1]


async def reach(site: Site, phase: Phase, connector_id: int = 1) -> None:
    """Bring a connector from rest to ``phase``, with a card where a session needs one."""
    if phase is P.UNPLUGGED:
        return
    site.station.sim.plug(connector_id, soc_percent=30)
    await site.settle(1)
    if phase is P.PLUGGED:
        return
    assert (await site.card(connector_id)).authorized
    if phase in PREPARING:
        await _until(site, connector_id, phase)
        return
    await _until(site, connector_id, P.ENERGY)
    await site.settle(20)
    if phase is P.SUSPENDED_EV:
        site.station.sim.request(connector_id, 0)
    elif phase is P.SUSPENDED_EVSE:
        await no_power(site, connector_id)
    elif phase in (P.STOPPING, P.ENDED):
        await site.station.core.sessions.stop(connector_id, StopReason.LOCAL, wait=phase is P.ENDED)
    await _until(site, connector_id, phase)
    await site.settle(0 if phase is P.STOPPING else 2)


async def no_power(site: Site, connector_id: int) -> None:
    """The backend leaves the session nothing."""
    nothing = profile((0, 0), purpose="TxProfile", chargingProfileKind="Relative")
    nothing["transactionId"] = site.transaction.id
    answer = await site.ask(call.SetChargingProfile(connector_id=connector_id, cs_charging_profiles=nothing))
    assert answer.status == "Accepted"


async def _until(site: Site, connector_id: int, phase: Phase) -> None:
    """Finer than a phase lasts."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 120
    connector = port(site, connector_id)
    while connector.phase is not phase:
        assert loop.time() < deadline, f"{phase} not reached, but {connector.phase}"
        await asyncio.sleep(0.05)
        connector.catch_up()


def told_of(site: Site, connector_id: int, after: int = 0) -> list[dict[str, Any]]:
    """StatusNotifications of a connector."""
    calls = site.calls("StatusNotification", after)
    return [f.payload for f in calls if f.payload["connectorId"] == connector_id]


def brief(payload: dict[str, Any]) -> tuple[str, str, str]:
    """status, errorCode, vendorErrorCode."""
    return payload["status"], payload["errorCode"], payload["vendorErrorCode"]


def moment(payload: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(payload["timestamp"]).astimezone(UTC)


async def events(site: Site, connector_id: int) -> list[tuple[str, int | None]]:
    """Of the event log, oldest first: what was raised and cleared at a place."""
    kept: list[Event] = await site.station.core.events.list(200)
    return [
        (e.kind, e.code) for e in reversed(kept) if e.connector_id == connector_id and e.kind.startswith("fault_")
    ]


def check_texts(site: Site, code: int, *, again: bool = False) -> None:
    """The page that the driver sees says so in every language, with the code."""
    snapshot = site.snapshot
    row = FAULTS[code]
    said = set()
    for language in LANGUAGES:
        ask = view_ask.ask_of(language.code, snapshot.dialogue.page, snapshot, 0.0)
        expected = texts.fault(language.code, code, again=again)
        assert (ask.title, ask.why, ask.advice) == expected, language.code
        assert all(expected), language.code
        assert ask.code_number == str(code)
        said.add(expected)
    assert len(said) == len(LANGUAGES), "two languages say the very same"
    assert texts.fault("en", code, again=again) == (row.title, row.cause, row.advice_for(again=again))


async def replug_and_charge(site: Site, connector_id: int = 1, uid: str = CARD) -> None:
    """The connector is usable: a new car, a new session with energy."""
    if site.station.connector(connector_id).plugged:
        site.station.sim.unplug(connector_id)
    await site.status_is(connector_id, "Available")
    await site.charge(connector_id, uid)
    await site.settle(20)
    assert site.power_w(connector_id) > 0
    assert told_of(site, connector_id)[-1]["status"] == "Charging"
    assert brief(told_of(site, connector_id)[-1])[1:] == ("NoError", "0")
    await site.leave(connector_id)
